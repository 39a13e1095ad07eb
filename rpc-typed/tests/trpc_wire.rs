//! The wire facts of tRPC 11.25.2, one by one: addresses, methods, inputs, responses, codes. Bodies are as captured from
//! `@trpc/server`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "time begins somewhere")]

mod common;

use common::Request;
use http::Method;
use rpc_typed::{Code, Config};
use serde_json::json;

fn error(message: &str, code: Code, path: &str) -> serde_json::Value {
    json!({ "error": { "message": message, "code": code.number(), "data": {
        "code": code.as_str(), "httpStatus": code.http_status(), "path": path,
    } } })
}

#[test]
fn response_of_a_value() {
    let answer = Request::get("hello?input=%22you%22").send();
    assert_eq!(answer.text(), r#"{"result":{"data":{"greeting":"hello you"}}}"#);
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("vary"), "trpc-accept, accept");
}

#[test]
fn response_of_undefined_has_no_data_and_null_has() {
    assert_eq!(Request::post("nothing", "").send().text(), r#"{"result":{}}"#);
    assert_eq!(Request::get("none").send().text(), r#"{"result":{"data":null}}"#);
}

#[test]
fn response_of_an_error() {
    let answer = Request::get("nope").send();
    assert_eq!(
        answer.text(),
        r#"{"error":{"message":"No procedure found on path \"nope\"","code":-32004,"data":{"code":"NOT_FOUND","httpStatus":404,"path":"nope"}}}"#
    );
    assert_eq!(answer.status, 404);
}

#[test]
fn url_path_is_percent_decoded_once() {
    assert_eq!(Request::get("user%2Eget?input=%7B%22id%22:%221%22%7D").send().status, 200);
    let twice = Request::get("user%252Eget").send();
    assert_eq!(
        twice.json(),
        error("No procedure found on path \"user%2Eget\"", Code::NotFound, "user%2Eget")
    );
}

#[test]
fn url_path_with_a_malformed_escape_is_a_bad_request_without_a_path() {
    let answer = Request::get("%zz").send();
    assert_eq!(
        answer.json(),
        json!({ "error": { "message": "Invalid URL-encoding in path \"%zz\"", "code": -32600,
            "data": { "code": "BAD_REQUEST", "httpStatus": 400 } } })
    );
}

#[test]
fn url_batch_is_decoded_first_and_cut_then() {
    let answer = Request::get("hello%2Cnone?batch=1").send();
    assert_eq!(answer.text(), r#"[{"result":{"data":{"greeting":"hello world"}}},{"result":{"data":null}}]"#);
}

#[test]
fn url_batch_is_exactly_1() {
    for query in ["batch=true", "batch=01", "batch=", "batch", "Batch=1", "batch=2&batch=1"] {
        assert_eq!(Request::get(&format!("hello,none?{query}")).send().status, 404, "{query}");
    }
    assert_eq!(Request::get("hello?batch=1&batch=2").send().text().get(..1), Some("["));
}

#[test]
fn url_keeps_other_query_keys() {
    assert_eq!(Request::get("hello?tenant=x&input=%22a%22&&z").send().status, 200);
}

#[test]
fn methods_wrong_one_is_405_with_allow() {
    let answer = Request::post("hello", "").send();
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET"));
    assert_eq!(
        answer.json(),
        error(
            "Unsupported POST-request to query procedure at path \"hello\"",
            Code::MethodNotSupported,
            "hello"
        )
    );
    let answer = Request::get("user.create").send();
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
}

#[test]
fn methods_override_lets_queries_come_by_post_and_never_mutations_by_get() {
    let mut config = Config::default();
    config.method_override = true;
    assert_eq!(
        Request::post("hello", "\"you\"").send_with(&config).json()["result"]["data"]["greeting"],
        "hello you"
    );
    let stream = Request::post("count", r#"{"to":1}"#).send_with(&config);
    assert_eq!(stream.events()[1].1, "1");
    assert_eq!(Request::get("user.create").send_with(&config).header("allow"), "POST");
    let put = Request { method: Method::PUT, ..Request::post("hello", "") };
    assert_eq!(put.send_with(&config).header("allow"), "GET, POST");
}

#[test]
fn methods_head_is_204_before_anything_else() {
    for target in ["hello", "nope", "%zz", "count"] {
        let answer = Request { method: Method::HEAD, ..Request::get(target) }.send();
        assert_eq!(
            (answer.status.as_u16(), answer.body.len(), answer.headers.len()),
            (204, 0, 0),
            "{target}"
        );
    }
}

#[test]
fn methods_content_type_must_be_json_where_there_can_be_a_body() {
    let bare = |method: Method| Request { method, ..Request::get("nothing") };
    let answer = bare(Method::OPTIONS).send();
    assert_eq!(answer.json()["error"]["message"], "Missing content-type header");
    assert_eq!(answer.status, 415);
    // The quote is not closed there either.
    let answer = bare(Method::POST).header("content-type", "text/plain").send();
    assert_eq!(answer.json()["error"]["message"], "Unsupported content-type \"text/plain");
    for multipart in ["multipart/form-data; boundary=x", "application/octet-stream", "application/json+x", ""]
    {
        assert_eq!(bare(Method::POST).header("content-type", multipart).send().status, 415, "{multipart}");
    }
    for json in ["application/json", "Application/JSON; charset=utf-8", " application/json ;x"] {
        assert_eq!(bare(Method::POST).header("content-type", json).send().status, 200, "{json}");
    }
    assert_eq!(Request::get("hello").header("content-type", "text/plain").send().status, 200);
}

#[test]
fn input_absent_is_undefined_and_null_is_null() {
    for target in ["hello", "hello?input=", "hello?input=null"] {
        assert_eq!(
            Request::get(target).send().json()["result"]["data"]["greeting"],
            "hello world",
            "{target}"
        );
    }
    let answer = Request::get("user.get").send();
    assert_eq!(answer.json()["error"]["data"]["issues"], json!([{ "path": [], "message": "is required" }]));
}

#[test]
fn input_of_a_batch_is_an_object_by_index() {
    let inputs = "%7B%220%22:%22a%22,%222%22:%22c%22%7D";
    let answer = Request::get(&format!("hello,hello,hello?batch=1&input={inputs}")).send();
    let names: Vec<_> = (0..3).map(|n| answer.json()[n]["result"]["data"]["greeting"].clone()).collect();
    assert_eq!(names, ["hello a", "hello world", "hello c"]);
}

#[test]
fn input_of_a_batch_that_is_no_object_fails_each_call() {
    for input in ["[]", "3", "null", "\"x\"", "true"] {
        let answer = Request::post("user.taken,user.taken?batch=1", input).send();
        let expected =
            error("\"input\" needs to be an object when doing a batch call", Code::BadRequest, "user.taken");
        assert_eq!(answer.json(), json!([expected, expected]), "{input}");
        assert_eq!(answer.status, 400);
    }
}

#[test]
fn input_that_is_no_json_is_a_bad_request_of_each_call_and_no_parse_error() {
    let answer = Request::post("user.taken,nothing?batch=1", "{\"0\":").send();
    assert_eq!(answer.json()[0]["error"]["code"], -32600);
    // A procedure that takes nothing does not look.
    assert_eq!(answer.json()[1], json!({ "result": {} }));
    assert_eq!(answer.status, 207);
}

#[test]
fn input_is_read_after_the_steps_so_an_unknown_caller_is_unauthorized_whatever_it_sends() {
    for body in ["", "{", "[[[", "{\"name\":7}", "{\"name\":\"x\"}"] {
        let answer = Request::post("user.create", body).send();
        assert_eq!(answer.json(), error("UNAUTHORIZED", Code::Unauthorized, "user.create"), "{body}");
    }
    let known = Request::post("user.create", "{\"name\":\"x\"}").token().send();
    assert_eq!(known.json(), json!({ "result": { "data": { "name": "x", "by": "ada" } } }));
}

#[test]
fn input_of_the_wrong_shape_says_where() {
    let answer = Request::post("user.create", r#"{"name":7}"#).token().send();
    let error = &answer.json()["error"];
    let issues = json!([{ "path": ["name"], "message": "must be a string, not integer `7`" }]);
    assert_eq!((&error["data"]["issues"], &error["code"]), (&issues, &json!(-32600)));
}

#[test]
fn request_errors_are_one_object_without_a_path() {
    let mut off = Config::default();
    off.batching = false;
    for (answer, message) in [
        (
            Request::get("hello,user.create?batch=1").send(),
            "Cannot mix procedure types in call: query, mutation",
        ),
        (Request::get("hello?batch=1").send_with(&off), "Batching is not enabled on the server"),
        (Request::get(&format!("{}?batch=1", ",".repeat(64))).send(), "Batch call exceeds maximum size"),
        (
            Request::get("hello").header("trpc-accept", "application/jsonl").send(),
            "Streaming requests must be batched (you can do a batch of 1)",
        ),
    ] {
        let expected = json!({ "error": { "message": message, "code": -32600,
            "data": { "code": "BAD_REQUEST", "httpStatus": 400 } } });
        assert_eq!((answer.status.as_u16(), answer.json()), (400, expected));
    }
}

#[test]
fn request_connection_params_are_strings_by_name() {
    for (params, message) in
        [("3", "Invalid connection params shape"), ("%7B", "Not JSON-parsable query params")]
    {
        let answer = Request::get(&format!("hello?connectionParams={params}")).send();
        assert_eq!(
            (&answer.json()["error"]["message"], &answer.json()["error"]["code"]),
            (&json!(message), &json!(-32700))
        );
    }
    let now = std::time::Instant::now();
    let request = Request::get("hello?connectionParams=%7B%22a%22:%22b%22%7D");
    let session = request.session(common::app(), &Config::default(), now);
    assert_eq!(session.connection_params().unwrap()["a"], "b");
}

#[test]
fn batch_status_is_the_common_one_or_207() {
    assert_eq!(Request::get("nope,nada?batch=1").send().status, 404);
    assert_eq!(Request::get("hello,nope?batch=1").send().status, 207);
    assert_eq!(Request::get("hello,none?batch=1").send().status, 200);
    assert_eq!(Request::get("user.get,nope?batch=1").send().status, 207, "400 and 404");
}

#[test]
fn batch_of_subscriptions_is_refused_call_by_call() {
    let answer = Request::get("count,letters?batch=1").send();
    assert_eq!(answer.json()[1], error("Cannot batch subscription calls", Code::BadRequest, "letters"));
}

#[test]
fn codes_have_their_numbers_and_statuses() {
    let table = [
        ("PARSE_ERROR", -32700, 400),
        ("BAD_REQUEST", -32600, 400),
        ("UNAUTHORIZED", -32001, 401),
        ("PAYMENT_REQUIRED", -32002, 402),
        ("FORBIDDEN", -32003, 403),
        ("NOT_FOUND", -32004, 404),
        ("METHOD_NOT_SUPPORTED", -32005, 405),
        ("TIMEOUT", -32008, 408),
        ("CONFLICT", -32009, 409),
        ("PRECONDITION_FAILED", -32012, 412),
        ("PAYLOAD_TOO_LARGE", -32013, 413),
        ("UNSUPPORTED_MEDIA_TYPE", -32015, 415),
        ("UNPROCESSABLE_CONTENT", -32022, 422),
        ("PRECONDITION_REQUIRED", -32028, 428),
        ("TOO_MANY_REQUESTS", -32029, 429),
        ("CLIENT_CLOSED_REQUEST", -32099, 499),
        ("INTERNAL_SERVER_ERROR", -32603, 500),
        ("NOT_IMPLEMENTED", -32603, 501),
        ("BAD_GATEWAY", -32603, 502),
        ("SERVICE_UNAVAILABLE", -32603, 503),
        ("GATEWAY_TIMEOUT", -32603, 504),
    ];
    assert_eq!(table.len(), Code::ALL.len());
    for (key, number, status) in table {
        let code = Code::parse(key).unwrap();
        assert_eq!((code.as_str(), code.number(), code.http_status()), (key, number, status));
    }
    assert_eq!(Code::parse("not_found"), None);
}

#[test]
fn an_unexpected_error_and_a_panic_say_internal_server_error_and_nothing_else() {
    for path in ["boom", "panic"] {
        let answer = Request::get(path).send();
        assert_eq!(answer.json(), error("Internal server error", Code::InternalServerError, path));
        assert!(!answer.text().contains("secret"));
    }
    let batch = Request::get("panic,hello?batch=1").send();
    assert_eq!(
        (batch.status.as_u16(), &batch.json()[1]["result"]["data"]["greeting"]),
        (207, &json!("hello world"))
    );
}

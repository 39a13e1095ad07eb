//! GraphQL over HTTP: which requests are taken, how they are read, and how answers and refusals look.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use bytes::Bytes;
use graphql_exec::http::{Head, HttpError, HttpLimits, ResponseType, answer, refuse};
use graphql_exec::syntax::OperationType;
use graphql_exec::{Request, RequestError, Value};
use http::StatusCode;

const LIMITS: HttpLimits = HttpLimits::DEFAULT;
const JSON: (&str, &str) = ("content-type", "application/json");

fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<Head, HttpError> {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let parts = request.body(()).unwrap().into_parts().0;
    Head::read(&parts.method, &parts.uri, &parts.headers, &LIMITS)
}

fn get(query: &str) -> Result<Request, HttpError> {
    head("GET", &format!("/graphql?{query}"), &[]).map(|head| head.request().unwrap().clone())
}

fn body(text: &str) -> Result<Request, HttpError> {
    Head::read_body(text.as_bytes(), &LIMITS)
}

#[test]
fn the_example_of_get() {
    let read = get(
        "query=query(%24id%3A%20ID!)%7Buser(id%3A%24id)%7Bname%7D%7D&variables=%7B%22id%22%3A%22QVBJcy5ndXJ1%22%7D",
    )
    .unwrap();
    assert_eq!(read.query, "query($id: ID!){user(id:$id){name}}");
    assert_eq!(read.variables.get("id"), Some(&Value::from("QVBJcy5ndXJ1")));
    assert_eq!((read.operation_name, read.extensions.len()), (None, 0));
}

#[test]
fn the_example_of_post() {
    let read = body(r#"{"query":"query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}","variables":{"id":"QVBJcy5ndXJ1"}}"#).unwrap();
    assert_eq!(read.query, "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}");
    assert_eq!(read.variables.get("id"), Some(&Value::from("QVBJcy5ndXJ1")));
}

#[test]
fn the_operation_name_null_of_a_get_is_a_name_and_the_empty_one_is_none() {
    assert_eq!(get("query=a&operationName=null").unwrap().operation_name.as_deref(), Some("null"));
    assert_eq!(get("query=a&operationName=").unwrap().operation_name, None);
    assert_eq!(body(r#"{"query":"a","operationName":null}"#).unwrap().operation_name, None);
}

#[test]
fn null_is_as_good_as_absent_for_what_is_optional() {
    let read = body(r#"{"query":"a","operationName":null,"variables":null,"extensions":null}"#).unwrap();
    assert_eq!(read, Request::new("a"));
    assert_eq!(get("query=a&variables=null&extensions=").unwrap(), Request::new("a"));
}

#[test]
fn members_of_other_names_are_passed_over() {
    assert_eq!(body(r#"{"id":7,"query":"a","doc_id":[1]}"#).unwrap(), Request::new("a"));
    assert_eq!(get("x=1&query=a&x=2").unwrap(), Request::new("a"));
}

#[test]
fn numbers_keep_their_kind_and_objects_their_order() {
    let read = body(r#"{"query":"a","variables":{"z":1,"a":1.0,"m":-9007199254740993,"x":1e400}}"#);
    // Beyond what a float holds: no JSON number that we could keep.
    assert!(matches!(read, Err(HttpError::Request(RequestError::Json { .. }))), "{read:?}");
    let read = body(r#"{"query":"a","variables":{"z":1,"a":1.0,"m":-9007199254740993}}"#).unwrap();
    let names: Vec<&str> = read.variables.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["z", "a", "m"]);
    assert_eq!(read.variables.get("z"), Some(&Value::Int(1)));
    assert_eq!(read.variables.get("a"), Some(&Value::Float(1.0)));
    assert_eq!(read.variables.get("m"), Some(&Value::Int(-9_007_199_254_740_993)));
}

#[test]
fn what_is_no_request_says_what_and_where() {
    for (text, message) in [
        ("", "the request is no json: it ends early at byte 0"),
        (r#"{"query":"#, "the request is no json: it ends early at byte 9"),
        ("NONSENSE", "the request is no json: a syntax error at byte 0"),
        ("{\"query\":\n\"a\",}", "the request is no json: a syntax error at byte 14"),
        (r#"{"query":"a"} x"#, "the request is no json: a syntax error at byte 14"),
        ("7", "the request must be an object, not an integer"),
        ("null", "the request must be an object, not null"),
        (r#""{a}""#, "the request must be an object, not a string"),
        ("{}", "the parameter query is required"),
        (r#"{"qeury":"{__typename}"}"#, "the parameter query is required"),
        (r#"{"query":null}"#, "the parameter query is required"),
        (r#"{"query":7}"#, "the parameter query must be a string, not an integer"),
        (r#"{"query":["a"]}"#, "the parameter query must be a string, not a list"),
        (
            r#"{"query":"a","operationName":false}"#,
            "the parameter operationName must be a string, not a boolean",
        ),
        (r#"{"query":"a","variables":[7]}"#, "the parameter variables must be an object, not a list"),
        (r#"{"query":"a","variables":"{}"}"#, "the parameter variables must be an object, not a string"),
        (r#"{"query":"a","extensions":1.5}"#, "the parameter extensions must be an object, not a float"),
        (r#"{"query":"a","query":"b"}"#, "the parameter query is given twice"),
    ] {
        let refused = body(text).unwrap_err();
        assert_eq!(refused.to_string(), message, "{text}");
        assert_eq!((refused.status(), refused.code()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"), "{text}");
    }
    for (query, message) in [
        ("", "the parameter query is required"),
        ("variables=%7B%7D", "the parameter query is required"),
        ("query=a&query=b", "the parameter query is given twice"),
        ("query=a&variables=%7B%7D&variables=%7B%7D", "the parameter variables is given twice"),
        ("query=a&variables=%7B", "the parameter variables is no json: it ends early at byte 1"),
        ("query=a&variables=%5B%5D", "the parameter variables must be an object, not a list"),
        ("query=a&extensions=7", "the parameter extensions must be an object, not an integer"),
        ("query=%zz", "the query component has a broken escape or is no utf-8 at byte 6"),
    ] {
        assert_eq!(get(query).unwrap_err().to_string(), message, "{query}");
    }
}

#[test]
fn a_list_of_requests_is_refused_also_when_it_holds_one() {
    let refused = body(r#"[{"query":"a"}]"#).unwrap_err();
    assert_eq!((refused.status(), refused.code()), (StatusCode::BAD_REQUEST, "BATCH_NOT_ALLOWED"));
}

#[test]
fn nesting_ends_at_the_bound_of_the_reader_and_not_with_the_stack() {
    let deep =
        |n: usize| format!(r#"{{"query":"a","variables":{{"v":{}{}}}}}"#, "[".repeat(n), "]".repeat(n));
    assert!(body(&deep(100)).is_ok());
    for n in [130, 100_000] {
        let refused = body(&deep(n)).unwrap_err();
        assert!(refused.to_string().contains("nests too deeply"), "{refused}");
    }
}

#[test]
fn invalid_utf_8_is_refused_with_its_place() {
    let refused = Head::read_body(b"{\"query\":\"\xff\"}", &LIMITS).unwrap_err();
    assert_eq!(refused.to_string(), "the request is no json: no utf-8 at byte 10");
    // A surrogate alone is no text either, in whatever way it is written.
    assert!(body(r#"{"query":"\ud800"}"#).is_err());
}

#[test]
fn bodies_and_queries_end_at_their_limits() {
    let mut limits = HttpLimits::default();
    limits.max_body = 13;
    assert!(Head::read_body(br#"{"query":"a"}"#, &limits).is_ok());
    let refused = Head::read_body(br#"{"query":"ab"}"#, &limits).unwrap_err();
    assert_eq!(
        (refused.clone(), refused.status()),
        (HttpError::BodyTooLarge { max: 13 }, StatusCode::PAYLOAD_TOO_LARGE)
    );

    assert!(get(&format!("query={}", "a".repeat((16 << 10) - 6))).is_ok());
    let refused = get(&format!("query={}", "a".repeat((16 << 10) - 5))).unwrap_err();
    assert_eq!(
        (refused.clone(), refused.status()),
        (HttpError::QueryTooLong { max: 16 << 10 }, StatusCode::URI_TOO_LONG)
    );
}

#[test]
fn other_methods_are_405_and_say_which_are_allowed() {
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "QUERY"] {
        let refused = head(method, "/graphql", &[JSON]).unwrap_err();
        assert_eq!(refused, HttpError::Method);
        let response = refuse(&refused, ResponseType::Json);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, POST");
    }
}

#[test]
fn a_post_needs_json_in_utf_8_which_no_form_of_a_foreign_page_can_send() {
    for good in [
        "application/json",
        "Application/JSON ; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
        "application/json;",
    ] {
        assert!(head("POST", "/graphql", &[("content-type", good)]).is_ok(), "{good}");
    }
    for (bad, error) in [
        ("application/x-www-form-urlencoded", HttpError::ContentType),
        ("multipart/form-data; boundary=x", HttpError::ContentType),
        ("text/plain", HttpError::ContentType),
        ("text/plain; application/json", HttpError::ContentType),
        ("application/graphql", HttpError::ContentType),
        ("application/jsonx", HttpError::ContentType),
        ("application/json; charset", HttpError::ContentType),
        ("application/json; charset=utf-16", HttpError::Charset),
        ("", HttpError::ContentType),
    ] {
        let refused = head("POST", "/graphql", &[("content-type", bad)]).unwrap_err();
        assert_eq!((refused.clone(), refused.status()), (error, StatusCode::UNSUPPORTED_MEDIA_TYPE), "{bad}");
    }
    assert_eq!(head("POST", "/graphql", &[]), Err(HttpError::ContentTypeMissing));
    assert_eq!(
        head("POST", "/graphql", &[JSON, ("content-type", "text/plain")]),
        Err(HttpError::ContentType)
    );
}

#[test]
fn what_cannot_be_accepted_is_406_before_the_body_is_read() {
    for accept in ["text/html", "application/xml, image/*;q=0.5", "application/json;q=0"] {
        assert_eq!(
            head("POST", "/graphql", &[JSON, ("accept", accept)]),
            Err(HttpError::NotAcceptable),
            "{accept}"
        );
    }
}

#[test]
fn a_mutation_by_get_is_405_and_by_post_is_not() {
    let by_get = head("GET", "/graphql?query=mutation%7Ba%7D", &[]).unwrap();
    let refused = by_get.response_type(OperationType::Mutation).unwrap_err();
    let response = refuse(&refused, by_get.refusal_type());
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
    assert_eq!(by_get.response_type(OperationType::Query), Ok(ResponseType::Json));
    let by_post = head("POST", "/graphql", &[JSON]).unwrap();
    assert_eq!(by_post.response_type(OperationType::Mutation), Ok(ResponseType::Json));
}

#[test]
fn a_subscription_needs_a_client_that_takes_event_streams() {
    let plain = head("POST", "/graphql", &[JSON, ("accept", "application/json")]).unwrap();
    assert_eq!(plain.response_type(OperationType::Subscription), Err(HttpError::StreamNotAccepted));
    let streaming = head("POST", "/graphql", &[JSON, ("accept", "text/event-stream")]).unwrap();
    assert_eq!(streaming.response_type(OperationType::Subscription), Ok(ResponseType::EventStream));
    assert_eq!(streaming.response_type(OperationType::Query), Ok(ResponseType::EventStream));
    // Its refusals are not hidden in a stream.
    assert_eq!(streaming.refusal_type(), ResponseType::EventStream);
    let response = refuse(&HttpError::Method, streaming.refusal_type());
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
}

#[test]
fn a_request_error_is_400_only_where_the_client_can_trust_the_status() {
    let result = || Bytes::from_static(br#"{"errors":[{"message":"m"}]}"#);
    for (form, is_request_error, status, content_type) in [
        (ResponseType::GraphqlResponse, true, 400, "application/graphql-response+json; charset=utf-8"),
        (ResponseType::GraphqlResponse, false, 200, "application/graphql-response+json; charset=utf-8"),
        (ResponseType::Json, true, 200, "application/json; charset=utf-8"),
        (ResponseType::EventStream, true, 200, "text/event-stream"),
    ] {
        let response = answer(form, result(), is_request_error);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (status, &content_type.parse().unwrap())
        );
        assert_eq!(response.headers()["vary"], "accept");
    }
}

#[test]
fn a_single_result_as_an_event_stream_is_a_next_and_a_complete() {
    let response = answer(ResponseType::EventStream, Bytes::from_static(b"{\"data\":null}"), false);
    assert_eq!(&response.body()[..], b"event: next\ndata: {\"data\":null}\n\nevent: complete\ndata: \n\n");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
}

#[test]
fn a_refusal_is_an_error_of_graphql_with_a_code() {
    let response = refuse(&HttpError::BodyTooLarge { max: 5 }, ResponseType::GraphqlResponse);
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        &response.body()[..],
        br#"{"errors":[{"message":"the body exceeds the limit max_body of 5 bytes","extensions":{"code":"BODY_TOO_LARGE"}}]}"#
    );
}

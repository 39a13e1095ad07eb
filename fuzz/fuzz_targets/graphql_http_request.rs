#![no_main]
//! Requests of GraphQL over HTTP: any method, target, fields and body. What is taken reads back the same; what is refused has a
//! status and a body that say so.

use graphql_exec::Request;
use graphql_exec::http::{Head, HttpLimits, answer, refuse};
use graphql_exec::syntax::OperationType;

fn json_of(request: &Request) -> String {
    serde_json::json!({
        "query": request.query,
        "operationName": request.operation_name,
        "variables": request.variables,
        "extensions": request.extensions,
    })
    .to_string()
}

libfuzzer_sys::fuzz_target!(|input: (u8, &str, Vec<(bool, &[u8])>, &[u8])| {
    let (method, query, fields, body) = input;
    let limits = HttpLimits::default();
    let method = ["GET", "POST", "PUT", "HEAD"][usize::from(method % 4)];
    let mut request = http::Request::builder().method(method).uri(format!("/graphql?{query}"));
    for (is_accept, value) in fields {
        request = request.header(if is_accept { "accept" } else { "content-type" }, value);
    }
    if let Ok(request) = request.body(()) {
        let parts = request.into_parts().0;
        match Head::read(&parts.method, &parts.uri, &parts.headers, &limits) {
            Ok(head) => {
                assert_eq!(head.request().is_some(), method == "GET");
                for kind in [OperationType::Query, OperationType::Mutation, OperationType::Subscription] {
                    match head.response_type(kind) {
                        Ok(form) => {
                            assert!(kind != OperationType::Mutation || method == "POST");
                            let response = answer(form, "{\"data\":null}".into(), false);
                            assert_eq!(response.status(), 200);
                        }
                        Err(error) => assert!(error.status().is_client_error()),
                    }
                }
                if let Some(request) = head.request() {
                    // The empty name of an operation is none, in both encodings.
                    assert_eq!(Head::read_body(json_of(request).as_bytes(), &limits).as_ref(), Ok(request));
                }
            }
            Err(error) => {
                let response = refuse(&error, graphql_exec::http::ResponseType::Json);
                assert!(response.status().is_client_error());
                let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
                assert!(body["errors"][0]["message"].is_string());
                assert_eq!(response.status() == 405, response.headers().contains_key("allow"));
            }
        }
    }

    match Head::read_body(body, &limits) {
        Ok(request) => {
            let value: serde_json::Value = serde_json::from_slice(body).unwrap();
            assert_eq!(value["query"], request.query);
            assert_eq!(Head::read_body(json_of(&request).as_bytes(), &limits), Ok(request));
        }
        Err(error) => assert!(!error.to_string().is_empty() && error.status().is_client_error()),
    }
});

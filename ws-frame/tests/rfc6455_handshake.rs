//! The opening handshake of RFC 6455 §1.3 and §4, both sides, example by example and refusal by refusal.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use ws_frame::handshake::{
    ClientError, ClientHandshake, ExtensionError, Handshake, Limits, Origins, Policy, Rejection,
    SubprotocolError, WebSocketUri, accept_key,
};

/// The request of §1.3, without the headers named in `leave_out` and with those in `add`.
fn request(leave_out: &[&str], add: &[(&str, &str)]) -> Request<()> {
    let fields = [
        ("Host", "server.example.com"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Origin", "http://example.com"),
        ("Sec-WebSocket-Protocol", "chat, superchat"),
        ("Sec-WebSocket-Version", "13"),
    ];
    let mut builder = Request::get("/chat");
    for (name, value) in fields.iter().filter(|(name, _)| !leave_out.contains(name)).chain(add) {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap()
}

fn policy() -> Policy {
    Policy::new().origins(Origins::list(["http://example.com"]).unwrap()).subprotocols(["chat"]).unwrap()
}

fn rejection(leave_out: &[&str], add: &[(&str, &str)]) -> Rejection {
    policy().accept(&request(leave_out, add)).unwrap_err()
}

fn client() -> ClientHandshake {
    let uri = WebSocketUri::parse("ws://server.example.com/chat").unwrap();
    ClientHandshake::new(&uri, *b"the sample nonce").subprotocols(["chat", "superchat"]).unwrap()
}

/// The response of §1.3, changed in the same way.
fn response(leave_out: &[&str], add: &[(&str, &str)]) -> Response<()> {
    let fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("Sec-WebSocket-Protocol", "chat"),
    ];
    let mut builder = Response::builder().status(101);
    for (name, value) in fields.iter().filter(|(name, _)| !leave_out.contains(name)).chain(add) {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap()
}

// The server.

#[test]
fn section_1_3_the_key_and_its_answer() {
    assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn section_1_3_the_request_gets_the_response() {
    let accepted = policy().accept(&request(&[], &[])).unwrap();
    let response = accepted.response;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()["upgrade"], "websocket");
    assert_eq!(response.headers()["connection"], "Upgrade");
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    assert_eq!(response.headers().len(), 4);
    assert_eq!(accepted.subprotocol.unwrap().as_str(), "chat");
}

#[test]
fn parts_and_requests_are_decided_alike() {
    let (parts, ()) = request(&[], &[]).into_parts();
    assert!(policy().accept_parts(&parts).is_ok());
    assert!(matches!(policy().respond_parts(&parts), Handshake::Upgrade(_)));
}

#[test]
fn section_4_2_1_item_1_another_method_is_405_with_allow() {
    for method in [Method::POST, Method::HEAD, Method::CONNECT, Method::OPTIONS] {
        let mut request = request(&[], &[]);
        *request.method_mut() = method;
        let Handshake::Reject(response) = policy().respond(&request) else { panic!("upgraded") };
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET");
    }
}

#[test]
fn section_4_2_1_item_1_another_http_version_is_400() {
    for version in [Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let mut request = request(&[], &[]);
        *request.version_mut() = version;
        assert_eq!(policy().accept(&request).unwrap_err(), Rejection::HttpVersion);
    }
    assert_eq!(Rejection::HttpVersion.http_status(), StatusCode::BAD_REQUEST);
}

#[test]
fn section_4_2_1_item_2_host_is_needed_once() {
    assert_eq!(rejection(&["Host"], &[]), Rejection::Host);
    assert_eq!(rejection(&[], &[("Host", "other.example")]), Rejection::Host);
    assert_eq!(rejection(&["Host"], &[("Host", "a b")]), Rejection::Host);
    assert_eq!(rejection(&["Host"], &[("Host", "")]), Rejection::Host);
    assert_eq!(Rejection::Host.http_status(), StatusCode::BAD_REQUEST);
}

#[test]
fn section_4_2_1_item_3_upgrade_names_websocket_in_any_case() {
    assert!(policy().accept(&request(&["Upgrade"], &[("Upgrade", "h2c, WebSocket")])).is_ok());
    for add in [&[][..], &[("Upgrade", "websockets")], &[("Upgrade", "h2c")], &[("Upgrade", "web socket")]] {
        assert_eq!(rejection(&["Upgrade"], add), Rejection::Upgrade);
    }
    let response = Rejection::Upgrade.to_response();
    assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(response.headers()["upgrade"], "websocket");
}

#[test]
fn section_4_2_1_item_4_connection_names_upgrade_in_any_case() {
    assert!(policy().accept(&request(&["Connection"], &[("Connection", "keep-alive, uPgRaDe")])).is_ok());
    assert_eq!(rejection(&["Connection"], &[]), Rejection::Connection);
    assert_eq!(rejection(&["Connection"], &[("Connection", "close")]), Rejection::Connection);
    assert_eq!(Rejection::Connection.http_status(), StatusCode::BAD_REQUEST);
}

#[test]
fn section_4_2_1_item_5_the_key_is_16_bytes_once() {
    assert_eq!(rejection(&["Sec-WebSocket-Key"], &[]), Rejection::Key);
    assert_eq!(rejection(&[], &[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]), Rejection::Key);
    for bad in ["", "x", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZWU=", "dGhlIHNhbXBsZSBub25jZ\u{fc}=="]
    {
        assert_eq!(rejection(&["Sec-WebSocket-Key"], &[("Sec-WebSocket-Key", bad)]), Rejection::Key, "{bad}");
    }
    assert_eq!(Rejection::Key.http_status(), StatusCode::BAD_REQUEST);
}

#[test]
fn section_4_1_the_key_printed_there_is_accepted_though_its_last_bits_are_not_zero() {
    let request = request(&["Sec-WebSocket-Key"], &[("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEC==")]);
    assert!(policy().accept(&request).is_ok());
}

#[test]
fn section_4_4_another_version_is_426_with_the_one_spoken() {
    assert_eq!(rejection(&["Sec-WebSocket-Version"], &[]), Rejection::Version);
    for other in ["25", "8", "013", "13, 8", ""] {
        let add = [("Sec-WebSocket-Version", other)];
        assert_eq!(rejection(&["Sec-WebSocket-Version"], &add), Rejection::Version, "{other}");
    }
    // Another version may have no key as we know it.
    let leave_out = ["Sec-WebSocket-Version", "Sec-WebSocket-Key"];
    assert_eq!(rejection(&leave_out, &[("Sec-WebSocket-Version", "25")]), Rejection::Version);
    let response = Rejection::Version.to_response();
    assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(response.headers()["sec-websocket-version"], "13");
    assert_eq!(response.headers()["upgrade"], "websocket");
}

#[test]
fn section_4_2_2_item_4_another_origin_is_403() {
    assert_eq!(rejection(&["Origin"], &[("Origin", "http://evil.example")]), Rejection::Origin);
    assert_eq!(rejection(&[], &[("Origin", "http://example.com")]), Rejection::Origin);
    assert_eq!(rejection(&["Origin"], &[("Origin", "null")]), Rejection::Origin);
    assert_eq!(Rejection::Origin.http_status(), StatusCode::FORBIDDEN);
    assert!(policy().accept(&request(&["Origin"], &[])).is_ok());
}

#[test]
fn the_default_policy_takes_the_same_origin_and_clients_without_one() {
    let policy = Policy::new();
    assert_eq!(policy.accept(&request(&[], &[])).unwrap_err(), Rejection::Origin);
    assert!(policy.accept(&request(&["Origin"], &[])).is_ok());
    assert!(policy.accept(&request(&["Origin"], &[("Origin", "https://server.example.com")])).is_ok());
}

#[test]
fn an_absolute_target_decides_over_host_for_the_same_origin() {
    let mut request = request(&["Origin"], &[("Origin", "http://real.example")]);
    *request.uri_mut() = "http://real.example/chat".parse().unwrap();
    assert!(Policy::new().accept(&request).is_ok());
}

#[test]
fn section_4_2_2_item_5_the_servers_preference_chooses_the_subprotocol() {
    let chosen = |ours: &[&str], theirs: &str| {
        let request = request(&["Sec-WebSocket-Protocol"], &[("Sec-WebSocket-Protocol", theirs)]);
        let accepted = policy().subprotocols(ours).unwrap().accept(&request).unwrap();
        let header = accepted.response.headers().get("sec-websocket-protocol").cloned();
        let name = accepted.subprotocol.map(|name| name.to_string());
        assert_eq!(header.map(|value| value.to_str().unwrap().to_owned()), name);
        name
    };
    assert_eq!(chosen(&["v2", "v1"], "v1, v2").as_deref(), Some("v2"));
    assert_eq!(chosen(&["v3", "v1"], "v1, v2").as_deref(), Some("v1"));
    assert_eq!(chosen(&["v3"], "v1, v2"), None);
    assert_eq!(chosen(&[], "v1"), None);
    assert_eq!(chosen(&["v1"], "V1"), None);
}

#[test]
fn a_required_subprotocol_that_is_not_offered_is_400() {
    let policy = policy().require_subprotocol();
    assert!(policy.accept(&request(&[], &[])).is_ok());
    let without = request(&["Sec-WebSocket-Protocol"], &[]);
    assert_eq!(policy.accept(&without).unwrap_err(), Rejection::NoCommonSubprotocol);
    assert_eq!(Rejection::NoCommonSubprotocol.http_status(), StatusCode::BAD_REQUEST);
}

#[test]
fn section_4_1_item_10_malformed_and_doubled_subprotocols_are_400() {
    for (value, error) in [
        ("chat superchat", SubprotocolError::Malformed),
        ("", SubprotocolError::Malformed),
        ("chat, chat", SubprotocolError::Duplicate),
    ] {
        let add = [("Sec-WebSocket-Protocol", value)];
        let rejection = rejection(&["Sec-WebSocket-Protocol"], &add);
        assert_eq!(rejection, Rejection::Subprotocols(error));
        assert_eq!(rejection.http_status(), StatusCode::BAD_REQUEST);
    }
}

#[test]
fn section_9_1_extensions_are_declined_and_malformed_ones_are_400() {
    let offer = request(&[], &[("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]);
    let accepted = policy().accept(&offer).unwrap();
    assert!(!accepted.response.headers().contains_key("sec-websocket-extensions"));
    let rejection = rejection(&[], &[("Sec-WebSocket-Extensions", "permessage-deflate;")]);
    assert_eq!(rejection, Rejection::Extensions(ExtensionError::Malformed));
    assert_eq!(rejection.http_status(), StatusCode::BAD_REQUEST);
}

#[test]
fn the_limits_on_subprotocols_extensions_and_parameters_hold() {
    let mut limits = Limits::default();
    assert_eq!(
        (limits.max_subprotocols, limits.max_extensions, limits.max_extension_parameters),
        (32, 16, 16)
    );
    (limits.max_subprotocols, limits.max_extensions, limits.max_extension_parameters) = (2, 1, 1);
    let policy = policy().limits(limits);
    assert!(policy.accept(&request(&[], &[("Sec-WebSocket-Extensions", "a; b")])).is_ok());
    let refused = |add| policy.accept(&request(&[], &[add])).unwrap_err();
    assert_eq!(
        refused(("Sec-WebSocket-Protocol", "third")),
        Rejection::Subprotocols(SubprotocolError::TooMany)
    );
    assert_eq!(refused(("Sec-WebSocket-Extensions", "a, b")), Rejection::Extensions(ExtensionError::TooMany));
    assert_eq!(
        refused(("Sec-WebSocket-Extensions", "a; b; c")),
        Rejection::Extensions(ExtensionError::TooManyParameters)
    );
}

#[test]
fn a_request_with_a_body_is_400() {
    assert_eq!(rejection(&[], &[("Content-Length", "4")]), Rejection::Body);
    assert_eq!(rejection(&[], &[("Transfer-Encoding", "chunked")]), Rejection::Body);
    assert_eq!(rejection(&[], &[("Content-Length", "0"), ("Content-Length", "4")]), Rejection::Body);
    assert!(policy().accept(&request(&[], &[("Content-Length", "0")])).is_ok());
    assert_eq!(Rejection::Body.http_status(), StatusCode::BAD_REQUEST);
}

// The client.

#[test]
fn section_1_3_the_request_of_a_client() {
    let handshake = client();
    let request = handshake.request();
    assert_eq!(request.method(), Method::GET);
    assert_eq!(request.version(), Version::HTTP_11);
    assert_eq!(request.uri(), "/chat");
    let fields: Vec<_> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(
        fields,
        [
            ("host", "server.example.com"),
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "chat, superchat"),
        ]
    );
}

#[test]
fn section_1_3_the_response_is_verified() {
    assert_eq!(client().verify(&response(&[], &[])).unwrap().subprotocol.unwrap().as_str(), "chat");
    assert_eq!(client().verify(&response(&["Sec-WebSocket-Protocol"], &[])).unwrap().subprotocol, None);
    let (parts, ()) = response(&[], &[]).into_parts();
    assert!(client().verify_parts(&parts).is_ok());
}

#[test]
fn what_a_client_asks_a_server_grants() {
    let accepted = policy().accept(client().request()).unwrap();
    assert_eq!(client().verify(&accepted.response).unwrap().subprotocol, accepted.subprotocol);
}

#[test]
fn section_4_1_check_1_another_status() {
    for status in [200, 301, 401, 403, 426, 503] {
        let mut response = response(&[], &[]);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let error = client().verify(&response).unwrap_err();
        assert_eq!(error, ClientError::Status(response.status()));
    }
}

#[test]
fn a_101_of_http_1_0_is_refused() {
    let mut response = response(&[], &[]);
    *response.version_mut() = Version::HTTP_10;
    assert_eq!(client().verify(&response).unwrap_err(), ClientError::HttpVersion);
}

#[test]
fn section_4_1_checks_2_and_3_upgrade_and_connection() {
    let error =
        |leave_out: &str, add: &[(&str, &str)]| client().verify(&response(&[leave_out], add)).unwrap_err();
    assert_eq!(error("Upgrade", &[]), ClientError::Upgrade);
    assert_eq!(error("Upgrade", &[("Upgrade", "h2c")]), ClientError::Upgrade);
    assert_eq!(error("Connection", &[]), ClientError::Connection);
    assert_eq!(error("Connection", &[("Connection", "close")]), ClientError::Connection);
    let mixed =
        response(&["Upgrade", "Connection"], &[("Upgrade", "WebSocket"), ("Connection", "upgrade, x")]);
    assert!(client().verify(&mixed).is_ok());
}

#[test]
fn section_4_1_check_4_the_accept_value() {
    let error =
        |leave_out: &[&str], add: &[(&str, &str)]| client().verify(&response(leave_out, add)).unwrap_err();
    let name = "Sec-WebSocket-Accept";
    assert_eq!(error(&[name], &[]), ClientError::Accept);
    assert_eq!(error(&[name], &[(name, "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]), ClientError::Accept);
    assert_eq!(error(&[name], &[(name, "dGhlIHNhbXBsZSBub25jZQ==")]), ClientError::Accept);
    assert_eq!(error(&[], &[(name, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]), ClientError::Accept);
    let spaced = response(&[name], &[(name, "  s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t")]);
    assert!(client().verify(&spaced).is_ok());
}

#[test]
fn section_4_1_check_5_an_extension_that_was_not_offered() {
    for value in ["permessage-deflate", "", ";"] {
        let response = response(&[], &[("Sec-WebSocket-Extensions", value)]);
        assert_eq!(client().verify(&response).unwrap_err(), ClientError::Extension, "{value}");
    }
}

#[test]
fn section_4_1_check_6_a_subprotocol_that_was_not_offered() {
    let name = "Sec-WebSocket-Protocol";
    for value in ["soap", "Chat", "chat, superchat", ""] {
        let response = response(&[name], &[(name, value)]);
        assert_eq!(client().verify(&response).unwrap_err(), ClientError::Subprotocol, "{value}");
    }
    let twice = response(&[], &[(name, "superchat")]);
    assert_eq!(client().verify(&twice).unwrap_err(), ClientError::Subprotocol);
    let none_offered = client().subprotocols(<[&str; 0]>::default()).unwrap();
    assert!(!none_offered.request().headers().contains_key("sec-websocket-protocol"));
    assert_eq!(none_offered.verify(&response(&[], &[])).unwrap_err(), ClientError::Subprotocol);
}

#[test]
fn a_required_subprotocol_that_is_not_chosen_fails() {
    let handshake = client().require_subprotocol();
    assert!(handshake.verify(&response(&[], &[])).is_ok());
    let without = response(&["Sec-WebSocket-Protocol"], &[]);
    assert_eq!(handshake.verify(&without).unwrap_err(), ClientError::NoSubprotocol);
}

#[test]
fn a_client_cannot_set_what_the_handshake_decides() {
    let value = HeaderValue::from_static("x");
    for name in ["host", "upgrade", "connection", "sec-websocket-key", "content-length", "transfer-encoding"]
    {
        let name = HeaderName::from_static(name);
        let error = client().header(name.clone(), value.clone()).unwrap_err();
        assert_eq!(error.name(), name);
    }
    let handshake = client().header(http::header::ORIGIN, HeaderValue::from_static("http://example.com"));
    assert_eq!(handshake.unwrap().request().headers()["origin"], "http://example.com");
}

#[test]
fn subprotocols_offered_are_tokens_once_each() {
    assert_eq!(client().subprotocols(["a b"]).unwrap_err(), SubprotocolError::Malformed);
    assert_eq!(client().subprotocols([""]).unwrap_err(), SubprotocolError::Malformed);
    assert_eq!(client().subprotocols(["a", "a"]).unwrap_err(), SubprotocolError::Duplicate);
}

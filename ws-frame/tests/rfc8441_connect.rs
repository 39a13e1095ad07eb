//! WebSocket by extended CONNECT (RFC 8441; RFC 9220 in the same words), decided over `http` types.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use ws_frame::handshake::{
    ClientError, ClientHandshake, Handshake, Limits, Origins, PROTOCOL, Policy, Rejection, WebSocketUri,
};

/// RFC 8441 §5.1.
fn example() -> Request<()> {
    Request::builder()
        .method(Method::CONNECT)
        .uri("https://server.example.com/chat")
        .version(Version::HTTP_2)
        .header("sec-websocket-protocol", "chat, superchat")
        .header("sec-websocket-extensions", "permessage-deflate")
        .header("sec-websocket-version", "13")
        .header("origin", "http://www.example.com")
        .body(())
        .unwrap()
}

fn policy() -> Policy {
    Policy::new().origins(Origins::list(["http://www.example.com"]).unwrap()).subprotocols(["chat"]).unwrap()
}

fn reject(change: impl FnOnce(&mut Request<()>)) -> Rejection {
    let mut request = example();
    change(&mut request);
    policy().accept_connect(&request, Some(PROTOCOL)).unwrap_err()
}

#[test]
fn section_5_1_example_opens_with_200_and_the_subprotocol() {
    let accepted = policy().accept_connect(&example(), Some("websocket")).unwrap();
    assert_eq!(accepted.subprotocol.unwrap().as_str(), "chat");
    let headers = accepted.response.headers();
    assert_eq!((accepted.response.status(), accepted.response.version()), (StatusCode::OK, Version::HTTP_2));
    assert_eq!(headers["sec-websocket-protocol"], "chat");
    for absent in ["upgrade", "connection", "sec-websocket-accept"] {
        assert!(!headers.contains_key(absent), "{absent}");
    }
}

#[test]
fn section_5_a_key_is_neither_needed_nor_answered() {
    let mut request = example();
    request.headers_mut().insert("sec-websocket-key", HeaderValue::from_static("no key"));
    let accepted = policy().accept_connect(&request, Some("websocket")).unwrap();
    assert!(!accepted.response.headers().contains_key("sec-websocket-accept"));
}

#[test]
fn another_protocol_is_501_and_none_is_405() {
    let rejection = policy().accept_connect(&example(), Some("connect-udp")).unwrap_err();
    assert_eq!(
        (rejection, rejection.http_status()),
        (Rejection::ConnectProtocol, StatusCode::NOT_IMPLEMENTED)
    );
    let Handshake::Reject(response) = policy().respond_connect(&example(), Some("webtransport")) else {
        panic!("accepted")
    };
    assert_eq!(response.status(), 501);

    let rejection = policy().accept_connect(&example(), None).unwrap_err();
    assert_eq!((rejection, rejection.http_status()), (Rejection::Method, StatusCode::METHOD_NOT_ALLOWED));
}

#[test]
fn each_wrong_part_has_its_rejection() {
    assert_eq!(reject(|r| *r.method_mut() = Method::GET), Rejection::Method);
    assert_eq!(reject(|r| *r.version_mut() = Version::HTTP_11), Rejection::HttpVersion);
    assert_eq!(reject(|r| *r.uri_mut() = "server.example.com:443".parse().unwrap()), Rejection::Target);
    assert_eq!(reject(|r| *r.uri_mut() = "/chat".parse().unwrap()), Rejection::Target);
    assert_eq!(
        reject(|r| *r.uri_mut() = "ftp://server.example.com/chat".parse().unwrap()),
        Rejection::Target
    );
    assert_eq!(
        reject(|r| *r.uri_mut() = "https://u@server.example.com/chat".parse().unwrap()),
        Rejection::Host
    );
    let insert = |name: &'static str, value: &'static str| {
        reject(|r| drop(r.headers_mut().insert(name, HeaderValue::from_static(value))))
    };
    assert_eq!(insert("sec-websocket-version", "12"), Rejection::Version);
    assert_eq!(insert("origin", "https://evil.example"), Rejection::Origin);
    assert_eq!(insert("content-length", "1"), Rejection::Body);
    assert!(matches!(insert("sec-websocket-protocol", "a b"), Rejection::Subprotocols(_)));
    assert!(matches!(insert("sec-websocket-extensions", ";"), Rejection::Extensions(_)));
    assert_eq!(reject(|r| drop(r.headers_mut().remove("sec-websocket-version"))), Rejection::Version);
    let twice = reject(|r| {
        r.headers_mut().append("origin", HeaderValue::from_static("http://www.example.com"));
    });
    assert_eq!(twice, Rejection::Origin);
}

#[test]
fn a_refusal_over_http2_holds_no_field_of_a_connection() {
    let response = Rejection::Version.to_connect_response();
    assert_eq!(
        (response.status(), &response.headers()["sec-websocket-version"]),
        (StatusCode::UPGRADE_REQUIRED, &HeaderValue::from_static("13"))
    );
    assert!(!response.headers().contains_key("upgrade") && !response.headers().contains_key("connection"));
}

#[test]
fn the_same_origin_is_the_authority_asked() {
    let mut request = example();
    request.headers_mut().insert("origin", HeaderValue::from_static("https://server.example.com"));
    assert!(Policy::new().accept_connect(&request, Some(PROTOCOL)).is_ok());
    request.headers_mut().insert("origin", HeaderValue::from_static("https://www.example.com"));
    assert_eq!(Policy::new().accept_connect(&request, Some(PROTOCOL)).unwrap_err(), Rejection::Origin);
}

fn client() -> ClientHandshake {
    let uri = WebSocketUri::parse("wss://server.example.com/chat?a=b").unwrap();
    ClientHandshake::new(&uri, *b"the sample nonce").subprotocols(["chat", "superchat"]).unwrap()
}

#[test]
fn the_clients_request_is_what_its_server_accepts_over_http2_and_http3() {
    for version in [Version::HTTP_2, Version::HTTP_3] {
        let handshake =
            client().header(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer x")).unwrap();
        let request = handshake.connect_request(version);
        assert_eq!((request.method(), request.version()), (&Method::CONNECT, version));
        assert_eq!(request.uri(), "https://server.example.com/chat?a=b");
        assert_eq!(request.headers()["authorization"], "Bearer x");
        for absent in ["host", "upgrade", "connection", "sec-websocket-key"] {
            assert!(!request.headers().contains_key(absent), "{absent}");
        }
        let accepted = policy().accept_connect(&request, Some(PROTOCOL)).unwrap();
        assert_eq!(accepted.response.version(), version);
        assert_eq!(handshake.verify_connect(&accepted.response).unwrap().subprotocol, accepted.subprotocol);
    }
    let plain = WebSocketUri::parse("ws://[::1]:8080").unwrap();
    let request = ClientHandshake::new(&plain, [0; 16]).connect_request(Version::HTTP_2);
    assert_eq!(request.uri(), "http://[::1]:8080/");
}

#[test]
fn what_the_client_did_not_ask_for_fails_before_open() {
    let answer = |status: u16, name: &'static str, value: &'static str| {
        let response = Response::builder().status(status).header(name, value).body(()).unwrap();
        client().verify_connect(&response).map(|_| ())
    };
    assert_eq!(answer(200, "x", "y"), Ok(()));
    assert_eq!(answer(204, "sec-websocket-protocol", "superchat"), Ok(()));
    assert_eq!(answer(200, "sec-websocket-protocol", "Chat"), Err(ClientError::Subprotocol));
    assert_eq!(answer(200, "sec-websocket-extensions", "x-other"), Err(ClientError::Extension));
    for status in [101, 302, 401, 403, 501] {
        let status_code = StatusCode::from_u16(status).unwrap();
        assert_eq!(answer(status, "x", "y"), Err(ClientError::Status(status_code)));
    }
}

#[test]
fn limits_hold_over_http2_too() {
    let mut limits = Limits::default();
    limits.max_subprotocols = 1;
    let rejection = policy().limits(limits).accept_connect(&example(), Some(PROTOCOL)).unwrap_err();
    assert!(matches!(rejection, Rejection::Subprotocols(_)));
}

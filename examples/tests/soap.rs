//! SOAP through real sockets: both versions, header blocks, faults with their details, the description, and what is no message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::net::SocketAddr;

use common::{Reply, create_user, get, send, start};
use http::StatusCode;
use serde_json::json;
use soap_envelope::client::{Client, Event};
use soap_envelope::codec::{Cursor, DateTime, Decode, DecodeError};
use soap_envelope::envelope::{Fault, FaultCode};
use soap_envelope::xml::QName;
use soap_envelope::{Exchange, Input, Limits, Version};

const NS: &str = "urn:octavo:users:v1";
const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const V12: &str = "http://www.w3.org/2003/05/soap-envelope";
const TEXT_XML: (&str, &str) = ("content-type", "text/xml; charset=utf-8");
const SOAP_XML: (&str, &str) = ("content-type", "application/soap+xml; charset=utf-8");
const TOKEN: &str = "<u:AuthToken xmlns:u='urn:octavo:users:v1'>abc123</u:AuthToken>";

const fn name(local: &'static str) -> QName<'static> {
    QName::from_static(NS, local)
}

#[derive(Debug, PartialEq)]
struct User {
    id: i64,
    name: String,
    email: String,
    created_at: DateTime,
}

/// Either response: both hold a user.
#[derive(Debug)]
struct Got(User);
#[derive(Debug)]
struct Created(User);

fn user(c: &mut Cursor<'_>) -> Result<User, DecodeError> {
    c.element(name("User"), |c| {
        Ok(User {
            id: c.value(name("Id"))?,
            name: c.value(name("Name"))?,
            email: c.value(name("Email"))?,
            created_at: c.value(name("CreatedAt"))?,
        })
    })
}

impl Decode for Got {
    const NAME: QName<'static> = name("GetUserResponse");
    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        user(c).map(Got)
    }
}

impl Decode for Created {
    const NAME: QName<'static> = name("CreateUserResponse");
    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        user(c).map(Created)
    }
}

fn envelope(namespace: &str, header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='{namespace}'><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn get_body(id: impl std::fmt::Display) -> String {
    format!("<u:GetUser xmlns:u='{NS}'><u:UserId>{id}</u:UserId></u:GetUser>")
}

fn create_body(name: &str, email: &str) -> String {
    format!("<CreateUser xmlns='{NS}'><Name>{name}</Name><Email>{email}</Email></CreateUser>")
}

async fn soap(addr: SocketAddr, version: Version, header: &str, body: &str) -> Reply {
    let kind = if version == Version::Soap11 { TEXT_XML } else { SOAP_XML };
    send(addr, "POST", "/soap", &[kind], envelope(version.namespace(), header, body)).await
}

/// What the crate's own client makes of an answer.
fn event(version: Version, reply: &Reply) -> Event {
    let mut exchange = Exchange::<Client>::new(version, Limits::DEFAULT);
    exchange.head(reply.status, &reply.headers).unwrap_or_else(|e| panic!("{e}: {reply:?}"));
    exchange.receive(Input::Chunk(reply.body.clone())).unwrap();
    exchange.receive(Input::End).unwrap_or_else(|e| panic!("{e}: {reply:?}"));
    exchange.poll_event().expect("the answer is whole")
}

#[track_caller]
fn value<T: Decode>(version: Version, reply: &Reply) -> T {
    match event(version, reply) {
        Event::Reply(message) => {
            assert_eq!((message.version(), reply.status), (version, StatusCode::OK));
            message.decode().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

/// Asserts that an answer is a fault, in this version, with nothing internal in it.
#[track_caller]
fn fault(version: Version, reply: &Reply, status: u16) -> Fault {
    assert_eq!(reply.status.as_u16(), status, "{reply:?}");
    assert!(reply.header("content-type").starts_with(version.media_type()), "{reply:?}");
    let text = String::from_utf8_lossy(&reply.body);
    for internal in ["src/", "panick", "rusqlite", "SQL", "abc123"] {
        assert!(!text.contains(internal), "{text}");
    }
    match event(version, reply) {
        Event::Fault(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn both_operations_answer_in_both_versions() {
    let service = start().await;
    let addr = service.addr();
    for version in Version::ALL {
        let email = format!("{}@example.com", if version == Version::Soap11 { "one" } else { "two" });
        let reply = soap(addr, version, TOKEN, &create_body("Ad&#xE0; &amp; Łukasz", &email)).await;
        let Created(user) = value(version, &reply);
        assert_eq!((user.name.as_str(), user.email.as_str()), ("Adà & Łukasz", email.as_str()));
        let Got(again) = value(version, &soap(addr, version, "", &get_body(user.id)).await);
        assert_eq!(again, user);
        assert_eq!(user.created_at.zone(), Some(0));
        let rest = get(addr, &format!("/users/{}", user.id)).await.json();
        assert_eq!(rest["name"], json!("Adà & Łukasz"));
    }
    assert_eq!(service.stats().soap, 4);
    service.shutdown().await;
}

#[tokio::test]
async fn what_writes_needs_the_token_and_a_wrong_one_is_refused_everywhere() {
    let service = start().await;
    let addr = service.addr();
    let wrong = "<u:AuthToken xmlns:u='urn:octavo:users:v1'>abc12</u:AuthToken>";
    let create = create_body("Ada", "ada@example.com");
    for (version, status) in [(Version::Soap11, 500), (Version::Soap12, 400)] {
        for (header, body) in [("", create.as_str()), (wrong, create.as_str()), (wrong, get_body(1).as_str())]
        {
            let fault = fault(version, &soap(addr, version, header, body).await, status);
            assert_eq!(fault.code(), &FaultCode::Sender);
            assert_eq!(fault.subcodes()[0].local(), "Unauthenticated");
            assert_eq!(fault.detail()[0].name(), name("UserFault"));
        }
    }
    // A block for another node is none for this one.
    let elsewhere =
        format!("<u:AuthToken xmlns:u='{NS}' xmlns:s='{V12}' s:role='urn:elsewhere'>abc123</u:AuthToken>");
    fault(Version::Soap12, &soap(addr, Version::Soap12, &elsewhere, &create).await, 400);
    assert_eq!(service.stats().soap, 7);
    service.shutdown().await;
}

#[tokio::test]
async fn refusals_of_the_store_have_a_subcode_and_a_detail() {
    let service = start().await;
    let addr = service.addr();
    create_user(addr, "Ada", "ada@example.org").await;
    for (version, status) in [(Version::Soap11, 500), (Version::Soap12, 400)] {
        for (body, code, reason) in [
            (get_body(999_999), "NotFound", "there is no user 999999"),
            (create_body("Eve", "ada@example.org"), "Conflict", "another user has this email address"),
            (create_body(" ", "eve@example.org"), "Invalid", "/name: must not be blank"),
            (create_body("", "no address"), "Invalid", "2 members break a rule"),
        ] {
            let fault = fault(version, &soap(addr, version, TOKEN, &body).await, status);
            assert_eq!(
                (fault.code(), fault.subcodes()[0].local(), fault.reason()),
                (&FaultCode::Sender, code, reason)
            );
            let detail = fault.detail()[0].as_str();
            assert!(detail.contains(&format!("<u:Code>{code}</u:Code>").replace("u:", "n1:")), "{detail}");
            let violations = if code == "Invalid" { detail.matches("Violation>").count() / 2 } else { 0 };
            assert_eq!(
                violations,
                usize::from(code == "Invalid") + usize::from(reason.starts_with('2')),
                "{detail}"
            );
        }
    }
    service.shutdown().await;
}

#[tokio::test]
async fn a_mandatory_block_that_is_unknown_is_not_understood() {
    let service = start().await;
    let addr = service.addr();
    let block =
        |ns: &str, yes: &str| format!("<t:Tx xmlns:t='urn:t' xmlns:e='{ns}' e:mustUnderstand='{yes}'/>");
    let create = create_body("Ada", "never@example.org");
    let reply = soap(addr, Version::Soap11, &(TOKEN.to_owned() + &block(V11, "1")), &create).await;
    assert_eq!(fault(Version::Soap11, &reply, 500).code(), &FaultCode::MustUnderstand);
    let reply = soap(addr, Version::Soap12, &(TOKEN.to_owned() + &block(V12, "true")), &create).await;
    let fault = fault(Version::Soap12, &reply, 500);
    assert_eq!(fault.code(), &FaultCode::MustUnderstand);
    assert_eq!(fault.not_understood()[0], QName::from_static("urn:t", "Tx"));
    // Nothing was done for either.
    let users = get(addr, "/users?limit=100").await;
    assert!(!String::from_utf8_lossy(&users.body).contains("never@example.org"));
    // Our own block may be mandatory.
    let ours = TOKEN.replace("'>", &format!("' xmlns:s='{V12}' s:mustUnderstand='1'>"));
    value::<Created>(Version::Soap12, &soap(addr, Version::Soap12, &ours, &create).await);
    service.shutdown().await;
}

#[tokio::test]
async fn an_envelope_of_another_version_is_a_mismatch() {
    let service = start().await;
    let addr = service.addr();
    for (kind, version, namespace) in [
        (TEXT_XML, Version::Soap11, "http://www.w3.org/2001/09/soap-envelope"),
        (SOAP_XML, Version::Soap12, "urn:none"),
        (TEXT_XML, Version::Soap11, V12),
        (SOAP_XML, Version::Soap12, V11),
    ] {
        let reply = send(addr, "POST", "/soap", &[kind], envelope(namespace, "", &get_body(1))).await;
        let fault = fault(version, &reply, 500);
        assert_eq!(fault.code(), &FaultCode::VersionMismatch);
        assert_eq!(fault.upgrade()[0], QName::from_static(V12, "Envelope"));
    }
    let html = send(addr, "POST", "/soap", &[TEXT_XML], "<html/>").await;
    assert_eq!(fault(Version::Soap11, &html, 500).code(), &FaultCode::VersionMismatch);
    service.shutdown().await;
}

#[tokio::test]
async fn the_action_is_held_against_the_body() {
    let service = start().await;
    let addr = service.addr();
    let id = create_user(addr, "Ada", "action@example.org").await;
    let text = envelope(V11, "", &get_body(id));
    for action in ["\"urn:octavo:users:v1/GetUser\"", "urn:octavo:users:v1/GetUser", "\"\"", ""] {
        let reply = send(addr, "POST", "/soap", &[TEXT_XML, ("soapaction", action)], text.clone()).await;
        value::<Got>(Version::Soap11, &reply);
    }
    let spoofed = [TEXT_XML, ("soapaction", "\"urn:octavo:users:v1/CreateUser\"")];
    let reply = send(addr, "POST", "/soap", &spoofed, text).await;
    assert!(fault(Version::Soap11, &reply, 500).reason().contains("is not that of the operation"));
    let spoofed = ("content-type", "application/soap+xml; action=\"urn:octavo:users:v1/CreateUser\"");
    let reply = send(addr, "POST", "/soap", &[spoofed], envelope(V12, "", &get_body(id))).await;
    assert_eq!(fault(Version::Soap12, &reply, 400).code(), &FaultCode::Sender);
    service.shutdown().await;
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_a_fault_that_says_where() {
    let service = start().await;
    let addr = service.addr();
    let whole = envelope(V12, "", &get_body(1));
    for (body, says) in [
        (whole.as_bytes()[..whole.len() - 20].to_vec(), "ends too early"),
        (b"".to_vec(), "no root element"),
        (b"{}".to_vec(), "text outside of the root element at line 1, column 1"),
        (whole.replace("<u:UserId>", "<u:UserId>\u{1}").into_bytes(), "a character that XML does not allow"),
        ([whole.as_bytes(), b"\xff"].concat(), "not UTF-8 at byte"),
        (format!("<!DOCTYPE s [<!ENTITY a 'b'>]>{whole}").into_bytes(), "a document type declaration"),
        (
            envelope(V12, "", "<u:Delete xmlns:u='urn:octavo:users:v1'/>").into_bytes(),
            "no operation takes the element",
        ),
        (envelope(V12, "", "").into_bytes(), "no operation takes an empty body"),
        (envelope(V12, "", &get_body("seven")).into_bytes(), "/u:UserId: not an xsd:long"),
        (
            envelope(V12, "", &get_body(1).replace("UserId", "Id")).into_bytes(),
            "expected the element {urn:octavo:users:v1}UserId",
        ),
        (envelope(V12, "<Plain/>", &get_body(1)).into_bytes(), "a header block that has no namespace"),
        ("<a>".repeat(200).into_bytes(), "VersionMismatch"),
        (envelope(V12, "", &"<a>".repeat(200)).into_bytes(), "no operation takes the element a"),
    ] {
        let reply = send(addr, "POST", "/soap", &[SOAP_XML], body).await;
        let status = if says == "VersionMismatch" { 500 } else { 400 };
        let fault = fault(Version::Soap12, &reply, status);
        assert!(fault.to_string().contains(says), "{fault}");
    }
    service.shutdown().await;
}

#[tokio::test]
async fn requests_that_carry_no_message_are_refused_by_the_binding() {
    let service = start().await;
    let addr = service.addr();
    let text = envelope(V12, "", &get_body(1));
    for (method, path, headers, status) in [
        ("GET", "/soap", vec![], 405),
        ("PUT", "/soap", vec![SOAP_XML], 405),
        ("DELETE", "/soap", vec![], 405),
        ("POST", "/soap", vec![("content-type", "application/json")], 415),
        ("POST", "/soap", vec![], 415),
        ("POST", "/soap", vec![("content-type", "application/soap+xml; action=\"x")], 400),
        ("POST", "/soap", vec![("content-type", "application/soap+xml; charset=latin1")], 400),
    ] {
        let reply = send(addr, method, path, &headers, text.clone()).await;
        fault(Version::Soap12, &reply, status);
        if status == 405 {
            assert_eq!(reply.header("allow"), "GET, HEAD, POST");
        }
    }
    let long = format!("{text}<!--{}-->", "x".repeat(1 << 20));
    let reply = send(addr, "POST", "/soap", &[SOAP_XML], long).await;
    assert!(fault(Version::Soap12, &reply, 413).reason().contains("longer than 1048576 bytes"));
    // The door goes on.
    let reply = soap(addr, Version::Soap12, "", &get_body(999_999)).await;
    assert_eq!(fault(Version::Soap12, &reply, 400).subcodes()[0].local(), "NotFound");
    service.shutdown().await;
}

#[tokio::test]
async fn a_message_in_utf_16_is_read() {
    let service = start().await;
    let addr = service.addr();
    let text = envelope(V11, TOKEN, &create_body("Zoë 𝄞", "zoe@example.org"));
    let bytes: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let reply = send(addr, "POST", "/soap", &[("content-type", "text/xml; charset=utf-16")], bytes).await;
    assert_eq!(value::<Created>(Version::Soap11, &reply).0.name, "Zoë 𝄞");
    service.shutdown().await;
}

#[tokio::test]
async fn the_description_names_the_address_under_which_it_was_asked_for() {
    let service = start().await;
    let addr = service.addr();
    for path in ["/soap?wsdl", "/soap?WSDL"] {
        let reply = get(addr, path).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "text/xml; charset=utf-8"));
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        assert_eq!(text.matches(&format!("location=\"http://{addr}/soap\"")).count(), 2, "{text}");
    }
    let head = send(addr, "HEAD", "/soap?wsdl", &[], "").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    service.shutdown().await;
}

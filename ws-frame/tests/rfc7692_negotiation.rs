//! permessage-deflate is negotiated as RFC 7692 §5 and §7.1 say, on both sides, and refused where they are broken.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use http::{Request, Response};
use proptest::prelude::*;
use ws_frame::deflate::{Agreement, Deflate, NegotiationError, WindowBits};
use ws_frame::handshake::{
    ClientError, ClientHandshake, Extension, Handshake, Limits, Policy, WebSocketUri, accept_key,
};

fn bits(n: u8) -> WindowBits {
    WindowBits::try_from(n).unwrap()
}

fn list(value: &str) -> Vec<Extension> {
    Extension::parse_list(value.as_bytes(), &Limits::default()).unwrap()
}

/// The server's answer, and its windows (send, receive) and takeovers.
type Chosen = (String, (u8, u8), (bool, bool));

fn choose(deflate: &Deflate, offers: &str) -> Option<Chosen> {
    let (agreed, answer) = deflate.choose(&list(offers))?;
    Some((answer.to_string(), windows(&agreed), takeovers(&agreed)))
}

fn windows(agreed: &Agreement) -> (u8, u8) {
    (agreed.send_window().as_u8(), agreed.receive_window().as_u8())
}

fn takeovers(agreed: &Agreement) -> (bool, bool) {
    (agreed.send_takeover(), agreed.receive_takeover())
}

#[test]
fn section_7_1_3_examples() {
    let server = Deflate::with_takeover();
    let simple = choose(&server, "permessage-deflate").unwrap();
    assert_eq!(simple, ("permessage-deflate".to_owned(), (15, 15), (true, true)));
    // "the server accepts the first": with a window of 10 bits.
    let two = "permessage-deflate; client_max_window_bits; server_max_window_bits=10, \
               permessage-deflate; client_max_window_bits";
    let chosen = choose(&server, two).unwrap();
    assert_eq!(chosen, ("permessage-deflate; server_max_window_bits=10".to_owned(), (10, 15), (true, true)));
}

#[test]
fn section_5_1_offers_that_cannot_be_accepted_are_passed_over() {
    let server = Deflate::with_takeover();
    for bad in [
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits=010",
        "server_max_window_bits=+9",
        "server_max_window_bits=99999999999999999999",
        "server_max_window_bits=x",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=255",
        "client_max_window_bits=-1",
        "server_no_context_takeover=true",
        "client_no_context_takeover=1",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits=9; server_max_window_bits=9",
        "client_max_window_bits; client_max_window_bits=9",
        "Server_no_context_takeover",
        "unknown",
        "server_max_window_bits=9; unknown=2",
    ] {
        let bad = format!("permessage-deflate; {bad}");
        assert_eq!(choose(&server, &bad), None, "{bad}");
        let then = format!("{bad}, x-other; a=1, permessage-deflate; client_no_context_takeover");
        assert_eq!(
            choose(&server, &then).unwrap().0,
            "permessage-deflate; client_no_context_takeover",
            "{bad}"
        );
    }
    assert_eq!(choose(&server, "permessage-bzip2, x-webkit-deflate-frame"), None);
}

#[test]
fn section_7_1_1_takeover_is_given_up_when_either_side_asks() {
    let none = Deflate::without_takeover();
    let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_owned();
    assert_eq!(choose(&none, "permessage-deflate").unwrap(), (both.clone(), (15, 15), (false, false)));
    let takeover = Deflate::with_takeover();
    assert_eq!(choose(&takeover, &both).unwrap(), (both, (15, 15), (false, false)));
    let chosen = choose(&takeover, "permessage-deflate; server_no_context_takeover").unwrap();
    assert_eq!(chosen.2, (false, true));
    let chosen = choose(&takeover, "permessage-deflate; client_no_context_takeover").unwrap();
    assert_eq!(chosen.2, (true, false));
}

#[test]
fn section_7_1_2_windows_of_8_to_15_are_negotiated_in_both_directions() {
    for ours in 8..=15 {
        let mut server = Deflate::with_takeover();
        server.send_window = bits(ours);
        server.receive_window = bits(ours);
        for theirs in 8..=15 {
            let least = ours.min(theirs);
            let offer = format!(
                "permessage-deflate; server_max_window_bits={theirs}; client_max_window_bits={theirs}"
            );
            let (answer, windows, _) = choose(&server, &offer).unwrap();
            let expected =
                format!("permessage-deflate; server_max_window_bits={least}; client_max_window_bits={least}");
            assert_eq!((answer, windows), (expected, (least, least)));
            // The client that made this offer takes this answer.
            let mut client = Deflate::with_takeover();
            client.send_window = bits(theirs);
            client.receive_window = bits(theirs);
            let (agreed, answer) = server.choose(&[client.offer()]).unwrap();
            let at_client = client.check(&[answer]).unwrap().unwrap();
            assert_eq!(windows_of_other(&agreed), (at_client.send_window(), at_client.receive_window()));
            assert_eq!(at_client.send_window(), bits(least));
        }
    }
    // A client that does not offer to be limited cannot be (§7.1.2.2).
    let mut server = Deflate::with_takeover();
    server.receive_window = bits(9);
    let chosen = choose(&server, "permessage-deflate").unwrap();
    assert_eq!(chosen, ("permessage-deflate".to_owned(), (15, 15), (true, true)));
    let chosen = choose(&server, "permessage-deflate; client_max_window_bits").unwrap();
    assert_eq!(chosen.0, "permessage-deflate; client_max_window_bits=9");
}

fn windows_of_other(agreed: &Agreement) -> (WindowBits, WindowBits) {
    (agreed.receive_window(), agreed.send_window())
}

#[test]
fn a_client_takes_less_than_it_offered_and_refuses_more() {
    let mut client = Deflate::with_takeover();
    client.receive_window = bits(11);
    client.send_window = bits(12);
    let check = |answer: &str| client.check(&list(answer)).map(|agreed| agreed.map(|a| windows(&a)));
    assert_eq!(client.check(&[]), Ok(None), "the server may choose nothing");
    let pmd = |parameters: &str| format!("permessage-deflate; {parameters}");
    assert_eq!(check(&pmd("server_max_window_bits=11; client_max_window_bits=9")), Ok(Some((9, 11))));
    assert_eq!(check(&pmd("server_max_window_bits=8; client_max_window_bits=15")), Ok(Some((12, 8))));
    // Not limited though it was asked: what it sends is taken with 15 bits.
    assert_eq!(check("permessage-deflate"), Ok(Some((12, 15))));
    for (bad, why) in [
        ("server_max_window_bits=12", NegotiationError::WindowBits),
        ("server_max_window_bits=7", NegotiationError::WindowBits),
        ("server_max_window_bits=16", NegotiationError::WindowBits),
        ("server_max_window_bits=4294967304", NegotiationError::WindowBits),
        ("client_max_window_bits=0", NegotiationError::WindowBits),
        ("client_max_window_bits=16", NegotiationError::WindowBits),
        ("client_max_window_bits=1000", NegotiationError::WindowBits),
        ("client_max_window_bits", NegotiationError::MissingValue),
        ("server_max_window_bits", NegotiationError::MissingValue),
        ("server_no_context_takeover=1", NegotiationError::UnexpectedValue),
        ("server_no_context_takeover; server_no_context_takeover", NegotiationError::Repeated),
        ("foo", NegotiationError::UnknownParameter),
    ] {
        assert_eq!(check(&pmd(bad)), Err(why), "{bad}");
    }
    assert_eq!(check("permessage-deflate, permessage-deflate"), Err(NegotiationError::Repeated));
    assert_eq!(check("permessage-deflate, foo"), Err(NegotiationError::Repeated));
    assert_eq!(check("foo"), Err(NegotiationError::NotOffered));
    assert_eq!(check("foo, permessage-deflate"), Err(NegotiationError::NotOffered));
}

#[test]
fn a_server_that_gives_up_takeover_is_believed_and_so_is_one_that_keeps_it() {
    let client = Deflate::without_takeover();
    let agreed = client.check(&list("permessage-deflate")).unwrap().unwrap();
    // It was asked not to and does: the client must be able to read it. What it sends itself is its own to say.
    assert_eq!(takeovers(&agreed), (false, true));
    let client = Deflate::with_takeover();
    let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let agreed = client.check(&list(answer)).unwrap().unwrap();
    assert_eq!(takeovers(&agreed), (false, false));
}

fn request(handshake: &ClientHandshake) -> Request<()> {
    handshake.request().clone()
}

fn client(deflate: Option<Deflate>) -> ClientHandshake {
    let uri = WebSocketUri::parse("ws://server.example.com/chat").unwrap();
    let handshake = ClientHandshake::new(&uri, *b"the sample nonce");
    match deflate {
        Some(deflate) => handshake.deflate(deflate),
        None => handshake,
    }
}

#[test]
fn both_handshakes_together_agree() {
    for (ours, theirs, agree) in [
        (Some(Deflate::with_takeover()), Some(Deflate::without_takeover()), true),
        (Some(Deflate::without_takeover()), Some(Deflate::with_takeover()), true),
        (Some(Deflate::with_takeover()), None, false),
        (None, Some(Deflate::with_takeover()), false),
        (None, None, false),
    ] {
        let client = client(ours);
        let mut policy = Policy::new();
        if let Some(theirs) = theirs {
            policy = policy.deflate(theirs);
        }
        let Handshake::Upgrade(accepted) = policy.respond(&request(&client)) else { panic!("rejected") };
        let opened = client.verify(&accepted.response).unwrap();
        assert_eq!(accepted.deflate.is_some(), agree);
        assert_eq!(opened.deflate.is_some(), agree);
        assert_eq!(accepted.response.headers().contains_key("sec-websocket-extensions"), agree);
        if let (Some(server), Some(client)) = (accepted.deflate, opened.deflate) {
            assert_eq!(takeovers(&server), (client.receive_takeover(), client.send_takeover()));
            assert_eq!(windows_of_other(&server), (client.send_window(), client.receive_window()));
        }
    }
}

#[test]
fn an_answer_that_was_not_asked_for_fails_before_open() {
    let answer = |extensions: &str| {
        Response::builder()
            .status(101)
            .header("upgrade", "websocket")
            .header("connection", "Upgrade")
            .header("sec-websocket-accept", accept_key("dGhlIHNhbXBsZSBub25jZQ=="))
            .header("sec-websocket-extensions", extensions)
            .body(())
            .unwrap()
    };
    let plain = client(None);
    assert_eq!(plain.verify(&answer("permessage-deflate")).unwrap_err(), ClientError::Extension);
    let deflate = client(Some(Deflate::default()));
    assert_eq!(deflate.verify(&answer("permessage-deflate;;")).unwrap_err(), ClientError::Extension);
    // CVE-2026-2229: window bits out of range crashed a client.
    for bad in ["0", "7", "16", "32", "255", "256", "18446744073709551615", "18446744073709551623"] {
        let answer = answer(&format!("permessage-deflate; server_max_window_bits={bad}"));
        let error = deflate.verify(&answer).unwrap_err();
        assert_eq!(error, ClientError::Deflate(NegotiationError::WindowBits), "{bad}");
        assert_eq!(error.to_string(), "the server answered window bits of permessage-deflate out of range");
    }
}

#[test]
fn a_malformed_offer_is_still_a_bad_request() {
    let mut request = request(&client(None));
    request.headers_mut().insert("sec-websocket-extensions", "permessage-deflate; =".parse().unwrap());
    let Handshake::Reject(response) = Policy::new().deflate(Deflate::default()).respond(&request) else {
        panic!("accepted")
    };
    assert_eq!(response.status(), 400);
}

fn any_deflate() -> impl Strategy<Value = Deflate> {
    (any::<bool>(), any::<bool>(), 8..=15_u8, 8..=15_u8).prop_map(|(send, receive, out, into)| {
        let mut deflate = Deflate::default();
        deflate.send_takeover = send;
        deflate.receive_takeover = receive;
        deflate.send_window = bits(out);
        deflate.receive_window = bits(into);
        deflate
    })
}

proptest! {
    /// Any client and any server come to one agreement, within what each of them wants.
    #[test]
    fn any_two_agree(client in any_deflate(), server in any_deflate()) {
        let written = client.offer().to_string();
        let (at_server, answer) = server.choose(&list(&written)).unwrap();
        let at_client = client.check(&list(&answer.to_string())).unwrap().unwrap();
        prop_assert_eq!(takeovers(&at_server), (at_client.receive_takeover(), at_client.send_takeover()));
        prop_assert_eq!(windows_of_other(&at_server), (at_client.send_window(), at_client.receive_window()));
        for (agreed, wanted) in [(&at_server, &server), (&at_client, &client)] {
            prop_assert!(agreed.send_window() <= wanted.send_window);
            prop_assert!(agreed.receive_window() <= wanted.receive_window);
            prop_assert!(!agreed.send_takeover() || wanted.send_takeover);
            prop_assert!(!agreed.receive_takeover() || wanted.receive_takeover);
        }
    }

    /// No list of a client makes the server panic, or answer what was not offered.
    #[test]
    fn any_offer_gets_an_answer_that_it_allows(offer in "(permessage-deflate|x)(; ?(server|client)_(max_window_bits|no_context_takeover)(=\"?(7|8|9|10|15|16|x)\"?)?){0,4}") {
        let Ok(offers) = Extension::parse_list(offer.as_bytes(), &Limits::default()) else { return Ok(()) };
        let Some((agreed, answer)) = Deflate::with_takeover().choose(&offers) else { return Ok(()) };
        let offered = |name: &str| offers[0].parameters().find(|(other, _)| *other == name);
        for (name, value) in answer.parameters() {
            if name == "client_max_window_bits" {
                prop_assert!(offered(name).is_some());
            }
            prop_assert!(value.is_none_or(|value| (8..=15).contains(&value.parse().unwrap())));
        }
        if let Some((_, Some(value))) = offered("server_max_window_bits") {
            prop_assert!(agreed.send_window().as_u8() <= value.parse().unwrap());
        }
    }
}

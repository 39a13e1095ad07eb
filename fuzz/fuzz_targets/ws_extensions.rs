//! Lists of extensions read back as they were written, and any two endpoints agree on permessage-deflate within what each wants.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use ws_frame::deflate::{Agreement, Deflate, WindowBits};
use ws_frame::handshake::{Extension, Limits};

#[derive(Arbitrary, Debug)]
struct Wants {
    send_takeover: bool,
    receive_takeover: bool,
    send_window: u8,
    receive_window: u8,
}

impl Wants {
    fn deflate(&self) -> Deflate {
        let bits = |n: u8| WindowBits::try_from(8 + n % 8).expect("8 to 15");
        let mut deflate = Deflate::default();
        deflate.send_takeover = self.send_takeover;
        deflate.receive_takeover = self.receive_takeover;
        deflate.send_window = bits(self.send_window);
        deflate.receive_window = bits(self.receive_window);
        deflate
    }
}

/// Parameters that a list of random bytes would hardly hit.
const WORDS: [&str; 16] = [
    "permessage-deflate",
    "; server_no_context_takeover",
    "; client_no_context_takeover",
    "; server_max_window_bits",
    "; client_max_window_bits",
    "=8",
    "=\"9\"",
    "=15",
    "=16",
    "=7",
    "=08",
    "=\"1\\5\"",
    ", ",
    "x",
    ";",
    "=",
];

fuzz_target!(|input: (Wants, Wants, Vec<u8>, &[u8])| {
    let (client, server, words, raw) = input;
    let (client, server) = (client.deflate(), server.deflate());
    let limits = Limits::default();

    let written: String = words.iter().map(|&word| WORDS[usize::from(word) % WORDS.len()]).collect();
    for list in [written.as_bytes(), raw] {
        let Ok(list) = Extension::parse_list(list, &limits) else { continue };
        let again = list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert_eq!(Extension::parse_list(again.as_bytes(), &limits).as_ref(), Ok(&list));
        if let Some((agreed, answer)) = server.choose(&list) {
            within(&agreed, &server);
            let offer = |name: &str| answer_of(&list, name);
            for (name, value) in answer.parameters() {
                let value: Option<u8> = value.map(|value| value.parse().expect("a number"));
                assert!(value.is_none_or(|bits| (8..=15).contains(&bits)));
                assert!(name != "client_max_window_bits" || offer(name), "only who offers it can be limited");
            }
        }
        if let Ok(Some(agreed)) = client.check(&list) {
            assert_eq!(list.len(), 1);
            assert!(agreed.send_window() <= client.send_window);
            assert!(!agreed.send_takeover() || client.send_takeover);
        }
    }

    let offers = Extension::parse_list(client.offer().to_string().as_bytes(), &limits).expect("our own offer");
    let (at_server, answer) = server.choose(&offers).expect("our own offer is acceptable");
    let answers = Extension::parse_list(answer.to_string().as_bytes(), &limits).expect("our own answer");
    let at_client = client.check(&answers).expect("our own answer is acceptable").expect("one was chosen");
    within(&at_server, &server);
    within(&at_client, &client);
    assert_eq!(at_server.send_takeover(), at_client.receive_takeover());
    assert_eq!(at_server.receive_takeover(), at_client.send_takeover());
    assert_eq!(at_server.send_window(), at_client.receive_window());
    assert_eq!(at_server.receive_window(), at_client.send_window());
});

fn within(agreed: &Agreement, wanted: &Deflate) {
    assert!(agreed.send_window() <= wanted.send_window);
    assert!(!agreed.send_takeover() || wanted.send_takeover);
    assert!(!agreed.receive_takeover() || wanted.receive_takeover);
}

fn answer_of(list: &[Extension], name: &str) -> bool {
    list.iter().any(|extension| extension.parameters().any(|(other, _)| other == name))
}

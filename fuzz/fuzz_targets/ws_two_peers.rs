//! A client and a server over a pipe that cuts as it likes: every message that was taken arrives once, in order, and both ends close.
#![no_main]

use std::sync::LazyLock;
use std::time::Instant;

use arbitrary::Arbitrary;
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use ws_frame::deflate::{Agreement, Deflate};
use ws_frame::{CloseCode, Compress, Config, Connection, Event, Message, Outgoing, Prepared};

static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Agreements at the client and at the server, by what each wants: nothing, messages by themselves, or with takeover.
static AGREED: LazyLock<[[Option<Agreement>; 2]; 4]> = LazyLock::new(|| {
    let agree = |client: Deflate, server: Deflate| {
        let (at_server, answer) = server.choose(&[client.offer()]).expect("our own offer");
        [client.check(&[answer]).expect("our own answer"), Some(at_server)]
    };
    [
        [None, None],
        agree(Deflate::without_takeover(), Deflate::without_takeover()),
        agree(Deflate::with_takeover(), Deflate::with_takeover()),
        agree(Deflate::with_takeover(), Deflate::without_takeover()),
    ]
});

#[derive(Arbitrary, Debug)]
enum Step {
    Text(String),
    Binary(Vec<u8>),
    Large(u16),
    /// The same text many times, compressed or not.
    Repeated(String, u8, u8),
    Prepared(String, u8),
    Ping(Vec<u8>),
    /// Moves up to so many bytes to the other end.
    Move(u16),
    Close,
}

struct Peer {
    connection: Connection,
    /// On their way to the other end.
    wire: BytesMut,
    /// Come in, and not taken yet.
    input: BytesMut,
    sent: Vec<Message>,
    received: Vec<Message>,
    pings: usize,
    clean: Option<bool>,
}

impl Peer {
    fn new(connection: Connection) -> Peer {
        Peer { connection, wire: BytesMut::new(), input: BytesMut::new(), sent: Vec::new(), received: Vec::new(), pings: 0, clean: None }
    }

    fn send(&mut self, message: Message) {
        self.send_as(message.clone(), message);
    }

    fn send_as(&mut self, outgoing: impl Into<Outgoing>, message: Message) {
        if self.connection.send(outgoing).is_ok() {
            self.sent.push(message);
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            assert!(self.clean.is_none(), "nothing follows Closed");
            match event {
                Event::Message(message) => self.received.push(message),
                Event::Closed(info) => self.clean = Some(info.clean),
                _ => {}
            }
        }
        while self.connection.poll_transmit(&mut self.wire) {}
    }
}

fuzz_target!(|input: (u8, Vec<(bool, Step)>)| {
    let (agreed, steps) = input;
    let [at_client, at_server] = AGREED[usize::from(agreed) % AGREED.len()].clone();
    let mut peers = [
        Peer::new(Connection::client(Config::default(), [9; 32], *NOW).with_deflate(at_client)),
        Peer::new(Connection::server(Config::default(), *NOW).with_deflate(at_server)),
    ];
    for (side, step) in steps {
        let from = usize::from(side);
        match step {
            Step::Text(text) => peers[from].send(Message::from(text)),
            Step::Binary(bytes) => peers[from].send(Message::from(bytes)),
            Step::Large(n) => peers[from].send(Message::from(vec![n as u8; usize::from(n) * 3])),
            Step::Repeated(text, times, choice) => {
                let message = Message::from(text.repeat(usize::from(times)));
                let choice = [Compress::Auto, Compress::Always, Compress::Never][usize::from(choice) % 3];
                peers[from].send_as(message.clone().compress(choice), message);
            }
            Step::Prepared(text, times) => {
                let message = Message::from(text.repeat(usize::from(times)));
                peers[from].send_as(Prepared::new(message.clone()), message);
            }
            Step::Ping(payload) => {
                // Below the other end's limit on control frames.
                peers[from].pings += 1;
                if peers[from].pings < 40 {
                    let _ = peers[from].connection.ping(&payload);
                }
            }
            Step::Move(n) => carry(&mut peers, from, usize::from(n)),
            Step::Close => peers[from].connection.close(CloseCode::NORMAL, "", *NOW),
        }
        peers[from].drain();
    }
    peers[0].connection.close(CloseCode::NORMAL, "done", *NOW);
    while peers.iter().any(|peer| peer.clean.is_none()) {
        let before = peers.each_ref().map(|peer| (peer.wire.len(), peer.received.len(), peer.clean));
        for from in [0, 1] {
            peers[from].drain();
            carry(&mut peers, from, usize::MAX);
            // The server ends the transport once both have said Close (RFC 6455 §7.1.1).
            if peers[1 - from].connection.is_finished() && peers[1 - from].wire.is_empty() {
                peers[from].connection.receive_eof(*NOW);
                peers[from].drain();
            }
        }
        let after = peers.each_ref().map(|peer| (peer.wire.len(), peer.received.len(), peer.clean));
        assert_ne!(before, after, "both wait for each other");
    }
    let [client, server] = peers;
    assert_eq!(client.sent, server.received);
    assert_eq!(server.sent, client.received);
    assert_eq!((client.clean, server.clean), (Some(true), Some(true)));
});

fn carry(peers: &mut [Peer; 2], from: usize, most: usize) {
    let wire = &mut peers[from].wire;
    let piece = wire.split_to(most.min(wire.len()));
    if piece.is_empty() {
        return;
    }
    let to = &mut peers[1 - from];
    to.input.extend_from_slice(&piece);
    to.connection.receive(&mut to.input, *NOW);
    to.drain();
}

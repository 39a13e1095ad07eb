//! A client and a server over a simulated network and clock, from a seed that is printed: cuts, delays, stalls, hang-ups.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the seed is shown when a test fails")]

mod common;
#[path = "common/random.rs"]
mod random;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use common::start;
use random::Random;
use ws_frame::{CloseCode, CloseInfo, Config, Connection, Delivery, ErrorKind, Event, Message, Prepared};

/// Nothing in these worlds takes longer than this: the deadlines see to it.
const PATIENCE: Duration = Duration::from_secs(600);

/// Mostly small, sometimes across the sizes where something changes.
fn size(random: &mut Random) -> usize {
    let most = [20, 200, 2000, 5000, 70_000][random.below(5) as usize];
    random.below(most) as usize
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// The transport ends after so many bytes, in the middle of whatever was on its way.
    HangUp(usize),
    /// No byte arrives after so many, and nobody is told.
    Stall(usize),
}

/// One direction of the transport.
struct Pipe {
    in_flight: VecDeque<(Instant, Bytes)>,
    carried: usize,
    fault: Fault,
    ended: bool,
}

impl Pipe {
    fn new(fault: Fault) -> Pipe {
        Pipe { in_flight: VecDeque::new(), carried: 0, fault, ended: false }
    }

    fn write(&mut self, mut bytes: Bytes, now: Instant, random: &mut Random) {
        match self.fault {
            Fault::None => {}
            Fault::HangUp(at) | Fault::Stall(at) => bytes.truncate(at.saturating_sub(self.carried)),
        }
        self.carried += bytes.len();
        let mut at = self.in_flight.back().map_or(now, |(at, _)| now.max(*at));
        while !bytes.is_empty() {
            let most = if random.one_in(3) { 3 } else { 10_000 };
            let piece = bytes.split_to((1 + random.below(most) as usize).min(bytes.len()));
            at += Duration::from_micros(random.below(2000));
            self.in_flight.push_back((at, piece));
        }
    }

    fn is_cut(&self) -> bool {
        matches!(self.fault, Fault::HangUp(at) if self.carried >= at)
    }
}

struct Peer {
    connection: Connection,
    input: BytesMut,
    told_eof: bool,
    sent: Vec<Message>,
    received: Vec<Message>,
    partial: Vec<u8>,
    closed: Option<CloseInfo>,
}

impl Peer {
    fn new(connection: Connection) -> Peer {
        Peer {
            connection,
            input: BytesMut::new(),
            told_eof: false,
            sent: Vec::new(),
            received: Vec::new(),
            partial: Vec::new(),
            closed: None,
        }
    }

    fn send(&mut self, random: &mut Random) {
        let size = size(random);
        let message = if random.one_in(2) {
            Message::from(random.next().to_string().repeat(size / 16))
        } else {
            Message::from(vec![random.next() as u8; size])
        };
        let taken = if random.one_in(4) {
            self.connection.send(Prepared::new(message.clone()))
        } else {
            self.connection.send(message.clone())
        };
        if taken.is_ok() {
            self.sent.push(message);
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            assert!(self.closed.is_none(), "an event after Closed");
            match event {
                Event::Message(message) => self.received.push(message),
                Event::Chunk(chunk) => {
                    assert_eq!(chunk.first, self.partial.is_empty() || chunk.data.is_empty() && chunk.first);
                    self.partial.extend_from_slice(&chunk.data);
                    if chunk.last {
                        let whole = std::mem::take(&mut self.partial);
                        self.received.push(match chunk.opcode {
                            ws_frame::Opcode::Text => Message::from(String::from_utf8(whole).unwrap()),
                            _ => Message::from(whole),
                        });
                    }
                }
                Event::Closed(info) => self.closed = Some(info),
                _ => {}
            }
        }
    }
}

/// Both with permessage-deflate, or neither: by what each of them wants.
#[cfg(feature = "deflate")]
fn compressing(client: Connection, server: Connection, random: &mut Random) -> (Connection, Connection) {
    use ws_frame::deflate::Deflate;
    if random.one_in(3) {
        return (client, server);
    }
    let mut wants = || if random.one_in(2) { Deflate::with_takeover() } else { Deflate::without_takeover() };
    let (at_client, at_server) = (wants(), wants());
    let (agreed, answer) = at_server.choose(&[at_client.offer()]).unwrap();
    (client.with_deflate(at_client.check(&[answer]).unwrap()), server.with_deflate(Some(agreed)))
}

struct World {
    now: Instant,
    peers: [Peer; 2],
    /// `pipes[i]` carries what `peers[i]` writes.
    pipes: [Pipe; 2],
}

impl World {
    fn new(random: &mut Random, faults: [Fault; 2]) -> World {
        let now = start();
        let mut config = Config::default();
        config.limits.max_control_per_second = 10_000;
        if random.one_in(3) {
            config.delivery = Delivery::Chunks;
        }
        let seed = std::array::from_fn(|_| random.next() as u8);
        let client = Connection::client(config.clone(), seed, now);
        let server = Connection::server(config, now);
        #[cfg(feature = "deflate")]
        let (client, server) = compressing(client, server, random);
        let peers = [client, server].map(Peer::new);
        World { now, peers, pipes: faults.map(Pipe::new) }
    }

    /// What an adapter does after each input.
    fn work(&mut self, i: usize, random: &mut Random) {
        let peer = &mut self.peers[i];
        peer.drain();
        let mut out = BytesMut::new();
        while peer.connection.poll_transmit(&mut out) {}
        self.pipes[i].write(out.freeze(), self.now, random);
        peer.drain();
        if peer.connection.is_finished() {
            self.pipes[i].ended = true;
        }
    }

    /// When something happens next: bytes arrive, the transport ends, or a deadline passes.
    fn step(&mut self, random: &mut Random) -> bool {
        let arrival = |i: usize| {
            let (pipe, reader) = (&self.pipes[i], &self.peers[1 - i]);
            match pipe.in_flight.front() {
                Some((at, _)) => Some(*at),
                None if (pipe.ended || pipe.is_cut())
                    && !matches!(pipe.fault, Fault::Stall(_))
                    && !reader.told_eof =>
                {
                    Some(self.now)
                }
                None => None,
            }
        };
        let deadline = |i: usize| {
            let connection = &self.peers[i].connection;
            (!connection.is_finished()).then(|| connection.poll_timeout()).flatten()
        };
        let next =
            [(arrival(0), 1, true), (arrival(1), 0, true), (deadline(0), 0, false), (deadline(1), 1, false)];
        let next = next.into_iter().filter_map(|(at, peer, input)| Some((at?, peer, input)));
        let Some((at, i, is_input)) = next.min_by_key(|(at, ..)| *at) else { return false };
        self.now = self.now.max(at);
        let peer = &mut self.peers[i];
        if !is_input {
            peer.connection.handle_timeout(self.now);
        } else if let Some((_, piece)) = self.pipes[1 - i].in_flight.pop_front() {
            peer.input.extend_from_slice(&piece);
            peer.connection.receive(&mut peer.input, self.now);
        } else {
            peer.told_eof = true;
            peer.connection.receive_eof(self.now);
        }
        self.work(i, random);
        true
    }
}

fn run(seed: u64, faults: impl FnOnce(&mut Random) -> [Fault; 2]) -> World {
    println!("seed {seed}");
    let mut random = Random(seed);
    let faults = faults(&mut random);
    let mut world = World::new(&mut random, faults);
    let begin = world.now;
    for _ in 0..random.below(60) {
        let i = random.below(2) as usize;
        match random.below(8) {
            0..4 => world.peers[i].send(&mut random),
            4 => drop(world.peers[i].connection.ping(b"app")),
            5 => {
                // A while in which nobody acts.
                let until = world.now + Duration::from_millis(random.below(60_000));
                while world.now < until && world.step(&mut random) {}
            }
            _ => drop(world.step(&mut random)),
        }
        world.work(i, &mut random);
    }
    let who = random.below(3);
    for i in [0, 1] {
        if who != i as u64 {
            world.peers[i].connection.close(CloseCode::NORMAL, "done", world.now);
            world.work(i, &mut random);
        }
    }
    let closing = world.now;
    while world.step(&mut random) {
        assert!(world.now < closing + PATIENCE, "it does not end; begun {begin:?}");
    }
    world
}

#[test]
fn without_faults_all_arrives_and_both_ends_are_clean() {
    for seed in 0..300 {
        let World { peers: [client, server], .. } = run(seed, |_| [Fault::None; 2]);
        assert!(client.sent == server.received, "seed {seed}");
        assert!(server.sent == client.received, "seed {seed}");
        for peer in [client, server] {
            let info = peer.closed.unwrap();
            assert!(info.clean && info.error.is_none(), "seed {seed}: {info:?}");
            assert!(peer.connection.is_finished());
            assert_eq!(peer.connection.buffered_amount(), 0);
        }
    }
}

fn both_end(seed: u64, world: World) -> [CloseInfo; 2] {
    let [client, server] = world.peers;
    assert!(
        client.sent.starts_with(&server.received),
        "seed {seed}: what arrived is a beginning of what was sent"
    );
    assert!(server.sent.starts_with(&client.received), "seed {seed}");
    [client, server].map(|peer| {
        assert!(peer.connection.is_finished(), "seed {seed}");
        assert_eq!(peer.connection.poll_timeout(), None, "seed {seed}");
        let info = peer.closed.expect("closed");
        assert!(!info.clean || info.error.is_none(), "seed {seed}: {info:?}");
        info
    })
}

#[test]
fn a_transport_that_is_cut_anywhere_ends_both() {
    let mut cut = 0;
    for seed in 1000..1300 {
        let world = run(seed, |random| {
            let fault = Fault::HangUp(random.below(3000) as usize);
            if random.one_in(2) { [fault, Fault::None] } else { [Fault::None, fault] }
        });
        let ends = both_end(seed, world);
        for error in ends.iter().filter_map(|info| info.error) {
            let kinds = [ErrorKind::UnexpectedEof, ErrorKind::CloseTimeout, ErrorKind::PongTimeout];
            assert!(kinds.contains(&error.kind()), "seed {seed}: {error}");
            cut += 1;
        }
    }
    assert!(cut > 100, "the faults are felt: {cut}");
}

#[test]
fn a_transport_that_goes_silent_is_found_out() {
    let mut silent = 0;
    for seed in 2000..2300 {
        let world = run(seed, |random| {
            let faults = [0, 1].map(|_| Fault::Stall(random.below(3000) as usize));
            if random.one_in(2) { faults } else { [faults[0], Fault::None] }
        });
        let ends = both_end(seed, world);
        for error in ends.iter().filter_map(|info| info.error) {
            let kinds = [
                ErrorKind::CloseTimeout,
                ErrorKind::PongTimeout,
                ErrorKind::AssemblyTimeout,
                ErrorKind::UnexpectedEof,
            ];
            assert!(kinds.contains(&error.kind()), "seed {seed}: {error}");
            silent += 1;
        }
    }
    assert!(silent > 100, "the faults are felt: {silent}");
}

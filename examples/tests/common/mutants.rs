//! Damage to valid requests, and a service whose database is watched meanwhile.
#![allow(clippy::print_stderr, reason = "the seed is told, so that a failure can be seen again")]

use std::net::SocketAddr;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use showcase::{Running, Showcase, Stats};

use super::{Folder, create_user};

/// How many mutants have to reach the decoder of a door.
pub(crate) const WANTED: u64 = 320;

/// SplitMix64.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(door: &str) -> Chance {
        let seed = match std::env::var("MUTANT_SEED") {
            Ok(text) => text.parse().expect("MUTANT_SEED is a number"),
            Err(_) => u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap(),
        };
        eprintln!("mutants of {door}: MUTANT_SEED={seed}");
        Chance(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Damages bytes: flips, cuts, splices with another recording, repeats, strays.
    pub(crate) fn damage(&mut self, valid: &[u8], others: &[&[u8]]) -> Vec<u8> {
        let mut bytes = valid.to_vec();
        for _ in 0..=self.below(2) {
            let at = self.below(bytes.len());
            match self.below(7) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 => bytes.truncate(at),
                2 => {
                    let other = self.pick(others);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[self.below(other.len())..]);
                }
                3 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
                4 => drop(bytes.splice(at..at, [0xff, 0xfe, 0xc0])),
                5 => {
                    let end = (at + self.below(16)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, part));
                }
                _ if !bytes.is_empty() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    }

    /// Puts a value of another type, or an outlandish one, in the place of one member.
    pub(crate) fn retype(&mut self, valid: &[u8]) -> Vec<u8> {
        let Ok(Value::Object(mut members)) = serde_json::from_slice(valid) else { return valid.to_vec() };
        let names: Vec<String> = members.keys().cloned().collect();
        if names.is_empty() {
            return valid.to_vec();
        }
        let name = self.pick(&names).clone();
        let strange = [
            json!(null),
            json!(-1),
            json!(1e300),
            json!(true),
            json!([]),
            json!({ "a": { "b": [1, 2] } }),
            json!(""),
            json!(" "),
            json!("\u{0}\u{7}"),
            json!("x".repeat(20_000)),
            json!("\u{202e}'; DROP TABLE users; --"),
        ];
        match self.below(4) {
            0 => drop(members.remove(&name)),
            1 => drop(members.insert(format!("{name}x"), json!(1))),
            _ => drop(members.insert(name, self.pick(&strange).clone())),
        }
        Value::Object(members).to_string().into_bytes()
    }

    pub(crate) fn mutate(&mut self, valid: &[u8], others: &[&[u8]]) -> Vec<u8> {
        match self.below(20) {
            0 => vec![b' '; (1 << 20) + 1],
            1..=8 => self.retype(valid),
            _ => self.damage(valid, others),
        }
    }

    /// Damages text that has to stay a header value or a path.
    pub(crate) fn damage_text(&mut self, valid: &str, others: &[&[u8]]) -> String {
        let bytes = self.damage(valid.as_bytes(), others);
        bytes
            .iter()
            .map(|b| char::from(if (0x21..0x7f).contains(b) && *b != b'#' { *b } else { b'~' }))
            .collect()
    }
}

/// A service with its database, which the test reads over the service's shoulder.
pub(crate) struct Subject {
    pub(crate) running: Running,
    db: Connection,
    _folder: Folder,
    before: Vec<u8>,
}

impl Subject {
    pub(crate) async fn start() -> Subject {
        let folder = Folder::new();
        let mut config = super::config();
        config.data = Some(folder.path().to_owned());
        let running = Showcase::start(config).await.unwrap();
        let db = Connection::open(folder.path().join("showcase.sqlite")).unwrap();
        let mut subject = Subject { running, db, _folder: folder, before: Vec::new() };
        subject.before = subject.content();
        subject
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// A digest of every row of every table.
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut digest = Sha256::new();
        let mut names =
            self.db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
        let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for name in names {
            let mut statement = self.db.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            let mut count = 0_u64;
            while let Some(row) = rows.next().unwrap() {
                count += 1;
                for column in 0..columns {
                    match row.get_ref(column).unwrap() {
                        ValueRef::Null => digest.update(b"n"),
                        ValueRef::Integer(n) => digest.update(n.to_be_bytes()),
                        ValueRef::Real(n) => digest.update(n.to_be_bytes()),
                        ValueRef::Text(t) | ValueRef::Blob(t) => {
                            digest.update(u64::try_from(t.len()).unwrap().to_be_bytes());
                            digest.update(t);
                        }
                    }
                }
            }
            digest.update(format!("{name} {count}"));
        }
        digest.finalize().to_vec()
    }

    /// After a request that was refused.
    #[track_caller]
    pub(crate) fn unchanged(&self, what: &dyn std::fmt::Debug) {
        assert!(self.content() == self.before, "a refused request changed the database: {what:?}");
    }

    /// After a request that was accepted: some mutants are valid.
    pub(crate) fn accepted(&mut self) {
        self.before = self.content();
    }

    /// Proves that the service still does its work.
    pub(crate) async fn still_serves(&mut self, n: u64) {
        create_user(self.addr(), "Valid", &format!("valid{n}@example.net")).await;
        self.accepted();
    }
}

/// What the service must not tell of itself.
pub(crate) const INNER: [&str; 6] = ["rusqlite", "SQL", "panicked", "src/", "serde", "invalid type"];

/// How many requests have reached the decoder of a door.
pub(crate) fn reached(subject: &Subject, door: fn(&Stats) -> u64) -> u64 {
    door(&subject.running.stats())
}

//! Compresses and decompresses the messages of one connection, for who drives it from another program: a command a line on the standard
//! input, an answer a line on the standard output, bytes in hexadecimal.
//!
//! - `open BITS LEVEL TAKEOVER` begins a connection both of whose windows have so many bits; `TAKEOVER` is `true` or `false`. Answers `ok`.
//! - `deflate HEX…` compresses a message in the pieces given, and answers its payload.
//! - `inflate STEP HEX` decompresses a payload, at most `STEP` bytes at a time, and answers the message, or `invalid`.
//!
//! `-` stands for no bytes.
#![allow(clippy::print_stdout, reason = "a program, not a core")]

use std::fmt::Write as _;

use ws_frame::deflate::{Deflate, Deflater, Inflater, WindowBits};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut connection = open("15", "6", "true")?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let answer = match words.as_slice() {
            ["open", bits, level, takeover] => {
                connection = open(bits, level, takeover)?;
                "ok".to_owned()
            }
            ["deflate", pieces @ .., last] => {
                let mut payload = Vec::new();
                for piece in pieces {
                    connection.0.deflate(&from_hex(piece)?, false, &mut payload);
                }
                connection.0.deflate(&from_hex(last)?, true, &mut payload);
                to_hex(&payload)
            }
            ["inflate", step, payload] => {
                let message = inflate(&mut connection.1, &from_hex(payload)?, step.parse()?);
                message.map_or_else(|| "invalid".to_owned(), |message| to_hex(&message))
            }
            _ => return Err(format!("no command: {line}").into()),
        };
        println!("{answer}");
    }
    Ok(())
}

fn open(bits: &str, level: &str, takeover: &str) -> Outcome<(Deflater, Inflater)> {
    let mut deflate = if takeover.parse()? { Deflate::with_takeover() } else { Deflate::without_takeover() };
    deflate.level = level.parse()?;
    deflate.send_window = WindowBits::try_from(bits.parse::<u8>()?)?;
    deflate.receive_window = deflate.send_window;
    let (agreement, _) = deflate.choose(&[Deflate::with_takeover().offer()]).ok_or("no agreement")?;
    Ok((Deflater::new(&agreement), Inflater::new(&agreement)))
}

/// The message that a payload stands for, `None` where it stands for none.
fn inflate(inflater: &mut Inflater, payload: &[u8], step: usize) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut out = vec![0; step.max(1)];
    let mut feed = |inflater: &mut Inflater, mut input: &[u8]| loop {
        let length = inflater.inflate(&mut input, &mut out).ok()?;
        message.extend_from_slice(&out[..length]);
        // With room left, nothing waits inside.
        if input.is_empty() && length < out.len() {
            return Some(());
        }
    };
    feed(inflater, payload)?;
    let tail = inflater.tail();
    feed(inflater, tail)?;
    inflater.end_message();
    Some(message)
}

fn from_hex(text: &str) -> Outcome<Vec<u8>> {
    if text == "-" {
        return Ok(Vec::new());
    }
    let digits = text.as_bytes().chunks(2).map(std::str::from_utf8).collect::<Result<Vec<_>, _>>()?;
    Ok(digits.into_iter().map(|pair| u8::from_str_radix(pair, 16)).collect::<Result<_, _>>()?)
}

fn to_hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

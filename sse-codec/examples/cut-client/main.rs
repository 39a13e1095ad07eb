//! The event source on the command line, for servers that it is tried on.
//!
//! `cut-client cut URL LAST [CLIENTS]` reads a stream of events `1`, `2`, … `LAST` through a proxy of its own that closes the first
//! connection after byte n: once for every n of the response, `CLIENTS` (64) of them side by side. Each run must see each id once,
//! in order. Behind the last one the server has to answer 204. The events' data must begin with their id.
//!
//! `cut-client watch URL [OPTION…]` prints each signal as a line of JSON until the source ends:
//!
//! | option | |
//! |---|---|
//! | `--http2` | HTTP/2 by prior knowledge |
//! | `--base MS`, `--min-retry MS` | the reconnection time, and its lower bound |
//! | `--idle MS`, `--response MS` | the idle timeout, and the time for a response |
//! | `--transient` | 429, 500 and their like pass |
//! | `--attempts N` | give up after so many in a row |
//! | `--events N` | end after so many events |
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program, not a core"
)]

mod cut;

use std::{error::Error, time::Duration};

use serde_json::{Value, json};
use sse_codec::{
    client::{ClientConfig, Ended, transient},
    tokio::{Connector, EventSource, Signal},
};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["cut", url, last] => cut::run(url, last.parse()?, 64).await,
        ["cut", url, last, clients] => cut::run(url, last.parse()?, clients.parse()?).await,
        ["watch", url, ref options @ ..] => watch(url, options).await,
        _ => Err("usage: cut-client cut URL LAST [CLIENTS] | cut-client watch URL [OPTION…]".into()),
    }
}

async fn watch(url: &str, options: &[&str]) -> Result<(), Failure> {
    let mut config = ClientConfig::new(url)?;
    let mut connector = Connector::tcp();
    let mut events_left = u64::MAX;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut number =
            || options.next().ok_or("a number is missing")?.parse::<u64>().map_err(Failure::from);
        match *option {
            "--http2" => connector = connector.http2(),
            "--transient" => config.retryable = transient,
            "--base" => config.backoff.base = Duration::from_millis(number()?),
            "--min-retry" => config.limits.min_retry = Duration::from_millis(number()?),
            "--idle" => config.idle_timeout = Some(Duration::from_millis(number()?)),
            "--response" => config.limits.response_timeout = Some(Duration::from_millis(number()?)),
            "--attempts" => config.limits.max_attempts = Some(number()?.try_into()?),
            "--events" => events_left = number()?,
            other => return Err(format!("no option {other}").into()),
        }
    }
    let mut source = EventSource::open_with(config, connector);
    while let Some(signal) = source.next().await {
        if let Ok(Signal::Event(_)) = &signal {
            events_left -= 1;
        }
        println!("{}", show(&signal));
        if events_left == 0 {
            break;
        }
    }
    Ok(())
}

fn show(signal: &Result<Signal, Ended>) -> Value {
    match signal {
        Ok(Signal::Open { resumed }) => json!({ "signal": "open", "resumed": format!("{resumed:?}") }),
        Ok(Signal::Event(event)) => {
            json!({ "signal": "event", "id": event.id(), "type": event.event(), "data": event.data() })
        }
        Ok(Signal::Waiting { wait, why }) => {
            json!({ "signal": "waiting", "ms": wait.as_secs_f64() * 1e3, "why": format!("{why:?}") })
        }
        Ok(other) => json!({ "signal": format!("{other:?}") }),
        Err(ended @ (Ended::Status { body, .. } | Ended::ContentType { body, .. })) => {
            json!({ "signal": "ended", "why": ended.to_string(), "body": String::from_utf8_lossy(body) })
        }
        Err(ended) => json!({ "signal": "ended", "why": ended.to_string() }),
    }
}

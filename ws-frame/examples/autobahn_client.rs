//! Runs every case of an Autobahn fuzzing server: `cargo run -p ws-frame --features deflate,tokio --example autobahn_client -- ws://127.0.0.1:9001`.
#![allow(clippy::disallowed_methods, reason = "a program, not a core")]

use ws_frame::deflate::Deflate;
use ws_frame::tokio::{connect, connect_with, request};
use ws_frame::{Compress, Config};

const AGENT: &str = "ws-frame";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server =
        std::env::args().nth(1).ok_or("give the URL of a fuzzing server, such as ws://127.0.0.1:9001")?;
    let (mut ws, _response) = connect(&format!("{server}/getCaseCount"), Config::default()).await?;
    let message = ws.recv().await.ok_or("no case count")??;
    let count: u32 = message.as_text().ok_or("the case count is not text")?.parse()?;
    let mut config = Config::default();
    // Cases 9.3 and 9.4 send 4 MiB in fragments of 64 bytes, far beyond the default.
    config.limits.max_fragments = 65_536;
    // The longest cases take half a minute, and count what they get: a ping is not among it.
    config.heartbeat = None;
    let mut deflate = Deflate::with_takeover();
    deflate.level = 1;
    // Cases 13.2, 13.5 and 13.6 ask for a client that says in its offer that it does without.
    deflate.send_takeover = false;
    for case in 1..=count {
        let url = format!("{server}/runCase?case={case}&agent={AGENT}");
        let handshake = request(&url)?.deflate(deflate.clone());
        let (mut ws, _response) = connect_with(handshake, config.clone()).await?;
        // A broken rule ends the case: what we did about it is what the server judges. All is compressed where that was agreed on: kosoku
        // 0.1.0 takes no other echo then.
        while let Some(Ok(message)) = ws.recv().await {
            if ws.send(message.compress(Compress::Always)).await.is_err() {
                break;
            }
        }
    }
    let (mut ws, _response) =
        connect(&format!("{server}/updateReports?agent={AGENT}"), Config::default()).await?;
    while ws.recv().await.is_some() {}
    Ok(())
}

//! Sends every message back: `cargo run -p ws-frame --features deflate,tokio --example echo_server -- 127.0.0.1:9001`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program, not a core"
)]

use tokio::net::{TcpListener, TcpStream};
use ws_frame::deflate::Deflate;
use ws_frame::handshake::Policy;
use ws_frame::tokio::accept;
use ws_frame::{Compress, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    // One for all connections: they share what it holds. An echo has nothing else to do than to compress, so it does so fast.
    let mut deflate = Deflate::with_takeover();
    deflate.level = 1;
    let policy = Policy::new().deflate(deflate);
    loop {
        let (socket, peer) = listener.accept().await?;
        let policy = policy.clone();
        tokio::spawn(async move {
            if let Err(error) = echo(socket, &policy).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn echo(socket: TcpStream, policy: &Policy) -> Result<(), Box<dyn std::error::Error>> {
    socket.set_nodelay(true)?;
    let (mut ws, _request) = accept(socket, policy, config()).await?;
    while let Some(message) = ws.recv().await {
        // Also what is short or does not pay: kosoku 0.1.0, which asks for compression, takes no other echo then.
        ws.send(message?.compress(Compress::Always)).await?;
    }
    Ok(())
}

/// The Autobahn cases 9.3 and 9.4 send 4 MiB in fragments of 64 bytes, far beyond the default of 1024 fragments.
fn config() -> Config {
    let mut config = Config::default();
    config.limits.max_fragments = 65_536;
    // The longest cases take half a minute, and count what they get: a ping is not among it.
    config.heartbeat = None;
    config
}

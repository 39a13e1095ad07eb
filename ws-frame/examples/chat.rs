//! Sends each line of the standard input as a text message and prints each message that comes, until the input ends:
//! `cargo run -p ws-frame --features tokio --example chat -- ws://127.0.0.1:9001/`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program, not a core")]

use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use ws_frame::tokio::connect;
use ws_frame::{CloseCode, Config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("give the URL of a server, such as ws://127.0.0.1:9001/")?;
    let (mut ws, _response) = connect(&url, Config::default()).await?;
    let mut lines = BufReader::new(stdin()).lines();
    let mut open = true;
    loop {
        tokio::select! {
            line = lines.next_line(), if open => match line? {
                Some(line) => ws.send(line).await?,
                // What the server sends before it sees our Close still comes.
                None => {
                    open = false;
                    ws.start_close(CloseCode::NORMAL, "");
                }
            },
            message = ws.recv() => match message {
                Some(message) => println!("{}", message?.as_text().unwrap_or("(binary)")),
                None => return Ok(()),
            },
        }
    }
}

//! The event source behind HTTP, for test suites that drive any client the same way:
//! `cargo run -p sse-codec --all-features --example contract-service -- --listen 127.0.0.1:8000`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program, not a core"
)]

mod service;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, ..) => "127.0.0.1:8000".to_owned(),
        (Some("--listen"), Some(address), None) => address,
        _ => return Err(std::io::Error::other("usage: contract-service [--listen ADDRESS]")),
    };
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    service::serve(listener).await
}

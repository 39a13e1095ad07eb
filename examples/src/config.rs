//! What the service is told at its start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// The command line.
#[derive(Clone, Parser)]
#[command(name = "showcase", about = ABOUT, after_help = EXAMPLES, version)]
pub struct Args {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
    /// Folder of the database, created when it is missing
    #[arg(long, value_name = "DIR", default_value = "./showcase-data")]
    pub data: PathBuf,
    /// Keep everything in memory and forget it at the end
    #[arg(long, conflicts_with = "data")]
    pub memory: bool,
    /// What a caller that writes has to send: `Authorization: Bearer TOKEN`
    #[arg(long, value_name = "TOKEN", default_value = "abc123", hide_default_value = false, value_parser = token)]
    pub token: String,
    /// Secret by which webhooks that arrive are verified
    #[arg(long, value_name = "SECRET", default_value = INBOUND_SECRET)]
    pub inbound_secret: String,
    /// Where webhooks may be sent to
    #[arg(long, value_name = "WHERE", value_enum, default_value_t = Targets::Loopback)]
    pub webhook_targets: Targets,
    /// Write the type of the tRPC router, for TypeScript, into a file, and end
    #[arg(long, value_name = "FILE")]
    pub emit_trpc: Option<PathBuf>,
    /// How much to log on stderr: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub log: tracing::level_filters::LevelFilter,
}

/// Which addresses the service may send webhooks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Targets {
    /// This machine alone: an open demo cannot be used to reach other machines
    Loopback,
    /// Public addresses alone: not this machine, not its network
    Public,
}

/// Everything that a service needs to start. The fields beyond the command line are for tests that cannot wait.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Folder of the database; `None` keeps everything in memory.
    pub data: Option<PathBuf>,
    /// The token that guards what writes.
    pub token: String,
    /// The secret of inbound webhooks: `whsec_…` for Standard Webhooks, the same characters for the others.
    pub inbound_secret: String,
    /// Where webhooks may be sent to.
    pub targets: Targets,
    /// Delay before each attempt of a webhook delivery; its length is the number of attempts.
    pub schedule: Vec<Duration>,
    /// How often an idle SSE stream gets a comment. Default 15 s.
    pub heartbeat: Duration,
    /// Events that a client may resume from. Default 1024.
    pub replay: usize,
    /// Bytes of a body, and of a WebSocket message. Default 1 MiB.
    pub max_body: usize,
    /// Connections at a time; beyond it new ones wait. Default 1024.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request, and an idle connection may stay. Default 15 s.
    pub head_timeout: Duration,
    /// How long a client may take to send a body. Default 15 s.
    pub body_timeout: Duration,
    /// How long open connections get to end after a stop. Default 3 s.
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            addr: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: Some(PathBuf::from("./showcase-data")),
            token: "abc123".to_owned(),
            inbound_secret: INBOUND_SECRET.to_owned(),
            targets: Targets::Loopback,
            schedule: [0, 5, 30, 300, 1800, 7200].map(Duration::from_secs).to_vec(),
            heartbeat: Duration::from_secs(15),
            replay: 1024,
            max_body: 1 << 20,
            max_connections: 1024,
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(15),
            drain: Duration::from_secs(3),
        }
    }
}

impl From<Args> for Config {
    fn from(args: Args) -> Config {
        Config {
            addr: args.addr,
            data: (!args.memory).then_some(args.data),
            token: args.token,
            inbound_secret: args.inbound_secret,
            targets: args.webhook_targets,
            ..Config::default()
        }
    }
}

/// A token travels in a header, so it is made of what RFC 6750 §2.1 allows there.
fn token(text: &str) -> Result<String, String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if text.is_empty() || !text.bytes().all(allowed) {
        return Err("use letters, digits and - . _ ~ + / =".to_owned());
    }
    Ok(text.to_owned())
}

/// `whsec_` and the base64 of `octavo-demo-inbound-secret-00001`.
const INBOUND_SECRET: &str = "whsec_b2N0YXZvLWRlbW8taW5ib3VuZC1zZWNyZXQtMDAwMDE=";

const ABOUT: &str = "One service on one port that speaks REST, WebSocket, Server-Sent Events and webhooks.";

const EXAMPLES: &str = "\
Try it:
  showcase                                    data in ./showcase-data, console at http://127.0.0.1:8080/
  showcase --memory --addr 127.0.0.1:0        a free port, nothing on disk

Then, from another terminal:
  curl -i http://127.0.0.1:8080/users/42
      a user with its links; send the ETag back in If-None-Match and get 304
  curl -i http://127.0.0.1:8080/users -H 'Authorization: Bearer abc123' \\
       -H 'Content-Type: application/json' -d '{\"name\":\"Ada\",\"email\":\"ada@example.org\"}'
      creates a user; the event arrives at each door below, once
  curl -N http://127.0.0.1:8080/events?topic=users
      the events as they happen; -H 'Last-Event-ID: 7' first sends those after event 7
  websocat ws://127.0.0.1:8080/ws/users?token=abc123
      a room; say {\"type\":\"message\",\"body\":\"hello\",\"from\":\"me\"}
  curl http://127.0.0.1:8080/graphql --json '{\"query\":\"{ users(limit: 3) { name posts { title } } }\"}'
      GraphQL; subscriptions by Accept: text/event-stream, or over a WebSocket (graphql-transport-ws)
  grpcurl -plaintext -proto examples/proto/octavo/users/v1/users.proto -d '{\"user_id\":\"42\"}' \\
       127.0.0.1:8080 octavo.users.v1.UserService/GetUser
      gRPC; browsers call the same methods by gRPC-Web
  curl 'http://127.0.0.1:8080/soap?wsdl'
      SOAP 1.1 and 1.2, as this description says
  curl -G http://127.0.0.1:8080/trpc/users.getById --data-urlencode 'input={\"id\":\"42\"}'
      typed RPC, as @trpc/client calls it; --emit-trpc FILE writes the router's type for TypeScript
  curl http://127.0.0.1:8080/webhooks/endpoints -H 'Authorization: Bearer abc123' \\
       -H 'Content-Type: application/json' \\
       -d '{\"url\":\"http://127.0.0.1:9000/hook\",\"types\":[\"user.*\"],\"scheme\":\"standard\"}'
      sends each event about a user there, signed; the answer shows the secret, once

Exit codes: 0 after SIGINT or SIGTERM; 2 when it cannot start (bad argument, busy port, unwritable folder).";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_is_not_said_is_as_documented() {
        let config = Config::from(Args::parse_from(["showcase"]));
        let default = Config::default();
        assert_eq!((config.addr, config.data, config.token), (default.addr, default.data, default.token));
        assert_eq!(Config::from(Args::parse_from(["showcase", "--memory"])).data, None);
        assert!(Args::try_parse_from(["showcase", "--token", "a b"]).is_err());
        assert!(Args::try_parse_from(["showcase", "--webhook-targets", "any"]).is_err());
    }
}

//! Calls any server of `octavo.users.v1.UserService`: reads the names of calls from stdin, one a line, makes each, and prints
//! what it saw as a line of JSON.
//!
//! ```text
//! echo unary | cargo run -p showcase --example grpc_calls 127.0.0.1:50051
//! ```
#![allow(clippy::disallowed_methods, reason = "a program for the command line")]

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use grpc_wire::hyper::Channel;
use grpc_wire::{Client, Kind, Metadata, MethodDesc, Status};
use pb::{
    ChatMessage, CreateUserRequest, GetUserRequest, ListUsersRequest, User, UserServiceClient,
    WatchUsersRequest,
};
use serde_json::{Value, json};

mod pb {
    grpc_wire::include_proto!("octavo.users.v1");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: grpc_calls HOST:PORT")?;
    let channel = Channel::connect(&address).await?;
    let calls = Calls { users: UserServiceClient::new(channel.clone()), channel };
    for line in std::io::stdin().lines() {
        let saw = calls.make(line?.trim()).await.unwrap_or_else(|status| told(&status));
        writeln!(std::io::stdout(), "{saw}")?;
    }
    Ok(())
}

struct Calls {
    users: UserServiceClient<Channel>,
    channel: Channel,
}

impl Calls {
    async fn make(&self, name: &str) -> Result<Value, Status> {
        match name {
            "unary" => self.unary().await,
            "server_streaming" => self.server_streaming().await,
            "server_streaming_that_fails" => self.server_streaming_that_fails().await,
            "client_streaming" => self.client_streaming().await,
            "bidi" => self.bidi().await,
            "status" => self.user("gone").await.map(|_| Value::Null),
            "failure" => self.user("broken").await.map(|_| Value::Null),
            "unimplemented" => self.unimplemented().await,
            "deadline" => self.deadline().await,
            "cancellation" => self.cancellation().await,
            "large" => self.user("large").await.map(|user| json!({ "length": user.id.len() })),
            "too_large" => self.user("too large").await.map(|_| Value::Null),
            "at_once" => self.at_once().await,
            _ => Err(Status::invalid_argument(format!("no call is named {name:?}"))),
        }
    }

    async fn user(&self, id: &str) -> Result<User, Status> {
        self.users.get_user(GetUserRequest { user_id: id.to_owned() }).await
    }

    async fn unary(&self) -> Result<Value, Status> {
        let every_byte: Vec<u8> = (0..=255).collect();
        let mut metadata = Metadata::new();
        metadata.insert("x-text", "plain")?;
        metadata.insert_bin("x-any-bin", &every_byte)?;
        let request = GetUserRequest { user_id: "7".to_owned() };
        let reply = self.users.get_user(request).metadata(metadata).reply().await?;
        let user = &reply.message;
        Ok(json!({
            "user": { "id": user.id, "name": user.name, "created_at": user.created_at },
            "head": [reply.head.get("x-head"), binary(&reply.head, "x-head-bin")],
            "trailers": [reply.trailers.get("x-trail"), binary(&reply.trailers, "x-trail-bin")],
        }))
    }

    async fn server_streaming(&self) -> Result<Value, Status> {
        let mut found = self.users.list_users(ListUsersRequest { limit: 2000, offset: 0 }).await?;
        let mut ids = Vec::new();
        while let Some(user) = found.next().await? {
            ids.push(user.id);
        }
        Ok(json!({ "ids": ids }))
    }

    async fn server_streaming_that_fails(&self) -> Result<Value, Status> {
        let mut found = self.users.list_users(ListUsersRequest { limit: 3, offset: 9 }).await?;
        let mut messages = 0;
        loop {
            match found.next().await {
                Ok(Some(_)) => messages += 1,
                Ok(None) => return Ok(json!({ "messages": messages })),
                Err(status) => {
                    let mut saw = told(&status);
                    saw["messages"] = json!(messages);
                    return Ok(saw);
                }
            }
        }
    }

    async fn client_streaming(&self) -> Result<Value, Status> {
        let (tx, created) = self.users.create_users_bulk().start()?;
        for n in 0..2000 {
            tx.send(CreateUserRequest { name: format!("n{n}"), email: String::new() }).await?;
        }
        tx.finish();
        let names: Vec<String> = created.await?.users.into_iter().map(|user| user.name).collect();
        Ok(json!({ "names": names }))
    }

    async fn bidi(&self) -> Result<Value, Status> {
        let (tx, mut rx) = self.users.chat().start()?;
        let mut bodies = Vec::new();
        for n in 0..200 {
            tx.send(ChatMessage { body: format!("b{n}"), ..Default::default() }).await?;
            bodies.extend(rx.next().await?.map(|message| message.body));
        }
        tx.finish();
        match rx.next().await? {
            None => Ok(json!({ "bodies": bodies })),
            Some(_) => Err(Status::internal("one message too many")),
        }
    }

    async fn unimplemented(&self) -> Result<Value, Status> {
        const NOTHING: &MethodDesc = &MethodDesc::new("/octavo.users.v1.UserService/Nothing", Kind::Unary);
        let request = GetUserRequest::default();
        Client::new(self.channel.clone()).unary::<_, User>(NOTHING, request).await.map(|_| Value::Null)
    }

    async fn deadline(&self) -> Result<Value, Status> {
        let since = Instant::now();
        let slow = GetUserRequest { user_id: "slow".to_owned() };
        match self.users.get_user(slow).timeout(Duration::from_secs(2)).await {
            Ok(_) => Ok(Value::Null),
            Err(status) => {
                let mut saw = told(&status);
                saw["after_ms"] = json!(u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX));
                Ok(saw)
            }
        }
    }

    async fn cancellation(&self) -> Result<Value, Status> {
        let mut created = self.users.watch_users(WatchUsersRequest {}).await?;
        let first = created.next().await?;
        // Whoever drops the stream has given the call up.
        drop(created);
        // What is to be sent leaves while something is waited for.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(json!({ "id": first.map(|user| user.id) }))
    }

    async fn at_once(&self) -> Result<Value, Status> {
        let calls = (0..500).map(|n| {
            let users = self.users.clone();
            tokio::spawn(async move { users.get_user(GetUserRequest { user_id: n.to_string() }).await })
        });
        let calls: Vec<_> = calls.collect();
        let mut answers = 0;
        for (n, call) in calls.into_iter().enumerate() {
            let user = call.await.map_err(|cause| Status::internal(cause.to_string()))??;
            answers += u32::from(user.id == n.to_string());
        }
        Ok(json!({ "answers": answers }))
    }
}

fn told(status: &Status) -> Value {
    json!({
        "code": status.code().name(),
        "message": status.message(),
        "why": status.metadata().and_then(|metadata| binary(metadata, "x-why-bin")),
    })
}

/// The value of a binary entry in hexadecimal.
fn binary(metadata: &Metadata, name: &str) -> Option<String> {
    let value = metadata.get_bin(name)?.ok()?;
    Some(value.iter().map(|byte| format!("{byte:02x}")).collect())
}

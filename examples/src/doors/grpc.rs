//! `/octavo.users.v1.UserService/*`: gRPC and gRPC-Web.

use std::sync::Arc;

use grpc_wire::tower::GrpcService;
use grpc_wire::{Code, Cx, Inbound, Intercept, Limits, Next, Outbound, Rejection, Server, Status};
use http::{Request, StatusCode, Version};
use rest_core::auth::{Bearer, BearerError};
use serde::Deserialize;
use serde_json::{Map, Value};

use self::pb::{
    ChatMessage, CreateUserRequest, GetUserRequest, ListUsersRequest, User, UserList, UserService,
    UserServiceServer, WatchUsersRequest,
};
use super::room;
use super::room_message::MAX_BODY;
use crate::app::App;
use crate::clock::Time;
use crate::event::{Event, EventType};
use crate::failure::Failure;
use crate::feed::{Ended, Follower};
use crate::input::{Fields, NewUser, Page, parse_id};
use crate::store::{rooms, users};

/// What `proto/octavo/users/v1/users.proto` describes.
pub(crate) mod pb {
    grpc_wire::include_proto!("octavo.users.v1");
}

/// The service behind the port.
pub(crate) fn service(app: &Arc<App>) -> GrpcService {
    let mut limits = Limits::default();
    limits.max_recv_message = app.config.max_body;
    let users = UserServiceServer::new(Users(Arc::clone(app)));
    Server::new().limits(limits).with(Correlate).add(users).into_service()
}

/// What a request that is no call is told beside the HTTP status.
pub(crate) fn rejection(status: StatusCode) -> Option<Rejection> {
    [Rejection::Method, Rejection::ContentType, Rejection::Version, Rejection::Te]
        .into_iter()
        .find(|rejection| rejection.http_status() == status)
}

/// Whether a request is for this door: it says so by its content type, or it names one of our methods and has to be
/// told that its content type is wrong.
pub(crate) fn is_for<B>(request: &Request<B>) -> bool {
    request.uri().path().starts_with(PACKAGE) || grpc_wire::proto::is_grpc(request.headers())
}

/// Whether the client may leave the body of this request open for as long as it likes. What ends it when the client is
/// gone without a word are the pings of its HTTP/2 connection.
pub(crate) fn is_open_ended<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_2 && OPEN_ENDED.contains(&request.uri().path())
}

/// Gives a caller its own ids back, so that it finds its call in a log: `x-request-id` with the head, `x-trace-bin` with
/// the trailers.
struct Correlate;

impl Intercept for Correlate {
    async fn around(&self, cx: &Cx, next: Next<'_>) -> Result<(), Status> {
        let id = cx.metadata().get("x-request-id");
        // What came as metadata can be sent as it.
        if let Some(id) = id {
            cx.with_head(|head| drop(head.insert("x-request-id", id)));
        }
        if let Some(trace) = cx.metadata().get_bin("x-trace-bin").transpose()? {
            cx.with_trailers(|trailers| drop(trailers.insert_bin("x-trace-bin", &trace)));
        }
        let outcome = next.run().await;
        let code = outcome.as_ref().err().map_or(Code::Ok, Status::code);
        tracing::info!(method = cx.method(), %code, id, "call");
        outcome
    }
}

struct Users(Arc<App>);

impl UserService for Users {
    async fn get_user(&self, _: &Cx, request: GetUserRequest) -> Result<User, Status> {
        let id = parse_id(&request.user_id)
            .filter(|id| *id > 0)
            .ok_or_else(|| Status::invalid_argument("user_id: must be a whole number from 1"))?;
        let user = self.0.store.read(move |db| users::require(db, id)).await;
        user.map(|user| message(&user)).map_err(|failure| status(&failure))
    }

    async fn list_users(&self, _: &Cx, request: ListUsersRequest, tx: Outbound<User>) -> Result<(), Status> {
        let page = page(&request)?;
        let (found, _) =
            self.0.store.read(move |db| users::list(db, page)).await.map_err(|failure| status(&failure))?;
        for user in &found {
            tx.send(message(user)).await?;
        }
        Ok(())
    }

    async fn create_users_bulk(
        &self,
        cx: &Cx,
        mut rx: Inbound<CreateUserRequest>,
    ) -> Result<UserList, Status> {
        self.authenticate(cx)?;
        let mut wanted = Vec::new();
        while let Some(request) = rx.next().await? {
            if wanted.len() == MAX_BULK {
                return Err(Status::resource_exhausted(format!("at most {MAX_BULK} users at once")));
            }
            wanted.push(new_user(request).map_err(|failure| status(&nth(wanted.len(), failure)))?);
        }
        // All in one transaction, so that one mistake leaves no trace.
        let created = self.0.store.write(move |w| {
            let create = |(at, new)| users::create(w, None, new).map_err(|failure| nth(at, failure));
            wanted.into_iter().enumerate().map(create).collect::<Result<Vec<_>, Failure>>()
        });
        let created = created.await.map_err(|failure| status(&failure))?;
        Ok(UserList { users: created.iter().map(message).collect() })
    }

    async fn chat(
        &self,
        cx: &Cx,
        mut rx: Inbound<ChatMessage>,
        tx: Outbound<ChatMessage>,
    ) -> Result<(), Status> {
        self.authenticate(cx)?;
        let Some(first) = rx.next().await? else { return Ok(()) };
        if !room::is_name(&first.room) {
            return Err(Status::invalid_argument(
                "room: must be 1 to 64 lower-case letters, digits, - and _",
            ));
        }
        let mut talk = Talk {
            app: &self.0,
            room: first.room.clone(),
            heard: self.0.follow(EventType::MessageCreated),
            tx,
        };
        cx.send_head();
        talk.say(first).await?;
        loop {
            tokio::select! {
                // In this order a member hears all that was said before it hung up.
                biased;
                heard = talk.heard.next() => { talk.pass_on(heard).await?; }
                said = rx.next() => match said? {
                    Some(message) => talk.say(message).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn watch_users(&self, cx: &Cx, _: WatchUsersRequest, tx: Outbound<User>) -> Result<(), Status> {
        let mut created = self.0.follow(EventType::UserCreated);
        cx.send_head();
        loop {
            let event = created.next().await.map_err(ended)?;
            tx.send(told::<ToldUser>(&event)?.into()).await?;
        }
    }
}

impl Users {
    /// Compares the bearer token in the metadata with the one that holds.
    fn authenticate(&self, cx: &Cx) -> Result<(), Status> {
        let mut values = cx.metadata().get_all("authorization");
        let refused = match (values.next(), values.next()) {
            (None, _) => BearerError::Missing,
            (Some(_), Some(_)) => BearerError::Repeated,
            (Some(only), None) => match Bearer::parse(only.as_bytes()) {
                Ok(bearer) if self.0.token.matches(bearer.token()) => return Ok(()),
                Ok(_) => BearerError::Wrong,
                Err(refused) => refused,
            },
        };
        Err(Status::unauthenticated(refused.to_string()))
    }
}

/// One caller in a room.
struct Talk<'a> {
    app: &'a App,
    room: String,
    heard: Follower,
    tx: Outbound<ChatMessage>,
}

impl Talk<'_> {
    /// Says what a caller has sent, and passes on what comes of it before the caller's next message is looked at.
    async fn say(&mut self, message: ChatMessage) -> Result<(), Status> {
        if !message.room.is_empty() && message.room != self.room {
            return Err(Status::invalid_argument("room: must stay that of the first message, or be empty"));
        }
        if message.body.is_empty() {
            return Ok(());
        }
        let (from, body) = spoken(message).map_err(|failure| status(&failure))?;
        let room = self.room.clone();
        let said = self.app.store.write(move |w| rooms::say(w, room, from, body)).await;
        let said = said.map_err(|failure| status(&failure))?;
        loop {
            let heard = self.heard.next().await;
            if self.pass_on(heard).await? == Some(said.id) {
                return Ok(());
            }
        }
    }

    /// Sends what was said in this room; gives its id.
    async fn pass_on(&self, heard: Result<Arc<Event>, Ended>) -> Result<Option<i64>, Status> {
        let message: ToldMessage = told(&*heard.map_err(ended)?)?;
        if message.room != self.room {
            return Ok(None);
        }
        let id = message.id;
        self.tx.send(message.into()).await?;
        Ok(Some(id))
    }
}

/// What the data of a `user.created` has.
#[derive(Deserialize)]
struct ToldUser {
    id: i64,
    name: String,
    email: String,
    created_at: String,
}

impl From<ToldUser> for User {
    fn from(told: ToldUser) -> User {
        let ToldUser { id, name, email, created_at } = told;
        User { id: id.to_string(), name, email, created_at: millis(&created_at) }
    }
}

/// What the data of a `message.created` has.
#[derive(Deserialize)]
struct ToldMessage {
    id: i64,
    room: String,
    from: String,
    body: String,
    at: String,
}

impl From<ToldMessage> for ChatMessage {
    fn from(told: ToldMessage) -> ChatMessage {
        let ToldMessage { room, from, body, at, .. } = told;
        ChatMessage { room, from, body, sent_at: millis(&at) }
    }
}

/// Reads the data of an event, which we wrote.
fn told<'e, T: Deserialize<'e>>(event: &'e Event) -> Result<T, Status> {
    serde_json::from_str(&event.data).map_err(|cause| {
        tracing::error!(event = event.id, %cause, "an event cannot be read back");
        Status::internal("an event cannot be read back")
    })
}

fn millis(text: &str) -> i64 {
    Time::parse_rfc3339(text).map_or(0, Time::millis)
}

fn message(user: &users::User) -> User {
    User {
        id: user.id.to_string(),
        name: user.name.clone(),
        email: user.email.clone(),
        created_at: user.created_at.millis(),
    }
}

/// The limits of REST, with 0, which is also what is not sent, for the default.
fn page(request: &ListUsersRequest) -> Result<Page, Status> {
    let limit = match i64::from(request.limit) {
        0 => 20,
        limit => limit,
    };
    if !(1..=Page::MAX).contains(&limit) {
        return Err(Status::invalid_argument(format!(
            "limit: must be a whole number from 1 to {}, or 0 for 20",
            Page::MAX
        )));
    }
    let offset = i64::from(request.offset);
    if offset < 0 {
        return Err(Status::invalid_argument("offset: must be a whole number from 0"));
    }
    Ok(Page { limit, offset })
}

fn new_user(request: CreateUserRequest) -> Result<NewUser, Failure> {
    NewUser::read(fields([("name", request.name), ("email", request.email)])?)
}

/// Who says what. An empty name is that of a guest.
fn spoken(message: ChatMessage) -> Result<(String, String), Failure> {
    let from = if message.from.is_empty() { "guest".to_owned() } else { message.from };
    let mut fields = fields([("from", from), ("body", message.body)])?;
    let spoken = (fields.text("from", 100), fields.text("body", MAX_BODY));
    fields.finish()?;
    Ok(spoken)
}

/// The fields of a message as those of the other doors, so that the same rules hold. What is empty was not sent.
fn fields<const N: usize>(members: [(&str, String); N]) -> Result<Fields, Failure> {
    let sent = members.into_iter().filter(|(_, value)| !value.is_empty());
    let members: Map<String, Value> = sent.map(|(name, value)| (name.to_owned(), value.into())).collect();
    Fields::of(Value::Object(members))
}

fn ended(ended: Ended) -> Status {
    match ended {
        Ended::Stopped => Status::unavailable("the service stops; call again"),
        Ended::Behind => Status::resource_exhausted("the caller reads too slowly and would miss events"),
    }
}

/// A refusal as gRPC says it.
fn status(failure: &Failure) -> Status {
    let code = match failure.problem().status().as_u16() {
        400 | 413 | 422 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        404 => Code::NotFound,
        409 => Code::AlreadyExists,
        503 => Code::Unavailable,
        _ => Code::Internal,
    };
    Status::new(code, sentence(failure))
}

/// Each field that broke a rule, or what else is wrong.
fn sentence(failure: &Failure) -> String {
    let violations: Vec<String> = failure
        .violations()
        .map(|v| format!("{}: {}", v.pointer.trim_start_matches('/'), v.detail))
        .collect();
    if violations.is_empty() { failure.to_string() } else { violations.join("; ") }
}

/// The same for one message of a stream, counted from 1. What is no fault of the message stays as it is.
fn nth(at: usize, failure: Failure) -> Failure {
    let detail = format!("message {}: {}", at + 1, sentence(&failure));
    match failure.problem().status() {
        StatusCode::CONFLICT => Failure::conflict(detail),
        StatusCode::UNPROCESSABLE_ENTITY => Failure::unprocessable(detail),
        _ => failure,
    }
}

/// Where our methods are.
const PACKAGE: &str = "/octavo.users.v1.";
/// Those whose client streams.
const OPEN_ENDED: [&str; 2] =
    ["/octavo.users.v1.UserService/CreateUsersBulk", "/octavo.users.v1.UserService/Chat"];
/// Users in one call of CreateUsersBulk.
const MAX_BULK: usize = 1000;

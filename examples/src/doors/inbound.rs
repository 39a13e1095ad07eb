//! `POST /webhooks/inbound/{scheme}`: signed messages of other systems, verified before they are read.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use rest_core::Reply;
use rest_core::auth::Challenge;
use rest_core::problem::{Problem, ToProblem};
use rest_core::semantics::outcome::Unauthorized;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use webhook_sig::delivery::EventType;
use webhook_sig::{KeyRing, KeyRingError, Reject, Scheme, SecretError, UnixMillis};

use super::call::Call;
use crate::clock::Time;
use crate::failure::{Failure, Violation};
use crate::input::{Fields, NewUser};
use crate::stats::count;
use crate::store::{hooks, rooms, users};
use crate::targets;

/// The keys by which messages are verified, for each scheme.
pub(crate) struct Receiver {
    rings: Vec<(Scheme, KeyRing)>,
}

/// Why the configured secret cannot be used; says nothing of the secret.
#[derive(Debug)]
pub(crate) enum ReceiverError {
    Secret(SecretError),
    Ring(KeyRingError),
}

impl std::fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("--inbound-secret cannot be used: ")?;
        match self {
            ReceiverError::Secret(cause) => cause.fmt(f)?,
            ReceiverError::Ring(cause) => cause.fmt(f)?,
        }
        f.write_str("; give whsec_ and the base64 of 24 bytes or more")
    }
}

impl Receiver {
    pub(crate) fn new(secret: &str) -> Result<Receiver, ReceiverError> {
        let ring = |scheme| {
            let secret = targets::secret(scheme, secret).map_err(ReceiverError::Secret)?;
            Ok((scheme, KeyRing::new().hmac("inbound", secret).map_err(ReceiverError::Ring)?))
        };
        // Square signs the URL that was registered there, and the service does not know by what name it is reached.
        let received = Scheme::ALL.into_iter().filter(|scheme| *scheme != Scheme::Square);
        Ok(Receiver { rings: received.map(ring).collect::<Result<_, _>>()? })
    }

    fn ring(&self, scheme: Scheme) -> Option<&KeyRing> {
        self.rings.iter().find(|(known, _)| *known == scheme).map(|(_, ring)| ring)
    }
}

/// What a message says.
#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    data: Box<RawValue>,
}

/// What comes of a message.
enum Effect {
    CreateUser(NewUser),
    Notify(String, Box<RawValue>),
}

pub(crate) async fn receive(mut call: Call) -> Result<Response<Full<Bytes>>, Failure> {
    let scheme: Scheme = call.parse("scheme")?;
    let body = call.bytes().await?;
    let app = Arc::clone(call.state());
    count(&app.counters.inbound);
    let ring = app.receiver.ring(scheme).ok_or_else(|| Failure::not_found("this scheme is not received"))?;
    let now = UnixMillis::from_millis(Time::now().millis().unsigned_abs());
    let verified = ring.scheme(scheme).verify(call.headers(), body, now).map_err(|reject| refuse(&reject))?;
    let envelope: Envelope = webhook_sig::json::parse(&verified).map_err(|cause| unreadable(&cause))?;
    let effect = effect(envelope)?;
    let key = format!("{scheme} {}", verified.dedupe());
    let fresh = app
        .store
        .write(move |w| {
            let fresh = hooks::first_time(w, &key)?;
            match effect {
                _ if !fresh => {}
                Effect::CreateUser(new) => {
                    users::create(w, None, new)?;
                }
                Effect::Notify(kind, data) => {
                    rooms::notify(w, scheme.as_str(), kind, data)?;
                }
            }
            Ok(fresh)
        })
        .await?;
    let status = if fresh { "accepted" } else { "duplicate" };
    let mut response = Reply::ok().json(&json!({ "status": status }))?.into_response();
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response.map(Full::new))
}

fn effect(envelope: Envelope) -> Result<Effect, Failure> {
    if EventType::parse(&envelope.r#type).is_err() {
        return Err(wrong("/type", "must be words of letters and digits, joined by dots"));
    }
    if envelope.r#type != "user.create" {
        return Ok(Effect::Notify(envelope.r#type, envelope.data));
    }
    let fields = Fields::decode(envelope.data.get().as_bytes());
    fields.and_then(NewUser::read).map(Effect::CreateUser).map_err(|f| f.below("/data"))
}

/// The answer to what was not verified: no more than the sender knows already.
fn refuse(reject: &Reject) -> Failure {
    let problem = match StatusCode::from_u16(reject.http_status()) {
        Ok(StatusCode::PAYLOAD_TOO_LARGE) => Problem::content_too_large(),
        Ok(StatusCode::BAD_REQUEST) => Problem::bad_request(),
        // RFC 9110 §15.5.2 wants a challenge; ours is not a registered scheme, for none is about signed messages.
        _ => Unauthorized { challenge: Challenge::bearer() }
            .to_problem()
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Signature realm=\"webhooks\"")),
    };
    Failure::from(problem.detail(reject.to_string()))
}

fn unreadable(cause: &serde_json::Error) -> Failure {
    match cause.classify() {
        serde_json::error::Category::Data => wrong("", "must be an object with a string `type` and a `data`"),
        _ => Failure::bad_request(format!(
            "the content is not JSON at line {}, column {}",
            cause.line(),
            cause.column()
        )),
    }
}

fn wrong(pointer: &str, detail: &str) -> Failure {
    Failure::invalid(vec![Violation { pointer: pointer.to_owned(), detail: detail.to_owned() }])
}

//! What the head of a request says: which calls, in which form, and what refuses all of them.

use std::collections::BTreeMap;
use std::ops::Range;

use http::{HeaderMap, HeaderName, Method, header};

use crate::config::Config;
use crate::error::{Code, RpcError};
use crate::proc::Kind;
use crate::router::{ProcId, Procedures};
use crate::wire::path::decode;
use crate::wire::query::Query;

/// The head of a request, as far as the protocol looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path behind the mount point, still encoded, without its first slash: `users.getById`, or `a,b` of a batch.
    pub path: &'a str,
    /// The query, without its question mark.
    pub query: Option<&'a str>,
    /// The header fields.
    pub headers: &'a HeaderMap,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Single,
    Batch,
    Lines,
    Stream,
}

/// One call of the request.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) path: Range<usize>,
    pub(super) found: Option<(ProcId, Kind)>,
    pub(super) refused: Option<RpcError>,
    pub(super) done: Option<Done>,
}

/// What a call came to, as the wire says it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) envelope: Vec<u8>,
    pub(super) status: u16,
}

/// A request whose calls are known.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) form: Form,
    /// All paths, decoded; each call has its range.
    pub(super) paths: String,
    pub(super) calls: Vec<Call>,
    pub(super) params: Option<BTreeMap<String, String>>,
    pub(super) last_event_id: Option<String>,
    /// The input as the query has it, of a GET.
    pub(super) input: Option<Vec<u8>>,
    /// What a call that came by the wrong method would take.
    pub(super) allow: Option<&'static str>,
}

impl Head<'_> {
    /// Reads the head, in the order in which `resolveResponse.ts` of `@trpc/server` does, so that of several faults the
    /// same is told.
    pub(super) fn plan(&self, procedures: &Procedures, config: &Config) -> Result<Plan, RpcError> {
        let limits = &config.limits;
        let raw_query = self.query.unwrap_or_default();
        if self.path.len() + raw_query.len() > limits.max_url {
            return Err(RpcError::new(Code::PayloadTooLarge, "URL exceeds maximum length"));
        }
        let bad = |error: crate::wire::path::BadEscape| RpcError::new(Code::BadRequest, error.to_string());
        let paths = decode(self.path).map_err(bad)?.into_owned();
        self.check_content_type()?;
        let query = Query::parse(raw_query);
        let batch = query.is_batch();
        let call = |path: Range<usize>| {
            let found = paths.get(path.clone()).and_then(|path| procedures.find(path));
            Call { path, found, refused: None, done: None }
        };
        let mut calls: Vec<Call> = match batch {
            true => cut(&paths, limits.max_batch)?.map(call).collect(),
            false => vec![call(0..paths.len())],
        };
        if calls.iter().any(|call| call.path.len() > limits.max_path) {
            return Err(RpcError::new(Code::BadRequest, "Procedure path exceeds maximum length"));
        }
        let kind = one_kind(&calls)?;
        let params = query
            .connection_params()
            .map(|text| connection_params(&text, limits.max_connection_params))
            .transpose()?
            .flatten();
        if batch && !config.batching {
            return Err(RpcError::new(Code::BadRequest, "Batching is not enabled on the server"));
        }
        let lines = wants_lines(self.headers);
        if lines && !batch {
            return Err(RpcError::new(
                Code::BadRequest,
                "Streaming requests must be batched (you can do a batch of 1)",
            ));
        }
        let last_event_id = match self.headers.get(LAST_EVENT_ID) {
            Some(id) => Some(String::from_utf8_lossy(id.as_bytes()).into_owned()),
            None => query.last_event_id(),
        };
        if last_event_id.as_ref().is_some_and(|id| id.len() > limits.max_last_event_id) {
            return Err(RpcError::new(Code::BadRequest, "Last event id exceeds maximum length"));
        }
        let mut allow = None;
        for call in &mut calls {
            let path = paths.get(call.path.clone()).unwrap_or_default();
            call.refused = self.refuse(call.found.map(|(_, kind)| kind), path, batch, config, &mut allow);
        }
        Ok(Plan {
            form: match (batch, kind) {
                (true, _) if lines => Form::Lines,
                (true, _) => Form::Batch,
                (false, Some(Kind::Subscription)) => Form::Stream,
                (false, _) => Form::Single,
            },
            paths,
            calls,
            params,
            last_event_id,
            input: if self.method == Method::GET { query.input().map(Into::into) } else { None },
            allow,
        })
    }

    /// Why one call is not made, whatever its input.
    fn refuse(
        &self,
        kind: Option<Kind>,
        path: &str,
        batch: bool,
        config: &Config,
        allow: &mut Option<&'static str>,
    ) -> Option<RpcError> {
        let Some(kind) = kind else {
            return Some(RpcError::new(Code::NotFound, format!("No procedure found on path \"{path}\"")));
        };
        let (get, post) = (self.method == Method::GET, self.method == Method::POST);
        let (methods, taken) = match (kind, config.method_override) {
            (Kind::Mutation, _) => ("POST", post),
            (Kind::Query | Kind::Subscription, true) => ("GET, POST", get || post),
            (Kind::Query | Kind::Subscription, false) => ("GET", get),
        };
        if !taken {
            *allow = Some(methods);
            let method = self.method;
            return Some(RpcError::new(
                Code::MethodNotSupported,
                format!("Unsupported {method}-request to {kind} procedure at path \"{path}\""),
            ));
        }
        (batch && kind == Kind::Subscription)
            .then(|| RpcError::new(Code::BadRequest, "Cannot batch subscription calls"))
    }

    fn check_content_type(&self) -> Result<(), RpcError> {
        let stated = self.headers.get(header::CONTENT_TYPE);
        let media = stated.map(|value| value.as_bytes()).unwrap_or_default();
        let media = media.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        if media.eq_ignore_ascii_case(b"application/json") || self.method == Method::GET {
            return Ok(());
        }
        let message = match stated {
            // The quote is not closed, as in tRPC.
            Some(value) => {
                format!("Unsupported content-type \"{}", String::from_utf8_lossy(value.as_bytes()))
            }
            None => "Missing content-type header".to_owned(),
        };
        Err(RpcError::new(Code::UnsupportedMediaType, message))
    }
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const TRPC_ACCEPT: HeaderName = HeaderName::from_static("trpc-accept");

/// The paths of a batch. Counted before they are looked up, so a path of commas costs a scan and no more.
fn cut(paths: &str, max: usize) -> Result<impl Iterator<Item = Range<usize>>, RpcError> {
    if memchr::memchr_iter(b',', paths.as_bytes()).count() >= max {
        return Err(RpcError::new(Code::BadRequest, "Batch call exceeds maximum size"));
    }
    let mut from = 0;
    Ok(paths.split(',').map(move |part| {
        let range = from..from + part.len();
        from = range.end + 1;
        range
    }))
}

/// The kind of all calls that are known.
fn one_kind(calls: &[Call]) -> Result<Option<Kind>, RpcError> {
    let mut kinds = calls.iter().filter_map(|call| call.found.map(|(_, kind)| kind));
    let Some(first) = kinds.next() else { return Ok(None) };
    if kinds.all(|kind| kind == first) {
        return Ok(Some(first));
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, kind) in calls.iter().filter_map(|call| call.found) {
        if !names.contains(&kind.as_str()) {
            names.push(kind.as_str());
        }
    }
    let message = format!("Cannot mix procedure types in call: {}", names.join(", "));
    Err(RpcError::new(Code::BadRequest, message))
}

fn connection_params(text: &[u8], max: usize) -> Result<Option<BTreeMap<String, String>>, RpcError> {
    if text.len() > max {
        return Err(RpcError::new(Code::ParseError, "Connection params exceed maximum length"));
    }
    serde_json::from_slice(text).map_err(|error| {
        let message = if error.is_data() {
            "Invalid connection params shape"
        } else {
            "Not JSON-parsable query params"
        };
        RpcError::new(Code::ParseError, message)
    })
}

/// Whether the answer is to come as JSON Lines: the header of tRPC decides, and where there is none, `accept`.
fn wants_lines(headers: &HeaderMap) -> bool {
    const LINES: &[u8] = b"application/jsonl";
    match headers.get(TRPC_ACCEPT) {
        Some(accept) => accept.as_bytes() == LINES,
        None => headers
            .get_all(header::ACCEPT)
            .iter()
            .flat_map(|accept| accept.as_bytes().split(|b| *b == b','))
            .any(|member| member.trim_ascii() == LINES),
    }
}

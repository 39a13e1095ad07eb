//! A service that answers in the formats of OpenAI and Anthropic, so that their clients can be pointed at it.
//!
//! `llm-server [--listen ADDRESS]` (default `127.0.0.1:8000`; port 0 takes a free one) prints `listening on URL` and serves
//! `POST /v1/chat/completions`, `POST /v1/responses` and `POST /v1/messages` with `stream: true`. It has no model: it says the last
//! user message back, word by word. If the request offers tools, it then calls each with `{"said": MESSAGE}`. A message that
//! begins with `error ` ends in an error of the named type after the first word.
#![allow(clippy::print_stdout, reason = "the address goes to standard output")]
#![allow(clippy::disallowed_methods, reason = "a service listens and spawns")]

use std::{convert::Infallible, error::Error};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sse_codec::ai::{ApiError, anthropic, openai_chat, openai_responses};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => "127.0.0.1:8000".into(),
        (Some("--listen"), Some(address)) => address,
        _ => return Err("usage: llm-server [--listen ADDRESS]".into()),
    };
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)));
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::POST {
        return Ok(refuse(StatusCode::METHOD_NOT_ALLOWED, "POST a request"));
    }
    let path = request.uri().path().to_owned();
    let Ok(body) = request.into_body().collect().await else {
        return Ok(refuse(StatusCode::BAD_REQUEST, "the body did not come"));
    };
    let Ok(request) = serde_json::from_slice::<Value>(&body.to_bytes()) else {
        return Ok(refuse(StatusCode::BAD_REQUEST, "the body is no JSON"));
    };
    if request["stream"] != true {
        return Ok(refuse(StatusCode::BAD_REQUEST, "only streams are served: set \"stream\": true"));
    }
    let ask = Ask::of(&request);
    let mut out = BytesMut::new();
    match path.as_str() {
        "/v1/chat/completions" => chat(&request, &ask, &mut out),
        "/v1/responses" => responses(&ask, &mut out),
        "/v1/messages" => messages(&ask, &mut out),
        _ => return Ok(refuse(StatusCode::NOT_FOUND, "no such path")),
    }
    let mut response = Response::new(Full::new(out.freeze()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

fn refuse(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    let body = json!({ "type": "error", "error": { "type": "invalid_request_error", "message": message } });
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// What the three kinds of request have in common.
struct Ask {
    model: String,
    said: String,
    tools: Vec<String>,
    error: Option<ApiError>,
}

impl Ask {
    fn of(request: &Value) -> Self {
        let said = match &request["input"] {
            Value::String(text) => text.clone(),
            Value::Array(items) => last_text(items),
            _ => request["messages"].as_array().map(|messages| last_text(messages)).unwrap_or_default(),
        };
        let name =
            |tool: &Value| tool["function"]["name"].as_str().or(tool["name"].as_str()).map(str::to_owned);
        let tools = request["tools"].as_array().map(|tools| tools.iter().filter_map(name).collect());
        let error = said.strip_prefix("error ").map(|kind| ApiError::new(kind, "as you asked"));
        let model = request["model"].as_str().unwrap_or("echo").to_owned();
        Self { model, tools: tools.unwrap_or_default(), error, said }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.said.split_inclusive(' ')
    }

    /// The arguments of each tool, in pieces that cut where they like.
    fn arguments(&self) -> Vec<String> {
        let text = json!({ "said": self.said }).to_string();
        let characters: Vec<char> = text.chars().collect();
        characters.chunks(5).map(|piece| piece.iter().collect()).collect()
    }

    fn tokens(&self) -> u64 {
        self.words().count().try_into().unwrap_or(u64::MAX)
    }
}

/// The text of the last message: a string, or parts with a `text`.
fn last_text(messages: &[Value]) -> String {
    match messages.last().map(|message| &message["content"]) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn chat(request: &Value, ask: &Ask, out: &mut BytesMut) {
    let mut writer = openai_chat::Writer::new("chatcmpl-1", &ask.model, 1_764_115_200);
    writer.keep_alive(out);
    for word in ask.words() {
        writer.text(word, out);
        if let Some(error) = &ask.error {
            return writer.error(error, out);
        }
    }
    for (number, name) in ask.tools.iter().enumerate() {
        writer.tool_call(&format!("call_{number}"), name, out);
        for piece in ask.arguments() {
            writer.arguments(&piece, out);
        }
    }
    let usage = (request["stream_options"]["include_usage"] == true)
        .then(|| openai_chat::Usage::new(3, ask.tokens()));
    let reason = if ask.tools.is_empty() { "stop" } else { "tool_calls" };
    writer.finish(reason, usage, out);
}

fn responses(ask: &Ask, out: &mut BytesMut) {
    let mut writer = openai_responses::Writer::new("resp_1", &ask.model, 1_764_115_200);
    for word in ask.words() {
        writer.text(word, out);
        if let Some(error) = &ask.error {
            return writer.error(error, out);
        }
    }
    for (number, name) in ask.tools.iter().enumerate() {
        writer.function_call(&format!("call_{number}"), name, out);
        for piece in ask.arguments() {
            writer.arguments(&piece, out);
        }
    }
    let mut usage = openai_responses::Usage::new(3, ask.tokens());
    usage.extra.insert("input_tokens_details".into(), json!({ "cached_tokens": 0, "cache_write_tokens": 0 }));
    usage.extra.insert("output_tokens_details".into(), json!({ "reasoning_tokens": 0 }));
    writer.finish(Some(usage), out);
}

fn messages(ask: &Ask, out: &mut BytesMut) {
    let mut writer = anthropic::Writer::new("msg_1", &ask.model, 3);
    writer.ping(out);
    writer.thinking("I shall say it back.", out);
    writer.signature("c2ln", out);
    for word in ask.words() {
        writer.text(word, out);
        writer.ping(out);
        if let Some(error) = &ask.error {
            return writer.error(error, out);
        }
    }
    for (number, name) in ask.tools.iter().enumerate() {
        writer.tool_use(&format!("toolu_{number}"), name, out);
        for piece in ask.arguments() {
            writer.input_json(&piece, out);
        }
    }
    let reason = if ask.tools.is_empty() { "end_turn" } else { "tool_use" };
    writer.finish(reason, ask.tokens(), out);
}

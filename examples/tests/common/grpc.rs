//! A gRPC client made by hand: the frames of the specification, so that what the tests expect does not come from the
//! crate under test.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// A call under way: the head has come, messages and trailers are read one by one.
pub(crate) struct GrpcCall {
    pub(crate) http_status: u16,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    buffer: BytesMut,
    trailers: Option<HeaderMap>,
    driver: tokio::task::JoinHandle<hyper::Result<()>>,
}

/// Opens a call with a body of any bytes and ends its own side.
pub(crate) async fn open(
    addr: SocketAddr,
    method: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> GrpcCall {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("http://{addr}/octavo.users.v1.UserService/{method}"))
        .header("te", "trailers");
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/grpc");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let socket = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let driver = tokio::spawn(connection);
    let response = timeout(PATIENCE, sender.send_request(request)).await.expect("an answer in time").unwrap();
    let (parts, body) = response.into_parts();
    GrpcCall {
        http_status: parts.status.as_u16(),
        headers: parts.headers,
        body,
        buffer: BytesMut::new(),
        trailers: None,
        driver,
    }
}

impl GrpcCall {
    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.buffer.len() >= 5 {
                let length = u32::from_be_bytes(self.buffer[1..5].try_into().unwrap());
                let length = usize::try_from(length).unwrap();
                if self.buffer.len() >= 5 + length {
                    assert_eq!(self.buffer[0], 0, "no compression was offered");
                    self.buffer.advance(5);
                    return Some(self.buffer.split_to(length).freeze());
                }
            }
            match timeout(PATIENCE, self.body.frame()).await.expect("a frame in time") {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.buffer.extend_from_slice(&data),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
                Some(Err(_)) | None => {
                    assert!(self.buffer.is_empty(), "the last message is cut off");
                    return None;
                }
            }
        }
    }

    /// Reads to the end; gives the messages, the code and the message of the status. The code is -1 where none came.
    pub(crate) async fn finish(mut self) -> (Vec<Bytes>, i32, String) {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        let trailers = self.trailers.as_ref().unwrap_or(&self.headers);
        let text = |name: &str| trailers.get(name).map(|v| v.to_str().unwrap().to_owned());
        let code = text("grpc-status").map_or(-1, |code| code.parse().expect("a number"));
        (messages, code, text("grpc-message").unwrap_or_default())
    }

    /// Asserts that no message comes for a while.
    pub(crate) async fn quiet(&mut self, wait: Duration) {
        if let Ok(message) = timeout(wait, self.next()).await {
            panic!("one too many: {message:?}");
        }
    }
}

impl Drop for GrpcCall {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A message of strings, by their field numbers, in its frame.
pub(crate) fn message(fields: &[(u8, &str)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (number, text) in fields {
        payload.push(number << 3 | 2);
        let mut length = text.len();
        while length > 127 {
            payload.push(u8::try_from(length & 127).unwrap() | 128);
            length >>= 7;
        }
        payload.push(u8::try_from(length).unwrap());
        payload.extend_from_slice(text.as_bytes());
    }
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&payload);
    frame
}

/// The first length-delimited field of this number.
pub(crate) fn field(mut message: &[u8], wanted: u8) -> Option<Bytes> {
    fn varint(bytes: &mut &[u8]) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u64::from(first & 127) << shift;
            if first & 128 == 0 {
                return Some(value);
            }
        }
        None
    }
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let value = varint(&mut message)?;
        if key & 7 == 2 {
            let (content, rest) = message.split_at_checked(usize::try_from(value).ok()?)?;
            if key >> 3 == u64::from(wanted) {
                return Some(Bytes::copy_from_slice(content));
            }
            message = rest;
        }
    }
    None
}

/// Likewise, as text.
pub(crate) fn text(message: &[u8], wanted: u8) -> String {
    String::from_utf8(field(message, wanted).unwrap_or_default().to_vec()).unwrap()
}

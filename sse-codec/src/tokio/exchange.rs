//! One request and its response, and the connection that they are on.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Body as _, Frame};
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;

use super::{
    connect::{Failure, Io},
    http2::Stream,
};

/// A response whose body is still to come.
pub(super) struct Connected {
    response: Response<Incoming>,
    connection: Connection,
}

enum Connection {
    /// HTTP/1.1: it is this exchange's alone, and moves only when the body is polled. So what is not read is not taken from
    /// the socket, and dropping the exchange closes the socket there and then. `None` when it has ended.
    Own(Option<OwnConnection>),
    Shared(Stream),
}

type OwnConnection = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Connected {
    pub(super) const fn shared(response: Response<Incoming>, stream: Stream) -> Self {
        Self { response, connection: Connection::Shared(stream) }
    }

    pub(super) const fn head(&self) -> &Response<Incoming> {
        &self.response
    }

    /// Keeps others from using a connection on which nothing was heard for too long.
    pub(super) fn distrust(&self) {
        if let Connection::Shared(stream) = &self.connection {
            stream.distrust();
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut body = Pin::new(self.response.body_mut());
        if let Poll::Ready(frame) = body.as_mut().poll_frame(context) {
            return Poll::Ready(frame);
        }
        if !self.connection.is_moved(context) {
            return Poll::Pending;
        }
        body.poll_frame(context)
    }
}

impl Connection {
    /// Moves a connection of our own. False when there is none to move.
    fn is_moved(&mut self, context: &mut Context<'_>) -> bool {
        let Self::Own(own) = self else { return false };
        let Some(connection) = own else { return false };
        if connection.as_mut().poll(context).is_ready() {
            *own = None;
        }
        true
    }
}

pub(super) async fn send_http1(io: Box<dyn Io>, request: Request<Bytes>) -> Result<Connected, Failure> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await?;
    let mut request = request.map(Full::new);
    if let Some(authority) = request.uri().authority()
        && !request.headers().contains_key(header::HOST)
    {
        let host = HeaderValue::from_str(authority.as_str())?;
        request.headers_mut().insert(header::HOST, host);
    }
    // RFC 9112 §3.2.1: to an origin server goes the path alone.
    *request.uri_mut() = request.uri().path_and_query().map_or("/", |path| path.as_str()).parse()?;
    // Its errors are those of the response, which reports them.
    let mut connection = Connection::Own(Some(Box::pin(async move { drop(connection.await) })));
    let mut response = pin!(sender.send_request(request));
    let response = poll_fn(|context| {
        if let Poll::Ready(response) = response.as_mut().poll(context) {
            return Poll::Ready(response);
        }
        if !connection.is_moved(context) {
            return Poll::Pending;
        }
        response.as_mut().poll(context)
    });
    let response = response.await?;
    Ok(Connected { response, connection })
}

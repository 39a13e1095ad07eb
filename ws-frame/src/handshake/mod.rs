//! The opening handshake (RFC 6455 §4), over `http` types and without I/O.
//!
//! - A server asks [`Policy`] what to answer a request: 101 and frames, or a refusal that says what is wrong.
//! - A client makes a [`ClientHandshake`], sends its request, and lets it check the response.
//! - Where no HTTP implementation sits on the connection, [`RequestDecoder`], [`ResponseDecoder`],
//!   [`encode_request`] and [`encode_response`] turn heads into bytes and back; [`BodyDecoder`] reads what a refusal says.
//! - Over HTTP/2 and HTTP/3 the same two speak extended CONNECT (RFC 8441, RFC 9220): [`Policy::accept_connect`],
//!   [`ClientHandshake::connect_request`] and [`ClientHandshake::verify_connect`].
//!
//! Authentication happens before the answer, by whatever the application looks at in the request:
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use ws_frame::handshake::{Handshake, Policy};
//!
//! fn answer<B>(policy: &Policy, request: &Request<B>) -> Handshake {
//!     if request.headers().get("authorization").is_none_or(|value| value != "Bearer abc123") {
//!         let mut response = Response::new(Bytes::new());
//!         *response.status_mut() = StatusCode::UNAUTHORIZED;
//!         return Handshake::Reject(response);
//!     }
//!     policy.respond(request)
//! }
//!
//! let request = Request::get("/").body(()).unwrap();
//! let Handshake::Reject(response) = answer(&Policy::new(), &request) else { unreachable!() };
//! assert_eq!(response.status(), 401);
//! ```

mod body;
mod client;
mod ext_connect;
mod extension;
mod h1;
mod headers;
mod limits;
mod origin;
mod server;
mod subprotocol;
mod uri;

pub use body::BodyDecoder;
pub use client::{ClientError, ClientHandshake, Opened, ReservedHeader};
pub use ext_connect::PROTOCOL;
pub use extension::{Extension, ExtensionError};
pub use h1::{HeadError, RequestDecoder, ResponseDecoder, encode_request, encode_response};
pub use headers::accept_key;
pub use limits::Limits;
pub use origin::{OriginError, Origins};
pub use server::{Accepted, Handshake, Policy, Rejection};
pub use subprotocol::{Subprotocol, SubprotocolError};
pub use uri::{UriError, WebSocketUri};

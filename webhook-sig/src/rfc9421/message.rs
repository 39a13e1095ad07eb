//! The message whose components are covered: what a signature base is made from.

use std::borrow::Cow;
use std::fmt;
use std::string::String;
use std::vec::Vec;

use super::component::ComponentError;
use crate::HeaderSource;

/// A request or a response, without its body. It lends everything.
///
/// ```
/// use webhook_sig::rfc9421::Message;
///
/// let headers = [("host", "www.example.com")];
/// let request = Message::request("POST", "/path?param=value", &headers);
/// let answer = [("content-type", "application/json")];
/// let response = Message::response(200, &answer).answering(&request);
/// ```
#[derive(Clone)]
pub struct Message<'m> {
    start: Start<'m>,
    headers: &'m dyn Fields,
    trailers: Option<&'m dyn Fields>,
    request: Option<&'m Message<'m>>,
}

#[derive(Clone)]
enum Start<'m> {
    Request { method: &'m str, target: Cow<'m, str>, scheme: Option<&'m str>, authority: Option<&'m str> },
    Response { status: u16 },
}

/// Header fields behind a pointer, so that a message has one type.
pub(super) trait Fields: Sync {
    /// Hands over the value of each line of this name, which is in lower case, in the order received.
    fn each<'f>(&'f self, name: &'f str, line: &mut dyn FnMut(&'f [u8]));

    /// Every line, as name and value, if they are few enough to go past them for each name.
    fn few(&self) -> Option<Lines<'_>>;
}

/// The lines of fields, as name and value.
pub(super) type Lines<'f> = Vec<(&'f str, &'f [u8])>;

/// The most lines that [`Fields::few`] lists. Beyond, each look-up of a map by hash is the cheaper one.
const FEW: usize = 64;

impl<H: HeaderSource + Sync> Fields for H {
    fn each<'f>(&'f self, name: &'f str, line: &mut dyn FnMut(&'f [u8])) {
        self.values(name).for_each(line);
    }

    fn few(&self) -> Option<Lines<'_>> {
        let mut lines = Vec::with_capacity(16);
        lines.extend(self.fields().take(FEW + 1));
        (lines.len() <= FEW).then_some(lines)
    }
}

impl<'m> Message<'m> {
    /// A request. `target` is the request target as it was received: `/path?query`, `*`, `host:port` for
    /// CONNECT, or a whole URI (RFC 9110 §7.1).
    ///
    /// Unless said otherwise the scheme is `https` and the authority that of the target, or of the field `host`.
    pub fn request(method: &'m str, target: &'m str, headers: &'m (impl HeaderSource + Sync)) -> Self {
        Self {
            start: Start::Request { method, target: Cow::Borrowed(target), scheme: None, authority: None },
            headers,
            trailers: None,
            request: None,
        }
    }

    /// A response.
    pub fn response(status: u16, headers: &'m (impl HeaderSource + Sync)) -> Self {
        Self { start: Start::Response { status }, headers, trailers: None, request: None }
    }

    /// A request as the `http` crate has it. HTTP/2 and HTTP/3 bring scheme and authority; over HTTP/1.1 they are
    /// those of [`Message::request`].
    pub fn from_request<B>(request: &'m http::Request<B>) -> Self {
        Self::from_uri(request.method(), request.uri(), request.version(), request.headers())
    }

    /// As [`Message::from_request`], for a request whose body was taken out.
    #[must_use]
    pub fn from_request_parts(parts: &'m http::request::Parts) -> Self {
        Self::from_uri(&parts.method, &parts.uri, parts.version, &parts.headers)
    }

    /// A response as the `http` crate has it.
    pub fn from_response<B>(response: &'m http::Response<B>) -> Self {
        Self::response(response.status().as_u16(), response.headers())
    }

    fn from_uri(
        method: &'m http::Method,
        uri: &'m http::Uri,
        version: http::Version,
        headers: &'m http::HeaderMap,
    ) -> Self {
        let path = uri.path_and_query().map(|path| Cow::Borrowed(path.as_str()));
        // HTTP/1.1 sends a whole URI to proxies; HTTP/2 takes it apart, and its target is the path.
        let whole = version <= http::Version::HTTP_11 && uri.scheme().is_some();
        let target = match path {
            Some(path) if !whole => path,
            _ => Cow::Owned(std::string::ToString::to_string(uri)),
        };
        Self {
            start: Start::Request {
                method: method.as_str(),
                target,
                scheme: uri.scheme_str(),
                authority: uri.authority().map(http::uri::Authority::as_str),
            },
            headers,
            trailers: None,
            request: None,
        }
    }

    /// The request came over `scheme`, in lower case (`http`): a receiver behind a proxy knows it, the message
    /// does not say.
    #[must_use]
    pub fn scheme(mut self, to: &'m str) -> Self {
        if let Start::Request { scheme, .. } = &mut self.start {
            *scheme = Some(to);
        }
        self
    }

    /// The request was sent to this authority: for a receiver behind a proxy that rewrites `host`.
    #[must_use]
    pub fn authority(mut self, to: &'m str) -> Self {
        if let Start::Request { authority, .. } = &mut self.start {
            *authority = Some(to);
        }
        self
    }

    /// The trailers, once they have arrived.
    #[must_use]
    pub fn trailers(mut self, trailers: &'m (impl HeaderSource + Sync)) -> Self {
        self.trailers = Some(trailers);
        self
    }

    /// The request that this response answers, for components with `req`.
    #[must_use]
    pub fn answering(mut self, request: &'m Message<'m>) -> Self {
        self.request = Some(request);
        self
    }

    /// The same message with the lines of its header that were listed before.
    pub(super) fn with_lines<'l>(&self, lines: &'l Lines<'l>) -> Message<'l>
    where
        'm: 'l,
    {
        Message { headers: lines, ..self.clone() }
    }

    pub(super) fn headers(&self) -> &'m dyn Fields {
        self.headers
    }

    pub(super) fn trailer_fields(&self) -> Option<&'m dyn Fields> {
        self.trailers
    }

    /// The message that `req` names.
    pub(super) fn related(&self) -> Result<&'m Message<'m>, ComponentError> {
        match self.start {
            Start::Response { .. } => self.request.ok_or(ComponentError::Absent),
            Start::Request { .. } => Err(ComponentError::Kind),
        }
    }

    /// Appends the value of something derived (RFC 9421 §2.2), but for `@query-param`.
    pub(super) fn derive(&self, name: &str, out: &mut String) -> Result<(), ComponentError> {
        let (method, target) = match &self.start {
            Start::Response { status } if name == "@status" => {
                // §2.2.9: three digits.
                if !(100..=999).contains(status) {
                    return Err(ComponentError::Value);
                }
                out.push_str(itoa(*status, &mut [0; 3]));
                return Ok(());
            }
            Start::Request { method, target, .. } if name != "@status" => (*method, &**target),
            Start::Response { .. } | Start::Request { .. } => return Err(ComponentError::Kind),
        };
        match name {
            "@method" => push_line(method, out),
            "@request-target" => push_line(target, out),
            "@scheme" => self.push_scheme(out),
            "@authority" => self.push_authority(out),
            "@path" => push_line(self.path()?.0, out),
            "@query" => {
                out.push('?');
                push_line(self.path()?.1.unwrap_or_default(), out)
            }
            "@target-uri" => {
                let (path, query) = self.path()?;
                self.push_scheme(out)?;
                out.push_str("://");
                self.push_authority(out)?;
                push_line(path, out)?;
                match query {
                    Some(query) => {
                        out.push('?');
                        push_line(query, out)
                    }
                    None => Ok(()),
                }
            }
            _ => Err(ComponentError::Name),
        }
    }

    /// The query, without its question mark.
    pub(super) fn query(&self) -> Result<Option<&str>, ComponentError> {
        Ok(self.path()?.1)
    }

    /// Path and query of the target. An empty path is `/` (RFC 9421 §2.2.6).
    fn path(&self) -> Result<(&str, Option<&str>), ComponentError> {
        let Start::Request { target, .. } = &self.start else { return Err(ComponentError::Kind) };
        let rest = match split_uri(target) {
            Some((_, _, rest)) => rest,
            None if target.starts_with('/') => target,
            // `*` and the authority form have no path.
            None => return Err(ComponentError::Target),
        };
        // A fragment is no part of a target (RFC 9110 §4.2.5); where one is, two readers would see two paths.
        if rest.contains('#') {
            return Err(ComponentError::Target);
        }
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        Ok((if path.is_empty() { "/" } else { path }, query))
    }

    fn push_scheme(&self, out: &mut String) -> Result<(), ComponentError> {
        push_lower(self.given_scheme()?, out)
    }

    /// The scheme, in any case.
    fn given_scheme(&self) -> Result<&str, ComponentError> {
        let Start::Request { target, scheme, .. } = &self.start else { return Err(ComponentError::Kind) };
        Ok(scheme.or_else(|| split_uri(target).map(|(scheme, _, _)| scheme)).unwrap_or("https"))
    }

    /// The authority in lower case, without the default port of the scheme (RFC 9421 §2.2.3).
    fn push_authority(&self, out: &mut String) -> Result<(), ComponentError> {
        let Start::Request { target, authority, method, .. } = &self.start else {
            return Err(ComponentError::Kind);
        };
        let from = out.len();
        if let Some(authority) = authority {
            push_lower(authority, out)?;
        } else if let Some((_, authority, _)) = split_uri(target) {
            push_lower(authority, out)?;
        } else if *method == "CONNECT" {
            push_lower(target, out)?;
        } else {
            let mut lines = 0_u32;
            let mut result = Ok(());
            self.headers.each("host", &mut |line| {
                lines += 1;
                if result.is_ok() {
                    result = std::str::from_utf8(line)
                        .map_err(|_| ComponentError::Value)
                        .and_then(|host| push_lower(host.trim_matches([' ', '\t']), out));
                }
            });
            result?;
            if lines != 1 {
                return Err(ComponentError::Target);
            }
        }
        let scheme = self.given_scheme()?;
        let port = if scheme.eq_ignore_ascii_case("https") {
            ":443"
        } else if scheme.eq_ignore_ascii_case("http") {
            ":80"
        } else {
            return Ok(());
        };
        if out.get(from..).is_some_and(|authority| authority.ends_with(port)) {
            out.truncate(out.len() - port.len());
        }
        Ok(())
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.start {
            Start::Request { method, .. } => {
                f.debug_struct("Message").field("method", method).finish_non_exhaustive()
            }
            Start::Response { status } => {
                f.debug_struct("Message").field("status", status).finish_non_exhaustive()
            }
        }
    }
}

/// Scheme, authority and the rest of a whole URI.
fn split_uri(target: &str) -> Option<(&str, &str, &str)> {
    // Nearly every target is a path.
    if !target.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    let valid = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !valid {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    Some((scheme, authority, rest))
}

/// Whether it can be part of one line of a signature base: printable ASCII. All bytes are looked at before one decision, which
/// compiles to vectors.
pub(super) fn is_line(text: &[u8]) -> bool {
    !text.iter().fold(false, |bad, byte| bad | !matches!(byte, b' '..=b'~' | b'\t'))
}

/// Appends what can be part of one line.
pub(super) fn push_line(text: &str, out: &mut String) -> Result<(), ComponentError> {
    if !is_line(text.as_bytes()) {
        return Err(ComponentError::Value);
    }
    out.push_str(text);
    Ok(())
}

fn push_lower(text: &str, out: &mut String) -> Result<(), ComponentError> {
    if text.bytes().fold(false, |bad, byte| bad | !byte.is_ascii_graphic()) {
        return Err(ComponentError::Value);
    }
    let from = out.len();
    out.push_str(text);
    if let Some(added) = out.get_mut(from..) {
        added.make_ascii_lowercase();
    }
    Ok(())
}

fn itoa(number: u16, digits: &mut [u8; 3]) -> &str {
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    std::str::from_utf8(digits).unwrap_or_default()
}

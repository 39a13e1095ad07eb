//! The request of one attempt, and what redirects make of it (Fetch Standard, "HTTP-redirect fetch").

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use url::Url;

use super::{ClientConfig, RedirectError, UrlError};

#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    redirects: u32,
}

pub(super) const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// A URL that can be requested: http or https, with a host, without user information.
pub(super) fn parse(url: &str) -> Result<Url, UrlError> {
    let url = Url::parse(url).map_err(|_| UrlError::Syntax)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlError::Scheme);
    }
    if has_credentials(&url) {
        return Err(UrlError::Credentials);
    }
    uri(&url).map(|_| url)
}

/// The URL without its fragment, as HTTP speaks of it.
pub(super) fn uri(url: &Url) -> Result<Uri, UrlError> {
    url[..url::Position::AfterQuery].parse().map_err(|_| UrlError::Syntax)
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

impl Hop {
    pub(super) fn first(config: &ClientConfig) -> Self {
        Self {
            url: config.url.clone(),
            method: config.method.clone(),
            headers: config.headers.clone(),
            body: config.body.clone(),
            redirects: 0,
        }
    }

    pub(super) fn follow(
        &mut self,
        status: StatusCode,
        location: Option<&HeaderValue>,
        max_redirects: u32,
    ) -> Result<(), RedirectError> {
        let location = location.map_or(&b""[..], HeaderValue::as_bytes);
        let location = str::from_utf8(location).map_err(|_| RedirectError::Location)?.trim();
        if location.is_empty() {
            return Err(RedirectError::NoLocation);
        }
        let mut target = self.url.join(location).map_err(|_| RedirectError::Location)?;
        target.set_fragment(None);
        if !matches!(target.scheme(), "http" | "https") {
            return Err(RedirectError::Scheme);
        }
        if has_credentials(&target) {
            return Err(RedirectError::Credentials);
        }
        uri(&target).map_err(|_| RedirectError::Location)?;
        if self.redirects >= max_redirects {
            return Err(RedirectError::TooMany { max: max_redirects });
        }
        self.redirects += 1;

        let is_post_moved = matches!(status.as_u16(), 301 | 302) && self.method == Method::POST;
        let is_see_other =
            status == StatusCode::SEE_OTHER && self.method != Method::GET && self.method != Method::HEAD;
        if is_post_moved || is_see_other {
            self.method = Method::GET;
            self.body = Bytes::new();
            for name in BODY_HEADERS {
                self.headers.remove(name);
            }
        }
        if target.origin() != self.url.origin() {
            self.drop_credentials();
        }
        self.url = target;
        Ok(())
    }

    /// What was meant for one origin is not shown to another; it does not come back when a further redirect returns.
    fn drop_credentials(&mut self) {
        let sensitive =
            |(name, value): (&HeaderName, &HeaderValue)| value.is_sensitive().then(|| name.clone());
        let mut names: Vec<_> = self.headers.iter().filter_map(sensitive).collect();
        names.extend([header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION, header::HOST]);
        for name in names {
            self.headers.remove(name);
        }
    }
}

/// The Fetch Standard's request-body-header names, and the length that belongs to them.
const BODY_HEADERS: [HeaderName; 5] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
];

//! Where a request goes, and what redirects make of it (Fetch Standard, "HTTP-redirect fetch").

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use url::Url;

use super::{RedirectError, UrlError};

/// What redirects have made of the request of a configuration.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    /// The method has become GET, and the body is gone.
    pub(super) is_get: bool,
    /// Another origin was on the way: what was meant for the first one is not sent, and does not come back.
    pub(super) is_foreign: bool,
    /// Each redirect on the way was a permanent one (RFC 9110 §15.4.2, §15.4.9).
    pub(super) is_permanent: bool,
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
    /// No redirect yet.
    pub(super) const fn first(url: Url) -> Self {
        Self { url, is_get: false, is_foreign: false, is_permanent: true, redirects: 0 }
    }

    /// The same place, as the beginning of another attempt.
    pub(super) fn remembered(&self) -> Self {
        Self { redirects: 0, ..self.clone() }
    }

    /// `method` is that of the request which was redirected.
    pub(super) fn follow(
        &mut self,
        status: StatusCode,
        location: Option<&HeaderValue>,
        method: &Method,
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

        let is_post_moved = matches!(status.as_u16(), 301 | 302) && method == Method::POST;
        let is_see_other = status == StatusCode::SEE_OTHER && method != Method::GET && method != Method::HEAD;
        self.is_get |= is_post_moved || is_see_other;
        self.is_foreign |= target.origin() != self.url.origin();
        self.is_permanent &= matches!(status.as_u16(), 301 | 308);
        self.url = target;
        Ok(())
    }
}

/// Takes out what is meant for one origin only.
pub(super) fn drop_credentials(headers: &mut HeaderMap) {
    let sensitive = |(name, value): (&HeaderName, &HeaderValue)| value.is_sensitive().then(|| name.clone());
    let mut names: Vec<_> = headers.iter().filter_map(sensitive).collect();
    names.extend([header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION, header::HOST]);
    for name in names {
        headers.remove(name);
    }
}

/// Takes out what describes a body that is gone: the Fetch Standard's request-body-header names, and the length.
pub(super) fn drop_body_headers(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_LOCATION,
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
    ] {
        headers.remove(name);
    }
}

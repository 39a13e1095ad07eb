//! Bearer credentials and the challenge for them (RFC 6750, RFC 9110 §11).

use crate::problem::{Problem, ToProblem, into_problem};
use crate::semantics::outcome::Unauthorized;
use core::fmt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A token that requests are checked against. It keeps a digest and not the token, so there is nothing to leak, and
/// compares in a time that depends neither on the content nor on the length of the right token.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use rest_core::auth::{Token, authenticate};
/// let token = Token::new("abc123");
/// let mut headers = HeaderMap::new();
/// let refused = authenticate(&headers, &token).map_err(|e| e.to_string());
/// assert_eq!(refused, Err("no bearer token was sent".to_owned()));
/// headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer abc123"));
/// assert!(authenticate(&headers, &token).is_ok());
/// ```
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// The token that holds.
    pub fn new(token: impl AsRef<[u8]>) -> Token {
        Token(Sha256::digest(token.as_ref()).into())
    }

    /// Whether `candidate` is the token, in constant time.
    pub fn matches(&self, candidate: impl AsRef<[u8]>) -> bool {
        self.0.ct_eq(&Token::new(candidate).0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// Credentials of the `Bearer` scheme, as they came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bearer<'a>(&'a str);

impl<'a> Bearer<'a> {
    /// Reads the Authorization field of a request (RFC 6750 §2.1).
    ///
    /// # Errors
    /// [`BearerError`]: no field, another scheme, two fields, or something that is no token.
    pub fn from_headers(headers: &'a HeaderMap) -> Result<Bearer<'a>, BearerError> {
        let mut lines = headers.get_all(header::AUTHORIZATION).iter();
        let only = match (lines.next(), lines.next()) {
            (None, _) => return Err(BearerError::Missing),
            (Some(only), None) => only,
            (Some(_), Some(_)) => return Err(BearerError::Repeated),
        };
        Bearer::parse(only.as_bytes())
    }

    /// Reads the value of an Authorization field.
    ///
    /// # Errors
    /// As [`from_headers`](Bearer::from_headers).
    pub fn parse(credentials: &'a [u8]) -> Result<Bearer<'a>, BearerError> {
        let end = credentials.iter().position(|&b| b == b' ').unwrap_or(credentials.len());
        let (scheme, token) = credentials.split_at(end);
        if !scheme.eq_ignore_ascii_case(b"Bearer") {
            return Err(BearerError::Missing);
        }
        let token = core::str::from_utf8(token.trim_ascii()).map_err(|_| BearerError::Malformed)?;
        // b64token: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
        let body = token.trim_end_matches('=');
        let token68 =
            !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
        if token68 { Ok(Bearer(token)) } else { Err(BearerError::Malformed) }
    }

    /// The token as it came: compare it with [`Token::matches`] and not with `==`.
    pub fn token(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Bearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer([redacted])")
    }
}

/// Why a request does not authenticate.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerError {
    /// No Authorization field, or one of another scheme.
    Missing,
    /// More than one Authorization field.
    Repeated,
    /// What follows `Bearer` is no token.
    Malformed,
    /// The token is not the right one.
    Wrong,
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BearerError::Missing => "no bearer token was sent",
            BearerError::Repeated => "more than one Authorization field was sent",
            BearerError::Malformed => "what follows Bearer is not a token",
            BearerError::Wrong => "the bearer token is not valid",
        })
    }
}

impl core::error::Error for BearerError {}

impl ToProblem for BearerError {
    /// 401 with a challenge; 400 when more than one field was sent (RFC 6750 §3.1). Without credentials the challenge has
    /// no `error`.
    fn to_problem(&self) -> Problem {
        let challenge = Challenge::bearer();
        let challenge = match self {
            BearerError::Missing => challenge,
            BearerError::Repeated => challenge.error("invalid_request"),
            BearerError::Malformed | BearerError::Wrong => challenge.error("invalid_token"),
        };
        let problem = match self {
            BearerError::Repeated => Problem::of(StatusCode::BAD_REQUEST)
                .header(header::WWW_AUTHENTICATE, challenge.to_header_value()),
            _ => Unauthorized { challenge }.to_problem(),
        };
        problem.detail(self.to_string())
    }
}

into_problem!(BearerError);

/// Checks the bearer token of a request against the one that holds.
///
/// # Errors
/// [`BearerError`], whose problem is the answer to give.
pub fn authenticate(headers: &HeaderMap, token: &Token) -> Result<(), BearerError> {
    match token.matches(Bearer::from_headers(headers)?.token()) {
        true => Ok(()),
        false => Err(BearerError::Wrong),
    }
}

/// The content of WWW-Authenticate: a scheme and its parameters (RFC 9110 §11.6.1).
///
/// ```
/// use rest_core::auth::Challenge;
/// let challenge = Challenge::bearer().realm("users").error("insufficient_scope").param("scope", "write");
/// assert_eq!(challenge.to_header_value(), r#"Bearer realm="users", error="insufficient_scope", scope="write""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    text: String,
    params: usize,
}

impl Challenge {
    /// The scheme of RFC 6750, without parameters so far.
    pub fn bearer() -> Challenge {
        Challenge { text: "Bearer".to_owned(), params: 0 }
    }

    /// Sets `realm`: what the credentials are for.
    #[must_use]
    pub fn realm(self, realm: &str) -> Challenge {
        self.param("realm", realm)
    }

    /// Sets `error`: `invalid_request`, `invalid_token` or `insufficient_scope` (RFC 6750 §3.1).
    #[must_use]
    pub fn error(self, code: &str) -> Challenge {
        self.param("error", code)
    }

    /// Adds a parameter. Its value is quoted; characters that a quoted string cannot carry become `?`. `name` is a
    /// token.
    #[must_use]
    pub fn param(mut self, name: &'static str, value: &str) -> Challenge {
        self.text.push_str(if self.params == 0 { " " } else { ", " });
        self.params += 1;
        self.text.push_str(name);
        self.text.push_str("=\"");
        for c in value.chars() {
            match c {
                '"' | '\\' => self.text.extend(['\\', c]),
                ' '..='~' => self.text.push(c),
                _ => self.text.push('?'),
            }
        }
        self.text.push('"');
        self
    }

    /// The field value.
    pub fn to_header_value(&self) -> HeaderValue {
        // Only a `name` that is no token could fail, and then the scheme alone is still a challenge.
        HeaderValue::from_str(&self.text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }
}

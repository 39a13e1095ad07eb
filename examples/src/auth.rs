//! The one token that guards what writes (RFC 6750).

use http::{HeaderMap, HeaderValue, StatusCode, header};
use subtle::ConstantTimeEq;

use crate::failure::Failure;

/// The configured token.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new(token: String) -> Token {
        Token(token)
    }

    /// Compares in time that depends on the length alone.
    pub(crate) fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// Demands `Authorization: Bearer TOKEN`.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let mut fields = headers.get_all(header::AUTHORIZATION).iter();
        match (fields.next(), fields.next()) {
            (None, _) => Err(refuse("send `Authorization: Bearer` and the token", "Bearer realm=\"showcase\"")),
            (Some(field), None) if bearer(field).is_some_and(|given| self.is(given)) => Ok(()),
            _ => Err(refuse("this is not the token", "Bearer realm=\"showcase\", error=\"invalid_token\"")),
        }
    }
}

/// The credentials of a `Bearer` field; the scheme is case-insensitive (RFC 9110 §11.1).
fn bearer(field: &HeaderValue) -> Option<&str> {
    let (scheme, token) = field.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

fn refuse(detail: &'static str, challenge: &'static str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, detail).with(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens() {
        let token = Token::new("abc123".to_owned());
        let check = |value: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            match token.check(&headers) {
                Ok(()) => "",
                Err(f) if f.headers[0].1 == "Bearer realm=\"showcase\"" => "missing",
                Err(_) => "wrong",
            }
        };
        assert_eq!(check(None), "missing");
        for good in ["Bearer abc123", "bearer abc123", "BEARER  abc123"] {
            assert_eq!(check(Some(good)), "", "{good}");
        }
        for bad in ["abc123", "Basic abc123", "Bearer", "Bearer ", "Bearer abc12", "Bearer abc1234", "Bearer ABC123"] {
            assert_eq!(check(Some(bad)), "wrong", "{bad}");
        }
    }
}

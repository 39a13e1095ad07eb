//! The answer to a request (§7.1).

use core::{fmt, ops::Range};

use crate::error::GraphqlError;

/// A response: its JSON, and its errors to be looked at.
#[derive(Clone, PartialEq)]
pub struct Response {
    json: Vec<u8>,
    data: Option<Range<usize>>,
    errors: Vec<GraphqlError>,
}

impl Response {
    /// A request error (§7.1.6): nothing was executed, so there is no `data`.
    #[must_use]
    pub fn from_errors(errors: Vec<GraphqlError>) -> Self {
        Self::build(errors, None::<fn(&mut Vec<u8>)>)
    }

    pub(super) fn build(errors: Vec<GraphqlError>, data: Option<impl FnOnce(&mut Vec<u8>)>) -> Self {
        let mut json = Vec::with_capacity(256);
        json.push(b'{');
        if !errors.is_empty() {
            json.extend_from_slice(b"\"errors\":[");
            for (index, error) in errors.iter().enumerate() {
                if index > 0 {
                    json.push(b',');
                }
                error.write_json(&mut json);
            }
            json.push(b']');
        }
        let data = data.map(|write| {
            json.extend_from_slice(if errors.is_empty() { b"\"data\":" } else { b",\"data\":" });
            let start = json.len();
            write(&mut json);
            start..json.len()
        });
        json.push(b'}');
        Self { json, data, errors }
    }

    /// The whole response as JSON.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// The whole response as JSON.
    #[must_use]
    pub fn into_json(self) -> Vec<u8> {
        self.json
    }

    /// `data` as JSON; none for a request error, `null` where the root could not be given.
    #[must_use]
    pub fn data_json(&self) -> Option<&str> {
        core::str::from_utf8(self.json.get(self.data.clone()?)?).ok()
    }

    /// The errors.
    #[must_use]
    pub fn errors(&self) -> &[GraphqlError] {
        &self.errors
    }

    /// Whether nothing was executed: the document, the variables or the limits were at fault.
    #[must_use]
    pub const fn is_request_error(&self) -> bool {
        self.data.is_none()
    }
}

impl From<GraphqlError> for Response {
    fn from(error: GraphqlError) -> Self {
        Self::from_errors(vec![error])
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.json))
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

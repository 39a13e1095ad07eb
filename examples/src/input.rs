//! Reading what a caller sent: JSON into values that are valid by existing.

use rest_core::body::parse_json;
use rest_core::problem::Problem;
use serde_json::{Map, Value};

use crate::clock::Time;
use crate::failure::{Failure, Violation};

/// A JSON object being read member by member; what breaks a rule is collected, so that a caller hears of
/// all mistakes at once.
pub(crate) struct Fields {
    members: Map<String, Value>,
    violations: Vec<Violation>,
}

impl Fields {
    /// Decodes a body. Malformed JSON and invalid UTF-8 are 400 with the place; another shape is 422.
    pub(crate) fn decode(body: &[u8]) -> Result<Fields, Failure> {
        Fields::of(parse_json(body).map_err(Problem::from)?)
    }

    pub(crate) fn of(value: Value) -> Result<Fields, Failure> {
        match value {
            Value::Object(members) => Ok(Fields { members, violations: Vec::new() }),
            other => Err(Failure::invalid(vec![Violation {
                pointer: String::new(),
                detail: format!("must be an object, not {}", kind(&other)),
            }])),
        }
    }

    /// Forgets members that a client may send back as it got them.
    pub(crate) fn ignore(mut self, names: &[&str]) -> Fields {
        for name in names {
            self.members.remove(*name);
        }
        self
    }

    /// The members as they are, for a patch that names only some.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.members)
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(crate) fn reject(&mut self, name: &str, detail: impl Into<String>) {
        self.violations.push(Violation { pointer: format!("/{name}"), detail: detail.into() });
    }

    /// A required text of 1 to `max` characters, without control characters and not blank.
    pub(crate) fn text(&mut self, name: &'static str, max: usize) -> String {
        match self.take(name) {
            Some(value) => self.check_text(name, value, max),
            None => {
                self.reject(name, "is required");
                String::new()
            }
        }
    }

    pub(crate) fn optional_text(&mut self, name: &'static str, max: usize) -> Option<String> {
        let value = self.take(name)?;
        Some(self.check_text(name, value, max))
    }

    fn check_text(&mut self, name: &'static str, value: Value, max: usize) -> String {
        let Value::String(text) = value else {
            self.reject(name, format!("must be a string, not {}", kind(&value)));
            return String::new();
        };
        if text.trim().is_empty() {
            self.reject(name, "must not be blank");
        } else if text.chars().count() > max {
            self.reject(name, format!("must have at most {max} characters"));
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            self.reject(name, "must not contain control characters");
        }
        text
    }

    pub(crate) fn email(&mut self, name: &'static str) -> String {
        match self.take(name) {
            Some(Value::String(text)) if is_email(&text) => text,
            Some(Value::String(_)) => {
                self.reject(name, "must be an address such as ada@example.com, of at most 254 characters");
                String::new()
            }
            Some(other) => {
                self.reject(name, format!("must be a string, not {}", kind(&other)));
                String::new()
            }
            None => {
                self.reject(name, "is required");
                String::new()
            }
        }
    }

    /// A required whole number in a range.
    pub(crate) fn integer(&mut self, name: &'static str, min: i64, max: i64) -> i64 {
        match self.take(name) {
            Some(value) => match value.as_i64() {
                Some(n) if (min..=max).contains(&n) => n,
                _ => {
                    self.reject(name, format!("must be a whole number from {min} to {max}"));
                    min
                }
            },
            None => {
                self.reject(name, "is required");
                min
            }
        }
    }

    /// A required moment, as RFC 3339 text in UTC.
    pub(crate) fn time(&mut self, name: &'static str) -> Time {
        match self.take(name) {
            Some(value) => value.as_str().and_then(Time::parse_rfc3339).unwrap_or_else(|| {
                self.reject(name, "must be a time such as 2026-11-24T12:00:00Z");
                Time::from_millis(0)
            }),
            None => {
                self.reject(name, "is required");
                Time::from_millis(0)
            }
        }
    }

    /// Ends the reading: an unknown member is a mistake too, since a misspelt one would silently do nothing.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let unknown: Vec<String> = self.members.keys().take(8).cloned().collect();
        for name in unknown {
            let name: String = name.chars().take(64).collect();
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            self.violations.push(Violation { pointer, detail: "is not a known member".to_owned() });
        }
        if self.violations.is_empty() { Ok(()) } else { Err(Failure::invalid(self.violations)) }
    }
}

/// A user as a caller may write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewUser {
    pub(crate) name: String,
    pub(crate) email: String,
}

impl NewUser {
    pub(crate) fn read(mut fields: Fields) -> Result<NewUser, Failure> {
        let user = NewUser { name: fields.text("name", 100), email: fields.email("email") };
        fields.finish()?;
        Ok(user)
    }
}

/// Which slice of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

impl Page {
    pub(crate) const MAX: i64 = 100;

    /// Reads `limit` (1 to 100, 20 by default) and `offset` from a query.
    pub(crate) fn read(query: &Query) -> Result<Page, Failure> {
        Ok(Page {
            limit: query.integer("limit", 1, Page::MAX)?.unwrap_or(20),
            offset: query.integer("offset", 0, i64::from(u32::MAX))?.unwrap_or(0),
        })
    }
}

/// The pairs of a query string, decoded as forms are: `+` is a space, `%XX` a byte.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// At most 32 pairs; a name that is given twice, a broken escape or bytes that are no UTF-8 are 400.
    pub(crate) fn parse(raw: Option<&str>) -> Result<Query, Failure> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in raw.unwrap_or_default().split('&').filter(|p| !p.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decode_form(name)?, decode_form(value)?);
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Failure::bad_request("a query parameter is given twice"));
            }
            if pairs.len() == 32 {
                return Err(Failure::bad_request("the query has more than 32 parameters"));
            }
            pairs.push((name, value));
        }
        Ok(Query(pairs))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Refuses names that mean nothing here: a misspelt one would silently do nothing.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Failure> {
        match self.0.iter().any(|(name, _)| !names.contains(&name.as_str())) {
            true => Err(Failure::bad_request(format!("the query may have {}", names.join(", ")))),
            false => Ok(()),
        }
    }

    pub(crate) fn integer(&self, name: &str, min: i64, max: i64) -> Result<Option<i64>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match parse_id(text) {
            Some(n) if (min..=max).contains(&n) => Ok(Some(n)),
            _ => Err(Failure::bad_request(format!(
                "query parameter `{name}` must be a whole number from {min} to {max}"
            ))),
        }
    }
}

/// A number as we write it ourselves: digits without sign, space or leading zero.
pub(crate) fn parse_id(text: &str) -> Option<i64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

fn decode_form(raw: &str) -> Result<String, Failure> {
    let broken = || Failure::bad_request("the query has a broken percent escape or is no UTF-8");
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|d| char::from(d).to_digit(16));
                let (high, low) = (digit().ok_or_else(broken)?, digit().ok_or_else(broken)?);
                u8::try_from(high * 16 + low).map_err(|_| broken())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

/// The shape that nearly all addresses have: a dot-atom, `@`, a host name of two labels or more.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let atom = |a: &str| {
        !a.is_empty() && a.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b))
    };
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(atom)
        && domain.contains('.')
        && domain.split('.').all(label)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(body: &str) -> Vec<String> {
        match Fields::decode(body.as_bytes()).and_then(NewUser::read) {
            Ok(_) => Vec::new(),
            Err(failure) => failure.problem().errors().iter().map(|e| e.pointer.clone()).collect(),
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once_with_their_place() {
        assert_eq!(violations(r#"{"name":"","email":"x","nme":1}"#), ["/name", "/email", "/nme"]);
        assert_eq!(violations(r#"[]"#), [""]);
        assert_eq!(violations(r#"{"a/b~c":1,"name":"A","email":"a@b.co"}"#), ["/a~1b~0c"]);
        assert_eq!(violations(r#"{"name":"Ada","email":"ada@example.com"}"#), [""; 0]);
    }

    #[test]
    fn a_name_may_have_100_characters_and_not_one_more() {
        let user = |n: usize| format!(r#"{{"name":"{}","email":"a@b.co"}}"#, "é".repeat(n));
        assert!(violations(&user(100)).is_empty());
        assert_eq!(violations(&user(101)), ["/name"]);
    }

    #[test]
    fn addresses() {
        for good in ["a@b.co", "ada.lovelace+x@mail.example.com", "o'hara@example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "", "a", "@", "a@", "@b.co", "a@b", "a@@b.co", "a b@c.de", "a@b..co", ".a@b.co", "a@-b.co",
            "a@b.co\n", "é@b.co",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@b.co", "a".repeat(65))));
    }

    #[test]
    fn queries_are_decoded_as_forms() {
        let query = Query::parse(Some("a=1%2b+2&b&limit=7")).unwrap();
        assert_eq!((query.get("a"), query.get("b"), query.get("c")), (Some("1+ 2"), Some(""), None));
        assert_eq!(Page::read(&query).unwrap(), Page { limit: 7, offset: 0 });
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=1&a=2"] {
            assert!(Query::parse(Some(bad)).is_err(), "{bad}");
        }
        for bad in [
            "limit=0",
            "limit=101",
            "limit=+5",
            "limit=05",
            "limit=",
            "limit=1e1",
            "offset=-1",
            "limit=99999999999999999999",
        ] {
            assert!(Page::read(&Query::parse(Some(&bad.replace('+', "%2b"))).unwrap()).is_err(), "{bad}");
        }
    }
}

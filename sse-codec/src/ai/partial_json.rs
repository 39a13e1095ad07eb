//! JSON that is still being written: the value that a prefix of a document already tells.

use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use core::{error, fmt};

use serde_json::{Map, Value};

/// What becomes of a string or a number at the very end of the text, which more text might continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unfinished {
    /// It is left out, with its key: all that is in the value will be in the final one as it is.
    Drop,
    /// It is shown as far as it came, without a cut escape: the final one begins with it.
    Keep,
}

/// What a text tells so far.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    /// The value; `None` if the text does not say yet what it begins with.
    pub value: Option<Value>,
    /// Whether the text is a whole document. (A number at the top is one, though more digits may follow.)
    pub is_complete: bool,
}

/// The text is not the beginning of any JSON document (RFC 8259), or nests too deep.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialError {
    /// Where the text is wrong, in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl fmt::Display for PartialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no json can begin like this: {} at byte {}", self.what, self.offset)
    }
}

impl error::Error for PartialError {}

/// Reads the beginning of a JSON document, such as the arguments of a tool while the model writes them.
///
/// A whole document gives the value that `serde_json` gives. Of a cut one, arrays and objects hold what came of them; a
/// literal or a key that is cut is left out, and `unfinished` says what becomes of a string or a number that is cut. The time is
/// linear in the text, so read it when you show it, not for each byte.
///
/// # Errors
/// [`PartialError`] if no document begins with the text, or it nests deeper than `max_depth` (at most 128).
///
/// ```
/// use serde_json::json;
/// use sse_codec::ai::partial_json::{Unfinished, parse};
///
/// let text = r#"{"city": "Par"#;
/// assert_eq!(parse(text, Unfinished::Keep, 64)?.value, Some(json!({"city": "Par"})));
/// assert_eq!(parse(text, Unfinished::Drop, 64)?.value, Some(json!({})));
/// assert!(parse(r#"{"city": "Paris"}"#, Unfinished::Drop, 64)?.is_complete);
/// assert_eq!(parse("[1 2", Unfinished::Keep, 64).unwrap_err().offset, 3);
/// # Ok::<(), sse_codec::ai::partial_json::PartialError>(())
/// ```
pub fn parse(text: &str, unfinished: Unfinished, max_depth: usize) -> Result<Partial, PartialError> {
    let mut cursor = Cursor { text, at: 0, unfinished, deeper: max_depth.min(128) };
    cursor.space();
    let read = cursor.value(true)?;
    let is_complete = matches!(read, Read::Whole(_));
    if is_complete {
        cursor.space();
        if cursor.at < text.len() {
            return Err(cursor.wrong("text after the document"));
        }
    }
    Ok(Partial { value: read.value(), is_complete })
}

/// A value up to its end, or up to the end of the text.
enum Read {
    Whole(Value),
    Cut(Option<Value>),
}

impl Read {
    fn value(self) -> Option<Value> {
        match self {
            Self::Whole(value) => Some(value),
            Self::Cut(value) => value,
        }
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    unfinished: Unfinished,
    /// How many more levels may be entered.
    deeper: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    const fn wrong(&self, what: &'static str) -> PartialError {
        PartialError { offset: self.at, what }
    }

    fn value(&mut self, is_top: bool) -> Result<Read, PartialError> {
        match self.peek() {
            None => Ok(Read::Cut(None)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(match self.string()? {
                (Some(text), true) => Read::Whole(Value::String(text)),
                (text, false) if self.unfinished == Unfinished::Keep => Read::Cut(text.map(Value::String)),
                _ => Read::Cut(None),
            }),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(is_top),
            Some(_) => Err(self.wrong("no value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Read, PartialError>) -> Result<Read, PartialError> {
        self.deeper = self.deeper.checked_sub(1).ok_or(self.wrong("too many levels"))?;
        self.at += 1;
        self.space();
        let value = read(self)?;
        self.deeper += 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Read, PartialError> {
        let mut list = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Read::Whole(Value::Array(list)));
        }
        loop {
            match self.value(false)? {
                Read::Whole(value) => list.push(value),
                Read::Cut(value) => {
                    list.extend(value);
                    return Ok(Read::Cut(Some(Value::Array(list))));
                }
            }
            match self.separator(b']', "neither a comma nor a closing bracket")? {
                Next::More => {}
                Next::End => return Ok(Read::Whole(Value::Array(list))),
                Next::Cut => return Ok(Read::Cut(Some(Value::Array(list)))),
            }
        }
    }

    fn object(&mut self) -> Result<Read, PartialError> {
        let mut map = Map::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Read::Whole(Value::Object(map)));
        }
        loop {
            match self.peek() {
                None => return Ok(Read::Cut(Some(Value::Object(map)))),
                Some(b'"') => {}
                Some(_) => return Err(self.wrong("no key")),
            }
            let (Some(key), true) = self.string()? else {
                return Ok(Read::Cut(Some(Value::Object(map))));
            };
            self.space();
            match self.peek() {
                None => return Ok(Read::Cut(Some(Value::Object(map)))),
                Some(b':') => self.at += 1,
                Some(_) => return Err(self.wrong("no colon")),
            }
            self.space();
            match self.value(false)? {
                Read::Whole(value) => {
                    map.insert(key, value);
                }
                Read::Cut(value) => {
                    if let Some(value) = value {
                        map.insert(key, value);
                    }
                    return Ok(Read::Cut(Some(Value::Object(map))));
                }
            }
            match self.separator(b'}', "neither a comma nor a closing brace")? {
                Next::More => {}
                Next::End => return Ok(Read::Whole(Value::Object(map))),
                Next::Cut => return Ok(Read::Cut(Some(Value::Object(map)))),
            }
        }
    }

    fn separator(&mut self, close: u8, what: &'static str) -> Result<Next, PartialError> {
        self.space();
        let next = match self.peek() {
            None => return Ok(Next::Cut),
            Some(b',') => Next::More,
            Some(byte) if byte == close => Next::End,
            Some(_) => return Err(self.wrong(what)),
        };
        self.at += 1;
        if next == Next::More {
            self.space();
        }
        Ok(next)
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Read, PartialError> {
        let rest = &self.text[self.at..];
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(Read::Whole(value));
        }
        if word.starts_with(rest) {
            self.at = self.text.len();
            return Ok(Read::Cut(None));
        }
        Err(self.wrong("no value"))
    }

    /// RFC 8259 §6. A number that the text ends in is cut, unless it is the whole document.
    fn number(&mut self, is_top: bool) -> Result<Read, PartialError> {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest
            .bytes()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let (token, is_last) = (&rest[..length], length == rest.len());
        self.at += length;
        match serde_json::from_str(token) {
            Ok(value) if !is_last || is_top => Ok(Read::Whole(value)),
            Ok(value) => Ok(Read::Cut((self.unfinished == Unfinished::Keep).then_some(value))),
            // Cut after a sign, a point or an `e`, or too large until a negative exponent comes.
            Err(_) if is_last && begins_number(token) => Ok(Read::Cut(None)),
            Err(_) => {
                self.at = start;
                Err(self.wrong("no number"))
            }
        }
    }

    /// A string, and whether its closing quote is there. Of a cut one, all before a cut escape.
    fn string(&mut self) -> Result<(Option<String>, bool), PartialError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        // Where the text can be cut so that no escape is.
        let mut safe = at;
        let mut high_surrogate = false;
        let end = loop {
            let Some(&byte) = bytes.get(at) else { break None };
            match byte {
                b'"' => break Some(at),
                b'\\' => {
                    let length = if bytes.get(at + 1) == Some(&b'u') { 6 } else { 2 };
                    let Some(escape) = bytes.get(at..at + length) else {
                        let digits = bytes.get(at + 2..).unwrap_or_default();
                        if digits.iter().all(u8::is_ascii_hexdigit) {
                            break None;
                        }
                        return Err(PartialError { offset: at, what: "no escape" });
                    };
                    // The first half of a pair waits for the second.
                    high_surrogate = !high_surrogate
                        && matches!(
                            escape,
                            [_, b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..]
                        );
                    at += length;
                }
                _ => {
                    high_surrogate = false;
                    at += 1;
                }
            }
            if !high_surrogate {
                safe = at;
            }
        };
        if let Some(end) = end {
            self.at = end + 1;
            return match serde_json::from_str(&self.text[start..=end]) {
                Ok(text) => Ok((Some(text), true)),
                Err(_) => Err(PartialError { offset: start, what: "no string" }),
            };
        }
        self.at = self.text.len();
        let closed = self.text[start..safe].to_owned() + "\"";
        match serde_json::from_str(&closed) {
            Ok(text) => Ok((Some(text), false)),
            Err(_) => Err(PartialError { offset: start, what: "no string" }),
        }
    }
}

/// Whether some number of RFC 8259 §6 begins like this.
fn begins_number(token: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let token = token.strip_prefix('-').unwrap_or(token);
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (token, None),
    };
    let (integer, fraction) = match mantissa.split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (mantissa, None),
    };
    let has_zero_first = integer.len() > 1 && integer.starts_with('0');
    let goes_on = fraction.is_some() || exponent.is_some();
    digits(integer)
        && !has_zero_first
        && !(integer.is_empty() && goes_on)
        && fraction.is_none_or(|fraction| digits(fraction) && !(fraction.is_empty() && exponent.is_some()))
        && exponent.is_none_or(digits)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    More,
    End,
    Cut,
}

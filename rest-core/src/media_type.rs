//! Media types, and the choice among several (RFC 9110 §8.3, §12.5.1).

use crate::error::{FieldError, InvalidField, LimitExceeded};
use crate::limits::Limits;
use core::fmt;

/// A media type: essence and parameters, such as `text/html; charset=utf-8`.
///
/// Type, subtype and parameter names are kept in lower case, which is how they compare (§8.3.1); parameter values are
/// kept as they came, without quotes.
///
/// ```
/// use rest_core::{Limits, MediaType};
/// let html = MediaType::parse("Text/HTML;Charset=\"utf-8\"", &Limits::DEFAULT)?;
/// assert_eq!(html.essence(), "text/html");
/// assert_eq!(html.param("charset"), Some("utf-8"));
/// assert_eq!(html.to_string(), "text/html; charset=utf-8");
/// # Ok::<(), rest_core::error::FieldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    slash: usize,
    params: Vec<(String, String)>,
}

impl MediaType {
    /// Reads the value of a Content-Type field.
    ///
    /// # Errors
    /// [`FieldError`] when it breaks the grammar of §8.3.1, or is longer than [`Limits::max_field`] or has more than
    /// [`Limits::max_media_type_params`] parameters. A wildcard is no media type.
    pub fn parse(value: impl AsRef<[u8]>, limits: &Limits) -> Result<MediaType, FieldError> {
        let value = value.as_ref();
        within(value.len(), limits)?;
        let mut at = 0;
        let media_type = read(value, &mut at, limits)?;
        if at < value.len() || media_type.type_() == "*" || media_type.subtype() == "*" {
            return Err(invalid(at).into());
        }
        Ok(media_type)
    }

    /// `type/subtype` in lower case.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// What stands before the slash.
    pub fn type_(&self) -> &str {
        &self.essence[..self.slash]
    }

    /// What stands after the slash.
    pub fn subtype(&self) -> &str {
        &self.essence[self.slash + 1..]
    }

    /// The structured syntax suffix, `json` of `application/hal+json` (RFC 6838 §4.2.8).
    pub fn suffix(&self) -> Option<&str> {
        self.subtype().rsplit_once('+').map(|(_, suffix)| suffix)
    }

    /// The value of the first parameter of this name, which is given in lower case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All parameters in order.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// Whether the content is JSON: `application/json`, or any type with the suffix `+json`.
    pub fn is_json(&self) -> bool {
        self.essence == "application/json" || self.suffix() == Some("json")
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        for (name, value) in &self.params {
            if !value.is_empty() && value.bytes().all(is_tchar) {
                write!(f, "; {name}={value}")?;
            } else {
                write!(f, "; {name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))?;
            }
        }
        Ok(())
    }
}

/// Chooses the offer that an Accept field likes best (§12.5.1): by weight, then by the order of the offers. The most
/// specific range that covers an offer decides its weight. Gives the index of the offer, or `None` when none is
/// acceptable: 406.
///
/// Without an Accept field, or with none of its ranges readable, the first offer is chosen. Ranges that cannot be read
/// are passed over.
///
/// ```
/// use rest_core::{Limits, media_type::negotiate};
/// let offers = ["application/hal+json", "application/json"];
/// assert_eq!(negotiate(["application/*;q=0.5, application/json"], &offers, &Limits::DEFAULT)?, Some(1));
/// assert_eq!(negotiate(["text/html"], &offers, &Limits::DEFAULT)?, None);
/// # Ok::<(), rest_core::error::FieldError>(())
/// ```
///
/// # Errors
/// [`FieldError`] when an offer is no media type, or the field crosses [`Limits::max_field`] or
/// [`Limits::max_accept_ranges`].
pub fn negotiate<V: AsRef<[u8]>>(
    accept: impl IntoIterator<Item = V>,
    offers: &[&str],
    limits: &Limits,
) -> Result<Option<usize>, FieldError> {
    let offers = offers.iter().map(|o| MediaType::parse(o, limits)).collect::<Result<Vec<_>, _>>()?;
    // For each offer: how specific the best range so far is, and the weight it gives.
    let mut chosen: Vec<(usize, u16)> = vec![(0, 0); offers.len()];
    let (mut bytes, mut count, mut readable) = (0_usize, 0_usize, false);
    for line in accept {
        let line = line.as_ref();
        bytes = bytes.saturating_add(line.len());
        within(bytes, limits)?;
        let mut at = 0;
        while at < line.len() {
            if matches!(line[at], b' ' | b'\t' | b',') {
                at += 1;
                continue;
            }
            count += 1;
            if count > limits.max_accept_ranges {
                return Err(
                    LimitExceeded { limit: "max_accept_ranges", max: limits.max_accept_ranges }.into()
                );
            }
            let Ok((range, weight)) = range(line, &mut at, limits) else {
                at = memchr::memchr(b',', &line[at..]).map_or(line.len(), |comma| at + comma);
                continue;
            };
            readable = true;
            for (offer, best) in offers.iter().zip(&mut chosen) {
                let specific = specificity(&range, offer);
                if specific > best.0 {
                    *best = (specific, weight);
                }
            }
        }
    }
    if !readable {
        return Ok((!offers.is_empty()).then_some(0));
    }
    let ranked = chosen.iter().enumerate().filter(|(_, best)| best.1 > 0);
    // `max_by_key` keeps the last of equals, so walk from the back.
    Ok(ranked.rev().max_by_key(|(_, best)| best.1).map(|(i, _)| i))
}

/// One media range with its weight in thousandths. Parameters after `q` are extensions that RFC 9110 removed: ignored.
fn range(line: &[u8], at: &mut usize, limits: &Limits) -> Result<(MediaType, u16), FieldError> {
    let mut range = read(line, at, limits)?;
    if range.type_() == "*" && range.subtype() != "*" {
        return Err(invalid(*at).into());
    }
    let mut weight = 1000;
    if let Some(q) = range.params.iter().position(|(name, _)| name == "q") {
        weight = qvalue(range.params[q].1.as_bytes()).ok_or_else(|| invalid(*at))?;
        range.params.truncate(q);
    }
    Ok((range, weight))
}

/// A weight in thousandths (§12.4.2): `0` or `1` with at most three decimals, not above 1.
fn qvalue(text: &[u8]) -> Option<u16> {
    let (first, decimals) = match text {
        [first] => (first, &text[..0]),
        [first, b'.', decimals @ ..] if decimals.len() <= 3 => (first, decimals),
        _ => return None,
    };
    let digits = decimals.iter().chain([b'0'; 3].iter()).take(3);
    let fraction = digits
        .clone()
        .all(u8::is_ascii_digit)
        .then(|| digits.fold(0, |n, d| n * 10 + u16::from(d - b'0')))?;
    match (first, fraction) {
        (b'0', fraction) => Some(fraction),
        (b'1', 0) => Some(1000),
        _ => None,
    }
}

/// 0 when `range` does not cover `offer`, more the closer it is.
fn specificity(range: &MediaType, offer: &MediaType) -> usize {
    let params = || {
        range.params().all(|(name, value)| offer.param(name).is_some_and(|v| v.eq_ignore_ascii_case(value)))
    };
    if range.essence == "*/*" {
        1
    } else if range.subtype() == "*" {
        if range.type_() == offer.type_() { 2 } else { 0 }
    } else if range.essence == offer.essence && params() {
        3 + range.params.len()
    } else {
        0
    }
}

/// Reads `type/subtype *( OWS ";" OWS [ parameter ] )`, and stops at the end or at a comma.
fn read(value: &[u8], at: &mut usize, limits: &Limits) -> Result<MediaType, FieldError> {
    skip_ows(value, at);
    let type_ = token(value, at)?;
    expect(value, at, b'/')?;
    let subtype = token(value, at)?;
    let mut media_type = MediaType {
        slash: type_.len(),
        essence: format!("{type_}/{subtype}").to_ascii_lowercase(),
        params: Vec::new(),
    };
    loop {
        skip_ows(value, at);
        match value.get(*at) {
            None | Some(b',') => return Ok(media_type),
            Some(b';') => *at += 1,
            Some(_) => return Err(invalid(*at).into()),
        }
        skip_ows(value, at);
        if matches!(value.get(*at), None | Some(b';' | b',')) {
            continue;
        }
        if media_type.params.len() == limits.max_media_type_params {
            return Err(
                LimitExceeded { limit: "max_media_type_params", max: limits.max_media_type_params }.into()
            );
        }
        let name = token(value, at)?.to_ascii_lowercase();
        expect(value, at, b'=')?;
        let text =
            if value.get(*at) == Some(&b'"') { quoted(value, at)? } else { token(value, at)?.to_owned() };
        media_type.params.push((name, text));
    }
}

fn token<'a>(value: &'a [u8], at: &mut usize) -> Result<&'a str, InvalidField> {
    let rest = &value[(*at).min(value.len())..];
    let end = rest.iter().position(|&b| !is_tchar(b)).unwrap_or(rest.len());
    match core::str::from_utf8(&rest[..end]) {
        Ok(token) if end > 0 => {
            *at += end;
            Ok(token)
        }
        _ => Err(invalid(*at)),
    }
}

fn quoted(value: &[u8], at: &mut usize) -> Result<String, InvalidField> {
    let start = *at;
    let mut text = Vec::new();
    *at += 1;
    while let Some(&b) = value.get(*at) {
        *at += 1;
        match b {
            b'"' => return String::from_utf8(text).map_err(|_| invalid(start)),
            b'\\' => {
                text.push(*value.get(*at).ok_or(invalid(*at))?);
                *at += 1;
            }
            b => text.push(b),
        }
    }
    Err(invalid(value.len()))
}

fn expect(value: &[u8], at: &mut usize, byte: u8) -> Result<(), InvalidField> {
    if value.get(*at) != Some(&byte) {
        return Err(invalid(*at));
    }
    *at += 1;
    Ok(())
}

fn skip_ows(value: &[u8], at: &mut usize) {
    while let Some(b' ' | b'\t') = value.get(*at) {
        *at += 1;
    }
}

fn within(bytes: usize, limits: &Limits) -> Result<(), LimitExceeded> {
    if bytes > limits.max_field {
        return Err(LimitExceeded { limit: "max_field", max: limits.max_field });
    }
    Ok(())
}

fn invalid(offset: usize) -> InvalidField {
    InvalidField { what: "media type", offset }
}

/// RFC 9110 §5.6.2.
pub(crate) fn is_tchar(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

//! Cache-Control of requests and responses (RFC 9111 §5.2, RFC 5861, RFC 8246).

use crate::error::LimitExceeded;
use crate::limits::Limits;
use crate::media_type::is_tchar;
use core::fmt;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::time::Duration;

/// Seconds as caches count them: what is larger than 2^31 is 2^31 (RFC 9111 §1.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeltaSeconds(u32);

impl DeltaSeconds {
    /// The largest, 2,147,483,648: some 68 years.
    pub const MAX: DeltaSeconds = DeltaSeconds(1 << 31);

    /// A number of seconds, or [`MAX`](DeltaSeconds::MAX) where it is larger.
    pub const fn new(seconds: u64) -> DeltaSeconds {
        if seconds > Self::MAX.0 as u64 { Self::MAX } else { DeltaSeconds(seconds as u32) }
    }

    /// Reads one or more digits; a number too large for any integer is [`MAX`](DeltaSeconds::MAX). `None` for
    /// anything else, a sign or a fraction included.
    pub fn parse(text: impl AsRef<[u8]>) -> Option<DeltaSeconds> {
        let text = text.as_ref();
        let digit = |n: u64, b: &u8| {
            b.is_ascii_digit().then(|| n.saturating_mul(10).saturating_add(u64::from(b - b'0')))
        };
        if text.is_empty() { None } else { text.iter().try_fold(0, digit).map(DeltaSeconds::new) }
    }

    /// The number of seconds, 0 to 2^31.
    pub const fn as_secs(self) -> u32 {
        self.0
    }

    /// The same as a `Duration`.
    pub const fn to_duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

impl From<u32> for DeltaSeconds {
    fn from(seconds: u32) -> Self {
        DeltaSeconds::new(u64::from(seconds))
    }
}

impl From<Duration> for DeltaSeconds {
    /// Drops the fraction of a second.
    fn from(duration: Duration) -> Self {
        DeltaSeconds::new(duration.as_secs())
    }
}

impl fmt::Display for DeltaSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a `no-cache` or `private` of a response covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldScope {
    /// The whole response: the form without an argument.
    Whole,
    /// Only the named header fields: the qualified form (RFC 9111 §5.2.2.4, §5.2.2.7). Never empty.
    Fields(Vec<HeaderName>),
}

/// The directives of Cache-Control, those of requests and of responses in one type.
///
/// **Reading.** Names compare without case, arguments may be tokens or quoted strings. What cannot be read is taken in
/// its strictest sense, so that a damaged field never makes a response fresher: an unreadable `max-age`, `s-maxage`,
/// `max-stale`, `stale-while-revalidate` or `stale-if-error` is 0, an unreadable `min-fresh` is 2^31, a qualified form
/// with an unreadable list is the unqualified one, and an argument where none is defined is ignored (RFC 9111 §4.2.1).
/// Of two values of one directive the first counts; a qualified form beside the plain one gives the plain one, two
/// qualified forms give the union. Unknown directives are kept in [`extensions`](CacheControl::extensions).
///
/// **Writing.** `Display` gives lower-case names in a fixed order. The builder methods have the names of the fields.
///
/// ```
/// use rest_core::{Limits, field::CacheControl};
/// let built = CacheControl::new().private().max_age(60).must_revalidate();
/// assert_eq!(built.to_string(), "private, max-age=60, must-revalidate");
/// assert_eq!(CacheControl::parse(["MAX-AGE=\"60\", Private, must-revalidate"], &Limits::DEFAULT)?, built);
/// # Ok::<(), rest_core::error::LimitExceeded>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheControl {
    /// `public`, RFC 9111 §5.2.2.9.
    pub public: bool,
    /// `private`, RFC 9111 §5.2.2.7.
    pub private: Option<FieldScope>,
    /// `no-cache`, RFC 9111 §5.2.1.4 and §5.2.2.4.
    pub no_cache: Option<FieldScope>,
    /// `no-store`, RFC 9111 §5.2.1.5 and §5.2.2.5.
    pub no_store: bool,
    /// `no-transform`, RFC 9111 §5.2.1.6 and §5.2.2.6.
    pub no_transform: bool,
    /// `only-if-cached` of a request, RFC 9111 §5.2.1.7.
    pub only_if_cached: bool,
    /// `max-age`, RFC 9111 §5.2.1.1 and §5.2.2.1.
    pub max_age: Option<DeltaSeconds>,
    /// `s-maxage`, RFC 9111 §5.2.2.10.
    pub s_maxage: Option<DeltaSeconds>,
    /// `max-stale` of a request, RFC 9111 §5.2.1.2; without an argument [`DeltaSeconds::MAX`].
    pub max_stale: Option<DeltaSeconds>,
    /// `min-fresh` of a request, RFC 9111 §5.2.1.3.
    pub min_fresh: Option<DeltaSeconds>,
    /// `must-revalidate`, RFC 9111 §5.2.2.2.
    pub must_revalidate: bool,
    /// `proxy-revalidate`, RFC 9111 §5.2.2.8.
    pub proxy_revalidate: bool,
    /// `must-understand`, RFC 9111 §5.2.2.3.
    pub must_understand: bool,
    /// `immutable`, RFC 8246.
    pub immutable: bool,
    /// `stale-while-revalidate`, RFC 5861 §3.
    pub stale_while_revalidate: Option<DeltaSeconds>,
    /// `stale-if-error`, RFC 5861 §4.
    pub stale_if_error: Option<DeltaSeconds>,
    extensions: Vec<(String, Option<String>)>,
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self) -> Self {
            self.$name = true;
            self
        }
    )*};
}

macro_rules! seconds {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, seconds: impl Into<DeltaSeconds>) -> Self {
            self.$name = Some(seconds.into());
            self
        }
    )*};
}

impl CacheControl {
    /// No directive at all.
    pub fn new() -> CacheControl {
        CacheControl::default()
    }

    /// Reads a field from its lines.
    ///
    /// # Errors
    /// [`LimitExceeded`] for more than [`Limits::max_field`] bytes or [`Limits::max_directives`] directives. Syntax is
    /// never an error; see the type.
    pub fn parse<V: AsRef<[u8]>>(
        lines: impl IntoIterator<Item = V>,
        limits: &Limits,
    ) -> Result<CacheControl, LimitExceeded> {
        let mut parsed = CacheControl::new();
        let (mut bytes, mut count) = (0_usize, 0_usize);
        for line in lines {
            let line = line.as_ref();
            bytes = bytes.saturating_add(line.len());
            if bytes > limits.max_field {
                return Err(LimitExceeded { limit: "max_field", max: limits.max_field });
            }
            let mut rest = line;
            while let Some((name, argument)) = next_directive(&mut rest) {
                count += parsed.take(name, argument.as_deref());
                if count > limits.max_directives {
                    return Err(LimitExceeded { limit: "max_directives", max: limits.max_directives });
                }
            }
        }
        Ok(parsed)
    }

    /// Reads the `Cache-Control` of a message; `None` when it has none.
    ///
    /// # Errors
    /// As [`parse`](CacheControl::parse).
    pub fn from_headers(headers: &HeaderMap, limits: &Limits) -> Result<Option<CacheControl>, LimitExceeded> {
        let lines = headers.get_all(CACHE_CONTROL);
        lines.iter().next().map(|_| CacheControl::parse(lines, limits)).transpose()
    }

    flags! {
        /// Adds `public`.
        public;
        /// Adds `no-store`.
        no_store;
        /// Adds `no-transform`.
        no_transform;
        /// Adds `only-if-cached`.
        only_if_cached;
        /// Adds `must-revalidate`.
        must_revalidate;
        /// Adds `proxy-revalidate`.
        proxy_revalidate;
        /// Adds `must-understand`.
        must_understand;
        /// Adds `immutable`.
        immutable;
    }

    seconds! {
        /// Sets `max-age`.
        max_age;
        /// Sets `s-maxage`.
        s_maxage;
        /// Sets `max-stale`.
        max_stale;
        /// Sets `min-fresh`.
        min_fresh;
        /// Sets `stale-while-revalidate`.
        stale_while_revalidate;
        /// Sets `stale-if-error`.
        stale_if_error;
    }

    /// Sets `private` for the whole response.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.private = Some(FieldScope::Whole);
        self
    }

    /// Adds a field to a qualified `private`; no effect once the whole response is private.
    #[must_use]
    pub fn private_field(mut self, name: HeaderName) -> Self {
        widen(&mut self.private, FieldScope::Fields(vec![name]));
        self
    }

    /// Sets `no-cache` for the whole response.
    #[must_use]
    pub fn no_cache(mut self) -> Self {
        self.no_cache = Some(FieldScope::Whole);
        self
    }

    /// Adds a field to a qualified `no-cache`; no effect once it covers the whole response.
    #[must_use]
    pub fn no_cache_field(mut self, name: HeaderName) -> Self {
        widen(&mut self.no_cache, FieldScope::Fields(vec![name]));
        self
    }

    /// The directives that this type has no field for, in order: name in lower case, argument without quotes.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.extensions.iter().map(|(name, argument)| (name.as_str(), argument.as_deref()))
    }

    /// The field value. `None` when there is no directive: the field may not be empty (RFC 9111 §5.2).
    pub fn to_header_value(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.to_string()).ok().filter(|value| !value.is_empty())
    }

    /// Adds one directive that was read, and gives how many members it counts for.
    fn take(&mut self, name: &[u8], argument: Option<&[u8]>) -> usize {
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..name.len()) else {
            return self.keep(name, argument);
        };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let zero_if_unreadable = || argument.and_then(DeltaSeconds::parse).unwrap_or_default();
        match &*lower {
            b"public" => self.public = true,
            b"private" => return widen(&mut self.private, scope(argument)),
            b"no-cache" => return widen(&mut self.no_cache, scope(argument)),
            b"no-store" => self.no_store = true,
            b"no-transform" => self.no_transform = true,
            b"only-if-cached" => self.only_if_cached = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"proxy-revalidate" => self.proxy_revalidate = true,
            b"must-understand" => self.must_understand = true,
            b"immutable" => self.immutable = true,
            b"max-age" => first(&mut self.max_age, zero_if_unreadable()),
            b"s-maxage" => first(&mut self.s_maxage, zero_if_unreadable()),
            b"stale-while-revalidate" => first(&mut self.stale_while_revalidate, zero_if_unreadable()),
            b"stale-if-error" => first(&mut self.stale_if_error, zero_if_unreadable()),
            b"max-stale" => {
                let any = argument.is_none().then_some(DeltaSeconds::MAX);
                first(&mut self.max_stale, any.unwrap_or_else(zero_if_unreadable));
            }
            b"min-fresh" => {
                first(
                    &mut self.min_fresh,
                    argument.and_then(DeltaSeconds::parse).unwrap_or(DeltaSeconds::MAX),
                );
            }
            _ => return self.keep(name, argument),
        }
        1
    }

    /// Keeps an unknown directive. A name that is no token, or an argument that is no text, could not be written
    /// again and is dropped.
    fn keep(&mut self, name: &[u8], argument: Option<&[u8]>) -> usize {
        let text = argument.map(|a| String::from_utf8(a.to_vec())).transpose();
        let token = !name.is_empty() && name.iter().all(|&b| is_tchar(b));
        let control = argument.is_some_and(|a| a.iter().any(|&b| b != b'\t' && b.is_ascii_control()));
        if let (Ok(name), Ok(argument), true) = (core::str::from_utf8(name), text, token && !control) {
            self.extensions.push((name.to_ascii_lowercase(), argument));
        }
        1
    }
}

impl fmt::Display for CacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = List { f, started: false };
        list.flag("public", self.public)?;
        list.scope("private", self.private.as_ref())?;
        list.scope("no-cache", self.no_cache.as_ref())?;
        list.flag("no-store", self.no_store)?;
        list.flag("no-transform", self.no_transform)?;
        list.flag("only-if-cached", self.only_if_cached)?;
        list.seconds("max-age", self.max_age)?;
        list.seconds("s-maxage", self.s_maxage)?;
        match self.max_stale {
            Some(DeltaSeconds::MAX) => list.flag("max-stale", true)?,
            bounded => list.seconds("max-stale", bounded)?,
        }
        list.seconds("min-fresh", self.min_fresh)?;
        list.flag("must-revalidate", self.must_revalidate)?;
        list.flag("proxy-revalidate", self.proxy_revalidate)?;
        list.flag("must-understand", self.must_understand)?;
        list.flag("immutable", self.immutable)?;
        list.seconds("stale-while-revalidate", self.stale_while_revalidate)?;
        list.seconds("stale-if-error", self.stale_if_error)?;
        for (name, argument) in &self.extensions {
            list.member(name)?;
            match argument {
                Some(a) if !a.is_empty() && a.bytes().all(is_tchar) => write!(list.f, "={a}")?,
                Some(a) => {
                    list.f.write_str("=\"")?;
                    for c in a.chars() {
                        let escape = if matches!(c, '"' | '\\') { "\\" } else { "" };
                        write!(list.f, "{escape}{c}")?;
                    }
                    list.f.write_str("\"")?;
                }
                None => {}
            }
        }
        Ok(())
    }
}

struct List<'f, 'w> {
    f: &'f mut fmt::Formatter<'w>,
    started: bool,
}

impl List<'_, '_> {
    fn member(&mut self, name: &str) -> fmt::Result {
        let comma = if core::mem::replace(&mut self.started, true) { ", " } else { "" };
        write!(self.f, "{comma}{name}")
    }

    fn flag(&mut self, name: &str, set: bool) -> fmt::Result {
        if set { self.member(name) } else { Ok(()) }
    }

    fn seconds(&mut self, name: &str, value: Option<DeltaSeconds>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        self.member(name)?;
        write!(self.f, "={value}")
    }

    fn scope(&mut self, name: &str, scope: Option<&FieldScope>) -> fmt::Result {
        let Some(scope) = scope else { return Ok(()) };
        self.member(name)?;
        let FieldScope::Fields(names) = scope else { return Ok(()) };
        self.f.write_str("=\"")?;
        for (i, name) in names.iter().enumerate() {
            write!(self.f, "{}{name}", if i == 0 { "" } else { ", " })?;
        }
        self.f.write_str("\"")
    }
}

fn first(slot: &mut Option<DeltaSeconds>, value: DeltaSeconds) {
    slot.get_or_insert(value);
}

/// Joins two scopes: the whole response wins, lists are united. Gives how many members were added.
fn widen(slot: &mut Option<FieldScope>, more: FieldScope) -> usize {
    match (slot.as_mut(), more) {
        (Some(FieldScope::Whole), _) => 1,
        (Some(FieldScope::Fields(have)), FieldScope::Fields(more)) => {
            let count = more.len();
            for name in more {
                if !have.contains(&name) {
                    have.push(name);
                }
            }
            count
        }
        (_, more) => {
            let count = if let FieldScope::Fields(names) = &more { names.len() } else { 1 };
            *slot = Some(more);
            count
        }
    }
}

/// The scope that an argument of `no-cache` or `private` names.
fn scope(argument: Option<&[u8]>) -> FieldScope {
    let mut names = Vec::new();
    for name in argument.unwrap_or_default().split(|&b| b == b',') {
        let name = name.trim_ascii();
        match HeaderName::from_bytes(name) {
            Ok(name) => {
                if names.len() < MAX_NAMES && !names.contains(&name) {
                    names.push(name);
                } else if names.len() >= MAX_NAMES {
                    return FieldScope::Whole;
                }
            }
            Err(_) if name.is_empty() => {}
            Err(_) => return FieldScope::Whole,
        }
    }
    if names.is_empty() { FieldScope::Whole } else { FieldScope::Fields(names) }
}

/// A name, and an argument without its quotes.
type Directive<'a> = (&'a [u8], Option<Cow<'a, [u8]>>);

/// Takes the next directive off a line: its name and its argument without quotes. An argument whose quote is never
/// closed ends at the next comma, so that it cannot hide the directives after it.
fn next_directive<'a>(rest: &mut &'a [u8]) -> Option<Directive<'a>> {
    let start = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b','))?;
    let line = &rest[start..];
    let name_end = line.iter().position(|b| matches!(b, b'=' | b',')).unwrap_or(line.len());
    let name = line[..name_end].trim_ascii_end();
    let after = &line[name_end..];
    if after.first() != Some(&b'=') {
        *rest = after;
        return Some((name, None));
    }
    let value = &after[1..];
    let spaced = name.len() < name_end || matches!(value.first(), Some(b' ' | b'\t'));
    if let Some((text, tail)) = value.strip_prefix(b"\"").and_then(quoted) {
        let comma = memchr::memchr(b',', tail).unwrap_or(tail.len());
        *rest = &tail[comma..];
        // Octets after the closing quote, or spaces at the `=`: the argument as a whole cannot be read.
        let readable = !spaced && tail[..comma].trim_ascii().is_empty();
        return Some((name, Some(if readable { text } else { UNREADABLE.into() })));
    }
    let comma = memchr::memchr(b',', value).unwrap_or(value.len());
    *rest = &value[comma..];
    Some((name, Some(if spaced { UNREADABLE } else { value[..comma].trim_ascii_end() }.into())))
}

/// What a quoted string says, and what follows it. `value` begins after the opening quote.
fn quoted(value: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let plain = memchr::memchr2(b'"', b'\\', value)?;
    if value[plain] == b'"' {
        return Some((value[..plain].into(), &value[plain + 1..]));
    }
    let mut text = value[..plain].to_vec();
    let mut i = plain;
    while let Some(&b) = value.get(i) {
        match b {
            b'"' => return Some((text.into(), &value[i + 1..])),
            b'\\' => {
                text.push(*value.get(i + 1)?);
                i += 2;
            }
            b => {
                text.push(b);
                i += 1;
            }
        }
    }
    None
}

/// Stands for an argument that breaks the grammar: neither digits nor a field name.
const UNREADABLE: &[u8] = b"\"";
/// The length of the longest name that [`CacheControl`] knows: `stale-while-revalidate`.
const LONGEST: usize = 22;
/// Most field names kept for one qualified directive; more than this and the whole response is meant.
const MAX_NAMES: usize = 64;

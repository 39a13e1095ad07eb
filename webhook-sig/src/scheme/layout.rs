//! A scheme as data: which headers, which bytes are signed, how the signature is written.

use core::time::Duration;

use super::Encoding;
use crate::Limits;

/// A scheme as data. The providers' are [`Scheme`](super::Scheme) and its like; one that is not among them is a constant of
/// your program, and is used as they are:
///
/// ```
/// use webhook_sig::{Encoding, KeyRing, Layout, Part, Scheme, Secret, TimeIn, UnixMillis};
///
/// /// `Paddle-Signature: ts=SECONDS;h1=HEX`, over `SECONDS:body`, not older than 5 s.
/// static PADDLE: Layout = Layout::new("paddle-signature", Encoding::Hex)
///     .label("h1=")
///     .list(b';')
///     .before(&[Part::Time, Part::Text(":")])
///     .time(TimeIn::Element("ts="))
///     .tolerance(core::time::Duration::from_secs(5));
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("pdl_ntfset_1")?)?;
/// let now = UnixMillis::from_secs(1_671_552_777);
/// let scheme = Scheme::Custom(&PADDLE);
/// let headers = ring.signer(scheme).sign("", now, b"{}")?;
/// assert!(headers.iter().next().unwrap().1.starts_with("ts=1671552777;h1="));
/// assert!(ring.scheme(scheme).verify(&headers, b"{}", now).is_ok());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// The body is always signed. A part that names an id, a time or a URL makes it needed: a request without it is refused.
/// Header names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    pub(crate) signature: &'static str,
    pub(crate) encoding: Encoding,
    pub(crate) separator: u8,
    pub(crate) list: bool,
    pub(crate) label: &'static str,
    pub(crate) id: Option<&'static str>,
    pub(crate) time: Option<TimeIn>,
    pub(crate) unit: TimeUnit,
    pub(crate) before: &'static [Part],
    pub(crate) after: &'static [Part],
    pub(crate) signs_id: bool,
    pub(crate) signs_time: bool,
    pub(crate) content: Content,
    pub(crate) max_body: usize,
    pub(crate) tolerance: Duration,
    pub(crate) max_signatures: usize,
}

/// A piece of what is signed beside the body.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// This very text.
    Text(&'static str),
    /// The event's id, as in its header ([`Layout::id`]).
    Id,
    /// The time, as sent ([`Layout::time`]).
    Time,
    /// The URL that the request was sent to, as the receiver knows it ([`Verifier::with_url`](crate::Verifier::with_url)).
    Url,
}

/// Where the signed time is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeIn {
    /// A header of its own.
    Header(&'static str),
    /// An element of the signature header that begins with this.
    Element(&'static str),
    /// A member of the body, which is a JSON object; a whole number. It is read when the body is verified.
    Json(&'static str),
}

/// What a signed time counts since 1970.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
}

/// In what form the body is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    /// Byte for byte as it arrives.
    Bytes,
    /// As Twilio signs it ([`twilio`](super::twilio)): needed in full.
    Twilio,
}

impl Layout {
    /// A body that is signed as it is, with one signature in the header `signature`: for example
    /// `x-signature: HEX`.
    #[must_use]
    pub const fn new(signature: &'static str, encoding: Encoding) -> Self {
        Self {
            signature,
            encoding,
            separator: b',',
            list: false,
            label: "",
            id: None,
            time: None,
            unit: TimeUnit::Seconds,
            before: &[],
            after: &[],
            signs_id: false,
            signs_time: false,
            content: Content::Bytes,
            max_body: Limits::DEFAULT.max_body,
            tolerance: Limits::DEFAULT.tolerance_past,
            max_signatures: Limits::DEFAULT.max_signatures,
        }
    }

    /// What stands in front of a signature: `sha256=`, `v1,`. Signatures with another label are skipped.
    #[must_use]
    pub const fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    /// The header is a list with `separator` between its elements, and a sender with several active keys signs by
    /// each. Without this the first key signs, and the separator of lines that were joined is a comma.
    #[must_use]
    pub const fn list(mut self, separator: u8) -> Self {
        self.separator = separator;
        self.list = true;
        self
    }

    /// The header that holds the id. Without a [`Part::Id`] it is not signed: then it has to be an id, and tells nothing of the event
    /// ([`Verified::id`](crate::Verified::id) is `None`).
    #[must_use]
    pub const fn id(mut self, header: &'static str) -> Self {
        self.id = Some(header);
        self
    }

    /// Where the time is, in seconds. In a header and without a [`Part::Time`] it is not signed: then it has to be near the present, and is
    /// not told ([`Verified::at`](crate::Verified::at) is `None`).
    #[must_use]
    pub const fn time(mut self, time: TimeIn) -> Self {
        self.time = Some(time);
        self
    }

    /// What the time counts.
    #[must_use]
    pub const fn unit(mut self, unit: TimeUnit) -> Self {
        self.unit = unit;
        self
    }

    /// What is signed ahead of the body.
    #[must_use]
    pub const fn before(mut self, parts: &'static [Part]) -> Self {
        self.before = parts;
        self.noting(parts)
    }

    /// What is signed behind the body.
    #[must_use]
    pub const fn after(mut self, parts: &'static [Part]) -> Self {
        self.after = parts;
        self.noting(parts)
    }

    const fn noting(mut self, mut parts: &[Part]) -> Self {
        while let [part, rest @ ..] = parts {
            match part {
                Part::Id => self.signs_id = true,
                Part::Time => self.signs_time = true,
                Part::Text(_) | Part::Url => {}
            }
            parts = rest;
        }
        self
    }

    /// The default of [`Limits::max_body`] under this scheme; 1 MiB unless said otherwise.
    #[must_use]
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// The default of both tolerances ([`Limits::tolerance_past`]) under this scheme; 300 s unless said otherwise.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The default of [`Limits::max_signatures`] under this scheme; 16 unless said otherwise. Where each signature is
    /// computed with anew (ed25519), a body is hashed once for each of them and each active key.
    #[must_use]
    pub const fn max_signatures(mut self, count: usize) -> Self {
        self.max_signatures = count;
        self
    }

    pub(crate) const fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// The default limits of the scheme.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        let mut limits = Limits::DEFAULT;
        limits.max_body = self.max_body;
        limits.max_signatures = self.max_signatures;
        limits.tolerance_past = self.tolerance;
        limits.tolerance_future = self.tolerance;
        limits
    }

    /// Whether the receiver has to say its URL.
    pub(crate) fn needs_url(&self) -> bool {
        self.content == Content::Twilio || self.parts().any(|part| *part == Part::Url)
    }

    /// Whether nothing is needed of the body but its bytes in passing.
    #[inline]
    pub(crate) fn streams(&self) -> bool {
        self.content == Content::Bytes && !matches!(self.time, Some(TimeIn::Json(_)))
    }

    /// What is signed around the body.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'static Part> {
        self.before.iter().chain(self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Scheme, Schemes as _, Sha1Scheme};

    #[test]
    fn what_a_layout_signs_it_also_reads() {
        let layouts =
            Scheme::ALL.map(Scheme::layout).into_iter().chain(Sha1Scheme::ALL.map(Sha1Scheme::layout));
        for layout in layouts {
            for part in layout.parts() {
                match part {
                    Part::Id => assert!(layout.id.is_some(), "{layout:?}"),
                    Part::Time => assert!(layout.time.is_some(), "{layout:?}"),
                    Part::Text(_) | Part::Url => {}
                }
            }
            assert_eq!(layout.signature, layout.signature.to_lowercase());
        }
    }
}

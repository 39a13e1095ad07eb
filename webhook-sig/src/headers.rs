//! Where header fields are read from.

/// The header fields of a request: `http::HeaderMap` (feature `http`), or any slice, array or `Vec` of
/// name and value pairs.
///
/// ```
/// use webhook_sig::HeaderSource as _;
///
/// let headers = [("Webhook-Id", "msg_1"), ("webhook-signature", "v1,…")];
/// assert_eq!(headers.values("webhook-id").next(), Some(&b"msg_1"[..]));
/// ```
pub trait HeaderSource {
    /// Every field line, as name and value. Lines of one name come in the order received. Must not allocate.
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])>;

    /// The value of each field line called `name`, in the order received. `name` is in lower case;
    /// the comparison ignores the case of the field's name (RFC 9110 §5.1). Must not allocate.
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.fields().filter(move |(given, _)| is_called(given, name)).map(|(_, value)| value)
    }
}

/// Whether a field line has this name.
#[inline]
pub(crate) fn is_called(given: &str, name: &str) -> bool {
    Name::new(name).is(given)
}

/// A name to look for among many: length and last letter settle nearly every comparison.
#[derive(Clone, Copy)]
pub(crate) struct Name<'n> {
    name: &'n str,
    last: u8,
}

impl<'n> Name<'n> {
    #[inline]
    pub(crate) const fn new(name: &'n str) -> Self {
        let last = match name.as_bytes() {
            [.., last] => *last | 0x20,
            [] => 0,
        };
        Self { name, last }
    }

    /// The bit of its length ([`length_bit`]).
    #[inline]
    pub(crate) const fn length_bit(self) -> u64 {
        length_bit(self.name)
    }

    /// Whether a field line has it.
    #[inline(always)]
    pub(crate) fn is(self, given: &str) -> bool {
        given.len() == self.name.len()
            && given.as_bytes().last().is_none_or(|last| last | 0x20 == self.last)
            && (same(given.as_bytes(), self.name.as_bytes()) || given.eq_ignore_ascii_case(self.name))
    }
}

/// Whether two names of one length are the same, a word at a time: nearly all have some words, and less than a call is worth.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    let difference = |a: &[u8; 8], b: &[u8; 8]| u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b);
    match (a.last_chunk(), b.last_chunk()) {
        (Some(a_end), Some(b_end)) => {
            let words = a.as_chunks().0.iter().zip(b.as_chunks().0);
            words.fold(difference(a_end, b_end), |sum, (a, b)| sum | difference(a, b)) == 0
        }
        _ => a == b,
    }
}

/// One bit for the length of a name, so that one look tells that a name is none of several.
#[inline]
pub(crate) const fn length_bit(name: &str) -> u64 {
    1 << (name.len() % 64)
}

impl<H: HeaderSource + ?Sized> HeaderSource for &H {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        (**self).fields()
    }

    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        (**self).values(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderSource for [(N, V)] {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const COUNT: usize> HeaderSource for [(N, V); COUNT] {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.as_slice().fields()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderSource for alloc::vec::Vec<(N, V)> {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.as_slice().fields()
    }
}

#[cfg(feature = "http")]
impl HeaderSource for http::HeaderMap {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        // To hash a name takes as long as to go past some dozens of fields.
        let few = self.len() <= 64;
        let wanted = Name::new(name);
        let passed = few.then(|| self.iter().filter(move |(given, _)| wanted.is(given.as_str())));
        let found = (!few).then(|| self.get_all(name).iter());
        let passed = passed.into_iter().flatten().map(|(_, value)| value);
        passed.chain(found.into_iter().flatten()).map(http::HeaderValue::as_bytes)
    }
}

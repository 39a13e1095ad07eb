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
    /// The value of each field line called `name`, in the order received. `name` is in lower case;
    /// the comparison ignores the case of the field's name (RFC 9110 §5.1). Must not allocate.
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]>;
}

impl<H: HeaderSource + ?Sized> HeaderSource for &H {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        (**self).values(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderSource for [(N, V)] {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.iter()
            .filter(move |(given, _)| given.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const COUNT: usize> HeaderSource for [(N, V); COUNT] {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.as_slice().values(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderSource for alloc::vec::Vec<(N, V)> {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.as_slice().values(name)
    }
}

#[cfg(feature = "http")]
impl HeaderSource for http::HeaderMap {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }
}

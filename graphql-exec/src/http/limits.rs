//! What one HTTP request may bring.

/// The bounds of a request. What its document may hold is bounded by [`Limits`](crate::Limits).
///
/// ```
/// use graphql_exec::http::HttpLimits;
/// let mut limits = HttpLimits::default();
/// limits.max_body = 64 * 1024;
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// The body of a POST; default 1 MiB. Stops a client that fills the memory before anything can be parsed.
    pub max_body: usize,
    /// The query component of a GET; default 16 KiB, more than most servers take. Stops decoding of endless escapes.
    pub max_query: usize,
    /// Ranges in the `Accept` fields, in number; default 32. Stops a header that costs more to read than the request.
    pub max_accept_ranges: usize,
}

impl HttpLimits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self { max_body: 1 << 20, max_query: 16 << 10, max_accept_ranges: 32 };
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

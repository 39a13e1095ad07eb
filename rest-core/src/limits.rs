//! Every bound of the crate, its default, and the attack that it stops.

/// Bounds on what a peer may send.
///
/// Lengths are in bytes unless the name says otherwise. Change one by assignment:
///
/// ```
/// let mut limits = rest_core::Limits::default();
/// limits.max_body = 64 * 1024;
/// assert_eq!(limits.max_tags, 256);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest value of one header field, all its lines together. Default 16,384.
    /// Stops a field that costs more to parse than to send.
    pub max_field: usize,
    /// Most entity tags read from one If-Match or If-None-Match field, a count. Default 256.
    /// Stops a list that makes each conditional request a long scan.
    pub max_tags: usize,
    /// Most media ranges in one Accept field, a count. Default 64.
    /// Stops the product of ranges and offers from growing.
    pub max_accept_ranges: usize,
    /// Most parameters of one media type, a count. Default 16.
    /// Stops a Content-Type that is kept for long from holding much memory.
    pub max_media_type_params: usize,
    /// Most directives in one Cache-Control field, a count; field names listed by `no-cache` and `private` count
    /// too. Default 64. Stops extension directives from filling memory, since unknown ones are kept.
    pub max_directives: usize,
    /// Longest request body that is collected. Default 1,048,576 (1 MiB).
    /// Stops a body from filling memory; longer is 413.
    pub max_body: usize,
    /// Deepest nesting of a JSON Merge Patch, a count of objects. Default 128.
    /// Stops a patch from exhausting the stack.
    pub max_json_depth: usize,
    /// Longest request path that is routed. Default 8,192.
    /// Stops long paths from being normalised and decoded; longer is 414.
    pub max_path: usize,
}

impl Limits {
    /// The defaults that each field's documentation gives.
    pub const DEFAULT: Limits = Limits {
        max_field: 16 * 1024,
        max_tags: 256,
        max_accept_ranges: 64,
        max_media_type_params: 16,
        max_directives: 64,
        max_body: 1024 * 1024,
        max_json_depth: 128,
        max_path: 8 * 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

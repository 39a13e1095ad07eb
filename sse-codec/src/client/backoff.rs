//! How long to wait before the next attempt.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

use super::ClientLimits;
use crate::draw::Draw;

/// Exponential backoff with spread.
///
/// The wait is drawn between the base and the grown delay, so it is spread from the first attempt on and never shorter
/// than the reconnection time. A `retry` field of the server replaces the base. A stream that carried one and then ended
/// in good order was ended by a server that wants to be polled (MCP's SEP-1699): it counts as healthy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Backoff {
    /// The reconnection time until the server sets another. Default 1 s.
    pub base: Duration,
    /// What the delay grows by with each attempt. Default 2.
    pub factor: u32,
    /// The most it grows to; a larger base raises it to itself. Default 30 s.
    pub max: Duration,
    /// A connection that was open for this long makes the delay start anew. Default 60 s.
    pub healthy: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            factor: 2,
            max: Duration::from_secs(30),
            healthy: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// The wait before attempt number `attempt` in a row (the first reconnection is 1).
    pub(super) fn wait(
        &self,
        attempt: u32,
        server: Option<Duration>,
        limits: &ClientLimits,
        draw: &mut Draw,
    ) -> Duration {
        let base = server.map_or(self.base, |retry| retry.min(limits.max_retry)).max(limits.min_retry);
        let grown = base.saturating_mul(self.factor.saturating_pow(attempt)).min(self.max.max(base));
        draw.between(base, grown)
    }
}

/// The wait that `Retry-After` asks for (RFC 9110 §10.2.3): seconds, or a date, which is read against the response's own
/// `Date`, since the machine knows no calendar.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = |text: &str| -> Option<SystemTime> { httpdate::parse_http_date(text).ok() };
    let sent = date(headers.get(header::DATE)?.to_str().ok()?)?;
    Some(date(value)?.duration_since(sent).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(backoff: &Backoff, attempt: u32, server: Option<u64>) -> (Duration, Duration) {
        let mut draw = Draw::new(1);
        let limits = ClientLimits::DEFAULT;
        let mut wait = || backoff.wait(attempt, server.map(Duration::from_millis), &limits, &mut draw);
        let drawn: Vec<_> = (0..500).map(|_| wait()).collect();
        (drawn.iter().min().copied().unwrap_or_default(), drawn.iter().max().copied().unwrap_or_default())
    }

    fn is_near(found: Duration, wanted: u64) -> bool {
        found.abs_diff(Duration::from_millis(wanted)) <= Duration::from_millis(wanted / 20 + 1)
    }

    #[test]
    fn grows_by_two_from_one_second_to_thirty() {
        for (attempt, most) in
            [(1, 2_000), (2, 4_000), (3, 8_000), (4, 16_000), (5, 30_000), (u32::MAX, 30_000)]
        {
            let (low, high) = waits(&Backoff::default(), attempt, None);
            assert!(low >= Duration::from_secs(1) && high <= Duration::from_millis(most));
            assert!(is_near(low, 1_000) || low < Duration::from_millis(1_300), "{attempt}: {low:?}");
            assert!(is_near(high, most), "{attempt}: {high:?}");
        }
    }

    #[test]
    fn the_server_sets_the_base_within_bounds() {
        assert_eq!(waits(&Backoff::default(), 1, Some(0)).0.as_millis() / 10, 10, "100 ms at least");
        let (low, high) = waits(&Backoff::default(), 9, Some(120_000));
        assert_eq!(
            (low, high),
            (Duration::from_secs(120), Duration::from_secs(120)),
            "above the maximum: itself"
        );
        let hour = Duration::from_secs(3600);
        assert_eq!(waits(&Backoff::default(), 9, Some(u64::MAX)), (hour, hour));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_against_the_date() {
        let parse = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, http::HeaderValue::from_static(value));
            }
            retry_after(&headers)
        };
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse(&[("retry-after", "120")]), Some(Duration::from_secs(120)));
        assert_eq!(parse(&[("retry-after", "99999999999999999999999")]), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(
            parse(&[date, ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")]),
            Some(Duration::from_secs(60))
        );
        assert_eq!(parse(&[date, ("retry-after", "Sun, 06 Nov 1994 08:40:37 GMT")]), Some(Duration::ZERO));
        for bad in ["-1", "+1", "", "soon", "Sun, 06 Nov 1994 08:50:37 GMT"] {
            assert_eq!(parse(&[("retry-after", bad)]), None, "{bad}");
        }
    }
}

//! `Retry-After` (RFC 9110 §10.2.3), without a clock.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// How long the answer asks a client to wait. A date is counted from the answer's own `Date`, so the two clocks need not agree. `None` where
/// there is no such header, or it cannot be read.
///
/// ```
/// use std::time::Duration;
/// use http::HeaderMap;
/// use ws_frame::reconnect::retry_after;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", "120".parse()?);
/// assert_eq!(retry_after(&headers), Some(Duration::from_secs(120)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than fit are as good as the most that do.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = imf_fixdate(value)?;
    let from = imf_fixdate(headers.get(DATE)?.to_str().ok()?.trim())?;
    Some(Duration::from_secs(until.saturating_sub(from)))
}

/// Seconds from the beginning of the year 0 to an `IMF-fixdate` (RFC 9110 §5.6.7), `Sun, 06 Nov 1994 08:49:37 GMT`.
fn imf_fixdate(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day_name, rest) = date.split_once(", ")?;
    let mut parts = rest.split(' ');
    let number = |text: &str, digits: usize| -> Option<u64> {
        (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let day = number(parts.next()?, 2).filter(|day| (1..=31).contains(day))?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64;
    let year = number(parts.next()?, 4)?;
    let mut time = parts.next()?.split(':');
    let hour = number(time.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(time.next()?, 2).filter(|minute| *minute < 60)?;
    let second = number(time.next()?, 2).filter(|second| *second <= 60)?;
    if day_name.len() != 3 || time.next().is_some() || parts.next() != Some("GMT") || parts.next().is_some() {
        return None;
    }
    // Years are counted from March, so that a leap day is the last of its year.
    let (year, month) = if month < 2 { (year.checked_sub(1)?, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_apart_by_seconds_across_leap_days_months_and_years() {
        let seconds = |from: &str, to: &str| imf_fixdate(to).unwrap() - imf_fixdate(from).unwrap();
        // RFC 9110 §5.6.7's example, and the beginning of Unix time before it.
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"), 784_111_777);
        assert_eq!(seconds("Wed, 28 Feb 2024 23:59:59 GMT", "Fri, 01 Mar 2024 00:00:00 GMT"), 86_401);
        assert_eq!(seconds("Tue, 28 Feb 2023 23:59:59 GMT", "Wed, 01 Mar 2023 00:00:00 GMT"), 1);
        assert_eq!(seconds("Sun, 31 Dec 2023 23:59:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT"), 60);
        for bad in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 01 Jan 0000 00:00:00 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
        ] {
            assert_eq!(imf_fixdate(bad), None, "{bad}");
        }
    }
}

//! `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP-date in any of its three forms (RFC 9110 §5.6.7).

use crate::UnixMillis;
use core::time::Duration;

/// When a server asks to be tried again.
///
/// ```
/// use std::time::Duration;
/// use webhook_sig::UnixMillis;
/// use webhook_sig::delivery::RetryAfter;
///
/// let now = UnixMillis::from_secs(784_111_717); // 1994-11-06 08:48:37
/// let delay = |value: &str| RetryAfter::parse(value, now).map(|after| after.delay(now).as_secs());
/// assert_eq!(delay("120"), Some(120));
/// assert_eq!(delay("Sun, 06 Nov 1994 08:49:37 GMT"), Some(60));
/// assert_eq!(delay("Sunday, 06-Nov-94 08:49:37 GMT"), Some(60));
/// assert_eq!(delay("Sun Nov  6 08:49:37 1994"), Some(60));
/// assert_eq!(delay("1e300"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this long. Numbers beyond 64 bits count as the largest.
    Delay(Duration),
    /// At this time.
    At(UnixMillis),
}

impl RetryAfter {
    /// Reads the field's value; none where it is neither form. `now` serves to complete the two-digit year of the oldest form. Spaces around it
    /// are not part of a field value (RFC 9110 §5.5) and are not expected.
    #[must_use]
    pub fn parse(value: &str, now: UnixMillis) -> Option<Self> {
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = value
                .bytes()
                .fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
            return Some(Self::Delay(Duration::from_secs(seconds)));
        }
        http_date(value.as_bytes(), now).map(Self::At)
    }

    /// How long to wait from now; nothing for a time that has passed.
    #[must_use]
    pub fn delay(self, now: UnixMillis) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::At(at) => at.saturating_since(now),
        }
    }
}

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const DAY_ENDS: [&[u8]; 7] = [b"day", b"sday", b"nesday", b"rsday", b"day", b"urday", b"day"];

/// Days, times and names are case-sensitive (RFC 9110 §5.6.7). The day of the week must be one, but is not checked against the date.
fn http_date(value: &[u8], now: UnixMillis) -> Option<UnixMillis> {
    let (day, rest) = value.split_at_checked(3)?;
    let weekday = DAYS.iter().position(|name| *name == day)?;
    if let Some(rest) = rest.strip_prefix(b", ") {
        // IMF-fixdate: `06 Nov 1994 08:49:37 GMT`
        let [d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', time @ .., b' ', b'G', b'M', b'T'] = rest
        else {
            return None;
        };
        return unix(digits(&[*y1, *y2, *y3, *y4])?, month(&[*m1, *m2, *m3])?, digits(&[*d1, *d2])?, time);
    }
    if let Some(rest) = rest.strip_prefix(b" ") {
        // asctime: `Nov  6 08:49:37 1994`
        let [m1, m2, m3, b' ', d1, d2, b' ', time @ .., b' ', y1, y2, y3, y4] = rest else { return None };
        let day = if *d1 == b' ' { digits(&[*d2])? } else { digits(&[*d1, *d2])? };
        return unix(digits(&[*y1, *y2, *y3, *y4])?, month(&[*m1, *m2, *m3])?, day, time);
    }
    // rfc850: `Sunday, 06-Nov-94 08:49:37 GMT`
    let rest = rest.strip_prefix(*DAY_ENDS.get(weekday)?)?.strip_prefix(b", ")?;
    let [d1, d2, b'-', m1, m2, m3, b'-', y1, y2, b' ', time @ .., b' ', b'G', b'M', b'T'] = rest else {
        return None;
    };
    let (month, day, short_year) = (month(&[*m1, *m2, *m3])?, digits(&[*d1, *d2])?, digits(&[*y1, *y2])?);
    // A date that seems more than 50 years ahead is the latest past year with the same two digits (RFC 9110 §5.6.7).
    let fifty_years = i64::from(50_u32) * 31_556_952_000;
    let horizon = i64::try_from(now.as_millis()).ok()?.checked_add(fifty_years)?;
    let mut latest = None;
    for century in 19..=99 {
        let date = unix(century * 100 + short_year, month, day, time);
        match date {
            Some(date) if i64::try_from(date.as_millis()).ok()? <= horizon => latest = Some(date),
            // The 29th of February exists in some centuries only.
            _ => continue,
        }
    }
    latest
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

fn month(name: &[u8]) -> Option<u32> {
    MONTHS.iter().position(|month| *month == name).and_then(|at| u32::try_from(at + 1).ok())
}

/// `08:49:37` on a day of the proleptic Gregorian calendar. A leap second (`:60`) counts as the second after.
fn unix(year: u32, month: u32, day: u32, time: &[u8]) -> Option<UnixMillis> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let (hour, minute, second) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    // Nothing before 1970 can be told in this time type, nor is it a time to wait for.
    if year < 1970 || day == 0 || day > length || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since 1970-01-01, years counted from March so that the leap day comes last.
    let (year, month) = (u64::from(year), u64::from(month));
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + u64::from(day)
        - 1
        - 719_468;
    let seconds = days * 86_400 + u64::from(hour) * 3600 + u64::from(minute) * 60 + u64::from(second);
    Some(UnixMillis::from_secs(seconds))
}

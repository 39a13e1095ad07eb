//! HTTP-date: three formats in, one out (RFC 9110 §5.6.7).

use crate::error::InvalidField;
use core::fmt;
use http::HeaderValue;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment with a resolution of one second, as Date, Last-Modified, If-Modified-Since and Expires carry it.
///
/// Years 0000 to 9999. Two dates compare as moments, however they were written. A leap second (`23:59:60`) is the
/// moment after it.
///
/// ```
/// use rest_core::field::HttpDate;
/// let now = HttpDate::from_unix(1_790_000_000);
/// let date = HttpDate::parse("Sunday, 06-Nov-94 08:49:37 GMT", now)?;
/// assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(date.unix(), 784_111_777);
/// # Ok::<(), rest_core::error::InvalidField>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate(i64);

impl HttpDate {
    /// The date of a number of seconds since 1970-01-01T00:00:00Z, brought into the years 0000 to 9999.
    pub const fn from_unix(seconds: i64) -> HttpDate {
        if seconds < MIN {
            HttpDate(MIN)
        } else if seconds > MAX {
            HttpDate(MAX)
        } else {
            HttpDate(seconds)
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z; negative before it.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Reads any of the three formats, in bytes as they came.
    ///
    /// `now` decides the century of a two-digit year: a date more than 50 years ahead of `now` is in the past
    /// (RFC 9110 §5.6.7). The name of the day has to be right: a date that contradicts itself is not a date.
    ///
    /// # Errors
    /// [`InvalidField`] when `value` is none of the three formats.
    pub fn parse(value: impl AsRef<[u8]>, now: HttpDate) -> Result<HttpDate, InvalidField> {
        let value = value.as_ref();
        let read = match value.get(3) {
            Some(b',') => imf_fixdate(value),
            Some(b' ') => asctime(value),
            _ => rfc850(value, now),
        };
        read.ok_or(InvalidField { what: "HTTP-date", offset: 0 })
    }

    /// The same as a field value, in the only format that may be sent (IMF-fixdate).
    pub fn to_header_value(self) -> HeaderValue {
        HeaderValue::from_bytes(&self.imf()).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn imf(self) -> [u8; 29] {
        let (days, second) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let mut out = *b"   , 00     0000 00:00:00 GMT";
        out[..3].copy_from_slice(&WEEKDAYS[weekday(days)].as_bytes()[..3]);
        digits(&mut out[5..7], day);
        out[8..11].copy_from_slice(MONTHS[(month - 1) as usize]);
        digits(&mut out[12..16], year);
        digits(&mut out[17..19], second / 3600);
        digits(&mut out[20..22], second / 60 % 60);
        digits(&mut out[23..25], second % 60);
        out
    }
}

impl From<SystemTime> for HttpDate {
    /// Drops the fraction of a second: a validator must never be later than the change it stands for.
    fn from(time: SystemTime) -> Self {
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                -whole - i64::from(before.subsec_nanos() > 0)
            }
        };
        HttpDate::from_unix(seconds)
    }
}

impl From<HttpDate> for SystemTime {
    fn from(date: HttpDate) -> Self {
        let distance = Duration::from_secs(date.0.unsigned_abs());
        let time =
            if date.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        time.unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for HttpDate {
    /// IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.imf().iter().try_for_each(|&b| fmt::Write::write_char(f, char::from(b)))
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(v: &[u8]) -> Option<HttpDate> {
    let spaces = v.len() == 29 && [4, 7, 11, 16].iter().all(|&i| v[i] == b' ');
    if !spaces || &v[25..] != b" GMT" {
        return None;
    }
    let (year, month, day) = (number(&v[12..16])?, month(&v[8..11])?, number(&v[5..7])?);
    moment(year, month, day, clock(&v[17..25])?, |name| name.as_bytes()[..3] == v[..3])
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(v: &[u8], now: HttpDate) -> Option<HttpDate> {
    let comma = v.iter().take(10).position(|&b| b == b',')?;
    let (name, v) = v.split_at(comma);
    let shape =
        v.len() == 24 && v[1] == b' ' && v[4] == b'-' && v[8] == b'-' && v[11] == b' ' && &v[20..] == b" GMT";
    if !shape {
        return None;
    }
    let (month, day, second) = (month(&v[5..8])?, number(&v[2..4])?, clock(&v[12..20])?);
    // The latest year with these two digits that is not more than 50 years ahead, to the second.
    let (this_year, this_month, this_day) = civil(now.0.div_euclid(DAY));
    let mut year = this_year - this_year.rem_euclid(100) + 100 + number(&v[9..11])?;
    let later_in_year = (month, day, second) > (this_month, this_day, now.0.rem_euclid(DAY));
    while year - this_year > 50 || (year - this_year == 50 && later_in_year) || year > 9999 {
        year -= 100;
    }
    moment(year, month, day, second, |full| full.as_bytes() == name)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(v: &[u8]) -> Option<HttpDate> {
    let shape = v.len() == 24 && v[7] == b' ' && v[10] == b' ' && v[19] == b' ';
    if !shape {
        return None;
    }
    let day = if v[8] == b' ' { number(&v[9..10])? } else { number(&v[8..10])? };
    moment(number(&v[20..24])?, month(&v[4..7])?, day, clock(&v[11..19])?, |name| {
        name.as_bytes()[..3] == v[..3]
    })
}

/// The second of the day of `08:49:37`. A leap second is only ever the last of a day.
fn clock(v: &[u8]) -> Option<i64> {
    let (h, m, s) = (number(&v[..2])?, number(&v[3..5])?, number(&v[6..8])?);
    let real = h < 24 && m < 60 && (s < 60 || (h, m, s) == (23, 59, 60));
    (real && v[2] == b':' && v[5] == b':').then_some(h * 3600 + m * 60 + s)
}

fn moment(year: i64, month: i64, day: i64, second: i64, named: impl Fn(&str) -> bool) -> Option<HttpDate> {
    let days = days_from_civil(year, month, day);
    // A day that does not exist, such as 31 February, comes back as another one.
    let real = civil(days) == (year, month, day) && named(WEEKDAYS[weekday(days)]);
    let seconds = days * DAY + second;
    (real && (MIN..=MAX).contains(&seconds)).then_some(HttpDate(seconds))
}

fn month(v: &[u8]) -> Option<i64> {
    MONTHS.iter().position(|m| m.as_slice() == v).map(|i| i as i64 + 1)
}

fn number(v: &[u8]) -> Option<i64> {
    v.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

fn digits(out: &mut [u8], mut n: i64) {
    for slot in out.iter_mut().rev() {
        *slot = b'0' + (n.rem_euclid(10)) as u8;
        n /= 10;
    }
}

fn weekday(days: i64) -> usize {
    // 1970-01-01 was a Thursday.
    (days + 4).rem_euclid(7) as usize
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted from 1 March so that the leap day
/// is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let year_of_era = y.rem_euclid(400);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let doe = days.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let shifted = (5 * doy + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * shifted + 2) / 5 + 1)
}

const DAY: i64 = 86_400;
/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what four digits of a year can say.
const MIN: i64 = -62_167_219_200;
const MAX: i64 = 253_402_300_799;
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

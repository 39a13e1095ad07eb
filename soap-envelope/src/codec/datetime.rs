//! `xsd:dateTime`.

use core::fmt;

/// A point in time as XML Schema writes it, with its zone if it has one (Part 2 §3.2.7).
///
/// ```
/// use soap_envelope::codec::{DateTime, Simple};
///
/// let moment = DateTime::parse("2026-11-24T12:39:34.5+01:00")?;
/// assert_eq!(moment.unix_millis(), Some(1_795_520_374_500));
/// assert_eq!(DateTime::from_unix_millis(1_795_520_374_500).to_string(), "2026-11-24T11:39:34.5Z");
/// assert_eq!(DateTime::parse("2026-11-24T12:39:34")?.unix_millis(), None);
/// # Ok::<(), soap_envelope::codec::LexicalError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    year: i64,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanos: u32,
    zone: Option<i16>,
}

impl DateTime {
    /// The moment of a Unix time, in UTC.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        let (days, in_day) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let part = |unit: i64, of: i64| u8::try_from(in_day / unit % of).unwrap_or(0);
        let nanos = u32::try_from(in_day % 1000).unwrap_or(0) * 1_000_000;
        DateTime {
            year,
            month,
            day,
            hour: part(3_600_000, 24),
            minute: part(60_000, 60),
            second: part(1000, 60),
            nanos,
            zone: Some(0),
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, what is finer cut off; `None` without a zone, for then it is no certain moment.
    #[must_use]
    pub fn unix_millis(&self) -> Option<i64> {
        let zone = i64::from(self.zone?);
        let minutes =
            days(self.year, self.month, self.day) * 1440 + i64::from(self.hour) * 60 + i64::from(self.minute)
                - zone;
        Some((minutes * 60 + i64::from(self.second)) * 1000 + i64::from(self.nanos / 1_000_000))
    }

    /// Year (before the common era negative, never zero), month and day.
    #[must_use]
    pub const fn date(&self) -> (i64, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// Hour, minute, second and nanoseconds.
    #[must_use]
    pub const fn time(&self) -> (u8, u8, u8, u32) {
        (self.hour, self.minute, self.second, self.nanos)
    }

    /// Minutes east of UTC; `None` without a zone.
    #[must_use]
    pub const fn zone(&self) -> Option<i16> {
        self.zone
    }

    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "it has to be a time such as 2026-11-24T12:00:00Z";
        let (is_before, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (year, rest) = rest.split_once('-').ok_or(SHAPE)?;
        if year.len() < 4 || (year.len() > 4 && year.starts_with('0')) || !is_digits(year) {
            return Err("the year has four digits, or more without a leading zero");
        }
        let year: i64 = year.parse().map_err(|_| OUT_OF_RANGE)?;
        if year == 0 || year > MAX_YEAR {
            return Err(OUT_OF_RANGE);
        }
        let year = if is_before { -year } else { year };
        let (date, time) = rest.split_once('T').ok_or(SHAPE)?;
        let (month, day) = date.split_once('-').ok_or(SHAPE)?;
        let (clock, zone) = match time.find(['Z', '+', '-']) {
            Some(at) => (time.get(..at).ok_or(SHAPE)?, time.get(at..)),
            None => (time, None),
        };
        let mut parts = clock.split(':');
        let mut next = || parts.next().ok_or(SHAPE);
        let (hour, minute, seconds) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(SHAPE);
        }
        let (second, fraction) = match seconds.split_once('.') {
            Some((_, "")) => return Err(SHAPE),
            Some((second, fraction)) => (second, fraction),
            None => (seconds, ""),
        };
        let two = |part: &str| {
            (part.len() == 2 && is_digits(part)).then(|| part.parse::<u8>().ok()).flatten().ok_or(SHAPE)
        };
        let mut moment = DateTime {
            year,
            month: two(month)?,
            day: two(day)?,
            hour: two(hour)?,
            minute: two(minute)?,
            second: two(second)?,
            nanos: nanos(fraction)?,
            zone: zone.map(read_zone).transpose()?,
        };
        let is_midnight = (moment.hour, moment.minute, moment.second, moment.nanos) == (24, 0, 0, 0);
        let in_range = (1..=12).contains(&moment.month)
            && (1..=days_in(moment.year, moment.month)).contains(&moment.day)
            && (moment.hour < 24 || is_midnight)
            && moment.minute < 60
            && moment.second < 60;
        if !in_range {
            return Err("a part of it is out of range");
        }
        if is_midnight {
            // The first moment of the next day (Part 2 §3.2.7.1).
            let (year, month, day) = civil(days(moment.year, moment.month, moment.day) + 1);
            moment = DateTime { year, month, day, hour: 0, ..moment };
        }
        Ok(moment)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        let DateTime { month, day, hour, minute, second, .. } = self;
        write!(
            f,
            "{sign}{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}",
            self.year.unsigned_abs()
        )?;
        if self.nanos > 0 {
            let digits = format!("{:09}", self.nanos);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        match self.zone {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(zone) => {
                let sign = if zone < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", zone.unsigned_abs() / 60, zone.unsigned_abs() % 60)
            }
        }
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn nanos(fraction: &str) -> Result<u32, &'static str> {
    let fine = fraction.get(9..).unwrap_or_default();
    if !is_digits(fraction) || !fine.bytes().all(|b| b == b'0') {
        return Err("the fraction of a second has up to nine digits");
    }
    Ok((0..9)
        .fold(0, |sum, at| sum * 10 + fraction.as_bytes().get(at).map_or(0, |digit| u32::from(digit - b'0'))))
}

fn read_zone(text: &str) -> Result<i16, &'static str> {
    const SHAPE: &str = "the zone has to be Z, or a sign with hours and minutes up to 14:00";
    if text == "Z" {
        return Ok(0);
    }
    let (sign, rest) = match text.split_at_checked(1).ok_or(SHAPE)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return Err(SHAPE),
    };
    let (hours, minutes) = rest.split_once(':').ok_or(SHAPE)?;
    if hours.len() != 2 || minutes.len() != 2 || !is_digits(hours) || !is_digits(minutes) {
        return Err(SHAPE);
    }
    let (hours, minutes) =
        (hours.parse::<i16>().map_err(|_| SHAPE)?, minutes.parse::<i16>().map_err(|_| SHAPE)?);
    let zone = hours * 60 + minutes;
    if minutes > 59 || zone > 14 * 60 { Err(SHAPE) } else { Ok(sign * zone) }
}

/// There is no year zero: the year before 1 is -1 (XML Schema 1.0 Part 2 §3.2.7).
const fn astronomical(year: i64) -> i64 {
    if year < 0 { year + 1 } else { year }
}

fn days_in(year: i64, month: u8) -> u8 {
    let year = astronomical(year);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, in eras of 400 years that begin on a 1 March.
fn days(year: i64, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let year = astronomical(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let small = |n: i64| u8::try_from(n).unwrap_or(0);
    (if year <= 0 { year - 1 } else { year }, small(month), small(day))
}

/// Milliseconds in a day.
const DAY: i64 = 86_400_000;
/// With it, milliseconds fit into 64 bits.
const MAX_YEAR: i64 = 200_000_000;
const OUT_OF_RANGE: &str = "the year is zero or too large";

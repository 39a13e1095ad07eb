//! Times as SNS and PayPal write them: RFC 3339 in UTC.

use crate::UnixMillis;

/// `YYYY-MM-DDTHH:MM:SS`, a fraction of 1 to 9 digits or none, and `Z`. No other offset, no leap second.
pub(crate) fn parse(text: &str) -> Option<UnixMillis> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_at_checked(19)?;
    let bytes: &[u8; 19] = whole.as_bytes().try_into().ok()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, separator)| bytes[*at] != *separator) {
        return None;
    }
    let number = |from: usize, to: usize| digits(whole.get(from..to)?);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let valid = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let millis = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        Some(fraction) if (1..=9).contains(&fraction.len()) => {
            let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
            digits(fraction)? * 1000 / scale
        }
        _ => return None,
    };
    let days = days_since_epoch(year, month, day)?;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    Some(UnixMillis::from_millis(seconds * 1000 + millis))
}

/// A time in the form that [`parse`] reads, with milliseconds: for signing as SNS and PayPal do.
pub(crate) fn write(at: UnixMillis) -> alloc::string::String {
    let (seconds, millis) = (at.as_secs(), at.as_millis() % 1000);
    // Beyond the year 9999 there is no such text; a time is never that far.
    let (mut days, of_day) = ((seconds / 86_400).min(2_932_896), seconds % 86_400);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    alloc::format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z", days + 1)
}

/// ASCII digits and nothing else, at most nine.
fn digits(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `None` before 1970.
fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap_years = |year: u64| year / 4 - year / 100 + year / 400;
    let years = year.checked_sub(1970)? * 365 + leap_years(year - 1) - leap_years(1969);
    Some(years + (1..month).map(|month| days_of(year, month)).sum::<u64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_providers_write() {
        let millis = |text| parse(text).map(UnixMillis::as_millis);
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("2016-02-18T20:01:35Z"), Some(1_455_825_695_000));
        assert_eq!(millis("2012-05-02T00:54:06.655Z"), Some(1_335_920_046_655));
        assert_eq!(millis("2024-02-29T23:59:59.9Z"), Some(1_709_251_199_900));
        assert_eq!(millis("9999-12-31T23:59:59.999999999Z"), Some(253_402_300_799_999));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "Z",
            "2016-02-18T20:01:35",
            "2016-02-18T20:01:35+00:00",
            "2016-02-18 20:01:35Z",
            "2016-02-30T20:01:35Z",
            "2023-02-29T00:00:00Z",
            "2016-13-01T00:00:00Z",
            "2016-00-01T00:00:00Z",
            "2016-02-18T24:00:00Z",
            "2016-02-18T20:60:00Z",
            "2016-02-18T20:01:60Z",
            "2016-02-18T20:01:35.Z",
            "2016-02-18T20:01:35.1234567890Z",
            "2016-02-18T20:01:35,5Z",
            "+016-02-18T20:01:35Z",
            "1969-12-31T23:59:59Z",
            "2016-02-18T20:01:3éZ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for days in (0..2_932_896).step_by(1009) {
            let at = UnixMillis::from_millis(days * 86_400_000 + 12_345_678);
            assert_eq!(parse(&write(at)), Some(at), "{at}");
        }
    }
}

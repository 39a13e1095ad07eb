//! The `grpc-timeout` header: `1*8DIGIT` and a unit (PROTOCOL-HTTP2, "Requests").

use core::fmt::Write as _;
use core::{error, fmt};
use std::time::Duration;

/// The greatest number that eight digits can say.
const MOST: u128 = 99_999_999;

/// Units from fine to coarse, with their nanoseconds.
const UNITS: [(u8, u128); 6] = [
    (b'n', 1),
    (b'u', 1_000),
    (b'm', 1_000_000),
    (b'S', 1_000_000_000),
    (b'M', 60_000_000_000),
    (b'H', 3_600_000_000_000),
];

/// A `grpc-timeout` that cannot be read.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutError {
    /// There is no digit before the unit.
    NoDigits,
    /// More than eight digits.
    TooManyDigits {
        /// How many.
        digits: usize,
    },
    /// Something else than a digit stands before the last byte.
    NotADigit {
        /// Where, in bytes.
        offset: usize,
    },
    /// The last byte is none of `H`, `M`, `S`, `m`, `u`, `n`.
    Unit,
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("grpc-timeout ")?;
        match self {
            Self::NoDigits => f.write_str("has no digits"),
            Self::TooManyDigits { digits } => {
                write!(f, "has {digits} digits, 8 are allowed; use a coarser unit")
            }
            Self::NotADigit { offset } => write!(f, "has no digit at byte {offset}"),
            Self::Unit => f.write_str("does not end in one of the units H, M, S, m, u, n"),
        }
    }
}

impl error::Error for TimeoutError {}

/// Reads a timeout. Nine digits are an error, not a guess.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(grpc_wire::timeout::parse(b"250m"), Ok(Duration::from_millis(250)));
/// ```
///
/// # Errors
/// A [`TimeoutError`] that says which part is wrong.
pub fn parse(value: &[u8]) -> Result<Duration, TimeoutError> {
    let Some((unit, digits)) = value.split_last() else { return Err(TimeoutError::NoDigits) };
    let Some((_, nanos)) = UNITS.iter().find(|(letter, _)| letter == unit) else {
        return Err(TimeoutError::Unit);
    };
    if digits.is_empty() {
        return Err(TimeoutError::NoDigits);
    }
    if let Some(offset) = digits.iter().position(|digit| !digit.is_ascii_digit()) {
        return Err(TimeoutError::NotADigit { offset });
    }
    if digits.len() > 8 {
        return Err(TimeoutError::TooManyDigits { digits: digits.len() });
    }
    let number = digits.iter().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    let total = u128::from(number) * nanos;
    let seconds = u64::try_from(total / 1_000_000_000).unwrap_or(u64::MAX);
    let rest = u32::try_from(total % 1_000_000_000).unwrap_or(0);
    Ok(Duration::new(seconds, rest))
}

/// The timeout in the finest unit in which eight digits hold it, rounded down: the peer must not wait longer than this side.
///
/// More than 99,999,999 hours are said as that.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(grpc_wire::timeout::format(Duration::from_millis(1500)), "1500000u");
/// ```
#[must_use]
pub fn format(timeout: Duration) -> String {
    let nanos = timeout.as_nanos();
    let (unit, number) = UNITS
        .iter()
        .map(|(unit, size)| (*unit, nanos / size))
        .find(|(_, number)| *number <= MOST)
        .unwrap_or((b'H', MOST));
    let mut text = String::with_capacity(9);
    // Writing to a string does not fail.
    let _ = write!(text, "{number}{}", char::from(unit));
    text
}

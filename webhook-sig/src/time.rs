//! Wall-clock time as plain data: the core reads no clock.

use core::fmt;
use core::time::Duration;

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z, never before it.
///
/// Signatures carry wall-clock time and delivery schedules outlive the process, so the crate takes
/// this type wherever others take a monotonic instant. With the feature `std` it converts from
/// `std::time::SystemTime`.
///
/// ```
/// use core::time::Duration;
/// use webhook_sig::UnixMillis;
///
/// let now = UnixMillis::from_secs(1_614_265_330);
/// assert_eq!(now.as_millis(), 1_614_265_330_000);
/// assert_eq!((now + Duration::from_secs(5)).saturating_since(now), Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// 1970-01-01T00:00:00Z, the earliest value.
    pub const EPOCH: Self = Self(0);
    /// The latest value, about 584 million years from now. Arithmetic saturates here.
    pub const MAX: Self = Self(u64::MAX);

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch; what does not fit becomes [`UnixMillis::MAX`].
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// This time moved later by `by` (whole milliseconds), or `None` if that does not fit.
    #[must_use]
    pub fn checked_add(self, by: Duration) -> Option<Self> {
        u64::try_from(by.as_millis()).ok().and_then(|by| self.0.checked_add(by)).map(Self)
    }

    /// This time moved later by `by` (whole milliseconds), at most [`UnixMillis::MAX`].
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        self.checked_add(by).unwrap_or(Self::MAX)
    }

    /// This time moved earlier by `by` (whole milliseconds), at least [`UnixMillis::EPOCH`].
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        Self(u64::try_from(by.as_millis()).map_or(0, |by| self.0.saturating_sub(by)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Saturates at [`UnixMillis::MAX`].
impl core::ops::Add<Duration> for UnixMillis {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        self.saturating_add(by)
    }
}

/// Milliseconds since the epoch, in decimal.
impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time before 1970 becomes [`UnixMillis::EPOCH`].
#[cfg(feature = "std")]
impl From<std::time::SystemTime> for UnixMillis {
    fn from(time: std::time::SystemTime) -> Self {
        time.duration_since(std::time::UNIX_EPOCH).map_or(Self::EPOCH, |since| Self::EPOCH + since)
    }
}

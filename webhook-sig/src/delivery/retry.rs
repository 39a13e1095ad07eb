//! When to try again: the schedule, the jitter, and the choice between them and a `Retry-After`.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// The waits before each attempt, as data: the first before the first attempt, and so on. As many attempts as waits, then the dead letters.
///
/// The default is immediately, 5 s, 30 s, 5 min, 30 min, 2 h: six attempts. Each wait counts from the end of the attempt before.
///
/// ```
/// use std::time::Duration;
/// use webhook_sig::delivery::Schedule;
/// assert_eq!(Schedule::default().attempts(), 6);
/// let twice = Schedule::new([Duration::ZERO, Duration::from_secs(60)])?;
/// assert_eq!(twice.delay(1), Some(Duration::from_secs(60)));
/// assert_eq!(twice.delay(2), None);
/// # Ok::<(), webhook_sig::delivery::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

/// Waits are no [`Schedule`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// No wait at all: nothing would ever be sent.
    Empty,
    /// More than [`Schedule::MAX_STEPS`] waits.
    TooManySteps,
    /// A wait longer than [`Schedule::MAX_STEP`].
    StepTooLong,
}

impl Schedule {
    /// The most waits.
    pub const MAX_STEPS: usize = 64;
    /// The longest wait: 30 days.
    pub const MAX_STEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// The schedule of these waits.
    ///
    /// # Errors
    /// [`ScheduleError`] for none, too many, or one too long.
    pub fn new(waits: impl IntoIterator<Item = Duration>) -> Result<Self, ScheduleError> {
        let waits: Vec<Duration> = waits.into_iter().take(Self::MAX_STEPS + 1).collect();
        if waits.is_empty() {
            Err(ScheduleError::Empty)
        } else if waits.len() > Self::MAX_STEPS {
            Err(ScheduleError::TooManySteps)
        } else if waits.iter().any(|wait| *wait > Self::MAX_STEP) {
            Err(ScheduleError::StepTooLong)
        } else {
            Ok(Self(waits))
        }
    }

    /// The wait before the attempt at this place, from 0; none behind the last.
    #[must_use]
    pub fn delay(&self, step: usize) -> Option<Duration> {
        self.0.get(step).copied()
    }

    /// How many attempts it allows.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.0.len()
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self([0, 5, 30, 5 * 60, 30 * 60, 2 * 60 * 60].map(Duration::from_secs).into())
    }
}

/// How far a wait may be moved by chance, in percent of itself, so that deliveries that failed together do not return together.
///
/// The default moves by up to 20 % **later and never earlier**: the schedule stays a promise to the receiver of the least time between two
/// attempts, and the herd is spread all the same. [`Jitter::around`] gives the symmetric kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jitter {
    earlier_percent: u8,
    later_percent: u8,
}

impl Jitter {
    /// Waits exactly as scheduled.
    pub const NONE: Self = Self { earlier_percent: 0, later_percent: 0 };

    /// Up to this many percent later; more than 100 counts as 100.
    #[must_use]
    pub const fn later(percent: u8) -> Self {
        Self { earlier_percent: 0, later_percent: if percent > 100 { 100 } else { percent } }
    }

    /// Up to this many percent earlier or later; more than 100 counts as 100.
    #[must_use]
    pub const fn around(percent: u8) -> Self {
        let percent = if percent > 100 { 100 } else { percent };
        Self { earlier_percent: percent, later_percent: percent }
    }

    /// The wait, moved. `entropy` is 64 bits of chance: all zero gives the earliest wait.
    #[must_use]
    pub fn apply(self, wait: Duration, entropy: u64) -> Duration {
        // Schedules end at 30 days: the products stay far below 2^64.
        let wait =
            u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).min(Schedule::MAX_STEP.as_millis() as u64);
        let earliest = wait - wait * u64::from(self.earlier_percent) / 100;
        let latest = wait + wait * u64::from(self.later_percent) / 100;
        Duration::from_millis(earliest + entropy % (latest - earliest + 1))
    }
}

impl Default for Jitter {
    fn default() -> Self {
        Self::later(20)
    }
}

/// The whole policy of retries.
///
/// ```
/// use std::time::Duration;
/// use webhook_sig::delivery::{Jitter, RetryPolicy};
/// let policy = RetryPolicy { jitter: Jitter::NONE, ..RetryPolicy::default() };
/// assert_eq!(policy.wait(1, None, 0), Some(Duration::from_secs(5)));
/// assert_eq!(policy.wait(1, Some(Duration::from_secs(60)), 0), Some(Duration::from_secs(60)));
/// assert_eq!(policy.wait(1, Some(Duration::from_secs(1)), 0), Some(Duration::from_secs(5)));
/// assert_eq!(policy.wait(6, None, 0), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RetryPolicy {
    /// The waits.
    pub schedule: Schedule,
    /// How they are moved by chance.
    pub jitter: Jitter,
}

impl RetryPolicy {
    /// The wait before the attempt at `step` (0 for the first), none where the schedule has ended. A `Retry-After`, already capped, makes
    /// the wait longer and never shorter.
    #[must_use]
    pub fn wait(&self, step: usize, retry_after: Option<Duration>, entropy: u64) -> Option<Duration> {
        let base = self.jitter.apply(self.schedule.delay(step)?, entropy);
        Some(retry_after.map_or(base, |asked| asked.max(base)))
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a schedule needs at least one wait",
            Self::TooManySteps => "a schedule has at most 64 waits",
            Self::StepTooLong => "a wait is at most 30 days",
        })
    }
}

impl core::error::Error for ScheduleError {}

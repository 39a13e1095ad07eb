//! Until when a call may take, and how that is passed on.

use std::time::{Duration, Instant};

use crate::timeout;

/// The moment at which a call ends, whatever it is doing: on the server with DEADLINE_EXCEEDED, on the client too, without
/// waiting for the server. It bounds the streams of messages as well as the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline at this moment.
    #[must_use]
    pub const fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// The deadline that is `timeout` away, or `None` where the clock cannot say that moment.
    #[must_use]
    pub fn after(timeout: Duration, now: Instant) -> Option<Self> {
        now.checked_add(timeout).map(Self)
    }

    /// The moment.
    #[must_use]
    pub const fn moment(self) -> Instant {
        self.0
    }

    /// What is left of it; zero when it has passed.
    #[must_use]
    pub fn remaining(self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// Whether it has passed.
    #[must_use]
    pub fn is_over(self, now: Instant) -> bool {
        self.0 <= now
    }
}

/// What is taken off a deadline each time that it is passed on to a further server, so that the caller still has time to
/// answer when the callee runs out of it.
///
/// ```
/// use std::time::{Duration, Instant};
/// use grpc_wire::{Deadline, HopBudget};
///
/// let now = Instant::now();
/// let deadline = Deadline::at(now + Duration::from_secs(2));
/// let passed = HopBudget::new(Duration::from_millis(50)).pass(deadline, now);
/// assert_eq!(passed.remaining(now), Duration::from_millis(1950));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HopBudget {
    slack: Duration,
}

impl HopBudget {
    /// Takes `slack` off at each hop. The default takes nothing.
    #[must_use]
    pub const fn new(slack: Duration) -> Self {
        Self { slack }
    }

    /// The deadline for the callee: earlier by the slack, and never before `now`.
    #[must_use]
    pub fn pass(self, deadline: Deadline, now: Instant) -> Deadline {
        Deadline(now + deadline.remaining(now).saturating_sub(self.slack))
    }
}

/// What a server makes of the timeout that a client asks for.
///
/// ```
/// use std::time::Duration;
/// use grpc_wire::DeadlinePolicy;
///
/// let mut policy = DeadlinePolicy::default();
/// policy.max = Some(Duration::from_secs(30));
/// policy.default = Some(Duration::from_secs(10));
/// assert_eq!(policy.moderate(Some(Duration::from_secs(3600))), policy.max);
/// assert_eq!(policy.moderate(None), policy.default);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadlinePolicy {
    /// A shorter timeout is raised to this; default none.
    pub min: Option<Duration>,
    /// A longer timeout is cut to this, and no timeout at all becomes this unless there is a default; default none. Stops
    /// calls that are kept open for ever. It also ends streams that are meant to last: leave it unset for those.
    pub max: Option<Duration>,
    /// For a call without a timeout; default none.
    pub default: Option<Duration>,
}

impl DeadlinePolicy {
    /// The timeout to hold the call to.
    #[must_use]
    pub fn moderate(&self, asked: Option<Duration>) -> Option<Duration> {
        let Some(timeout) = asked.or(self.default) else { return self.max };
        let timeout = self.min.map_or(timeout, |min| timeout.max(min));
        Some(self.max.map_or(timeout, |max| timeout.min(max)))
    }

    /// The deadline of a call whose `grpc-timeout` is this.
    ///
    /// # Errors
    /// A [`timeout::TimeoutError`] where the value cannot be read.
    pub fn deadline(
        &self,
        header: Option<&http::HeaderValue>,
        now: Instant,
    ) -> Result<Option<Deadline>, timeout::TimeoutError> {
        let asked = header.map(|value| timeout::parse(value.as_bytes())).transpose()?;
        Ok(self.moderate(asked).and_then(|timeout| Deadline::after(timeout, now)))
    }
}

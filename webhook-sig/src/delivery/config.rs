//! What a dispatcher is told once.

use super::limits::Limits;
use super::retry::RetryPolicy;
use crate::ssrf::TargetPolicy;
use alloc::string::String;

/// What a [`Dispatcher`](super::Dispatcher) is told once.
///
/// ```
/// use webhook_sig::delivery::{Config, Schedule};
/// use webhook_sig::ssrf::TargetPolicy;
/// let mut config = Config::default();
/// config.policy = TargetPolicy::loopback_only();
/// config.retry.schedule = Schedule::new([std::time::Duration::ZERO])?;
/// # Ok::<(), webhook_sig::delivery::ScheduleError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Config {
    /// The bounds.
    pub limits: Limits,
    /// When failed attempts are repeated.
    pub retry: RetryPolicy,
    /// Which targets are accepted, at registration and at connect.
    pub policy: TargetPolicy,
    /// The `User-Agent` of each request. Default `webhook-sig/` and the version.
    pub user_agent: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::DEFAULT,
            retry: RetryPolicy::default(),
            policy: TargetPolicy::default(),
            user_agent: concat!("webhook-sig/", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}

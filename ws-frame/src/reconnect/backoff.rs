//! What a reconnecting client goes by, as data.

use std::time::Duration;

use http::StatusCode;

use crate::close::CloseCode;

/// When to try again, and at which ends to give up. Start from [`Backoff::default`] and change fields by assignment.
///
/// ```
/// use std::time::Duration;
/// use ws_frame::CloseCode;
/// use ws_frame::reconnect::{Backoff, OnClose};
///
/// let mut backoff = Backoff::default();
/// backoff.max_tries = Some(20);
/// // This service says 4003 when the account is locked, and 4029 when it is asked too often.
/// let backoff = backoff
///     .on_close(CloseCode::try_from(4003)?, OnClose::Stop)
///     .on_close(CloseCode::try_from(4029)?, OnClose::Later(Duration::from_secs(60)));
/// assert_eq!(backoff.close_rule(CloseCode::POLICY_VIOLATION), OnClose::Stop);
/// # Ok::<(), ws_frame::InvalidCloseCode>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first window: 250 ms. Each is twice the one before.
    pub base: Duration,
    /// The longest window: 30 s. Stops a client from staying away long after its server returned.
    pub cap: Duration,
    /// How long a connection must be open for counting to begin anew: 10 s. Stops a server that accepts and drops from being asked at
    /// full speed.
    pub stable: Duration,
    /// Tries without a stable connection after which the client gives up; `None`, the default, never does.
    pub max_tries: Option<u32>,
    /// The longest that a server's `Retry-After` is obeyed: 10 min. Stops one bad answer from sending a client away for a year.
    pub max_retry_after: Duration,
    /// Whether tries are spread: [`Jitter::Full`].
    pub jitter: Jitter,
    closes: Vec<(CloseCode, OnClose)>,
    statuses: Vec<(StatusCode, bool)>,
}

/// Whether the tries of many clients are spread.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Each at a random point of its window.
    #[default]
    Full,
    /// Each at the end of its window: for a single client, or to show what jitter is for.
    None,
}

/// What to do when the server closed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnClose {
    /// Connect again, after the next window.
    Retry,
    /// Connect again, after a window at least this long.
    Later(Duration),
    /// Give up.
    Stop,
}

impl Backoff {
    /// How long a client stays away at least when a server says that it restarts, or has too much to do: the window is 5 s.
    pub const RESTART: Duration = Duration::from_secs(5);

    /// Sets what to do at a close code, in place of the default or of what was set before.
    ///
    /// By default [`CloseCode::NORMAL`] (the server is done), [`CloseCode::POLICY_VIOLATION`],
    /// [`CloseCode::MANDATORY_EXTENSION`], 4401 and 4403 (the codes of HTTP's 401 and 403, as many services use them) stop;
    /// [`CloseCode::SERVICE_RESTART`] and [`CloseCode::TRY_AGAIN_LATER`] wait for a window of [`Backoff::RESTART`] at least; all others retry.
    #[must_use]
    pub fn on_close(mut self, code: CloseCode, rule: OnClose) -> Self {
        self.closes.retain(|(other, _)| *other != code);
        self.closes.push((code, rule));
        self
    }

    /// Sets whether an HTTP status in place of 101 stops the client.
    ///
    /// By default 3xx and 4xx stop, as the same request would get the same answer, but for 408, 425 and 429; others retry.
    #[must_use]
    pub fn on_status(mut self, status: StatusCode, stop: bool) -> Self {
        self.statuses.retain(|(other, _)| *other != status);
        self.statuses.push((status, stop));
        self
    }

    /// What is done at a close code.
    #[must_use]
    pub fn close_rule(&self, code: CloseCode) -> OnClose {
        if let Some((_, rule)) = self.closes.iter().find(|(other, _)| *other == code) {
            return *rule;
        }
        match code.as_u16() {
            1000 | 1008 | 1010 | 4401 | 4403 => OnClose::Stop,
            1012 | 1013 => OnClose::Later(Self::RESTART),
            _ => OnClose::Retry,
        }
    }

    /// Whether the client gives up at an HTTP status.
    #[must_use]
    pub fn stops_at_status(&self, status: StatusCode) -> bool {
        if let Some((_, stop)) = self.statuses.iter().find(|(other, _)| *other == status) {
            return *stop;
        }
        let again = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
        (status.is_redirection() || status.is_client_error()) && !again.contains(&status)
    }

    /// The length of a window, counted from 0.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ws_frame::reconnect::Backoff;
    ///
    /// let backoff = Backoff::default();
    /// assert_eq!(backoff.window(2), Duration::from_secs(1));
    /// assert_eq!(backoff.window(1000), Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn window(&self, n: u32) -> Duration {
        2_u32.checked_pow(n).and_then(|times| self.base.checked_mul(times)).unwrap_or(self.cap).min(self.cap)
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            base: Duration::from_millis(250),
            cap: Duration::from_secs(30),
            stable: Duration::from_secs(10),
            max_tries: None,
            max_retry_after: Duration::from_secs(600),
            jitter: Jitter::Full,
            closes: Vec::new(),
            statuses: Vec::new(),
        }
    }
}

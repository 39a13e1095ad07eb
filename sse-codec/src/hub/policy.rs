//! How a hub behaves: what it does for slow subscribers, how it names events, how often it speaks.

use core::time::Duration;

use super::HubLimits;

/// What happens to a subscriber whose queue is full when another event arrives for it.
///
/// The subscriber is told how many events it lost ([`Delivery::Lagged`](super::Delivery::Lagged)), under every
/// policy that loses any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Slow {
    /// The oldest waiting events are given up until the new one fits.
    DropOldest,
    /// The new event is given up; what waits stays.
    DropNewest,
    /// The subscriber is ended. A client that reconnects with its `Last-Event-ID` loses nothing that replay
    /// still holds, so this is the default.
    #[default]
    Disconnect,
    /// An event published with a key replaces the waiting event of the same topic and key
    /// ([`Publish::key`](super::Publish::key)): only the latest state of each key is delivered. A queue that
    /// is full all the same gives up its oldest events.
    Coalesce,
}

/// How events are named, and so how a `Last-Event-ID` is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ids {
    /// Increasing numbers, written in decimal behind the prefix: given in the frame ([`Frame::id`](crate::Frame::id)),
    /// or drawn by the hub for a frame without one. An id of any age can be told from one never given out.
    ///
    /// Without a durable log behind the hub, use a prefix that differs between runs (the start time, say):
    /// otherwise ids of the last run look like ids of this one.
    Numbered {
        /// Text before the number. Default: empty.
        prefix: String,
    },
    /// Any text, given in the frame. Only ids that replay still holds are known.
    Opaque,
}

impl Default for Ids {
    fn default() -> Self {
        Self::Numbered { prefix: String::new() }
    }
}

/// The settings of a [`Hub`](super::Hub).
///
/// ```
/// # use sse_codec::hub::{HubConfig, Slow};
/// let mut config = HubConfig::default();
/// config.slow = Slow::DropOldest;
/// config.limits.max_replay_events = 10_000;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubConfig {
    /// The bounds.
    pub limits: HubLimits,
    /// How events are named.
    pub ids: Ids,
    /// What happens to slow subscribers that do not say otherwise. Default: [`Slow::Disconnect`].
    pub slow: Slow,
    /// Silence after which a subscriber is sent an empty comment. Each wait is drawn within ±20 % of this,
    /// so that many subscribers do not wake at once. `None` turns it off. Default 15 s: proxies commonly close
    /// connections that are silent for a minute, and a server notices a vanished client only by writing to it.
    pub heartbeat: Option<Duration>,
    /// Age at which a connection is ended, after what waits has been delivered; each is drawn within ±20 %.
    /// Default `None`.
    pub max_age: Option<Duration>,
    /// Reconnection time announced at the start of each stream (`retry:`). Default `None`: the client's own.
    pub retry: Option<Duration>,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            limits: HubLimits::DEFAULT,
            ids: Ids::default(),
            slow: Slow::default(),
            heartbeat: Some(Duration::from_secs(15)),
            max_age: None,
            retry: None,
        }
    }
}

//! Spread for waits: numbers drawn from a seed that the caller supplies.

use core::time::Duration;

/// SplitMix64. It spreads timers and guards nothing, so it need not be unpredictable.
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) const fn new(entropy: u64) -> Self {
        Self(entropy)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A duration in `[low, high]`; `low` when the range is empty.
    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = u64::try_from(high.saturating_sub(low).as_nanos()).unwrap_or(u64::MAX);
        let drawn = if span == u64::MAX { self.next() } else { self.next() % (span + 1) };
        low.saturating_add(Duration::from_nanos(drawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_in_the_range_and_reaches_both_halves() {
        let (low, high) = (Duration::from_millis(100), Duration::from_millis(200));
        let mut draw = Draw::new(7);
        let drawn: Vec<_> = (0..1000).map(|_| draw.between(low, high)).collect();
        assert!(drawn.iter().all(|d| (low..=high).contains(d)));
        assert!(drawn.iter().any(|d| *d < Duration::from_millis(120)));
        assert!(drawn.iter().any(|d| *d > Duration::from_millis(180)));
    }

    #[test]
    fn an_empty_range_gives_its_low_end() {
        let mut draw = Draw::new(0);
        assert_eq!(draw.between(Duration::from_secs(2), Duration::from_secs(1)), Duration::from_secs(2));
        assert!(draw.between(Duration::ZERO, Duration::MAX) <= Duration::MAX);
    }
}

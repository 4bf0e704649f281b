//! Limits on how often something may be tried, per person and per address.
//!
//! Counters stand in the database, so that N replicas share them. A window is fixed: the count starts over with the next one.

use chrono::TimeDelta;
use latchkey_domain::Instant;
use latchkey_store::{StoreResult, Tx, rate_limit};

/// How often something may be tried by one person or from one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted; part of the key.
    pub name: &'static str,
    /// How many are within the limit.
    pub most: i64,
    /// In how long a time.
    pub window: TimeDelta,
}

/// What a count said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It may go on.
    Within,
    /// It may not.
    Over {
        /// How long until the window ends.
        retry_after: TimeDelta,
        /// The first one over the limit in this window: worth one line in the log, not a thousand.
        first: bool,
    },
}

impl Limit {
    /// When the window that holds `now` began.
    #[must_use]
    pub fn window_start(&self, now: Instant) -> Instant {
        let seconds = self.window.num_seconds().max(1);
        let start = now.timestamp().div_euclid(seconds) * seconds;
        Instant::from_timestamp(start, 0).unwrap_or(now)
    }

    fn key(&self, who: &str) -> String {
        format!("{}|{who}", self.name)
    }

    fn verdict(&self, count: i64, now: Instant) -> Counted {
        if count <= self.most {
            return Counted::Within;
        }
        let retry_after = self.window_start(now) + self.window - now;
        Counted::Over { retry_after: retry_after.max(TimeDelta::seconds(1)), first: count == self.most + 1 }
    }
}

/// Counts one more try of `who`, and tells whether it is within the limit.
///
/// # Errors
/// When the database fails.
pub async fn hit(tx: &mut Tx, limit: &Limit, who: &str) -> StoreResult<Counted> {
    let now = tx.now();
    let count = rate_limit::hit(tx, &limit.key(who), limit.window_start(now)).await?;
    Ok(limit.verdict(count, now))
}

/// Tells whether `who` has used up the limit, without counting.
///
/// # Errors
/// When the database fails.
pub async fn used_up(tx: &mut Tx, limit: &Limit, who: &str) -> StoreResult<Option<TimeDelta>> {
    let now = tx.now();
    let count = rate_limit::count(tx, &limit.key(who), limit.window_start(now)).await?;
    Ok(match limit.verdict(count + 1, now) {
        Counted::Within => None,
        Counted::Over { retry_after, .. } => Some(retry_after),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { name: "test", most: 2, window: TimeDelta::minutes(10) };

    #[test]
    fn a_window_begins_on_a_round_time_and_ends_after_its_length() {
        let now = Instant::from_timestamp(1_700_000_123, 5_000).unwrap();
        assert_eq!(LIMIT.window_start(now).timestamp(), 1_699_999_800);
        assert_eq!(LIMIT.verdict(2, now), Counted::Within);
        let Counted::Over { retry_after, first } = LIMIT.verdict(3, now) else { panic!("within") };
        assert!(first);
        assert_eq!(now + retry_after, LIMIT.window_start(now) + LIMIT.window);
        assert!(matches!(LIMIT.verdict(4, now), Counted::Over { first: false, .. }));
    }
}

//! Ids for the events of one commit, after those of every commit before it in this process.
//!
//! Until events are sealed they are read by time and id. Two commits can fall into one millisecond; their events must still
//! be read in the order in which they were saved (RFC 9562, section 6.2, method 2: a random start that counts up).

use std::sync::{Mutex, PoisonError};

use latchkey_domain::{EventId, Instant};
use uuid::Uuid;

/// So many low bits count the events within one commit.
const WITHIN: u32 = 24;
/// The lowest bit of a UUID's time part.
const TIME: u32 = 80;
/// The highest random bit below the variant: starts clear, so that counting up can't reach the variant.
const SPARE: u128 = 1 << 61;

static LAST: Mutex<u128> = Mutex::new(0);

/// The ids for `count` events that are saved at `now`, in their order.
///
/// # Panics
/// Never for fewer than 16 million events, which is more than one commit saves.
pub(crate) fn next(now: Instant, count: usize) -> impl Iterator<Item = EventId> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let base = after(*last, EventId::new(now).0.as_u128());
    *last = base;
    (base..base + (1 << WITHIN)).take(count).map(|id| EventId(Uuid::from_u128(id)))
}

/// `fresh` as a base, or what follows `last` where both are of one millisecond.
const fn after(last: u128, fresh: u128) -> u128 {
    if last >> TIME == fresh >> TIME { last + (1 << WITHIN) } else { (fresh & !SPARE) >> WITHIN << WITHIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_of_one_millisecond_sort_in_their_order() {
        let now = Instant::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
        let ids: Vec<EventId> = (0..1_000).flat_map(|n| next(now, n % 3 + 1)).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|w| w[0] != w[1]));
        for id in ids {
            assert_eq!((id.0.get_version_num(), id.0.get_variant()), (7, uuid::Variant::RFC4122));
        }
    }

    #[test]
    fn another_millisecond_starts_at_random() {
        let now = Instant::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
        let fresh = EventId::new(now).0.as_u128();
        let later = EventId::new(now + chrono::TimeDelta::milliseconds(1)).0.as_u128();
        assert_eq!(after(fresh, later), (later & !SPARE) >> WITHIN << WITHIN);
        assert!(after(later, fresh) < later, "a clock set back isn't followed");
    }
}

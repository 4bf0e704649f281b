//! Working days and hours.

use chrono::{Datelike, NaiveTime, TimeDelta, Weekday};
use latchkey_domain::Instant;
use rand::{Rng, rngs::StdRng};

/// Half past seven on that day: before anybody works.
#[must_use]
pub fn morning(at: Instant) -> Instant {
    at.date_naive().and_time(NaiveTime::from_hms_opt(7, 30, 0).unwrap_or_default()).and_utc()
}

/// A moment in the working hours of that day, or of the next one that people work on.
pub fn at_work(day: Instant, rng: &mut StdRng) -> Instant {
    working(morning(day)) + TimeDelta::seconds(rng.random_range(1_800..34_000))
}

/// The same time of day, on that day or on the next one that people work on.
#[must_use]
pub fn working(at: Instant) -> Instant {
    match at.weekday() {
        Weekday::Sat => at + TimeDelta::days(2),
        Weekday::Sun => at + TimeDelta::days(1),
        _ => at,
    }
}

/// When people look at what waits for them: twice a working day, from `start` until `end`. Decisions fall into these
/// minutes, so that the systems are worked on once for all of them.
pub fn slots(start: Instant, end: Instant, rng: &mut StdRng) -> Vec<Instant> {
    let mut slots = Vec::new();
    let mut day = morning(start);
    while day < end {
        if working(day) == day {
            slots.push(day + TimeDelta::minutes(rng.random_range(70..190)));
            slots.push(day + TimeDelta::minutes(rng.random_range(370..530)));
        }
        day += TimeDelta::days(1);
    }
    slots.retain(|slot| *slot > start && *slot < end);
    slots
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn nobody_works_at_the_weekend() {
        let mut rng = StdRng::seed_from_u64(1);
        let start = Instant::from_timestamp(1_760_000_000, 0).unwrap();
        let all = slots(start, start + TimeDelta::days(30), &mut rng);
        assert!(all.len() > 40 && all.is_sorted());
        assert!(all.iter().all(|slot| !matches!(slot.weekday(), Weekday::Sat | Weekday::Sun)));
        let saturday = Instant::from_timestamp(1_760_172_800, 0).unwrap();
        assert_eq!(saturday.weekday(), Weekday::Sat);
        assert_eq!(at_work(saturday, &mut rng).weekday(), Weekday::Mon);
    }
}

//! Days of people's calendars as instants.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone, Weekday};
use chrono_tz::Tz;
use latchkey_domain::Instant;

/// The first moment of a day in a zone. Where midnight doesn't exist (a clock that springs forward then), the day begins at the
/// first full hour that does. Nothing for a day beyond what instants can hold.
#[must_use]
pub fn first_moment(day: NaiveDate, zone: Tz) -> Option<Instant> {
    (0..4)
        .find_map(|hour| zone.from_local_datetime(&day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?)).earliest())
        .map(|start| start.with_timezone(&chrono::Utc))
}

/// The next time that it is this full hour on a working day in a zone, later than `now`. Where that hour doesn't exist on a
/// day, the next one that does.
#[must_use]
pub fn next_working_hour(now: Instant, hour: u32, zone: Tz) -> Instant {
    let today = now.with_timezone(&zone).date_naive();
    let at = |day: NaiveDate| {
        (hour..24).find_map(|h| zone.from_local_datetime(&day.and_time(NaiveTime::from_hms_opt(h, 0, 0)?)).earliest())
    };
    (0..8)
        .filter_map(|ahead| today.checked_add_days(Days::new(ahead)))
        .filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
        .filter_map(at)
        .map(|at| at.with_timezone(&chrono::Utc))
        .find(|at| *at > now)
        .unwrap_or(now + chrono::TimeDelta::days(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_working_morning_is_that_of_the_zone() {
        let zurich = chrono_tz::Europe::Zurich;
        // 2026-11-20 is a Friday; in winter 8:00 in Zurich is 7:00 UTC.
        assert_eq!(next_working_hour(at("2026-11-20T06:59:59Z"), 8, zurich), at("2026-11-20T07:00:00Z"));
        assert_eq!(next_working_hour(at("2026-11-20T07:00:00Z"), 8, zurich), at("2026-11-23T07:00:00Z"));
        assert_eq!(next_working_hour(at("2026-11-22T12:00:00Z"), 8, zurich), at("2026-11-23T07:00:00Z"));
        // In Auckland it is Saturday already.
        assert_eq!(
            next_working_hour(at("2026-11-20T12:00:00Z"), 8, chrono_tz::Pacific::Auckland),
            at("2026-11-22T19:00:00Z")
        );
        // The clocks have changed by Monday.
        assert_eq!(next_working_hour(at("2026-10-24T12:00:00Z"), 8, zurich), at("2026-10-26T07:00:00Z"));
    }
}

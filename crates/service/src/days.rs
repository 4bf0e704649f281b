//! Days of people's calendars as instants.

use chrono::{NaiveDate, NaiveTime, TimeZone};
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

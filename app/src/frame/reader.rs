//! Who reads the page: the moment it is drawn and the zone that its times are told in.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Passed to everything that tells a time, so that a page tells all of them from one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The moment of drawing, from the request's clock.
    pub now: DateTime<Utc>,
    /// The reader's own zone, else the company's.
    pub zone: Tz,
}

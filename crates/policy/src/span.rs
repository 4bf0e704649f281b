//! Lengths of time as policies write them: whole hours or whole days.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A length of time, from 1 hour to 5 years (1825 days), in whole hours. Written `8h` or `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    hours: u32,
}

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is no length of time; expected {EXPECTED}")]
pub struct InvalidSpan {
    /// What was read, at most 40 characters of it.
    pub found: String,
}

/// What to write, in words.
const EXPECTED: &str = "whole hours or days such as \"8h\" or \"90d\", from 1h to 1825d";
const HOURS_A_DAY: u32 = 24;
const DAYS_A_YEAR: u32 = 365;
const SECONDS_AN_HOUR: i64 = 3600;

impl InvalidSpan {
    /// What would have been right, in words.
    pub const EXPECTED: &'static str = EXPECTED;
}

impl Span {
    /// The shortest span: 1 hour.
    pub const MIN: Self = Self { hours: 1 };
    /// The longest span: 1825 days.
    pub const MAX: Self = Self { hours: 1825 * HOURS_A_DAY };

    /// A span of whole hours; `None` outside 1 hour to 1825 days.
    #[must_use]
    pub const fn from_hours(hours: u32) -> Option<Self> {
        if hours >= Self::MIN.hours && hours <= Self::MAX.hours { Some(Self { hours }) } else { None }
    }

    /// A span of whole days; `None` outside 1 to 1825 days.
    #[must_use]
    pub const fn from_days(days: u32) -> Option<Self> {
        match days.checked_mul(HOURS_A_DAY) {
            Some(hours) => Self::from_hours(hours),
            None => None,
        }
    }

    /// The length in hours.
    #[must_use]
    pub const fn hours(self) -> u32 {
        self.hours
    }

    /// The length in days when it is whole days, else `None`. Access for whole days ends at the end of a day in the
    /// person's zone; access for hours ends to the minute.
    #[must_use]
    pub const fn whole_days(self) -> Option<u32> {
        if self.hours.is_multiple_of(HOURS_A_DAY) { Some(self.hours / HOURS_A_DAY) } else { None }
    }

    /// A span of whole hours given in seconds, as the database keeps it; `None` when it isn't one.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        let hours = u32::try_from(seconds / SECONDS_AN_HOUR).ok()?;
        if seconds % SECONDS_AN_HOUR == 0 { Self::from_hours(hours) } else { None }
    }

    /// The length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::from(self.hours) * SECONDS_AN_HOUR
    }

    /// The length for reckoning with instants.
    #[must_use]
    pub fn to_delta(self) -> chrono::TimeDelta {
        chrono::TimeDelta::hours(i64::from(self.hours))
    }

    /// As people say it: "8 hours", "1 day", "90 days", "1 year".
    #[must_use]
    pub fn words(self) -> String {
        let (count, unit) = match self.whole_days() {
            None => (self.hours, "hour"),
            Some(days) if days.is_multiple_of(DAYS_A_YEAR) => (days / DAYS_A_YEAR, "year"),
            Some(days) => (days, "day"),
        };
        if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole_days() {
            Some(days) => write!(f, "{days}d"),
            None => write!(f, "{}h", self.hours),
        }
    }
}

impl std::str::FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.strip_suffix('d').map(|n| (n, true)).or_else(|| text.strip_suffix('h').map(|n| (n, false)));
        parsed
            // `u32::from_str` would take "+5" and "007"; a file should have one way to write a length.
            .filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()) && !n.starts_with('0'))
            .and_then(|(n, days)| {
                n.parse().ok().and_then(|n| if days { Self::from_days(n) } else { Self::from_hours(n) })
            })
            .ok_or_else(|| InvalidSpan { found: text.chars().take(40).collect() })
    }
}

impl TryFrom<String> for Span {
    type Error = InvalidSpan;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_as_people_say_them() {
        let words = |text: &str| text.parse::<Span>().unwrap().words();
        assert_eq!(words("1h"), "1 hour");
        assert_eq!(words("8h"), "8 hours");
        assert_eq!(words("24h"), "1 day");
        assert_eq!(words("36h"), "36 hours");
        assert_eq!(words("90d"), "90 days");
        assert_eq!(words("365d"), "1 year");
        assert_eq!(words("730d"), "2 years");
    }

    #[test]
    fn what_is_no_length_is_refused_with_an_example() {
        for text in
            ["", "d", "h", "0d", "0h", "-1d", "+1d", "07d", "1.5h", "90", "90 d", "1w", "1826d", "99999999999d", "９d"]
        {
            let error = text.parse::<Span>().unwrap_err();
            assert_eq!(error.found, text);
            assert!(error.to_string().contains("such as \"8h\" or \"90d\""), "{error}");
        }
    }

    #[test]
    fn json_is_the_written_form() {
        assert_eq!(serde_json::to_string(&Span::from_days(90).unwrap()).unwrap(), "\"90d\"");
        assert_eq!(serde_json::from_str::<Span>("\"8h\"").unwrap(), Span::from_hours(8).unwrap());
        assert!(serde_json::from_str::<Span>("\"8\"").is_err());
    }

    proptest! {
        #[test]
        fn printing_and_reading_agree(hours in 1_u32..=1825 * 24) {
            let span = Span::from_hours(hours).unwrap();
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
            prop_assert_eq!(span.to_delta().num_hours(), i64::from(hours));
            prop_assert_eq!(Span::from_seconds(span.seconds()), Some(span));
            prop_assert_eq!(Span::from_seconds(span.seconds() + 1), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            if let Ok(span) = text.parse::<Span>() {
                prop_assert!(span >= Span::MIN && span <= Span::MAX);
            }
        }
    }
}

//! Durations as people say them.

use chrono::Duration;

/// "90 days", "1 year", "8 hours", "under a minute". Whole units where it is one, else the largest that fits, rounded down.
#[must_use]
pub fn duration_words(length: Duration) -> String {
    let minutes = length.num_minutes();
    let (count, unit) = if minutes < 1 {
        return "under a minute".to_owned();
    } else if minutes < 60 {
        (minutes, "minute")
    } else if length.num_hours() < 48 && (length.num_hours() % 24 != 0 || length.num_hours() < 24) {
        (length.num_hours(), "hour")
    } else if length.num_days() >= 365 && length.num_days() % 365 == 0 {
        (length.num_days() / 365, "year")
    } else if length.num_days() < 730 {
        (length.num_days(), "day")
    } else {
        (length.num_days() / 365, "year")
    };
    plural(count, unit)
}

/// "1 day", "12 days", "1,204 days".
#[must_use]
pub fn plural(count: i64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{} {unit}s", number(count)) }
}

/// "1 person", "12 people".
#[must_use]
pub fn people(count: u32) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{} people", number(i64::from(count))) }
}

/// A whole number with its thousands set apart: 12,345.
#[must_use]
pub fn number(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if count < 0 {
        out.push('\u{2212}');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_durations_as_people_do() {
        let said: Vec<String> = [
            Duration::seconds(20),
            Duration::minutes(1),
            Duration::hours(8),
            Duration::hours(24),
            Duration::hours(36),
            Duration::days(2),
            Duration::days(90),
            Duration::days(365),
            Duration::days(400),
            Duration::days(1000),
        ]
        .into_iter()
        .map(duration_words)
        .collect();
        assert_eq!(
            said,
            [
                "under a minute",
                "1 minute",
                "8 hours",
                "1 day",
                "36 hours",
                "2 days",
                "90 days",
                "1 year",
                "400 days",
                "2 years"
            ]
        );
    }

    #[test]
    fn sets_thousands_apart() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_000), "1,000");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(-12_000), "\u{2212}12,000");
    }
}

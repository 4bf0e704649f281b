//! Moments in the reader's zone: "3 March 2027, 14:05 (in 4 days)".

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;

use super::duration::plural;
use crate::frame::Reader;

/// "3 March 2027, 14:05".
#[must_use]
pub fn absolute(at: DateTime<Utc>, reader: Reader) -> String {
    at.with_timezone(&reader.zone).format("%-d %B %Y, %H:%M").to_string()
}

/// "3 March 2027".
#[must_use]
pub fn day(at: DateTime<Utc>, reader: Reader) -> String {
    at.with_timezone(&reader.zone).format("%-d %B %Y").to_string()
}

/// The last day of something that ends at this instant. Ends are the first instant after the last day, so midnight belongs to the day before.
#[must_use]
pub fn last_day(at: DateTime<Utc>, reader: Reader) -> String {
    day(at - Duration::microseconds(1), reader)
}

/// "3 Mar, 14:05": for the cells of a track, where the year stands elsewhere.
#[must_use]
pub fn short(at: DateTime<Utc>, reader: Reader) -> String {
    at.with_timezone(&reader.zone).format("%-d %b, %H:%M").to_string()
}

/// "14:05".
#[must_use]
pub fn clock(at: DateTime<Utc>, reader: Reader) -> String {
    at.with_timezone(&reader.zone).format("%H:%M").to_string()
}

/// "3 March 2027, 14:05:09.120 CET, Europe/Berlin": to the millisecond, with the zone.
#[must_use]
pub fn exact(at: DateTime<Utc>, reader: Reader) -> String {
    let local = at.with_timezone(&reader.zone);
    format!("{}, {}", local.format("%-d %B %Y, %H:%M:%S%.3f %Z"), reader.zone.name())
}

/// How far from now, as people say it: "in 4 days", "yesterday", "12 minutes ago". Days are counted in the reader's calendar.
#[must_use]
pub fn relative(at: DateTime<Utc>, reader: Reader) -> String {
    let ahead = at > reader.now;
    let span = if ahead { at - reader.now } else { reader.now - at };
    let say = |words: String| if ahead { format!("in {words}") } else { format!("{words} ago") };
    if span < Duration::seconds(45) {
        return if ahead { "in a moment".to_owned() } else { "just now".to_owned() };
    }
    if span < Duration::minutes(60) {
        return say(plural(span.num_minutes().max(1), "minute"));
    }
    let days = (at.with_timezone(&reader.zone).date_naive() - reader.now.with_timezone(&reader.zone).date_naive())
        .num_days()
        .abs();
    if days == 0 || span < Duration::hours(12) {
        return say(plural(span.num_hours(), "hour"));
    }
    match days {
        1 if ahead => "tomorrow".to_owned(),
        1 => "yesterday".to_owned(),
        2..60 => say(plural(days, "day")),
        60..730 => say(plural(days / 30, "month")),
        _ => say(plural(days / 365, "year")),
    }
}

/// How a moment is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Told {
    /// "3 March 2027, 14:05 (in 4 days)".
    #[default]
    Full,
    /// "3 March 2027, 14:05".
    Absolute,
    /// "3 March 2027".
    Day,
    /// "3 Mar, 14:05".
    Short,
    /// "14:05".
    Clock,
    /// "in 4 days".
    Relative,
    /// "3 March 2027 (in 4 days)", for an end: the last day that counts.
    Until,
    /// "3 March 2027", for an end.
    LastDay,
}

/// A moment. The machine's form is in `datetime`, the exact one with its zone in the title.
#[component]
pub fn Time(
    /// When.
    at: DateTime<Utc>,
    /// For whom.
    reader: Reader,
    /// How.
    #[prop(optional)]
    told: Told,
) -> impl IntoView {
    let (words, aside) = match told {
        Told::Full => (absolute(at, reader), true),
        Told::Absolute => (absolute(at, reader), false),
        Told::Day => (day(at, reader), false),
        Told::Short => (short(at, reader), false),
        Told::Clock => (clock(at, reader), false),
        Told::Relative => (relative(at, reader), false),
        Told::Until => (last_day(at, reader), true),
        Told::LastDay => (last_day(at, reader), false),
    };
    let machine = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    // `data-relative` is what the island for living times rewrites in place; without it the words stay as they were drawn.
    let mark = (told == Told::Relative).then_some("bare");
    view! {
        <time datetime=machine.clone() title=exact(at, reader) data-relative=mark>
            {words}
        </time>
        {aside.then(|| view! { " " <span class="time-aside" data-relative=machine>{format!("({})", relative(at, reader))}</span> })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn reader() -> Reader {
        Reader { now: Utc.with_ymd_and_hms(2027, 2, 27, 13, 5, 0).unwrap(), zone: chrono_tz::Europe::Berlin }
    }

    #[test]
    fn tells_a_moment_in_the_readers_zone() {
        let at = Utc.with_ymd_and_hms(2027, 3, 3, 13, 5, 9).unwrap();
        assert_eq!(absolute(at, reader()), "3 March 2027, 14:05");
        assert_eq!(exact(at, reader()), "3 March 2027, 14:05:09.000 CET, Europe/Berlin");
        assert_eq!(relative(at, reader()), "in 4 days");
    }

    #[test]
    fn an_end_at_midnight_names_the_day_that_still_counts() {
        let end = Utc.with_ymd_and_hms(2027, 3, 3, 23, 0, 0).unwrap();
        assert_eq!(day(end, reader()), "4 March 2027");
        assert_eq!(last_day(end, reader()), "3 March 2027");
    }

    #[test]
    fn says_how_far_as_people_do() {
        let now = reader().now;
        let said: Vec<String> = [
            Duration::seconds(-3),
            Duration::seconds(50),
            Duration::minutes(-12),
            Duration::hours(-5),
            Duration::hours(-20),
            Duration::hours(20),
            Duration::days(-2),
            Duration::days(59),
            Duration::days(-90),
            Duration::days(800),
        ]
        .into_iter()
        .map(|away| relative(now + away, reader()))
        .collect();
        assert_eq!(
            said,
            [
                "just now",
                "in 1 minute",
                "12 minutes ago",
                "5 hours ago",
                "yesterday",
                "tomorrow",
                "2 days ago",
                "in 59 days",
                "3 months ago",
                "in 2 years"
            ]
        );
    }
}

//! "12 minutes ago" that stays true while the page is open.

use leptos::prelude::*;

/// Rewrites, in place and once a minute, what the server marked with `data-relative`: a `<time>` that tells a moment
/// relatively, or the words in brackets beside one. One of them serves the whole page.
#[island]
pub fn LivingTimes(
    /// The reader's zone by its IANA name: days are counted in it.
    zone: String,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let zone = zone.clone();
        set_interval(move || living::tell_all(&zone), std::time::Duration::from_secs(60));
    });
    #[cfg(not(feature = "hydrate"))]
    drop(zone);
}

/// The same words as the server's `components::relative`, from numbers alone. `seconds` is how far the moment is ahead (behind
/// when negative), `days` how many days of the calendar lie between.
#[cfg(any(feature = "hydrate", test))]
fn words(seconds: i64, days: i64) -> String {
    let ahead = seconds > 0;
    let span = seconds.abs();
    let (count, unit) = match (span, days.abs()) {
        (..45, _) => return if ahead { "in a moment" } else { "just now" }.to_owned(),
        (..3_600, _) => ((span / 60).max(1), "minute"),
        (_, 0) | (..43_200, _) => (span / 3_600, "hour"),
        (_, 1) => return if ahead { "tomorrow" } else { "yesterday" }.to_owned(),
        (_, days @ ..60) => (days, "day"),
        (_, days @ ..730) => (days / 30, "month"),
        (_, days) => (days / 365, "year"),
    };
    let many = if count == 1 { "" } else { "s" };
    if ahead { format!("in {count} {unit}{many}") } else { format!("{count} {unit}{many} ago") }
}

#[cfg(feature = "hydrate")]
mod living {
    use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
    use leptos::web_sys::Element;
    use wasm_bindgen::JsValue;

    use crate::islands::browser::{all, document};

    pub fn tell_all(zone: &str) {
        let calendar = calendar(zone);
        let now = Date::now();
        for element in all(&document(), "[data-relative]") {
            tell(&element, now, &calendar);
        }
    }

    fn tell(element: &Element, now: f64, calendar: &DateTimeFormat) {
        let bare = element.has_attribute("datetime");
        let machine = element.get_attribute(if bare { "datetime" } else { "data-relative" }).unwrap_or_default();
        let at = Date::parse(&machine);
        if at.is_nan() {
            return;
        }
        let told = super::words(((at - now) / 1_000.0) as i64, day(calendar, at) - day(calendar, now));
        let told = if bare { told } else { format!("({told})") };
        // Untouched when nothing changed: a selection or a screen reader in it is not disturbed.
        if element.text_content().as_deref() != Some(told.as_str()) {
            element.set_text_content(Some(&told));
        }
    }

    /// Tells the day in the reader's zone; in the browser's where it does not know that zone.
    fn calendar(zone: &str) -> DateTimeFormat {
        // This locale writes year, month and day in the order that dates are parsed in.
        let locale = Array::of1(&JsValue::from_str("en-CA"));
        let options = Object::new();
        _ = Reflect::set(&options, &"timeZone".into(), &zone.into());
        DateTimeFormat::new(&locale, &options)
    }

    /// The number of the day.
    fn day(calendar: &DateTimeFormat, at: f64) -> i64 {
        let written =
            calendar.format().call1(&JsValue::UNDEFINED, &JsValue::from_f64(at)).ok().and_then(|w| w.as_string());
        (Date::parse(&written.unwrap_or_default()) / 86_400_000.0) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn says_how_far_as_the_server_does() {
        let minute = 60;
        let hour = 60 * minute;
        let day = 24 * hour;
        let said: Vec<String> = [
            (-3, 0),
            (50, 0),
            (-12 * minute, 0),
            (-5 * hour, 0),
            (-20 * hour, -1),
            (20 * hour, 1),
            (-2 * day, -2),
            (59 * day, 59),
            (-90 * day, -90),
            (800 * day, 800),
        ]
        .into_iter()
        .map(|(seconds, days)| words(seconds, days))
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

    #[cfg(feature = "views")]
    #[test]
    fn agrees_with_the_servers_words_over_a_span_of_years() {
        use chrono::{Duration, TimeZone, Utc};

        let reader = crate::frame::Reader {
            now: Utc.with_ymd_and_hms(2027, 2, 27, 13, 5, 0).unwrap(),
            zone: chrono_tz::Europe::Berlin,
        };
        let date = |at: chrono::DateTime<Utc>| at.with_timezone(&reader.zone).date_naive();
        for minutes in (-2_000_000_i64..2_000_000).step_by(1_237) {
            let at = reader.now + Duration::minutes(minutes);
            let days = (date(at) - date(reader.now)).num_days();
            assert_eq!(
                words(minutes * 60, days),
                crate::components::relative(at, reader),
                "{minutes} minutes from now"
            );
        }
    }
}

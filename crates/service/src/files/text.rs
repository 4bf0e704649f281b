//! What one field may hold. Each check gives the value, or a fault that reads after the field's name.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use latchkey_policy::Span;

/// What is wrong with a value: "is \"temp\"", and what is expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) expected: String,
}

fn fault(message: impl Into<String>, expected: impl Into<String>) -> Fault {
    Fault { message: message.into(), expected: expected.into() }
}

/// A value for a message: quoted, at most 60 characters, nothing invisible.
pub(super) fn shown(value: &str) -> String {
    let mut text: String = value
        .chars()
        .take(60)
        .flat_map(|c| if is_forbidden(c) { c.escape_unicode().collect() } else { vec![c] })
        .collect();
    if value.chars().nth(60).is_some() {
        text.push('…');
    }
    format!("\"{text}\"")
}

/// Control characters, line and paragraph separators, and the marks that turn the direction of text: with those, a
/// name could be shown as another name.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn printable(value: &str) -> Result<(), Fault> {
    match value.chars().find(|c| is_forbidden(*c)) {
        None => Ok(()),
        Some(c) => Err(fault(format!("has the control character U+{:04X}", u32::from(c)), "text on one line")),
    }
}

/// One line of at most `max` characters, possibly empty. Spaces around it are dropped.
pub(super) fn optional_line(value: &str, max: usize) -> Result<String, Fault> {
    let value = value.trim_matches(' ');
    printable(value)?;
    let length = value.chars().count();
    if length > max {
        return Err(fault(format!("has {length} characters"), format!("at most {max}")));
    }
    Ok(value.to_owned())
}

/// One line of 1 to `max` characters. Spaces around it are dropped.
pub(super) fn line(value: &str, max: usize) -> Result<String, Fault> {
    let value = optional_line(value, max)?;
    if value.is_empty() { Err(fault("is empty", format!("1 to {max} characters"))) } else { Ok(value) }
}

/// A stable key.
pub(super) fn key(value: &str) -> Result<String, Fault> {
    let fits = (2..=60).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !value.starts_with('-')
        && !value.ends_with('-');
    if fits {
        Ok(value.to_owned())
    } else {
        Err(fault(format!("is {}", shown(value)), "2 to 60 of a-z, 0-9 and -, such as \"vpn-users\""))
    }
}

/// What HR calls a person.
pub(super) fn external_id(value: &str) -> Result<String, Fault> {
    let value = value.trim_matches(' ');
    let fits =
        (1..=64).contains(&value.chars().count()) && !value.chars().any(|c| c.is_whitespace() || is_forbidden(c));
    if fits {
        Ok(value.to_owned())
    } else {
        Err(fault(format!("is {}", shown(value)), "1 to 64 characters without spaces, such as \"E0012\""))
    }
}

/// An e-mail address, as far as one can tell without sending to it (RFC 5321 bounds).
pub(super) fn email(value: &str) -> Result<String, Fault> {
    let value = value.trim_matches(' ');
    let fits = value.len() <= 254
        && !value.chars().any(|c| c.is_whitespace() || is_forbidden(c) || matches!(c, '<' | '>' | ',' | ';' | '"'))
        && value.split_once('@').is_some_and(|(local, domain)| {
            (1..=64).contains(&local.len())
                && !domain.contains('@')
                && !domain.is_empty()
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
    if fits {
        Ok(value.to_owned())
    } else {
        Err(fault(format!("is {}", shown(value)), "an e-mail address such as name@example.test"))
    }
}

/// A day of the calendar.
pub(super) fn date(value: &str) -> Result<NaiveDate, Fault> {
    let value = value.trim_matches(' ');
    Some(value)
        // chrono takes "2026-1-5" and "+2026-01-05" as well; files have one way to write a day.
        .filter(|v| v.len() == 10 && v.is_ascii())
        .and_then(|v| NaiveDate::parse_from_str(v, "%Y-%m-%d").ok())
        .filter(|day| (1900..=2200).contains(&day.year()))
        .ok_or_else(|| fault(format!("is {}", shown(value)), "a day written YYYY-MM-DD, such as 2026-03-31"))
}

/// A time zone of the IANA database.
pub(super) fn zone(value: &str) -> Result<chrono_tz::Tz, Fault> {
    let value = value.trim_matches(' ');
    value.parse().map_err(|_| fault(format!("is {}", shown(value)), "a time zone such as Europe/London, or nothing"))
}

/// A length of time.
pub(super) fn span(value: &str) -> Result<Span, Fault> {
    value.parse().map_err(|_| fault(format!("is {}", shown(value)), latchkey_policy::InvalidSpan::EXPECTED))
}

/// One of a few words: what else the type knows isn't taken.
pub(super) fn word<T: FromStr + PartialEq + std::fmt::Display>(value: &str, all: &[T]) -> Result<T, Fault> {
    value.parse().ok().filter(|word| all.contains(word)).ok_or_else(|| {
        let words: Vec<String> = all.iter().map(ToString::to_string).collect();
        fault(format!("is {}", shown(value)), any_of(&words))
    })
}

/// "a, b or c".
pub(super) fn any_of<S: AsRef<str>>(words: &[S]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", head.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_kinds_are_taken_and_tricks_are_not() {
        for name in ["Ó Conaill", "Achieng'", "Дарина", "Lê", "محمد", "می‌خواهم", "Σ", "李"] {
            assert_eq!(line(name, 100).unwrap(), name);
        }
        assert_eq!(line("  Ann ", 100).unwrap(), "Ann");
        for (text, shown) in [
            ("a\u{7}b", "U+0007"),
            ("a\nb", "U+000A"),
            ("a\tb", "U+0009"),
            ("a\u{202E}b", "U+202E"),
            ("a\u{2028}b", "U+2028"),
        ] {
            assert_eq!(line(text, 100).unwrap_err().message, format!("has the control character {shown}"));
        }
        assert_eq!(line("  ", 9).unwrap_err().message, "is empty");
        assert_eq!(line(&"é".repeat(9), 9).unwrap().chars().count(), 9);
        assert_eq!(line(&"é".repeat(10), 9).unwrap_err(), fault("has 10 characters", "at most 9"));
    }

    #[test]
    fn keys_are_plain() {
        for good in ["ab", "vpn-users", "9-lives"] {
            assert_eq!(key(good).unwrap(), good);
        }
        for bad in ["", "a", "A-b", "a_b", "-ab", "ab-", "a b", "é-ä", &"a".repeat(61)] {
            assert!(key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_exist() {
        assert!(date("2024-02-29").is_ok());
        for bad in [
            "2026-02-29",
            "2026-1-5",
            "26-01-05",
            "05/01/2026",
            "2026-01-05T00:00",
            "",
            "+026-01-05",
            "1899-12-31",
            "２026-1-5",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_have_two_sides() {
        assert!(email("ann@brinewell.test").is_ok());
        for bad in
            ["", "ann", "@b", "a@", "a@b@c", "a b@c", "Ann <a@b>", "a@.b", "a@b.", &format!("{}@b", "a".repeat(65))]
        {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn zones_are_the_known_ones() {
        assert_eq!(zone("Pacific/Auckland").unwrap(), chrono_tz::Pacific::Auckland);
        assert!(zone("Bristol").is_err());
        assert!(zone("").is_err());
    }

    #[test]
    fn what_is_shown_is_short_and_visible() {
        assert_eq!(shown("a\u{202E}b"), "\"a\\u{202e}b\"");
        assert_eq!(shown(&"x".repeat(61)).chars().count(), 63);
    }
}

//! `[passes]` of a system: how often it is compared with what was granted, and what becomes of drift.

use latchkey_domain::system::{OnDrift, PassRule};

use crate::files::{
    error::Errors,
    text::{self, Fault},
    toml_doc::Table,
};

/// The longest time between two passes, in hours.
const LONGEST: u32 = 7 * 24;
/// The most patterns of logins that aren't managed.
const MOST_PATTERNS: usize = 50;

pub(super) fn parse(table: &mut Table<'_>, errors: &mut Errors) -> Option<PassRule> {
    let usual = PassRule::default();
    let every = table.optional(errors, "every", every);
    let drift = table.optional(errors, "drift", |v| text::word(v, OnDrift::ALL));
    let most_removals = table.text_or_number(errors, "most_removals", |v| number(v, 0, 1_000_000));
    let most_percent = table.text_or_number(errors, "most_percent", |v| number(v, 0, 100));
    let exclude = table.texts(errors, "exclude", (0, MOST_PATTERNS), pattern);
    table.finish(errors);
    Some(PassRule {
        every_hours: every?.map_or(usual.every_hours, |at| at.value),
        drift: drift?.map_or(usual.drift, |at| at.value),
        most_removals: most_removals?.map_or(usual.most_removals, |at| at.value),
        most_percent: most_percent?.map_or(usual.most_percent, |at| at.value),
        exclude: exclude?.value.into_iter().map(|at| at.value).collect(),
    })
}

fn every(value: &str) -> Result<u32, Fault> {
    let fault = || Fault {
        message: format!("is {}", text::shown(value)),
        expected: "a time from 1h to 7d, such as \"6h\" or \"1d\"".to_owned(),
    };
    let hours = text::span(value).map_err(|_| fault())?.hours();
    if (1..=LONGEST).contains(&hours) { Ok(hours) } else { Err(fault()) }
}

fn number(value: &str, least: u32, most: u32) -> Result<u32, Fault> {
    value.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(|| Fault {
        message: format!("is {value}"),
        expected: format!("a whole number from {least} to {most}"),
    })
}

/// A login, in which `*` stands for anything.
fn pattern(value: &str) -> Result<String, Fault> {
    let pattern = text::line(value, 100)?;
    if pattern.chars().all(|c| c == '*') {
        return Err(Fault {
            message: format!("is {}, which is every login", text::shown(value)),
            expected: "the logins that aren\u{2019}t managed, such as \"svc-*\"".to_owned(),
        });
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_numbers_and_patterns_are_bounded() {
        assert_eq!((every("6h").unwrap(), every("7d").unwrap()), (6, 168));
        assert!(every("8d").is_err() && every("0h").is_err() && every("often").is_err());
        assert_eq!(number("100", 0, 100).unwrap(), 100);
        assert!(number("101", 0, 100).is_err() && number("-1", 0, 100).is_err());
        assert_eq!(pattern("svc-*").unwrap(), "svc-*");
        assert!(pattern("**").is_err() && pattern("").is_err());
    }
}

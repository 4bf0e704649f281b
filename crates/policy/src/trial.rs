//! A role that somebody gets for the first time starts as a trial: for a short while, and then for as long as was approved,
//! if it was used and they say so.

use serde::{Deserialize, Serialize};

use crate::span::Span;

/// The longest trial.
pub const MAX_TRIAL: u32 = 30;

/// How a role under a policy starts for those who never had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// How long it lasts at first.
    pub length: Span,
}

impl Trial {
    /// What doesn't hold together: what is wrong, and what would be right.
    pub(crate) fn problems(&self, longest: Span) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.length.hours() > MAX_TRIAL * 24 {
            found.push((format!("length is {}", self.length), format!("at most {MAX_TRIAL}d")));
        }
        if self.length >= longest {
            let what = format!("length is {}, not shorter than max_duration, {longest}", self.length);
            found.push((what, format!("less than {longest}")));
        }
        found
    }

    /// For how long something that was asked for so long lasts at first; nothing when that is no longer than a trial.
    #[must_use]
    pub fn of(&self, asked: Span) -> Option<Span> {
        (asked > self.length).then_some(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(n: u32) -> Span {
        Span::from_days(n).unwrap()
    }

    #[test]
    fn what_does_not_hold_together_is_named() {
        let problems = |n: u32| Trial { length: days(n) }.problems(days(20)).len();
        assert_eq!([problems(19), problems(20), problems(31)], [0, 1, 2]);
    }

    #[test]
    fn what_is_asked_for_so_shortly_is_no_trial() {
        let trial = Trial { length: days(14) };
        assert_eq!([14, 15].map(|n| trial.of(days(n))), [None, Some(days(14))]);
    }
}

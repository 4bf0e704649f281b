//! Who may take a role at once in an emergency, for how long, and when somebody else looks at it.

use serde::{Deserialize, Serialize};

use crate::{
    condition::{Condition, Seen},
    offer,
    policy::{MAX_OFFERS, PolicySnapshot},
    refusal::{Refusal, RefusalCode},
    request::RoleFacts,
    span::Span,
};

/// The longest that something may be taken for: what takes longer than a day can be asked for.
pub const LONGEST_EMERGENCY_HOURS: u32 = 24;
/// The longest that a review may take.
pub const LONGEST_REVIEW_DAYS: u32 = 14;

/// A role under this policy can be taken at once, without a decision, and is reviewed afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// It holds for those who may take it.
    pub who: Condition,
    /// What the others are told, as a sentence.
    pub advice: String,
    /// The longest that it may be taken for.
    pub max: Span,
    /// What the form offers, in this order.
    pub offer: Vec<Span>,
    /// How long after its end somebody else has to have looked at it. Calendar time.
    pub review_within: Span,
}

impl BreakGlass {
    /// What doesn't hold together: the key that it is about, what is wrong, and what would be right.
    pub(crate) fn problems(&self) -> Vec<(&'static str, String, String)> {
        let mut found = Vec::new();
        if self.who.is_about_the_request() {
            found.push((
                "who",
                "who looks at the request, and in an emergency there is none".to_owned(),
                "a condition over person and role".to_owned(),
            ));
        }
        if self.max.hours() > LONGEST_EMERGENCY_HOURS {
            found.push((
                "max",
                format!("max is {}", self.max),
                format!("at most {LONGEST_EMERGENCY_HOURS}h: what takes longer can be asked for"),
            ));
        }
        if self.offer.is_empty() || self.offer.len() > MAX_OFFERS {
            found.push((
                "offer",
                format!("offer has {} durations", self.offer.len()),
                format!("1 to {MAX_OFFERS} durations"),
            ));
        }
        let in_order = self.offer.iter().zip(self.offer.iter().skip(1)).all(|(before, after)| before < after);
        if !in_order {
            found.push((
                "offer",
                "offer is out of order".to_owned(),
                "each duration once, the shortest first".to_owned(),
            ));
        }
        if let Some(long) = self.offer.iter().find(|span| **span > self.max) {
            found.push((
                "offer",
                format!("offer has {long}, longer than max, {}", self.max),
                format!("at most {}", self.max),
            ));
        }
        if self.review_within.hours() > LONGEST_REVIEW_DAYS * 24 {
            found.push((
                "review_within",
                format!("review_within is {}", self.review_within),
                format!("at most {LONGEST_REVIEW_DAYS}d"),
            ));
        }
        found
    }

    /// The longest for this role: its own longest counts here, too.
    #[must_use]
    pub fn longest(&self, role: &RoleFacts) -> Span {
        role.max_duration.map_or(self.max, |own| own.min(self.max))
    }

    /// What the form offers for this role, at least one.
    #[must_use]
    pub fn choices(&self, role: &RoleFacts) -> Vec<Span> {
        offer::fitting(&self.offer, self.longest(role))
    }
}

/// Whether somebody is among those whom the policy lets take the role in an emergency. How they are employed is asked, too;
/// `may_ask` and the rules of the policy aren't: they are about requests.
///
/// # Errors
/// The rule that leaves them out, with its advice; also when the condition can't be worked out.
pub fn may_take<'a>(snapshot: &'a PolicySnapshot, role: &RoleFacts, seen: &Seen) -> Result<&'a BreakGlass, Refusal> {
    let policy = &snapshot.policy;
    let Some(terms) = &policy.break_glass else {
        return Err(Refusal::new(
            RefusalCode::NoEmergencies,
            format!("{} isn't a role that can be taken in an emergency.", role.name),
            "Ask for it, and tell whoever decides that it is urgent.",
        ));
    };
    match terms.who.holds(seen) {
        Ok(true) => Ok(terms),
        Ok(false) => Err(Refusal::new(
            RefusalCode::MayNotTake,
            format!("\u{201c}{}\u{201d} doesn\u{2019}t let you take this in an emergency.", policy.name),
            terms.advice.clone(),
        )),
        Err(failed) => Err(Refusal::new(
            RefusalCode::ConditionFailed,
            format!("\u{201c}{}\u{201d}, who may take it in an emergency: {failed}.", policy.name),
            "What can't be checked isn't given out. An administrator can mend the policy.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        condition::{Facts, PersonView},
        policy::{PolicyField, tests::sample},
    };

    fn hours(n: u32) -> Span {
        Span::from_hours(n).unwrap()
    }

    fn terms() -> BreakGlass {
        BreakGlass {
            who: "person.department == \"Platform\"".parse().unwrap(),
            advice: "Call the platform team.".into(),
            max: hours(4),
            offer: vec![hours(1), hours(4)],
            review_within: Span::from_days(2).unwrap(),
        }
    }

    fn role() -> RoleFacts {
        RoleFacts { name: "Production shell".into(), requestable: true, retired: false, max_duration: None }
    }

    fn from(department: &str) -> Seen {
        let person = PersonView { department: department.into(), ..PersonView::default() };
        Seen::new(&Facts { requester: person.clone(), person, ..Facts::default() })
    }

    fn codes(terms: BreakGlass) -> Vec<PolicyField> {
        let mut policy = sample();
        policy.break_glass = Some(terms);
        policy.problems().iter().map(|p| p.field).collect()
    }

    #[test]
    fn the_policy_names_who_may_take_it_and_what_cannot_be_checked_opens_no_door() {
        let mut policy = sample();
        assert_eq!(
            may_take(&policy.snapshot(), &role(), &from("Platform")).unwrap_err().code,
            RefusalCode::NoEmergencies
        );
        policy.break_glass = Some(terms());
        let snapshot = policy.snapshot();
        assert_eq!(may_take(&snapshot, &role(), &from("Platform")), Ok(&terms()));
        let no = may_take(&snapshot, &role(), &from("Sales")).unwrap_err();
        assert_eq!((no.code, no.help.as_str()), (RefusalCode::MayNotTake, "Call the platform team."));
        // Whoever is in no group has no first one.
        policy.break_glass = Some(BreakGlass { who: "person.groups[0] == \"on-call\"".parse().unwrap(), ..terms() });
        let snapshot = policy.snapshot();
        let no = may_take(&snapshot, &role(), &from("Platform")).unwrap_err();
        assert_eq!(no.code, RefusalCode::ConditionFailed);
    }

    #[test]
    fn what_does_not_hold_together_is_named() {
        assert_eq!(codes(terms()), []);
        let field = PolicyField::BreakGlass;
        assert_eq!(codes(BreakGlass { who: "request.hours < 3".parse().unwrap(), ..terms() }), [field("who")]);
        assert_eq!(codes(BreakGlass { max: hours(25), ..terms() }), [field("max")]);
        assert_eq!(codes(BreakGlass { offer: vec![], ..terms() }), [field("offer")]);
        assert_eq!(codes(BreakGlass { offer: vec![hours(4), hours(1)], ..terms() }), [field("offer")]);
        assert_eq!(codes(BreakGlass { offer: vec![hours(1), hours(5)], ..terms() }), [field("offer")]);
        assert_eq!(
            codes(BreakGlass { review_within: Span::from_days(15).unwrap(), ..terms() }),
            [field("review_within")]
        );
    }

    #[test]
    fn the_roles_own_longest_counts_in_an_emergency_too() {
        let short = RoleFacts { max_duration: Some(hours(2)), ..role() };
        assert_eq!((terms().longest(&role()), terms().longest(&short)), (hours(4), hours(2)));
        assert_eq!(terms().choices(&role()), [hours(1), hours(4)]);
        assert_eq!(terms().choices(&short), [hours(1)]);
        let shortest = RoleFacts { max_duration: Some(hours(1)), ..role() };
        assert_eq!(BreakGlass { offer: vec![hours(4)], ..terms() }.choices(&shortest), [hours(1)]);
    }

    #[test]
    fn a_snapshot_keeps_it() {
        let mut policy = sample();
        policy.break_glass = Some(terms());
        let text = policy.snapshot().to_json().unwrap();
        assert!(text.contains(r#""break_glass":{"who":"person.department == \"Platform\"","advice":"Call the platform team.","max":"4h","offer":["1h","4h"],"review_within":"2d"}"#), "{text}");
        assert_eq!(PolicySnapshot::from_json(&text).unwrap().policy, policy);
    }
}

//! Does a wish fit the policy?

use latchkey_domain::identity::{EmploymentType, Status};

use crate::{
    offer,
    policy::{Policy, PolicySnapshot, ReasonRule},
    refusal::{Refusal, RefusalCode},
    span::Span,
};

/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 1000;

/// What the policy needs to know about the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFacts {
    /// What it is called.
    pub name: String,
    /// It can be asked for.
    pub requestable: bool,
    /// It was taken out of the catalog.
    pub retired: bool,
    /// Longest duration of the role itself, narrower than the policy's.
    pub max_duration: Option<Span>,
}

/// What the policy needs to know about the beneficiary, today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// What they are called.
    pub name: String,
    /// They ask for themselves: refusals then say "you".
    pub is_requester: bool,
    /// Where they are in their life at the company.
    pub status: Status,
    /// How they are employed; `None` for a service identity.
    pub employment_type: Option<EmploymentType>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// For how long.
    pub duration: Span,
    /// Why, as typed.
    pub reason: String,
}

/// The longest that may be asked for: the policy's, or the role's own where that is shorter.
#[must_use]
pub fn longest(policy: &PolicySnapshot, role: &RoleFacts) -> Span {
    let by_policy = policy.policy.max_duration;
    role.max_duration.map_or(by_policy, |own| own.min(by_policy))
}

/// What the form offers: the policy's offers that the role allows, at least one.
#[must_use]
pub fn choices(policy: &PolicySnapshot, role: &RoleFacts) -> Vec<Span> {
    offer::fitting(&policy.policy.offer, longest(policy, role))
}

/// What the form suggests: of what it offers, the longest that isn't longer than the policy's default, else the
/// shortest.
#[must_use]
pub fn suggested(policy: &PolicySnapshot, role: &RoleFacts) -> Span {
    let offers = choices(policy, role);
    offer::suggested(&offers, policy.policy.default_duration).unwrap_or_else(|| longest(policy, role))
}

/// Checks a wish against the policy: every reason why not, or nothing.
///
/// Who could decide is another question: [`crate::who_could_decide`].
///
/// # Errors
/// Each rule that says no, in the order in which one would read them.
pub fn check_request(
    policy: &PolicySnapshot,
    role: &RoleFacts,
    person: &PersonFacts,
    wish: &Wish,
) -> Result<(), Vec<Refusal>> {
    let mut refusals = Vec::new();
    refusals.extend(check_role(role));
    refusals.extend(check_person(policy, person));
    refusals.extend(check_duration(&[&policy.policy], role, wish.duration));
    refusals.extend(check_reason(policy, &wish.reason));
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

fn check_role(role: &RoleFacts) -> Option<Refusal> {
    if role.retired {
        return Some(Refusal::new(
            RefusalCode::RoleRetired,
            format!("{} isn't given out any more.", role.name),
            "Look in the catalog for a role that took its place, or ask its owner.",
        ));
    }
    (!role.requestable).then(|| {
        Refusal::new(
            RefusalCode::RoleNotRequestable,
            format!("{} can't be asked for; it is given by rule.", role.name),
            "Ask the role's owner how people get it.",
        )
    })
}

fn check_person(policy: &PolicySnapshot, person: &PersonFacts) -> Option<Refusal> {
    if !person.status.may_hold() {
        let (state, help) = match person.status {
            Status::PreHire => ("not started yet", "Ask again on the first day."),
            _ => ("left the company", "If that is wrong, the people team can put it right."),
        };
        let message = if person.is_requester {
            format!("You have {state}, so you can't hold access.")
        } else {
            format!("{} has {state}, so they can't hold access.", person.name)
        };
        return Some(Refusal::new(RefusalCode::BeneficiaryNotActive, message, help));
    }
    let who = &policy.policy.who;
    if person.employment_type.is_some_and(|own| who.contains(&own)) {
        return None;
    }
    let allowed: Vec<&str> = who.iter().map(|one| plural(*one)).collect();
    let is = match person.employment_type {
        Some(EmploymentType::Employee) => "an employee",
        Some(EmploymentType::Contractor) => "a contractor",
        None => "neither an employee nor a contractor",
    };
    let whom = if person.is_requester { "you are".to_owned() } else { format!("{} is", person.name) };
    Some(Refusal::new(
        RefusalCode::EmploymentTypeNotAllowed,
        format!("This is for {} only, and {whom} {is}.", allowed.join(" and ")),
        "Somebody whom it is for can ask for it and do this work, or the role's owner can name another role.",
    ))
}

fn plural(of: EmploymentType) -> &'static str {
    match of {
        EmploymentType::Employee => "employees",
        EmploymentType::Contractor => "contractors",
    }
}

/// Whether so long may be asked for: the role's own longest counts, and that of each policy on the request's way.
#[must_use]
pub fn check_duration(policies: &[&Policy], role: &RoleFacts, asked: Span) -> Option<Refusal> {
    let by_policy = policies.iter().min_by_key(|policy| policy.max_duration)?;
    let (longest, by) = match role.max_duration {
        Some(own) if own < by_policy.max_duration => (own, &role.name),
        _ => (by_policy.max_duration, &by_policy.name),
    };
    (asked > longest).then(|| {
        Refusal::new(
            RefusalCode::DurationTooLong,
            format!("{} is longer than the {} that \"{by}\" allows.", asked.words(), longest.words()),
            format!("Choose {} or less. You can extend it later.", longest.words()),
        )
    })
}

fn check_reason(policy: &PolicySnapshot, reason: &str) -> Option<Refusal> {
    if reason.trim().is_empty() && policy.policy.reason == ReasonRule::Required {
        return Some(Refusal::new(
            RefusalCode::ReasonMissing,
            "A reason is needed.",
            "Say what you need it for, for example \"Closing the October books\".",
        ));
    }
    check_reason_length(reason)
}

/// Whether all of a reason is kept.
pub(crate) fn check_reason_length(reason: &str) -> Option<Refusal> {
    let length = reason.trim().chars().count();
    (length > MAX_REASON_CHARS).then(|| {
        Refusal::new(
            RefusalCode::ReasonTooLong,
            format!("The reason has {length} characters; {MAX_REASON_CHARS} are kept."),
            "Shorten it, and link to the long story.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::sample;
    use proptest::prelude::*;

    fn role() -> RoleFacts {
        RoleFacts { name: "Payroll reader".into(), requestable: true, retired: false, max_duration: None }
    }

    fn person() -> PersonFacts {
        PersonFacts {
            name: "Petr Dvořák".into(),
            is_requester: true,
            status: Status::Active,
            employment_type: Some(EmploymentType::Employee),
        }
    }

    fn wish() -> Wish {
        Wish { duration: Span::from_days(30).unwrap(), reason: "Closing October".into() }
    }

    fn codes(result: Result<(), Vec<Refusal>>) -> Vec<RefusalCode> {
        result.err().unwrap_or_default().iter().map(|refusal| refusal.code).collect()
    }

    #[test]
    fn what_fits_is_accepted() {
        assert_eq!(check_request(&sample().snapshot(), &role(), &person(), &wish()), Ok(()));
        let on_leave = PersonFacts { status: Status::OnLeave, ..person() };
        assert_eq!(check_request(&sample().snapshot(), &role(), &on_leave, &wish()), Ok(()));
    }

    #[test]
    fn promise_10_each_refusal_says_why_and_what_would_help() {
        let policy = sample().snapshot();
        let retired = RoleFacts { retired: true, ..role() };
        assert_eq!(codes(check_request(&policy, &retired, &person(), &wish())), [RefusalCode::RoleRetired]);
        let closed = RoleFacts { requestable: false, ..role() };
        assert_eq!(codes(check_request(&policy, &closed, &person(), &wish())), [RefusalCode::RoleNotRequestable]);
        for (status, words) in [(Status::PreHire, "not started yet"), (Status::Terminated, "left the company")] {
            let gone = PersonFacts { status, ..person() };
            let refusals = check_request(&policy, &role(), &gone, &wish()).unwrap_err();
            assert_eq!(refusals[0].code, RefusalCode::BeneficiaryNotActive);
            assert!(refusals[0].message.contains(words), "{}", refusals[0]);
        }
        let contractor =
            PersonFacts { employment_type: Some(EmploymentType::Contractor), is_requester: false, ..person() };
        let refusals = check_request(&policy, &role(), &contractor, &wish()).unwrap_err();
        assert_eq!(refusals[0].message, "This is for employees only, and Petr Dvořák is a contractor.");
        let service = PersonFacts { employment_type: None, ..person() };
        assert_eq!(codes(check_request(&policy, &role(), &service, &wish())), [RefusalCode::EmploymentTypeNotAllowed]);
        let silent = Wish { reason: " \n\t".into(), ..wish() };
        assert_eq!(codes(check_request(&policy, &role(), &person(), &silent)), [RefusalCode::ReasonMissing]);
        let wordy = Wish { reason: "é".repeat(MAX_REASON_CHARS + 1), ..wish() };
        assert_eq!(codes(check_request(&policy, &role(), &person(), &wordy)), [RefusalCode::ReasonTooLong]);
        let exact = Wish { reason: "é".repeat(MAX_REASON_CHARS), ..wish() };
        assert_eq!(check_request(&policy, &role(), &person(), &exact), Ok(()));
    }

    #[test]
    fn promise_05_the_longest_duration_is_the_frozen_policys() {
        let policy = sample().snapshot();
        let long = Wish { duration: Span::from_days(91).unwrap(), ..wish() };
        let refusals = check_request(&policy, &role(), &person(), &long).unwrap_err();
        assert_eq!(
            refusals[0].to_string(),
            "91 days is longer than the 90 days that \"Manager decides\" allows. Choose 90 days or less. You can extend it later."
        );
        let narrow = RoleFacts { max_duration: Span::from_days(7), ..role() };
        let refusals = check_request(&policy, &narrow, &person(), &wish()).unwrap_err();
        assert!(refusals[0].message.contains("\"Payroll reader\""), "{}", refusals[0]);
    }

    #[test]
    fn every_reason_is_named_at_once() {
        let refusals = check_request(
            &sample().snapshot(),
            &RoleFacts { retired: true, ..role() },
            &PersonFacts { status: Status::Terminated, ..person() },
            &Wish { duration: Span::MAX, reason: String::new() },
        );
        assert_eq!(
            codes(refusals),
            [
                RefusalCode::RoleRetired,
                RefusalCode::BeneficiaryNotActive,
                RefusalCode::DurationTooLong,
                RefusalCode::ReasonMissing
            ]
        );
    }

    #[test]
    fn an_optional_reason_may_be_left_out() {
        let mut policy = sample();
        policy.reason = ReasonRule::Optional;
        let silent = Wish { reason: String::new(), ..wish() };
        assert_eq!(check_request(&policy.snapshot(), &role(), &person(), &silent), Ok(()));
    }

    proptest! {
        #[test]
        fn what_the_form_offers_is_always_accepted(role_hours in proptest::option::of(1_u32..3000)) {
            let policy = sample().snapshot();
            let role = RoleFacts { max_duration: role_hours.and_then(Span::from_hours), ..role() };
            let offers = choices(&policy, &role);
            prop_assert!(!offers.is_empty());
            prop_assert!(offers.contains(&suggested(&policy, &role)));
            for duration in offers {
                let wish = Wish { duration, ..wish() };
                prop_assert_eq!(check_request(&policy, &role, &person(), &wish), Ok(()));
            }
        }

        #[test]
        fn a_duration_is_refused_exactly_when_it_is_longer(hours in 1_u32..=1825 * 24, role_hours in proptest::option::of(1_u32..3000)) {
            let policy = sample().snapshot();
            let role = RoleFacts { max_duration: role_hours.and_then(Span::from_hours), ..role() };
            let wish = Wish { duration: Span::from_hours(hours).unwrap(), ..wish() };
            let refused = codes(check_request(&policy, &role, &person(), &wish)).contains(&RefusalCode::DurationTooLong);
            prop_assert_eq!(refused, hours > longest(&policy, &role).hours());
        }
    }
}

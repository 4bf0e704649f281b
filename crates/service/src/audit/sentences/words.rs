//! The fixed words of events, in plain ones. A word that isn't known is shown as it is.

use latchkey_domain::identity::Status;

use crate::notices::kinds as notice_kinds;

/// `1 entitlement`, `2 entitlements`.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A length of time as people say it: `90 days`, `8 hours`, `45 minutes`.
pub(super) fn duration(seconds: i64) -> String {
    let of = |n: i64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match seconds {
        s if s > 0 && s % 86_400 == 0 => of(s / 86_400, "day"),
        s if s > 0 && s % 3_600 == 0 => of(s / 3_600, "hour"),
        s if s > 0 && s % 60 == 0 => of(s / 60, "minute"),
        s => of(s, "second"),
    }
}

pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::PreHire => "not started yet",
        Status::Active => "at work",
        Status::OnLeave => "on leave",
        Status::Terminated => "left",
    }
}

/// Names of attributes, joined: `title, department and manager`.
pub(super) fn attributes(changed: &[String]) -> String {
    let words: Vec<String> =
        changed.iter().map(|c| c.trim_end_matches("_external_id").trim_end_matches("_id").replace('_', " ")).collect();
    match words.split_last() {
        None => "nothing that is kept".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// How somebody proved who they are (RFC 8176, section 2).
pub(super) fn methods(amr: &[String]) -> String {
    let mut words: Vec<&str> = amr
        .iter()
        .map(|method| match method.as_str() {
            "pwd" => "a password",
            "otp" => "a one-time code",
            "mfa" | "mca" => "more than one factor",
            "hwk" => "a hardware key",
            "swk" => "a software key",
            "fido" | "fido2" | "webauthn" => "a passkey",
            "pin" => "a PIN",
            "sms" => "a text message",
            "tel" => "a telephone call",
            "face" => "face recognition",
            "fpt" => "a fingerprint",
            "iris" | "retina" => "an eye scan",
            "vbm" => "voice recognition",
            "sc" => "a smart card",
            "kba" => "an answer to a question",
            "wia" => "the computer's own sign-in",
            "user" => "their presence",
            other => other,
        })
        .collect();
    words.dedup();
    words.join(" and ")
}

/// How a sign-in at the provider was linked to a person.
pub(super) fn bound_by(by: &str) -> String {
    match by {
        "claim" => "by the number in the provider's statement".to_owned(),
        "email" => "by a confirmed e-mail address".to_owned(),
        "rebinding" => "which two people confirmed".to_owned(),
        other => format!("by “{other}”"),
    }
}

/// Why a session ended.
pub(super) fn session_end(reason: &str) -> String {
    match reason {
        "ended_by_owner" => "they ended it on their page of sessions".to_owned(),
        "replaced" => "they signed in again".to_owned(),
        "signed_out" => "they signed out".to_owned(),
        "backchannel_logout" | "provider" => "the provider said that they signed out".to_owned(),
        "idle_limit" => "nobody used it for too long".to_owned(),
        "absolute_limit" => "it reached the longest time that a session may last".to_owned(),
        "left" | "terminated" | "deactivated" => "they don't work here any more".to_owned(),
        other => format!("“{other}”"),
    }
}

/// Why somebody can decide.
pub(super) fn because(because: &str) -> String {
    match because {
        "manager" => "the manager".to_owned(),
        "managers-manager" => "the manager\u{2019}s manager".to_owned(),
        "group" => "a member of the group that decides".to_owned(),
        "owner" => "the role's owner".to_owned(),
        "system-owner" | "system_owner" => "the system's owner".to_owned(),
        "security" => "security".to_owned(),
        "person" => "named by the policy".to_owned(),
        "fallback" => "as a fallback".to_owned(),
        "handed" => "to whom it was handed over".to_owned(),
        "added" => "added by hand".to_owned(),
        "moved" => "to whom it was moved on".to_owned(),
        other => match other.split_once(':') {
            Some(("fallback", rest)) => format!("as a fallback, {}", self::because(rest.trim())),
            _ => other.to_owned(),
        },
    }
}

/// Why approvers changed or an item can't happen any more.
pub(super) fn why(why: &str) -> String {
    match why {
        "left" => "somebody left".to_owned(),
        "manager" | "manager_changed" => "a manager changed".to_owned(),
        "owner" | "owner_changed" => "an owner changed".to_owned(),
        "group" => "a group has other members".to_owned(),
        "delegation" => "somebody decides for somebody else, or does no longer".to_owned(),
        "deadline" => "the deadline passed".to_owned(),
        "status" | "status_changed" => "somebody's status changed".to_owned(),
        "role_retired" => "the role was retired".to_owned(),
        other => other.replace('_', " "),
    }
}

/// A group of kinds of notices.
pub(super) fn notices(group: &str) -> String {
    notice_kinds::Group::from_word(group).map_or_else(|| format!("“{group}”"), |g| g.words().to_lowercase())
}

/// How somebody wants to be told.
pub(super) fn choice(choice: &str) -> String {
    match choice {
        "at_once" => "at once".to_owned(),
        "digest" => "in a daily digest".to_owned(),
        "off" => "not by e-mail".to_owned(),
        other => other.replace('_', " "),
    }
}

/// What the policy says when a deadline passes.
pub(super) fn overdue(outcome: &str) -> String {
    match outcome {
        "remind" => "those who can decide are reminded".to_owned(),
        "escalate" => "others can decide too".to_owned(),
        "reassign" => "the fallback decides instead".to_owned(),
        "expire" => "it closes".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Why somebody took over what a leaver owned.
pub(super) fn succession(because: &str) -> String {
    match because {
        "backup" => "they are the backup owner".to_owned(),
        "manager" => "they are the nearest manager above who is at work".to_owned(),
        "administrator" => "nobody above is at work, so an administrator took it over".to_owned(),
        other => format!("it went by the rule “{}”", other.replace('_', " ")),
    }
}

/// Why a sign-in was refused, about the person rather than to them. The codes are those of
/// [`crate::sign_in::SignInRefusal`].
pub(super) fn sign_in_refusal(code: &str) -> String {
    let words = match code {
        "attempt_unknown" => "the sign-in had run out or began in another browser",
        "attempt_used" => "the provider's answer came a second time",
        "answer_wrong_issuer" => "the answer came from another provider",
        "answer_missing_issuer" => "the answer didn't say which provider it came from",
        "answer_incomplete" => "the provider's answer was incomplete",
        "provider_denied" => "the provider said no",
        "provider_error" => "the provider reported an error",
        "provider_unreachable" => "the provider couldn't be reached",
        "provider_unfit" => "signing in isn't set up correctly",
        "code_refused" => "the provider didn't confirm the sign-in",
        "token_malformed" => "the provider's statement couldn't be read",
        "token_unsigned" => "the provider's statement wasn't signed",
        "token_wrong_algorithm" => "the provider's statement was signed in a way that isn't accepted",
        "token_wrong_signature" => "the signature under the provider's statement was wrong",
        "token_unknown_key" => "the provider's statement was signed with a key that the provider doesn't publish",
        "token_wrong_issuer" => "the statement came from another provider",
        "token_wrong_audience" => "the statement was made for another application",
        "token_wrong_party" => "another application had asked for the statement",
        "token_wrong_nonce" => "the statement belonged to another sign-in",
        "token_expired" => "the provider's statement had run out",
        "token_wrong_time" => "the provider's statement had an impossible time",
        "auth_too_old" => "they last proved who they are too long ago",
        "mfa_missing" => "a second factor was missing",
        "person_unknown" => "nobody in Latchkey fits the provider's statement",
        "person_ambiguous" => "more than one person in Latchkey fits the provider's statement",
        "binding_conflict" => "their person is linked to another sign-in at the provider",
        "person_not_started" => "they haven't started yet",
        "person_on_leave" => "they are on leave",
        "person_left" => "they have left",
        "too_many_attempts" => "there were too many tries in a short time",
        other => return format!("“{other}”"),
    };
    words.to_owned()
}

/// Why a decision was refused. The codes are those of the policy and of deciding.
pub(super) fn decision_refusal(code: &str) -> String {
    let words = match code.strip_prefix("decision.").unwrap_or(code) {
        "own_item" => "nobody decides on what they asked for or would hold themselves",
        "not_an_approver" => "they aren't one of those who decide this step",
        "approver_not_active" => "they aren't at work",
        "handed_over" => "they had given their seat to somebody else",
        "no_second_factor" => "their session wasn't confirmed by a second factor",
        "role_retired" => "the role was retired",
        "role_not_requestable" => "the role can't be asked for any more",
        "beneficiary_not_active" => "the person who would hold it isn't at work",
        "employment_type_not_allowed" => "the policy leaves out people who are employed like that",
        "duration_too_long" => "the policy doesn't allow it for so long",
        "reason_missing" => "the policy asks for a reason",
        "reason_too_long" => "the reason is too long",
        "nobody_could_decide" => "nobody could decide it",
        "separation" => "a rule keeps it apart from what the person has otherwise",
        other => return format!("“{other}”"),
    };
    words.to_owned()
}

/// Why somebody may not take a role in an emergency.
pub(super) fn emergency_refusal(code: &str) -> String {
    let words = match code {
        "not_at_work" => "they aren't at work",
        "role_retired" => "the role was retired",
        "beneficiary_not_active" => "they aren't at work",
        "employment_type_not_allowed" => "the policy leaves out people who are employed like that",
        "no_emergencies" => "the role isn't for emergencies",
        "may_not_take" => "the policy doesn't name them",
        "condition_failed" => "a condition of the policy could not be worked out",
        "held" => "they have it already",
        "review_overdue" => "a review of what they took before is overdue",
        "separation" => "a rule keeps it apart from what they have otherwise",
        "nobody_could_review" => "nobody else could review it",
        "assurance_missing" => "their session doesn't prove what the role asks for",
        "assurance_unknown" => "this version doesn't know the assurance that the role asks for",
        other => return format!("“{other}”"),
    };
    words.to_owned()
}

/// Why a call of a source was refused.
#[must_use]
pub fn call_refusal(code: &str) -> String {
    let words = match code {
        "not_signed" => "it isn't signed by a secret of a source",
        "unreadable" => "it couldn't be read",
        "person_unknown" => "it names nobody whom Latchkey knows",
        "person_ambiguous" => "more than one person fits what it names",
        "id_used" => "another call had the same id",
        "no_rule" => "no rule of the source fits it",
        "until_past" => "its end has passed already",
        "not_at_work" => "they aren't at work",
        "condition_not_met" => "the rule's condition leaves them out",
        "condition_failed" => "a condition of the rule could not be worked out",
        "separation" => "a rule keeps it apart from what they have otherwise",
        "role_retired" => "the role was retired",
        "beneficiary_not_active" => "they aren't at work",
        "employment_type_not_allowed" => "the policy leaves out people who are employed like that",
        other => return format!("“{other}”"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::SignInRefusal;
    use latchkey_policy::RefusalCode;

    #[test]
    fn every_code_of_a_refusal_has_words() {
        for refusal in SignInRefusal::ALL {
            assert!(!sign_in_refusal(refusal.code()).contains('“'), "{} has no words", refusal.code());
        }
        for code in [
            RefusalCode::RoleRetired,
            RefusalCode::BeneficiaryNotActive,
            RefusalCode::EmploymentTypeNotAllowed,
            RefusalCode::NoEmergencies,
            RefusalCode::MayNotTake,
            RefusalCode::ConditionFailed,
        ] {
            assert!(!emergency_refusal(code.as_str()).contains('“'), "{} has no words", code.as_str());
        }
        for code in [
            RefusalCode::OwnItem,
            RefusalCode::NotAnApprover,
            RefusalCode::ApproverNotActive,
            RefusalCode::RoleRetired,
            RefusalCode::RoleNotRequestable,
            RefusalCode::BeneficiaryNotActive,
            RefusalCode::EmploymentTypeNotAllowed,
            RefusalCode::DurationTooLong,
            RefusalCode::ReasonMissing,
            RefusalCode::ReasonTooLong,
            RefusalCode::NobodyCouldDecide,
        ] {
            assert!(!decision_refusal(code.as_str()).contains('“'), "{} has no words", code.as_str());
        }
        assert!(!decision_refusal("decision.no_second_factor").contains('“'));
        assert!(!decision_refusal("separation").contains('“'));
        assert_eq!(sign_in_refusal("from_the_future"), "“from_the_future”");
        assert_eq!(decision_refusal("from_the_future"), "“from_the_future”");
    }

    #[test]
    fn words_are_joined_and_counted_as_people_do() {
        assert_eq!(duration(90 * 86_400), "90 days");
        assert_eq!(duration(86_400), "1 day");
        assert_eq!(duration(8 * 3_600), "8 hours");
        assert_eq!(duration(90), "90 seconds");
        assert_eq!(
            attributes(&["title".into(), "time_zone".into(), "manager_id".into()]),
            "title, time zone and manager"
        );
        assert_eq!(attributes(&["title".into()]), "title");
        assert_eq!(methods(&["pwd".into(), "otp".into(), "xyz".into()]), "a password and a one-time code and xyz");
        assert_eq!(because("fallback: owner"), "as a fallback, the role's owner");
        assert_eq!(why("some_new_word"), "some new word");
    }
}

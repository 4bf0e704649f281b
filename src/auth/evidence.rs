//! What a sign-in proved. What came back decides; having asked for it is no evidence.

use chrono::TimeDelta;
use latchkey_domain::{Instant, assurance::Assurance};
use latchkey_service::sign_in::SignInRefusal;
use serde_json::{Map, Value};

use crate::settings::{EvidenceRule, MfaException, OidcSettings};

/// Clocks may differ by this much.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// Weighs the claims of a statement that passed every check. Gives what was proved, and what is missing, if anything is.
#[must_use]
pub fn weigh(
    oidc: &OidcSettings,
    claims: &Map<String, Value>,
    now: Instant,
    zone: chrono_tz::Tz,
) -> (Assurance, Option<SignInRefusal>) {
    let proved = oidc.mfa.iter().any(|rule| proves(rule, claims));
    let exception = oidc
        .mfa_enforced_exception
        .as_ref()
        .filter(|exception| !proved && !says_something(oidc, claims) && holds(exception, now, zone));
    let assurance = Assurance {
        amr: texts(claims.get("amr")),
        acr: claims.get("acr").and_then(Value::as_str).map(ToOwned::to_owned),
        auth_time: auth_time(claims),
        mfa: proved || exception.is_some(),
        exception: exception.map(|exception| format!("{} answers for it until {}", exception.owner, exception.ends)),
    };
    let missing = if !assurance.mfa {
        Some(SignInRefusal::MfaMissing)
    } else if oidc.max_age.is_some_and(|most| is_too_old(assurance.auth_time, most, now)) {
        Some(SignInRefusal::AuthTooOld)
    } else {
        None
    };
    (assurance, missing)
}

fn proves(rule: &EvidenceRule, claims: &Map<String, Value>) -> bool {
    texts(claims.get(&rule.claim)).iter().any(|found| rule.values.contains(found))
}

/// The exception is for providers that say nothing. One that says "password only" has said something.
fn says_something(oidc: &OidcSettings, claims: &Map<String, Value>) -> bool {
    let says = |claim: &str| !texts(claims.get(claim)).is_empty();
    says("amr") || oidc.mfa.iter().any(|rule| says(&rule.claim))
}

fn holds(exception: &MfaException, now: Instant, zone: chrono_tz::Tz) -> bool {
    now.with_timezone(&zone).date_naive() <= exception.ends
}

fn is_too_old(auth_time: Option<Instant>, most: TimeDelta, now: Instant) -> bool {
    auth_time.is_none_or(|at| now - at > most + LEEWAY || at - now > LEEWAY)
}

/// A claim as texts: providers write one value, or a list, or numbers and booleans.
fn texts(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// `auth_time` in seconds, which may have a fraction.
fn auth_time(claims: &Map<String, Value>) -> Option<Instant> {
    let seconds = claims.get("auth_time")?.as_f64()?;
    // Whole microseconds, as everywhere. A number that is too large saturates, and is then outside the calendar: no time.
    Instant::from_timestamp_micros((seconds * 1_000_000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{BindAttribute, BindRule, StepUp};

    fn now() -> Instant {
        "2026-03-31T22:30:00Z".parse().unwrap()
    }

    fn oidc() -> OidcSettings {
        OidcSettings {
            issuer: "https://login.example.com".to_owned(),
            client_id: "latchkey".to_owned(),
            client_secret: None,
            scopes: vec![],
            bind: BindRule { claim: "sub".to_owned(), attribute: BindAttribute::ExternalId },
            email_binding: false,
            mfa: vec![
                EvidenceRule { claim: "amr".to_owned(), values: vec!["mfa".to_owned(), "otp".to_owned()] },
                EvidenceRule { claim: "acr".to_owned(), values: vec!["2".to_owned()] },
            ],
            step_up: StepUp::LoginAgain,
            max_age: None,
            mfa_enforced_exception: None,
        }
    }

    fn weighed(oidc: &OidcSettings, claims: Value) -> (Assurance, Option<SignInRefusal>) {
        let Value::Object(claims) = claims else { panic!("not an object") };
        weigh(oidc, &claims, now(), chrono_tz::Europe::Berlin)
    }

    #[test]
    fn any_of_the_rules_is_enough() {
        for claims in [
            serde_json::json!({ "amr": ["pwd", "otp"] }),
            serde_json::json!({ "amr": "mfa" }),
            serde_json::json!({ "acr": "2", "amr": ["pwd"] }),
            serde_json::json!({ "acr": 2 }),
        ] {
            assert_eq!(weighed(&oidc(), claims).1, None);
        }
    }

    #[test]
    fn nothing_and_too_little_are_both_missing() {
        for claims in [
            serde_json::json!({}),
            serde_json::json!({ "amr": ["pwd"] }),
            serde_json::json!({ "amr": [], "acr": "" }),
            serde_json::json!({ "amr": [["mfa"]], "acr": { "2": true } }),
            serde_json::json!({ "acr": "1" }),
        ] {
            let (assurance, missing) = weighed(&oidc(), claims);
            assert_eq!(missing, Some(SignInRefusal::MfaMissing));
            assert!(!assurance.mfa);
        }
    }

    #[test]
    fn an_exception_speaks_for_a_silent_provider_until_its_last_day() {
        let mut oidc = oidc();
        oidc.mfa.clear();
        let ends = |day| Some(MfaException { owner: "E0012".to_owned(), ends: day });
        // It is 00:30 on 1 April in Berlin.
        oidc.mfa_enforced_exception = ends("2026-04-01".parse().unwrap());
        let (assurance, missing) = weighed(&oidc, serde_json::json!({}));
        assert_eq!(missing, None);
        assert_eq!(assurance.exception.as_deref(), Some("E0012 answers for it until 2026-04-01"));
        assert_eq!(weighed(&oidc, serde_json::json!({ "amr": ["pwd"] })).1, Some(SignInRefusal::MfaMissing));
        oidc.mfa_enforced_exception = ends("2026-03-31".parse().unwrap());
        assert_eq!(weighed(&oidc, serde_json::json!({})).1, Some(SignInRefusal::MfaMissing));
    }

    #[test]
    fn a_sign_in_can_be_too_long_ago() {
        let mut oidc = oidc();
        oidc.max_age = Some(TimeDelta::hours(8));
        let at = |ago: i64| serde_json::json!({ "amr": ["mfa"], "auth_time": (now().timestamp() - ago) as f64 + 0.25 });
        assert_eq!(weighed(&oidc, at(7 * 3600)).1, None);
        assert_eq!(weighed(&oidc, at(9 * 3600)).1, Some(SignInRefusal::AuthTooOld));
        assert_eq!(weighed(&oidc, at(-3600)).1, Some(SignInRefusal::AuthTooOld));
        assert_eq!(weighed(&oidc, serde_json::json!({ "amr": ["mfa"] })).1, Some(SignInRefusal::AuthTooOld));
        let fraction = weighed(&oidc, at(0)).0.auth_time.unwrap();
        assert_eq!(fraction.timestamp_subsec_millis(), 250);
    }
}

//! Whether a program keeps to the protocol: a suite that its author runs (`latchkey connector test`).
//!
//! It sees the target through the program alone, so it needs nothing but two entitlements that exist and that nobody relies on. Each
//! rule has a process and accounts of its own, so that one mistake fails the rules that it breaks and no others. The accounts
//! are left behind, disabled and without entitlements: the protocol deletes nothing.

mod accounts;
mod entitlements;
mod failures;
mod listing;
mod protocol;
mod raw;

use std::future::Future;

use crate::{
    AccountSpec, AccountState, CallError, ConnectionSettings, Connector, EntitlementRef, Lookup, Observed,
    SettingsError, build, program::ProgramSettings,
};

/// A program under test.
#[derive(Debug, Clone)]
pub struct Subject {
    /// How it is run.
    pub settings: ProgramSettings,
    /// Two that exist and have none of the accounts that the suite makes.
    pub entitlements: [EntitlementRef; 2],
    /// What the logins and external ids begin with: another for each run.
    pub tag: String,
    /// The one rule to test, instead of all.
    pub only: Option<String>,
}

/// What came out about one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule's short name.
    pub rule: &'static str,
    /// What it says.
    pub says: &'static str,
    /// How the program broke it.
    pub broken: Option<String>,
}

/// The outcome of a rule: kept, or how it was broken.
type Kept = Result<(), String>;

/// Tests every rule, in order, and tells each verdict as it comes. When the program can't even be greeted, the rest is left out.
///
/// # Errors
/// When a setting can't work.
pub async fn test(subject: &Subject, mut tell: impl FnMut(&Verdict)) -> Result<Vec<Verdict>, SettingsError> {
    subject.settings.clone().checked()?;
    let mut verdicts = Vec::new();
    macro_rules! rules {
        ($($rule:literal, $says:literal, $test:path;)*) => {$(
            if subject.only.as_deref().is_none_or(|only| only == $rule) {
                let verdict = Verdict { rule: $rule, says: $says, broken: on_its_own(subject, $rule, $test).await.err() };
                tell(&verdict);
                verdicts.push(verdict);
                if matches!(verdicts.as_slice(), [Verdict { broken: Some(_), .. }]) {
                    return Ok(verdicts);
                }
            }
        )*};
    }
    rules! {
        "check", "It says hello, and that its target is reachable.", protocol::check;
        "later-versions", "It ignores fields that it doesn't know, and refuses calls that it doesn't know.", protocol::later_versions;
        "absent", "Somebody who has no account is not found.", accounts::absent;
        "create", "A new account is enabled, carries the external id, and holds nothing.", accounts::create;
        "create-again", "Making an account again finds the one that is there.", accounts::create_again;
        "find", "An account is found by its external id, whatever else has changed.", accounts::find;
        "stranger", "An account with another external id is a stranger, and is left alone.", accounts::stranger;
        "state", "An account is disabled and enabled, and keeps what it holds.", accounts::state;
        "odd-names", "Names with quotes, blanks and letters of all kinds arrive as they are, or are refused.", accounts::odd_names;
        "grant", "What is granted is held, and granting it again changes nothing.", entitlements::grant;
        "remove", "What is removed is not held, and removing it again changes nothing.", entitlements::remove;
        "others", "What one account gains or loses changes no other account.", entitlements::others;
        "asked-about", "An account is shown with those entitlements that were asked about.", entitlements::asked_about;
        "missing-entitlement", "An entitlement that doesn't exist needs a human to be granted, and is held by nobody.", entitlements::missing;
        "missing-account", "An account that doesn't exist is read as null, and can only lose what it doesn't have.", failures::missing_account;
        "adopt", "An account that carries an external id is nobody else's; or there is no such call.", listing::adopt;
        "accounts", "Every account is listed, once and as it is; or there is no such call.", listing::accounts;
        "holders", "Everyone who has an entitlement is listed, once; or there is no such call.", listing::holders;
        "restart", "What was done is still so after the program was killed.", failures::restart;
        "lost-answer", "A call whose program was killed in the middle can be made again.", failures::lost_answer;
    }
    Ok(verdicts)
}

/// One rule's world.
struct Bench<'a> {
    subject: &'a Subject,
    rule: &'static str,
    connector: Box<dyn Connector>,
}

/// Tests one rule with a new process, and afterwards takes away what its accounts hold.
async fn on_its_own<'a, F: Future<Output = Kept>>(
    subject: &'a Subject,
    rule: &'static str,
    test: impl FnOnce(std::sync::Arc<Bench<'a>>) -> F,
) -> Kept {
    let bench = std::sync::Arc::new(Bench { subject, rule, connector: connector(subject)? });
    let kept = test(std::sync::Arc::clone(&bench)).await;
    // Its process first: two at a time is more than Latchkey ever runs.
    drop(bench);
    let after = Bench { subject, rule, connector: connector(subject)? };
    let people: &[&str] = if rule == "lost-answer" { &failures::CUT_SHORT } else { &["one", "two"] };
    for who in people {
        let Ok(Lookup::Ours(account)) = after.connector.find(&after.person(who), &[]).await else { continue };
        for entitlement in &subject.entitlements {
            let _ = after.connector.remove(&account.native_id, entitlement).await;
        }
        let _ = after.connector.set_state(&account.native_id, AccountState::Disabled).await;
    }
    kept
}

fn connector(subject: &Subject) -> Result<Box<dyn Connector>, String> {
    build(ConnectionSettings::Program(subject.settings.clone())).map_err(|error| error.to_string())
}

impl Bench<'_> {
    /// Somebody of this rule.
    fn person(&self, who: &str) -> AccountSpec {
        let name = format!("{}-{}-{who}", self.subject.tag, self.rule);
        AccountSpec {
            external_id: format!("latchkey:{name}"),
            name,
            native_id: None,
            display_name: "Conformance Test".to_owned(),
            given_name: "Conformance".to_owned(),
            family_name: "Test".to_owned(),
            email: Some("conformance@example.test".to_owned()),
        }
    }

    /// An account of this rule.
    async fn account(&self, who: &str) -> Result<Observed, String> {
        done("create", self.connector.create(&self.person(who)).await)
    }

    /// What an account looks like now.
    async fn seen(&self, native_id: &str) -> Result<Observed, String> {
        let read = done("read", self.connector.read(native_id, &self.subject.entitlements).await)?;
        read.ok_or_else(|| format!("read: the account {native_id}, which was just made, is null"))
    }

    /// Fails unless the account holds exactly these of the two.
    async fn holds(&self, native_id: &str, expected: &[&EntitlementRef]) -> Kept {
        let held = self.seen(native_id).await?.held;
        let wanted = expected.iter().map(|entitlement| entitlement.native.clone()).collect();
        expect(held == wanted, || format!("read: held is {held:?}; expected {wanted:?}"))
    }
}

/// The answer to a call that has to succeed.
fn done<T>(call: &str, outcome: Result<T, CallError>) -> Result<T, String> {
    outcome.map_err(|error| format!("{call}: expected ok; {}", said(&error)))
}

/// Fails unless the call was answered with this outcome.
fn not_done<T>(call: &str, outcome: Result<T, CallError>, expected: &str) -> Kept {
    match outcome {
        Ok(_) => Err(format!("{call}: expected {expected}; the outcome is ok")),
        Err(error) if word(&error) == expected => Ok(()),
        Err(error) => Err(format!("{call}: expected {expected}; {}", said(&error))),
    }
}

fn expect(kept: bool, words: impl FnOnce() -> String) -> Kept {
    if kept { Ok(()) } else { Err(words()) }
}

/// Fails unless both are the same.
fn same<T: PartialEq + std::fmt::Debug>(call: &str, is: &T, expected: &T) -> Kept {
    expect(is == expected, || format!("{call}: the answer is {is:?}; expected {expected:?}"))
}

const fn word(error: &CallError) -> &'static str {
    match error {
        CallError::RetryLater { .. } => "retry_later",
        CallError::Refused { .. } => "refused",
        CallError::NeedsHuman { .. } => "needs_human",
    }
}

fn said(error: &CallError) -> String {
    format!("the outcome is {}: {}", word(error), error.words())
}

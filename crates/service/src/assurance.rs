//! What a role asks of its holder's sign-in, and whether they have shown it (promise 8).
//!
//! The evidence is that of the holder's latest sign-in, whether that session is still open or not. It is asked for by
//! today's rules, again before each call that gives something. What isn't there yet delays access and denies nothing: a
//! grant stands, its entitlements wait with the reason, and the holder's next sign-in sets them going
//! ([`crate::sign_in`]). Access that was given before a role began to ask for more stays.
//!
//! Portal roles need none of this: the built-in system gives nothing outside a session, and each session is looked at
//! itself ([`crate::sessions::SessionFacts::actor`]).

use std::collections::{BTreeMap, BTreeSet};

use latchkey_domain::{GrantId, IdentityId, Instant, SeparationRuleId, assurance::Assurance};
use latchkey_policy::{AssuranceNeed, PolicySnapshot};
use latchkey_store::{AsConn, grants, session};
use uuid::Uuid;

use crate::{ServiceError, ServiceResult, facts::RoleToday, separation};

/// What an identity's active grants justify at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Justified {
    /// The entitlements that active grants need.
    pub needed: BTreeSet<Uuid>,
    /// Those among them that may not be given yet: no grant that needs them has the assurance that its role asks for and is
    /// free of what a rule keeps apart.
    pub waits: BTreeMap<Uuid, Waits>,
}

/// Why something may not be given yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// A grant that waits.
    pub grant: GrantId,
    /// What its role is called.
    pub role: String,
    /// The reason and what would help, as sentences.
    pub words: String,
    /// What it waits for.
    pub for_what: WaitsFor,
}

/// What something waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitsFor {
    /// A sign-in of its holder.
    SignIn,
    /// That its holder isn't in conflict by this rule any more, or has an exception.
    Separation(SeparationRuleId),
}

/// What a role asks for, by its own version and its policy in force; an error says that it can't be known.
fn need(role: Option<&str>, policy: &str) -> Result<Option<AssuranceNeed>, ()> {
    if let Some(word) = role {
        return AssuranceNeed::from_word(word).map(Some).ok_or(());
    }
    PolicySnapshot::from_json(policy).map(|snapshot| snapshot.policy.assurance).map_err(|_| ())
}

/// Refuses a wish for oneself in a session that doesn't prove what the role asks for.
///
/// # Errors
/// `Refused` with what would help.
pub(crate) fn enough_to_ask(role: &RoleToday, session: &Assurance) -> ServiceResult<()> {
    let name = &role.facts.name;
    let need = match role.assurance.as_deref() {
        None => role.policy.policy.assurance,
        Some(word) => match AssuranceNeed::from_word(word) {
            Some(need) => Some(need),
            None => {
                return Err(ServiceError::refused(
                    "request.assurance_unknown",
                    "This was not submitted.",
                    format!("{name} asks for an assurance that this version of Latchkey doesn't know."),
                    "An administrator has to look at the role.",
                ));
            }
        },
    };
    match need {
        Some(need) if !need.is_met_by(Some(session)) => Err(ServiceError::refused(
            "request.assurance_missing",
            "This was not submitted.",
            format!("{name} needs {}, and this session has none.", need.words()),
            "Sign out, sign in with your second factor, and ask again.",
        )),
        _ => Ok(()),
    }
}

/// What an identity's grants justify, and what of it must wait: for a sign-in of theirs, or because a rule keeps it apart
/// from what they have otherwise. `name` is what they are called.
///
/// # Errors
/// When the database fails.
pub async fn justified(c: &mut impl AsConn, now: Instant, who: IdentityId, name: &str) -> ServiceResult<Justified> {
    let held_back = separation::held_back(c, now, who, name).await?;
    let rows = grants::justified(c, who).await?;
    let mut all = Justified::default();
    let mut given = BTreeSet::new();
    // Most roles ask for nothing; the sign-in is only read where one does.
    let mut shown: Option<Option<Assurance>> = None;
    for row in rows {
        all.needed.insert(row.entitlement_id);
        if let Some(held) = held_back.get(&GrantId(row.grant_id)) {
            let (words, for_what) = (held.words.clone(), WaitsFor::Separation(held.rule));
            let waits = Waits { grant: GrantId(row.grant_id), role: row.role_name, words, for_what };
            all.waits.entry(row.entitlement_id).or_insert(waits);
            continue;
        }
        let words = match need(row.assurance.as_deref(), &row.policy_body) {
            Ok(None) => None,
            Ok(Some(need)) => {
                if shown.is_none() {
                    shown = Some(latest(c, who).await?);
                }
                let met = need.is_met_by(shown.as_ref().and_then(Option::as_ref));
                (!met).then(|| waits_words(&row.role_name, name, need))
            }
            Err(()) => Some(format!(
                "The rules of {} can't be read by this version of Latchkey. An administrator has to look at its policy.",
                row.role_name
            )),
        };
        match words {
            None => drop(given.insert(row.entitlement_id)),
            Some(words) => {
                let for_what = WaitsFor::SignIn;
                let waits = Waits { grant: GrantId(row.grant_id), role: row.role_name, words, for_what };
                all.waits.entry(row.entitlement_id).or_insert(waits);
            }
        }
    }
    all.waits.retain(|entitlement, _| !given.contains(entitlement));
    Ok(all)
}

/// What the identity's latest sign-in proved; nothing when they never signed in, or it can't be read.
async fn latest(c: &mut impl AsConn, who: IdentityId) -> ServiceResult<Option<Assurance>> {
    let json = session::latest_assurance(c, who).await?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

fn waits_words(role: &str, name: &str, need: AssuranceNeed) -> String {
    let what = need.words();
    format!("{role} needs {what}. {name} has to sign in to Latchkey with that to continue; then it goes on by itself.")
}

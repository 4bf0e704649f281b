//! What must not be given although it was approved: asked again right before a worker gives it.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_domain::{GrantId, IdentityId, Instant, SeparationRuleId, grant::GrantOrigin};
use latchkey_store::{
    AsConn,
    separation::{
        conflicts::{self, TouchRow},
        exceptions,
    },
};

use crate::ServiceResult;

/// Why something isn't given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// The rule that keeps it apart from something else.
    pub rule: SeparationRuleId,
    /// What comes together and what would help, as sentences.
    pub words: String,
}

/// Those of somebody's grants that give nothing new as things are: by a rule in force, they must not be beside what the
/// same person has otherwise, and nobody let it be. `name` is what the person is called.
///
/// # Errors
/// When the database fails.
pub async fn held_back(
    c: &mut impl AsConn,
    now: Instant,
    who: IdentityId,
    name: &str,
) -> ServiceResult<BTreeMap<GrantId, HeldBack>> {
    let touches = conflicts::touches_of(c, &[who.0]).await?;
    let mut by_rule: BTreeMap<SeparationRuleId, Vec<&TouchRow>> = BTreeMap::new();
    for touch in &touches {
        by_rule.entry(SeparationRuleId(touch.rule_id)).or_default().push(touch);
    }
    by_rule.retain(|_, touches| sides(touches).len() > 1);
    if by_rule.is_empty() {
        return Ok(BTreeMap::new());
    }
    let excepted: BTreeSet<SeparationRuleId> =
        exceptions::open_of(c, &[who.0]).await?.into_iter().filter(|x| x.is_in_force(now)).map(|x| x.rule()).collect();
    let mut held = BTreeMap::new();
    for (rule, touches) in by_rule {
        // Whoever the rule names has agreed to one of them beside the others.
        let agreed = touches.iter().any(|t| t.agreed && t.outcome == "approval");
        if excepted.contains(&rule) || agreed {
            continue;
        }
        let words = words(&touches, name);
        // What nobody asked for is reported and not held back.
        let asked = |t: &&&TouchRow| t.origin == GrantOrigin::Request || t.origin.is_for_the_moment();
        for touch in touches.iter().filter(asked) {
            held.entry(GrantId(touch.grant_id)).or_insert_with(|| HeldBack { rule, words: words.clone() });
        }
    }
    Ok(held)
}

/// The sides that these touch, with the roles that do.
fn sides<'t>(touches: &[&'t TouchRow]) -> BTreeMap<i64, (&'t str, BTreeSet<&'t str>)> {
    let mut sides: BTreeMap<i64, (&str, BTreeSet<&str>)> = BTreeMap::new();
    for touch in touches {
        sides.entry(touch.position).or_insert_with(|| (&touch.side_name, BTreeSet::new())).1.insert(&touch.role_name);
    }
    sides
}

fn words(touches: &[&TouchRow], name: &str) -> String {
    let rule = touches.first().map_or("", |t| t.rule_name.as_str());
    let owner = touches.first().and_then(|t| t.owner_name.as_deref());
    let sides: Vec<String> = sides(touches)
        .values()
        .map(|(side, roles)| format!("{side} ({})", roles.iter().copied().collect::<Vec<_>>().join(", ")))
        .collect();
    let who = owner.map_or_else(|| "security".to_owned(), |o| format!("{o}, who owns the rule,"));
    format!(
        "\"{rule}\" keeps these apart: {}. {name} can give back one side, or ask {who} for an exception; then it goes on by itself.",
        sides.join(" and ")
    )
}

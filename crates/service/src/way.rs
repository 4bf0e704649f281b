//! Which way a request goes by its policy: who decides it in which steps, or that a rule approves it.

use latchkey_domain::IdentityId;
use latchkey_policy::{
    Facts, PersonView, Policy, RequestView, RoleView, Routing, Seen, StageRule, Way as Ways, Wish, check_duration,
    may_ask, route,
};
use latchkey_store::{AsConn, groups, routing};

use crate::{
    ServiceResult,
    facts::{Beneficiary, RoleToday},
};

/// The way that a request goes.
#[derive(Debug, Clone)]
pub struct Way {
    /// The steps in which people decide; none when a rule approves it.
    pub stages: Vec<StageRule>,
    /// The rule that approves it.
    pub approved_by: Option<String>,
}

/// Finds the way of a wish, or who refuses it. Costs no query where the policy has no conditions.
///
/// # Errors
/// The outer one when the database fails; the inner ones are the policy's refusals.
pub async fn way(
    c: &mut impl AsConn,
    requester: IdentityId,
    person: &Beneficiary,
    role: &RoleToday,
    wish: &Wish,
) -> ServiceResult<Result<Way, latchkey_policy::Refusal>> {
    let policy = &role.policy.policy;
    let facts = if has_conditions(policy) { facts(c, requester, person, role, wish).await? } else { Facts::default() };
    Ok(find(role, wish, &facts))
}

fn find(role: &RoleToday, wish: &Wish, facts: &Facts) -> Result<Way, latchkey_policy::Refusal> {
    let seen = Seen::new(facts);
    may_ask(&role.policy, &seen)?;
    let routing: Routing<'_> = route(&role.policy, &seen)?;
    if let Some(no) = check_duration(&routing.policies, &role.facts, wish.duration) {
        return Err(no);
    }
    Ok(Way {
        stages: routing.stages().to_vec(),
        approved_by: match routing.way {
            Ways::Approved => routing.rule.map(|rule| rule.name.clone()),
            Ways::Stages(_) => None,
        },
    })
}

/// Why a role isn't for somebody any more by its policy's `may_ask` of today; nothing when it is.
///
/// # Errors
/// When the database fails.
pub async fn may_ask_today(
    c: &mut impl AsConn,
    person: &Beneficiary,
    role: &RoleToday,
) -> ServiceResult<Option<latchkey_policy::Refusal>> {
    if role.policy.policy.may_ask.is_none() {
        return Ok(None);
    }
    let wish = Wish { duration: latchkey_policy::Span::MIN, reason: String::new() };
    let facts = facts(c, person.id, person, role, &wish).await?;
    Ok(may_ask(&role.policy, &Seen::new(&facts)).err())
}

/// Whether anything of a policy looks at people, roles or requests.
#[must_use]
pub fn has_conditions(policy: &Policy) -> bool {
    policy.may_ask.is_some() || !policy.rules.is_empty()
}

/// Everything that conditions see of a wish.
///
/// # Errors
/// When the database fails.
pub(crate) async fn facts(
    c: &mut impl AsConn,
    requester: IdentityId,
    person: &Beneficiary,
    role: &RoleToday,
    wish: &Wish,
) -> ServiceResult<Facts> {
    let (beneficiary, held_before) = view(c, person).await?;
    let asks = if requester == person.id {
        beneficiary.clone()
    } else {
        let requester = crate::facts::beneficiary(c, requester).await?;
        view(c, &requester).await?.0
    };
    Ok(Facts {
        person: beneficiary,
        requester: asks,
        role: RoleView {
            key: role.key.clone(),
            name: role.facts.name.clone(),
            risk: role.risk.as_str().to_owned(),
            tags: role.tags.clone(),
            systems: routing::system_keys(c, role.version).await?,
            owner: role.owner_external_id.clone().unwrap_or_default(),
        },
        request: RequestView {
            hours: i64::from(wish.duration.hours()),
            reason: wish.reason.trim().to_owned(),
            for_self: requester == person.id,
            first_time: !held_before.contains(&role.key),
        },
    })
}

/// Somebody as conditions see them.
///
/// # Errors
/// `NotFound` when there is no such identity.
pub async fn person_view(c: &mut impl AsConn, who: IdentityId) -> ServiceResult<PersonView> {
    let person = crate::facts::beneficiary(c, who).await?;
    Ok(view(c, &person).await?.0)
}

/// A person as conditions see them, and the keys of all roles that they ever held.
async fn view(c: &mut impl AsConn, person: &Beneficiary) -> ServiceResult<(PersonView, Vec<String>)> {
    let row = &person.row;
    let groups = groups::of_people(c, &[person.id.0]).await?.into_iter().map(|(_, key)| key).collect();
    let held = routing::roles_held(c, person.id).await?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let view = PersonView {
        id: text(&row.external_id),
        name: row.display_name.clone(),
        email: text(&row.email),
        title: text(&row.title),
        department: text(&row.department),
        location: text(&row.location),
        employment: row.employment_type.clone().unwrap_or_else(|| "service".to_owned()),
        status: row.status.as_str().to_owned(),
        manager: text(&row.manager_external_id),
        groups,
        roles: held.iter().filter(|(_, now)| *now).map(|(key, _)| key.clone()).collect(),
    };
    Ok((view, held.into_iter().map(|(key, _)| key).collect()))
}

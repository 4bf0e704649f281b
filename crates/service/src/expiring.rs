//! What ends soon, taken together: its holder extends all of it or lets go of it; a role's owner asks for more time for
//! those who hold it.
//!
//! Whoever asks never decides (promise 2), and an owner who renews asks. So a renewal by an owner goes to the policy's other
//! approvers or to its fallback; where there are none, it is refused with that reason, and the holder asks themselves.

use std::collections::{BTreeMap, HashSet};

use chrono::TimeDelta;
use latchkey_domain::{
    GrantId, IdentityId, RoleId,
    actor::{Actor, PersonActor},
    clock::Clock,
    grant::GrantEnd,
};
use latchkey_policy::{Span, suggested};
use latchkey_store::{
    Db,
    catalog::ownership::{self, Owned},
    expiring::{self as store, ExpiringRow},
    grants as granted, identities,
};
use uuid::Uuid;

use crate::{
    FieldProblem, ServiceError, ServiceResult, facts, grants, justify,
    questions::answers,
    submit_request::{ItemWish, MAX_ITEMS, Submission, Submitted, Terms, submit_with},
};

/// What ends sooner than this ends soon.
pub const SOON: TimeDelta = TimeDelta::days(30);
/// The most that is asked for or let go of at once.
pub const MAX_AT_ONCE: usize = MAX_ITEMS;

/// Whose access is extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One's own.
    Own,
    /// That of others, to roles that one owns.
    OfMyRoles,
}

/// What to extend, and how.
#[derive(Debug, Clone)]
pub struct Extension<'a> {
    /// Made once by the form: sending it twice is one request.
    pub form_key: Uuid,
    /// Whose.
    pub whose: Whose,
    /// Which grants, as the form showed them.
    pub grants: &'a [GrantId],
    /// For how long; without it as long as is usual for each role.
    pub length: Option<Span>,
    /// Why. Of one's own, an empty one leaves each reason as it was.
    pub reason: &'a str,
}

/// Asks for more time for all of these, in one request with an item for each: all or nothing.
///
/// # Errors
/// `BadInput` with every problem: of a grant its field begins with the grant's id, others are `grant` and `reason`.
/// `Refused` when something of it has ended or goes on otherwise by now; `NotFound` for what isn't theirs.
pub async fn extend(
    db: &Db,
    clock: &dyn Clock,
    actor: &PersonActor,
    asked: &Extension<'_>,
) -> ServiceResult<Submitted> {
    bounded(asked.grants)?;
    let reason = asked.reason.trim();
    if asked.whose == Whose::OfMyRoles && reason.is_empty() {
        let message = "Say why they still need it. Whoever decides reads this.";
        return Err(ServiceError::BadInput(vec![FieldProblem::new("reason", "expiring.reason_missing", message)]));
    }
    let mut c = db.read().await?;
    let rows = chosen(&mut c, asked.grants).await?;
    match asked.whose {
        Whose::Own if rows.iter().any(|row| row.identity_id != actor.identity.0) => return Err(ServiceError::NotFound),
        Whose::Own => {}
        Whose::OfMyRoles => owns_all(&mut c, actor.identity, &rows).await?,
    }
    let mut items = Vec::with_capacity(rows.len());
    let mut terms = Vec::with_capacity(rows.len());
    for row in &rows {
        let role = RoleId(row.role_id);
        let duration = match asked.length {
            Some(length) => length,
            None => {
                let today = facts::role_today(&mut c, role).await?;
                suggested(&today.policy, &today.facts)
            }
        };
        let reason = if reason.is_empty() { row.reason.clone() } else { reason.to_owned() };
        items.push(ItemWish { role, beneficiary: IdentityId(row.identity_id), duration, reason });
        let answered: BTreeMap<String, String> =
            answers(row.answers.as_deref()).into_iter().map(|a| (a.key, a.answer)).collect();
        terms.push(Terms { starts_on: None, answers: answered, piece: row.piece.clone().unwrap_or_default() });
    }
    drop(c);
    let submission = Submission { form_key: asked.form_key, items };
    let done = submit_with(db, clock, &Actor::Person(actor.clone()), &submission, &terms).await;
    done.map_err(|error| of_grants(error, &rows))
}

/// Gives back all of these. What goes on from one of them goes with it. Returns how many roles that were.
///
/// # Errors
/// `NotFound` for what isn't theirs; `Refused` when something of it has ended by now, or nobody would be left to administer.
pub async fn let_go(db: &Db, clock: &dyn Clock, actor: &PersonActor, chosen_ones: &[GrantId]) -> ServiceResult<usize> {
    bounded(chosen_ones)?;
    let me = actor.identity;
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[me]).await?;
    tx.now_is(clock.now());
    let rows = chosen(&mut tx, chosen_ones).await?;
    if rows.iter().any(|row| row.identity_id != me.0) {
        return Err(ServiceError::NotFound);
    }
    let roles: HashSet<Uuid> = rows.iter().map(|row| row.role_id).collect();
    let reference = Actor::Person(actor.clone()).reference();
    let mut events = Vec::new();
    // Of each role the grant that ends last was shown; the others of that role would be left over.
    for grant in granted::live_of(&mut tx, me).await?.iter().filter(|g| roles.contains(&g.role_id)) {
        let Some(now) = granted::get(&mut tx, grant.id()).await?.filter(|g| g.state.end().is_ok()) else {
            // It went with the one that it was to go on from.
            continue;
        };
        events.extend(grants::end(&mut tx, &now, GrantEnd::GivenBack, &reference).await?);
        grants::still_administered(&mut tx, &now).await?;
    }
    events.extend(justify::settle(&mut tx, me, &reference).await?);
    tx.commit(events).await?;
    Ok(rows.len())
}

fn bounded(grants: &[GrantId]) -> ServiceResult<()> {
    let message = match grants.len() {
        0 => "Tick what it is about.".to_owned(),
        n if n > MAX_AT_ONCE => format!("Tick at most {MAX_AT_ONCE} at once."),
        _ => return Ok(()),
    };
    Err(ServiceError::BadInput(vec![FieldProblem::new("grant", "expiring.nothing_chosen", message)]))
}

/// What was chosen, as it is now, in the order in which it was chosen.
async fn chosen(c: &mut impl latchkey_store::AsConn, grants: &[GrantId]) -> ServiceResult<Vec<ExpiringRow>> {
    let ids: Vec<Uuid> = grants.iter().map(|g| g.0).collect();
    let mut found: BTreeMap<Uuid, ExpiringRow> =
        store::by_ids(c, &ids).await?.into_iter().map(|row| (row.grant_id, row)).collect();
    let rows: Vec<ExpiringRow> = ids.iter().filter_map(|id| found.remove(id)).collect();
    if rows.len() == ids.len() {
        return Ok(rows);
    }
    Err(ServiceError::refused(
        "expiring.changed",
        "Nothing was changed.",
        "Something of this has ended, or goes on longer by now: it was changed in another window, or by somebody else.",
        "Look at the list once more and choose again.",
    ))
}

async fn owns_all(c: &mut impl latchkey_store::AsConn, who: IdentityId, rows: &[ExpiringRow]) -> ServiceResult<()> {
    let roles: HashSet<Uuid> = rows.iter().map(|row| row.role_id).collect();
    for role in roles {
        let owner = ownership::of(c, Owned::Role(RoleId(role))).await?;
        if owner.is_none_or(|o| o.owner_id != who.0) {
            return Err(ServiceError::NotFound);
        }
    }
    if rows.iter().any(|row| row.identity_id == who.0) {
        return Err(ServiceError::NotFound);
    }
    Ok(())
}

/// What stands against an item as what stands against the grant that it would extend.
fn of_grants(error: ServiceError, rows: &[ExpiringRow]) -> ServiceError {
    let name = |n: usize, field: Option<&str>| {
        let Some(row) = rows.get(n) else { return String::new() };
        field.map_or_else(|| row.grant_id.to_string(), |field| format!("{}.{field}", row.grant_id))
    };
    match error {
        // A lone item's refusal doesn't name it.
        ServiceError::Refused(r) if rows.len() == 1 => {
            let message = format!("{} {}", r.why, r.help);
            ServiceError::BadInput(vec![FieldProblem::new(name(0, None), r.code, message)])
        }
        ServiceError::BadInput(problems) => {
            let named = problems.into_iter().map(|p| {
                let (n, field) = match p.field.split_once('.') {
                    Some((n, field)) => (n.parse().unwrap_or(0), Some(field)),
                    None => p.field.parse().map_or((0, Some(p.field.as_str())), |n| (n, None)),
                };
                FieldProblem { field: name(n, field), code: p.code.clone(), message: p.message.clone() }
            });
            ServiceError::BadInput(named.collect())
        }
        other => other,
    }
}

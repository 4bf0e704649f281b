//! Somebody takes a role at once, without a decision.

use latchkey_domain::{
    BreakGlassReviewId, GrantId, IdentityId, Instant, RoleId,
    actor::{Actor, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent},
    grant::{GrantKind, GrantOrigin, GrantState},
    portal_role::PortalRole,
};
use latchkey_policy::{BreakGlass, Span, Wish};
use latchkey_store::{
    Change, Db, Tx,
    break_glass::{self as store, NewReview},
    grants::{self, NewGrant},
    identities, items,
};

use super::{
    MIN_REASON,
    check::{Checked, WHAT, as_asked, check},
    people::{Told, to_tell},
};
use crate::{
    FieldProblem, Refusal, ServiceError, ServiceResult, assurance, checks, facts, facts::RoleToday, justify, notices,
};

/// What is taken, as typed and parsed.
#[derive(Debug, Clone)]
pub struct Taking {
    /// Which role.
    pub role: RoleId,
    /// For how long.
    pub duration: Span,
    /// Why, in words that everybody who is told reads.
    pub reason: String,
}

/// What was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The review that falls due.
    pub review: BreakGlassReviewId,
    /// The grant.
    pub grant: GrantId,
    /// When it ends by itself.
    pub ends_at: Instant,
    /// By when somebody else has to have looked.
    pub due_at: Instant,
    /// How many people were told.
    pub told: usize,
}

/// Takes a role at once, by today's rules: everybody is told in the same transaction, and a review falls due.
///
/// # Errors
/// `Refused` names the rule and what would help, and is on record; `BadInput` names fields; `NotFound` for a role that isn't
/// there.
pub async fn take(db: &Db, clock: &dyn Clock, actor: &Actor, wish: &Taking) -> ServiceResult<Taken> {
    let person = checks::confirmed_person(actor, WHAT)?;
    let done = write(db, clock, actor, person, wish).await;
    if let Err(ServiceError::Refused(no)) = &done {
        keep_refusal(db, clock, actor, person.identity, wish.role, no).await?;
    }
    done
}

async fn write(db: &Db, clock: &dyn Clock, actor: &Actor, person: &PersonActor, wish: &Taking) -> ServiceResult<Taken> {
    let me = person.identity;
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[me]).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());
    let now = tx.now();
    let role = facts::role_today(&mut tx, wish.role).await?;
    let checked = check(&mut tx, now, person, &role).await?.map_err(ServiceError::Refused)?;
    assurance::enough_to_ask(&role, &person.assurance)?;
    let reason = typed(wish, &checked.terms, &role)?;
    let asked = as_asked(&role, Wish { duration: wish.duration, reason: reason.clone() });
    let told = to_tell(&mut tx, now, &checked.person, &role, &asked, checked.waiting.as_ref()).await?;

    let zone = checked.person.time_zone.clone().unwrap_or_default();
    let ends_at = now + wish.duration.to_delta();
    let due_at = ends_at + checked.terms.review_within.to_delta();
    let reference = actor.reference();
    let grant = NewGrant {
        id: GrantId::new(now),
        identity: me,
        role: role.id,
        role_version: role.version,
        origin: GrantOrigin::BreakGlass,
        // A request that waits goes on by itself: this isn't what comes of it.
        item: None,
        reason: reason.clone(),
        state: GrantState::Active,
        starts_at: now,
        ends_at: Some(ends_at),
        zone: zone.clone(),
        kind: GrantKind::Standing,
        trial: None,
    };
    let created = grants::insert(&mut tx, &grant).await?;
    let item = checked.waiting.as_ref().map(items::ItemRow::id);
    let review = BreakGlassReviewId::new(now);
    store::insert(&mut tx, &NewReview { id: review, grant: grant.id, identity: me, role: role.id, item, due_at })
        .await?;
    tell(&mut tx, review, &checked, &role, &told, &reason, (ends_at, due_at, &zone)).await?;
    let mut events = vec![
        NewEvent::new(
            reference.clone(),
            EventBody::BreakGlassTaken {
                review,
                grant: grant.id,
                identity: me,
                role: role.id,
                item,
                due_at,
                told: told.iter().map(|t| t.id).collect(),
            },
        )
        .text("reason", reason),
        NewEvent::new(reference.clone(), created),
    ];
    events.extend(justify::settle(&mut tx, me, &reference).await?);
    if let Some(item) = &checked.waiting {
        tx.announce(Change::Request(item.request_id.into()));
    }
    tx.commit(events).await?;
    Ok(Taken { review, grant: grant.id, ends_at, due_at, told: told.len() })
}

/// The reason without the spaces around it; or every problem with what was typed.
fn typed(wish: &Taking, terms: &BreakGlass, role: &RoleToday) -> ServiceResult<String> {
    let mut problems = Vec::new();
    let longest = terms.longest(&role.facts);
    if wish.duration > longest {
        let message = format!("Choose {} or less. What takes longer can be asked for.", longest.words());
        problems.push(FieldProblem::new("duration", "break_glass.too_long", message));
    }
    let reason = wish.reason.trim().to_owned();
    let length = reason.chars().count();
    if length < MIN_REASON {
        let message = format!(
            "Say what happens and what you are going to do, in {MIN_REASON} characters or more, for example \"Payments fail since 14:00, restarting the queue\"."
        );
        problems.push(FieldProblem::new("reason", "break_glass.reason_too_short", message));
    } else if length > checks::MAX_WORDS {
        let message = format!("Use at most {} characters.", checks::MAX_WORDS);
        problems.push(FieldProblem::new("reason", "break_glass.reason_too_long", message));
    }
    if problems.is_empty() { Ok(reason) } else { Err(ServiceError::BadInput(problems)) }
}

/// Tells everybody, and whoever took it what is expected of them.
async fn tell(
    tx: &mut Tx,
    review: BreakGlassReviewId,
    checked: &Checked,
    role: &RoleToday,
    told: &[Told],
    reason: &str,
    (ends_at, due_at, zone): (Instant, Instant, &str),
) -> ServiceResult<()> {
    let (taker, role) = (&checked.person, &role.facts.name);
    for one in told {
        store::told(tx, review, one.id, one.because).await?;
        let reviews = checked.reviewers.iter().any(|r| r.id == one.id);
        notices::emergencies::taken(
            tx,
            one.id,
            review,
            &taker.name,
            role,
            reason,
            (ends_at, zone),
            reviews.then_some(due_at),
        )
        .await?;
    }
    notices::emergencies::yours(tx, taker.id, review, role, (ends_at, zone), due_at).await
}

/// Somebody tried and may not: that is on record, and a condition that fails is told to those who can mend it.
async fn keep_refusal(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    who: IdentityId,
    role: RoleId,
    no: &Refusal,
) -> ServiceResult<()> {
    let mut tx = db.begin(clock.now()).await?;
    let code = no.code.trim_start_matches("break_glass.").trim_start_matches("request.").to_owned();
    if code == "condition_failed" {
        let name = facts::role_today(&mut tx, role).await?.facts.name;
        for administrator in facts::holders(&mut tx, PortalRole::Administrator).await? {
            notices::condition_failed(&mut tx, administrator.id, role, &name, &no.why).await?;
        }
    }
    let body = EventBody::BreakGlassRefused { identity: who, role, code };
    tx.commit(vec![NewEvent::new(actor.reference(), body).text("words", no.why.clone())]).await?;
    Ok(())
}

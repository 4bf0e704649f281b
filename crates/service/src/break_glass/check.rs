//! May somebody take a role now? By the rules of this moment, for the form and for taking it.

use latchkey_domain::{IdentityId, Instant, actor::PersonActor, grant::GrantState};
use latchkey_policy::{
    BreakGlass, Candidate, Facts, PersonView, RefusalCode, RoleFacts, RoleView, Seen, Span, Voice, Wish, check_request,
    may_take,
};
use latchkey_store::{
    AsConn, break_glass as store, grants,
    items::{self, ItemRow},
};

use super::people::{Told, reviewers, to_tell};
use crate::{
    Refusal, ServiceResult,
    catalog::RoleEntry,
    facts::{self, Beneficiary, RoleToday},
    separation, way,
};

/// What didn't happen.
pub(super) const WHAT: &str = "It was not taken.";

/// What somebody is shown before they take a role.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The terms; absent where the policy has none.
    pub terms: Option<BreakGlass>,
    /// Why not, if something stands against it.
    pub against: Option<Refusal>,
    /// Who is told at once.
    pub told: Vec<Told>,
    /// Who reviews it.
    pub reviewers: Vec<Candidate<IdentityId>>,
    /// Their own request that waits for the role.
    pub waiting: Option<ItemRow>,
    /// In which zone they are.
    pub zone: String,
}

/// What taking it needs to know, once nothing stands against it.
pub(super) struct Checked {
    pub(super) terms: BreakGlass,
    pub(super) person: Beneficiary,
    pub(super) waiting: Option<ItemRow>,
    pub(super) reviewers: Vec<Candidate<IdentityId>>,
}

/// Among those whom the role's policy lets take it, as far as the catalog in memory tells.
#[must_use]
pub fn is_named(role: &RoleEntry, person: &PersonView) -> bool {
    let facts = Facts {
        person: person.clone(),
        requester: person.clone(),
        role: RoleView {
            key: role.key.clone(),
            name: role.name.clone(),
            risk: role.risk.as_str().to_owned(),
            tags: role.tags.clone(),
            systems: role.systems.iter().map(|system| system.key.clone()).collect(),
            owner: role.owner.as_ref().and_then(|owner| owner.external_id.clone()).unwrap_or_default(),
        },
        ..Facts::default()
    };
    let snapshot = &role.policy.snapshot;
    snapshot.policy.break_glass.is_some()
        && !role.retired
        && snapshot.policy.who.iter().any(|one| one.as_str() == person.employment)
        && may_take(snapshot, &role.facts(), &Seen::new(&facts)).is_ok()
}

/// Shows what would happen: by the same checks that take it.
///
/// # Errors
/// `NotFound` when the person isn't there.
pub async fn preview(
    c: &mut impl AsConn,
    now: Instant,
    actor: &PersonActor,
    role: &RoleToday,
) -> ServiceResult<Preview> {
    let terms = role.policy.policy.break_glass.clone();
    let person = facts::beneficiary(c, actor.identity).await?;
    let zone = person.time_zone.clone().unwrap_or_default();
    let nothing =
        |terms, against| Preview { terms, against, told: vec![], reviewers: vec![], waiting: None, zone: zone.clone() };
    let checked = match check(c, now, actor, role).await? {
        Ok(checked) => checked,
        Err(no) => return Ok(nothing(terms, Some(no))),
    };
    let against = no_second_factor(actor);
    let wish = Wish { duration: checked.terms.longest(&role.facts), reason: "a".to_owned() };
    let told = to_tell(c, now, &checked.person, role, &as_asked(role, wish), checked.waiting.as_ref()).await?;
    let Checked { terms, waiting, reviewers, .. } = checked;
    Ok(Preview { terms: Some(terms), against, told, reviewers, waiting, zone })
}

/// A wish that nobody would refuse for its length: what is taken may be longer than what could be asked for.
pub(super) fn as_asked(role: &RoleToday, wish: Wish) -> Wish {
    Wish { duration: wish.duration.min(latchkey_policy::longest(&role.policy, &role.facts)), ..wish }
}

fn no_second_factor(actor: &PersonActor) -> Option<Refusal> {
    (!actor.assurance.mfa).then(|| {
        Refusal::new(
            "actor.no_second_factor",
            WHAT,
            "This needs a session that a second factor confirmed.",
            "Sign out, sign in with your second factor, and come back.",
        )
    })
}

/// Everything that could stand against it, apart from what is typed. What a second factor proves is asked elsewhere.
///
/// # Errors
/// The outer one when the database fails; the inner one says why not.
pub(super) async fn check(
    c: &mut impl AsConn,
    now: Instant,
    actor: &PersonActor,
    role: &RoleToday,
) -> ServiceResult<Result<Checked, Refusal>> {
    let me = actor.identity;
    let person = facts::beneficiary(c, me).await?;
    if !person.status.may_act() {
        return Ok(Err(Refusal::new(
            "break_glass.not_at_work",
            WHAT,
            "You aren't at work according to the people system.",
            "Call a colleague who is at work. If this is wrong, the people team can put it right.",
        )));
    }
    // Roles that are given by rule alone can be marked, too.
    let facts = RoleFacts { requestable: true, ..role.facts.clone() };
    let short = Wish { duration: Span::MIN, reason: "taken".to_owned() };
    let refusals = check_request(&role.policy, &facts, &person.facts(me), &short).err().unwrap_or_default();
    if let Some(no) = refusals.into_iter().find(|no| no.code.field().is_none()) {
        return Ok(Err(refusal(no)));
    }
    let Some(terms) = &role.policy.policy.break_glass else {
        let nobody = Seen::new(&Facts::default());
        return Ok(Err(may_take(&role.policy, &role.facts, &nobody).err().map_or_else(unmarked, refusal)));
    };
    let seen = way::facts(c, me, &person, role, &short).await?;
    if let Err(no) = may_take(&role.policy, &role.facts, &Seen::new(&seen)) {
        return Ok(Err(refusal(no)));
    }
    let name = &role.facts.name;
    if grants::live_of(c, me).await?.iter().any(|g| g.role_id == role.id.0 && g.state == GrantState::Active) {
        return Ok(Err(Refusal::new(
            "break_glass.held",
            WHAT,
            format!("You have {name} already."),
            "Your home page shows until when, and how far each system is.",
        )));
    }
    if let Some(open) = store::overdue_of(c, me, now).await? {
        return Ok(Err(Refusal::new(
            "break_glass.review_overdue",
            WHAT,
            format!("The review of {}, which you took before, is overdue.", open.role_name),
            "Its page says who can review it: once one of them has, you can take something again. A colleague can meanwhile.",
        )));
    }
    let waiting = items::waiting_of(c, me).await?.into_iter().find(|item| item.role_id == role.id.0);
    let sought =
        separation::Wish { beneficiary: me, role: role.id, beside: &[], item: waiting.as_ref().map(ItemRow::id) };
    let found = separation::of_wish(c, now, sought).await?;
    // A rule that wants one more approval refuses as well: in an emergency nobody approves.
    if let Some(first) = found.conflicts.iter().find(|conflict| conflict.stands()) {
        let conflict = &first.conflict;
        return Ok(Err(Refusal::new(
            "break_glass.separation",
            WHAT,
            conflict.explain(Voice::You),
            conflict.helps(Voice::You),
        )));
    }
    let reviewers = reviewers(c, role.owner.as_ref(), me).await?;
    if reviewers.is_empty() {
        return Ok(Err(Refusal::new(
            "break_glass.nobody_could_review",
            WHAT,
            "Nobody else could review it afterwards: neither an owner of the role nor anybody on the security team is at work.",
            "An administrator can give the role another owner.",
        )));
    }
    let reviewers = reviewers.into_iter().map(|(who, _)| who).collect();
    Ok(Ok(Checked { terms: terms.clone(), person, waiting, reviewers }))
}

fn unmarked() -> Refusal {
    Refusal::new("break_glass.no_emergencies", WHAT, "This role isn't for emergencies.", "Ask for it.")
}

fn refusal(no: latchkey_policy::Refusal) -> Refusal {
    let code = match no.code {
        RefusalCode::ConditionFailed => "break_glass.condition_failed".to_owned(),
        other => format!("break_glass.{}", other.as_str()),
    };
    Refusal { code, what: WHAT.to_owned(), why: no.message, help: no.help }
}

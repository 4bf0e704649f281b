//! Somebody who may activate a role does: they have its access for hours, for a reason, and by policy with another approval.

use latchkey_domain::{
    GrantId, IdentityId, Instant, ItemId, PolicyVersionId, RequestId, RoleId,
    actor::{Actor, PersonActor},
    assurance::Assurance,
    clock::Clock,
    event::{EventBody, NewEvent, SubmittedItem},
    grant::{GrantKind, GrantState},
};
use latchkey_policy::{Activation, PersonFacts, Resolution, Span, Voice, Wish, check_request, who_could_decide};
use latchkey_store::{
    AsConn, Change, Db, StoreResult,
    grants::{self, GrantRow},
    identities,
    items::{self, ItemRow, NewItem, NewRequest},
};
use uuid::Uuid;

use crate::{
    Refusal, ServiceError, ServiceResult, assurance,
    facts::{self, Beneficiary, RoleToday},
    separation,
    submit_request::{self, Submitted, known_facts, reference, steps::Steps},
    way,
};

const WHAT: &str = "Nothing was activated.";
/// How the log names the approval of what needs no other.
const BY_RIGHT: &str = "Activation without another approval";

/// What somebody wants to activate.
#[derive(Debug, Clone)]
pub struct ActivationWish {
    /// Made once by the form: sending it twice is one activation.
    pub form_key: Uuid,
    /// The eligible grant.
    pub right: GrantId,
    /// For how long from now, or from the approval.
    pub duration: Span,
    /// What they are about to do.
    pub reason: String,
}

/// How things stand for an activation.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The right.
    pub right: GrantRow,
    /// The role as it is today.
    pub role: RoleToday,
    /// What the policy says about activations.
    pub activation: Activation,
    /// Who would have to say yes each time; empty when nobody has to.
    pub stages: Vec<Resolution<IdentityId>>,
    /// Until when the right lasts.
    pub until: Option<Instant>,
}

/// Activates a role by an eligible grant of one's own. By today's rules (promise 4): the right must still be there, the
/// holder still somebody whom the role is for, no rule may keep it apart from what they have, and the session must prove
/// what the role asks for (promise 8).
///
/// # Errors
/// `NotFound` when the grant isn't theirs, `Refused` with the rule, `BadInput` for length and reason.
pub async fn activate(db: &Db, clock: &dyn Clock, actor: &Actor, wish: &ActivationWish) -> ServiceResult<Submitted> {
    let Actor::Person(person) = actor else {
        return Err(ServiceError::refused(
            "activation.not_a_person",
            WHAT,
            "Only a signed-in person activates a role.",
            "Sign in and activate it there.",
        ));
    };
    let mut tx = db.begin(clock.now()).await?;
    if let Some(before) = items::by_form_key(&mut tx, wish.form_key).await? {
        if before.requester_id != person.identity.0 {
            return Err(ServiceError::NotFound);
        }
        return Ok(Submitted { request: RequestId(before.id), reference: before.reference, again: true });
    }
    identities::lock(&mut tx, &[person.identity]).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());
    let now = tx.now();
    let holder = facts::beneficiary(&mut tx, person.identity).await?;
    let Standing { right, role, activation, stages, .. } =
        standing(&mut tx, now, person, &holder, wish.right).await?.map_err(ServiceError::Refused)?;
    let problems = activation.refusals(wish.duration, &wish.reason);
    if !problems.is_empty() {
        return Err(submit_request::refused(problems));
    }

    let request = RequestId::new(now);
    let reference = reference(request);
    let requester = person.identity;
    let new = NewRequest { id: request, reference: reference.clone(), requester, form_key: wish.form_key };
    items::insert_request(&mut tx, &new).await?;
    let item = ItemId::new(now);
    let reason = wish.reason.trim().to_owned();
    let seconds = Some(i64::from(wish.duration.hours()) * 3600);
    let kind = GrantKind::Activates(right.id());
    let lapses_at =
        [Some(now + role.policy.policy.undecided_after.to_delta()), right.ends_at].into_iter().flatten().min();
    items::insert_item(
        &mut tx,
        &NewItem {
            id: item,
            request,
            role: role.id,
            role_version: role.version,
            policy_version: role.policy_version.into(),
            beneficiary: requester,
            search_text: format!("{reference} {} {} {reason}", role.facts.name, holder.name).to_lowercase(),
            reason: reason.clone(),
            seconds,
            starts_at: None,
            ends_at: None,
            zone: holder.time_zone.clone().unwrap_or_default(),
            stages: u16::try_from(stages.len()).unwrap_or(u16::MAX),
            lapses_at,
            kind,
        },
    )
    .await?;
    let told = SubmittedItem {
        item,
        role: role.id,
        role_version: role.version,
        policy_version: PolicyVersionId(role.policy_version),
        beneficiary: requester,
        seconds,
        starts_at: None,
        extends: None,
        kind,
    };
    let body = EventBody::RequestSubmitted { request, reference: reference.clone(), requester, items: vec![told] };
    let by = actor.reference();
    let mut events = vec![NewEvent::new(by.clone(), body).text("reason", reason)];
    let steps = Steps { item, request, rules: &activation.stages, people: &stages, role: &role, person: &holder };
    let first = steps.insert(&mut tx).await?;
    let approved_by = activation.stages.is_empty().then(|| BY_RIGHT.to_owned());
    events.extend(steps.begin(&mut tx, first, approved_by, &by).await?);
    tx.announce(Change::Request(request));
    tx.commit(events).await?;
    Ok(Submitted { request, reference, again: false })
}

/// How things stand for an activation by this right, or why it can't be used: by the same rules for the form and for what it
/// sends.
///
/// # Errors
/// The outer one: `NotFound` when the right isn't theirs, or when the database fails.
pub async fn standing(
    c: &mut impl AsConn,
    now: Instant,
    person: &PersonActor,
    holder: &Beneficiary,
    right: GrantId,
) -> ServiceResult<Result<Standing, Refusal>> {
    let own = |g: &GrantRow| g.identity_id == person.identity.0 && g.eligible;
    let right = grants::get(c, right).await?.filter(own).ok_or(ServiceError::NotFound)?;
    let role = facts::role_today(c, right.role()).await?;
    if let Some(no) = no_right(&right, &role) {
        return Ok(Err(no));
    }
    let Some(activation) = role.policy.policy.activation.clone() else { return Ok(Err(not_activated(&role))) };
    if let Some(no) = not_for_them(c, &role, holder).await? {
        return Ok(Err(no));
    }
    let live = grants::live_of(c, person.identity).await?;
    if let Some(no) = in_use(c, &live, &right, &role).await? {
        return Ok(Err(no));
    }
    if let Err(no) = proved(&role, &person.assurance) {
        return Ok(Err(no));
    }
    if let Some(no) = kept_apart(c, now, &right, &holder.name).await? {
        return Ok(Err(no));
    }
    let stages = if activation.stages.is_empty() {
        Vec::new()
    } else {
        let known = known_facts(c, now, person.identity, holder, &role, &activation.stages).await?;
        match who_could_decide(&activation.stages, &known, Voice::You) {
            Ok(stages) => stages,
            Err(all) => {
                let no = all.into_iter().next().map(|no| said(WHAT, &no));
                return Ok(Err(no.unwrap_or_else(|| not_activated(&role))));
            }
        }
    };
    let until = last_end(&live, role.id);
    Ok(Ok(Standing { right, role, activation, stages, until }))
}

/// Why an activation that waits for an approval can't be approved any more, by today's rules (promise 4).
///
/// # Errors
/// When the database fails.
pub(crate) async fn not_approvable(
    c: &mut impl AsConn,
    now: Instant,
    item: &ItemRow,
    role: &RoleToday,
    holder: &Beneficiary,
) -> ServiceResult<Option<Refusal>> {
    let Some(right) = item.activates_id else { return Ok(None) };
    let right = grants::get(c, GrantId(right)).await?.ok_or(ServiceError::NotFound)?;
    let no = match no_right(&right, role) {
        Some(no) => Some(no),
        None => match not_for_them(c, role, holder).await? {
            Some(no) => Some(no),
            None => kept_apart(c, now, &right, &holder.name).await?,
        },
    };
    Ok(no.map(|no| Refusal { what: "It can't be approved as things are today.".to_owned(), ..no }))
}

/// Until when somebody may activate a role: what goes on from a right counts, too.
///
/// # Errors
/// When the database fails.
pub async fn right_until(c: &mut impl AsConn, who: IdentityId, role: RoleId) -> StoreResult<Option<Instant>> {
    Ok(last_end(&grants::live_of(c, who).await?, role))
}

fn last_end(live: &[GrantRow], role: RoleId) -> Option<Instant> {
    let ends = live.iter().filter(|g| g.eligible && g.role_id == role.0).map(|g| g.ends_at);
    ends.max_by_key(|end| end.unwrap_or(Instant::MAX_UTC)).flatten()
}

fn no_right(right: &GrantRow, role: &RoleToday) -> Option<Refusal> {
    let name = &role.facts.name;
    match right.state {
        GrantState::Ended => Some(Refusal::new(
            "activation.ended",
            WHAT,
            format!("The right to activate {name} has ended."),
            "Ask for it again from the role's page.",
        )),
        GrantState::Scheduled => Some(Refusal::new(
            "activation.starts_later",
            WHAT,
            format!("The right to activate {name} begins on {}.", right.starts_at.format("%-d %B %Y at %H:%M UTC")),
            "Wait until then, or ask for it from today on.",
        )),
        GrantState::Eligible | GrantState::Active => role.facts.retired.then(|| {
            Refusal::new(
                "activation.role_retired",
                WHAT,
                format!("{name} isn't given out any more."),
                "Look in the catalog for a role that took its place, or ask its owner.",
            )
        }),
    }
}

fn not_activated(role: &RoleToday) -> Refusal {
    Refusal::new(
        "activation.not_of_this_kind",
        WHAT,
        format!("{} isn't activated any more; its policy has changed.", role.facts.name),
        "Ask for the role itself from its page.",
    )
}

/// Whether the role is for its holder at all, by today's policy; the length of an activation is no matter here.
async fn not_for_them(c: &mut impl AsConn, role: &RoleToday, holder: &Beneficiary) -> ServiceResult<Option<Refusal>> {
    let facts = PersonFacts { is_requester: true, ..holder.facts(holder.id) };
    // Who holds the right may use it although nobody can ask for it any more.
    let open = latchkey_policy::RoleFacts { requestable: true, ..role.facts.clone() };
    let short = Wish { duration: Span::MIN, reason: "activation".to_owned() };
    let no = check_request(&role.policy, &open, &facts, &short).err().and_then(|all| all.into_iter().next());
    let no = match no {
        Some(no) => Some(no),
        None => way::may_ask_today(c, holder, role).await?,
    };
    Ok(no.map(|no| said(WHAT, &no)))
}

/// One at a time: what is active, or waits for an approval, isn't activated again.
async fn in_use(
    c: &mut impl AsConn,
    live: &[GrantRow],
    right: &GrantRow,
    role: &RoleToday,
) -> ServiceResult<Option<Refusal>> {
    let name = &role.facts.name;
    let active = live.iter().find(|g| g.role_id == role.id.0 && g.activates_id.is_some());
    if let Some(active) = active {
        let until =
            active.ends_at.map(|end| format!(" until {}", end.format("%H:%M UTC on %-d %B"))).unwrap_or_default();
        return Ok(Some(Refusal::new(
            "activation.already_active",
            WHAT,
            format!("{name} is active{until} already."),
            "Activate it again when it has ended, or end it now.",
        )));
    }
    let waiting = items::waiting_of(c, right.identity()).await?;
    if waiting.iter().any(|i| i.role_id == role.id.0 && i.activates_id.is_some()) {
        return Ok(Some(Refusal::new(
            "activation.already_waiting",
            WHAT,
            format!("You asked to activate {name} already, and somebody has to approve it."),
            "Your home page leads to the request. Withdraw it if you need other terms.",
        )));
    }
    Ok(None)
}

fn proved(role: &RoleToday, session: &Assurance) -> Result<(), Refusal> {
    match assurance::enough_to_ask(role, session) {
        Ok(()) => Ok(()),
        Err(ServiceError::Refused(no)) => Err(Refusal { what: WHAT.to_owned(), ..no }),
        Err(_) => Err(not_activated(role)),
    }
}

async fn kept_apart(c: &mut impl AsConn, now: Instant, right: &GrantRow, name: &str) -> ServiceResult<Option<Refusal>> {
    let held = separation::held_back(c, now, right.identity(), name).await?;
    Ok(held.get(&right.id()).map(|held| {
        Refusal::new(
            "activation.separation",
            WHAT,
            held.words.clone(),
            "Until then nothing of this role can be switched on.",
        )
    }))
}

fn said(what: &str, no: &latchkey_policy::Refusal) -> Refusal {
    Refusal {
        code: format!("activation.{}", no.code.as_str()),
        what: what.to_owned(),
        why: no.message.clone(),
        help: no.help.clone(),
    }
}

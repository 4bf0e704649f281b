//! Somebody asks for roles.

mod failed;
mod problems;
pub(crate) mod steps;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use latchkey_domain::{
    IdentityId, Instant, ItemId, PolicyVersionId, RequestId, RoleId,
    actor::{Actor, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent, SubmittedItem},
    grant::GrantKind,
};
use latchkey_policy::{
    ApproverFacts, AskFor, RefusalField, Resolution, Span, StageRule, Voice, Wish, check_request, who_could_decide,
};
use latchkey_store::{
    AsConn, Change, Db, Tx, cart,
    grants::GrantRow,
    holdings, identities, item_terms,
    items::{self, NewItem, NewRequest},
    pieces as store_pieces, trials as store_trials,
};
use steps::Steps;
use uuid::Uuid;

use crate::{
    FieldProblem, Refusal, ServiceError, ServiceResult, assurance, extend,
    facts::{self, Asked, Beneficiary, RoleToday},
    pieces, questions, separation, trials,
    way::{self, Way},
};

/// The most roles in one submission.
pub const MAX_ITEMS: usize = 50;

/// One submission, as typed and parsed.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Made once by the form: sending it twice is one request.
    pub form_key: Uuid,
    /// What is asked for.
    pub items: Vec<ItemWish>,
}

/// One role for one person.
#[derive(Debug, Clone)]
pub struct ItemWish {
    /// Which role.
    pub role: RoleId,
    /// For whom: the actor, or one of their reports.
    pub beneficiary: IdentityId,
    /// For how long from the approval.
    pub duration: Span,
    /// Why.
    pub reason: String,
}

/// What an item may have beside that.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// From which day on, in the beneficiary's zone; without it as soon as it is approved.
    pub starts_on: Option<NaiveDate>,
    /// What was answered to the role's questions, by their keys.
    pub answers: BTreeMap<String, String>,
    /// The piece of work that it is for, as typed: a few words or a ticket, or nothing.
    pub piece: String,
}

/// A request that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Which.
    pub request: RequestId,
    /// What people quote.
    pub reference: String,
    /// It had been accepted before: the form was sent twice.
    pub again: bool,
}

/// What somebody is shown before they submit: who decides, or why nobody could.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Each stage with its people, or why it can't be submitted. None when a rule approves it.
    pub stages: Result<Vec<Resolution<IdentityId>>, Vec<latchkey_policy::Refusal>>,
    /// The rules of these stages, in the same order.
    pub rules: Vec<StageRule>,
    /// The rule that approves it.
    pub approved_by: Option<String>,
    /// Whatever else stands against it, apart from duration and reason.
    pub against: Option<Refusal>,
    /// What it would combine with what the beneficiary has otherwise.
    pub separation: separation::Found,
    /// How many of the stages, the last ones, are there because of that.
    pub extra_stages: usize,
    /// For how long it lasts at first, where it starts as a trial and is asked for longer.
    pub trial: Option<Span>,
}

/// Submits a request: all items or none (promise 10).
///
/// # Errors
/// As for [`submit_with`].
pub async fn submit_request(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    submission: &Submission,
) -> ServiceResult<Submitted> {
    submit_with(db, clock, actor, submission, &[]).await
}

/// Submits a request with further terms of its items, in their order: all items or none (promise 10). What is asked for
/// leaves the requester's cart.
///
/// # Errors
/// `BadInput` names fields; `Refused` names the rule and what would help; `NotFound` for a role that isn't there. Of several
/// items, every problem comes at once, as `BadInput` whose fields begin with the number of the item from 0: `2.reason`, and
/// `2` for what stands against the item itself.
pub async fn submit_with(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    submission: &Submission,
    terms: &[Terms],
) -> ServiceResult<Submitted> {
    let done = write(db, clock, actor, submission, terms).await;
    if let Err(error) = &done {
        failed::tell(db, clock, actor, submission, error).await?;
    }
    done
}

async fn write(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    submission: &Submission,
    terms: &[Terms],
) -> ServiceResult<Submitted> {
    let Actor::Person(person) = actor else {
        return Err(ServiceError::refused(
            "request.not_a_person",
            "This was not submitted.",
            "Only a signed-in person asks for access.",
            "Sign in and ask again.",
        ));
    };
    if submission.items.is_empty() || submission.items.len() > MAX_ITEMS {
        let message = format!("A request has 1 to {MAX_ITEMS} roles.");
        return Err(ServiceError::BadInput(vec![FieldProblem::new("role", "request.items", message)]));
    }
    problems::no_item_twice(&submission.items)?;
    let pieces = problems::pieces(terms)?;
    let mut tx = db.begin(clock.now()).await?;
    if let Some(before) = items::by_form_key(&mut tx, submission.form_key).await? {
        if before.requester_id != person.identity.0 {
            return Err(ServiceError::NotFound);
        }
        return Ok(Submitted { request: RequestId(before.id), reference: before.reference, again: true });
    }
    let mut people: Vec<IdentityId> = submission.items.iter().map(|i| i.beneficiary).collect();
    people.push(person.identity);
    identities::lock(&mut tx, &people).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());

    let request = RequestId::new(tx.now());
    let reference = reference(request);
    let new = NewRequest {
        id: request,
        reference: reference.clone(),
        requester: person.identity,
        form_key: submission.form_key,
    };
    items::insert_request(&mut tx, &new).await?;

    let reference_of_actor = actor.reference();
    let mut told = Vec::new();
    let mut events = Vec::new();
    let mut stage_events = Vec::new();
    let mut answered = Vec::new();
    let mut problems = problems::Problems::of(submission.items.len());
    let none = Terms::default();
    for (n, wish) in submission.items.iter().enumerate() {
        let terms = terms.get(n).unwrap_or(&none);
        let all = &submission.items;
        let item = Writing { request, reference: &reference, requester: person, wish, all, terms };
        match item.write(&mut tx, &reference_of_actor).await {
            Ok((submitted, opened, answers)) => {
                told.push(submitted);
                answered.push(answers);
                stage_events.extend(opened);
            }
            Err(error) => problems.note(n, error)?,
        }
    }
    if let Some(error) = problems.into_error() {
        tx.rollback().await?;
        return Err(error);
    }
    let reasons = submission.items.iter().map(|i| i.reason.trim()).collect::<Vec<_>>().join("\n");
    events.push(
        NewEvent::new(
            reference_of_actor,
            EventBody::RequestSubmitted {
                request,
                reference: reference.clone(),
                requester: person.identity,
                items: told,
            },
        )
        .text("reason", reasons)
        .text("answers", answered.join("\n").trim())
        .text("piece", pieces),
    );
    events.extend(stage_events);
    tx.announce(Change::Request(request));
    tx.commit(events).await?;
    Ok(Submitted { request, reference, again: false })
}

/// What a requester is shown before submitting: by the same evaluator that submits. `beside` are the other roles for the same
/// person in the same request.
///
/// # Errors
/// `NotFound` when the role isn't there.
pub async fn preview(
    c: &mut impl AsConn,
    now: Instant,
    requester: IdentityId,
    beneficiary: IdentityId,
    role: &RoleToday,
    beside: &[RoleId],
) -> ServiceResult<Preview> {
    let person = facts::beneficiary(c, beneficiary).await?;
    let voice = if requester == beneficiary { Voice::You } else { Voice::Named(&person.name) };
    let sought = separation::Wish { beneficiary, role: role.id, beside, item: None };
    let separation = separation::of_wish(c, now, sought).await?;
    let extra = separation.extra_stages();
    let wish = Wish { duration: latchkey_policy::suggested(&role.policy, &role.facts), reason: "a".to_owned() };
    let mut against = check_request(&role.policy, &role.facts, &person.facts(requester), &wish)
        .err()
        .and_then(|all| all.into_iter().next())
        .map(refusal)
        .or_else(|| separation.refusal("request.separation", "This was not submitted.", voice));
    let Way { stages: mut rules, mut approved_by } = match way::way(c, requester, &person, role, &wish).await? {
        Ok(way) => way,
        Err(no) => {
            against = against.or_else(|| Some(refusal(no)));
            Way { stages: Vec::new(), approved_by: None }
        }
    };
    let extra_stages = extra.len();
    rules.extend(extra.into_iter().map(|(stage, _)| stage));
    // What a rule would approve is decided all the same where duties have to be kept apart.
    approved_by = approved_by.filter(|_| extra_stages == 0);
    let stages = if against.is_some() || approved_by.is_some() {
        Ok(Vec::new())
    } else {
        who_could_decide(&rules, &known_facts(c, now, requester, &person, role, &rules).await?, voice)
    };
    let trial = trials::at_first(c, role, &person, Span::MAX).await?;
    Ok(Preview { stages, rules, approved_by, against, separation, extra_stages, trial })
}

struct Writing<'a> {
    request: RequestId,
    reference: &'a str,
    requester: &'a PersonActor,
    wish: &'a ItemWish,
    /// Everything in the same request.
    all: &'a [ItemWish],
    terms: &'a Terms,
}

impl Writing<'_> {
    async fn write(
        &self,
        tx: &mut Tx,
        actor: &latchkey_domain::actor::ActorRef,
    ) -> ServiceResult<(SubmittedItem, Vec<NewEvent>, String)> {
        let wish = self.wish;
        let role = facts::role_today(tx, wish.role).await?;
        let person = facts::beneficiary(tx, wish.beneficiary).await?;
        self.may_ask_for(tx, &role, &person).await?;
        let piece = pieces::checked(&self.terms.piece).map_err(|no| ServiceError::BadInput(vec![no]))?;
        let policy_wish = Wish { duration: wish.duration, reason: wish.reason.clone() };
        check_request(&role.policy, &role.facts, &person.facts(self.requester.identity), &policy_wish)
            .map_err(refused)?;
        if self.requester.identity == wish.beneficiary {
            // Somebody else's sign-in is looked at before anything is given to them.
            assurance::enough_to_ask(&role, &self.requester.assurance)?;
        }
        let zone = person.time_zone.clone().unwrap_or_default();
        let starts_at = extend::start_of(self.terms.starts_on, &zone, tx.now())?;
        let now = tx.now();
        let asked = questions::of(tx, role.version).await?;
        let answers = questions::check(&asked, &self.terms.answers)?;
        let stands = extend::stands(tx, self.requester.identity, &role, &person, starts_at, now).await?;
        let Way { stages: mut rules, approved_by } =
            way::way(tx, self.requester.identity, &person, &role, &policy_wish)
                .await?
                .map_err(|no| refused(vec![no]))?;
        let voice = if self.requester.identity == wish.beneficiary { Voice::You } else { Voice::Named(&person.name) };
        let extra = separation::at_submission(tx, &role, &person, &self.beside(), voice).await?;
        rules.extend(extra.stages());
        // What a rule would approve is decided all the same where duties have to be kept apart.
        let approved_by = approved_by.filter(|_| rules.is_empty());
        let stages = if approved_by.is_some() {
            Vec::new()
        } else {
            let known = known_facts(tx, now, self.requester.identity, &person, &role, &rules).await?;
            who_could_decide(&rules, &known, voice).map_err(refused)?
        };

        let mut events = Vec::new();
        if let Some(older) = &stands.supersedes {
            events.push(extend::supersede(tx, older, self.request, actor).await?);
        }
        let item = ItemId::new(tx.now());
        // Under a policy with activation nobody gets the access standing: what is asked for is the right to activate it.
        let kind = GrantKind::of(role.policy.policy.activation.is_some(), None);
        let reason = wish.reason.trim().to_owned();
        let seconds = i64::from(wish.duration.hours()) * 3600;
        items::insert_item(
            tx,
            &NewItem {
                id: item,
                request: self.request,
                role: wish.role,
                role_version: role.version,
                policy_version: role.policy_version.into(),
                beneficiary: wish.beneficiary,
                search_text: self.search_text(&role, &person, &reason, piece.as_deref()),
                reason,
                seconds: Some(seconds),
                starts_at: stands.starts_at,
                ends_at: None,
                zone,
                stages: u16::try_from(stages.len()).unwrap_or(u16::MAX),
                lapses_at: Some(tx.now() + role.policy.policy.undecided_after.to_delta()),
                kind,
            },
        )
        .await?;
        let extends = stands.extends.as_ref().map(GrantRow::id);
        if let Some(grant) = extends {
            item_terms::extends(tx, item, grant).await?;
        }
        if let Some(piece) = &piece {
            store_pieces::of_item(tx, item, piece).await?;
        }
        if let Some(at_first) = trials::at_first(tx, &role, &person, wish.duration).await? {
            store_trials::of_item(tx, item, i64::from(at_first.hours()) * 3600).await?;
        }
        let answered = questions::in_words(&answers);
        if !answers.is_empty() {
            item_terms::answered(tx, item, &questions::frozen(&answers)).await?;
        }
        cart::asked(tx, self.requester.identity, wish.role, wish.beneficiary).await?;
        let steps = Steps { item, request: self.request, rules: &rules, people: &stages, role: &role, person: &person };
        let first = steps.insert(tx).await?;
        events.extend(extra.note(tx, item, actor).await?);
        events.extend(steps.begin(tx, first, approved_by, actor).await?);
        let submitted = SubmittedItem {
            item,
            role: wish.role,
            role_version: role.version,
            policy_version: PolicyVersionId(role.policy_version),
            beneficiary: wish.beneficiary,
            seconds: Some(seconds),
            starts_at: stands.starts_at,
            extends,
            kind,
        };
        Ok((submitted, events, answered))
    }

    /// The other roles for the same person in the same request.
    fn beside(&self) -> Vec<RoleId> {
        let same = |other: &&ItemWish| other.beneficiary == self.wish.beneficiary && other.role != self.wish.role;
        self.all.iter().filter(same).map(|other| other.role).collect()
    }

    /// What a search finds it by.
    fn search_text(&self, role: &RoleToday, person: &Beneficiary, reason: &str, piece: Option<&str>) -> String {
        let words = [self.reference, &role.facts.name, &person.name, reason, piece.unwrap_or_default()];
        words.join(" ").trim_end().to_lowercase()
    }

    /// For oneself, for one's own report, or for whomever the policy says; whoever owns a role asks for more time for those
    /// who hold it. Who asked doesn't decide (promise 2), an owner neither.
    async fn may_ask_for(&self, tx: &mut Tx, role: &RoleToday, person: &Beneficiary) -> ServiceResult<()> {
        let me = self.requester.identity;
        let manager = person.manager.as_ref().map(|m| m.id);
        if may_ask_for(role.policy.policy.ask_for, me, person.id, manager) {
            return Ok(());
        }
        let owner = role.owner.as_ref().is_some_and(|o| o.id == me) && self.terms.starts_on.is_none();
        if owner && !holdings::live_of_role(tx, person.id, role.id).await?.is_empty() {
            return Ok(());
        }
        Err(ServiceError::refused(
            "request.not_your_report",
            format!("This was not submitted for {}.", person.name),
            "You can ask for yourself and for the people who report to you.",
            format!("{} can ask for it themselves, or their manager can.", person.name),
        ))
    }
}

/// Whether somebody may ask for somebody: for oneself, for one's own report, or for whomever the policy says. The cart asks
/// the same.
#[must_use]
pub fn may_ask_for(
    policy: AskFor,
    requester: IdentityId,
    beneficiary: IdentityId,
    manager: Option<IdentityId>,
) -> bool {
    requester == beneficiary || manager == Some(requester) || policy == AskFor::Anyone
}

pub(crate) async fn known_facts(
    c: &mut impl AsConn,
    now: Instant,
    requester: IdentityId,
    person: &Beneficiary,
    role: &RoleToday,
    rules: &[StageRule],
) -> ServiceResult<ApproverFacts<IdentityId>> {
    let asked = Asked {
        requester,
        beneficiary: person,
        owner: role.owner.clone(),
        role: role.id,
        version: role.version,
        risk: role.risk,
        decided_before: Vec::new(),
        overdue: false,
    };
    facts::approver_facts(c, now, &asked, rules).await
}

/// The policy's refusals: what belongs to a field of the form goes to the field, everything else is one refusal.
pub(crate) fn refused(refusals: Vec<latchkey_policy::Refusal>) -> ServiceError {
    let (fields, others): (Vec<_>, Vec<_>) = refusals.into_iter().partition(|r| r.code.field().is_some());
    match others.into_iter().next() {
        Some(first) => ServiceError::Refused(refusal(first)),
        None => ServiceError::BadInput(
            fields
                .into_iter()
                .map(|r| {
                    let field = match r.code.field() {
                        Some(RefusalField::Duration) => "duration",
                        Some(RefusalField::Reason) | None => "reason",
                    };
                    FieldProblem::new(field, format!("request.{}", r.code.as_str()), r.to_string())
                })
                .collect(),
        ),
    }
}

fn refusal(r: latchkey_policy::Refusal) -> Refusal {
    Refusal {
        code: format!("request.{}", r.code.as_str()),
        what: "This was not submitted.".to_owned(),
        why: r.message,
        help: r.help,
    }
}

/// What people quote: six letters and digits out of the id's random part, without those that look alike.
pub(crate) fn reference(id: RequestId) -> String {
    readable("R", id.0)
}

/// What people quote: a letter for what it is, and seven letters and digits out of its id.
pub(crate) fn readable(kind: &str, id: Uuid) -> String {
    const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
    let mut rest = id.as_u128() & 0x3fff_ffff_ffff_ffff;
    let mut text = format!("{kind}-");
    for _ in 0..7 {
        let at = usize::try_from(rest % 31).unwrap_or(0);
        text.push(char::from(ALPHABET[at]));
        rest /= 31;
    }
    text
}

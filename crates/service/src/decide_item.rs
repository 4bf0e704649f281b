//! An approver decides.

use latchkey_domain::{
    DecisionId, IdentityId, ItemId, PolicyVersionId, RequestId, RoleId, StageId,
    actor::{Actor, ActorRef, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent},
    item::{ItemState, Progress, StageState, Verdict},
};
use latchkey_policy::{Approver, Span, StageRule, Wish, Yes, check_request, is_reached, may_decide};
use latchkey_store::{
    Change, Db, StoreError, Tx, identities,
    items::{self, ItemRow},
    stages::{self, NewDecision, StageRow},
};

use crate::{
    FieldProblem, Refusal, ServiceError, ServiceResult, activate,
    approvers::{self, Now, Opening},
    deadline,
    facts::{self, Beneficiary, RoleToday},
    new_grant, notices, separation, shorten,
};

/// The longest comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 1000;

/// What an approver says.
#[derive(Debug, Clone)]
pub struct Decision {
    /// About which item.
    pub item: ItemId,
    /// The stage that the approver was shown; absent means whichever is open.
    pub stage: Option<StageId>,
    /// Yes or no.
    pub verdict: Verdict,
    /// In their words; a no needs some.
    pub comment: String,
}

/// What became of the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Of which request.
    pub request: RequestId,
    /// Where it stands now.
    pub state: ItemState,
    /// More people have to agree in the same step.
    pub goes_on: bool,
    /// What the role is called.
    pub role_name: String,
    /// What the beneficiary is called.
    pub beneficiary_name: String,
}

/// Decides an item: nobody decides on what they asked for or what is for them (promise 2); eligibility, assurance and the
/// approver's own status are checked again by today's rules (promise 4); nothing is decided twice.
///
/// # Errors
/// `NotFound` when the item isn't theirs to see, `Conflict` when somebody else was first, `Refused` with the rule.
pub async fn decide_item(db: &Db, clock: &dyn Clock, actor: &Actor, decision: &Decision) -> ServiceResult<Decided> {
    decide_item_for(db, clock, actor, decision, None).await
}

/// Decides an item as [`decide_item`] does; an approval is for at most this long.
///
/// # Errors
/// As [`decide_item`], and `BadInput` for a length that is longer than what was asked for, or too short.
pub async fn decide_item_for(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    decision: &Decision,
    at_most: Option<Span>,
) -> ServiceResult<Decided> {
    let Actor::Person(person) = actor else {
        return Err(ServiceError::refused(
            "decision.not_a_person",
            "Nothing was decided.",
            "Only a signed-in person decides; a token never does.",
            "Sign in and decide there.",
        ));
    };
    let comment = checked_comment(decision.verdict, &decision.comment)
        .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = items::get(&mut tx, decision.item).await?.ok_or(ServiceError::NotFound)?;
    identities::lock(&mut tx, &[IdentityId(seen.beneficiary_id), person.identity]).await?;
    tx.now_is(clock.now());
    // What was read before the lock may be old by now.
    let item = items::get(&mut tx, decision.item).await?.ok_or(ServiceError::NotFound)?;
    let all = stages::of_items(&mut tx, &[item.id]).await?;
    let shown = |s: &&StageRow| decision.stage.is_none_or(|shown| shown.0 == s.id);
    let Some(stage) = open_stage(&item, &all).filter(shown).cloned() else {
        return Err(too_late(&mut tx, &item, person.identity).await?);
    };
    let may = Deciding { item: &item, stage: &stage, person, verdict: decision.verdict };
    let Checked { role, beneficiary, seat, now, rule } = match may.check(&mut tx).await? {
        Ok(facts) => facts,
        Err((code, refusal)) => return Err(record_refusal(tx, &item, actor, code, refusal).await?),
    };
    if decision.verdict == Verdict::Approve && rule.comment && comment.is_empty() {
        return Err(ServiceError::BadInput(vec![FieldProblem::new(
            "comment",
            "decision.comment_missing",
            "The policy wants a comment with a yes, too: say what you checked.",
        )]));
    }
    let on_behalf_of = (*seat.seat() != seat.id).then_some(*seat.seat());
    let mut said: Vec<Yes<IdentityId>> = now
        .said_in(&stage)
        .filter(|d| d.verdict == Verdict::Approve)
        .map(|d| Yes { who: IdentityId(d.identity_id), seat: IdentityId(d.on_behalf_of.unwrap_or(d.identity_id)) })
        .collect();
    said.push(Yes { who: person.identity, seat: *seat.seat() });
    let enough = decision.verdict == Verdict::Deny || is_reached(&now.resolution, &said);

    let reference = actor.reference();
    let (item, shortened) =
        shorten::apply(&mut tx, item, stage.id, person.identity, decision.verdict, at_most, &reference).await?;
    // A step that duties being kept apart wants since comes before the last yes.
    let (item, all, added) = if enough && item.activates_id.is_none() {
        separation::with_stages_of_today(&mut tx, item, all, &role, decision.verdict, &reference).await?
    } else {
        (item, all, Vec::new())
    };
    let from = item.progress();
    let conflict = |_| StoreError::Conflict { what: "the request" };
    let to = if enough { from.decide(decision.verdict).map_err(conflict)? } else { from };
    stages::insert_decision(
        &mut tx,
        &NewDecision {
            id: DecisionId::new(clock.now()),
            stage: StageId(stage.id),
            item: item.id(),
            identity: person.identity,
            on_behalf_of,
            verdict: decision.verdict,
            comment: &comment,
            assurance: &person.assurance,
        },
    )
    .await?;
    let after = match decision.verdict {
        Verdict::Approve => StageState::Approved,
        Verdict::Deny => StageState::Denied,
    };
    if enough {
        stages::save(&mut tx, StageId(stage.id), StageState::Open, after).await?;
        stages::remove_approvers(&mut tx, StageId(stage.id)).await?;
        items::save(&mut tx, item.id(), from, to).await?;
    } else {
        stages::remove_seat(&mut tx, StageId(stage.id), person.identity, *seat.seat()).await?;
    }

    let mut events: Vec<NewEvent> = shortened.into_iter().chain(added).collect();
    events.push(
        NewEvent::new(
            reference.clone(),
            EventBody::ItemDecided {
                request: RequestId(item.request_id),
                item: item.id(),
                stage: StageId(stage.id),
                role: RoleId(item.role_id),
                beneficiary: IdentityId(item.beneficiary_id),
                verdict: decision.verdict,
                on_behalf_of,
                final_stage: to.state == ItemState::Approved,
                stage_goes_on: !enough,
            },
        )
        .text("comment", comment.clone()),
    );
    let follow = Following { item: &item, role: &role, beneficiary: &beneficiary, actor: &reference };
    match to.state {
        ItemState::Waiting if !enough => {}
        ItemState::Waiting => events.push(follow.next_stage(&mut tx, to, &all).await?),
        ItemState::Approved => {
            events.extend(new_grant::of_item(&mut tx, &item, &role, &beneficiary, &reference).await?)
        }
        _ => stages::close_item(&mut tx, item.id()).await?,
    }
    if to.state != ItemState::Waiting {
        items::follow(&mut tx, RequestId(item.request_id)).await?;
        let approver =
            identities::names(&mut tx, &[person.identity.0]).await?.remove(&person.identity.0).unwrap_or_default();
        notices::decided(&mut tx, &item, to.state, &approver, &role.facts.name, &beneficiary.name, &comment).await?;
    }
    tx.announce(Change::Request(RequestId(item.request_id)));
    tx.commit(events).await?;
    Ok(Decided {
        request: RequestId(item.request_id),
        state: to.state,
        goes_on: !enough,
        role_name: role.facts.name,
        beneficiary_name: beneficiary.name,
    })
}

/// The comment as it is kept: a no needs one.
pub(crate) fn checked_comment(verdict: Verdict, comment: &str) -> Result<String, FieldProblem> {
    let comment = comment.trim();
    let problem = |code: &str, message: String| Err(FieldProblem::new("comment", code, message));
    if comment.chars().count() > MAX_COMMENT_CHARS {
        return problem(
            "decision.comment_too_long",
            format!("Use at most {MAX_COMMENT_CHARS} characters for the comment."),
        );
    }
    if verdict == Verdict::Deny && comment.is_empty() {
        return problem(
            "decision.comment_missing",
            "Say why, in a sentence that helps them: what would make it a yes, or what to ask for instead.".to_owned(),
        );
    }
    Ok(comment.to_owned())
}

/// The stage that waits for a decision.
pub(crate) fn open_stage<'a>(item: &ItemRow, all: &'a [StageRow]) -> Option<&'a StageRow> {
    if item.state != ItemState::Waiting {
        return None;
    }
    all.iter().find(|s| s.state == StageState::Open && s.position == item.stage)
}

/// Somebody else was first, or it ended otherwise: says what happened, to those who may know.
async fn too_late(tx: &mut Tx, item: &ItemRow, who: IdentityId) -> ServiceResult<ServiceError> {
    if !stages::was_asked(tx, item.request_id, who).await? {
        return Ok(ServiceError::NotFound);
    }
    let last = stages::decisions(tx, &[item.id]).await?.pop();
    let why = match last {
        Some(d) => {
            let by = if d.identity_id == who.0 {
                "You".to_owned()
            } else {
                identities::names(tx, &[d.identity_id]).await?.remove(&d.identity_id).unwrap_or_default()
            };
            let did = match d.verdict {
                Verdict::Approve => "approved it",
                Verdict::Deny => "denied it",
            };
            format!("{by} {did} on {}.", d.decided_at.format("%-d %B %Y at %H:%M UTC"))
        }
        None => match item.state {
            ItemState::Withdrawn => "It was withdrawn.".to_owned(),
            ItemState::Lapsed => "Nobody decided in time.".to_owned(),
            _ => "It can't happen any more.".to_owned(),
        },
    };
    Ok(ServiceError::Conflict(Refusal::new(
        "decision.already_decided",
        "Nothing was changed by you.",
        why,
        "Open the request to see where it stands.",
    )))
}

/// A refused decision is on record too, without the words.
async fn record_refusal(
    tx: Tx,
    item: &ItemRow,
    actor: &Actor,
    code: &str,
    refusal: Refusal,
) -> ServiceResult<ServiceError> {
    let body = EventBody::DecisionRefused {
        item: item.id(),
        role: RoleId(item.role_id),
        beneficiary: IdentityId(item.beneficiary_id),
        code: code.to_owned(),
    };
    tx.commit(vec![NewEvent::new(actor.reference(), body)]).await?;
    Ok(ServiceError::Refused(refusal))
}

struct Deciding<'a> {
    item: &'a ItemRow,
    stage: &'a StageRow,
    person: &'a PersonActor,
    verdict: Verdict,
}

/// What a decision rests on.
struct Checked {
    role: RoleToday,
    beneficiary: Beneficiary,
    /// What makes the actor an approver, and for whom.
    seat: Approver<IdentityId>,
    now: Now,
    rule: StageRule,
}

impl Deciding<'_> {
    async fn check(&self, tx: &mut Tx) -> ServiceResult<Result<Checked, (&'static str, Refusal)>> {
        let role = facts::role_today(tx, RoleId(self.item.role_id)).await?;
        let beneficiary = facts::beneficiary(tx, IdentityId(self.item.beneficiary_id)).await?;
        let rule = approvers::rule_of(self.stage)?;
        let listed = stages::approvers(tx, &[self.stage.id]).await?;
        let is_listed = listed.iter().any(|a| a.identity_id == self.person.identity.0);
        let own = [self.item.requester_id, self.item.beneficiary_id].contains(&self.person.identity.0);
        if !is_listed && !own && !stages::was_asked(tx, self.item.request_id, self.person.identity).await? {
            return Err(ServiceError::NotFound);
        }
        if !self.person.assurance.mfa {
            return Ok(Err((
                "decision.no_second_factor",
                Refusal::new(
                    "decision.no_second_factor",
                    "Nothing was decided.",
                    "Deciding needs a session that a second factor confirmed.",
                    "Sign out and sign in again with your second factor.",
                ),
            )));
        }
        let now = approvers::resolve_for(tx, self.item, self.stage, &rule, &role, &beneficiary).await?;
        let status = identities::get(tx, self.person.identity).await?.ok_or(ServiceError::NotFound)?.status;
        if let Some(no) = now.by_hand.gave_away(self.person.identity) {
            return Ok(Err(no));
        }
        let seat = match may_decide(&now.resolution, &now.facts, &self.person.identity, status) {
            Ok(seat) => seat,
            Err(no) => return Ok(Err((no.code.as_str(), words("Nothing was decided.", &no)))),
        };
        if now.said_in(self.stage).any(|d| d.identity_id == self.person.identity.0) {
            return Ok(Err((
                "decision.already_yours",
                Refusal::new(
                    "decision.already_yours",
                    "Nothing was changed.",
                    "You decided this step already, and others have to agree, too.",
                    now.resolution.explanation,
                ),
            )));
        }
        if let Some(before) = now.said_for(self.stage, *seat.seat()) {
            let mut names = identities::names(tx, &[before.identity_id]).await?;
            let by = names.remove(&before.identity_id).unwrap_or_default();
            return Ok(Err((
                "decision.seat_decided",
                Refusal::new(
                    "decision.seat_decided",
                    "Nothing was changed.",
                    format!("{by} has decided this step already, and you would say it in the same place."),
                    now.resolution.explanation,
                ),
            )));
        }
        if self.verdict == Verdict::Approve && self.item.activates_id.is_some() {
            let at = tx.now();
            if let Some(no) = activate::not_approvable(tx, at, self.item, &role, &beneficiary).await? {
                return Ok(Err(("activation", no)));
            }
        } else if self.verdict == Verdict::Approve {
            if let Some(no) = self.not_eligible(tx, &role, &beneficiary).await? {
                return Ok(Err((no.code.as_str(), words("It can't be approved as things are today.", &no))));
            }
            if let Some(no) = separation::at_decision(tx, self.item, &role, &beneficiary.name).await? {
                return Ok(Err(("separation", no)));
            }
        }
        Ok(Ok(Checked { role, beneficiary, seat, now, rule }))
    }

    /// Today's rules say whether this person may still have this role (promise 4); how long is the frozen policy's matter.
    async fn not_eligible(
        &self,
        tx: &mut Tx,
        role: &RoleToday,
        beneficiary: &Beneficiary,
    ) -> ServiceResult<Option<latchkey_policy::Refusal>> {
        let person = beneficiary.facts(self.person.identity);
        let asked = facts::span(self.item.seconds).unwrap_or(Span::MIN);
        let wish = Wish { duration: asked, reason: self.item.reason.clone() };
        let short = Wish { duration: Span::MIN, reason: "asked".to_owned() };
        let known = check_request(&role.policy, &role.facts, &person, &short).err();
        if let Some(no) = known.and_then(|all| all.into_iter().find(|r| r.code.field().is_none())) {
            return Ok(Some(no));
        }
        // How it is decided is the frozen policy's matter; whether it may be asked for at all, today's.
        let requester = IdentityId(self.item.requester_id);
        let way = crate::way::way(tx, requester, beneficiary, role, &wish).await?;
        Ok(way.err().filter(|no| no.code.field().is_none()))
    }
}

fn words(what: &str, no: &latchkey_policy::Refusal) -> Refusal {
    Refusal {
        code: format!("decision.{}", no.code.as_str()),
        what: what.to_owned(),
        why: no.message.clone(),
        help: no.help.clone(),
    }
}

/// A rule of the policy approves a new item: it is granted at once, and nobody is asked.
pub(crate) async fn approve_by_rule(
    tx: &mut Tx,
    item: ItemId,
    role: &RoleToday,
    beneficiary: &Beneficiary,
    rule: String,
) -> ServiceResult<Vec<NewEvent>> {
    let row = items::get(tx, item).await?.ok_or(ServiceError::NotFound)?;
    let from = row.progress();
    let to = from.decide(Verdict::Approve).map_err(|_| StoreError::Conflict { what: "the request" })?;
    items::save(tx, item, from, to).await?;
    let request = RequestId(row.request_id);
    items::follow(tx, request).await?;
    let actor = Actor::Worker("policy").reference();
    let mut events = vec![NewEvent::new(
        actor.clone(),
        EventBody::ItemApprovedByRule {
            request,
            item,
            role: role.id,
            beneficiary: beneficiary.id,
            policy_version: PolicyVersionId(role.policy_version),
            rule,
        },
    )];
    events.extend(new_grant::of_item(tx, &row, role, beneficiary, &actor).await?);
    Ok(events)
}

struct Following<'a> {
    item: &'a ItemRow,
    role: &'a RoleToday,
    beneficiary: &'a Beneficiary,
    actor: &'a ActorRef,
}

impl Following<'_> {
    async fn next_stage(&self, tx: &mut Tx, to: Progress, all: &[StageRow]) -> ServiceResult<NewEvent> {
        let next = all
            .iter()
            .find(|s| s.position == i64::from(to.stage))
            .ok_or(StoreError::Missing { what: "the next stage" })?;
        let rule = approvers::rule_of(next)?;
        let resolution = approvers::resolve_now(tx, self.item, next, &rule).await?.resolution;
        let due = rule.deadline.as_ref().map(|d| deadline::due(tx.now(), d, &self.item.zone));
        let request = RequestId(self.item.request_id);
        let stage = StageId(next.id);
        notices::asked_to_decide(
            tx,
            request,
            stage,
            &resolution.approvers,
            &self.beneficiary.name,
            &self.role.facts.name,
        )
        .await?;
        let opening = Opening { item: self.item.id(), request, stage, position: to.stage, deadline: due };
        approvers::open(tx, &opening, &resolution, self.actor).await
    }
}

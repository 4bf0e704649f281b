//! The cart: what somebody puts together before asking for it, for themselves and for others. It is kept on the server and
//! promises nothing; everything is checked when it is submitted.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use latchkey_domain::{IdentityId, RequestId, RoleId, actor::PersonActor, clock::Clock, id::new_uuid};
use latchkey_policy::Span;
use latchkey_store::{
    Db, StoreError,
    cart::{self as store, CartRow, NewCartRow, TypedRow},
    identities, items, pieces,
};
use uuid::Uuid;

use crate::{
    FieldProblem, ServiceError, ServiceResult,
    pieces::MAX_PIECE,
    questions::{MAX_ANSWER, MAX_QUESTIONS},
    submit_request::{ItemWish, Submission, Submitted, Terms, may_ask_for, submit_with},
};

/// The most lines in a cart.
pub const MAX_LINES: usize = 20;
/// The longest reason that is kept, in characters; what is longer than a policy allows is told when it is submitted.
const MAX_REASON: usize = 1_200;

/// One line as the form sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// For how long: `90d`.
    pub duration: String,
    /// From which day on: `2027-03-01`, or empty.
    pub starts_on: String,
    /// Why.
    pub reason: String,
    /// What the role's questions were answered, by their keys.
    pub answers: BTreeMap<String, String>,
}

/// A line to be added: a role for a person.
#[derive(Debug, Clone)]
pub struct Adding {
    /// The role.
    pub role: RoleId,
    /// For whom.
    pub beneficiary: IdentityId,
    /// For how long, if it is chosen already.
    pub duration: Option<Span>,
    /// From which day on, if it was typed already.
    pub starts_on: String,
    /// Why, if it was typed already.
    pub reason: String,
    /// What was answered already.
    pub answers: BTreeMap<String, String>,
}

/// Puts roles into one's cart; what is in it already stays as it is. Returns how many lines came in.
///
/// # Errors
/// `Refused` when it would have too many lines, or for somebody whom one may not ask for; `NotFound` for a role or a person
/// that isn't there.
pub async fn add(db: &Db, clock: &dyn Clock, actor: &PersonActor, lines: &[Adding]) -> ServiceResult<usize> {
    let owner = actor.identity;
    let mut tx = db.begin(clock.now()).await?;
    let mut added = 0;
    for (place, line) in (0_u16..).zip(lines.iter().take(MAX_LINES + 1)) {
        let ask_for = crate::facts::role_today(&mut tx, line.role).await?.policy.policy.ask_for;
        if line.beneficiary != owner {
            let person = identities::person(&mut tx, line.beneficiary).await?.ok_or(ServiceError::NotFound)?;
            if !may_ask_for(ask_for, owner, line.beneficiary, person.manager_id.map(IdentityId)) {
                return Err(ServiceError::refused(
                    "request.not_your_report",
                    format!("Nothing was put into your cart for {}.", person.display_name),
                    "You can ask for yourself and for the people who report to you.",
                    format!("{} can ask for it themselves, or their manager can.", person.display_name),
                ));
            }
        }
        let new = NewCartRow {
            id: new_uuid(tx.now()),
            owner,
            role: line.role,
            beneficiary: line.beneficiary,
            duration: line.duration.map(|d| d.to_string()).unwrap_or_default(),
            starts_on: short(&line.starts_on),
            reason: line.reason.trim().chars().take(MAX_REASON).collect(),
            answers: kept(&line.answers),
            place,
        };
        added += usize::from(store::add(&mut tx, &new).await?);
    }
    if store::count(&mut tx, owner).await? > i64::try_from(MAX_LINES).unwrap_or(i64::MAX) {
        return Err(ServiceError::refused(
            "cart.full",
            "Nothing was put into your cart.",
            format!("A cart has at most {MAX_LINES} lines."),
            "Submit what is in it first, or take something out.",
        ));
    }
    tx.commit_bookkeeping().await?;
    Ok(added)
}

/// One's cart, in the order in which it was filled.
///
/// # Errors
/// When the database fails.
pub async fn of(c: &mut impl latchkey_store::AsConn, owner: IdentityId) -> ServiceResult<Vec<CartRow>> {
    Ok(store::of(c, owner, i64::try_from(MAX_LINES).unwrap_or(i64::MAX)).await?)
}

/// Keeps what was typed, whatever it is, and takes out `remove`. Lines that aren't in one's cart any more are left alone.
///
/// # Errors
/// When the database fails.
pub async fn save(
    db: &Db,
    clock: &dyn Clock,
    owner: IdentityId,
    typed: &BTreeMap<Uuid, Typed>,
    remove: Option<Uuid>,
) -> ServiceResult<()> {
    let mut tx = db.begin(clock.now()).await?;
    for (id, line) in typed.iter().take(MAX_LINES) {
        let reason: String = line.reason.trim().chars().take(MAX_REASON).collect();
        let (duration, starts_on) = (short(&line.duration), short(&line.starts_on));
        let answers = kept(&line.answers);
        let typed = TypedRow { duration: &duration, starts_on: &starts_on, reason: &reason, answers: &answers };
        store::save(&mut tx, owner, *id, &typed).await?;
    }
    if let Some(id) = remove {
        store::remove(&mut tx, owner, id).await?;
    }
    tx.commit_bookkeeping().await?;
    Ok(())
}

/// Keeps what everything in one's cart is for, as typed; `only_new` leaves what was typed before.
///
/// # Errors
/// When the database fails.
pub async fn name_piece(
    db: &Db,
    clock: &dyn Clock,
    owner: IdentityId,
    typed: &str,
    only_new: bool,
) -> ServiceResult<()> {
    let typed: String = typed.trim().chars().take(MAX_PIECE + 1).collect();
    let mut tx = db.begin(clock.now()).await?;
    let lines = of(&mut tx, owner).await?;
    let before = piece(&lines);
    let kept = if only_new && (typed.is_empty() || !before.is_empty()) { before } else { typed };
    // A line that came in since has it from now on, too.
    if lines.iter().any(|line| line.piece.as_deref().unwrap_or_default() != kept) {
        pieces::of_cart(&mut tx, owner, Some(kept.as_str()).filter(|p| !p.is_empty())).await?;
    }
    tx.commit_bookkeeping().await?;
    Ok(())
}

/// What everything in a cart is for, as typed so far.
#[must_use]
pub fn piece(lines: &[CartRow]) -> String {
    lines.iter().find_map(|line| line.piece.clone()).unwrap_or_default()
}

/// What a field of a few characters holds; what doesn't fit isn't understood either.
fn short(text: &str) -> String {
    text.trim().chars().take(20).collect()
}

/// Answers as a line keeps them: bounded, and otherwise as typed.
fn kept(answers: &BTreeMap<String, String>) -> String {
    let bounded: BTreeMap<String, String> = answers
        .iter()
        .filter(|(key, answer)| key.len() <= 60 && !answer.trim().is_empty())
        .take(MAX_QUESTIONS)
        .map(|(key, answer)| (key.clone(), answer.trim().chars().take(MAX_ANSWER + 1).collect()))
        .collect();
    serde_json::to_string(&bounded).unwrap_or_default()
}

/// What was answered so far in a line.
#[must_use]
pub fn answers(line: &CartRow) -> BTreeMap<String, String> {
    serde_json::from_str(&line.answers).unwrap_or_default()
}

/// Asks for everything in one's cart, in one request: all of it or nothing. What was asked for leaves the cart. `shown` are
/// the lines that the form showed.
///
/// # Errors
/// `Refused` when the cart holds something else by now; `BadInput` with every problem, its field beginning with the id of the line: `{id}.reason`, or `{id}` for the line itself.
pub async fn submit(
    db: &Db,
    clock: &dyn Clock,
    actor: &PersonActor,
    form_key: Uuid,
    shown: &[Uuid],
) -> ServiceResult<Submitted> {
    let lines = of(&mut db.read().await?, actor.identity).await?;
    if let Some(before) = items::by_form_key(&mut db.read().await?, form_key).await? {
        if before.requester_id != actor.identity.0 {
            return Err(ServiceError::NotFound);
        }
        return Ok(Submitted { request: RequestId(before.id), reference: before.reference, again: true });
    }
    if lines.len() != shown.len() || lines.iter().any(|l| !shown.contains(&l.id)) {
        return Err(ServiceError::refused(
            "cart.changed",
            "This was not submitted.",
            "Your cart holds something else by now: it was changed in another window.",
            "Look at it once more and submit it then.",
        ));
    }
    let for_all = piece(&lines);
    let mut problems: Vec<FieldProblem> = crate::pieces::checked(&for_all).err().into_iter().collect();
    let mut wishes = Vec::with_capacity(lines.len());
    let mut terms = Vec::with_capacity(lines.len());
    for line in &lines {
        let duration = line.duration.parse::<Span>().ok();
        if duration.is_none() {
            let message = "Choose for how long you need it.";
            problems.push(FieldProblem::new(format!("{}.duration", line.id), "request.duration_missing", message));
        }
        let starts_on = match line.starts_on.as_str() {
            "" => None,
            day => day.parse::<NaiveDate>().ok().or_else(|| {
                let message = "Write the day as year, month and day, such as 2027-03-01, or leave it empty.";
                problems.push(FieldProblem::new(format!("{}.starts_on", line.id), "request.start_unreadable", message));
                None
            }),
        };
        wishes.push(ItemWish {
            role: RoleId(line.role_id),
            beneficiary: IdentityId(line.beneficiary_id),
            duration: duration.unwrap_or(Span::MIN),
            reason: line.reason.clone(),
        });
        terms.push(Terms { starts_on, answers: answers(line), piece: for_all.clone() });
    }
    let asked = if problems.is_empty() {
        let actor = latchkey_domain::actor::Actor::Person(actor.clone());
        submit_with(db, clock, &actor, &Submission { form_key, items: wishes }, &terms).await
    } else {
        Err(ServiceError::BadInput(Vec::new()))
    };
    match asked {
        Ok(submitted) => Ok(submitted),
        // A lone item's problems don't name it.
        Err(ServiceError::Refused(r)) if lines.len() == 1 => {
            let message = format!("{} {}", r.why, r.help);
            Err(ServiceError::BadInput(vec![FieldProblem::new(lines[0].id.to_string(), r.code, message)]))
        }
        Err(ServiceError::BadInput(more)) => {
            problems.extend(more.into_iter().map(|p| named(p, &lines)));
            Err(ServiceError::BadInput(problems))
        }
        Err(ServiceError::Store(StoreError::Duplicate { .. })) => Err(ServiceError::refused(
            "cart.sent_twice",
            "This was not submitted again.",
            "The same request was being submitted at the same moment.",
            "Look at your requests: it is there once.",
        )),
        Err(other) => Err(other),
    }
}

/// A problem of item `n` as a problem of the line that it came from.
fn named(problem: FieldProblem, lines: &[CartRow]) -> FieldProblem {
    let (n, field) = match problem.field.split_once('.') {
        Some((n, field)) => (n.parse().ok(), Some(field.to_owned())),
        None => match problem.field.parse::<usize>() {
            Ok(n) => (Some(n), None),
            Err(_) => (Some(0), Some(problem.field.clone())),
        },
    };
    let line = n.and_then(|n: usize| lines.get(n));
    let name = match (line, field) {
        (Some(line), Some(field)) => format!("{}.{field}", line.id),
        (Some(line), None) => line.id.to_string(),
        (None, _) => String::new(),
    };
    FieldProblem { field: name, ..problem }
}

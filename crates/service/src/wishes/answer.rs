//! Somebody answers a wish: with a role, with a new role for approval, or with a refusal.

use latchkey_domain::{
    IdentityId, RoleId, WishId,
    actor::{Actor, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent},
    wish::{WishReply, WishState},
};
use latchkey_policy::may_decide;
use latchkey_store::{
    Db, Tx, identities,
    wishes::{self as store, NewReply, WishRow},
};

use super::{Seat, proposed_owner, resolve, seat, seats_of};
use crate::{FieldProblem, Refusal, ServiceError, ServiceResult, checks, facts, notices};

/// The longest name of a new role, in characters.
pub const MAX_NAME: usize = 80;

/// What is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This role is for that; a remark may be added.
    Role {
        /// Which.
        role: RoleId,
        /// More about it.
        words: String,
    },
    /// A new role, which its owner has to agree to.
    Draft {
        /// What it should be called.
        name: String,
        /// What it should give, in words.
        gives: String,
        /// Who should own it.
        owner: IdentityId,
        /// More about it.
        words: String,
    },
    /// No, with a reason.
    Refuse {
        /// Why, and what would help.
        reason: String,
    },
}

/// Answers a wish. Nobody answers their own.
///
/// # Errors
/// `NotFound` for those who weren't asked; `Refused` for the wisher and for those who may not answer any more; `Conflict` when
/// somebody else was first; `BadInput` names the fields `words`, `name`, `gives`, `owner` and `reason`.
pub async fn answer(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    id: WishId,
    answer: &Answer,
) -> ServiceResult<WishState> {
    let person = checks::confirmed_person(actor, "Nothing was answered.")?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    let mut locked = vec![seen.wisher(), person.identity];
    if let Answer::Draft { owner, .. } = answer {
        locked.push(*owner);
    }
    identities::lock(&mut tx, &locked).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());
    let wish = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    let on_behalf_of = may_answer(&mut tx, &wish, person).await?;
    let kind = match answer {
        Answer::Role { .. } => WishReply::Role,
        Answer::Draft { .. } => WishReply::Draft,
        Answer::Refuse { .. } => WishReply::Refused,
    };
    let Ok(to) = wish.state.reply(kind) else { return Err(too_late(&wish)) };
    let mut events = Vec::new();
    match answer {
        Answer::Role { role, words } => {
            let words = optional("words", words)?;
            let today = facts::role_today(&mut tx, *role).await?;
            if today.facts.retired || !today.facts.requestable {
                return Err(bad("role", "wish.role_not_requestable", "Choose a role that people can ask for."));
            }
            let said = NewReply { on_behalf_of, words: &words, role: Some(role.0), draft: None };
            store::reply(&mut tx, id, person.identity, kind, &said).await?;
            store::save(&mut tx, id, wish.state, to, Some(role.0)).await?;
            let body = EventBody::WishAnswered { wish: id, wisher: wish.wisher(), role: *role, on_behalf_of };
            events.push(NewEvent::new(actor.reference(), body).text("words", words.clone()));
            notices::wishes::role(&mut tx, &wish, *role, &today.facts.name, &words).await?;
        }
        Answer::Draft { name, gives, owner, words } => {
            let draft = Draft::checked(name, gives, words)?;
            own_role(&mut tx, &wish, *owner).await?;
            let said = NewReply {
                on_behalf_of,
                words: &draft.words,
                role: None,
                draft: Some((&draft.name, &draft.gives, *owner)),
            };
            store::reply(&mut tx, id, person.identity, kind, &said).await?;
            store::save(&mut tx, id, wish.state, to, None).await?;
            let body = EventBody::WishRoleProposed { wish: id, wisher: wish.wisher(), owner: *owner, on_behalf_of };
            events.push(
                NewEvent::new(actor.reference(), body)
                    .text("name", draft.name.clone())
                    .text("gives", draft.gives.clone())
                    .text("words", draft.words.clone()),
            );
            notices::wishes::proposed(&mut tx, *owner, &wish, &draft.name).await?;
        }
        Answer::Refuse { reason } => {
            let missing = "Say why, and what would help: another way, or whom to talk to.";
            let reason = checks::words("reason", reason, ["wish.reason_missing", "wish.reason_too_long"], missing)
                .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
            let said = NewReply { on_behalf_of, words: &reason, role: None, draft: None };
            store::reply(&mut tx, id, person.identity, kind, &said).await?;
            store::save(&mut tx, id, wish.state, to, None).await?;
            let body = EventBody::WishRefused { wish: id, wisher: wish.wisher(), on_behalf_of };
            events.push(NewEvent::new(actor.reference(), body).text("reason", reason.clone()));
            notices::wishes::refused(&mut tx, &wish, &reason).await?;
        }
    }
    let seats: Vec<Seat> = seats_of(&mut tx, &wish, to).await?;
    events.extend(seat(&mut tx, id, wish.wisher(), &seats, &actor.reference()).await?.0);
    tx.commit(events).await?;
    Ok(to)
}

/// Whether this person may answer, as things are now; for whom, by delegation.
async fn may_answer(tx: &mut Tx, wish: &WishRow, person: &PersonActor) -> ServiceResult<Option<IdentityId>> {
    let me = person.identity;
    let own = wish.wisher_id == me.0;
    if !own && !store::was_asked(tx, wish.id(), me).await? {
        return Err(ServiceError::NotFound);
    }
    let status = identities::get(tx, me).await?.ok_or(ServiceError::NotFound)?.status;
    // Whoever agreed to own the new role says when it is there.
    if wish.state == WishState::Coming && !own && status.may_act() && proposed_owner(tx, wish.id()).await? == Some(me) {
        return Ok(None);
    }
    let now = tx.now();
    let (resolution, known) = resolve(tx, now, wish).await?;
    match may_decide(&resolution, &known, &me, status) {
        Ok(seat) => Ok(seat.on_behalf_of.map(|(who, _)| who)),
        Err(_) if own => Err(ServiceError::refused(
            "wish.own",
            "Nothing was answered.",
            "It is your own wish, so somebody else answers.",
            resolution.explanation,
        )),
        Err(no) => Err(ServiceError::Refused(Refusal {
            code: "wish.not_yours_to_answer".to_owned(),
            what: "Nothing was answered.".to_owned(),
            why: no.message,
            help: no.help,
        })),
    }
}

/// Whoever should own a new role works here, and doesn't wish for it.
async fn own_role(tx: &mut Tx, wish: &WishRow, owner: IdentityId) -> ServiceResult<()> {
    let known = identities::person(tx, owner).await?.ok_or(ServiceError::NotFound)?;
    if owner == wish.wisher() {
        let message = "Somebody else has to own it: they wish for it.";
        return Err(bad("owner", "wish.owner_wishes", message));
    }
    if !known.status.may_act() {
        let message = format!("{} isn\u{2019}t at work. Choose somebody who is.", known.display_name);
        return Err(bad("owner", "wish.owner_not_at_work", message));
    }
    Ok(())
}

struct Draft {
    name: String,
    gives: String,
    words: String,
}

impl Draft {
    fn checked(name: &str, gives: &str, words: &str) -> ServiceResult<Self> {
        let mut problems = Vec::new();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let message =
                format!("Name the role in at most {MAX_NAME} characters, such as \u{201c}Harbour list reader\u{201d}.");
            problems.push(FieldProblem::new("name", "wish.name", message));
        }
        let missing = "Say what it should give: on which system, and to do what.";
        let gives = checks::words("gives", gives, ["wish.gives_missing", "wish.gives_too_long"], missing);
        let gives = gives.unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        });
        let words = optional("words", words);
        match words {
            Ok(words) if problems.is_empty() => Ok(Self { name, gives, words }),
            Err(ServiceError::BadInput(more)) => {
                problems.extend(more);
                Err(ServiceError::BadInput(problems))
            }
            Err(other) => Err(other),
            Ok(_) => Err(ServiceError::BadInput(problems)),
        }
    }
}

/// Words that may be left out.
pub(super) fn optional(field: &'static str, text: &str) -> ServiceResult<String> {
    let text = text.trim();
    if text.chars().count() > checks::MAX_WORDS {
        let message = format!("Use at most {} characters.", checks::MAX_WORDS);
        return Err(bad(field, "wish.words_too_long", message));
    }
    Ok(text.to_owned())
}

fn bad(field: &'static str, code: &'static str, message: impl Into<String>) -> ServiceError {
    ServiceError::BadInput(vec![FieldProblem::new(field, code, message)])
}

/// Somebody else was first, or it ended otherwise.
pub(super) fn too_late(wish: &WishRow) -> ServiceError {
    let why = match wish.state {
        WishState::Answered => "It was answered already.",
        WishState::Refused => "It was refused already.",
        WishState::Withdrawn => "It was taken back.",
        WishState::Proposed => "A new role was proposed, and waits for its owner\u{2019}s yes.",
        WishState::Coming => "A new role is agreed on already.",
        WishState::Open => "It waits for another answer by now.",
    };
    let help = "The wish\u{2019}s page says where it stands.";
    ServiceError::Conflict(Refusal::new("wish.changed", "Nothing was changed by you.", why, help))
}

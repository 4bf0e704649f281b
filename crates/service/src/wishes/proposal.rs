//! Whoever should own a new role says yes or no to it, before the wisher is told that it comes.

use latchkey_domain::{
    WishId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
    wish::{WishReply, WishState},
};
use latchkey_store::{
    AsConn, Db, identities,
    wishes::{self as store, NewReply, ReplyRow, WishRow},
};

use super::{MAX_REPLIES, answer, proposed_owner, seat, seats_of};
use crate::{ServiceError, ServiceResult, checks, notices};

/// Agrees to own the new role, or doesn't; a no says why. With a no, the wish waits for another answer.
///
/// # Errors
/// `NotFound` for everybody but the proposed owner; `Conflict` when it waits for that no longer; `BadInput` for words that are
/// missing or too long.
pub async fn decide(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    id: WishId,
    yes: bool,
    words: &str,
) -> ServiceResult<WishState> {
    let person = checks::confirmed_person(actor, "Nothing was changed.")?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    identities::lock(&mut tx, &[seen.wisher(), person.identity]).await?;
    tx.now_is(clock.now());
    let wish = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    if proposed_owner(&mut tx, id).await? != Some(person.identity) {
        return Err(ServiceError::NotFound);
    }
    let active = identities::get(&mut tx, person.identity).await?.is_some_and(|i| i.status.may_act());
    if !active {
        return Err(ServiceError::refused(
            "wish.actor_not_active",
            "Nothing was changed.",
            "You aren\u{2019}t at work according to the people system.",
            "Whoever answers wishes can propose somebody else.",
        ));
    }
    let kind = if yes { WishReply::Accepted } else { WishReply::Declined };
    let Ok(to) = wish.state.reply(kind) else { return Err(answer::too_late(&wish)) };
    let words = if yes {
        answer::optional("words", words)?
    } else {
        let missing = "Say why: who else could own it, or what would do instead.";
        checks::words("words", words, ["wish.no_missing", "wish.words_too_long"], missing)
            .map_err(|problem| ServiceError::BadInput(vec![problem]))?
    };
    let said = NewReply { words: &words, ..NewReply::default() };
    store::reply(&mut tx, id, person.identity, kind, &said).await?;
    store::save(&mut tx, id, wish.state, to, None).await?;
    let body =
        EventBody::WishProposalDecided { wish: id, wisher: wish.wisher(), owner: person.identity, accepted: yes };
    let mut events = vec![NewEvent::new(actor.reference(), body).text("words", words.clone())];
    let seats = seats_of(&mut tx, &wish, to).await?;
    let (waits, asked) = seat(&mut tx, id, wish.wisher(), &seats, &actor.reference()).await?;
    events.extend(waits);
    let names = identities::names(&mut tx, &[person.identity.0]).await?;
    let owner = names.get(&person.identity.0).map_or("", String::as_str);
    if yes {
        let name = draft(&mut tx, id).await?.and_then(|d| d.draft_name).unwrap_or_default();
        notices::wishes::coming(&mut tx, &wish, &name, owner, &words).await?;
    } else {
        for who in asked {
            notices::wishes::declined(&mut tx, who, &wish, owner, &words).await?;
        }
    }
    tx.commit(events).await?;
    Ok(to)
}

/// The new role that was proposed last.
///
/// # Errors
/// When the database fails.
pub async fn draft(c: &mut impl AsConn, wish: WishId) -> ServiceResult<Option<ReplyRow>> {
    Ok(store::replies(c, wish, MAX_REPLIES).await?.into_iter().rev().find(|reply| reply.draft_name.is_some()))
}

/// What to put into the catalog for a new role that is agreed on: the role's table as TOML, with what people have to fill in.
#[must_use]
pub fn toml(wish: &WishRow, draft: &ReplyRow) -> String {
    let name = draft.draft_name.clone().unwrap_or_default();
    let gives = draft.draft_gives.clone().unwrap_or_default();
    let line = |text: &str| toml_text(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let owner = draft.owner_external_id.clone().unwrap_or_default();
    format!(
        "# {}: the entitlements and the policy are yours to choose.\n[[role]]\nkey = {}\nname = {}\ndescription = {}\nowner = {}\nrisk = \"low\"\npolicy = \"\"\nentitlements = []\n",
        wish.reference,
        toml_text(&key(&name)),
        line(&name),
        line(&gives),
        toml_text(&owner),
    )
}

/// A key out of a name: "Harbour list reader" becomes "harbour-list-reader".
fn key(name: &str) -> String {
    let folded = crate::fold::fold(name);
    let words: Vec<&str> = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.join("-").chars().take(60).collect()
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    let mut written = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                written.push('\\');
                written.push(letter);
            }
            c if c.is_control() => written.push(' '),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_keys_and_texts_stay_texts() {
        assert_eq!(key("Harbour list: Reader (Møre)"), "harbour-list-reader-more");
        assert_eq!(toml_text("a \"b\" \\ c\n"), "\"a \\\"b\\\" \\\\ c \"");
    }
}

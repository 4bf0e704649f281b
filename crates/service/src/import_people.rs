//! Imports a list of people: all of it or nothing.
//!
//! People are matched by external id. Who isn't in the file stays as they are and is listed: a file that was cut short
//! must not end anybody's access. Somebody leaves by `status` alone.

mod compare;
mod save;

use latchkey_domain::{AppliedSetId, actor::Actor, clock::Clock};
use latchkey_store::{Db, applied};

use crate::{
    files::{ContentHash, parse_people},
    plan::{FilesResult, Outcome, Plan, by_words, may_apply},
};
use compare::Comparison;

/// The titles of a people plan's sections.
pub mod titles {
    /// People who weren't known.
    pub const NEW: &str = "New people";
    /// Attributes that change.
    pub const CHANGED: &str = "Changed people";
    /// A status that changes to anything but terminated.
    pub const STATUS: &str = "Changed status";
    /// A status that changes to terminated.
    pub const LEFT: &str = "Left: their sessions, access and open requests end";
    /// Roles and systems whose owner has left, with the new one.
    pub const PASSES_ON: &str = "Other owners, because theirs has left; name them in the catalog too";
    /// Roles and systems whose owner has left and that nobody can take over.
    pub const OWNERLESS: &str =
        "Owned by somebody who has left, and nobody can take it over; name another owner in the catalog";
    /// People who stay as they are.
    pub const NOT_IN_FILE: &str = "Not in the file; they stay as they are";
}

/// Imports the text of a people file, or tells what it would do.
///
/// # Errors
/// [`crate::plan::FilesError::Files`] with every mistake, by file and line; or when the actor may not, or the database
/// fails. Nothing is written then.
pub async fn import_people(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    file_name: &str,
    text: &str,
    dry_run: bool,
) -> FilesResult<Plan> {
    may_apply(actor)?;
    let rows = parse_people(file_name, text)?;
    // The name of the file says nothing about what is in it.
    let hash = ContentHash::of(&[("people.csv", text)]).to_string();
    let mut plan = Plan::new(file_name, hash);
    if dry_run {
        let mut read = db.read().await?;
        let comparison = Comparison::make(&mut read, clock.now(), file_name, &rows).await?;
        comparison.describe(&mut plan);
        plan.outcome = if comparison.is_empty() { Outcome::NothingToDo } else { Outcome::DryRun };
        return Ok(plan);
    }

    let mut tx = db.begin(clock.now()).await?;
    applied::one_at_a_time(&mut tx).await?;
    tx.now_is(clock.now());
    let comparison = Comparison::make(&mut tx, clock.now(), file_name, &rows).await?;
    comparison.describe(&mut plan);
    if comparison.is_empty() {
        tx.rollback().await?;
        plan.outcome = Outcome::NothingToDo;
        return Ok(plan);
    }
    let set = AppliedSetId::new(tx.now());
    applied::insert(&mut tx, set, applied::PEOPLE, &plan.hash, &by_words(actor), &plan.summary()).await?;
    let events = save::save(&mut tx, clock, &comparison, set, &plan.hash, &actor.reference()).await?;
    tx.commit(events).await?;
    plan.outcome = Outcome::Done(set);
    Ok(plan)
}

//! Applies a catalog: systems, entitlements, policies and roles as the files say, all of it or nothing.
//!
//! What isn't in the files any more is retired, never deleted: nobody can ask for a retired role, requests that wait for
//! one end, and who holds one keeps it until it ends. When what a role gives changes, its holders follow: their grants
//! move to the new version and what they hold is settled anew.
//!
//! The files say who owns what. When an owner leaves, their successor owns it at once ([`crate::succession`]); files that
//! still name the leaver are refused then, by file and line, with the name of the successor, until they name somebody who
//! works here.

mod checks;
mod compare;
mod describe;
mod existing;
mod follow;
mod rows;
mod save;
mod separation;
mod sources;
mod wishes;

use latchkey_domain::{AppliedSetId, actor::Actor, clock::Clock};
use latchkey_store::{AsConn, Db, applied, installation};

use crate::{
    files::parse_catalog,
    plan::{FilesResult, Outcome, Plan, by_words, may_apply},
};
use compare::Changes;

pub use describe::titles;
pub use follow::follow_versions;
pub(crate) use rows::role_hash;
pub use separation::titles as separation_titles;
pub use sources::titles as source_titles;
pub use wishes::titles as wish_titles;

/// Applies the files of a catalog, given as (path, text) with paths relative to the catalog's directory, or tells what
/// that would do. `label` is how the plan names the set, such as the directory.
///
/// # Errors
/// [`crate::plan::FilesError::Files`] with every mistake, by file and line; or when the actor may not, the last
/// administrator would be lost, or the database fails. Nothing is written then.
pub async fn apply_catalog(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    label: &str,
    files: &[(String, String)],
    dry_run: bool,
) -> FilesResult<Plan> {
    may_apply(actor)?;
    let files = parse_catalog(files)?;
    let hash = files.hash.to_string();
    let mut plan = Plan::new(label, hash.clone());
    if dry_run {
        let mut read = db.read().await?;
        let changes = Changes::make(&mut read, clock.now(), &files).await?;
        if changes.is_empty() && in_force(&mut read, &hash).await? {
            plan.outcome = Outcome::NothingToDo;
            return Ok(plan);
        }
        changes.describe(&mut plan);
        return Ok(plan);
    }

    let mut tx = db.begin(clock.now()).await?;
    applied::one_at_a_time(&mut tx).await?;
    tx.now_is(clock.now());
    let changes = Changes::make(&mut tx, clock.now(), &files).await?;
    // The same files can have something to change: what an owner had who left belongs to somebody else by now.
    if changes.is_empty() && in_force(&mut tx, &hash).await? {
        tx.rollback().await?;
        plan.outcome = Outcome::NothingToDo;
        return Ok(plan);
    }
    changes.describe(&mut plan);
    let set = AppliedSetId::new(tx.now());
    applied::insert(&mut tx, set, applied::CATALOG, &hash, &by_words(actor), &plan.summary()).await?;
    let events = save::save(&mut tx, clock, &changes, set, &hash, &actor.reference()).await?;
    tx.commit(events).await?;
    plan.outcome = Outcome::Done(set);
    Ok(plan)
}

async fn in_force(c: &mut impl AsConn, hash: &str) -> FilesResult<bool> {
    Ok(installation::catalog_hash(c).await?.as_deref() == Some(hash))
}

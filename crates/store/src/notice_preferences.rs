//! How people want to be told, by group of kinds of notices.

use latchkey_domain::IdentityId;

use crate::{AsConn, StoreResult, Tx};

/// What somebody has chosen: groups and choices, as their words.
///
/// # Errors
/// When the database fails.
pub async fn of_person(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<(String, String)>> {
    rows!(
        c,
        (String, String),
        "select kind_group, choice from notice_preference where identity_id = $1 order by kind_group",
        who.0
    )
}

/// Somebody wants to be told in this way from now on.
///
/// # Errors
/// When the database fails.
pub async fn set(tx: &mut Tx, who: IdentityId, group: &str, choice: &str) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into notice_preference (identity_id, kind_group, choice, changed_at) values ($1, $2, $3, $4)
         on conflict (identity_id, kind_group) do update set choice = excluded.choice, changed_at = excluded.changed_at",
        who.0,
        group,
        choice,
        now
    )?;
    Ok(())
}

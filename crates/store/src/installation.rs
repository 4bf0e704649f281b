//! The one row about this installation.

use latchkey_domain::{Instant, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// Which installation this is, and whether the reconciler may act.
#[derive(Debug, Clone, FromRow)]
pub struct Installation {
    /// Its id, for ever.
    pub instance_id: Uuid,
    /// When it was set up.
    pub created_at: Instant,
    /// Raised by each restore.
    pub epoch: i64,
    /// `acting`, or `reporting` after a restore until somebody confirms.
    pub mode: String,
    /// Raised whenever the catalog changes.
    pub catalog_version: i64,
    /// The hash of the catalog in force.
    pub catalog_hash: Option<String>,
}

/// The row, once the installation was set up.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn) -> StoreResult<Option<Installation>> {
    row!(
        c,
        Installation,
        "select instance_id, created_at, epoch, mode, catalog_version, catalog_hash from installation where id = 1"
    )
}

/// Makes the row if it isn't there; tells whether it was made.
///
/// # Errors
/// When the database fails.
pub async fn ensure(tx: &mut Tx) -> StoreResult<bool> {
    let now = tx.now();
    let made = exec!(
        tx,
        "insert into installation (id, instance_id, created_at, epoch, mode, catalog_version) values (1, $1, $2, 1, 'acting', 0)
         on conflict (id) do nothing",
        new_uuid(now),
        now
    )?;
    Ok(made == 1)
}

/// The number that is raised whenever the catalog changes.
///
/// # Errors
/// When the database fails.
pub async fn catalog_version(c: &mut impl AsConn) -> StoreResult<i64> {
    Ok(row!(c, (i64,), "select catalog_version from installation where id = 1")?.map_or(0, |(v,)| v))
}

/// The hash of the catalog in force.
///
/// # Errors
/// When the database fails.
pub async fn catalog_hash(c: &mut impl AsConn) -> StoreResult<Option<String>> {
    Ok(row!(c, (Option<String>,), "select catalog_hash from installation where id = 1")?.and_then(|(h,)| h))
}

/// Notes that another catalog is in force.
///
/// # Errors
/// When the database fails.
pub async fn set_catalog(tx: &mut Tx, hash: &str) -> StoreResult<()> {
    exec!(tx, "update installation set catalog_version = catalog_version + 1, catalog_hash = $1 where id = 1", hash)?;
    Ok(())
}

/// Raises the catalog's version without another file set: an owner left, say.
///
/// # Errors
/// When the database fails.
pub async fn touch_catalog(tx: &mut Tx) -> StoreResult<()> {
    exec!(tx, "update installation set catalog_version = catalog_version + 1 where id = 1")?;
    Ok(())
}

/// After a restore: a new epoch, and the reconciler only reports.
///
/// # Errors
/// When the database fails.
pub async fn restored(tx: &mut Tx) -> StoreResult<i64> {
    let now_epoch =
        row!(tx, (i64,), "update installation set epoch = epoch + 1, mode = 'reporting' where id = 1 returning epoch")?;
    now_epoch.map(|(e,)| e).ok_or(StoreError::Missing { what: "the installation" })
}

/// Somebody confirmed: the reconciler acts again. Returns the epoch, or a conflict when it was acting already.
///
/// # Errors
/// When it was acting already, or the database fails.
pub async fn confirm_restore(tx: &mut Tx) -> StoreResult<i64> {
    let row = row!(
        tx,
        (i64,),
        "update installation set mode = 'acting' where id = 1 and mode = 'reporting' returning epoch"
    )?;
    row.map(|(e,)| e).ok_or(StoreError::Conflict { what: "the restore" })
}

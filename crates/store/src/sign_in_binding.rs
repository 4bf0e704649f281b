//! Which identity at which provider is which person.

use latchkey_domain::{IdentityId, Instant, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// Who is bound to a provider's subject.
///
/// # Errors
/// When the database fails.
pub async fn bound(c: &mut impl AsConn, issuer: &str, subject: &str) -> StoreResult<Option<IdentityId>> {
    let row = row!(
        c,
        (Uuid,),
        "select identity_id from sign_in_binding where issuer = $1 and subject = $2 and ended_at is null",
        issuer,
        subject
    )?;
    Ok(row.map(|(identity,)| IdentityId(identity)))
}

/// The subjects that an identity is or was bound to at any provider.
///
/// # Errors
/// When the database fails.
pub async fn of_identity(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<Binding>> {
    rows!(
        c,
        Binding,
        "select issuer, subject, bound_by, bound_at, ended_at from sign_in_binding where identity_id = $1 order by bound_at, id",
        identity.0
    )
}

/// A binding, open or ended.
#[derive(Debug, Clone, FromRow)]
pub struct Binding {
    /// The provider.
    pub issuer: String,
    /// The person's name there.
    pub subject: String,
    /// `claim`, `email` or `rebinding`.
    pub bound_by: String,
    /// Since when.
    pub bound_at: Instant,
    /// Until when.
    pub ended_at: Option<Instant>,
}

/// Binds a provider's subject to a person.
///
/// # Errors
/// When the subject is bound already, or the database fails.
pub async fn insert(tx: &mut Tx, identity: IdentityId, issuer: &str, subject: &str, bound_by: &str) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into sign_in_binding (id, identity_id, issuer, subject, bound_by, bound_at) values ($1, $2, $3, $4, $5, $6)",
        new_uuid(now),
        identity.0,
        issuer,
        subject,
        bound_by,
        now
    )
    .map_err(|error| error.or_duplicate("the binding of this subject"))?;
    Ok(())
}

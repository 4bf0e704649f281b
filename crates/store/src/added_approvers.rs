//! Approvers of an open stage whom no rule named: to whom a seat was handed over, whom an owner or an
//! administrator put in, and to whom those who wait moved it on.

use latchkey_domain::{IdentityId, StageId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// Somebody who can decide a stage though no rule names them.
#[derive(Debug, Clone, FromRow)]
pub struct AddedRow {
    /// Who.
    pub identity_id: Uuid,
    /// What they are called.
    pub name: String,
    /// `handed`, `added` or `moved`.
    pub because: String,
    /// Whose seat it is, where it is somebody's.
    pub on_behalf_of: Option<Uuid>,
    /// What that person is called.
    pub behalf_name: Option<String>,
}

/// Who can decide an open stage by hand, as far as they may: whoever isn't at work, asked for it or would hold it is left
/// out.
///
/// # Errors
/// When the database fails.
pub async fn of_stage(c: &mut impl AsConn, stage: Uuid) -> StoreResult<Vec<AddedRow>> {
    rows!(
        c,
        AddedRow,
        "select a.identity_id, p.display_name as name, a.because, a.on_behalf_of, o.display_name as behalf_name
         from stage_approver a
         join identity p on p.id = a.identity_id and p.status = 'active'
         left join identity o on o.id = a.on_behalf_of
         join stage s on s.id = a.stage_id
         join item i on i.id = s.item_id
         join request r on r.id = i.request_id
         where a.stage_id = $1 and a.removed_at is null and a.because in ('handed', 'added', 'moved')
           and a.identity_id <> i.beneficiary_id and a.identity_id <> r.requester_id
         order by a.added_at, a.identity_id",
        stage
    )
}

/// Takes one approver's seat away.
///
/// # Errors
/// `Conflict` when they had none.
pub async fn remove(tx: &mut Tx, stage: StageId, who: IdentityId) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update stage_approver set removed_at = $1 where stage_id = $2 and identity_id = $3 and removed_at is null",
        now,
        stage.0,
        who.0
    )?;
    one(n, "the approver")
}

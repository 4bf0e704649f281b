//! Which rules a step of an approval is there for.

use latchkey_domain::{ItemId, SeparationRuleId, StageId, item::StageState};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// A step that is there because of a rule.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StageForRow {
    /// The item.
    pub item_id: Uuid,
    /// The step.
    pub stage_id: Uuid,
    /// The rule.
    pub rule_id: Uuid,
    /// Where the step stands.
    #[sqlx(try_from = "String")]
    pub state: StageState,
}

/// Notes that a step is there because of a rule.
///
/// # Errors
/// When the database fails.
pub async fn note(tx: &mut Tx, stage: StageId, rule: SeparationRuleId) -> StoreResult<()> {
    exec!(tx, "insert into separation_stage (stage_id, rule_id) values ($1, $2)", stage.0, rule.0)?;
    Ok(())
}

/// An item has one more step than before.
///
/// # Errors
/// `Conflict` when it had another number.
pub async fn one_more(tx: &mut Tx, item: ItemId, before: i64) -> StoreResult<()> {
    let n = exec!(
        tx,
        "update item set stages = stages + 1 where id = $1 and stages = $2 and state = 'waiting'",
        item.0,
        before
    )?;
    crate::grants::one(n, "the request")
}

/// The steps of these items that are there because of a rule.
///
/// # Errors
/// When the database fails.
pub async fn of_items(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<StageForRow>> {
    rows_in!(
        c,
        StageForRow,
        "select t.item_id, t.id as stage_id, s.rule_id, t.state
         from separation_stage s join stage t on t.id = s.stage_id where t.item_id in ({}) order by t.item_id, t.position, s.rule_id",
        items
    )
}

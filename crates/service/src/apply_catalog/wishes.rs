//! What files change about who answers wishes in words.

use latchkey_domain::{
    AppliedSetId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
};
use latchkey_policy::StageRule;
use latchkey_store::{AsConn, StoreError, Tx, wishes};

use crate::{ServiceResult, files::CatalogFiles, plan::Plan};

/// The titles of what a plan says about wishes in words.
pub mod titles {
    /// Others answer, or within another time.
    pub const ANSWERED_BY: &str = "Wishes in words";
    /// Nobody answers any more.
    pub const NOT_ANSWERED: &str = "Wishes in words: nobody can wish any more; what waits keeps waiting";
}

/// Another rule, or none any more.
#[derive(Default)]
pub(super) enum WishChange {
    #[default]
    Nothing,
    Rule(StageRule),
    Retired,
}

impl WishChange {
    pub(super) async fn make(c: &mut impl AsConn, files: &CatalogFiles) -> ServiceResult<Self> {
        let before = wishes::rule(c).await?;
        Ok(match (before, &files.wishes) {
            (None, None) => Self::Nothing,
            (Some(_), None) => Self::Retired,
            (Some(row), Some(file)) if row.body == json(&file.rule)? => Self::Nothing,
            (_, Some(file)) => Self::Rule(file.rule.clone()),
        })
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    pub(super) fn describe(&self, plan: &mut Plan) {
        match self {
            Self::Nothing => {}
            Self::Rule(rule) => plan.add(titles::ANSWERED_BY, || {
                let within = rule.deadline.as_ref().map(|d| d.after.words()).unwrap_or_default();
                format!("answered by {}, within {within}", rule.approvers)
            }),
            Self::Retired => plan.add(titles::NOT_ANSWERED, || "wishes.toml is gone".to_owned()),
        }
    }

    pub(super) async fn save(
        &self,
        tx: &mut Tx,
        set: AppliedSetId,
        actor: &ActorRef,
    ) -> ServiceResult<Option<NewEvent>> {
        let body = match self {
            Self::Nothing => return Ok(None),
            Self::Rule(rule) => {
                wishes::set_rule(tx, Some(&json(rule)?), set).await?;
                EventBody::WishRuleApplied {
                    approvers: rule.approvers.rules().iter().map(ToString::to_string).collect(),
                    fallback: rule.fallback.as_ref().map(ToString::to_string),
                    within: rule.deadline.as_ref().map(|d| d.after.to_string()).unwrap_or_default(),
                }
            }
            Self::Retired => {
                wishes::set_rule(tx, None, set).await?;
                EventBody::WishRuleRetired {}
            }
        };
        Ok(Some(NewEvent::new(actor.clone(), body)))
    }
}

fn json(rule: &StageRule) -> ServiceResult<String> {
    Ok(serde_json::to_string(rule).map_err(|_| StoreError::Misuse("a rule of wishes can't be written as JSON"))?)
}

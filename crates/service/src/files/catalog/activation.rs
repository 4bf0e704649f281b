//! `[policy.activation]`: how those who were found eligible switch a role on for hours.

use latchkey_policy::{Activation, ActivationField, MAX_OFFERS};

use super::rules::{self, Named};
use crate::files::{
    error::Errors,
    text,
    toml_doc::{Doc, Table},
};

/// The table, and where its keys and entries stand.
pub(super) struct ActivationAt {
    pub(super) terms: Activation,
    max: usize,
    default: usize,
    offer: (usize, Vec<usize>),
    stages: Vec<usize>,
}

impl ActivationAt {
    /// Where something stands.
    pub(super) fn offset(&self, field: ActivationField) -> usize {
        match field {
            ActivationField::Max => self.max,
            ActivationField::Default => self.default,
            ActivationField::Offer(at) => at.and_then(|at| self.offer.1.get(at)).copied().unwrap_or(self.offer.0),
            ActivationField::Stages(at) => {
                at.and_then(|at| self.stages.get(at)).or(self.stages.first()).copied().unwrap_or(self.max)
            }
        }
    }
}

/// Reads the table: `Some(None)` without it, `None` when it is wrong.
pub(super) fn parse(
    doc: &Doc<'_>,
    policy: &mut Table<'_>,
    errors: &mut Errors,
    named: &mut Named,
) -> Option<Option<ActivationAt>> {
    if !policy.has("activation") {
        return Some(None);
    }
    let mut table = policy.table(errors, "activation")?;
    table.call("activation of policy", policy.peek("key"));
    let max = table.text(errors, "max", text::span);
    let default = table.text(errors, "default", text::span);
    let offer = table.texts(errors, "offer", (1, MAX_OFFERS), text::span);
    let stages = if table.has("stages") { rules::stages(doc, &mut table, errors, named) } else { Some(Vec::new()) };
    table.finish(errors);

    let (max, default, offer, stages) = (max?, default?, offer?, stages?);
    let terms = Activation {
        max: max.value,
        default: default.value,
        offer: offer.value.iter().map(|span| span.value).collect(),
        stages: stages.iter().map(|stage| stage.value.clone()).collect(),
    };
    Some(Some(ActivationAt {
        terms,
        max: max.offset,
        default: default.offset,
        offer: (offer.offset, offer.value.iter().map(|span| span.offset).collect()),
        stages: stages.iter().map(|stage| stage.offset).collect(),
    }))
}

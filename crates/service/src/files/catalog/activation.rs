//! `[policy.activation]`: how those who were found eligible switch a role on for hours.

use latchkey_policy::{Activation, ActivationField, MAX_OFFERS};

use super::rules::{self, Named};
use crate::files::{
    error::Errors,
    text,
    toml_doc::{Doc, Table},
};

/// Reads the table; the outer `None` when something in it is wrong.
pub(super) fn parse(
    doc: &Doc<'_>,
    policy: &mut Table<'_>,
    errors: &mut Errors,
    named: &mut Named,
) -> Option<Option<Activation>> {
    if !policy.has("activation") {
        return Some(None);
    }
    let mut table = policy.table(errors, "activation")?;
    table.call("activation", policy.peek("key"));
    let max = table.text(errors, "max", text::span);
    let default = table.text(errors, "default", text::span);
    let offer = table.texts(errors, "offer", (1, MAX_OFFERS), text::span);
    let stages = if table.has("stages") { rules::stages(doc, &mut table, errors, named) } else { Some(Vec::new()) };
    table.finish(errors);

    let (max, default, offer, stages) = (max?, default?, offer?, stages?);
    let activation = Activation {
        max: max.value,
        default: default.value,
        offer: offer.value.iter().map(|span| span.value).collect(),
        stages: stages.iter().map(|stage| stage.value.clone()).collect(),
    };
    let problems = activation.problems();
    for (field, message, expected) in &problems {
        let offset = match field {
            ActivationField::Max => max.offset,
            ActivationField::Default => default.offset,
            ActivationField::Offer(at) => {
                at.and_then(|at| offer.value.get(at)).map_or(offer.offset, |span| span.offset)
            }
            ActivationField::Stages(at) => {
                at.and_then(|at| stages.get(at)).or(stages.first()).map_or(max.offset, |stage| stage.offset)
            }
        };
        table.complain(errors, offset, message, expected);
    }
    problems.is_empty().then_some(Some(activation))
}

//! `[policy.trial]`: how a role starts for those who never had it.

use latchkey_policy::Trial;

use crate::files::{error::Errors, text, toml_doc::Table};

/// The table, and where its length stands.
pub(super) struct TrialAt {
    pub(super) terms: Trial,
    pub(super) offset: usize,
}

/// Reads the table: `Some(None)` without it, `None` when it is wrong.
pub(super) fn parse(policy: &mut Table<'_>, errors: &mut Errors) -> Option<Option<TrialAt>> {
    if !policy.has("trial") {
        return Some(None);
    }
    let mut table = policy.table(errors, "trial")?;
    table.call("trial of policy", policy.peek("key"));
    let length = table.text(errors, "length", text::span);
    table.finish(errors);
    let length = length?;
    Some(Some(TrialAt { terms: Trial { length: length.value }, offset: length.offset }))
}

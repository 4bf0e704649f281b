//! What files change about sources that call in.

use std::collections::HashMap;

use latchkey_domain::{
    AppliedSetId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
};
use latchkey_store::{
    AsConn, Tx,
    call_ins::{self as store, SourceRow},
    sha256_hex,
};

use crate::{
    ServiceResult,
    files::{CatalogFiles, SourceFile},
    plan::Plan,
};

/// The titles of what a plan says about sources.
pub mod titles {
    /// Sources that weren't there.
    pub const NEW_SOURCES: &str = "New sources that call in";
    /// Sources with a new version.
    pub const CHANGED_SOURCES: &str = "Changed sources that call in";
    /// Sources that aren't in the files any more.
    pub const RETIRED_SOURCES: &str =
        "Retired sources: their calls are refused from now on; what they opened stays to its own end";
}

struct SourceChange {
    file: SourceFile,
    body: String,
    hash: String,
    before: Option<SourceRow>,
}

impl SourceChange {
    /// It wasn't there, or was retired.
    fn is_new(&self) -> bool {
        self.before.as_ref().is_none_or(|b| b.retired_at.is_some())
    }
}

/// Everything that files change about sources.
#[derive(Default)]
pub(super) struct SourceChanges {
    changed: Vec<SourceChange>,
    retired: Vec<SourceRow>,
}

impl SourceChanges {
    pub(super) async fn make(c: &mut impl AsConn, files: &CatalogFiles) -> ServiceResult<Self> {
        let mut existing: HashMap<String, SourceRow> =
            store::all(c).await?.into_iter().map(|row| (row.key.clone(), row)).collect();
        let mut it = Self::default();
        for file in &files.sources {
            let before = existing.remove(&file.key);
            let body = file.source.to_json()?;
            let hash = sha256_hex(format!("{}\n{body}", file.name).as_bytes());
            if before.as_ref().is_none_or(|b| b.retired_at.is_some() || b.hash != hash) {
                it.changed.push(SourceChange { file: file.clone(), body, hash, before });
            }
        }
        it.retired = existing.into_values().filter(|row| row.retired_at.is_none()).collect();
        it.retired.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(it)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.retired.is_empty()
    }

    /// How many are new, changed, and retired.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let new = self.changed.iter().filter(|change| change.is_new()).count();
        (new, self.changed.len() - new, self.retired.len())
    }

    pub(super) fn describe(&self, plan: &mut Plan) {
        for change in &self.changed {
            let title = if change.is_new() { titles::NEW_SOURCES } else { titles::CHANGED_SOURCES };
            plan.add(title, || {
                let SourceFile { key, name, source, .. } = &change.file;
                let rules: Vec<String> = source
                    .rules
                    .iter()
                    .map(|rule| {
                        format!("{} opens {} for {} at most", rule.name, rule.roles.join(", "), rule.max.words())
                    })
                    .collect();
                format!("{name} ({key}): {}", rules.join("; "))
            });
        }
        for row in &self.retired {
            plan.add(titles::RETIRED_SOURCES, || format!("{} ({})", row.name, row.key));
        }
    }

    pub(super) async fn save(&self, tx: &mut Tx, set: AppliedSetId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
        let mut events = Vec::new();
        for SourceChange { file, body, hash, before } in &self.changed {
            store::put(tx, before.as_ref(), &file.key, (&file.name, body, hash), set).await?;
            let version = before.as_ref().map_or(1, |b| b.version + 1);
            let body = EventBody::CallSourceApplied { source: file.key.clone(), version, hash: hash.clone() };
            events.push(NewEvent::new(actor.clone(), body));
        }
        for row in &self.retired {
            store::retire(tx, row.id()).await?;
            events.push(NewEvent::new(actor.clone(), EventBody::CallSourceRetired { source: row.key.clone() }));
        }
        Ok(events)
    }
}

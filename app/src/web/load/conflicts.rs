//! What rules keep apart, as forms, requests and decisions show it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use latchkey_policy::{Voice, separation::Outcome};
use latchkey_service::separation::{Found, FoundConflict};

use crate::{components::Mark, pages::role::ConflictNote};

/// Notes about a wish. What refuses it comes first; `voice` is how the beneficiary is spoken of.
pub(super) fn notes(found: &Found, voice: Voice<'_>, zone: Tz) -> Vec<ConflictNote> {
    let mut notes: Vec<ConflictNote> = found.conflicts.iter().map(|c| note(c, voice, zone)).collect();
    notes.sort_by_key(|n| match n.mark {
        Mark::Failed => 0,
        Mark::Attention => 1,
        _ => 2,
    });
    notes
}

fn note(found: &FoundConflict, voice: Voice<'_>, zone: Tz) -> ConflictNote {
    let conflict = &found.conflict;
    let words = conflict.explain(voice);
    if let Some(exception) = &found.exception {
        let until = last_day(exception.ends_at, zone);
        let owner = exception.owner_name.as_ref().map(|o| format!(", {o} answers for it")).unwrap_or_default();
        return ConflictNote {
            mark: Mark::Waiting,
            title: format!("An exception lets it be until {until}{owner}"),
            words,
            helps: None,
        };
    }
    let helps = Some(conflict.helps(voice));
    if conflict.only_if_approved() {
        return ConflictNote {
            mark: Mark::Waiting,
            title: "It would be in conflict with something that waits".to_owned(),
            words,
            helps,
        };
    }
    match &conflict.outcome {
        Outcome::Block => {
            ConflictNote { mark: Mark::Failed, title: "A rule keeps this apart".to_owned(), words, helps }
        }
        Outcome::Approval(agrees) => ConflictNote {
            mark: Mark::Attention,
            title: match &agrees.name {
                Some(name) => format!("{name} has to agree as well"),
                None => "One more person has to agree".to_owned(),
            },
            words,
            helps,
        },
    }
}

/// The last day of something that ends with it, in the reader's zone.
fn last_day(end: DateTime<Utc>, zone: Tz) -> String {
    (end - chrono::TimeDelta::seconds(1)).with_timezone(&zone).format("%-d %B %Y").to_string()
}

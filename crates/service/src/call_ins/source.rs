//! What the files say about a source, as it is kept.

use latchkey_policy::{Condition, Span};
use latchkey_store::{AsConn, StoreError, call_ins as store, call_ins::SourceRow};
use serde::{Deserialize, Serialize};

use crate::{ServiceResult, questions};

/// The longest that one call may open access, in hours: what takes longer than a week can be asked for.
pub const LONGEST_HOURS: u32 = 7 * 24;
/// The longest reference of a ticket or shift.
pub const MAX_REFERENCE: usize = 60;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// Somebody is on call.
    Shift,
    /// Somebody works on a ticket.
    Ticket,
}

impl On {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Shift, Self::Ticket];

    /// The word of the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shift => "shift",
            Self::Ticket => "ticket",
        }
    }
}

/// What happens to what a source opened once it can't be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenSilent {
    /// It ends.
    End,
    /// It stays to its own end.
    Keep,
}

impl WhenSilent {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::End, Self::Keep];

    /// The word of the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Keep => "keep",
        }
    }
}

/// When a source can't be reached, and what happens then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Heard from for so many minutes no more.
    pub after_minutes: u32,
    /// What happens to what it opened.
    pub then: WhenSilent,
    /// What people do meanwhile, as a sentence.
    pub fallback: String,
}

impl Silence {
    /// The same as a length of time.
    #[must_use]
    pub fn after(&self) -> chrono::TimeDelta {
        chrono::TimeDelta::minutes(i64::from(self.after_minutes))
    }

    /// "30 minutes".
    #[must_use]
    pub fn after_in_words(&self) -> String {
        let (count, unit) = match self.after_minutes {
            minutes if minutes.is_multiple_of(60) => (minutes / 60, "hour"),
            minutes => (minutes, "minute"),
        };
        if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
    }
}

/// One rule of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRule {
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub on: On,
    /// The keys of the roles that it opens.
    pub roles: Vec<String>,
    /// For whom: a condition over person and role. Without it for everybody whom the role's policy is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// The longest that one call opens.
    pub max: Span,
    /// What a reference looks like; without it, like anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its end also ends what was asked for with this piece of work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends_requested: bool,
}

impl SourceRule {
    /// Whether a reference is one of this rule. A pattern that can't be read any more fits nothing.
    #[must_use]
    pub fn fits(&self, reference: &str) -> bool {
        let Some(pattern) = &self.reference else { return true };
        questions::pattern(pattern).is_ok_and(|pattern| pattern.is_match(reference))
    }
}

/// What the files say about a source, beside its key and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// When it can't be reached; nothing where it sends no signs of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// What it may open, in the order of the file.
    pub rules: Vec<SourceRule>,
}

impl Source {
    /// As it is stored.
    ///
    /// # Errors
    /// Never for what a file could say.
    pub fn to_json(&self) -> ServiceResult<String> {
        Ok(serde_json::to_string(self).map_err(|_| StoreError::Misuse("a source can't be written as JSON"))?)
    }

    /// What is stored.
    ///
    /// # Errors
    /// When a newer version wrote it or it is damaged.
    pub fn of(row: &SourceRow) -> ServiceResult<Self> {
        Ok(serde_json::from_str(&row.body).map_err(|e| StoreError::Inconsistent {
            table: "call_source_version",
            column: "body",
            row: row.key.clone(),
            found: e.to_string(),
        })?)
    }
}

/// A source as the files say, for whoever keeps the catalog in memory: without what changes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEntry {
    /// Its stable key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What it may open.
    pub source: Source,
}

/// The sources of the files in force, by name.
///
/// # Errors
/// When the database fails.
pub async fn entries(c: &mut impl AsConn) -> ServiceResult<Vec<SourceEntry>> {
    let all = in_force(c).await?.into_iter();
    Ok(all.map(|SourceInForce { row, source }| SourceEntry { key: row.key, name: row.name, source }).collect())
}

/// A source of the files in force, and when it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInForce {
    /// Its key, and when it was heard.
    pub row: SourceRow,
    /// What it may open.
    pub source: Source,
}

/// Every source of the files in force, by name.
///
/// # Errors
/// When the database fails.
pub async fn in_force(c: &mut impl AsConn) -> ServiceResult<Vec<SourceInForce>> {
    let rows = store::in_force(c).await?;
    rows.into_iter().map(|row| Ok(SourceInForce { source: Source::of(&row)?, row })).collect()
}

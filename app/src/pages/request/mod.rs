//! A request: its timeline is the page.

mod view;

use chrono::{DateTime, Utc};

use super::parts::Thread;
use super::role::ConflictNote;
use crate::components::{Mark, NotNow, PersonRef, RiskLevel, Sentence, StateWord, Step};

pub use view::RequestView;

/// What the reader may do about an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemActions {
    /// The page that confirms withdrawing it.
    pub withdraw: Option<String>,
    /// The page that takes it at once, in an emergency.
    pub take: Option<String>,
    /// The page that confirms giving it back.
    pub give_back: Option<String>,
    /// The page that keeps it, while it is on trial.
    pub keep: Option<String>,
    /// The page that activates it.
    pub activate: Option<String>,
    /// It is active for hours: giving it back ends it now.
    pub active: bool,
    /// The role's page, to ask for more time.
    pub extend: Option<String>,
    /// The role's page, to ask again after it was denied, withdrawn or ended.
    pub ask_again: Option<String>,
    /// The reader's own decision on it.
    pub decide: Option<String>,
    /// The page that hands it over to somebody else who decides.
    pub hand_over: Option<String>,
    /// The page that lets somebody else decide.
    pub add_approver: Option<String>,
    /// The page that ends it before its time, and what that is called.
    pub end: Option<(String, String)>,
    /// The hidden fields of a nudge.
    pub nudge: Option<Vec<(&'static str, String)>>,
    /// The page that moves it on to whoever comes next.
    pub move_on: Option<String>,
    /// What one might expect and isn't possible now, each with the reason.
    pub not_now: Vec<NotNow>,
}

/// One item of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestItem {
    /// Its id, for the anchor.
    pub id: String,
    /// The role's name.
    pub role: String,
    /// The role's page.
    pub role_href: String,
    /// How risky it is.
    pub risk: RiskLevel,
    /// Who it is for.
    pub beneficiary: PersonRef,
    /// "90 days".
    pub how_long: String,
    /// When it ends, once that is settled.
    pub ends: Option<DateTime<Utc>>,
    /// Where it stands, in a word or two.
    pub state: StateWord,
    /// Where it stands, in a sentence with names: "Waiting for Priya Raman, your manager, since yesterday".
    pub stands: Sentence,
    /// What rules keep apart, as long as it waits.
    pub conflicts: Vec<ConflictNote>,
    /// Every step: what happened, what goes on, what comes next.
    pub steps: Vec<Step>,
    /// What the reader may do.
    pub actions: ItemActions,
    /// What was asked and answered about it.
    pub thread: Thread,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPage {
    /// The request's id.
    pub id: String,
    /// Who asked.
    pub asked_by: PersonRef,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// Why, as typed.
    pub reason: String,
    /// Its items: one, or several.
    pub items: Vec<RequestItem>,
    /// The list that the reader came from.
    pub back: String,
    /// True while something is happening that the page should follow by itself.
    pub moving: bool,
    /// What the audit log says about it, for those who may read that.
    pub audit_href: Option<String>,
}

impl RequestPage {
    /// The heading: the role, or how many.
    #[must_use]
    pub fn heading(&self) -> String {
        match self.items.as_slice() {
            [one] => one.role.clone(),
            many => format!("{} roles", many.len()),
        }
    }

    /// The title carries the state: "Payroll reader: waiting for your manager".
    #[must_use]
    pub fn title(&self) -> String {
        match self.items.as_slice() {
            [one] => format!("{}: {}", one.role, lower_first(&one.state.word)),
            many => {
                let open = many
                    .iter()
                    .filter(|item| matches!(item.state.mark, Mark::Waiting | Mark::Working | Mark::Attention))
                    .count();
                format!("{} roles: {open} open", many.len())
            }
        }
    }
}

/// "Waiting for your manager" becomes "waiting for your manager".
fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

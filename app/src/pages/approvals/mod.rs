//! Approvals: the list of decisions, and one decision with what matters for it.

mod detail;
mod list;
mod person;
mod together;

use chrono::{DateTime, Utc};

use super::parts::{SystemGives, Thread};
use crate::components::{
    Choice, Chosen, FacetGroup, FormError, Mark, PageLinks, PersonRef, RiskLevel, Sentence, Tab, number,
};

pub use detail::DecisionView;
pub use list::ApprovalsView;
pub use person::{ChoosePerson, ChoosePersonView, PersonOption};
pub use together::{
    DoneTogetherPage, DoneTogetherRow, DoneTogetherView, SinglyRow, TogetherPage, TogetherRow, TogetherView,
};

/// One decision in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    /// This page with the decision opened.
    pub href: String,
    /// True for the one that is open.
    pub open: bool,
    /// Who it is for.
    pub who: String,
    /// The role.
    pub role: String,
    /// How risky it is.
    pub risk: RiskLevel,
    /// "90 days".
    pub how_long: String,
    /// Since when it waits.
    pub since: DateTime<Utc>,
    /// "Unusual: nobody in the team has it", or nothing.
    pub unusual: Option<String>,
    /// Set in the list of decided ones: "You approved", "Tomas Novak denied".
    pub decided: Option<(Mark, String)>,
    /// What the box sends that chooses it among others; nothing where it is decided by itself.
    pub select: Option<String>,
}

/// One thing to look at before deciding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// `Attention` for what is unusual, `Failed` for what a rule forbids, `Done` for what speaks for it.
    pub mark: Mark,
    /// In words: "Nobody in Finance operations has it."
    pub words: Sentence,
}

/// A role that the beneficiary holds already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub role: String,
    /// Its page.
    pub href: String,
    /// When it ends.
    pub until: Option<DateTime<Utc>>,
}

/// The two buttons and the comment, with what was typed when it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionForm {
    /// The item's id.
    pub item_id: String,
    /// The stage that this form decides; another stage meanwhile is a conflict.
    pub stage_id: String,
    /// The comment, as typed.
    pub comment: String,
    /// For how long to approve it: what was asked for, and what is shorter. Empty where there is nothing to choose.
    pub lengths: Vec<Choice>,
    /// The page that hands it over to somebody else.
    pub hand_over: String,
    /// What was wrong, if it comes back. Fields: `comment`, `duration`.
    pub errors: Vec<FormError>,
    /// What approving does, in words: "Access is set up at once" or "Then Ines Duarte, the owner, decides".
    pub then: String,
}

/// Whether the reader can decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deciding {
    /// They can.
    Form(DecisionForm),
    /// Somebody else was first, or it was withdrawn: who, what, when. The comment that was typed is kept for copying.
    TooLate {
        /// "Tomas Novak approved this a minute ago."
        words: Sentence,
        /// What the reader had typed.
        typed: String,
    },
    /// A rule says no: "You asked for this yourself, so somebody else decides."
    No(Sentence),
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The request's page.
    pub request_href: String,
    /// Who it is for, with title and department.
    pub who: PersonRef,
    /// What they are: "Contractor until 30 June 2027", "Employee since 2021".
    pub employment: String,
    /// Who asked, if it was somebody else.
    pub asked_by: Option<PersonRef>,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// Why, as typed.
    pub reason: String,
    /// What they do: " asks for ", " asks to activate ".
    pub asks: &'static str,
    /// The role's name.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// What it lets one do.
    pub description: String,
    /// How risky it is.
    pub risk: RiskLevel,
    /// "90 days".
    pub how_long: String,
    /// When it would end if it were approved now.
    pub ends: Option<DateTime<Utc>>,
    /// By system.
    pub gives: Vec<SystemGives>,
    /// What is unusual about it, the gravest first.
    pub flags: Vec<Flag>,
    /// What they hold already, at most ten.
    pub holds: Vec<Held>,
    /// How many they hold in all, and the page that shows them.
    pub holds_all: (u32, String),
    /// As what the reader decides: "You decide as Jonas Lindqvist's manager."
    pub as_what: String,
    /// Until when, and what happens then: "If nobody decides, it ends on 17 March 2027."
    pub until: Option<Sentence>,
    /// What became of earlier wishes of the same person for this role.
    pub past: Vec<Sentence>,
    /// What they hold already on the systems that it reaches.
    pub nearby: Vec<Sentence>,
    /// What was asked and answered about it.
    pub thread: Thread,
    /// What other approvers said at earlier stages.
    pub earlier: Vec<Sentence>,
    /// Whether the reader can decide.
    pub deciding: Deciding,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalsPage {
    /// "Waiting for you", "Decided".
    pub tabs: Vec<Tab>,
    /// The list, what waits longest first.
    pub rows: Vec<ApprovalRow>,
    /// How many wait in all.
    pub total: u32,
    /// The ways to narrow and to sort the list; empty where there are none.
    pub facets: Vec<FacetGroup>,
    /// What narrows it.
    pub chosen: Vec<Chosen>,
    /// The whole list.
    pub clear: String,
    /// Something narrows it.
    pub narrowed: bool,
    /// Some of the rows are decided by themselves.
    pub one_by_one: bool,
    /// What is shown and where the list goes on.
    pub links: PageLinks,
    /// The open decision: the one in the address, else the first of the list.
    pub open: Option<Decision>,
    /// True if the address names the decision; on narrow screens it is then shown in place of the list.
    pub named: bool,
    /// The list without an open decision.
    pub list_href: String,
}

impl ApprovalsPage {
    /// The heading: what is so.
    #[must_use]
    pub fn heading(&self) -> String {
        match self.total {
            0 => "Nothing waits for your decision".to_owned(),
            1 => "One decision waits for you".to_owned(),
            count => format!("{} decisions wait for you", number(i64::from(count))),
        }
    }

    /// The title: the open decision, if the address names it.
    #[must_use]
    pub fn title(&self) -> String {
        match (&self.open, self.named) {
            (Some(decision), true) => format!("Decide: {} for {}", decision.role, decision.who.name),
            _ => self.heading(),
        }
    }
}

//! Break-glass: the form that takes a role in an emergency, the reviews that fall due, and one of them.

mod list;
mod review;
mod take;

use chrono::{DateTime, Utc};

use super::{parts::SystemGives, role::DurationChoice};
use crate::components::{FormError, PageLinks, PersonRef, RiskLevel, Sentence, StateWord, Tab};

pub use list::BreakGlassView;
pub use review::ReviewView;
pub use take::TakeView;

/// The form that takes a role, with what was typed when it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeForm {
    /// The role's id.
    pub role_id: String,
    /// For how long it can be taken.
    pub durations: Vec<DurationChoice>,
    /// What was chosen, if it comes back.
    pub duration: Option<String>,
    /// Why, as typed.
    pub reason: String,
    /// "2 days": how long after its end the review is due.
    pub review_within: String,
    /// Who is told at once.
    pub told: Vec<PersonRef>,
    /// Who reviews it.
    pub reviewers: Vec<PersonRef>,
    /// What becomes of their own request that waits.
    pub remark: Option<Sentence>,
    /// What was wrong. Fields: `duration`, `reason`.
    pub errors: Vec<FormError>,
}

/// What the page shows before somebody takes a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakePage {
    /// What it is called.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// What it lets one do.
    pub description: String,
    /// How risky it is.
    pub risk: RiskLevel,
    /// What it gives.
    pub gives: Vec<SystemGives>,
    /// The form; or why not, and what would help.
    pub form: Result<TakeForm, (String, Sentence)>,
}

impl TakePage {
    /// The title. Errors are named first.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.form {
            Ok(form) if !form.errors.is_empty() => format!("Error: {} in an emergency", self.role),
            Ok(_) => format!("Take {} in an emergency", self.role),
            Err(_) => format!("{}: you can\u{2019}t take it now", self.role),
        }
    }
}

/// One review in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewLine {
    /// Its page.
    pub href: String,
    /// Who took it: "You" or a name.
    pub who: String,
    /// What they took.
    pub role: String,
    /// Why, in their words.
    pub reason: String,
    /// When they took it.
    pub taken: DateTime<Utc>,
    /// Where it stands.
    pub state: StateWord,
    /// By when somebody else has to have looked; absent once somebody has.
    pub due: Option<DateTime<Utc>>,
}

/// What the list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlassPage {
    /// "Open", "Overdue", "Closed".
    pub tabs: Vec<Tab>,
    /// True where everybody's are listed.
    pub all: bool,
    /// The lines, the newest first.
    pub lines: Vec<ReviewLine>,
    /// Where the list goes on.
    pub links: PageLinks,
}

impl BreakGlassPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        let tab = self.tabs.iter().find(|tab| tab.here).map(|tab| tab.label.to_lowercase());
        tab.map_or_else(|| "Break-glass".to_owned(), |tab| format!("Break-glass: {tab} reviews"))
    }
}

/// What the systems said of one entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLine {
    /// What it is called.
    pub name: String,
    /// What its system is called.
    pub system: String,
    /// When it was asked for, and seen there.
    pub given: Sentence,
    /// When it was seen gone.
    pub gone: Sentence,
    /// What failed, in the system's own words.
    pub failures: Vec<Sentence>,
}

/// The form in which whoever took it says what they did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountForm {
    /// What they said so far, or typed.
    pub account: String,
    /// What was wrong. Field: `account`.
    pub errors: Vec<FormError>,
}

/// The form in which somebody else reviews it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerForm {
    /// `yes`, `partly`, `no`, or empty.
    pub needed: String,
    /// What was done, as typed.
    pub findings: String,
    /// What follows, as typed.
    pub follow_up: String,
    /// What was wrong. Fields: `needed`, `findings`, `follow_up`.
    pub errors: Vec<FormError>,
}

/// What a reviewer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub by: PersonRef,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it was needed.
    pub needed: StateWord,
    /// What was done.
    pub findings: String,
    /// What follows.
    pub follow_up: Option<String>,
}

/// What a review's page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewPage {
    /// Its id, for the forms.
    pub id: String,
    /// Who took it.
    pub taker: PersonRef,
    /// The reader took it.
    pub own: bool,
    /// What they took.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// Why, in their words.
    pub reason: String,
    /// When they took it.
    pub taken: DateTime<Utc>,
    /// Until when they have it, or when and how it ended.
    pub ended: Sentence,
    /// By when somebody else has to have looked.
    pub due: DateTime<Utc>,
    /// Where it stands.
    pub state: StateWord,
    /// Their own request that waited then.
    pub request_href: Option<String>,
    /// What they did, in their words, and when they said so.
    pub account: Option<(String, DateTime<Utc>)>,
    /// The form for that.
    pub account_form: Option<AccountForm>,
    /// What the systems report of that time.
    pub systems: Vec<SystemLine>,
    /// Who was told at once.
    pub told: Vec<PersonRef>,
    /// Who can review it.
    pub reviewers: Vec<PersonRef>,
    /// The form for the review.
    pub answer: Option<AnswerForm>,
    /// Why there is no form, where one might expect it.
    pub why_not: Option<Sentence>,
    /// What was said, once it was.
    pub said: Option<Said>,
    /// The page that ends the access now.
    pub end_href: Option<String>,
    /// The page that gives it back.
    pub give_back_href: Option<String>,
    /// The same in the log.
    pub audit_href: Option<String>,
}

impl ReviewPage {
    /// The heading.
    #[must_use]
    pub fn heading(&self) -> String {
        if self.own { format!("You took {}", self.role) } else { format!("{} took {}", self.taker.name, self.role) }
    }

    /// The title. Errors are named first.
    #[must_use]
    pub fn title(&self) -> String {
        let wrong = self.answer.iter().any(|form| !form.errors.is_empty())
            || self.account_form.iter().any(|form| !form.errors.is_empty());
        if wrong {
            return format!("Error: {}", self.heading());
        }
        format!("{}: {}", self.heading(), self.state.word.to_lowercase())
    }
}

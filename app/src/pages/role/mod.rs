//! A role: what it gives, who decides, for how long; and the form to ask for it.

mod form;
mod view;

use chrono::{DateTime, Duration, Utc};

use super::parts::{QuestionField, SystemGives};
use crate::components::{FormError, Mark, NotNow, PersonRef, RiskLevel, Sentence};

pub use form::{AskForm, ConflictNotes, PieceField, StageList};
pub use view::RoleView;

/// One stage of the decision, as it would be for this reader today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagePreview {
    /// Who may decide, by name: "Priya Raman, your manager".
    pub who: Vec<PersonRef>,
    /// More about it: "Your manager is you, so it goes to the owner of the role."
    pub remark: Option<String>,
}

/// A duration that the form offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationChoice {
    /// What is sent: "90d".
    pub value: String,
    /// "90 days".
    pub label: String,
    /// When access would end if it were approved now.
    pub ends: DateTime<Utc>,
    /// True for the usual one, which is chosen unless another was.
    pub usual: bool,
}

/// Something that a rule keeps apart from what the beneficiary has otherwise, to be known before one asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictNote {
    /// `Attention` for what takes one more approval, `Waiting` for what an exception lets be or what isn't certain yet.
    pub mark: Mark,
    /// What it means for this request: "One more person has to agree".
    pub title: String,
    /// What comes together, by which rule.
    pub words: String,
    /// What would resolve it, if something must.
    pub helps: Option<String>,
}

/// Somebody that the reader may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeneficiaryChoice {
    /// What is sent: the identity's id.
    pub value: String,
    /// "Myself", or a name.
    pub label: String,
    /// True for the chosen one.
    pub chosen: bool,
}

/// The form, with what was typed when it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestForm {
    /// The role's id.
    pub role_id: String,
    /// A value made for this drawing of the form: the same form sent twice is one request.
    pub once: String,
    /// Whom the reader may ask for; empty if only for themselves.
    pub beneficiaries: Vec<BeneficiaryChoice>,
    /// What the policy offers.
    pub durations: Vec<DurationChoice>,
    /// The value that was chosen before, if it comes back.
    pub duration: Option<String>,
    /// From which day on, as typed: `2027-03-01`, or empty.
    pub starts_on: String,
    /// What becomes of access or of a request that is there already.
    pub remark: Option<String>,
    /// The reason, as typed.
    pub reason: String,
    /// True if the policy wants a reason.
    pub reason_needed: bool,
    /// The piece of work that it is for, as typed.
    pub piece: String,
    /// What else the reader has or waits for it for: suggestions.
    pub pieces: Vec<String>,
    /// What the role asks beside that.
    pub questions: Vec<QuestionField>,
    /// What was wrong, if it comes back. Fields: `beneficiary_id`, `duration`, `starts_on`, `reason`, `piece`.
    pub errors: Vec<FormError>,
    /// True if the reader has the role and this asks for more time.
    pub extends: bool,
    /// What rules keep apart and what that means here.
    pub conflicts: Vec<ConflictNote>,
}

/// What the reader can do about this role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Ask for it.
    Form(Box<RequestForm>),
    /// They have it, and there is nothing to ask for now.
    Have {
        /// When it ends.
        until: Option<DateTime<Utc>>,
        /// Why they have it.
        why: Sentence,
        /// The page that confirms giving it back.
        give_back: Option<String>,
        /// The page that keeps it, where it is on trial.
        keep: Option<String>,
        /// This page with the form for more time, where the policy allows it.
        extend: Option<String>,
        /// The page that activates it, where they have the right to.
        activate: Option<String>,
        /// What isn't possible now, with the reason.
        not_now: Vec<NotNow>,
    },
    /// They asked already.
    Asked {
        /// "Waiting for Priya Raman, your manager, since yesterday".
        stands: Sentence,
        /// The request.
        href: String,
        /// This page with the form, where they may ask again with other terms.
        again: Option<String>,
    },
    /// They can't, which rule says so, and what helps.
    No {
        /// "This role is for employees."
        title: String,
        /// Which rule, and who can help.
        why: Sentence,
    },
}

/// What the reader can do, or did, without waiting for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emergency {
    /// They may take it.
    Can {
        /// The page with the form.
        href: String,
    },
    /// They took it and have it.
    Taken {
        /// Until when.
        until: Option<DateTime<Utc>>,
        /// The page of its review.
        href: String,
    },
}

/// Who else has it, among the reader's colleagues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peers {
    /// How many have it.
    pub have: u32,
    /// Of how many.
    pub of: u32,
    /// Who they are: "people in Finance operations".
    pub who: String,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePage {
    /// The role's name.
    pub name: String,
    /// What it lets one do.
    pub description: String,
    /// How risky it is.
    pub risk: RiskLevel,
    /// Who owns it.
    pub owner: Option<PersonRef>,
    /// Its tags.
    pub tags: Vec<String>,
    /// By system.
    pub gives: Vec<SystemGives>,
    /// Who decides, in order; empty if nobody could.
    pub stages: Vec<StagePreview>,
    /// The policy in words: "Manager, then owner".
    pub policy: String,
    /// The longest that it may be active at a time, where it is activated.
    pub active_for: Option<Duration>,
    /// The longest that may be asked.
    pub longest: Duration,
    /// The assurance that it needs, in words: "A sign-in with a second factor in the last 12 hours".
    pub assurance: Option<String>,
    /// Who else has it.
    pub peers: Option<Peers>,
    /// How long it usually takes.
    pub usual_time: Option<Duration>,
    /// Its version.
    pub version: u32,
    /// What the reader can do.
    pub ask: Ask,
    /// What they can do, or did, in an emergency.
    pub emergency: Option<Emergency>,
    /// Which shifts and tickets open it.
    pub opened_by: Vec<Sentence>,
    /// The holders, for those who may see them: how many, and the list.
    pub holders: Option<(u32, String)>,
}

impl RolePage {
    /// The title: the role, and how the reader stands to it. Errors are named first.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.ask {
            Ask::Form(form) if !form.errors.is_empty() => format!("Error: ask for {}", self.name),
            Ask::Form(form) if form.extends => format!("{}: ask for more time", self.name),
            Ask::Form(_) => format!("{}: you can ask for it", self.name),
            Ask::Have { .. } => format!("{}: you have it", self.name),
            Ask::Asked { .. } => format!("{}: you asked for it", self.name),
            Ask::No { .. } => format!("{}: you can\u{2019}t ask for it", self.name),
        }
    }
}

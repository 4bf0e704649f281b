//! Separation of duties: the rules, one rule with its exceptions, and everybody who is in conflict today.

mod list;
mod report;
mod rule;

use chrono::{DateTime, Utc};

use crate::components::{FormError, PageLinks, PersonRef, plural};

pub use list::SeparationView;
pub use report::ReportView;
pub use rule::RuleView;

/// A name that may lead somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What it is called.
    pub name: String,
    /// Its page, if it has one.
    pub href: Option<String>,
}

/// One side of a rule, or what somebody has of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideWords {
    /// "Entering invoices".
    pub name: String,
    /// Its roles and entitlements, or the roles that somebody has it through.
    pub members: Vec<Named>,
}

/// How many are in conflict by a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conflicted {
    /// In all.
    pub people: u32,
    /// Of them, those without an exception.
    pub without: u32,
}

impl Conflicted {
    /// "Nobody", "3 people, all with an exception", "3 people, 1 without an exception".
    #[must_use]
    pub fn words(self) -> String {
        let people = people(self.people);
        match (self.people, self.without) {
            (0, _) => "Nobody".to_owned(),
            (_, 0) => format!("{people}, with an exception"),
            (all, without) if all == without => people,
            (_, without) => format!("{people}, {without} without an exception"),
        }
    }
}

fn people(n: u32) -> String {
    if n == 1 { "1 person".to_owned() } else { format!("{n} people") }
}

/// One rule in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// What it is called.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it keeps apart.
    pub sides: Vec<SideWords>,
    /// Who has to agree; absent where it blocks.
    pub approver: Option<String>,
    /// Who owns it.
    pub owner: Option<PersonRef>,
    /// How many are in conflict.
    pub conflicted: Conflicted,
}

/// What the list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeparationPage {
    /// The rules, by name.
    pub rules: Vec<RuleRow>,
    /// Everybody in conflict, for those who see every rule.
    pub report_href: Option<String>,
}

impl SeparationPage {
    /// The title: what is so.
    #[must_use]
    pub fn title(&self) -> String {
        let without: u32 = self.rules.iter().map(|r| r.conflicted.without).sum();
        match without {
            0 => "Separation of duties".to_owned(),
            n => format!("Separation of duties: {}", plural(i64::from(n), "open conflict")),
        }
    }
}

/// What lets a conflict be, if something does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing does.
    Open,
    /// Whoever the rule names has agreed.
    Agreed,
    /// An exception.
    Excepted {
        /// Until when.
        until: DateTime<Utc>,
        /// Who answers for it.
        owner: Option<String>,
    },
}

/// Somebody who is in conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictLine {
    /// Who.
    pub who: PersonRef,
    /// By which rule.
    pub rule: Named,
    /// What makes it.
    pub sides: Vec<SideWords>,
    /// Since when they have both.
    pub since: Option<DateTime<Utc>>,
    /// What lets it be.
    pub standing: Standing,
    /// The form for an exception, for those who may grant one.
    pub except_href: Option<String>,
}

/// What the report shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPage {
    /// By name.
    pub lines: Vec<ConflictLine>,
    /// Where the list goes on.
    pub links: PageLinks,
    /// The same as a file.
    pub csv_href: String,
}

impl ReportPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        "Everybody in conflict today".to_owned()
    }
}

/// An exception in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionLine {
    /// Whose.
    pub who: PersonRef,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// From when.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// The page that confirms its end, for those who may end it.
    pub end_href: Option<String>,
}

/// The form for an exception, with what was typed when it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionForm {
    /// The rule's id.
    pub rule_id: String,
    /// Whom it is for, as typed: an e-mail address or a number.
    pub person: String,
    /// Why, as typed.
    pub reason: String,
    /// The last day, `YYYY-MM-DD`, as typed.
    pub until: String,
    /// What was wrong. Fields: `person`, `reason`, `until`.
    pub errors: Vec<FormError>,
}

/// What a rule's page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePage {
    /// What it is called.
    pub name: String,
    /// Why it is there.
    pub description: String,
    /// Its key in the files.
    pub key: String,
    /// What it keeps apart.
    pub sides: Vec<SideWords>,
    /// Who has to agree; absent where it blocks.
    pub approver: Option<String>,
    /// Who owns it.
    pub owner: Option<PersonRef>,
    /// Its version.
    pub version: u32,
    /// Since when that is in force.
    pub since: DateTime<Utc>,
    /// How many are in conflict.
    pub conflicted: Conflicted,
    /// Those who are.
    pub lines: Vec<ConflictLine>,
    /// Where that list goes on.
    pub links: PageLinks,
    /// The same as a file.
    pub csv_href: String,
    /// The exceptions in force.
    pub exceptions: Vec<ExceptionLine>,
    /// Where that list goes on.
    pub exceptions_links: PageLinks,
    /// The form, for those who may grant one.
    pub form: Option<ExceptionForm>,
}

impl RulePage {
    /// The title. Errors are named first.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.form {
            Some(form) if !form.errors.is_empty() => format!("Error: an exception from {}", self.name),
            _ if self.conflicted.people == 0 => format!("{}: nobody in conflict", self.name),
            _ => format!("{}: {} in conflict", self.name, people(self.conflicted.people)),
        }
    }
}

//! What a page needs to know beside its own content.

use crate::components::FlashMessage;

use super::reader::Reader;

/// The colours that a person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme` on `<html>`; none follows the system.
    #[must_use]
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// The part of the product that a page belongs to: what the bar marks as here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `/`
    Home,
    /// `/catalog` and `/roles/…`
    Catalog,
    /// `/requests`
    Requests,
    /// `/approvals`
    Approvals,
    /// `/team`
    Team,
    /// `/audit`
    Audit,
    /// `/systems`
    Systems,
    /// `/admin/separation`
    Separation,
    /// `/break-glass`
    BreakGlass,
    /// `/admin`
    Admin,
    /// None of these: a person, my sessions, an error.
    Elsewhere,
}

/// Who is signed in, as far as the frame shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Given and family name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their own page.
    pub href: String,
    /// Decisions that wait for them.
    pub approvals: u32,
    /// Reviews of what was taken in an emergency that wait for them, or for their words.
    pub reviews: u32,
    /// How many roles are in their cart.
    pub cart: u32,
    /// True if people report to them.
    pub has_team: bool,
    /// True if they may read the audit log.
    pub may_audit: bool,
    /// True if they may see the systems.
    pub may_systems: bool,
    /// True if they may see the rules that keep duties apart: all of them, or those that they own.
    pub may_separation: bool,
    /// True if they may see everybody's reviews of emergencies, or one waits for them.
    pub may_break_glass: bool,
    /// True if they may see the administration.
    pub may_admin: bool,
}

/// Given to every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageContext {
    /// The name of the company.
    pub company: String,
    /// The address of the style sheet, with its hash.
    pub style_href: String,
    /// The address of the icon of the site, with its hash.
    pub icon_href: String,
    /// Who is signed in.
    pub viewer: Viewer,
    /// The moment and the zone.
    pub reader: Reader,
    /// The colours.
    pub theme: Theme,
    /// What just happened.
    pub flash: Option<FlashMessage>,
    /// What was searched in the catalog, for the box on top.
    pub search: String,
    /// The id of this request, for the foot of the page and for error pages.
    pub request_id: String,
}

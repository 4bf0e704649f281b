//! What the log can be filtered by, and how the words of a form become a filter.

use chrono::NaiveDate;
use chrono_tz::Tz;
use latchkey_domain::{IdentityId, Instant, RequestId, RoleId, SystemId};
use latchkey_store::{
    AsConn,
    audit::{Key, Search, names},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{FieldProblem, ServiceResult, days::first_moment};

mod groups;

pub use groups::Group;

/// The conditions on events; all of them must hold. An empty filter is the whole log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Who did it, or whom it is about.
    pub person: Option<IdentityId>,
    /// The role that it is about.
    pub role: Option<RoleId>,
    /// The system that it is about.
    pub system: Option<SystemId>,
    /// The request that it belongs to.
    pub request: Option<RequestId>,
    /// What was done.
    pub action: Option<Action>,
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub to: Option<Instant>,
}

/// A group of kinds of event, or one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Every kind of a group.
    Group(Group),
    /// One kind, by its fixed word.
    Kind(&'static str),
}

impl Action {
    /// Reads the word of a group or of a kind.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Group::from_word(word)
            .map(Self::Group)
            .or_else(|| Group::ALL.iter().flat_map(|g| g.kinds()).find(|k| **k == word).map(|k| Self::Kind(k)))
    }

    /// The word, for an address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Group(group) => group.word(),
            Self::Kind(kind) => kind,
        }
    }
}

impl Filter {
    /// Nothing is filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The filter as the store takes it.
    #[must_use]
    pub(super) fn search(&self) -> Search<'_> {
        Search {
            person: self.person,
            role: self.role,
            system: self.system,
            request: self.request,
            kinds: match &self.action {
                None => &[],
                Some(Action::Group(group)) => group.kinds(),
                Some(Action::Kind(kind)) => std::slice::from_ref(kind),
            },
            from: self.from,
            to: self.to,
        }
    }
}

/// A filter as it is typed into the form or stands in an address. Empty texts are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// A person's id, or a part of a name, an e-mail address or a number.
    pub person: String,
    /// A role's id, or a part of its name or key.
    pub role: String,
    /// A system's key or id.
    pub system: String,
    /// A request's reference or id.
    pub request: String,
    /// The word of a group of actions or of one kind.
    pub action: String,
    /// The first day, as `2027-03-01`.
    pub from: String,
    /// The last day, as `2027-03-31`.
    pub to: String,
}

/// Something that a filter can be about, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// What typed words mean.
#[derive(Debug, Clone, Default)]
pub struct Understood {
    /// The filter; what has a problem isn't in it.
    pub filter: Filter,
    /// The person that is filtered by.
    pub person: Option<Choice>,
    /// The role that is filtered by.
    pub role: Option<Choice>,
    /// The system that is filtered by.
    pub system: Option<Choice>,
    /// The request that is filtered by.
    pub request: Option<Choice>,
    /// Several people match what was typed: these are the first.
    pub people: Vec<Choice>,
    /// Several roles match what was typed: these are the first.
    pub roles: Vec<Choice>,
    /// What couldn't be understood. A page with problems shows them instead of events.
    pub problems: Vec<FieldProblem>,
}

/// How many matches are offered when several people or roles fit.
const OFFERED: i64 = 10;

/// Understands a typed filter, with days as they are in `zone`. Five queries at most.
///
/// # Errors
/// When the database fails; what can't be understood is told in the answer.
pub(super) async fn understand(c: &mut impl AsConn, typed: &Typed, zone: Tz) -> ServiceResult<Understood> {
    let mut u = Understood::default();
    let (person, role, system) = (typed.person.trim(), typed.role.trim(), typed.system.trim());
    if !person.is_empty() {
        let found = match Uuid::parse_str(person) {
            Ok(id) => named(latchkey_store::identities::names(c, &[id]).await?),
            Err(_) => choices(names::find_people(c, &crate::fold::fold(person), OFFERED + 1).await?),
        };
        u.person = one_of(found, &mut u.people, &mut u.problems, &PERSON);
        u.filter.person = u.person.as_ref().map(|p| IdentityId(p.id));
    }
    if !role.is_empty() {
        let found = match Uuid::parse_str(role) {
            Ok(id) => choices(names::roles(c, &[id]).await?),
            Err(_) => choices(names::find_roles(c, role, OFFERED + 1).await?),
        };
        u.role = one_of(found, &mut u.roles, &mut u.problems, &ROLE);
        u.filter.role = u.role.as_ref().map(|r| RoleId(r.id));
    }
    if !system.is_empty() {
        u.system = names::find_system(c, system).await?.map(|s| Choice { id: s.id, name: s.name });
        u.filter.system = u.system.as_ref().map(|s| SystemId(s.id));
        if u.system.is_none() {
            u.problems.push(FieldProblem::new(
                "system",
                "audit.system_unknown",
                "There is no such system. Choose one from the list.",
            ));
        }
    }
    request(c, typed.request.trim(), &mut u).await?;
    action(typed.action.trim(), &mut u);
    days(typed, zone, &mut u);
    Ok(u)
}

async fn request(c: &mut impl AsConn, typed: &str, u: &mut Understood) -> ServiceResult<()> {
    if typed.is_empty() {
        return Ok(());
    }
    let found = match Uuid::parse_str(typed) {
        Ok(id) => names::requests(c, &[id]).await?.pop(),
        Err(_) => names::find_request(c, typed).await?,
    };
    u.request = found.map(|r| Choice { id: r.id, name: r.name });
    u.filter.request = u.request.as_ref().map(|r| RequestId(r.id));
    if u.request.is_none() {
        let words = "There is no such request. Type its reference, such as R-7K3MQ2.";
        u.problems.push(FieldProblem::new("request", "audit.request_unknown", words));
    }
    Ok(())
}

fn action(typed: &str, u: &mut Understood) {
    if typed.is_empty() {
        return;
    }
    u.filter.action = Action::from_word(typed);
    if u.filter.action.is_none() {
        let words = "There is no such kind of action. Choose one from the list.";
        u.problems.push(FieldProblem::new("action", "audit.action_unknown", words));
    }
}

fn days(typed: &Typed, zone: Tz, u: &mut Understood) {
    let mut read = |field: &str, text: &str, next: u64| {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let day =
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|d| d.checked_add_days(chrono::Days::new(next)));
        let start = day.and_then(|d| first_moment(d, zone));
        if start.is_none() {
            u.problems.push(FieldProblem::new(
                field,
                "audit.day",
                "Write a day as year, month and day, such as 2027-03-01.",
            ));
        }
        start
    };
    let (from, to) = (read("from", &typed.from, 0), read("to", &typed.to, 1));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        u.problems.push(FieldProblem::new(
            "to",
            "audit.days_swapped",
            "The last day is before the first one. Swap them, or leave one out.",
        ));
    }
    u.filter.from = from;
    u.filter.to = to;
}

struct Words {
    field: &'static str,
    none: (&'static str, &'static str),
    several: (&'static str, &'static str),
}

const PERSON: Words = Words {
    field: "person",
    none: ("audit.person_unknown", "Nobody fits that. Type a part of a name, an e-mail address or a number."),
    several: ("audit.person_several", "Several people fit that. Choose one of them, or type more."),
};
const ROLE: Words = Words {
    field: "role",
    none: ("audit.role_unknown", "No role fits that. Type a part of its name."),
    several: ("audit.role_several", "Several roles fit that. Choose one of them, or type more."),
};

fn one_of(
    mut found: Vec<Choice>,
    offered: &mut Vec<Choice>,
    problems: &mut Vec<FieldProblem>,
    words: &Words,
) -> Option<Choice> {
    if found.len() == 1 {
        return found.pop();
    }
    let (code, message) = if found.is_empty() { words.none } else { words.several };
    problems.push(FieldProblem::new(words.field, code, message));
    found.truncate(usize::try_from(OFFERED).unwrap_or(0));
    *offered = found;
    None
}

fn choices(found: Vec<names::Named>) -> Vec<Choice> {
    found.into_iter().map(|n| Choice { id: n.id, name: n.name }).collect()
}

fn named(found: std::collections::HashMap<Uuid, String>) -> Vec<Choice> {
    found.into_iter().map(|(id, name)| Choice { id, name }).collect()
}

/// A key as an address holds it: microseconds since 1970, a dot, the id.
#[must_use]
pub fn key_to_word(key: Key) -> String {
    format!("{}.{}", key.recorded_at.timestamp_micros(), key.id.simple())
}

/// Reads [`key_to_word`].
#[must_use]
pub fn key_from_word(word: &str) -> Option<Key> {
    let (micros, id) = word.split_once('.')?;
    let recorded_at = Instant::from_timestamp_micros(micros.parse().ok()?)?;
    Some(Key { recorded_at, id: Uuid::parse_str(id).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_an_address() {
        let key = Key { recorded_at: "2027-03-01T09:00:00.000007Z".parse().unwrap(), id: Uuid::from_u128(42) };
        assert_eq!(key_from_word(&key_to_word(key)), Some(key));
        for wrong in ["", "x", "12", "12.zz", ".0", "99999999999999999999.00000000000000000000000000000000"] {
            assert_eq!(key_from_word(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_those_of_the_reader_and_the_last_one_counts_whole() {
        let mut u = Understood::default();
        let typed = Typed { from: "2027-03-28".into(), to: "2027-03-28".into(), ..Typed::default() };
        days(&typed, chrono_tz::Europe::Zurich, &mut u);
        // The day on which clocks spring forward has 23 hours.
        assert_eq!(u.filter.from.unwrap().to_rfc3339(), "2027-03-27T23:00:00+00:00");
        assert_eq!(u.filter.to.unwrap().to_rfc3339(), "2027-03-28T22:00:00+00:00");
        days(&typed, chrono_tz::Asia::Beirut, &mut u);
        assert_eq!(
            u.filter.from.unwrap().to_rfc3339(),
            "2027-03-27T22:00:00+00:00",
            "in Beirut that day begins at one o'clock"
        );
        assert!(u.problems.is_empty());
    }

    #[test]
    fn days_that_are_none_are_told() {
        for (from, to, code) in [
            ("1.3.2027", "", "audit.day"),
            ("", "2027-02-30", "audit.day"),
            ("2027-03-02", "2027-03-01", "audit.days_swapped"),
        ] {
            let mut u = Understood::default();
            days(&Typed { from: from.into(), to: to.into(), ..Typed::default() }, chrono_tz::UTC, &mut u);
            assert_eq!(u.problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), [code], "{from} {to}");
        }
    }

    #[test]
    fn an_action_is_a_group_or_a_kind() {
        assert_eq!(Action::from_word("deciding"), Some(Action::Group(Group::Deciding)));
        assert_eq!(Action::from_word("item_decided"), Some(Action::Kind("item_decided")));
        assert_eq!(Action::from_word("item_decided' or 1=1"), None);
        for group in Group::ALL {
            assert_eq!(Action::from_word(group.word()), Some(Action::Group(*group)));
        }
    }
}

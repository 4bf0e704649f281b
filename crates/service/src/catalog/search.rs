//! Finding roles: words, facets, and pages by key.

use std::cmp::Reverse;

use latchkey_domain::{IdentityId, role::Risk};

use super::{Catalog, Facets, RoleEntry};
use crate::fold::{fold, words};

/// How many words of the text count.
pub(super) const MAX_WORDS: usize = 8;
/// How many characters of the text count.
const MAX_CHARS: usize = 200;
/// How many roles a page may have.
const MAX_LIMIT: usize = 100;

/// What is looked for; everything that is set must fit.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery<'a> {
    /// What was typed; every word of it must be found.
    pub text: &'a str,
    /// A system, by key.
    pub system: Option<&'a str>,
    /// A risk.
    pub risk: Option<Risk>,
    /// An owner.
    pub owner: Option<IdentityId>,
    /// A tag.
    pub tag: Option<&'a str>,
    /// Where the page before ended.
    pub after: Option<PageKey>,
    /// How many roles a page has, from 1 to 100.
    pub limit: usize,
}

/// Where a page ended: what comes next fits less well, or comes later in the alphabet. Written into URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    rank: u32,
    role: String,
    name: String,
}

impl std::fmt::Display for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.rank, self.role, self.name)
    }
}

/// A text that says no place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this doesn't say where the page before ended")]
pub struct InvalidPageKey;

impl std::str::FromStr for PageKey {
    type Err = InvalidPageKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '.');
        match (parts.next().and_then(|r| r.parse().ok()), parts.next(), parts.next()) {
            (Some(rank), Some(role), Some(name)) => Ok(Self { rank, role: role.to_owned(), name: name.to_owned() }),
            _ => Err(InvalidPageKey),
        }
    }
}

/// One page of what was found.
#[derive(Debug)]
pub struct SearchPage<'c> {
    /// The roles, best first; equally good ones by name.
    pub hits: Vec<&'c RoleEntry>,
    /// How many there are on all pages.
    pub total: usize,
    /// The facets.
    pub facets: Facets,
    /// Where the next page starts, if there is one.
    pub next: Option<PageKey>,
}

/// Finds roles; retired ones are never found. The same catalog and query always give the same page.
#[must_use]
pub fn search<'c>(catalog: &'c Catalog, query: &SearchQuery<'_>) -> SearchPage<'c> {
    let text: String = fold(query.text).chars().take(MAX_CHARS).collect();
    let asked = words(&text).next().is_some();
    let ranks = if asked { catalog.index.ranks(&text) } else { catalog.index.all() };

    let mut tally = catalog.facets.tally(query);
    let mut found: Vec<(u32, usize)> = Vec::new();
    for (role, rank) in ranks.into_iter().enumerate() {
        if rank > 0 && tally.count(role) {
            found.push((rank, role));
        }
    }
    // Roles stand by name: a stable order by rank alone keeps equally good ones by name.
    found.sort_by_key(|(rank, _)| Reverse(*rank));

    let key = |role: usize| catalog.roles.get(role).map_or("", |r| r.key.as_str());
    let start = query.after.as_ref().map_or(0, |after| {
        found.partition_point(|(rank, role)| {
            (Reverse(*rank), catalog.index.name(*role), key(*role))
                <= (Reverse(after.rank), after.name.as_str(), after.role.as_str())
        })
    });
    let page = found.get(start..).unwrap_or_default();
    let limit = query.limit.clamp(1, MAX_LIMIT);
    let next = page.get(limit - 1).filter(|_| page.len() > limit).map(|(rank, role)| PageKey {
        rank: *rank,
        role: key(*role).to_owned(),
        name: catalog.index.name(*role).to_owned(),
    });
    let hits = page.iter().take(limit).filter_map(|(_, role)| catalog.roles.get(*role)).collect();
    SearchPage { hits, total: found.len(), facets: tally.finish(), next }
}

//! Finding roles: words, facets, and pages by key.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use latchkey_domain::{IdentityId, RoleId, role::Risk};

use super::{
    Catalog, Facets, RoleEntry,
    index::{Fit, NOT_COVERING},
};
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
    /// Only these, by the places of the roles in the catalog; without it all.
    pub only: Option<&'a [bool]>,
    /// Where the page before ended.
    pub after: Option<PageKey>,
    /// How many roles a page has, from 1 to 100.
    pub limit: usize,
}

/// Where a page ended: what comes next fits less well, or comes later in the alphabet. Written into URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    rank: u32,
    size: u32,
    role: String,
    name: String,
}

impl std::fmt::Display for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}.{}", self.rank, self.size, self.role, self.name)
    }
}

/// A text that says no place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this doesn't say where the page before ended")]
pub struct InvalidPageKey;

impl std::str::FromStr for PageKey {
    type Err = InvalidPageKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '.');
        let mut number = || parts.next().and_then(|r| r.parse().ok());
        let (rank, size) = (number(), number());
        match (rank, size, parts.next(), parts.next()) {
            (Some(rank), Some(size), Some(role), Some(name)) => {
                Ok(Self { rank, size, role: role.to_owned(), name: name.to_owned() })
            }
            _ => Err(InvalidPageKey),
        }
    }
}

/// One page of what was found.
#[derive(Debug)]
pub struct SearchPage<'c> {
    /// The roles, best first; of equally good ones the one that gives least first, then by name.
    pub hits: Vec<&'c RoleEntry>,
    /// Where what was looked for is something that roles give: the smallest role that gives it.
    pub smallest: Option<RoleId>,
    /// What roles of this page give beyond the smallest one, by role: names, in the order of the role.
    pub also: HashMap<RoleId, Vec<&'c str>>,
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
    let fits = if asked { catalog.index.fits(&text) } else { catalog.index.all() };

    let mut tally = catalog.facets.tally(query);
    let mut found: Vec<(Fit, usize)> = Vec::new();
    for (role, fit) in fits.into_iter().enumerate() {
        let shown = query.only.is_none_or(|only| only.get(role).copied().unwrap_or(false));
        if let Some(fit) = fit.filter(|_| shown && tally.count(role)) {
            found.push((fit, role));
        }
    }
    // Roles stand by name: a stable order by fit alone keeps equally good ones by name.
    found.sort_by_key(|(fit, _)| (Reverse(fit.rank), fit.size));

    let key = |role: usize| catalog.roles.get(role).map_or("", |r| r.key.as_str());
    let start = query.after.as_ref().map_or(0, |after| {
        found.partition_point(|(fit, role)| {
            (Reverse(fit.rank), fit.size, catalog.index.name(*role), key(*role))
                <= (Reverse(after.rank), after.size, after.name.as_str(), after.role.as_str())
        })
    });
    let page = found.get(start..).unwrap_or_default();
    let limit = query.limit.clamp(1, MAX_LIMIT);
    let next = page.get(limit - 1).filter(|_| page.len() > limit).map(|(fit, role)| PageKey {
        rank: fit.rank,
        size: fit.size,
        role: key(*role).to_owned(),
        name: catalog.index.name(*role).to_owned(),
    });
    let page = page.get(..limit.min(page.len())).unwrap_or_default();
    let hits = page.iter().filter_map(|(_, role)| catalog.roles.get(*role)).collect();
    let covering = || found.iter().filter(|(fit, _)| fit.size < NOT_COVERING);
    let smallest = covering().min_by_key(|(fit, at)| (fit.size, *at)).and_then(|(_, at)| catalog.roles.get(*at));
    let smallest = smallest.filter(|_| covering().count() > 1);
    let also = smallest.map(|smallest| also(catalog, smallest, page)).unwrap_or_default();
    SearchPage { hits, smallest: smallest.map(|r| r.id), also, total: found.len(), facets: tally.finish(), next }
}

/// What each role of a page gives beyond the smallest one, where it gives all that the smallest one does.
fn also<'c>(catalog: &'c Catalog, smallest: &RoleEntry, page: &[(Fit, usize)]) -> HashMap<RoleId, Vec<&'c str>> {
    let base: HashSet<_> = smallest.entitlements.iter().map(|e| e.id).collect();
    page.iter()
        .filter(|(fit, _)| fit.size < NOT_COVERING)
        .filter_map(|(_, at)| catalog.roles.get(*at))
        .filter(|role| role.id != smallest.id)
        .filter(|role| role.entitlements.iter().filter(|e| base.contains(&e.id)).count() == base.len())
        .map(|role| {
            let more = role.entitlements.iter().filter(|e| !base.contains(&e.id)).map(|e| e.name.as_str());
            (role.id, more.collect())
        })
        .collect()
}

//! What the catalog can be narrowed down by: numbered once, so that counting them costs additions only.

use std::{cmp::Reverse, collections::HashMap, hash::Hash};

use latchkey_domain::role::Risk;

use super::{RoleEntry, SearchQuery};

/// How many values of a facet are told.
const MAX_VALUES: usize = 30;

/// One value of a facet: how many roles there would be with it, all else being as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    /// What goes into the query: a system's key, a risk's word, an owner's id, a tag.
    pub value: String,
    /// What people read.
    pub label: String,
    /// How many roles.
    pub count: usize,
    /// It is the one that was asked for.
    pub chosen: bool,
}

/// The facets of a search. Risks are in their order; everything else has the most roles first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By system.
    pub systems: Vec<FacetCount>,
    /// By risk.
    pub risks: Vec<FacetCount>,
    /// By owner.
    pub owners: Vec<FacetCount>,
    /// By tag.
    pub tags: Vec<FacetCount>,
}

/// Systems, risks, owners, tags: the order of facets in the arrays below.
const FACETS: usize = 4;

/// The values of one facet, numbered, and which role has which.
#[derive(Debug, Default)]
struct Values {
    /// What goes into the query, and what people read; by what people read.
    known: Vec<(String, String)>,
    /// The numbers of each role's values.
    of_role: Vec<Box<[usize]>>,
}

impl Values {
    fn build<K: Hash + Eq>(roles: &[RoleEntry], of: impl Fn(&RoleEntry) -> Vec<(K, String, String)>) -> Self {
        let mut numbers: HashMap<K, usize> = HashMap::new();
        let mut known = Vec::new();
        let mut of_role: Vec<Box<[usize]>> = roles
            .iter()
            .map(|role| {
                of(role)
                    .into_iter()
                    .map(|(key, value, label)| {
                        *numbers.entry(key).or_insert_with(|| {
                            known.push((value, label));
                            known.len() - 1
                        })
                    })
                    .collect()
            })
            .collect();
        // In the order of their names once and for all, so that a search only compares numbers.
        let mut by_name: Vec<usize> = (0..known.len()).collect();
        by_name.sort_by(|a, b| (&known[*a].1, &known[*a].0).cmp(&(&known[*b].1, &known[*b].0)));
        let mut place = vec![0; known.len()];
        for (at, old) in by_name.iter().enumerate() {
            place[*old] = at;
        }
        for value in of_role.iter_mut().flatten() {
            *value = place[*value];
        }
        let known = by_name.into_iter().map(|old| std::mem::take(&mut known[old])).collect();
        Self { known, of_role }
    }

    fn of(&self, role: usize) -> &[usize] {
        self.of_role.get(role).map_or(&[], |v| v)
    }
}

/// What was chosen in one facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Any,
    Value(usize),
    /// A value that no role has.
    Unknown,
}

/// The facets of all roles.
#[derive(Debug, Default)]
pub(super) struct FacetIndex([Values; FACETS]);

impl FacetIndex {
    pub(super) fn build(roles: &[RoleEntry]) -> Self {
        Self([
            Values::build(roles, |r| {
                r.systems.iter().map(|s| (s.key.clone(), s.key.clone(), s.name.clone())).collect()
            }),
            Values::build(roles, |r| vec![(r.risk, r.risk.as_str().to_owned(), r.risk.words().to_owned())]),
            Values::build(roles, |r| r.owner.iter().map(|o| (o.id, o.id.to_string(), o.name.clone())).collect()),
            Values::build(roles, |r| r.tags.iter().map(|t| (t.clone(), t.clone(), t.clone())).collect()),
        ])
    }

    /// Starts counting for a query.
    pub(super) fn tally(&self, query: &SearchQuery<'_>) -> Tally<'_> {
        let owner = query.owner.map(|o| o.to_string());
        let asked = [query.system, query.risk.map(Risk::as_str), owner.as_deref(), query.tag];
        let mut choices = [Choice::Any; FACETS];
        for ((choice, asked), values) in choices.iter_mut().zip(asked).zip(&self.0) {
            if let Some(asked) = asked {
                let at = values.known.iter().position(|(value, _)| value == asked);
                *choice = at.map_or(Choice::Unknown, Choice::Value);
            }
        }
        let counts = self.0.each_ref().map(|v| vec![0; v.known.len()]);
        Tally { index: self, choices, counts }
    }
}

/// Counts while the roles are gone through.
pub(super) struct Tally<'i> {
    index: &'i FacetIndex,
    choices: [Choice; FACETS],
    counts: [Vec<usize>; FACETS],
}

impl Tally<'_> {
    /// Counts a role whose text fits; tells whether it fits everything that was chosen.
    pub(super) fn count(&mut self, role: usize) -> bool {
        let mut misses = 0;
        let mut missed = FACETS;
        for (at, (choice, values)) in self.choices.iter().zip(&self.index.0).enumerate() {
            let fits = match choice {
                Choice::Any => true,
                Choice::Value(value) => values.of(role).contains(value),
                Choice::Unknown => false,
            };
            if !fits {
                misses += 1;
                missed = at;
            }
        }
        // A role counts for a facet when it fits all the other ones.
        for (at, (counts, values)) in self.counts.iter_mut().zip(&self.index.0).enumerate() {
            if misses == 0 || (misses == 1 && missed == at) {
                for value in values.of(role) {
                    if let Some(count) = counts.get_mut(*value) {
                        *count += 1;
                    }
                }
            }
        }
        misses == 0
    }

    pub(super) fn finish(self) -> Facets {
        let Self { index: FacetIndex([systems, risks, owners, tags]), choices: [s, r, o, t], counts: [sc, rc, oc, tc] } =
            self;
        let mut risks = told(risks, r, &rc);
        risks.sort_by_key(|f| Risk::ALL.iter().position(|r| r.as_str() == f.value));
        Facets { systems: told(systems, s, &sc), risks, owners: told(owners, o, &oc), tags: told(tags, t, &tc) }
    }
}

/// The values that count, the most roles first, then by name; the chosen one is always among them.
fn told(values: &Values, choice: Choice, counts: &[usize]) -> Vec<FacetCount> {
    let mut all: Vec<(bool, usize, usize)> = counts
        .iter()
        .enumerate()
        .map(|(at, count)| (choice == Choice::Value(at), *count, at))
        .filter(|(chosen, count, _)| *count > 0 || *chosen)
        .collect();
    if all.len() > MAX_VALUES {
        // The chosen one stands first here, so that it isn't cut off.
        all.select_nth_unstable_by_key(MAX_VALUES, |(chosen, count, at)| (!chosen, Reverse(*count), *at));
        all.truncate(MAX_VALUES);
    }
    all.sort_unstable_by_key(|(_, count, at)| (Reverse(*count), *at));
    all.into_iter()
        .filter_map(|(chosen, count, at)| {
            let (value, label) = values.known.get(at)?;
            Some(FacetCount { value: value.clone(), label: label.clone(), count, chosen })
        })
        .collect()
}

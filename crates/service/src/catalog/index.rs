//! The index that the catalog is searched by: every word once, with the roles that it stands in and how much it tells.
//!
//! Words are looked up by their beginning in a sorted list, so a search costs microseconds and allocates little.

use std::collections::{BTreeMap, HashMap};

use latchkey_domain::EntitlementId;

use super::{
    RoleEntry,
    likeness::{Likeness, TYPO_FROM, likeness, typos},
};
use crate::fold::{fold, words};

/// How much a word in a role's name counts.
const NAME: u16 = 400;
/// How much a tag counts.
const TAG: u16 = 200;
/// How much the name of a system, or of an entitlement inside the role, counts.
const SYSTEM: u16 = 100;
/// How much a word of a description counts.
const DESCRIPTION: u16 = 40;
/// What a whole word counts more than the beginning of one.
const WHOLE: u16 = 10;
/// What a role whose name begins with the whole text counts more.
const NAME_BEGINS: u32 = 10_000;
/// A word with a typo counts this much less.
const TYPO: u16 = 30;
/// What a word of an entitlement's own text counts among entitlements: more than the name of its system ever does.
const OWN: u16 = 1_000;
/// What a role counts, for each word, that gives what was looked for.
const COVER: u16 = 150;
/// What everything counts more that was found without a typo.
const EXACT: u32 = 1_000_000;
/// Words that people type around what they look for.
const SMALL_WORDS: [&str; 27] = [
    "a", "able", "access", "an", "and", "be", "can", "could", "do", "for", "from", "how", "i", "in", "me", "my",
    "need", "of", "on", "or", "the", "to", "want", "we", "what", "with", "would",
];

/// A word and where the things stand that have it.
#[derive(Debug)]
struct Word {
    text: Box<str>,
    from: usize,
    to: usize,
}

/// Something that a word stands in.
#[derive(Debug, Clone, Copy)]
struct Posting {
    thing: usize,
    weight: u16,
}

/// Words with the things that they stand in, by number.
#[derive(Debug, Default)]
struct Words {
    words: Vec<Word>,
    postings: Vec<Posting>,
}

/// Collects words before they are put in order.
#[derive(Default)]
struct Noting(BTreeMap<String, BTreeMap<usize, u16>>);

impl Noting {
    fn note(&mut self, thing: usize, text: &str, weight: u16) {
        for word in words(&fold(text)) {
            let known = self.0.entry(word.to_owned()).or_default().entry(thing).or_default();
            *known = weight.max(*known);
        }
    }

    fn done(self) -> Words {
        let mut postings = Vec::new();
        let words = self
            .0
            .into_iter()
            .map(|(text, things)| {
                let from = postings.len();
                postings.extend(things.into_iter().map(|(thing, weight)| Posting { thing, weight }));
                Word { text: text.into(), from, to: postings.len() }
            })
            .collect();
        Words { words, postings }
    }
}

impl Words {
    /// How well every one of `things` fits what was typed: 0 where a word of it isn't found. What fits without a typo stands
    /// above everything that needs one.
    fn ranks(&self, typed: &[&str], things: usize) -> Vec<u32> {
        let mut total = vec![0_u32; things];
        let mut best = vec![0_u16; things];
        let mut exact = true;
        for (n, word) in typed.iter().enumerate() {
            best.fill(0);
            if !self.by_beginning(word, &mut best) && word.chars().count() >= TYPO_FROM {
                exact = false;
                self.by_likeness(word, &mut best);
            }
            for (total, best) in total.iter_mut().zip(&best) {
                *total = if *best == 0 || (n > 0 && *total == 0) { 0 } else { *total + u32::from(*best) };
            }
        }
        if exact {
            total.iter_mut().filter(|t| **t > 0).for_each(|t| *t += EXACT);
        }
        total
    }

    /// Notes the things with a word that begins with `word`; tells whether there is any.
    fn by_beginning(&self, word: &str, best: &mut [u16]) -> bool {
        let first = self.words.partition_point(|w| &*w.text < word);
        let mut found = false;
        for entry in self.words.iter().skip(first).take_while(|w| w.text.starts_with(word)) {
            found = true;
            let more = if entry.text.len() == word.len() { WHOLE } else { 0 };
            self.note(entry, best, |weight| weight + more);
        }
        found
    }

    /// Notes the things with a word that is a typo or two away from `word`, or that begins like that.
    fn by_likeness(&self, word: &str, best: &mut [u16]) {
        let typed: Vec<char> = word.chars().collect();
        for entry in &self.words {
            let less = match likeness(&typed, &entry.text) {
                Some(Likeness::Word(typos)) => TYPO * u16::from(typos) - TYPO / 2,
                Some(Likeness::Beginning) => TYPO,
                None => continue,
            };
            self.note(entry, best, |weight| weight.saturating_sub(less).max(1));
        }
    }

    fn note(&self, word: &Word, best: &mut [u16], weigh: impl Fn(u16) -> u16) {
        for posting in self.postings.get(word.from..word.to).unwrap_or_default() {
            if let Some(best) = best.get_mut(posting.thing) {
                *best = weigh(posting.weight).max(*best);
            }
        }
    }
}

/// The index over all roles that can be found: retired ones aren't in it.
#[derive(Debug)]
pub(super) struct Index {
    /// The words of roles.
    roles: Words,
    /// The words of what roles give, each entitlement once.
    entitlements: Words,
    /// How many entitlements there are.
    given: usize,
    /// The numbers of each role's entitlements.
    gives: Vec<Box<[usize]>>,
    /// The folded name of every role.
    names: Vec<Box<str>>,
    /// Which roles can be found.
    findable: Vec<bool>,
}

/// How one role fits what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// How well; never 0.
    pub rank: u32,
    /// How much it gives, where it gives what was looked for: less is better. [`NOT_COVERING`] where it doesn't.
    pub size: u32,
}

/// The size of a role that doesn't give what was looked for by its entitlements.
pub(super) const NOT_COVERING: u32 = 1_000_000;

impl Index {
    /// Indexes the roles by their position.
    pub(super) fn build(roles: &[RoleEntry]) -> Self {
        let mut by_role = Noting::default();
        let mut by_entitlement = Noting::default();
        let mut numbers: HashMap<EntitlementId, usize> = HashMap::new();
        let mut gives = vec![Box::<[usize]>::default(); roles.len()];
        for (at, role) in roles.iter().enumerate().filter(|(_, r)| !r.retired) {
            by_role.note(at, &role.description, DESCRIPTION);
            let mut given = Vec::with_capacity(role.entitlements.len());
            for entitlement in &role.entitlements {
                by_role.note(at, &entitlement.description, DESCRIPTION);
                by_role.note(at, &entitlement.name, SYSTEM);
                by_role.note(at, &entitlement.key, SYSTEM);
                let next = numbers.len();
                let number = *numbers.entry(entitlement.id).or_insert(next);
                given.push(number);
                if number == next {
                    for text in [&entitlement.description, &entitlement.name, &entitlement.key, &entitlement.native] {
                        by_entitlement.note(number, text, OWN);
                    }
                    by_entitlement.note(number, &entitlement.system.name, 1);
                }
            }
            given.sort_unstable();
            gives[at] = given.into();
            for system in &role.systems {
                by_role.note(at, &system.name, SYSTEM);
                by_role.note(at, &system.key, SYSTEM);
            }
            for tag in &role.tags {
                by_role.note(at, tag, TAG);
            }
            by_role.note(at, &role.name, NAME);
        }
        Self {
            roles: by_role.done(),
            entitlements: by_entitlement.done(),
            given: numbers.len(),
            gives,
            names: roles.iter().map(|r| fold(&r.name).into()).collect(),
            findable: roles.iter().map(|r| !r.retired).collect(),
        }
    }

    /// A role's name, folded.
    pub(super) fn name(&self, role: usize) -> &str {
        self.names.get(role).map_or("", |n| n)
    }

    /// How well every role fits `text` (folded, not empty); nothing where it doesn't.
    pub(super) fn fits(&self, text: &str) -> Vec<Option<Fit>> {
        let typed = telling(text);
        let mut ranks = self.roles.ranks(&typed, self.names.len());
        let covering = self.covering(&typed);
        let letters: Vec<char> = text.chars().collect();
        for (role, rank) in ranks.iter_mut().enumerate().filter(|(role, _)| self.findable.get(*role) == Some(&true)) {
            let name = self.name(role);
            if *rank > 0 && name.starts_with(text) {
                *rank += NAME_BEGINS;
            } else if *rank < EXACT && letters.len() >= TYPO_FROM && typos(&letters, name, 1).is_some() {
                // The whole name with one typo, be it in a short word or between two words.
                *rank = (*rank).max(u32::from(NAME) * u32::try_from(typed.len()).unwrap_or(1));
            } else if let Some((_, by_typo)) = covering.get(&role) {
                // What is looked for is what it gives. What it is called counts more where that fits, too.
                let words = u32::try_from(typed.len()).unwrap_or(1);
                let cover = words * u32::from(COVER);
                if *by_typo {
                    *rank = cover.max(*rank);
                } else if *rank < EXACT + words * u32::from(TAG) {
                    *rank = EXACT + cover;
                }
            }
        }
        ranks
            .into_iter()
            .enumerate()
            .map(|(role, rank)| {
                let size = covering.get(&role).map_or(NOT_COVERING, |(size, _)| *size);
                (rank > 0).then_some(Fit { rank, size })
            })
            .collect()
    }

    /// The roles that give an entitlement in which every word is found: how many things they give, and whether that took a
    /// typo.
    fn covering(&self, typed: &[&str]) -> HashMap<usize, (u32, bool)> {
        let fits = self.entitlements.ranks(typed, self.given);
        // The system's name alone is not something that one is given.
        let own = |rank: &u32| *rank % EXACT >= u32::from(OWN) / 2;
        if !fits.iter().any(own) {
            return HashMap::new();
        }
        let mut covering = HashMap::new();
        for (role, given) in self.gives.iter().enumerate() {
            if let Some(rank) = given.iter().filter_map(|e| fits.get(*e)).filter(|r| own(r)).max() {
                let size = u32::try_from(given.len()).unwrap_or(NOT_COVERING).min(NOT_COVERING - 1);
                covering.insert(role, (size, *rank < EXACT));
            }
        }
        covering
    }

    /// Every role that can be found, equally well.
    pub(super) fn all(&self) -> Vec<Option<Fit>> {
        self.findable.iter().map(|f| f.then_some(Fit { rank: 1, size: NOT_COVERING })).collect()
    }
}

/// The words that tell something: without "I want to", unless nothing else is left.
fn telling(text: &str) -> Vec<&str> {
    let all: Vec<&str> = words(text).take(super::search::MAX_WORDS).collect();
    let telling: Vec<&str> = all.iter().copied().filter(|w| !SMALL_WORDS.contains(w)).collect();
    if telling.is_empty() { all } else { telling }
}

//! The index that the catalog is searched by: every word once, with the roles that it stands in and how much it tells.
//!
//! Words are looked up by their beginning in a sorted list, so a search costs microseconds and allocates little.

use std::collections::BTreeMap;

use super::RoleEntry;
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
/// Words shorter than this are taken as they were typed.
const TYPO_FROM: usize = 5;

/// A word and where its roles stand.
#[derive(Debug)]
struct Word {
    text: Box<str>,
    from: usize,
    to: usize,
}

/// A role that a word stands in.
#[derive(Debug, Clone, Copy)]
struct Posting {
    role: usize,
    weight: u16,
}

/// The index over all roles that can be found: retired ones aren't in it.
#[derive(Debug)]
pub(super) struct Index {
    words: Vec<Word>,
    postings: Vec<Posting>,
    /// The folded name of every role.
    names: Vec<Box<str>>,
    /// Which roles can be found.
    findable: Vec<bool>,
}

impl Index {
    /// Indexes the roles by their position.
    pub(super) fn build(roles: &[RoleEntry]) -> Self {
        let mut by_word: BTreeMap<String, BTreeMap<usize, u16>> = BTreeMap::new();
        let mut note = |role: usize, text: &str, weight: u16| {
            for word in words(&fold(text)) {
                let known = by_word.entry(word.to_owned()).or_default().entry(role).or_default();
                *known = weight.max(*known);
            }
        };
        for (at, role) in roles.iter().enumerate().filter(|(_, r)| !r.retired) {
            note(at, &role.description, DESCRIPTION);
            for entitlement in &role.entitlements {
                note(at, &entitlement.description, DESCRIPTION);
                note(at, &entitlement.name, SYSTEM);
                note(at, &entitlement.key, SYSTEM);
            }
            for system in &role.systems {
                note(at, &system.name, SYSTEM);
                note(at, &system.key, SYSTEM);
            }
            for tag in &role.tags {
                note(at, tag, TAG);
            }
            note(at, &role.name, NAME);
        }
        let mut postings = Vec::new();
        let words = by_word
            .into_iter()
            .map(|(text, roles)| {
                let from = postings.len();
                postings.extend(roles.into_iter().map(|(role, weight)| Posting { role, weight }));
                Word { text: text.into(), from, to: postings.len() }
            })
            .collect();
        Self {
            words,
            postings,
            names: roles.iter().map(|r| fold(&r.name).into()).collect(),
            findable: roles.iter().map(|r| !r.retired).collect(),
        }
    }

    /// A role's name, folded.
    pub(super) fn name(&self, role: usize) -> &str {
        self.names.get(role).map_or("", |n| n)
    }

    /// How well every role fits `text` (folded, not empty): 0 where a word of it isn't found.
    pub(super) fn ranks(&self, text: &str) -> Vec<u32> {
        let mut total = vec![0_u32; self.names.len()];
        let mut best = vec![0_u16; self.names.len()];
        for (n, word) in words(text).take(super::search::MAX_WORDS).enumerate() {
            best.fill(0);
            if !self.by_beginning(word, &mut best) && word.chars().count() >= TYPO_FROM {
                self.by_likeness(word, &mut best);
            }
            for (total, best) in total.iter_mut().zip(&best) {
                *total = if *best == 0 || (n > 0 && *total == 0) { 0 } else { *total + u32::from(*best) };
            }
        }
        for (total, name) in total.iter_mut().zip(&self.names) {
            if *total > 0 && name.starts_with(text) {
                *total += NAME_BEGINS;
            }
        }
        total
    }

    /// Every role that can be found, with rank 1.
    pub(super) fn all(&self) -> Vec<u32> {
        self.findable.iter().map(|f| u32::from(*f)).collect()
    }

    /// Notes the roles with a word that begins with `word`; tells whether there is any.
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

    /// Notes the roles with a word that is one typo away from `word`.
    fn by_likeness(&self, word: &str, best: &mut [u16]) {
        for entry in self.words.iter().filter(|w| one_typo(word, &w.text)) {
            self.note(entry, best, |weight| weight - TYPO);
        }
    }

    fn note(&self, word: &Word, best: &mut [u16], weigh: impl Fn(u16) -> u16) {
        for posting in self.postings.get(word.from..word.to).unwrap_or_default() {
            if let Some(best) = best.get_mut(posting.role) {
                *best = weigh(posting.weight).max(*best);
            }
        }
    }
}

/// One letter is missing, too many, wrong, or changed places with its neighbour. A word that goes on after the typo
/// doesn't count, so that there are few surprises.
fn one_typo(typed: &str, word: &str) -> bool {
    let (a, b) = (typed.as_bytes(), word.as_bytes());
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    match (a, b) {
        ([], []) => false,
        ([_, rest @ ..], [_, other @ ..]) if a.len() == b.len() => {
            rest == other || matches!((a, b), ([x, y, r @ ..], [v, w, o @ ..]) if x == w && y == v && r == o)
        }
        ([_, rest @ ..], _) if a.len() > b.len() => rest == b,
        (_, [_, other @ ..]) => a == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_typo_is_one_letter_or_two_swapped() {
        for typed in ["payrol", "payrolll", "payrxll", "apyroll", "xpayroll", "payrlol", "ayroll"] {
            assert!(one_typo(typed, "payroll"), "{typed}");
        }
        for typed in ["payroll", "pay", "parlol", "xxyroll", "payrollxx", ""] {
            assert!(!one_typo(typed, "payroll"), "{typed}");
        }
    }
}

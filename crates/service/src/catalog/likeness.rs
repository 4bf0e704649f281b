//! How far what was typed is from a word: letters that are missing, too many, wrong, or changed places with their neighbour.

/// Shorter texts are taken as they were typed.
pub(super) const TYPO_FROM: usize = 4;
/// Words from this length on may begin with what was typed, one typo aside.
const BEGINNING_FROM: usize = 5;
/// Words from this length on may have two typos.
const TWO_FROM: usize = 8;
/// Nothing longer is compared.
const MAX_CHARS: usize = 80;

/// How a word is like what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// This many typos away from the whole word: 1 or 2.
    Word(u8),
    /// One typo away from the word's beginning.
    Beginning,
}

/// How `word` is like what was typed; nothing when it isn't, or when it is exactly that.
pub(super) fn likeness(typed: &[char], word: &str) -> Option<Likeness> {
    if typed.len() < TYPO_FROM {
        return None;
    }
    let allowed = if typed.len() >= TWO_FROM { 2 } else { 1 };
    if let Some(typos) = typos(typed, word, allowed) {
        return Some(Likeness::Word(typos));
    }
    // A word that goes on after the typo: the same number of letters of it, one less or one more.
    if typed.len() < BEGINNING_FROM || word.chars().count() <= typed.len() {
        return None;
    }
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    [typed.len() - 1, typed.len(), typed.len() + 1]
        .into_iter()
        .filter_map(|n| word.get(..*ends.get(n)?))
        .any(|beginning| typos(typed, beginning, 1).is_some())
        .then_some(Likeness::Beginning)
}

/// How many typos lie between `typed` and `word`: 1 up to `allowed`. Nothing for more, and for none. Each takes time in
/// proportion to the two lengths, and most words fall out by their length or first letters.
pub(super) fn typos(typed: &[char], word: &str, allowed: u8) -> Option<u8> {
    let allowed_len = usize::from(allowed);
    // Bytes are at least as many as letters, so this lets through more than it must, and never less.
    if typed.len() > MAX_CHARS || word.len() + allowed_len < typed.len() {
        return None;
    }
    let word: Vec<char> = word.chars().take(MAX_CHARS + 3).collect();
    if typed.len().abs_diff(word.len()) > allowed_len {
        return None;
    }
    // What both have in common at either end costs nothing.
    let same = typed.iter().zip(&word).take_while(|(a, b)| a == b).count();
    let (a, b) = (&typed[same..], &word[same..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    if a.is_empty() && b.is_empty() {
        return None;
    }
    // A single typo leaves two letters at most.
    if allowed == 1 && a.len().max(b.len()) > 2 {
        return None;
    }
    let distance = distance(a, b);
    u8::try_from(distance).ok().filter(|d| *d <= allowed)
}

/// The number of steps (insert, delete, replace, swap neighbours) from one to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(x != y));
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn one_typo_is_one_letter_or_two_swapped() {
        for typed in ["payrol", "payrolll", "payrxll", "apyroll", "xpayroll", "payrlol", "ayroll"] {
            assert_eq!(typos(&chars(typed), "payroll", 1), Some(1), "{typed}");
        }
        for typed in ["payroll", "pay", "parlol", "xxyroll", "payrollxx", ""] {
            assert_eq!(typos(&chars(typed), "payroll", 1), None, "{typed}");
        }
    }

    #[test]
    fn long_words_may_have_two_typos_and_short_ones_none() {
        assert_eq!(likeness(&chars("warehosue"), "warehouse"), Some(Likeness::Word(1)));
        assert_eq!(likeness(&chars("wharehosue"), "warehouse"), Some(Likeness::Word(2)));
        assert_eq!(likeness(&chars("warhou"), "warehouse"), Some(Likeness::Beginning));
        assert_eq!(likeness(&chars("vpm"), "vpn"), None);
        assert_eq!(likeness(&chars("leger"), "ledger"), Some(Likeness::Word(1)));
        assert_eq!(likeness(&chars("loader"), "ledger"), None);
        assert_eq!(likeness(&chars("zoolog"), "zöe"), None);
    }

    proptest! {
        /// Whatever single letter is lost, added, replaced or swapped, the word is one typo away, or it is the word itself.
        #[test]
        fn every_typo_is_seen(word in "[a-zé]{4,30}", at in 0_usize..30, letter in proptest::char::range('a', 'z'), kind in 0_u8..4) {
            let mut typed = chars(&word);
            let at = at % typed.len();
            match kind {
                0 => { typed.remove(at); }
                1 => typed.insert(at, letter),
                2 => typed[at] = letter,
                _ if at + 1 < typed.len() => typed.swap(at, at + 1),
                _ => {}
            }
            let same = typed == chars(&word);
            prop_assert_eq!(typos(&typed, &word, 1), (!same).then_some(1));
        }

        /// Both ways round it is the same distance, and nothing breaks on any text.
        #[test]
        fn it_is_the_same_both_ways(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            prop_assert_eq!(typos(&chars(&a), &b, 2), typos(&chars(&b), &a, 2));
            let _ = likeness(&chars(&a), &b);
        }
    }
}

//! How many have to say yes.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::approvers::Resolution;

/// How many of a stage's approvers have to say yes. One no always ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quorum {
    /// One of them.
    #[default]
    Any,
    /// All of them.
    All,
    /// So many of them.
    AtLeast(u16),
    /// One for each of the stage's rules, each another person.
    Each,
}

/// The largest number that a file may ask for.
pub const MAX_QUORUM: u16 = 10;

impl Quorum {
    /// What a file may say, in words.
    pub const EXPECTED: &'static str = "\"any\", \"all\", \"each\" or a number from 2 to 10";

    /// The quorum with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "any" => Some(Self::Any),
            "all" => Some(Self::All),
            "each" => Some(Self::Each),
            _ => None,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(crate) fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

impl Serialize for Quorum {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => to.serialize_str("any"),
            Self::All => to.serialize_str("all"),
            Self::Each => to.serialize_str("each"),
            Self::AtLeast(n) => to.serialize_u16(*n),
        }
    }
}

impl<'de> Deserialize<'de> for Quorum {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Number(u16),
            Word(String),
        }
        match Said::deserialize(from)? {
            Said::Number(n) if n <= MAX_QUORUM => Ok(Self::AtLeast(n)),
            Said::Number(n) => Err(D::Error::custom(format!("a quorum of {n}; expected {}", Self::EXPECTED))),
            Said::Word(word) => Self::from_word(&word)
                .ok_or_else(|| D::Error::custom(format!("a quorum of {word:?}; expected {}", Self::EXPECTED))),
        }
    }
}

/// A yes: who said it, and whose seat it fills (their own, or that of whoever they decided for).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yes<I> {
    /// Who said it.
    pub who: I,
    /// Whose seat.
    pub seat: I,
}

/// Whether these are enough. Each person counts once and each seat counts once, so nobody passes a quorum alone.
#[must_use]
pub fn is_reached<I: Clone + Eq>(resolution: &Resolution<I>, said: &[Yes<I>]) -> bool {
    let mut counted: Vec<&Yes<I>> = Vec::new();
    for yes in said {
        if !counted.iter().any(|other| other.who == yes.who || other.seat == yes.seat) {
            counted.push(yes);
        }
    }
    if counted.is_empty() {
        return false;
    }
    // The last resort stands in for a stage that nobody else could decide any more.
    if resolution.last_resort {
        return resolution.approvers.iter().any(|a| counted.iter().any(|yes| yes.who == a.id));
    }
    match resolution.quorum {
        Quorum::Any => true,
        Quorum::AtLeast(n) => counted.len() >= usize::from(n),
        // "All" of a stage that lost somebody isn't "all who are left".
        Quorum::All => {
            is_reachable(resolution)
                && resolution.seats().iter().all(|seat| counted.iter().any(|yes| yes.seat == **seat))
        }
        Quorum::Each => {
            let fills: Vec<Vec<usize>> = (0..resolution.rules)
                .map(|rule| {
                    let may = |yes: &&Yes<I>| {
                        resolution.approvers.iter().any(|a| *a.seat() == yes.seat && a.for_rules.contains(&rule))
                    };
                    counted.iter().enumerate().filter(|(_, yes)| may(yes)).map(|(at, _)| at).collect()
                })
                .collect();
            all_filled(&fills)
        }
    }
}

/// Whether those who can decide are enough for the quorum at all.
pub(crate) fn is_reachable<I: Clone + Eq>(resolution: &Resolution<I>) -> bool {
    let seats = resolution.seats();
    match resolution.quorum {
        Quorum::Any => !seats.is_empty(),
        Quorum::AtLeast(n) => seats.len() >= usize::from(n),
        Quorum::All => !seats.is_empty() && (0..resolution.rules).all(|rule| has(resolution, rule)),
        Quorum::Each => {
            let fills: Vec<Vec<usize>> = (0..resolution.rules)
                .map(|rule| {
                    let may = |seat: &&I| {
                        resolution.approvers.iter().any(|a| a.seat() == *seat && a.for_rules.contains(&rule))
                    };
                    seats.iter().enumerate().filter(|(_, seat)| may(seat)).map(|(at, _)| at).collect()
                })
                .collect();
            all_filled(&fills)
        }
    }
}

pub(crate) fn has<I>(resolution: &Resolution<I>, rule: usize) -> bool {
    resolution.approvers.iter().any(|a| a.for_rules.contains(&rule))
}

/// Whether each of these can have one of its own, no two the same (augmenting paths, Kuhn 1955).
fn all_filled(choices: &[Vec<usize>]) -> bool {
    fn place(one: usize, choices: &[Vec<usize>], taken: &mut Vec<(usize, usize)>, tried: &mut Vec<usize>) -> bool {
        for &choice in &choices[one] {
            if tried.contains(&choice) {
                continue;
            }
            tried.push(choice);
            let holder = taken.iter().position(|(of, _)| *of == choice);
            if let Some(at) = holder {
                let other = taken[at].1;
                if place(other, choices, taken, tried) {
                    if let Some(at) = taken.iter().position(|(of, who)| *of == choice && *who == other) {
                        taken.remove(at);
                    }
                    taken.push((choice, one));
                    return true;
                }
            } else {
                taken.push((choice, one));
                return true;
            }
        }
        false
    }
    let mut taken = Vec::new();
    (0..choices.len()).all(|one| place(one, choices, &mut taken, &mut Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_needs_another() {
        assert!(all_filled(&[vec![0], vec![1]]));
        assert!(all_filled(&[vec![0, 1], vec![0]]));
        assert!(!all_filled(&[vec![0], vec![0]]));
        assert!(!all_filled(&[vec![0, 1], vec![0, 1], vec![1, 0]]));
        assert!(all_filled(&[vec![0, 1], vec![1, 2], vec![0]]));
        assert!(!all_filled(&[vec![], vec![1]]));
    }

    #[test]
    fn words_and_numbers_come_back() {
        for text in ["\"any\"", "\"all\"", "\"each\"", "2", "10"] {
            let quorum: Quorum = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&quorum).unwrap(), text);
        }
        for text in ["\"most\"", "11", "-1", "true"] {
            assert!(serde_json::from_str::<Quorum>(text).is_err(), "{text}");
        }
    }
}

//! Names a set of files by what is in it.

use std::fmt;

use sha2::{Digest, Sha256};

/// SHA-256 over the files of a set, sorted by path: the same paths and texts give the same hash, in whatever order they
/// were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of a set of (path, text).
    #[must_use]
    pub fn of<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Self {
        let mut sorted: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_ref(), text.as_ref())).collect();
        sorted.sort_unstable();
        let mut hasher = Sha256::new();
        for part in sorted.into_iter().flat_map(|(path, text)| [path, text]) {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher.finalize().into())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    /// As 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_boundaries_do() {
        let hash = ContentHash::of(&[("a", "1"), ("b", "2")]);
        assert_eq!(hash, ContentHash::of(&[("b", "2"), ("a", "1")]));
        assert_ne!(hash, ContentHash::of(&[("a", "1"), ("b", "3")]));
        assert_ne!(ContentHash::of(&[("ab", "c")]), ContentHash::of(&[("a", "bc")]));
        assert_ne!(ContentHash::of(&[("a", "")]), ContentHash::of::<&str, &str>(&[]));
    }

    #[test]
    fn the_hash_is_stable() {
        // printf '\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\0\1b' | sha256sum
        assert_eq!(
            ContentHash::of(&[("a", "b")]).to_string(),
            "3c9d591045bc8876f9d0399bbfb05c6a412096e906f73278f98406cd5dca86df"
        );
    }
}

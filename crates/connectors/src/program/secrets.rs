//! The secrets that a program is told, and keeping them out of words.

use std::collections::BTreeMap;

use crate::{Secret, SecretSource, words};

/// The secrets as they are now, by name. `Debug` shows none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    /// Reads each from where it is kept.
    ///
    /// # Errors
    /// In words that name the file or the variable.
    pub(crate) fn read(sources: &BTreeMap<String, SecretSource>) -> Result<Self, String> {
        sources.iter().map(|(name, source)| Ok((name.clone(), source.read()?))).collect::<Result<_, _>>().map(Self)
    }

    /// For the message that tells the program.
    pub(super) fn exposed(&self) -> BTreeMap<&str, &str> {
        self.0.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect()
    }

    /// The text without any of them. Of a secret of several lines, such as a key, each line counts by itself too.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.0.values() {
            text = words::without_secret(&text, secret.expose());
            for line in secret.expose().lines() {
                text = words::without_secret(&text, line.trim());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promise_11_every_secret_and_every_line_of_one_is_hidden() {
        let secrets = Secrets(BTreeMap::from([
            ("a".to_owned(), Secret::new("s3cret-one")),
            ("b".to_owned(), Secret::new("BEGIN\nabcdefgh\nEND.")),
        ]));
        let shown = secrets.hide("one s3cret-one, two abcdefgh");
        assert_eq!(shown, "one (hidden), two (hidden)");
        assert!(!format!("{secrets:?}").contains("s3cret"));
    }
}

//! Whose calls open and end access: a table `[call_in.KEY]` for each source of sources.toml.

use std::collections::BTreeMap;

use super::{
    secret::Secret,
    section::{SecretKey, Section},
};

const SECRETS: SecretKey = SecretKey { name: "secrets", file: "secrets_file", env: "secrets_env", inline: false };

/// Reads the tables: by the source's key, what its calls are signed with, one or more between blanks or line ends.
pub fn read(tables: Vec<(String, Section)>) -> BTreeMap<String, Secret> {
    let mut all = BTreeMap::new();
    for (key, mut section) in tables {
        let secrets = if ["secrets", "secrets_file", "secrets_env"].iter().any(|k| section.has(k)) {
            section.secret(SECRETS).map(|(secret, _)| secret)
        } else {
            section.missing(
                "secrets_file",
                "the path of a file with one whsec_… on each line, which its calls are signed with",
            );
            // So that they count as known.
            let _ = section.secret(SECRETS);
            None
        };
        section.finish();
        // Variables can't have hyphens in their names, and keys have no underscores.
        all.extend(secrets.map(|secrets| (key.replace('_', "-"), secrets)));
    }
    all
}

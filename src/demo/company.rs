//! The demo company's files: those that this program was built with, or those of a folder.

use std::{fs, path::Path};

use latchkey_service::files::{CatalogFiles, parse_catalog};

use crate::cli::{Failure, apply::read_catalog};

/// A company's files.
#[derive(Debug, Clone)]
pub struct Company {
    /// people.csv
    pub people: String,
    /// The catalog, as (path, text).
    pub catalog: Vec<(String, String)>,
}

macro_rules! built_in {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/catalog/", $path)))),+]
    };
}

const PEOPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/people.csv"));
const CATALOG: &[(&str, &str)] = built_in![
    "groups.toml",
    "policies.toml",
    "roles/customer-care.toml",
    "roles/data.toml",
    "roles/engineering.toml",
    "roles/everyday.toml",
    "roles/finance.toml",
    "roles/it.toml",
    "roles/latchkey.toml",
    "roles/operations.toml",
    "roles/people-and-legal.toml",
    "roles/production.toml",
    "roles/sales.toml",
    "separation.toml",
    "sources.toml",
    "systems/build.toml",
    "systems/crm.toml",
    "systems/directory.toml",
    "systems/finance.toml",
    "systems/support.toml",
    "systems/warehouse.toml",
    "wishes.toml",
];

impl Company {
    /// The company that this program was built with.
    #[must_use]
    pub fn built_in() -> Self {
        let catalog = CATALOG.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { people: PEOPLE.to_owned(), catalog }
    }

    /// The company of a folder with people.csv and catalog/.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn of_folder(folder: &Path) -> Result<Self, Failure> {
        let people = folder.join("people.csv");
        let text =
            fs::read_to_string(&people).map_err(|error| Failure::file("Reading the people file", &people, &error))?;
        Ok(Self { people: text, catalog: read_catalog(&folder.join("catalog"))? })
    }

    /// The catalog, read.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parsed(&self) -> Result<CatalogFiles, Failure> {
        parse_catalog(&self.catalog).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::new(lines.join("\n"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_demo_company_is_built_in() {
        let folder = Company::of_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("demo")).unwrap();
        assert_eq!(Company::built_in().catalog, folder.catalog);
        assert!(Company::built_in().parsed().unwrap().roles.len() > 50);
    }
}

//! The files that a company writes: people as CSV, the catalog as TOML. Pure: text in, checked rows or errors out.
//!
//! A file is taken as a whole or not at all. Every mistake is named with file, line and what is expected, up to
//! [`MAX_ERRORS`] of them. What only the database knows (is this owner a person?) is left to the code that applies the
//! files: [`CatalogFiles::people_named`] and [`check_managers`] are its hooks, so that those errors look the same.

mod catalog;
mod csv_records;
mod error;
mod hash;
mod managers;
mod people_csv;
mod text;
mod toml_doc;

pub use catalog::{
    CatalogFiles, EntitlementFile, EntitlementRef, MAX_CATALOG_FILES, MAX_ENTITLEMENTS_PER_ROLE,
    MAX_ENTITLEMENTS_PER_SYSTEM, MAX_POLICIES, MAX_ROLES, MAX_SEPARATION_RULES, MAX_SYSTEMS, MAX_TAGS, PersonReference,
    PolicyFile, RoleFile, SeparationMember, SeparationRuleFile, SeparationSideFile, SourceFile, SystemFile,
    parse_catalog,
};
pub use error::{FileError, MAX_ERRORS, Place};
pub use hash::ContentHash;
pub use managers::{Outside, check_managers};
pub use people_csv::{HEADER, MAX_PEOPLE, MAX_PEOPLE_BYTES, PersonRow, parse_people};

/// The largest catalog file, in bytes.
pub const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;

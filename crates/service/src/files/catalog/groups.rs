//! `groups.toml`: people whom policies can name together.

use super::PersonReference;
use crate::files::{
    error::{Errors, Place},
    text,
    toml_doc::{Doc, Table},
};

/// The most groups of one catalog.
pub const MAX_GROUPS: usize = 500;
/// The most members of one group.
pub const MAX_MEMBERS: usize = 200;

/// A group as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFile {
    /// Stable key.
    pub key: String,
    /// What it is called on screen.
    pub name: String,
    /// Its members.
    pub members: Vec<PersonReference>,
    /// Where it stands.
    pub at: Place,
}

/// Reads `groups.toml`. `keys` gathers what is declared, sound or not.
pub(super) fn parse(doc: &Doc<'_>, keys: &mut Vec<String>, errors: &mut Errors) -> Vec<GroupFile> {
    let Some(root) = doc.parse(errors) else { return Vec::new() };
    let mut root = Table::root(doc, &root);
    let tables = root.tables(errors, "group", MAX_GROUPS);
    root.finish(errors);
    keys.extend(tables.iter().filter_map(|table| table.peek("key")).map(str::to_owned));
    tables.into_iter().filter_map(|mut table| one(doc, &mut table, errors)).collect()
}

fn one(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors) -> Option<GroupFile> {
    table.call("group", table.peek("key"));
    let at = table.place();
    let key = table.text(errors, "key", text::key);
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let members = table.texts(errors, "members", (1, MAX_MEMBERS), text::external_id);
    table.finish(errors);
    let members = members?.value.into_iter();
    let members = members.map(|m| PersonReference { external_id: m.value, field: "members", at: doc.place(m.offset) });
    Some(GroupFile { key: key?.value, name: name?.value, members: members.collect(), at })
}

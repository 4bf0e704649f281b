//! The settings as a tree in which every value remembers where it was written.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use toml::de::{DeTable, DeValue};

use super::problem::{Origin, Problem};

/// A value and its origin.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it was written.
    pub origin: Origin,
    /// What was written.
    pub value: Value,
}

/// What can be written.
#[derive(Debug, Clone)]
pub enum Value {
    /// Named values.
    Table(BTreeMap<String, Node>),
    /// Values in order.
    Array(Vec<Node>),
    /// Text in the file.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Yes or no.
    Boolean(bool),
    /// A date, a time, or both, as written.
    Datetime(String),
    /// The content of a variable: whoever reads it knows its type.
    Variable(String),
}

impl Value {
    /// What kind of value this is, for "found a table".
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::Array(_) => "a list",
            Self::Text(_) | Self::Variable(_) => "text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Datetime(_) => "a date",
        }
    }
}

/// Reads the text of a settings file.
///
/// # Errors
/// The first thing in it that is not TOML, with its line.
pub fn from_file(path: &Path, text: &str) -> Result<BTreeMap<String, Node>, Problem> {
    let source = Source { path: Arc::from(path.display().to_string()), text };
    match DeTable::parse(text) {
        Ok(table) => Ok(source.table(table.get_ref())),
        Err(error) => Err(Problem {
            setting: String::new(),
            origin: Some(source.at(error.span().map_or(0, |span| span.start))),
            words: format!("this line cannot be read: {}", error.message()),
        }),
    }
}

struct Source<'a> {
    path: Arc<str>,
    text: &'a str,
}

impl Source<'_> {
    fn at(&self, offset: usize) -> Origin {
        let before = self.text.as_bytes().iter().take(offset);
        Origin::File { path: self.path.clone(), line: 1 + before.filter(|byte| **byte == b'\n').count() }
    }

    fn table(&self, table: &DeTable<'_>) -> BTreeMap<String, Node> {
        table
            .iter()
            .map(|(key, value)| {
                let node = self.node(value.get_ref(), key.span().start);
                (key.get_ref().to_string(), node)
            })
            .collect()
    }

    fn node(&self, value: &DeValue<'_>, offset: usize) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            // Digits that do not fit stay text, so that the reader's message shows them.
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or_else(|_| Value::Text(digits.to_string()), Value::Integer),
            DeValue::Float(digits) => {
                digits.as_str().parse().map_or_else(|_| Value::Text(digits.to_string()), Value::Float)
            }
            DeValue::Boolean(yes) => Value::Boolean(*yes),
            DeValue::Datetime(at) => Value::Datetime(at.to_string()),
            DeValue::Array(items) => {
                Value::Array(items.iter().map(|item| self.node(item.get_ref(), item.span().start)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { origin: self.at(offset), value }
    }
}

/// Reads a variable that was written as a TOML list or inline table, such as `[{ claim = "amr", values = ["mfa"] }]`.
#[must_use]
pub fn from_variable_as_toml(name: &Arc<str>, text: &str) -> Option<Value> {
    let parsed = DeValue::parse(text).ok()?;
    let source = Source { path: name.clone(), text };
    let mut node = source.node(parsed.get_ref(), 0);
    node.claim_for(name);
    Some(node.value)
}

impl Node {
    /// Makes a variable the origin of a value and of everything in it.
    fn claim_for(&mut self, name: &Arc<str>) {
        self.origin = Origin::Variable(name.clone());
        match &mut self.value {
            Value::Table(table) => table.values_mut().for_each(|node| node.claim_for(name)),
            Value::Array(items) => items.iter_mut().for_each(|node| node.claim_for(name)),
            _ => {}
        }
    }

    /// The same value without its origin, for those who read a table in their own way (`[connection.<system>]`).
    #[must_use]
    pub fn into_toml(self) -> toml::Value {
        match self.value {
            Value::Table(table) => {
                toml::Value::Table(table.into_iter().map(|(key, node)| (key, node.into_toml())).collect())
            }
            Value::Array(items) => toml::Value::Array(items.into_iter().map(Self::into_toml).collect()),
            Value::Text(text) | Value::Variable(text) => toml::Value::String(text),
            Value::Integer(number) => toml::Value::Integer(number),
            Value::Float(number) => toml::Value::Float(number),
            Value::Boolean(yes) => toml::Value::Boolean(yes),
            Value::Datetime(at) => at.parse().map_or(toml::Value::String(at), toml::Value::Datetime),
        }
    }
}

/// Lays the `LATCHKEY_…` variables over the tree; `__` separates levels. Variables win over the file.
pub fn overlay(tree: &mut BTreeMap<String, Node>, variables: &BTreeMap<String, String>, problems: &mut Vec<Problem>) {
    for (name, text) in variables {
        let Some(path) = path_of(name) else { continue };
        let origin = Origin::Variable(Arc::from(name.as_str()));
        let node = Node { origin: origin.clone(), value: Value::Variable(text.clone()) };
        if !put(tree, &path, node) {
            problems.push(Problem {
                setting: path.join("."),
                origin: Some(origin),
                words:
                    "this names a value inside something that is itself a value. Each level of the name must be a table"
                        .to_owned(),
            });
        }
    }
}

/// The setting that a variable names, level by level.
fn path_of(variable: &str) -> Option<Vec<String>> {
    let mut path: Vec<String> = variable.strip_prefix("LATCHKEY_")?.split("__").map(str::to_lowercase).collect();
    // Keys of systems are written with hyphens, which the names of variables cannot hold.
    if let [first, system, ..] = path.as_mut_slice()
        && first == "connection"
    {
        *system = system.replace('_', "-");
    }
    Some(path)
}

fn put(table: &mut BTreeMap<String, Node>, path: &[String], node: Node) -> bool {
    match path {
        [] => false,
        [last] => {
            table.insert(last.clone(), node);
            true
        }
        [first, rest @ ..] => {
            let origin = node.origin.clone();
            let inner =
                table.entry(first.clone()).or_insert_with(|| Node { origin, value: Value::Table(BTreeMap::new()) });
            match &mut inner.value {
                Value::Table(table) => put(table, rest, node),
                _ => false,
            }
        }
    }
}

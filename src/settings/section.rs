//! Reads one table of settings: typed, with every problem collected, and with nothing left over at the end.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    node::{Node, Value, from_variable_as_toml},
    problem::{Origin, Problem, closest, variable_for},
    secret::Secret,
};

/// What all sections of one reading share.
pub struct Reading {
    /// What was found wrong so far.
    pub problems: RefCell<Vec<Problem>>,
    /// The environment, for secrets that are named by `…_env`.
    pub variables: BTreeMap<String, String>,
}

impl Reading {
    /// Notes a problem.
    pub fn problem(&self, setting: impl Into<String>, origin: Option<Origin>, words: impl Into<String>) {
        let problem = Problem { setting: setting.into(), origin, words: words.into() };
        self.problems.borrow_mut().push(problem);
    }
}

/// One table that is being read.
pub struct Section {
    reading: Rc<Reading>,
    name: String,
    origin: Option<Origin>,
    table: BTreeMap<String, Node>,
    known: RefCell<BTreeSet<&'static str>>,
}

/// A value together with its origin, for checks that come later.
pub type Found<T> = (T, Origin);

impl Section {
    /// The outermost table.
    #[must_use]
    pub fn root(reading: Rc<Reading>, table: BTreeMap<String, Node>) -> Self {
        Self { reading, name: String::new(), origin: None, table, known: RefCell::default() }
    }

    /// The full name of one of this table's settings.
    #[must_use]
    pub fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Where this table was opened.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.origin.clone()
    }

    /// Notes a problem with one of this table's settings.
    pub fn problem(&self, key: &str, origin: Option<Origin>, words: impl Into<String>) {
        self.reading.problem(self.full(key), origin, words);
    }

    /// Notes that a setting is missing.
    pub fn missing(&self, key: &str, expected: &str) {
        let full = self.full(key);
        let words = format!("this is not set. Expected {expected}. It can also be set as {}", variable_for(&full));
        self.reading.problem(full, self.origin.clone(), words);
    }

    fn wrong(&self, key: &str, origin: Origin, found: &str, expected: &str) {
        self.problem(key, Some(origin), format!("found {found}, expected {expected}"));
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.borrow_mut().insert(key);
        self.table.remove(key)
    }

    /// The table says something about this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Text, or nothing.
    pub fn text(&mut self, key: &'static str, expected: &str) -> Option<Found<String>> {
        let node = self.take(key)?;
        match node.value {
            Value::Text(text) | Value::Variable(text) if !text.trim().is_empty() => Some((text, node.origin)),
            Value::Text(_) | Value::Variable(_) => {
                self.wrong(key, node.origin, "nothing between the quotes", expected);
                None
            }
            other => {
                self.wrong(key, node.origin, other.kind(), expected);
                None
            }
        }
    }

    /// Text that `parse` understands, or nothing. The message quotes what was written.
    pub fn parsed<T>(&mut self, key: &'static str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (text, origin) = self.text(key, expected)?;
        let value = parse(text.trim());
        if value.is_none() {
            self.wrong(key, origin, &quoted(&text), expected);
        }
        value
    }

    /// Like [`Section::parsed`], and its absence is a problem.
    pub fn required<T>(&mut self, key: &'static str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.has(key) {
            return self.parsed(key, expected, parse);
        }
        self.known.borrow_mut().insert(key);
        self.missing(key, expected);
        None
    }

    /// True or false, or nothing.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = self.take(key)?;
        match (&node.value, as_written(&node.value)) {
            (Value::Boolean(yes), _) => Some(*yes),
            (Value::Variable(_), "true") => Some(true),
            (Value::Variable(_), "false") => Some(false),
            _ => {
                let found = described(&node.value);
                self.wrong(key, node.origin, &found, "true or false");
                None
            }
        }
    }

    /// A whole number from `least` to `most`, or nothing.
    pub fn integer(&mut self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        let node = self.take(key)?;
        let number = match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Variable(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let found = described(&node.value);
            self.wrong(key, node.origin, &found, &format!("a whole number from {least} to {most}"));
        }
        number
    }

    /// A list of texts; in a variable either a TOML list or words between spaces or commas.
    pub fn texts(&mut self, key: &'static str, expected: &str) -> Option<Vec<String>> {
        let node = self.take(key)?;
        let origin = node.origin.clone();
        let items = match as_list(node) {
            Ok(items) => items,
            Err(Value::Variable(words)) => {
                let words = words.split([' ', ',']).filter(|word| !word.is_empty());
                return Some(words.map(ToOwned::to_owned).collect());
            }
            Err(other) => {
                self.wrong(key, origin, &described(&other), expected);
                return None;
            }
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.value {
                Value::Text(text) | Value::Variable(text) => texts.push(text),
                other => self.wrong(key, item.origin, &described(&other), expected),
            }
        }
        Some(texts)
    }

    /// A table inside this one, or nothing.
    pub fn section(&mut self, key: &'static str, expected: &str) -> Option<Self> {
        let node = self.take(key)?;
        let origin = node.origin.clone();
        match as_toml_value(node) {
            Node { value: Value::Table(table), origin } => Some(self.inner(self.full(key), origin, table)),
            other => {
                self.wrong(key, origin, &described(&other.value), expected);
                None
            }
        }
    }

    /// A list of tables, or nothing.
    pub fn sections(&mut self, key: &'static str, expected: &str) -> Option<Vec<Self>> {
        let node = self.take(key)?;
        let origin = node.origin.clone();
        let items = match as_list(node) {
            Ok(items) => items,
            Err(other) => {
                self.wrong(key, origin, &described(&other), expected);
                return None;
            }
        };
        let mut sections = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match item.value {
                Value::Table(table) => {
                    sections.push(self.inner(format!("{}[{}]", self.full(key), index + 1), item.origin, table));
                }
                other => self.wrong(key, item.origin, &described(&other), expected),
            }
        }
        Some(sections)
    }

    /// Tables whose names the company chose.
    pub fn named(&mut self, key: &'static str, expected: &str) -> Vec<(String, Self)> {
        let Some(Node { origin, value }) = self.take(key) else { return Vec::new() };
        let Value::Table(tables) = value else {
            self.wrong(key, origin, &described(&value), expected);
            return Vec::new();
        };
        let mut all = Vec::with_capacity(tables.len());
        for (name, node) in tables {
            let full = format!("{}.{name}", self.full(key));
            match as_toml_value(node) {
                Node { value: Value::Table(table), origin } => all.push((name, self.inner(full, origin, table))),
                Node { value, origin } => {
                    self.reading.problem(
                        full,
                        Some(origin),
                        format!("found {}, expected {expected}", described(&value)),
                    );
                }
            }
        }
        all
    }

    /// A table whose own keys are names that the company chose, as raw TOML.
    pub fn raw_tables(&mut self, key: &'static str, expected: &str) -> BTreeMap<String, toml::Table> {
        let Some(node) = self.take(key) else { return BTreeMap::new() };
        let Value::Table(tables) = node.value else {
            self.wrong(key, node.origin, &described(&node.value), expected);
            return BTreeMap::new();
        };
        let mut raw = BTreeMap::new();
        for (name, node) in tables {
            let origin = node.origin.clone();
            match node.into_toml() {
                toml::Value::Table(table) => {
                    raw.insert(name, table);
                }
                _ => self.problem(&format!("{key}.{name}"), Some(origin), format!("expected {expected}")),
            }
        }
        raw
    }

    /// A table as raw TOML, or nothing.
    pub fn raw_table(&mut self, key: &'static str, expected: &str) -> Option<toml::Table> {
        let node = self.take(key)?;
        let origin = node.origin.clone();
        let node = as_toml_value(node);
        let found = described(&node.value);
        match node.into_toml() {
            toml::Value::Table(table) => Some(table),
            _ => {
                self.wrong(key, origin, &found, expected);
                None
            }
        }
    }

    /// A secret: from a variable, from the file that `<key>_file` names, or from the variable that `<key>_env` names.
    /// Written into the settings file itself it is refused, unless `inline` allows it.
    pub fn secret(&mut self, key: SecretKey) -> Option<Found<Secret>> {
        let direct = self.take(key.name);
        let file = self.text(key.file, "the path of a file that holds it");
        let variable = self.text(key.env, "the name of a variable that holds it");
        let given = usize::from(direct.is_some()) + usize::from(file.is_some()) + usize::from(variable.is_some());
        if given > 1 {
            let origin = file.as_ref().or(variable.as_ref()).map(|(_, origin)| origin.clone());
            let words = format!("this is set more than once. Keep one of {}, {} and {}", key.name, key.file, key.env);
            self.problem(key.name, origin, words);
            return None;
        }
        if let Some(node) = direct {
            return self.direct_secret(key, node);
        }
        if let Some((path, origin)) = file {
            return self.secret_from_file(key, &path, origin);
        }
        let (name, origin) = variable?;
        match self.reading.variables.get(&name).map(|text| text.trim_end_matches(['\r', '\n'])) {
            Some(text) if !text.is_empty() => Some((Secret::new(text), origin)),
            _ => {
                self.problem(key.env, Some(origin), format!("the variable {name} is not set, or empty"));
                None
            }
        }
    }

    fn direct_secret(&self, key: SecretKey, node: Node) -> Option<Found<Secret>> {
        match (node.value, &node.origin) {
            (Value::Text(_), Origin::File { .. }) if !key.inline => {
                let variable = variable_for(&self.full(key.name));
                let words = format!(
                    "a secret does not belong in the settings file. Put it into a file of its own and name that with {}, or set {variable}",
                    key.file
                );
                self.problem(key.name, Some(node.origin), words);
                None
            }
            (Value::Text(text) | Value::Variable(text), _) if !text.trim().is_empty() => {
                Some((Secret::new(text.trim_end_matches(['\r', '\n'])), node.origin))
            }
            (other, _) => {
                self.wrong(key.name, node.origin, other.kind(), "text");
                None
            }
        }
    }

    fn secret_from_file(&self, key: SecretKey, path: &str, origin: Origin) -> Option<Found<Secret>> {
        // A path in the settings file is meant from where that file lies; one in a variable from where the process runs.
        let full: PathBuf = match &origin {
            Origin::File { path: settings, .. } => {
                Path::new(&**settings).parent().map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
            }
            Origin::Variable(_) => PathBuf::from(path),
        };
        match std::fs::read_to_string(&full) {
            Ok(text) if !text.trim().is_empty() => Some((Secret::new(text.trim_end_matches(['\r', '\n'])), origin)),
            Ok(_) => {
                self.problem(key.file, Some(origin), format!("the file {} is empty", full.display()));
                None
            }
            Err(error) => {
                let words = format!("the file {} cannot be read: {error}", full.display());
                self.problem(key.file, Some(origin), words);
                None
            }
        }
    }

    /// Everything that nobody asked for is a mistake, probably in its spelling.
    pub fn finish(self) {
        let known: Vec<&'static str> = self.known.borrow().iter().copied().collect();
        for (key, node) in &self.table {
            let meant = closest(key, &known).map_or_else(
                || format!("Known here: {}", known.join(", ")),
                |near| format!("Did you mean {}", self.full(near)),
            );
            self.problem(key, Some(node.origin.clone()), format!("there is no such setting. {meant}"));
        }
    }

    fn inner(&self, name: String, origin: Origin, table: BTreeMap<String, Node>) -> Self {
        Self { reading: Rc::clone(&self.reading), name, origin: Some(origin), table, known: RefCell::default() }
    }
}

/// The three names of a secret setting.
#[derive(Debug, Clone, Copy)]
pub struct SecretKey {
    /// The value itself.
    pub name: &'static str,
    /// The file that holds it.
    pub file: &'static str,
    /// The variable that holds it.
    pub env: &'static str,
    /// May stand in the settings file: addresses that hold a password only sometimes.
    pub inline: bool,
}

fn as_list(node: Node) -> Result<Vec<Node>, Value> {
    match as_toml_value(node).value {
        Value::Array(items) => Ok(items),
        other => Err(other),
    }
}

/// A variable that holds a TOML list or table becomes one; everything else stays as it is.
fn as_toml_value(node: Node) -> Node {
    match (&node.value, &node.origin) {
        (Value::Variable(text), Origin::Variable(name)) if text.trim_start().starts_with(['[', '{']) => {
            match from_variable_as_toml(name, text.trim()) {
                Some(value) => Node { origin: node.origin, value },
                None => node,
            }
        }
        _ => node,
    }
}

fn as_written(value: &Value) -> &str {
    match value {
        Value::Text(text) | Value::Variable(text) | Value::Datetime(text) => text.trim(),
        _ => "",
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Variable(text) | Value::Datetime(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        other => other.kind().to_owned(),
    }
}

/// The text as written, short enough for a line.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}

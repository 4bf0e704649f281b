//! A walk over TOML that knows where everything stands.
//!
//! Reading with serde stops at the first mistake. This walk names them all: each field is asked for by name, and what
//! nobody asked for is an unknown key.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    error::{Errors, FileError, Place},
    text::{Fault, any_of, shown},
};

/// One file's text, for turning offsets into places.
pub(super) struct Doc<'t> {
    file: &'t str,
    text: &'t str,
    /// The offset at which each line starts.
    lines: Vec<usize>,
}

/// A value with the offset at which it stands.
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) offset: usize,
}

impl<'t> Doc<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, lines }
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        Place {
            file: self.file.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).ok(),
        }
    }

    /// The document, or its syntax errors.
    pub(super) fn parse(&self, errors: &mut Errors) -> Option<Spanned<DeTable<'t>>> {
        let (root, mistakes) = DeTable::parse_recoverable(self.text);
        for mistake in &mistakes {
            let place = self.place(mistake.span().map_or(0, |span| span.start));
            let message = format!("this isn't TOML: {}", mistake.message());
            errors.push(FileError { expected: None, ..FileError::at(&place, message, "") });
        }
        mistakes.is_empty().then_some(root)
    }
}

/// One table of a document, with the keys that were asked for so far.
pub(super) struct Table<'d> {
    doc: &'d Doc<'d>,
    table: &'d DeTable<'d>,
    offset: usize,
    /// How messages call it: empty for the root, else like `role "payroll-reader"`.
    what: String,
    asked: Vec<&'static str>,
}

impl<'d> Table<'d> {
    pub(super) fn root(doc: &'d Doc<'d>, table: &'d Spanned<DeTable<'d>>) -> Self {
        Self::new(doc, table.get_ref(), 0, String::new())
    }

    fn new(doc: &'d Doc<'d>, table: &'d DeTable<'d>, offset: usize, what: String) -> Self {
        Self { doc, table, offset, what, asked: Vec::new() }
    }

    /// Where the table starts.
    pub(super) fn place(&self) -> Place {
        self.doc.place(self.offset)
    }

    /// From now on messages call it `kind "key"`.
    pub(super) fn call(&mut self, kind: &str, key: Option<&str>) {
        self.what = key.map_or_else(|| kind.to_owned(), |key| format!("{kind} {}", shown(key)));
    }

    /// A mistake at an offset of this document.
    pub(super) fn complain(&self, errors: &mut Errors, offset: usize, message: &str, expected: &str) {
        let message = if self.what.is_empty() { message.to_owned() } else { format!("{}: {message}", self.what) };
        errors.push(FileError::at(&self.doc.place(offset), message, expected));
    }

    fn find(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn missing(&self, errors: &mut Errors, key: &str, expected: &str) {
        self.complain(errors, self.offset, &format!("{key} is missing"), expected);
    }

    /// A text without checks, where there is one, for naming this table in messages.
    pub(super) fn peek(&self, key: &str) -> Option<&'d str> {
        self.table.get(key).and_then(|value| value.get_ref().as_str())
    }

    /// A text that must be there.
    pub(super) fn text<T>(
        &mut self,
        errors: &mut Errors,
        key: &'static str,
        check: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<At<T>> {
        let Some(value) = self.find(key) else {
            // The check knows best what is expected.
            let expected = check("").err().map_or_else(|| "some text".to_owned(), |fault| fault.expected);
            self.missing(errors, key, &expected);
            return None;
        };
        self.checked(errors, key, value, check)
    }

    /// A text that may be left out: `Some(None)` without it, `None` when it is wrong.
    pub(super) fn optional<T>(
        &mut self,
        errors: &mut Errors,
        key: &'static str,
        check: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<Option<At<T>>> {
        match self.find(key) {
            None => Some(None),
            Some(value) => self.checked(errors, key, value, check).map(Some),
        }
    }

    fn checked<T>(
        &self,
        errors: &mut Errors,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        check: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<At<T>> {
        let offset = value.span().start;
        let Some(text) = value.get_ref().as_str() else {
            let message = format!("{key} is {}", kind(value.get_ref()));
            self.complain(errors, offset, &message, "text in quotes");
            return None;
        };
        match check(text) {
            Ok(value) => Some(At { value, offset }),
            Err(fault) => {
                self.complain(errors, offset, &format!("{key} {}", fault.message), &fault.expected);
                None
            }
        }
    }

    /// Whether the table has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// What is wrong about this key has been said.
    pub(super) fn ignore(&mut self, key: &'static str) {
        self.asked.push(key);
    }

    /// One text, or a list of 1 to `max` texts, each once. It must be there.
    pub(super) fn one_or_more<T: PartialEq>(
        &mut self,
        errors: &mut Errors,
        key: &'static str,
        max: usize,
        check: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<At<Vec<At<T>>>> {
        if self.table.get(key).is_some_and(|value| value.get_ref().as_array().is_some()) {
            return self.texts(errors, key, (1, max), check);
        }
        let one = self.text(errors, key, check)?;
        let offset = one.offset;
        Some(At { value: vec![one], offset })
    }

    /// A text, or a whole number that is then checked as its digits; `Some(None)` without it.
    pub(super) fn text_or_number<T>(
        &mut self,
        errors: &mut Errors,
        key: &'static str,
        check: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<Option<At<T>>> {
        let Some(DeValue::Integer(number)) = self.table.get(key).map(Spanned::get_ref) else {
            return self.optional(errors, key, check);
        };
        let digits = number.as_str().to_owned();
        let offset = self.find(key).map_or(self.offset, |value| value.span().start);
        match check(&digits) {
            Ok(value) => Some(Some(At { value, offset })),
            Err(fault) => {
                self.complain(errors, offset, &format!("{key} {}", fault.message), &fault.expected);
                None
            }
        }
    }

    /// `true` or `false`; `default` without it.
    pub(super) fn flag(&mut self, errors: &mut Errors, key: &'static str, default: bool) -> Option<bool> {
        let Some(value) = self.find(key) else { return Some(default) };
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            let message = format!("{key} is {}", kind(value.get_ref()));
            self.complain(errors, value.span().start, &message, "true or false");
        }
        flag
    }

    /// A list of `min` to `max` texts, each once.
    pub(super) fn texts<T: PartialEq>(
        &mut self,
        errors: &mut Errors,
        key: &'static str,
        (min, max): (usize, usize),
        check: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<At<Vec<At<T>>>> {
        let expected = format!("a list of {min} to {max}");
        let Some(value) = self.find(key) else {
            if min == 0 {
                return Some(At { value: Vec::new(), offset: self.offset });
            }
            self.missing(errors, key, &expected);
            return None;
        };
        let offset = value.span().start;
        let Some(array) = value.get_ref().as_array() else {
            self.complain(errors, offset, &format!("{key} is {}", kind(value.get_ref())), &expected);
            return None;
        };
        if array.len() < min || array.len() > max {
            self.complain(errors, offset, &format!("{key} has {} entries", array.len()), &expected);
            return None;
        }
        let mut list: Vec<At<T>> = Vec::with_capacity(array.len());
        let mut sound = true;
        for item in array.iter() {
            match self.checked(errors, key, item, &check) {
                None => sound = false,
                Some(item) if list.iter().any(|known| known.value == item.value) => {
                    sound = false;
                    self.complain(errors, item.offset, &format!("{key} has the same entry twice"), "each entry once");
                }
                Some(item) => list.push(item),
            }
        }
        sound.then_some(At { value: list, offset })
    }

    /// A table that must be there: `[key]`.
    pub(super) fn table(&mut self, errors: &mut Errors, key: &'static str) -> Option<Self> {
        let Some(value) = self.find(key) else {
            self.missing(errors, key, &format!("a table [{key}]"));
            return None;
        };
        let table = value.get_ref().as_table();
        if table.is_none() {
            let message = format!("{key} is {}", kind(value.get_ref()));
            self.complain(errors, value.span().start, &message, &format!("a table [{key}]"));
        }
        table.map(|table| Self::new(self.doc, table, value.span().start, key.to_owned()))
    }

    /// A list of tables that must be there, and where it stands.
    pub(super) fn required_tables(
        &mut self,
        errors: &mut Errors,
        key: &'static str,
        max: usize,
    ) -> Option<(Vec<Self>, usize)> {
        let Some(value) = self.table.get(key) else {
            self.asked.push(key);
            self.missing(errors, key, &format!("a list of 1 to {max}"));
            return None;
        };
        let offset = value.span().start;
        // Nothing in a list that isn't empty: that is complained about already.
        let list = self.tables(errors, key, max);
        let given = value.get_ref().as_array().map(|array| array.len());
        (given == Some(list.len())).then_some((list, offset))
    }

    /// A list of at most `max` tables: `[[key]]`, or inline. Empty when it isn't there.
    pub(super) fn tables(&mut self, errors: &mut Errors, key: &'static str, max: usize) -> Vec<Self> {
        let Some(value) = self.find(key) else { return Vec::new() };
        let offset = value.span().start;
        let Some(array) = value.get_ref().as_array() else {
            self.complain(errors, offset, &format!("{key} is {}", kind(value.get_ref())), &format!("tables [[{key}]]"));
            return Vec::new();
        };
        if array.len() > max {
            self.complain(errors, offset, &format!("there are {} of {key}", array.len()), &format!("at most {max}"));
            return Vec::new();
        }
        let mut tables = Vec::with_capacity(array.len());
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push(Self::new(self.doc, table, item.span().start, key.to_owned())),
                None => {
                    let message = format!("{key} has {}", kind(item.get_ref()));
                    self.complain(errors, item.span().start, &message, &format!("tables [[{key}]]"));
                }
            }
        }
        tables
    }

    /// Names every key that nobody asked for.
    pub(super) fn finish(&self, errors: &mut Errors) {
        for (key, _) in self.table.iter() {
            if !self.asked.contains(&key.get_ref().as_ref()) {
                let message = format!("{} isn't known here", shown(key.get_ref()));
                self.complain(errors, key.span().start, &message, &any_of(&self.asked));
            }
        }
    }
}

/// What a value is, with its article.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

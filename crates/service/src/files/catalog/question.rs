//! `[[role.question]]`: what a role asks whoever wants it.

use crate::{
    files::{
        error::Errors,
        text::{self, Fault},
        toml_doc::{Doc, Table},
    },
    questions::{self, Kind, MAX_OPTIONS, MAX_PATTERN, MAX_QUESTIONS, Question},
};

/// The kinds of question, as files write them.
const KINDS: [&str; 3] = ["text", "choice", "ticket"];

/// Reads the questions of a role; nothing where one of them is wrong.
pub(super) fn parse(doc: &Doc<'_>, role: &mut Table<'_>, errors: &mut Errors) -> Option<Vec<Question>> {
    let mut all: Vec<Question> = Vec::new();
    let mut sound = true;
    for mut table in role.tables(errors, "question", MAX_QUESTIONS) {
        let offset_of_key = table.place();
        match parse_one(&mut table, errors) {
            Some(question) if all.iter().any(|known| known.key == question.key) => {
                sound = false;
                errors.push(crate::files::FileError::at(
                    &offset_of_key,
                    format!("the role asks {} twice", text::shown(&question.key)),
                    "each key once in a role",
                ));
            }
            Some(question) => all.push(question),
            None => sound = false,
        }
    }
    _ = doc;
    sound.then_some(all)
}

fn parse_one(table: &mut Table<'_>, errors: &mut Errors) -> Option<Question> {
    table.call("question", table.peek("key"));
    let key = table.text(errors, "key", text::key);
    let label = table.text(errors, "label", |v| text::line(v, 120));
    let help = table.optional(errors, "help", |v| text::line(v, 200));
    let kind = table.text(errors, "kind", kind);
    let required = table.flag(errors, "required", true);
    let wanted = kind.as_ref().map(|k| k.value);
    let options = match wanted {
        Some("choice") => table
            .texts(errors, "options", (2, MAX_OPTIONS), |v| text::line(v, 80))
            .map(|all| Kind::Choice { options: all.value.into_iter().map(|one| one.value).collect() }),
        Some("ticket") => table.text(errors, "pattern", pattern).map(|p| Kind::Ticket { pattern: p.value }),
        Some(_) => Some(Kind::Text),
        None => None,
    };
    table.finish(errors);
    Some(Question {
        key: key?.value,
        label: label?.value,
        help: help?.map(|h| h.value).unwrap_or_default(),
        required: required?,
        kind: options?,
    })
}

fn kind(value: &str) -> Result<&'static str, Fault> {
    KINDS
        .into_iter()
        .find(|k| *k == value)
        .ok_or_else(|| Fault { message: format!("is {}", text::shown(value)), expected: text::any_of(&KINDS) })
}

fn pattern(value: &str) -> Result<String, Fault> {
    let expected = || format!("a regular expression of at most {MAX_PATTERN} characters, such as \"OPS-[0-9]+\"");
    if value.is_empty() || value.chars().count() > MAX_PATTERN {
        return Err(Fault { message: format!("has {} characters", value.chars().count()), expected: expected() });
    }
    match questions::pattern(value) {
        Ok(_) => Ok(value.to_owned()),
        Err(why) => Err(Fault { message: why, expected: expected() }),
    }
}

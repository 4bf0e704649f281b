//! `sources.toml`: programs that open and end access by signed calls.

use latchkey_domain::system::BUILT_IN_SYSTEM;
use latchkey_policy::{Condition, Span};

use super::{Set, Unique, nearest, policy::one_of, rules};
use crate::{
    call_ins::source::{LONGEST_HOURS, On, Silence, Source, SourceRule, WhenSilent},
    files::{
        error::{Errors, FileError, Place},
        text::{self, Fault},
        toml_doc::{At, Doc, Table},
    },
    questions::{self, MAX_PATTERN},
};

/// The most sources.
const MAX_SOURCES: usize = 50;
/// The most rules of one source.
const MAX_RULES: usize = 50;
/// The most roles of one rule.
const MAX_ROLES_OF_RULE: usize = 50;
/// A source that isn't heard for less than this isn't silent: its calls may be as old as five minutes.
const SHORTEST_SILENCE: u32 = 10;
/// Nor does it help to find out later than this.
const LONGEST_SILENCE: u32 = 7 * 24 * 60;

/// A source as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Stable key.
    pub key: String,
    /// What it is called on screen.
    pub name: String,
    /// What it may open, and what happens when it can't be reached.
    pub source: Source,
    /// Where it stands.
    pub at: Place,
}

/// A source with the places of what it refers to.
pub(super) struct Draft {
    pub(super) source: SourceFile,
    key_at: Place,
    name_at: Place,
    /// In the order of the rules and their roles.
    roles_at: Vec<Place>,
}

/// Reads `sources.toml`.
pub(super) fn parse(doc: &Doc<'_>, errors: &mut Errors) -> Vec<Draft> {
    let Some(root) = doc.parse(errors) else { return Vec::new() };
    let mut root = Table::root(doc, &root);
    let tables = root.tables(errors, "source", MAX_SOURCES);
    root.finish(errors);
    tables.into_iter().filter_map(|mut table| parse_one(doc, &mut table, errors)).collect()
}

fn parse_one(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors) -> Option<Draft> {
    let shown = table.peek("key");
    table.call("source", shown);
    let at = table.place();
    let key = table.text(errors, "key", text::key);
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let silence = silence(table, errors);
    let rules = table.required_tables(errors, "rule", MAX_RULES);
    table.finish(errors);

    let (tables, rules_at) = rules?;
    if tables.is_empty() {
        table.complain(errors, rules_at, "rule is empty", &format!("1 to {MAX_RULES} tables [[source.rule]]"));
        return None;
    }
    let what = shown.map_or_else(|| "rule".to_owned(), |key| format!("rule of source {}", text::shown(key)));
    let mut sound = true;
    let (mut rules, mut roles_at, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for mut table in tables {
        table.call(&what, None);
        let place = table.place();
        match rule(&mut table, errors) {
            Some((rule, roles)) => {
                roles_at.extend(roles.into_iter().map(|offset| doc.place(offset)));
                places.push(place);
                rules.push(rule);
            }
            None => sound = false,
        }
    }
    // A call says only the reference: where a source has shifts and tickets, that has to tell one from the other.
    let both = On::ALL.iter().all(|on| rules.iter().any(|rule: &SourceRule| rule.on == *on));
    for (rule, place) in rules.iter().zip(&places).filter(|(rule, _)| both && rule.reference.is_none()) {
        sound = false;
        let message = format!("{what}: \"{}\" has no reference, and the source has shifts and tickets", rule.name);
        errors.push(FileError::at(place, message, "reference with a pattern, which tells one from the other"));
    }
    let (key, name, silence) = (key?, name?, silence?);
    sound.then(|| Draft {
        key_at: doc.place(key.offset),
        name_at: doc.place(name.offset),
        roles_at,
        source: SourceFile { key: key.value, name: name.value, source: Source { silence, rules }, at },
    })
}

/// `silent_after`, `when_silent` and `fallback`: all of them or none.
fn silence(table: &mut Table<'_>, errors: &mut Errors) -> Option<Option<Silence>> {
    let there = ["silent_after", "when_silent", "fallback"].into_iter().any(|key| table.has(key));
    if !there {
        ["silent_after", "when_silent", "fallback"].into_iter().for_each(|key| table.ignore(key));
        return Some(None);
    }
    let after = table.text(errors, "silent_after", minutes);
    let then = table.text(errors, "when_silent", |v| one_of(v, WhenSilent::ALL, WhenSilent::as_str));
    let fallback = table.text(errors, "fallback", |v| text::line(v, 300));
    Some(Some(Silence { after_minutes: after?.value, then: then?.value, fallback: fallback?.value }))
}

fn rule(table: &mut Table<'_>, errors: &mut Errors) -> Option<(SourceRule, Vec<usize>)> {
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let on = table.text(errors, "on", |v| one_of(v, On::ALL, On::as_str));
    let roles = table.texts(errors, "roles", (1, MAX_ROLES_OF_RULE), text::key);
    let when = table.optional(errors, "when", rules::condition);
    let max = table.text(errors, "max", text::span);
    let reference = table.optional(errors, "reference", pattern);
    let ends_requested = table.flag(errors, "ends_requested", false);
    let is_ticket = on.as_ref().is_some_and(|on| on.value == On::Ticket);
    if is_ticket && matches!(reference, Some(None)) {
        table.complain(
            errors,
            on.as_ref().map_or(0, |on| on.offset),
            "on is \"ticket\", and reference is missing",
            "what a ticket looks like, such as reference = \"OPS-[0-9]+\"",
        );
    }
    table.finish(errors);

    let (name, on, roles, when, max, reference) = (name?, on?, roles?, when?, max?, reference?);
    if is_ticket && reference.is_none() {
        return None;
    }
    is_sound(table, errors, when.as_ref(), &max).then_some(())?;
    let offsets = roles.value.iter().map(|role| role.offset).collect();
    let rule = SourceRule {
        name: name.value,
        on: on.value,
        roles: roles.value.into_iter().map(|role| role.value).collect(),
        when: when.map(|at| at.value),
        max: max.value,
        reference: reference.map(|at| at.value),
        ends_requested: ends_requested?,
    };
    Some((rule, offsets))
}

fn is_sound(table: &Table<'_>, errors: &mut Errors, when: Option<&At<Condition>>, max: &At<Span>) -> bool {
    let mut sound = true;
    if let Some(when) = when.filter(|at| at.value.is_about_the_request()) {
        let message = "when looks at the request, and a call makes none";
        table.complain(errors, when.offset, message, "a condition over person and role");
        sound = false;
    }
    if max.value.hours() > LONGEST_HOURS {
        let expected = format!("at most {}d: what takes longer can be asked for", LONGEST_HOURS / 24);
        table.complain(errors, max.offset, &format!("max is {}", max.value), &expected);
        sound = false;
    }
    sound
}

/// "30m" or "2h", in minutes.
fn minutes(value: &str) -> Result<u32, Fault> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let found = match value.strip_suffix('m') {
        Some(text) => number(text),
        None => value.strip_suffix('h').and_then(number).and_then(|hours| hours.checked_mul(60)),
    };
    found.filter(|minutes| (SHORTEST_SILENCE..=LONGEST_SILENCE).contains(minutes)).ok_or_else(|| Fault {
        message: format!("is {}", text::shown(value)),
        expected: "whole minutes or hours such as \"30m\" or \"2h\", from 10m to 168h".to_owned(),
    })
}

fn pattern(value: &str) -> Result<String, Fault> {
    let expected = || format!("a regular expression of at most {MAX_PATTERN} characters, such as \"OPS-[0-9]+\"");
    if value.is_empty() || value.chars().count() > MAX_PATTERN {
        return Err(Fault { message: format!("has {} characters", value.chars().count()), expected: expected() });
    }
    questions::pattern(value).map_err(|why| Fault { message: why, expected: expected() })?;
    Ok(value.to_owned())
}

/// What the other files have to say about the roles that sources open.
pub(super) fn check(set: &Set, errors: &mut Errors) {
    let mut keys = Unique::new("source", "key");
    let mut names = Unique::new("source", "name");
    for draft in &set.sources {
        let source = &draft.source;
        keys.check(&source.key, &draft.key_at, errors);
        names.check(&source.name, &draft.name_at, errors);
        let what = format!("source {}", text::shown(&source.key));
        for (key, at) in source.source.rules.iter().flat_map(|rule| &rule.roles).zip(&draft.roles_at) {
            match set.roles.iter().find(|role| role.role.key == *key) {
                Some(role) if role.role.entitlements.iter().any(|e| e.system == BUILT_IN_SYSTEM) => {
                    let message = format!("{what}: {} lets people look after Latchkey itself", text::shown(key));
                    errors.push(FileError::at(at, message, "a role that a program may give out"));
                }
                None if !set.roles_unread && !set.roles_unsound => {
                    let message = format!("{what}: roles names {}, a role that no file has", text::shown(key));
                    let all = set.roles.iter().map(|role| role.role.key.as_str()).collect();
                    errors.push(FileError::at(at, message, nearest(key, all)));
                }
                _ => {}
            }
        }
    }
}

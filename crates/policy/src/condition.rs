//! Conditions in CEL (Common Expression Language, cel-spec): short, without side effects, and bounded.
//!
//! A condition sees four things and nothing else: `person` (whom it is for), `requester`, `role` and `request`. What it
//! names is checked when it is read, so that a misspelt field is a mistake in a file and not a surprise in a request.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use cel::{
    Context, Env, Program, Value,
    common::ast::{EntryExpr, Expr, IdedExpr},
    objects::{Key, Map},
};
use serde::{Deserialize, Serialize};

/// The longest condition, in characters.
pub const MAX_CONDITION_CHARS: usize = 500;
/// The most parts (names, values, operators) that a condition may have, so that evaluating it stays cheap.
const MAX_PARTS: usize = 150;
/// The most compiled conditions kept in memory.
const MAX_KEPT: usize = 4_096;
/// What a condition may call. Everything takes time in proportion to its arguments, and none makes anything grow.
const FUNCTIONS: &[&str] = &["size", "contains", "startsWith", "endsWith"];
/// What compiled macros and operators are called inside an expression.
const OPERATORS: &[&str] = &[
    "_&&_",
    "_||_",
    "!_",
    "_==_",
    "_!=_",
    "_<_",
    "_<=_",
    "_>_",
    "_>=_",
    "@in",
    "_?_:_",
    "-_",
    "_+_",
    "_-_",
    "_[_]",
    "@not_strictly_false",
];
const PERSON: &[&str] =
    &["id", "name", "email", "title", "department", "location", "employment", "status", "manager", "groups", "roles"];
const ROLE: &[&str] = &["key", "name", "risk", "tags", "systems", "owner"];
const REQUEST: &[&str] = &["hours", "days", "reason", "for_self", "first_time"];

/// A condition that was read and found sound. In JSON and in files it is its text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition {
    text: String,
    compiled: Arc<Compiled>,
}

struct Compiled {
    program: Program,
    about_request: bool,
}

/// A text that is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; expected {expected}")]
pub struct InvalidCondition {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: String,
}

/// A condition that was sound and couldn't be worked out for these facts. Whoever asked is then excluded: a rule that
/// can't be checked doesn't open doors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the condition {condition} could not be worked out: {why}")]
pub struct ConditionFailed {
    /// The condition's text.
    pub condition: String,
    /// Why, in the evaluator's words.
    pub why: String,
}

/// A person as conditions see them. What isn't known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PersonView {
    /// The external id.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their title.
    pub title: String,
    /// Their department.
    pub department: String,
    /// Where they work.
    pub location: String,
    /// `employee`, `contractor` or, for a service identity, `service`.
    pub employment: String,
    /// The word of their status.
    pub status: String,
    /// Their manager's external id.
    pub manager: String,
    /// The keys of the groups that they are in.
    pub groups: Vec<String>,
    /// The keys of the roles that they hold.
    pub roles: Vec<String>,
}

/// A role as conditions see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RoleView {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// The word of its risk.
    pub risk: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The keys of the systems that it reaches.
    pub systems: Vec<String>,
    /// Its owner's external id.
    pub owner: String,
}

/// A request as conditions see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RequestView {
    /// How long is asked for, in hours.
    pub hours: i64,
    /// Why, as typed.
    pub reason: String,
    /// The person asks for themselves.
    pub for_self: bool,
    /// The person never held this role.
    pub first_time: bool,
}

/// Everything that a condition sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Whom it is for.
    pub person: PersonView,
    /// Who asks.
    pub requester: PersonView,
    /// The role.
    pub role: RoleView,
    /// What is asked for.
    pub request: RequestView,
}

impl Condition {
    /// Its text, as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// It looks at the request, so that it can't be answered before there is one.
    #[must_use]
    pub fn is_about_the_request(&self) -> bool {
        self.compiled.about_request
    }

    /// Whether it holds. `seen` is made once of the facts and serves many conditions.
    ///
    /// # Errors
    /// When it can't be worked out; treat that as "no".
    pub fn holds(&self, seen: &Seen) -> Result<bool, ConditionFailed> {
        let failed = |why: String| ConditionFailed { condition: self.text.clone(), why };
        match self.compiled.program.execute(&seen.0) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(other) => Err(failed(format!("it gave {:?}, not true or false", other.type_of()))),
            Err(e) => Err(failed(e.to_string())),
        }
    }
}

/// Facts in the form in which conditions read them.
pub struct Seen(Context<'static, 'static>);

impl Seen {
    /// The facts, ready to be read.
    #[must_use]
    pub fn new(facts: &Facts) -> Self {
        static ENV: OnceLock<Arc<Env>> = OnceLock::new();
        let mut context = Context::with_env(Arc::clone(ENV.get_or_init(|| Arc::new(Env::stdlib()))));
        context.add_variable_from_value("person", person(&facts.person));
        context.add_variable_from_value("requester", person(&facts.requester));
        context.add_variable_from_value("role", role(&facts.role));
        context.add_variable_from_value("request", request(&facts.request));
        Self(context)
    }
}

fn map<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    let map: HashMap<Key, Value> = entries.into_iter().map(|(key, value)| (Key::from(key), value)).collect();
    Value::Map(Map { map: Arc::new(map) })
}

fn list(of: &[String]) -> Value {
    Value::List(Arc::new(of.iter().map(|one| Value::from(one.as_str())).collect()))
}

fn person(of: &PersonView) -> Value {
    map([
        ("id", of.id.as_str().into()),
        ("name", of.name.as_str().into()),
        ("email", of.email.as_str().into()),
        ("title", of.title.as_str().into()),
        ("department", of.department.as_str().into()),
        ("location", of.location.as_str().into()),
        ("employment", of.employment.as_str().into()),
        ("status", of.status.as_str().into()),
        ("manager", of.manager.as_str().into()),
        ("groups", list(&of.groups)),
        ("roles", list(&of.roles)),
    ])
}

fn role(of: &RoleView) -> Value {
    map([
        ("key", of.key.as_str().into()),
        ("name", of.name.as_str().into()),
        ("risk", of.risk.as_str().into()),
        ("tags", list(&of.tags)),
        ("systems", list(&of.systems)),
        ("owner", of.owner.as_str().into()),
    ])
}

fn request(of: &RequestView) -> Value {
    map([
        ("hours", Value::Int(of.hours)),
        ("days", Value::Int(of.hours / 24)),
        ("reason", of.reason.as_str().into()),
        ("for_self", Value::Bool(of.for_self)),
        ("first_time", Value::Bool(of.first_time)),
    ])
}

impl std::str::FromStr for Condition {
    type Err = InvalidCondition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let compiled = kept(text).map_or_else(|| compile(text).map(|fresh| keep(text, fresh)), Ok)?;
        Ok(Self { text: text.to_owned(), compiled })
    }
}

type Kept = RwLock<BTreeMap<String, Arc<Compiled>>>;

/// Stored policies are read again and again; compiling takes a hundred times as long as looking it up.
fn memory() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(Kept::default)
}

fn kept(text: &str) -> Option<Arc<Compiled>> {
    memory().read().unwrap_or_else(PoisonError::into_inner).get(text).cloned()
}

fn keep(text: &str, compiled: Compiled) -> Arc<Compiled> {
    let compiled = Arc::new(compiled);
    let mut memory = memory().write().unwrap_or_else(PoisonError::into_inner);
    if memory.len() >= MAX_KEPT {
        memory.clear();
    }
    memory.insert(text.to_owned(), Arc::clone(&compiled));
    compiled
}

fn compile(text: &str) -> Result<Compiled, InvalidCondition> {
    let invalid = |message: String, expected: &str| InvalidCondition { message, expected: expected.to_owned() };
    if text.is_empty() {
        return Err(invalid("the condition is empty".to_owned(), EXAMPLE));
    }
    if text.chars().count() > MAX_CONDITION_CHARS {
        return Err(invalid(
            format!("the condition has {} characters", text.chars().count()),
            "at most 500; split it into several rules",
        ));
    }
    let program = Program::compile(text).map_err(|e| {
        let first = e.errors.first().map_or_else(|| "it can't be read".to_owned(), |e| e.msg.clone());
        invalid(format!("the condition can't be read: {}", shorten(&first)), EXAMPLE)
    })?;
    let mut reading = Reading { parts: 0, bound: Vec::new(), about_request: false };
    reading.expression(program.expression())?;
    let about_request = reading.about_request;
    let compiled = Compiled { program, about_request };
    // Values of the wrong kind ("risk > 3") show only when it runs: once with everything filled in finds most of them.
    match compiled.program.execute(&Seen::new(&probe()).0) {
        Ok(Value::Bool(_)) => Ok(compiled),
        Ok(other) => {
            Err(invalid(format!("the condition gives {:?}", other.type_of()), "something that is true or false"))
        }
        Err(e) => Err(invalid(format!("the condition can't be worked out: {}", shorten(&e.to_string())), EXAMPLE)),
    }
}

const EXAMPLE: &str = "an expression such as person.department == \"Finance\" && request.days <= 30";

fn shorten(words: &str) -> String {
    words.lines().next().unwrap_or_default().chars().take(160).collect()
}

fn probe() -> Facts {
    let text = || "a".to_owned();
    let someone = PersonView {
        id: text(),
        name: text(),
        email: text(),
        title: text(),
        department: text(),
        location: text(),
        employment: text(),
        status: text(),
        manager: text(),
        groups: vec![text()],
        roles: vec![text()],
    };
    Facts {
        person: someone.clone(),
        requester: someone,
        role: RoleView {
            key: text(),
            name: text(),
            risk: text(),
            tags: vec![text()],
            systems: vec![text()],
            owner: text(),
        },
        request: RequestView { hours: 1, reason: text(), for_self: true, first_time: true },
    }
}

/// Walks a condition once: everything that it names must exist, and it stays small.
struct Reading {
    parts: usize,
    /// The names that the macros around bind.
    bound: Vec<String>,
    about_request: bool,
}

impl Reading {
    fn expression(&mut self, of: &IdedExpr) -> Result<(), InvalidCondition> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(InvalidCondition {
                message: "the condition has too many parts".to_owned(),
                expected: format!("at most {MAX_PARTS} names, values and operators; split it into several rules"),
            });
        }
        match &of.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.field(&select.operand, &select.field),
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                if !FUNCTIONS.contains(&name) && !OPERATORS.contains(&name) {
                    return Err(InvalidCondition {
                        message: format!("the condition uses {name}, which conditions don't have"),
                        expected: format!("comparisons, in, &&, ||, !, exists, all, {}", FUNCTIONS.join(", ")),
                    });
                }
                call.target.iter().try_for_each(|target| self.expression(target))?;
                call.args.iter().try_for_each(|arg| self.expression(arg))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.expression(element)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(pair) => self.expression(&pair.key).and_then(|()| self.expression(&pair.value)),
                EntryExpr::StructField(field) => self.expression(&field.value),
            }),
            Expr::Struct(_) => Err(InvalidCondition {
                message: "the condition makes a structure".to_owned(),
                expected: EXAMPLE.to_owned(),
            }),
            Expr::Comprehension(each) => {
                if !self.bound.is_empty() {
                    return Err(InvalidCondition {
                        message: "the condition has a list macro inside another".to_owned(),
                        expected: "exists or all over one list at a time".to_owned(),
                    });
                }
                self.expression(&each.iter_range)?;
                self.bound.extend([each.iter_var.clone(), each.accu_var.clone()]);
                self.bound.extend(each.iter_var2.clone());
                let inside = [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result];
                let sound = inside.into_iter().try_for_each(|part| self.expression(part));
                self.bound.clear();
                sound
            }
        }
    }

    fn name(&mut self, name: &str) -> Result<(), InvalidCondition> {
        if self.bound.iter().any(|bound| bound == name) {
            return Ok(());
        }
        let whole = ["person", "requester", "role", "request"].contains(&name);
        let message = if whole {
            format!("the condition uses {name} as a whole")
        } else {
            format!("the condition names {name}, which isn't there")
        };
        Err(InvalidCondition { message, expected: fields() })
    }

    fn field(&mut self, of: &IdedExpr, field: &str) -> Result<(), InvalidCondition> {
        let Expr::Ident(name) = &of.expr else { return self.expression(of) };
        let known = match name.as_str() {
            "person" | "requester" => PERSON,
            "role" => ROLE,
            "request" => {
                self.about_request = true;
                REQUEST
            }
            _ => return self.name(name),
        };
        if known.contains(&field) {
            return Ok(());
        }
        Err(InvalidCondition {
            message: format!("the condition names {name}.{field}, which isn't there"),
            expected: format!("{name} has {}", known.join(", ")),
        })
    }
}

fn fields() -> String {
    "person.…, requester.…, role.… or request.… with one of their fields".to_owned()
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Condition {}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({:?})", self.text)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Condition {
    type Error = InvalidCondition;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            person: PersonView {
                department: "Finance".into(),
                employment: "employee".into(),
                groups: vec!["controllers".into(), "budget".into()],
                ..PersonView::default()
            },
            role: RoleView { risk: "high".into(), tags: vec!["money".into()], ..RoleView::default() },
            request: RequestView { hours: 72, for_self: true, ..RequestView::default() },
            ..Facts::default()
        }
    }

    fn holds(text: &str) -> bool {
        text.parse::<Condition>().unwrap().holds(&Seen::new(&facts())).unwrap()
    }

    #[test]
    fn what_is_true_holds() {
        for text in [
            "person.department == \"Finance\"",
            "person.department in [\"Legal\", \"Finance\"]",
            "\"controllers\" in person.groups && request.days <= 3",
            "request.hours == 72 && request.days == 3",
            "role.tags.exists(t, t.startsWith(\"mon\"))",
            "person.groups.all(g, g != \"interns\")",
            "!(role.risk == \"low\") && request.for_self",
            "size(person.roles) == 0",
            "request.hours + 1 > 72 ? true : false",
        ] {
            assert!(holds(text), "{text}");
        }
        assert!(!holds("person.department == \"Legal\""));
        assert!(!holds("role.tags.exists(t, t == \"people\")"));
    }

    #[test]
    fn what_is_not_sound_is_refused_with_what_would_be() {
        for (text, says) in [
            ("", "is empty"),
            ("person.departmnt == \"Finance\"", "person.departmnt, which isn't there"),
            ("request.colour == \"red\"", "request.colour"),
            ("persn.department == \"Finance\"", "persn, which isn't there"),
            ("person == requester", "person as a whole"),
            ("person.department", "gives String"),
            ("person.department == ", "can't be read"),
            ("role.risk > 3", "can't be worked out"),
            ("role.name.matches(\"a+\")", "uses matches"),
            ("person.roles.exists(r, role.tags.exists(t, t == r))", "inside another"),
            ("x.y.z == 1", "names x"),
        ] {
            let error = text.parse::<Condition>().map(|_| ()).unwrap_err();
            let whole = error.to_string();
            assert!(whole.contains(says), "{text}: {whole}");
            assert!(!error.expected.is_empty());
        }
        let long = format!("person.name == \"{}\"", "x".repeat(500));
        assert!(long.parse::<Condition>().unwrap_err().message.contains("characters"));
        let many = vec!["request.days>1"; 25].join("||");
        assert!(many.parse::<Condition>().is_ok());
        let more = vec!["1>0"; 60].join("||");
        assert!(more.parse::<Condition>().unwrap_err().to_string().contains("too many parts"));
    }

    #[test]
    fn it_is_known_whether_a_condition_needs_a_request() {
        assert!("request.days > 3".parse::<Condition>().unwrap().is_about_the_request());
        assert!(!"person.title == \"Clerk\"".parse::<Condition>().unwrap().is_about_the_request());
    }

    #[test]
    fn what_fails_while_it_runs_is_an_error_and_never_a_yes() {
        let condition: Condition = "person.groups[0] == \"a\"".parse().unwrap();
        let nobody = Facts::default();
        let failed = condition.holds(&Seen::new(&nobody)).unwrap_err();
        assert!(failed.condition.contains("groups[0]") && !failed.why.is_empty(), "{failed}");
    }

    #[test]
    fn it_is_its_text_in_json() {
        let condition: Condition = " request.days > 3 ".parse().unwrap();
        let json = serde_json::to_string(&condition).unwrap();
        assert_eq!(json, "\"request.days > 3\"");
        assert_eq!(serde_json::from_str::<Condition>(&json).unwrap(), condition);
        assert!(serde_json::from_str::<Condition>("\"nonsense\"").is_err());
    }
}

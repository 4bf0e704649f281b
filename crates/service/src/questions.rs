//! What a role asks whoever wants it, beside the reason: questions stand in its file, are versioned with it, and their answers
//! are frozen onto the item.

use std::collections::BTreeMap;

use latchkey_domain::RoleVersionId;
use latchkey_store::{AsConn, catalog::roles};
use regex::RegexBuilder;
use serde::{Deserialize, Serialize};

use crate::{FieldProblem, ServiceError, ServiceResult};

/// The most questions that a role asks.
pub const MAX_QUESTIONS: usize = 5;
/// The most answers that a question offers.
pub const MAX_OPTIONS: usize = 12;
/// The longest answer, in characters.
pub const MAX_ANSWER: usize = 500;
/// The longest pattern, in characters.
pub const MAX_PATTERN: usize = 200;
/// How much memory a pattern may take: what needs more isn't a ticket's number.
const PATTERN_BYTES: usize = 1 << 16;

/// What an answer looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A few words.
    Text,
    /// One of these.
    Choice {
        /// The answers.
        options: Vec<String>,
    },
    /// The number of a ticket.
    Ticket {
        /// The whole answer fits this pattern.
        pattern: String,
    },
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Stable within its role.
    pub key: String,
    /// What is asked.
    pub label: String,
    /// What helps to answer.
    pub help: String,
    /// It can't be left out.
    pub required: bool,
    /// What an answer looks like.
    #[serde(flatten)]
    pub kind: Kind,
}

/// An answer as it is frozen: the question's words stand with it, whatever the role asks later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's key.
    pub key: String,
    /// What was asked.
    pub label: String,
    /// What was answered.
    pub answer: String,
}

/// Reads a pattern; the error says what is wrong with it.
///
/// # Errors
/// When it isn't a regular expression, or one that needs too much.
pub fn pattern(text: &str) -> Result<regex::Regex, String> {
    RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES)
        .nest_limit(20)
        .build()
        .map_err(|e| match e {
            regex::Error::CompiledTooBig(_) => "needs too much".to_owned(),
            _ => "isn't a regular expression".to_owned(),
        })
}

/// The questions as they are stored; none is nothing.
#[must_use]
pub fn to_json(questions: &[Question]) -> Option<String> {
    if questions.is_empty() { None } else { serde_json::to_string(questions).ok() }
}

/// Reads stored questions.
///
/// # Errors
/// When a newer version wrote them.
pub fn from_json(stored: Option<&str>, version: uuid::Uuid) -> ServiceResult<Vec<Question>> {
    let Some(stored) = stored else { return Ok(Vec::new()) };
    serde_json::from_str(stored).map_err(|e| {
        ServiceError::Store(latchkey_store::StoreError::Inconsistent {
            table: "role_version",
            column: "questions",
            row: version.to_string(),
            found: e.to_string(),
        })
    })
}

/// What a version of a role asks.
///
/// # Errors
/// When the database fails, or a newer version wrote it.
pub async fn of(c: &mut impl AsConn, version: RoleVersionId) -> ServiceResult<Vec<Question>> {
    from_json(roles::questions(c, version).await?.as_deref(), version.0)
}

/// Answers as they are frozen.
#[must_use]
pub fn frozen(answers: &[Answer]) -> String {
    serde_json::to_string(answers).unwrap_or_default()
}

/// Answers as the log keeps them beside the event: a line each.
#[must_use]
pub fn in_words(answers: &[Answer]) -> String {
    answers.iter().map(|a| format!("{} {}", a.label, a.answer)).collect::<Vec<_>>().join("\n")
}

/// Reads frozen answers; what can't be read is left out.
#[must_use]
pub fn answers(stored: Option<&str>) -> Vec<Answer> {
    stored.and_then(|s| serde_json::from_str(s).ok()).unwrap_or_default()
}

/// Checks what was answered, all of it at once, and freezes it. What nobody asked is dropped.
///
/// # Errors
/// `BadInput` for each answer that is missing or that isn't what is expected: the field is `answer-` and the question's key.
pub fn check(questions: &[Question], answered: &BTreeMap<String, String>) -> ServiceResult<Vec<Answer>> {
    let mut problems = Vec::new();
    let mut frozen = Vec::new();
    for question in questions {
        let answer = answered.get(&question.key).map_or("", |a| a.trim());
        if let Some(message) = wrong(question, answer) {
            let field = format!("answer-{}", question.key);
            problems.push(FieldProblem::new(field, "request.answer", message));
        } else if !answer.is_empty() {
            let (key, label) = (question.key.clone(), question.label.clone());
            frozen.push(Answer { key, label, answer: answer.to_owned() });
        }
    }
    if problems.is_empty() { Ok(frozen) } else { Err(ServiceError::BadInput(problems)) }
}

fn wrong(question: &Question, answer: &str) -> Option<String> {
    let label = question.label.trim_end_matches(['?', ':', '.']);
    let help = if question.help.is_empty() { String::new() } else { format!(" {}", question.help) };
    if answer.is_empty() {
        return question.required.then(|| match &question.kind {
            Kind::Choice { .. } => format!("Choose an answer: {label}."),
            Kind::Text | Kind::Ticket { .. } => format!("Answer this: {label}.{help}"),
        });
    }
    if answer.chars().count() > MAX_ANSWER {
        return Some(format!("Use at most {MAX_ANSWER} characters: {label}."));
    }
    match &question.kind {
        Kind::Text => None,
        Kind::Choice { options } => {
            (!options.iter().any(|o| o == answer)).then(|| format!("Choose one of the answers: {label}."))
        }
        Kind::Ticket { pattern: text } => {
            let fits = pattern(text).is_ok_and(|p| p.is_match(answer));
            (!fits).then(|| format!("This doesn\u{2019}t look like what is asked: {label}.{help}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions() -> Vec<Question> {
        let question = |key: &str, required, kind| Question {
            key: key.to_owned(),
            label: format!("The {key}?"),
            help: "Such as OPS-12.".to_owned(),
            required,
            kind,
        };
        vec![
            question("ticket", true, Kind::Ticket { pattern: "OPS-[0-9]{1,6}".to_owned() }),
            question("where", true, Kind::Choice { options: vec!["Here".into(), "There".into()] }),
            question("more", false, Kind::Text),
        ]
    }

    fn answered(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn answers_are_frozen_with_what_was_asked() {
        let all =
            check(&questions(), &answered(&[("ticket", " OPS-12 "), ("where", "There"), ("other", "x")])).unwrap();
        let told: Vec<(&str, &str)> = all.iter().map(|a| (a.label.as_str(), a.answer.as_str())).collect();
        assert_eq!(told, [("The ticket?", "OPS-12"), ("The where?", "There")]);
        let stored = serde_json::to_string(&all).unwrap();
        assert_eq!(answers(Some(&stored)), all);
        assert_eq!(answers(Some("not json")), []);
        assert_eq!(check(&[], &BTreeMap::new()).unwrap(), []);
    }

    #[test]
    fn every_wrong_answer_is_named_at_once() {
        let Err(ServiceError::BadInput(problems)) = check(
            &questions(),
            &answered(&[("ticket", "see OPS-12 and more"), ("where", "Elsewhere"), ("more", &"x".repeat(501))]),
        ) else {
            panic!("problems")
        };
        let told: Vec<(&str, &str)> = problems.iter().map(|p| (p.field.as_str(), p.message.as_str())).collect();
        assert_eq!(
            told,
            [
                ("answer-ticket", "This doesn\u{2019}t look like what is asked: The ticket. Such as OPS-12."),
                ("answer-where", "Choose one of the answers: The where."),
                ("answer-more", "Use at most 500 characters: The more."),
            ]
        );
        let Err(ServiceError::BadInput(problems)) = check(&questions(), &BTreeMap::new()) else { panic!("problems") };
        assert_eq!(problems.len(), 2);
    }

    #[test]
    fn questions_survive_being_stored() {
        let json = to_json(&questions()).unwrap();
        assert_eq!(from_json(Some(&json), uuid::Uuid::nil()).unwrap(), questions());
        assert_eq!(to_json(&[]), None);
        assert!(from_json(Some("[{}]"), uuid::Uuid::nil()).is_err());
    }

    #[test]
    fn a_pattern_is_bounded() {
        assert!(pattern("[A-Z]+-[0-9]+").is_ok_and(|p| p.is_match("OPS-1") && !p.is_match("x OPS-1")));
        assert!(pattern("a|b").is_ok_and(|p| !p.is_match("ab") && !p.is_match("bx")));
        assert_eq!(pattern("(").unwrap_err(), "isn't a regular expression");
        assert_eq!(pattern("(?:a{1000}){1000}").unwrap_err(), "needs too much");
    }
}

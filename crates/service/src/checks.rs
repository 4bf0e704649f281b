//! What several actions check in the same way: who acts, and what they typed.

use latchkey_domain::actor::{Actor, PersonActor};

use crate::{FieldProblem, ServiceError, ServiceResult};

/// The longest comment or reason, in characters.
pub const MAX_WORDS: usize = 1000;

/// A signed-in person whose session a second factor confirmed. `what` says what didn't happen.
pub(crate) fn confirmed_person<'a>(actor: &'a Actor, what: &'static str) -> ServiceResult<&'a PersonActor> {
    let Actor::Person(person) = actor else {
        return Err(ServiceError::refused(
            "actor.not_a_person",
            what,
            "Only a signed-in person does this; a token never does.",
            "Sign in and do it there.",
        ));
    };
    if !person.assurance.mfa {
        return Err(ServiceError::refused(
            "actor.no_second_factor",
            what,
            "This needs a session that a second factor confirmed.",
            "Sign out and sign in again with your second factor.",
        ));
    }
    Ok(person)
}

/// Words that must be there and may not be too long.
pub(crate) fn words(field: &'static str, text: &str, code: [&str; 2], missing: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldProblem::new(field, code[0], missing));
    }
    if text.chars().count() > MAX_WORDS {
        return Err(FieldProblem::new(field, code[1], format!("Use at most {MAX_WORDS} characters.")));
    }
    Ok(text.to_owned())
}

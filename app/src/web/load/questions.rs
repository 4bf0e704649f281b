//! A role's questions as fields of a form.

use std::collections::BTreeMap;

use latchkey_service::questions::{Kind, Question};

use crate::pages::parts::QuestionField;

/// The fields. `prefix` begins their names; `error` knows what was wrong, by the question's key.
pub(super) fn fields(
    questions: Vec<Question>,
    prefix: &str,
    answered: &BTreeMap<String, String>,
    error: impl Fn(&str) -> Option<String>,
) -> Vec<QuestionField> {
    questions
        .into_iter()
        .map(|q| QuestionField {
            name: format!("{prefix}{}", q.key),
            value: answered.get(&q.key).cloned().unwrap_or_default(),
            error: error(&q.key),
            label: q.label,
            help: q.help,
            required: q.required,
            options: match q.kind {
                Kind::Choice { options } => options,
                Kind::Text | Kind::Ticket { .. } => Vec::new(),
            },
        })
        .collect()
}

//! One of many, where the many are too many for a list of choices.

use leptos::prelude::*;

use super::field::{Field, FieldIds};

/// An answer that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// What helps to choose; not shown in a select.
    pub hint: Option<String>,
    /// True for the chosen one.
    pub chosen: bool,
}

/// A labelled list that opens.
#[component]
pub fn Select(
    /// The name that the form sends.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// The answers.
    choices: Vec<Choice>,
    /// What helps to answer.
    #[prop(optional_no_strip, into)]
    hint: Option<String>,
    /// What is expected, after a wrong answer.
    #[prop(optional_no_strip, into)]
    error: Option<String>,
) -> impl IntoView {
    let ids = FieldIds::of(name);
    let described = ids.described_by(hint.is_some(), error.is_some());
    let wrong = error.is_some().then_some("true");
    view! {
        <Field name=name label=label hint=hint error=error>
            <select class="input" id=ids.control name=name aria-describedby=described aria-invalid=wrong>
                {choices
                    .into_iter()
                    .map(|choice| view! { <option value=choice.value selected=choice.chosen>{choice.label}</option> })
                    .collect_view()}
            </select>
        </Field>
    }
    .into_any()
}

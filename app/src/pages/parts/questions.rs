//! What a role asks beside the reason, as fields of a form.

use leptos::prelude::*;

use crate::components::FieldError;

/// One question as a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionField {
    /// The name that the form sends.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// What helps to answer.
    pub help: String,
    /// True if it can't be left out.
    pub required: bool,
    /// The answers to choose from; empty where one types.
    pub options: Vec<String>,
    /// What was answered so far.
    pub value: String,
    /// What is expected, after a wrong answer.
    pub error: Option<String>,
}

/// The questions, one after the other.
#[component]
pub fn QuestionFields(
    /// The questions.
    fields: Vec<QuestionField>,
) -> impl IntoView {
    fields.into_iter().map(question).collect_view()
}

fn question(field: QuestionField) -> AnyView {
    let QuestionField { name, label, help, required, options, value, error } = field;
    let control = format!("field-{name}");
    let hint = (!help.is_empty()).then(|| format!("{control}-hint"));
    let wrong = error.as_ref().map(|_| format!("{control}-error"));
    let described: Vec<String> = [wrong.clone(), hint.clone()].into_iter().flatten().collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let invalid = error.is_some().then_some("true");
    let class = if error.is_some() { "field field-wrong" } else { "field" };
    let of = control.clone();
    let input = if options.is_empty() {
        view! { <input class="input" id=control name=name value=value maxlength="500" aria-describedby=described aria-invalid=invalid/> }
            .into_any()
    } else {
        let nothing = value.is_empty();
        view! {
            <select class="input" id=control name=name aria-describedby=described aria-invalid=invalid>
                <option value="" selected=nothing>
                    "Choose"
                </option>
                {options
                    .into_iter()
                    .map(|option| {
                        let (chosen, sent) = (option == value, option.clone());
                        view! { <option value=sent selected=chosen>{option}</option> }
                    })
                    .collect_view()}
            </select>
        }
        .into_any()
    };
    view! {
        <div class=class>
            <label class="field-label" for=of>
                {label}
                {(!required).then_some(view! { <span class="field-optional">" (optional)"</span> })}
            </label>
            {hint.map(|id| view! { <p class="field-hint" id=id>{help}</p> })}
            {error.zip(wrong).map(|(message, id)| view! { <FieldError id=id message=message/> })}
            {input}
        </div>
    }
    .into_any()
}

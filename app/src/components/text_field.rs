//! One line of text.

use leptos::prelude::*;

use super::field::{Field, FieldIds};

/// A labelled line of text.
#[component]
pub fn TextField(
    /// The name that the form sends.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// What was typed before.
    #[prop(optional, into)]
    value: String,
    /// What helps to answer.
    #[prop(optional_no_strip, into)]
    hint: Option<String>,
    /// What is expected, after a wrong answer.
    #[prop(optional_no_strip, into)]
    error: Option<String>,
    /// The kind of keyboard and check: `text`, `search`, `email`, `date`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in: `one-time-code`, `off`.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// `numeric` brings the keypad.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// True if it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What the browser suggests while one types; one may type something else.
    #[prop(optional)]
    suggestions: Vec<String>,
) -> impl IntoView {
    let ids = FieldIds::of(name);
    let list = (!suggestions.is_empty()).then(|| format!("suggestions-{name}"));
    let described = ids.described_by(hint.is_some(), error.is_some());
    let wrong = error.is_some().then_some("true");
    view! {
        <Field name=name label=label hint=hint error=error optional=optional>
            <input
                class="input"
                id=ids.control
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                inputmode=inputmode
                list=list.clone()
                aria-describedby=described
                aria-invalid=wrong
                required=!optional
            />
            {list
                .map(|id| {
                    let options = suggestions.into_iter().map(|one| view! { <option value=one></option> }).collect_view();
                    view! { <datalist id=id>{options}</datalist> }
                })}
        </Field>
    }
    .into_any()
}

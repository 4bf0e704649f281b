//! Several lines of text.

use leptos::prelude::*;

use super::field::{Field, FieldIds};

/// A labelled box for several lines.
#[component]
pub fn TextArea(
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
    /// Lines shown.
    #[prop(default = 3)]
    rows: u8,
    /// The longest text in characters that the browser lets one type; the server counts again.
    #[prop(default = 2000)]
    longest: u32,
    /// True if it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let ids = FieldIds::of(name);
    let described = ids.described_by(hint.is_some(), error.is_some());
    let wrong = error.is_some().then_some("true");
    // No `required` here: an answer that is missing comes back from the server with words that say why it is needed.
    view! {
        <Field name=name label=label hint=hint error=error optional=optional>
            <textarea
                class="input"
                id=ids.control
                name=name
                rows=rows.to_string()
                maxlength=longest.to_string()
                aria-describedby=described
                aria-invalid=wrong
            >
                {value}
            </textarea>
        </Field>
    }
    .into_any()
}

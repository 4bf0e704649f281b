//! What every field of a form has: a label, a hint, an error, and the ids that tie them together.

use leptos::prelude::*;

/// The ids of a field come from its name, so that they are the same on every drawing and a link can point at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIds {
    /// Of the control.
    pub control: String,
    /// Of the hint.
    pub hint: String,
    /// Of the error.
    pub error: String,
}

impl FieldIds {
    /// The ids for a field of this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self {
            control: format!("field-{name}"),
            hint: format!("field-{name}-hint"),
            error: format!("field-{name}-error"),
        }
    }

    /// The value of `aria-describedby`: the error first, since it is what one came back for.
    #[must_use]
    pub fn described_by(&self, hint: bool, error: bool) -> Option<String> {
        match (hint, error) {
            (true, true) => Some(format!("{} {}", self.error, self.hint)),
            (true, false) => Some(self.hint.clone()),
            (false, true) => Some(self.error.clone()),
            (false, false) => None,
        }
    }
}

/// The message under a label: hidden words for those who hear it, then what is expected.
#[component]
pub fn FieldError(
    /// Its id.
    id: String,
    /// What is expected.
    message: String,
) -> impl IntoView {
    view! {
        <p class="field-error" id=id>
            <span class="unseen">"Error: "</span>
            {message}
        </p>
    }
}

/// A label, a hint and an error around one control.
#[component]
pub fn Field(
    /// The name that the form sends.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// What helps to answer.
    #[prop(optional_no_strip, into)]
    hint: Option<String>,
    /// What was wrong with the last answer, and what is expected.
    #[prop(optional_no_strip, into)]
    error: Option<String>,
    /// True if it may stay empty; the label says so.
    #[prop(optional)]
    optional: bool,
    /// The control, with the ids of `FieldIds::of(name)`.
    children: Children,
) -> impl IntoView {
    let ids = FieldIds::of(name);
    let class = if error.is_some() { "field field-wrong" } else { "field" };
    view! {
        <div class=class>
            <label class="field-label" for=ids.control>
                {label}
                {optional.then_some(view! { <span class="field-optional">" (optional)"</span> })}
            </label>
            {hint.map(|hint| view! { <p class="field-hint" id=ids.hint>{hint}</p> })}
            {error.map(|message| view! { <FieldError id=ids.error message=message/> })}
            {children()}
        </div>
    }
    .into_any()
}

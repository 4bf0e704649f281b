//! One of a few, all of them in sight.

use leptos::prelude::*;

use super::field::{FieldError, FieldIds};
use super::select::Choice;

/// A question with radio buttons. The first button carries the field's id, so that an error summary can lead to it.
#[component]
pub fn ChoiceGroup(
    /// The name that the form sends.
    name: &'static str,
    /// The question.
    #[prop(into)]
    legend: String,
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
    let control = ids.control.clone();
    let class = if error.is_some() { "field field-wrong" } else { "field" };
    view! {
        <fieldset class=class aria-describedby=described>
            <legend class="field-label">{legend}</legend>
            {hint.map(|hint| view! { <p class="field-hint" id=ids.hint>{hint}</p> })}
            {error.map(|message| view! { <FieldError id=ids.error message=message/> })}
            <div class="choices">
                {choices
                    .into_iter()
                    .enumerate()
                    .map(|(at, choice)| {
                        let id = if at == 0 { control.clone() } else { format!("{control}-{at}") };
                        let of = id.clone();
                        view! {
                            <label class="choice" for=of>
                                <input type="radio" id=id name=name value=choice.value checked=choice.chosen/>
                                <span class="choice-label">{choice.label}</span>
                                {choice.hint.map(|hint| view! { <span class="choice-hint">{hint}</span> })}
                            </label>
                        }
                    })
                    .collect_view()}
            </div>
        </fieldset>
    }
    .into_any()
}

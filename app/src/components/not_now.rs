//! An action that one may expect and that isn't possible now: shown, disabled, with the rule that says so.

use leptos::prelude::*;

use super::{Sentence, Words};
use crate::frame::Reader;

/// An action that isn't possible now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotNow {
    /// What it would do, as a verb.
    pub label: String,
    /// Which rule says no, and from when or by whom it would be possible.
    pub why: Sentence,
}

impl NotNow {
    /// An action and why it isn't possible.
    #[must_use]
    pub fn new(label: impl Into<String>, why: impl Into<Sentence>) -> Self {
        Self { label: label.into(), why: why.into() }
    }
}

/// The buttons stay where they would be and can be reached by keyboard, so that the reason is heard with them.
#[component]
pub fn NotNowList(
    /// The actions.
    actions: Vec<NotNow>,
    /// What the ids on this page begin with.
    id: String,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    (!actions.is_empty()).then(|| {
        view! {
            <ul class="not-now">
                {actions
                    .into_iter()
                    .enumerate()
                    .map(|(at, NotNow { label, why })| {
                        let why_id = format!("why-not-{id}-{at}");
                        let describes = why_id.clone();
                        view! {
                            <li>
                                <button type="button" class="button" aria-disabled="true" aria-describedby=describes>
                                    {label}
                                </button>
                                <span class="why-not" id=why_id>
                                    <Words sentence=why reader=reader/>
                                </span>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        }
        .into_any()
    })
}

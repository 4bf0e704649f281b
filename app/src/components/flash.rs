//! What just happened, told once after a change.

use leptos::prelude::*;

use super::sentence::{Sentence, Words};
use super::state::{Mark, MarkShape};
use crate::frame::Reader;

/// The outcome of the last change, kept in the session until it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlashMessage {
    /// `Done`, `Attention` or `Failed`.
    pub mark: Mark,
    /// What happened.
    pub words: Sentence,
}

/// Announces politely, or at once if it failed.
#[component]
pub fn Flash(
    /// What to tell.
    message: FlashMessage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let role = if message.mark == Mark::Failed { "alert" } else { "status" };
    view! {
        <div class=format!("flash tone-{}", message.mark.tone()) role=role>
            <MarkShape mark=message.mark/>
            <p>
                <Words sentence=message.words reader=reader/>
            </p>
        </div>
    }
}

//! Something to know before one goes on: why not, what changed meanwhile, what is unusual.

use leptos::prelude::*;

use super::state::{Mark, MarkShape};

/// A block with a shape, a title and words.
#[component]
pub fn Notice(
    /// Shape and colour.
    mark: Mark,
    /// What is so.
    #[prop(into)]
    title: String,
    /// Why, and what helps.
    children: Children,
) -> impl IntoView {
    view! {
        <div class=format!("notice tone-{}", mark.tone())>
            <MarkShape mark=mark/>
            <div class="notice-body">
                <p class="notice-title">{title}</p>
                {children()}
            </div>
        </div>
    }
}

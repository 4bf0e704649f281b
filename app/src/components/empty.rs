//! A list with nothing in it says why, and what one can do.

use leptos::prelude::*;

/// Stands where the list would be.
#[component]
pub fn Empty(
    /// What is not there.
    #[prop(into)]
    title: String,
    /// Why, and what helps. May hold a link.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            {children.map(|children| view! { <div class="empty-help">{children()}</div> })}
        </div>
    }
}

//! The actions of a page or of a form, in one row that wraps.

use leptos::prelude::*;

/// Holds buttons. The main one comes first.
#[component]
pub fn ActionBar(
    /// Buttons and link buttons.
    children: Children,
) -> impl IntoView {
    view! { <div class="action-bar">{children()}</div> }
}

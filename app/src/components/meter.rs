//! How far, as a bar with its words.

use leptos::prelude::*;

/// A native meter: its value is in the words too.
#[component]
pub fn Meter(
    /// How many are done.
    value: u32,
    /// Of how many.
    of: u32,
    /// The words: "7 of 9 people in your team".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <span class="meter">
            <meter min="0" max=of.max(1).to_string() value=value.min(of).to_string() aria-label=label.clone()>
                {label.clone()}
            </meter>
            <span aria-hidden="true">
                {label}
            </span>
        </span>
    }
}

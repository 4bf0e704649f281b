//! More, for those who want it.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// Opens and closes in the browser, without any script.
#[component]
pub fn Disclosure(
    /// What is inside.
    #[prop(into)]
    label: String,
    /// True if it starts open.
    #[prop(optional)]
    open: bool,
    /// The inside.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="disclosure" open=open>
            <summary>
                <Icon glyph=Glyph::Down/>
                {label}
            </summary>
            <div>{children()}</div>
        </details>
    }
}

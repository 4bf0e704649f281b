//! A system in a line, and its health in words.

use leptos::prelude::*;

use super::state::{MarkShape, StateWord};

/// A system as pages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemRef {
    /// Its name.
    pub name: String,
    /// Its page, if the reader may open it.
    pub href: Option<String>,
}

/// The name, as a link where there is a page.
#[component]
pub fn SystemName(
    /// Which one.
    system: SystemRef,
) -> impl IntoView {
    match system.href {
        Some(href) => view! { <a class="system-name" href=href>{system.name}</a> }.into_any(),
        None => view! { <span class="system-name">{system.name}</span> }.into_any(),
    }
}

/// Healthy, or what is wrong in words, and the system's own words under it.
#[component]
pub fn SystemHealth(
    /// The state.
    state: StateWord,
    /// What the system or the connection said last, if something is wrong.
    #[prop(optional_no_strip)]
    said: Option<String>,
) -> impl IntoView {
    view! {
        <span class=format!("state tone-{}", state.mark.tone())>
            <MarkShape mark=state.mark/>
            <span>
                {state.word}
                {said.map(|said| view! { <span class="system-said">{said}</span> })}
            </span>
        </span>
    }
}

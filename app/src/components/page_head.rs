//! The head of a page: the way back, the one h1, what it is in a sentence, and the action.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// Where a page hangs: the list that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// What is read.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// The one `h1`, with what stands around it.
#[component]
pub fn PageHead(
    /// The heading. It says what is so, where that can be said: "Two requests wait for you".
    #[prop(into)]
    title: String,
    /// The way back.
    #[prop(optional_no_strip, into)]
    back: Option<Crumb>,
    /// Under the heading: a sentence, states, facts in a line.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="page-head">
            {back.map(|crumb| {
                view! {
                    <a class="back" href=crumb.href>
                        <Icon glyph=Glyph::Left/>
                        {crumb.label}
                    </a>
                }
            })}
            <h1>{title}</h1>
            {children.map(|children| view! { <div class="page-lead">{children()}</div> })}
        </header>
    }
    .into_any()
}

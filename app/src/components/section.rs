//! A part of a page under a ruled heading, like a section of a statement.

use leptos::prelude::*;

/// A heading with a rule under it, a remark at its right, and what belongs to it.
#[component]
pub fn Section(
    /// The id of the heading, for links and for the label of the section.
    id: &'static str,
    /// The heading.
    #[prop(into)]
    title: String,
    /// A count or a remark at the right of the heading.
    #[prop(optional_no_strip, into)]
    aside: Option<String>,
    /// What belongs to it.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="section" aria-labelledby=id>
            <div class="section-head">
                <h2 id=id>{title}</h2>
                {aside.map(|aside| view! { <p class="section-aside">{aside}</p> })}
            </div>
            {children()}
        </section>
    }
    .into_any()
}

//! A person in a line: the name first, what they are second.

use leptos::prelude::*;

/// A person as pages name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRef {
    /// Given and family name.
    pub name: String,
    /// Their page, if the reader may open it.
    pub href: Option<String>,
    /// Title, department, or how they stand to the reader: "your manager".
    pub detail: Option<String>,
}

impl PersonRef {
    /// Somebody with a page.
    #[must_use]
    pub fn linked(name: impl Into<String>, href: impl Into<String>) -> Self {
        Self { name: name.into(), href: Some(href.into()), detail: None }
    }

    /// Adds what they are.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// The name, as a link where there is a page, and what they are.
#[component]
pub fn PersonChip(
    /// Who.
    person: PersonRef,
) -> impl IntoView {
    let name = match person.href {
        Some(href) => view! { <a class="person-name" href=href>{person.name}</a> }.into_any(),
        None => view! { <span class="person-name">{person.name}</span> }.into_any(),
    };
    view! {
        <span>
            {name}
            {person.detail.map(|detail| view! { <span class="person-detail">{detail}</span> })}
        </span>
    }
}

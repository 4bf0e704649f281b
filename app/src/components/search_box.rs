//! Search within a list: a plain GET form that keeps what else is in the address.

use leptos::prelude::*;

use super::button::HiddenFields;
use super::icon::{Glyph, Icon};

/// A labelled line with a button. The label is heard; the placeholder only gives examples.
#[component]
pub fn SearchBox(
    /// Where it leads.
    #[prop(into)]
    action: String,
    /// What is searched: "Search the catalog".
    #[prop(into)]
    label: String,
    /// What was searched.
    #[prop(optional, into)]
    value: String,
    /// Other parts of the address that stay.
    #[prop(optional)]
    keep: Vec<(&'static str, String)>,
    /// An example of what one could type.
    #[prop(optional)]
    example: &'static str,
    /// The id of the control.
    #[prop(default = "search")]
    id: &'static str,
) -> impl IntoView {
    let of = label.clone();
    view! {
        <form class="search-box" method="get" action=action role="search" aria-label=of>
            <HiddenFields fields=keep/>
            <label class="unseen" for=id>
                {label}
            </label>
            <span class="search-line">
                <Icon glyph=Glyph::Search/>
                <input class="input" id=id type="search" name="q" value=value placeholder=example autocomplete="off"/>
            </span>
            <button class="button" type="submit">
                "Search"
            </button>
        </form>
    }
    .into_any()
}

//! Paging by key: newer and older, never a number of a page that moves while one reads.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// Where a list goes on, in both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageLinks {
    /// The rows before these.
    pub newer: Option<String>,
    /// The rows after these.
    pub older: Option<String>,
    /// What is shown: "50 of 1,243 requests".
    pub shown: String,
}

/// The words of the two links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PagerWords {
    /// For lists by time.
    #[default]
    NewerOlder,
    /// For lists by name or rank.
    BackOn,
}

/// Shows what is shown, and the links if there are any.
#[component]
pub fn Pager(
    /// Where the list goes on.
    links: PageLinks,
    /// What kind of list it is.
    #[prop(optional)]
    words: PagerWords,
) -> impl IntoView {
    let (back, on) = match words {
        PagerWords::NewerOlder => ("Newer", "Older"),
        PagerWords::BackOn => ("Previous", "Next"),
    };
    let pages = links.newer.is_some() || links.older.is_some();
    let nav = view! {
        <nav class="pager-links" aria-label="Pages">
            {links
                .newer
                .map(|href| {
                    view! {
                        <a class="button" rel="prev" href=href>
                            <Icon glyph=Glyph::Left/>
                            {back}
                        </a>
                    }
                })}
            {links
                .older
                .map(|href| {
                    view! {
                        <a class="button" rel="next" href=href>
                            {on}
                            <Icon glyph=Glyph::Right/>
                        </a>
                    }
                })}
        </nav>
    };
    view! {
        <div class="pager">
            <p>{links.shown}</p>
            {pages.then_some(nav)}
        </div>
    }
    .into_any()
}

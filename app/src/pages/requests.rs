//! My requests: everything that the reader asked for, has a part in, or decided; open first, searchable, closed ones too.

use leptos::prelude::*;

use super::parts::{RequestLine, RequestLines};
use crate::components::{
    Chosen, ChosenFacets, Empty, FacetGroup, Facets, LinkButton, PageHead, PageLinks, Pager, SearchBox, Tab, Tabs,
};
use crate::frame::Reader;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestsPage {
    /// What was searched.
    pub query: String,
    /// What else the address holds and a new search keeps.
    pub keep: Vec<(&'static str, String)>,
    /// "Open", "Closed", "All", with counts.
    pub tabs: Vec<Tab>,
    /// Ways to narrow: by how the reader has a part in it, by state.
    pub facets: Vec<FacetGroup>,
    /// What is in force.
    pub chosen: Vec<Chosen>,
    /// The list without search and facets.
    pub clear: String,
    /// The lines.
    pub lines: Vec<RequestLine>,
    /// What is shown and where the list goes on.
    pub links: PageLinks,
}

impl RequestsPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        let tab = self.tabs.iter().find(|tab| tab.here).map(|tab| tab.label.to_lowercase());
        match (self.query.is_empty(), tab) {
            (false, _) => format!("\u{201c}{}\u{201d} in requests", self.query),
            (true, Some(tab)) => format!("Requests: {tab}"),
            (true, None) => "Requests".to_owned(),
        }
    }
}

/// Draws the page.
#[component]
pub fn RequestsView(
    /// What it shows.
    page: RequestsPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let RequestsPage { query, keep, tabs, facets, chosen, clear, lines, links } = page;
    let narrowed = !query.is_empty() || !chosen.is_empty();
    view! {
        <PageHead title="My requests">
            <p>"What you asked for, what others asked for you, and what you decided."</p>
        </PageHead>
        <SearchBox
            action="/requests"
            label="Search requests"
            value=query
            keep=keep
            example="a role, a person, words from the reason"
            id="requests-search"
        />
        <Tabs tabs=tabs label="Which requests"/>
        <div class="beside">
            {(!facets.is_empty()).then(|| view! { <Facets groups=facets what="requests"/> })}
            <div class="beside-main">
                <ChosenFacets chosen=chosen clear=clear.clone()/>
                {if lines.is_empty() && narrowed {
                    view! {
                        <Empty title="No request fits">
                            <p>
                                "Try fewer words, or " <a href=clear>"look at all of them"</a> "."
                            </p>
                        </Empty>
                    }
                        .into_any()
                } else if lines.is_empty() {
                    view! {
                        <Empty title="There are no requests here">
                            <p>"Whatever you ask for stays here, with every step."</p>
                            <LinkButton href="/catalog" label="Find a role"/>
                        </Empty>
                    }
                        .into_any()
                } else {
                    view! {
                        <RequestLines lines=lines reader=reader/>
                        <Pager links=links/>
                    }
                        .into_any()
                }}
            </div>
        </div>
    }
    .into_any()
}

//! The lists of wishes: one's own, and those that wait for one.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    Empty, LinkButton, PageHead, PageLinks, Pager, PagerWords, State, StateWord, Tab, Tabs, Time, Told,
};
use crate::frame::Reader;

/// A wish in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishLine {
    /// Its page.
    pub href: String,
    /// What is wished for, in their words.
    pub words: String,
    /// Who wishes, if it isn't the reader.
    pub who: Option<String>,
    /// Where it stands.
    pub state: StateWord,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishesPage {
    /// Own, and those to answer.
    pub tabs: Vec<Tab>,
    /// True for those to answer.
    pub to_answer: bool,
    /// The lines.
    pub lines: Vec<WishLine>,
    /// Where the list goes on.
    pub links: PageLinks,
    /// True if wishes are answered here.
    pub may_wish: bool,
}

impl WishesPage {
    /// The title: what is so.
    #[must_use]
    pub fn title(&self) -> String {
        match (self.to_answer, self.lines.len()) {
            (true, 0) => "No wish waits for you".to_owned(),
            (true, 1) => "One wish waits for you".to_owned(),
            (true, _) => "Wishes that wait for you".to_owned(),
            (false, _) => "Your wishes".to_owned(),
        }
    }
}

/// Draws the page.
#[component]
pub fn WishesView(
    /// What it shows.
    page: WishesPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let WishesPage { tabs, to_answer, lines, links, may_wish } = page;
    view! {
        <PageHead title=title>
            <p>"What isn\u{2019}t in the catalog, asked for in words."</p>
        </PageHead>
        <Tabs tabs=tabs label="Which wishes"/>
        {if lines.is_empty() {
            let empty = if to_answer { "Nothing waits for your answer" } else { "You have wished for nothing yet" };
            view! {
                <Empty title=empty>
                    <p>"Whatever is in the catalog is asked for there: " <a href="/catalog">"look first"</a> "."</p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                <ul class="rows">{lines.into_iter().map(|line| wish_line(line, reader)).collect_view()}</ul>
                <Pager links=links words=PagerWords::BackOn/>
            }
                .into_any()
        }}
        {(may_wish && !to_answer).then(|| view! { <p class="rows-more"><LinkButton href="/wishes/new" label="Ask for something in words"/></p> })}
    }
    .into_any()
}

fn wish_line(line: WishLine, reader: Reader) -> AnyView {
    let WishLine { href, words, who, state, since } = line;
    view! {
        <li class="row row-team" data-row="">
            <div class="row-main">
                <p class="row-title">
                    <a class="row-link" href=href>
                        {words}
                    </a>
                </p>
                <p class="row-text">
                    {who.map(|who| view! { <span>{who} ", "</span> })} <Time at=since reader=reader told=Told::Relative/>
                </p>
            </div>
            <p class="row-when">
                <State state=state/>
            </p>
        </li>
    }
    .into_any()
}

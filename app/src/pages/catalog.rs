//! The catalog: search, facets at the left, results as rows of two lines.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;

use crate::components::{
    Button, ButtonForm, Chosen, ChosenFacets, Empty, FacetGroup, Facets, Mark, PageHead, PageLinks, Pager, PagerWords,
    Risk, RiskLevel, SearchBox, Section, State, StateWord, Weight, duration_words, last_day,
};
use crate::frame::Reader;

/// How the reader stands to a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They have it, until then or without an end.
    Have(Option<DateTime<Utc>>),
    /// They asked; where that stands, and its page.
    Asked {
        /// "Waiting for your manager".
        stands: String,
        /// The request.
        href: String,
    },
    /// They can ask.
    CanAsk,
    /// They can't, and why: "Only for employees".
    CanNot(String),
}

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogRow {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it lets one do.
    pub description: String,
    /// The systems that it reaches, by name.
    pub systems: Vec<String>,
    /// How risky it is.
    pub risk: RiskLevel,
    /// How long it usually takes from asking to having it, if that is known.
    pub usual_time: Option<Duration>,
    /// How the reader stands to it.
    pub relation: Relation,
    /// Where permissions were looked for: what this role has to do with them.
    pub also: Option<String>,
    /// What puts it into the cart: the role's id; nothing where it can't be asked for or waits already.
    pub to_cart: Option<String>,
}

/// A role that most of the reader's teammates have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestedRole {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it lets one do.
    pub description: String,
    /// "5 of your 7 teammates have this".
    pub why: String,
}

/// What the catalog shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPage {
    /// What was searched.
    pub query: String,
    /// What else the address holds and a new search keeps: names and values.
    pub keep: Vec<(&'static str, String)>,
    /// Ways to narrow.
    pub facets: Vec<FacetGroup>,
    /// What is in force.
    pub chosen: Vec<Chosen>,
    /// The catalog without search and facets.
    pub clear: String,
    /// The roles of this page.
    pub rows: Vec<CatalogRow>,
    /// How many there are and where the list goes on.
    pub links: PageLinks,
    /// True if the company has no roles at all yet.
    pub nothing_applied: bool,
    /// What teammates have; shown before anything is searched.
    pub suggested: Vec<SuggestedRole>,
    /// Roles that aren't for the reader, where there are some.
    pub others: Option<Others>,
    /// Where what isn't in it is asked for in words, if somebody answers that.
    pub wish: Option<String>,
    /// This page, for the way back after putting something into the cart.
    pub back: String,
}

/// Roles that aren't for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Others {
    /// How many.
    pub count: u32,
    /// Where they are shown, or left out again.
    pub href: String,
    /// They are shown now.
    pub shown: bool,
}

impl Others {
    fn words(&self) -> (String, &'static str) {
        let roles = if self.count == 1 {
            "1 role isn\u{2019}t".to_owned()
        } else {
            format!("{} roles aren\u{2019}t", self.count)
        };
        let link = if self.shown { "Leave them out" } else { "Show them too" };
        (format!("{roles} for you, by policy. "), link)
    }
}

impl CatalogPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        if self.query.is_empty() {
            "Catalog".to_owned()
        } else {
            format!("\u{201c}{}\u{201d} in the catalog", self.query)
        }
    }
}

/// Draws the catalog.
#[component]
pub fn CatalogView(
    /// What it shows.
    page: CatalogPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let CatalogPage { query, keep, facets, chosen, clear, rows, links, nothing_applied, suggested, others, wish, back } =
        page;
    view! {
        <PageHead title="Catalog">
            <p>
                "Find what you need to do and ask for it. Each role says what it gives and who decides. Or "
                <a href="/compare">"ask for what a teammate has"</a> "."
            </p>
        </PageHead>
        <SearchBox
            action="/catalog"
            label="Search the catalog"
            value=query.clone()
            keep=keep
            example="payroll, VPN, read the warehouse"
            id="catalog-search"
        />
        <div class="beside">
            <Facets groups=facets what="roles"/>
            <div class="beside-main">
                <ChosenFacets chosen=chosen clear=clear.clone()/>
                {(!suggested.is_empty()).then(|| suggestions(suggested))}
                {if rows.is_empty() {
                    nothing_found(&query, clear, nothing_applied)
                } else {
                    view! {
                        <ul class="rows">{rows.into_iter().map(|row| catalog_row(row, &back, reader)).collect_view()}</ul>
                        <Pager links=links words=PagerWords::BackOn/>
                    }
                        .into_any()
                }}
                {wish
                    .map(|href| {
                        view! {
                            <p class="muted">
                                "Not what you need? " <a href=href>"Ask for it in words"</a> "."
                            </p>
                        }
                    })}
                {others
                    .map(|others| {
                        let (words, link) = others.words();
                        view! {
                            <p class="muted">
                                {words} <a href=others.href>{link}</a>
                            </p>
                        }
                    })}
            </div>
        </div>
    }
    .into_any()
}

fn nothing_found(query: &str, clear: String, nothing_applied: bool) -> AnyView {
    if nothing_applied {
        return view! {
            <Empty title="The catalog is empty">
                <p>"An administrator fills it with " <code>"latchkey apply DIR"</code> ". Roles appear here at once."</p>
            </Empty>
        }
        .into_any();
    }
    let title = if query.is_empty() {
        "No role fits all of these".to_owned()
    } else {
        format!("No role fits \u{201c}{query}\u{201d}")
    };
    view! {
        <Empty title=title>
            <p>
                "Try what you want to do rather than what the system is called, with fewer words, or "
                <a href=clear>"look at all roles"</a> "."
            </p>
        </Empty>
    }
    .into_any()
}

fn catalog_row(row: CatalogRow, back: &str, reader: Reader) -> AnyView {
    let CatalogRow { name, href, description, systems, risk, usual_time, relation, also, to_cart } = row;
    let about = name.clone();
    view! {
        <li class="row row-role" data-row="">
            <div class="row-main">
                <p class="row-title">
                    <a class="row-link" href=href>
                        {name}
                    </a>
                    <span class="row-systems">{systems.join(", ")}</span>
                </p>
                <p class="row-text">{description}</p>
                {also.map(|words| view! { <p class="row-also">{words}</p> })}
            </div>
            <p class="row-facts">
                <Risk level=risk/>
                {usual_time.map(|time| view! { <span>{format!("Usually {}", duration_words(time))}</span> })}
            </p>
            <div class="row-ask">
                <p>{relation_words(relation, reader)}</p>
                {to_cart
                    .map(|role| {
                        view! {
                            <ButtonForm action="/do/add-to-cart" fields=vec![("role_id", role), ("back", back.to_owned())]>
                                <Button label="Add to cart" about=about weight=Weight::Quiet/>
                            </ButtonForm>
                        }
                    })}
            </div>
        </li>
    }
    .into_any()
}

fn suggestions(suggested: Vec<SuggestedRole>) -> AnyView {
    view! {
        <Section id="suggested" title="Your teammates have">
            <ul class="rows">
                {suggested
                    .into_iter()
                    .map(|one| {
                        view! {
                            <li class="row row-team" data-row="">
                                <div class="row-main">
                                    <p class="row-title">
                                        <a class="row-link" href=one.href>
                                            {one.name}
                                        </a>
                                    </p>
                                    <p class="row-text">{one.description}</p>
                                </div>
                                <p class="row-when">{one.why}</p>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </Section>
    }
    .into_any()
}

fn relation_words(relation: Relation, reader: Reader) -> AnyView {
    match relation {
        Relation::Have(Some(until)) => {
            view! { <State state=StateWord::new(Mark::Done, format!("Yours until {}", last_day(until, reader)))/> }
                .into_any()
        }
        Relation::Have(None) => view! { <State state=StateWord::new(Mark::Done, "Yours")/> }.into_any(),
        Relation::Asked { stands, href } => view! {
            <a href=href>
                <State state=StateWord::new(Mark::Waiting, stands)/>
            </a>
        }
        .into_any(),
        Relation::CanAsk => view! { <span class="muted">"You can ask"</span> }.into_any(),
        Relation::CanNot(why) => view! { <State state=StateWord::new(Mark::Ended, why)/> }.into_any(),
    }
}

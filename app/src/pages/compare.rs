//! "Ask for what a teammate has": whom to compare with, then the difference with what can be asked for.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, Choice, Empty, HiddenFields, LinkButton, Mark, Notice, PageHead, PageLinks, Pager, PagerWords,
    Risk, RiskLevel, SearchBox, Section, Select, Weight, plural,
};

/// A teammate to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mate {
    /// Their name.
    pub name: String,
    /// Title and department.
    pub detail: String,
    /// This page, compared with them.
    pub href: String,
}

/// A role that the teammate has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// What is sent.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it lets one do.
    pub description: String,
    /// How risky it is.
    pub risk: RiskLevel,
}

/// What the page shows below its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Nobody is chosen yet.
    Choose {
        /// What was searched.
        query: String,
        /// The people of this page of the list.
        mates: Vec<Mate>,
        /// Where the list goes on.
        links: PageLinks,
    },
    /// The difference.
    Difference {
        /// The teammate's name.
        mate: String,
        /// What can be asked for.
        can: Vec<Proposed>,
        /// What can't be asked for, and why.
        cannot: Vec<(String, String)>,
        /// How many roles both have.
        both: usize,
        /// The list of teammates.
        others: String,
        /// This page: the way back after putting roles into the cart.
        back: String,
    },
    /// It may not be compared, why, and what helps.
    No {
        /// Which rule says so.
        why: String,
        /// What helps.
        help: String,
    },
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparePage {
    /// For whom: the id.
    pub subject: String,
    /// Their name, if it isn't the reader.
    pub subject_name: Option<String>,
    /// Whom the reader may ask for; empty if only for themselves.
    pub subjects: Vec<Choice>,
    /// The rest.
    pub compared: Compared,
}

impl ComparePage {
    /// The title: what is so.
    #[must_use]
    pub fn title(&self) -> String {
        let whose =
            self.subject_name.as_ref().map_or_else(|| "you don\u{2019}t".to_owned(), |n| format!("{n} doesn\u{2019}t"));
        match &self.compared {
            Compared::Difference { mate, .. } => format!("What {mate} has and {whose}"),
            _ => "Ask for what a teammate has".to_owned(),
        }
    }
}

/// Draws the page.
#[component]
pub fn CompareView(
    /// What it shows.
    page: ComparePage,
) -> impl IntoView {
    let title = page.title();
    let ComparePage { subject, subjects, compared, .. } = page;
    let body = match compared {
        Compared::Choose { query, mates, links } => choose(subject, subjects, query, mates, links),
        Compared::Difference { mate, can, cannot, both, others, back } => {
            difference(subject, &mate, can, cannot, both, others, back)
        }
        Compared::No { why, help } => view! {
            <Notice mark=Mark::Ended title=why>
                <p>{help}</p>
            </Notice>
            <p class="rows-more">
                <a href="/compare">"Choose somebody else"</a>
            </p>
        }
        .into_any(),
    };
    view! {
        <PageHead title=title>
            <p>"You see roles only, and only of people who report to you or have the same manager."</p>
        </PageHead>
        {body}
    }
    .into_any()
}

fn choose(subject: String, subjects: Vec<Choice>, query: String, mates: Vec<Mate>, links: PageLinks) -> AnyView {
    let several = !subjects.is_empty();
    view! {
        {several
            .then(|| {
                view! {
                    <form method="get" action="/compare" class="compare-for">
                        <Select name="for" label="For whom do you ask" choices=subjects/>
                        <Button label="Choose"/>
                    </form>
                }
            })}
        <SearchBox
            action="/compare"
            label="Find a teammate"
            value=query.clone()
            keep=vec![("for", subject)]
            example="a name, a title"
            id="mate-search"
        />
        {if mates.is_empty() {
            let title = if query.is_empty() { "You have no teammates here" } else { "No teammate fits that" };
            view! {
                <Empty title=title>
                    <p>"Teammates have the same manager as you, or report to you. " <a href="/catalog">"Look in the catalog"</a> "."</p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                <ul class="rows">
                    {mates
                        .into_iter()
                        .map(|mate| {
                            view! {
                                <li class="row row-team" data-row="">
                                    <div class="row-main">
                                        <p class="row-title">
                                            <a class="row-link" href=mate.href>
                                                {mate.name}
                                            </a>
                                        </p>
                                        <p class="row-text">{mate.detail}</p>
                                    </div>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
                <Pager links=links words=PagerWords::BackOn/>
            }
                .into_any()
        }}
    }
    .into_any()
}

fn difference(
    subject: String,
    mate: &str,
    can: Vec<Proposed>,
    cannot: Vec<(String, String)>,
    both: usize,
    others: String,
    back: String,
) -> AnyView {
    let nothing = can.is_empty();
    let both = i64::try_from(both).unwrap_or(0);
    let help = if both == 0 { String::new() } else { format!("Both have {}.", plural(both, "role")) };
    view! {
        {if nothing {
            view! {
                <Empty title=format!("There is nothing of {mate} to ask for")>
                    <p>{help} " " <a href="/catalog">"Look in the catalog"</a> "."</p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                <form method="post" action="/do/add-to-cart" class="pick">
                    <HiddenFields fields=vec![("beneficiary_id", subject), ("back", back)]/>
                    <fieldset class="field">
                        <legend class="field-label">"Choose what is needed"</legend>
                        <p class="field-hint">{help}</p>
                        <div class="choices">{can.into_iter().map(proposed).collect_view()}</div>
                    </fieldset>
                    <ActionBar>
                        <Button label="Add to cart" weight=Weight::Primary/>
                        <LinkButton href="/cart" label="Go to your cart"/>
                        <LinkButton href=others.clone() label="Somebody else" weight=Weight::Quiet/>
                    </ActionBar>
                </form>
            }
                .into_any()
        }}
        {(!cannot.is_empty())
            .then(|| {
                view! {
                    <Section id="cannot" title="What can\u{2019}t be asked for">
                        <ul class="rows">
                            {cannot
                                .into_iter()
                                .map(|(name, why)| {
                                    view! {
                                        <li class="row">
                                            <div class="row-main">
                                                <p class="row-title">{name}</p>
                                                <p class="row-text">{why}</p>
                                            </div>
                                        </li>
                                    }
                                })
                                .collect_view()}
                        </ul>
                    </Section>
                }
            })}
    }
    .into_any()
}

fn proposed(one: Proposed) -> AnyView {
    let Proposed { id, name, href, description, risk } = one;
    let control = format!("role-{id}");
    let of = control.clone();
    view! {
        <div class="pick-role">
            <label class="choice" for=of>
                <input type="checkbox" id=control name="role_id" value=id/>
                <span class="choice-label">{name.clone()}</span>
                <span class="choice-hint"><Risk level=risk/></span>
            </label>
            <p class="row-text">
                {description} " "
                <a href=href>"What it gives" <span class="unseen">": " {name}</span></a>
            </p>
        </div>
    }
    .into_any()
}

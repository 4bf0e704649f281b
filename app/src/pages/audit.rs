//! The audit log: every event as a sentence, by day, narrowed by facets, the exact bytes on demand.

use chrono::{DateTime, NaiveDate, Utc};
use leptos::prelude::*;

use crate::components::{
    Chosen, ChosenFacets, Empty, FacetGroup, Facets, Glyph, HiddenFields, Icon, LinkButton, Mark, MarkShape, PageHead,
    PageLinks, Pager, SearchBox, Sentence, Time, Told, Words, day, exact,
};
use crate::frame::Reader;

/// The details of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventDetails {
    /// This page with the event opened.
    Closed {
        /// The link.
        href: String,
    },
    /// Opened.
    Open {
        /// The exact bytes that were saved, as text.
        json: String,
        /// The id of the event.
        id: String,
        /// What else is known, a name and a value each: the request id, the address, the assurance.
        facts: Vec<(String, String)>,
        /// This page with the event closed.
        close: String,
    },
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// A key for the anchor.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The action's name, as the filter has it: "item.approved".
    pub action: String,
    /// `Done`, `Failed`, `Attention`, `Ended`: what kind of news it is.
    pub mark: Mark,
    /// "Priya Raman approved Payroll reader for Jonas Lindqvist, until 3 March".
    pub words: Sentence,
    /// The details.
    pub details: EventDetails,
}

/// A span of time to narrow by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first day, `YYYY-MM-DD`, as typed.
    pub from: String,
    /// The last day, `YYYY-MM-DD`, as typed.
    pub to: String,
    /// What was wrong with them.
    pub error: Option<String>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// A person or a role that was searched.
    pub query: String,
    /// What else the address holds and a new search keeps.
    pub keep: Vec<(&'static str, String)>,
    /// The days.
    pub span: Span,
    /// By person, role, system, action.
    pub facets: Vec<FacetGroup>,
    /// What is in force.
    pub chosen: Vec<Chosen>,
    /// The log without search and facets.
    pub clear: String,
    /// The same events as a file.
    pub csv_href: String,
    /// The events, newest first.
    pub rows: Vec<AuditRow>,
    /// What is shown and where the list goes on.
    pub links: PageLinks,
}

impl AuditPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        if self.chosen.is_empty() && self.query.is_empty() {
            "Audit log".to_owned()
        } else {
            "Audit log, narrowed".to_owned()
        }
    }
}

/// Draws the page.
#[component]
pub fn AuditView(
    /// What it shows.
    page: AuditPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let AuditPage { query, keep, span, facets, chosen, clear, csv_href, rows, links, .. } = page;
    let narrowed = !chosen.is_empty() || !query.is_empty();
    let keep_span = {
        let mut all = keep.clone();
        if !query.is_empty() {
            all.push(("q", query.clone()));
        }
        all
    };
    let mut keep_search = keep;
    if !span.from.is_empty() {
        keep_search.push(("from", span.from.clone()));
    }
    if !span.to.is_empty() {
        keep_search.push(("to", span.to.clone()));
    }
    view! {
        <PageHead title="Audit log">
            <p>"Everything that changed, and every refusal, in the order in which it was saved."</p>
        </PageHead>
        <div class="audit-tools">
            <SearchBox
                action="/audit"
                label="Search by person, role or system"
                value=query
                keep=keep_search
                example="a person, a role, a system"
                id="audit-search"
            />
            <SpanForm span=span keep=keep_span/>
            <LinkButton href=csv_href label="Save as CSV" glyph=Glyph::Download/>
        </div>
        <div class="beside">
            <Facets groups=facets what="events"/>
            <div class="beside-main">
                <ChosenFacets chosen=chosen clear=clear.clone()/>
                {if rows.is_empty() && narrowed {
                    view! {
                        <Empty title="No event fits">
                            <p>
                                "Widen the days, or " <a href=clear>"look at all events"</a> "."
                            </p>
                        </Empty>
                    }
                        .into_any()
                } else if rows.is_empty() {
                    view! { <Empty title="Nothing has happened yet"/> }.into_any()
                } else {
                    view! {
                        {days(rows, reader)}
                        <Pager links=links/>
                    }
                        .into_any()
                }}
            </div>
        </div>
    }
    .into_any()
}

/// Two days; a plain GET form.
#[component]
fn SpanForm(span: Span, keep: Vec<(&'static str, String)>) -> impl IntoView {
    let wrong = span.error.is_some().then_some("true");
    let described = span.error.is_some().then_some("audit-span-error");
    view! {
        <form class="span-form" method="get" action="/audit" aria-label="Days">
            <HiddenFields fields=keep/>
            <label for="audit-from">"From"</label>
            <input class="input" id="audit-from" type="date" name="from" value=span.from aria-invalid=wrong aria-describedby=described/>
            <label for="audit-to">"to"</label>
            <input class="input" id="audit-to" type="date" name="to" value=span.to aria-invalid=wrong aria-describedby=described/>
            <button class="button" type="submit">
                "Show"
            </button>
            {span
                .error
                .map(|message| {
                    view! {
                        <p class="field-error" id="audit-span-error">
                            {message}
                        </p>
                    }
                })}
        </form>
    }
    .into_any()
}

/// The events under a heading for each day.
fn days(rows: Vec<AuditRow>, reader: Reader) -> AnyView {
    let mut groups: Vec<(NaiveDate, String, Vec<AuditRow>)> = Vec::new();
    for row in rows {
        let date = row.at.with_timezone(&reader.zone).date_naive();
        match groups.last_mut() {
            Some((last, _, list)) if *last == date => list.push(row),
            _ => groups.push((date, day(row.at, reader), vec![row])),
        }
    }
    groups
        .into_iter()
        .map(|(date, title, list)| {
            let id = format!("day-{date}");
            let of = id.clone();
            view! {
                <section class="audit-day" aria-labelledby=of>
                    <h2 id=id>{title}</h2>
                    <ol>{list.into_iter().map(|row| event(row, reader)).collect_view()}</ol>
                </section>
            }
        })
        .collect_view()
        .into_any()
}

fn event(row: AuditRow, reader: Reader) -> AnyView {
    let AuditRow { id, at, action, mark, words, details } = row;
    let link = match &details {
        EventDetails::Closed { href } => {
            let href = href.clone();
            view! {
                <a class="event-more" href=href aria-expanded="false">
                    "Details"
                    <Icon glyph=Glyph::Down/>
                </a>
            }
            .into_any()
        }
        EventDetails::Open { close, .. } => {
            let href = close.clone();
            view! {
                <a class="event-more" href=href aria-expanded="true">
                    "Close"
                    <Icon glyph=Glyph::Cross/>
                </a>
            }
            .into_any()
        }
    };
    let open = match details {
        EventDetails::Closed { .. } => None,
        EventDetails::Open { json, id, facts, .. } => Some(view! {
            <div class="event-open">
                <dl class="facts">
                    <div class="fact">
                        <dt>"Exactly"</dt>
                        <dd>{exact(at, reader)}</dd>
                    </div>
                    <div class="fact">
                        <dt>"Event"</dt>
                        <dd>
                            <code class="copy-code">{id}</code>
                        </dd>
                    </div>
                    {facts
                        .into_iter()
                        .map(|(name, value)| {
                            view! {
                                <div class="fact">
                                    <dt>{name}</dt>
                                    <dd>{value}</dd>
                                </div>
                            }
                        })
                        .collect_view()}
                </dl>
                <pre class="json" tabindex="0" role="region" aria-label="The event as JSON">
                    <code>{json}</code>
                </pre>
            </div>
        }),
    };
    view! {
        <li class="event" id=format!("event-{id}") data-row="">
            <span class="event-at">
                <Time at=at reader=reader told=Told::Clock/>
            </span>
            <span class="event-mark">
                <MarkShape mark=mark/>
            </span>
            <p class="event-words">
                <Words sentence=words reader=reader/>
            </p>
            <code class="event-action">{action}</code>
            {link}
            {open}
        </li>
    }
    .into_any()
}

//! Sources that call in: what each may open, whether it is heard, and its last calls.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    Cell, Column, Crumb, DefinitionList, Empty, Fact, PageHead, PageLinks, Pager, PersonChip, PersonRef, Row, RowHead,
    Section, Sentence, State, StateWord, Table, Time, Told, Words,
};
use crate::frame::Reader;

/// One rule of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// What it is called.
    pub name: String,
    /// What opens what, for how long at most.
    pub opens: Sentence,
    /// For whom, as the file says it; for everybody where nothing stands.
    pub condition: Option<String>,
    /// What its reference looks like, as the file says it.
    pub reference: Option<String>,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// Its stable key, which is the end of its address.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Whether it is heard.
    pub state: StateWord,
    /// When it was last heard, and what that means.
    pub heard: Sentence,
    /// What happens when it can't be reached.
    pub fallback: Sentence,
    /// Whether its calls can be signed.
    pub secret: Sentence,
    /// What it may open.
    pub rules: Vec<RuleLine>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// What came of it.
    pub outcome: StateWord,
    /// Which source.
    pub source: String,
    /// What it was about: a shift or a ticket, or nothing where it couldn't be read.
    pub reference: String,
    /// For whom.
    pub person: Option<PersonRef>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcesPage {
    /// The sources, by name.
    pub sources: Vec<SourceLine>,
    /// Their calls, the newest first.
    pub calls: Vec<CallLine>,
    /// Where the calls go on.
    pub links: PageLinks,
}

impl SourcesPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        "Sources that call in".to_owned()
    }
}

/// Draws the page.
#[component]
pub fn SourcesView(
    /// What it shows.
    page: SourcesPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let SourcesPage { sources, calls, links } = page;
    let back = Crumb { label: "Administration".to_owned(), href: "/admin".to_owned() };
    let none = sources.is_empty();
    view! {
        <PageHead title=title back=back>
            <p>"Programs that open and end access by signed calls: an on-call schedule, a ticket system. What each may open stands in the catalog\u{2019}s files."</p>
        </PageHead>
        {none
            .then(|| {
                view! {
                    <Empty title="No source calls in">
                        <p>
                            "Sources are written in " <code>"sources.toml"</code>
                            " beside the catalog\u{2019}s other files and come into force with " <code>"latchkey apply"</code>
                            ". Each needs a secret in the settings."
                        </p>
                    </Empty>
                }
            })}
        {sources.into_iter().map(|source| source_part(source, reader)).collect_view()}
        {(!none || !calls.is_empty())
            .then(|| {
                view! {
                    <Section id="calls" title="Calls">
                        {calls_table(calls, reader)} <Pager links=links/>
                    </Section>
                }
            })}
    }
    .into_any()
}

fn source_part(source: SourceLine, reader: Reader) -> AnyView {
    let SourceLine { key, name, state, heard, fallback, secret, rules } = source;
    let id = format!("source-{key}");
    let label = id.clone();
    view! {
        <section class="section" aria-labelledby=label>
            <div class="section-head">
                <h2 id=id>{name}</h2>
                <p class="section-aside">
                    <State state=state/>
                </p>
            </div>
            <DefinitionList>
                <Fact name="Address">
                    <code>{format!("/api/v1/call-ins/{key}")}</code>
                </Fact>
                <Fact name="Last heard">
                    <Words sentence=heard reader=reader/>
                </Fact>
                <Fact name="When it can\u{2019}t be reached">
                    <Words sentence=fallback reader=reader/>
                </Fact>
                <Fact name="Secret">
                    <Words sentence=secret reader=reader/>
                </Fact>
                {rules
                    .into_iter()
                    .map(|rule| {
                        let RuleLine { name, opens, condition, reference } = rule;
                        view! {
                            <Fact name=name>
                                <p>
                                    <Words sentence=opens reader=reader/>
                                </p>
                                {condition.map(|text| view! { <p>"For whom: " <code>{text}</code></p> })}
                                {reference.map(|text| view! { <p>"Reference: " <code>{text}</code></p> })}
                            </Fact>
                        }
                    })
                    .collect_view()}
            </DefinitionList>
        </section>
    }
    .into_any()
}

fn calls_table(calls: Vec<CallLine>, reader: Reader) -> AnyView {
    if calls.is_empty() {
        return view! { <Empty title="Nothing has called yet"/> }.into_any();
    }
    let columns = vec![
        Column::words("What it was about"),
        Column::words("For whom"),
        Column::words("When"),
        Column::words("Outcome"),
    ];
    view! {
        <Table caption="Calls of sources" columns=columns>
            {calls
                .into_iter()
                .map(|call| {
                    let CallLine { outcome, source, reference, person, at } = call;
                    view! {
                        <Row>
                            <RowHead>
                                <span class="row-name">{if reference.is_empty() { source.clone() } else { reference.clone() }}</span>
                                {(!reference.is_empty()).then(|| view! { <span class="row-under">{source}</span> })}
                            </RowHead>
                            <Cell label="For whom">
                                {person.map_or_else(
                                    || "Nobody in particular".into_any(),
                                    |person| view! { <PersonChip person=person/> }.into_any(),
                                )}
                            </Cell>
                            <Cell label="When">
                                <Time at=at reader=reader told=Told::Absolute/>
                            </Cell>
                            <Cell label="Outcome">
                                <State state=outcome/>
                            </Cell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
    }
    .into_any()
}

//! One system: how it is, what it waits for, what failed, what it holds.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{
    drift::{DriftSummary, drift_section},
    systems::Work,
};
use crate::components::{
    ActionBar, ActionCell, Button, ButtonForm, Cell, Column, CopyCode, Crumb, DefinitionList, Empty, Fact, LinkButton,
    Mark, Notice, NumberCell, PageHead, PageLinks, Pager, PersonChip, PersonRef, Row, RowHead, Section, Sentence,
    State, StateWord, SystemHealth, Table, Time, Told, Weight, Words, number,
};
use crate::frame::Reader;

/// Something that is not done: waiting, tried again later, refused, or for a human.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TroubleRow {
    /// Who it is for.
    pub who: PersonRef,
    /// The entitlement, or "Account".
    pub what: String,
    /// The request that it belongs to.
    pub request_href: Option<String>,
    /// "Tried again in 4 minutes", "Refused", "Needs a human".
    pub state: StateWord,
    /// The system's own words.
    pub said: Option<String>,
    /// What happens next, or who has to act.
    pub next: Sentence,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The fulfilment that the reader may have tried again at once.
    pub retry: Option<String>,
}

/// One entitlement of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementRow {
    /// Its name.
    pub name: String,
    /// What it is: "group", "database role", "application role".
    pub kind: String,
    /// Its name there.
    pub native: String,
    /// How many should have it.
    pub wanted: u32,
    /// How many have it, as last read.
    pub observed: Option<u32>,
    /// How many roles give it.
    pub roles: u32,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPage {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// "LDAP directory".
    pub kind: String,
    /// Its key in the files.
    pub key: String,
    /// Who owns it.
    pub owner: Option<PersonRef>,
    /// Where it is, without credentials, or `None` if it is not connected.
    pub address: Option<String>,
    /// Healthy, or what is wrong.
    pub health: StateWord,
    /// What it said last, if something is wrong.
    pub said: Option<String>,
    /// When it was last asked how it is.
    pub checked: Option<DateTime<Utc>>,
    /// The rule for account names.
    pub account_name: String,
    /// The attribute that carries our id.
    pub recognise: String,
    /// What is to do.
    pub work: Work,
    /// What is not done, the gravest first, at most fifty.
    pub troubles: Vec<TroubleRow>,
    /// Where the list goes on.
    pub troubles_links: PageLinks,
    /// Its entitlements.
    pub entitlements: Vec<EntitlementRow>,
    /// Set after a restore: the page that confirms.
    pub only_reports: Option<String>,
    /// Its events.
    pub audit_href: Option<String>,
    /// What it holds that nobody granted; nothing for what is built in.
    pub drift: Option<DriftSummary>,
}

impl SystemPage {
    /// The title: the name and how it is.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {}", self.name, self.health.word.to_lowercase())
    }
}

/// After a restore the worker only reports; this says so, and leads to the page that confirms.
pub(super) fn only_reports_notice(href: String) -> AnyView {
    view! {
        <Notice mark=Mark::Attention title="Nothing is changed on any system until you confirm">
            <p>
                "The database was restored from a backup. What it wants may be older than what the systems have, so for now Latchkey only reads and reports."
            </p>
            <ActionBar>
                <LinkButton href=href label="Look and confirm"/>
            </ActionBar>
        </Notice>
    }
    .into_any()
}

/// Draws the page.
#[component]
pub fn SystemView(
    /// What it shows.
    page: SystemPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let SystemPage {
        name,
        description,
        kind,
        key,
        owner,
        address,
        health,
        said,
        checked,
        account_name,
        recognise,
        work,
        troubles,
        troubles_links,
        entitlements,
        only_reports,
        audit_href,
        drift,
    } = page;
    let back = Crumb { label: "Systems".to_owned(), href: "/systems".to_owned() };
    let not_done = work.waiting + work.failed;
    view! {
        <PageHead title=name back=back>
            <p class="lead">{description}</p>
            <p class="facts-line">
                <SystemHealth state=health said=said/>
            </p>
        </PageHead>
        {only_reports.map(only_reports_notice)}
        <div class="aside-page">
            <div class="aside-main">
                <Section id="troubles" title="Not done yet" aside=(not_done > 0).then(|| number(i64::from(not_done)))>
                    {if troubles.is_empty() {
                        view! { <Empty title="Everything that was decided is done and read back"/> }.into_any()
                    } else {
                        trouble_table(troubles, troubles_links, reader)
                    }}
                </Section>
                {drift.map(|summary| drift_section(summary, reader))}
                <Section id="entitlements" title="Entitlements" aside=Some(number(i64::try_from(entitlements.len()).unwrap_or(i64::MAX)))>
                    {entitlement_table(entitlements)}
                </Section>
            </div>
            <aside class="aside-side" aria-label="About">
                <DefinitionList>
                    <Fact name="Kind">{kind}</Fact>
                    <Fact name="Address">
                        {match address {
                            Some(address) => view! { <CopyCode text=address/> }.into_any(),
                            None => {
                                view! {
                                    <span>
                                        "Not connected. It needs a section " <code>{format!("[connection.{key}]")}</code> " in the settings."
                                    </span>
                                }
                                    .into_any()
                            }
                        }}
                    </Fact>
                    <Fact name="Last asked">
                        {match checked {
                            Some(at) => view! { <Time at=at reader=reader/> }.into_any(),
                            None => "Not yet".into_any(),
                        }}
                    </Fact>
                    {owner
                        .map(|owner| {
                            view! {
                                <Fact name="Owner">
                                    <PersonChip person=owner/>
                                </Fact>
                            }
                        })}
                    <Fact name="New accounts are named">
                        <code>{account_name}</code>
                    </Fact>
                    <Fact name="Accounts are recognised by">
                        <code>{recognise}</code>
                    </Fact>
                    {audit_href
                        .map(|href| {
                            view! {
                                <Fact name="On record">
                                    <a href=href>"Its events in the audit log"</a>
                                </Fact>
                            }
                        })}
                </DefinitionList>
            </aside>
        </div>
    }
    .into_any()
}

fn trouble_table(rows: Vec<TroubleRow>, links: PageLinks, reader: Reader) -> AnyView {
    let columns = vec![
        Column::words("For whom"),
        Column::words("What"),
        Column::words("Where it stands"),
        Column::actions("What you can do"),
    ];
    view! {
        <Table caption="What is not done yet" columns=columns>
            {rows
                .into_iter()
                .map(|row| {
                    let about = row.what.clone();
                    view! {
                        <Row>
                            <RowHead>
                                <PersonChip person=row.who/>
                            </RowHead>
                            <Cell label="What">
                                {match row.request_href {
                                    Some(href) => view! { <a href=href>{row.what}</a> }.into_any(),
                                    None => row.what.into_any(),
                                }}
                                <span class="row-under">
                                    "since " <Time at=row.since reader=reader told=Told::Absolute/>
                                </span>
                            </Cell>
                            <Cell label="Where it stands">
                                <State state=row.state/>
                                {row.said.map(|said| view! { <code class="said">{said}</code> })}
                                <span class="row-under">
                                    <Words sentence=row.next reader=reader/>
                                </span>
                            </Cell>
                            <ActionCell>
                                {row
                                    .retry
                                    .map(|id| {
                                        view! {
                                            <ButtonForm action="/do/retry-fulfilment" fields=vec![("fulfilment_id", id)]>
                                                <Button label="Try again now" about=about weight=Weight::Quiet/>
                                            </ButtonForm>
                                        }
                                    })}
                            </ActionCell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
        <Pager links=links/>
    }
    .into_any()
}

fn entitlement_table(rows: Vec<EntitlementRow>) -> AnyView {
    let columns = vec![
        Column::words("Entitlement"),
        Column::words("Name there"),
        Column::number("Roles"),
        Column::number("Wanted"),
        Column::number("Read"),
    ];
    view! {
        <Table caption="Entitlements" columns=columns>
            {rows
                .into_iter()
                .map(|row| {
                    view! {
                        <Row>
                            <RowHead>
                                <span class="row-name">{row.name}</span>
                                <span class="row-under">{row.kind}</span>
                            </RowHead>
                            <Cell label="Name there">
                                <CopyCode text=row.native/>
                            </Cell>
                            <NumberCell label="Roles">{number(i64::from(row.roles))}</NumberCell>
                            <NumberCell label="Wanted">{number(i64::from(row.wanted))}</NumberCell>
                            <NumberCell label="Read">
                                {row.observed.map_or_else(|| "not yet".to_owned(), |seen| number(i64::from(seen)))}
                            </NumberCell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
    }
    .into_any()
}

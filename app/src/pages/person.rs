//! A person: who they are, what they hold and why, as one table by system; what is open; their accounts.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::parts::{AccessRow, AccessTable, RequestLine, RequestLines};
use crate::components::{
    ActionBar, Badge, Cell, Column, DefinitionList, Empty, Fact, LinkButton, PageHead, PersonChip, PersonRef, Row,
    RowHead, Section, Sentence, State, StateWord, SystemName, SystemRef, Table, Time, Told, Words, people, plural,
};
use crate::frame::Reader;

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLine {
    /// On which system.
    pub system: SystemRef,
    /// Its login name there, once it is known.
    pub name: Option<String>,
    /// "Enabled", "Disabled", "Needs a human: the name is taken".
    pub state: StateWord,
    /// When the system was last read.
    pub seen: Option<DateTime<Utc>>,
}

/// What the page shows. Parts that the reader may not see are left out by the loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonPage {
    /// Given and family name.
    pub name: String,
    /// True if it is the reader.
    pub own: bool,
    /// Title and department: "Financial analyst, Finance operations".
    pub position: String,
    /// "Active", "On leave", "Leaves 31 March 2027".
    pub status: StateWord,
    /// "Employee" or "Contractor".
    pub employment: String,
    /// E-mail address.
    pub email: String,
    /// Where they work.
    pub location: Option<String>,
    /// Their manager.
    pub manager: Option<PersonRef>,
    /// How many people report to them.
    pub reports: u32,
    /// The first day.
    pub starts: Option<String>,
    /// The last day, if one is set.
    pub leaves: Option<String>,
    /// Their zone: "Europe/Berlin".
    pub zone: Option<String>,
    /// What they hold; `None` if the reader may not see it.
    pub access: Option<Vec<AccessRow>>,
    /// How many roles in all.
    pub access_total: u32,
    /// Where the list goes on, if not all is shown.
    pub access_more: Option<String>,
    /// Their accounts; empty if the reader may not see them.
    pub accounts: Vec<AccountLine>,
    /// Open requests that the reader may see.
    pub open: Vec<RequestLine>,
    /// What they lost lately because somebody ended it: what, who, when and why.
    pub lost: Vec<Sentence>,
    /// What the reader sees and why: "You see this because you are their manager."
    pub why_seen: String,
    /// Their events, for those who may read the audit log.
    pub audit_href: Option<String>,
}

impl PersonPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}, {}", self.name, self.position)
    }
}

/// Draws the page.
#[component]
pub fn PersonView(
    /// What it shows.
    page: PersonPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let PersonPage {
        name,
        own,
        position,
        status,
        employment,
        email,
        location,
        manager,
        reports,
        starts,
        leaves,
        zone,
        access,
        access_total,
        access_more,
        accounts,
        open,
        lost,
        why_seen,
        audit_href,
    } = page;
    let whose = if own { "Your access".to_owned() } else { format!("What {name} holds") };
    // A long address breaks before its domain.
    let (local, domain) = email.split_at(email.find('@').unwrap_or(email.len()));
    let (local, domain) = (local.to_owned(), domain.to_owned());
    let contractor = employment != "Employee";
    view! {
        <PageHead title=name>
            <p class="lead">{position}</p>
            <p class="facts-line">
                <State state=status/>
                {contractor.then(|| view! { <Badge word=employment.clone() tone="attention"/> })}
            </p>
        </PageHead>
        <div class="aside-page">
            <div class="aside-main">
                {access.map(|rows| access_section(rows, whose, access_total, access_more, reader))}
                {(!open.is_empty())
                    .then(|| {
                        view! {
                            <Section id="open" title="Open requests">
                                <RequestLines lines=open reader=reader/>
                            </Section>
                        }
                    })}
                {(!lost.is_empty()).then(|| lost_section(lost, reader))} {(!accounts.is_empty()).then(|| accounts_section(accounts, reader))}
            </div>
            <aside class="aside-side" aria-label="About">
                <DefinitionList>
                    <Fact name="E-mail">
                        <a href=format!("mailto:{email}")>{local} <wbr/> {domain}</a>
                    </Fact>
                    {manager
                        .map(|manager| {
                            view! {
                                <Fact name="Manager">
                                    <PersonChip person=manager/>
                                </Fact>
                            }
                        })} {(reports > 0).then(|| view! { <Fact name="Reports">{people(reports)}</Fact> })}
                    {location.map(|place| view! { <Fact name="Works in">{place}</Fact> })}
                    {starts.map(|day| view! { <Fact name="First day">{day}</Fact> })}
                    {leaves.map(|day| view! { <Fact name="Last day">{day}</Fact> })}
                    {zone.map(|zone| view! { <Fact name="Time zone">{zone}</Fact> })}
                </DefinitionList>
                <p class="muted">{why_seen}</p>
                {audit_href
                    .map(|href| {
                        view! {
                            <ActionBar>
                                <LinkButton href=href label="Events on record"/>
                            </ActionBar>
                        }
                    })}
            </aside>
        </div>
    }
    .into_any()
}

fn access_section(rows: Vec<AccessRow>, title: String, total: u32, more: Option<String>, reader: Reader) -> AnyView {
    let aside = (total > 0).then(|| plural(i64::from(total), "role"));
    let caption = title.clone();
    view! {
        <Section id="access" title=title aside=aside>
            {if rows.is_empty() {
                view! { <Empty title="No access"/> }.into_any()
            } else {
                view! {
                    <AccessTable rows=rows caption=caption reader=reader/>
                    {more
                        .map(|href| {
                            view! {
                                <p class="rows-more">
                                    <a href=href>"All of it"</a>
                                </p>
                            }
                        })}
                }
                    .into_any()
            }}
        </Section>
    }
    .into_any()
}

fn lost_section(lost: Vec<Sentence>, reader: Reader) -> AnyView {
    view! {
        <Section id="lost" title="Ended before its time">
            <ul class="decision-lines">
                {lost
                    .into_iter()
                    .map(|words| {
                        view! {
                            <li>
                                <Words sentence=words reader=reader/>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </Section>
    }
    .into_any()
}

fn accounts_section(accounts: Vec<AccountLine>, reader: Reader) -> AnyView {
    let columns =
        vec![Column::words("System"), Column::words("Login name"), Column::words("State"), Column::words("Last read")];
    view! {
        <Section id="accounts" title="Accounts">
            <Table caption="Accounts" columns=columns>
                {accounts
                    .into_iter()
                    .map(|one| {
                        view! {
                            <Row>
                                <RowHead>
                                    <SystemName system=one.system/>
                                </RowHead>
                                <Cell label="Login name">
                                    {match one.name {
                                        Some(name) => view! { <code>{name}</code> }.into_any(),
                                        None => view! { <span class="muted">"None yet"</span> }.into_any(),
                                    }}
                                </Cell>
                                <Cell label="State">
                                    <State state=one.state/>
                                </Cell>
                                <Cell label="Last read">
                                    {match one.seen {
                                        Some(at) => view! { <Time at=at reader=reader told=Told::Relative/> }.into_any(),
                                        None => view! { <span class="muted">"Never"</span> }.into_any(),
                                    }}
                                </Cell>
                            </Row>
                        }
                    })
                    .collect_view()}
            </Table>
        </Section>
    }
    .into_any()
}

//! Administration: what is in force, where it came from, and how to change it.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    Cell, Column, CopyCode, DefinitionList, Empty, Fact, PageHead, PersonChip, PersonRef, Row, RowHead, Section, Table,
    Time, Told, number,
};
use crate::frame::Reader;

/// One applied set of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedSet {
    /// "Catalog" or "People".
    pub what: String,
    /// The hash of the set, as events name it.
    pub hash: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom: "on the host, as root".
    pub by: String,
    /// "61 roles, 4 policies, 7 systems; 2 changed".
    pub summary: String,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminPage {
    /// Counts of people by status, in words: ("Active", 238).
    pub people: Vec<(String, u32)>,
    /// Counts of the catalog: ("Roles", 61).
    pub catalog: Vec<(String, u32)>,
    /// Who holds the portal's own roles: role and people.
    pub portal_roles: Vec<(String, Vec<PersonRef>)>,
    /// The sets that were applied, newest first, at most ten.
    pub applied: Vec<AppliedSet>,
    /// Set after a restore: the page that confirms.
    pub only_reports: Option<String>,
    /// The version of the program.
    pub version: String,
    /// "SQLite" or "PostgreSQL 15.6".
    pub database: String,
    /// When this process started.
    pub started: DateTime<Utc>,
}

impl AdminPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        "Administration".to_owned()
    }
}

fn counts(list: Vec<(String, u32)>) -> AnyView {
    view! {
        <dl class="counts">
            {list
                .into_iter()
                .map(|(name, count)| {
                    view! {
                        <div>
                            <dt>{name}</dt>
                            <dd>{number(i64::from(count))}</dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}

/// Draws the page.
#[component]
pub fn AdminView(
    /// What it shows.
    page: AdminPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let AdminPage { people, catalog, portal_roles, applied, only_reports, version, database, started } = page;
    view! {
        <PageHead title="Administration">
            <p>"What is in force here, and the commands that change it. The catalog and the people live in files; this page shows what was read from them."</p>
        </PageHead>
        {only_reports.map(super::system::only_reports_notice)}
        <div class="aside-page">
            <div class="aside-main">
                <Section id="people" title="People">
                    {counts(people)}
                    <p class="how">
                        "To change them: " <CopyCode text="latchkey import people people.csv --dry-run"/>
                        ", read what it says, then without " <code>"--dry-run"</code> "."
                    </p>
                </Section>
                <Section id="catalog" title="Catalog">
                    {counts(catalog)}
                    <p class="how">
                        "To change it: " <CopyCode text="latchkey apply DIR --dry-run"/>
                        ". It lists the holders that a change reaches before anything happens."
                    </p>
                    <p class="how">
                        <a href="/admin/sources">"Sources that call in"</a>
                        ": shifts and tickets that open roles and end them."
                    </p>
                </Section>
                <Section id="applied" title="Applied sets">
                    {applied_table(applied, reader)}
                </Section>
            </div>
            <aside class="aside-side" aria-label="This installation">
                <DefinitionList>
                    {portal_roles
                        .into_iter()
                        .map(|(role, people)| {
                            view! {
                                <Fact name=role>
                                    {if people.is_empty() {
                                        "Nobody".into_any()
                                    } else {
                                        view! {
                                            <ul class="plain">
                                                {people
                                                    .into_iter()
                                                    .map(|person| {
                                                        view! {
                                                            <li>
                                                                <PersonChip person=person/>
                                                            </li>
                                                        }
                                                    })
                                                    .collect_view()}
                                            </ul>
                                        }
                                            .into_any()
                                    }}
                                </Fact>
                            }
                        })
                        .collect_view()}
                    <Fact name="Version">{version}</Fact>
                    <Fact name="Database">{database}</Fact>
                    <Fact name="Running since">
                        <Time at=started reader=reader told=Told::Absolute/>
                    </Fact>
                </DefinitionList>
            </aside>
        </div>
    }
    .into_any()
}

fn applied_table(applied: Vec<AppliedSet>, reader: Reader) -> AnyView {
    if applied.is_empty() {
        return view! { <Empty title="Nothing was applied yet"/> }.into_any();
    }
    let columns = vec![Column::words("Set"), Column::words("Applied"), Column::words("What it held")];
    view! {
        <Table caption="Applied sets" columns=columns>
            {applied
                .into_iter()
                .map(|set| {
                    view! {
                        <Row>
                            <RowHead>
                                <span class="row-name">{set.what}</span>
                                <span class="row-under">
                                    <CopyCode text=set.hash/>
                                </span>
                            </RowHead>
                            <Cell label="Applied">
                                <Time at=set.at reader=reader told=Told::Absolute/>
                                <span class="row-under">{set.by}</span>
                            </Cell>
                            <Cell label="What it held">{set.summary}</Cell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
    }
    .into_any()
}

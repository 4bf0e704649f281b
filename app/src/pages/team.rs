//! Team: the people who report to the reader, what each holds, what ends, what waits.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    Badge, Cell, Column, Empty, NumberCell, PageHead, PageLinks, Pager, PagerWords, PersonChip, PersonRef, Row,
    RowHead, Table, Time, Told, number, people,
};
use crate::frame::Reader;

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamRow {
    /// Who, with title.
    pub person: PersonRef,
    /// A remark on their status, where it is not simply active: "Contractor", "On leave", "Starts 1 March 2027".
    pub remark: Option<String>,
    /// How many roles they hold.
    pub roles: u32,
    /// How many of their requests are open.
    pub open: u32,
    /// The next end of something they hold: role and instant.
    pub next_end: Option<(String, DateTime<Utc>)>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamPage {
    /// The reports, by family name.
    pub rows: Vec<TeamRow>,
    /// How many there are.
    pub total: u32,
    /// What is shown and where the list goes on.
    pub links: PageLinks,
}

impl TeamPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        match self.total {
            0 => "Your team".to_owned(),
            count => format!("Your team: {}", people(count)),
        }
    }
}

/// Draws the page.
#[component]
pub fn TeamView(
    /// What it shows.
    page: TeamPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let TeamPage { rows, links, .. } = page;
    if rows.is_empty() {
        return view! {
            <PageHead title="Your team"/>
            <Empty title="Nobody reports to you">
                <p>"The list comes from the people file. If somebody is missing, whoever keeps that file can set their manager."</p>
            </Empty>
        }
        .into_any();
    }
    let columns = vec![
        Column::words("Person"),
        Column::number("Roles"),
        Column::number("Open requests"),
        Column::words("Ends next"),
    ];
    view! {
        <PageHead title="Your team">
            <p>"What the people who report to you hold, and what ends soon. Open a person to see why they have it."</p>
        </PageHead>
        <Table caption="Your team" columns=columns>
            {rows
                .into_iter()
                .map(|row| {
                    view! {
                        <Row>
                            <RowHead>
                                <PersonChip person=row.person/>
                                {row.remark.map(|word| view! { " " <Badge word=word/> })}
                            </RowHead>
                            <NumberCell label="Roles">{number(i64::from(row.roles))}</NumberCell>
                            <NumberCell label="Open requests">{number(i64::from(row.open))}</NumberCell>
                            <Cell label="Ends next">
                                {match row.next_end {
                                    Some((role, at)) => {
                                        view! {
                                            {role}
                                            ", "
                                            <Time at=at reader=reader told=Told::Until/>
                                        }
                                            .into_any()
                                    }
                                    None => view! { <span class="muted">"Nothing ends"</span> }.into_any(),
                                }}
                            </Cell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
        <Pager links=links words=PagerWords::BackOn/>
    }
    .into_any()
}

//! Systems: one row each, healthy or what is wrong in words.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    Cell, Column, Empty, NumberCell, PageHead, Row, RowHead, Sparkline, StateWord, SystemHealth, Table, Time, Told,
    number,
};
use crate::frame::Reader;

/// What the worker has to do on a system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Wanted and not yet confirmed.
    pub waiting: u32,
    /// Tried and not done: retried later, refused, or needs a human.
    pub failed: u32,
}

/// One system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemRow {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// "LDAP directory", "PostgreSQL", "SCIM 2.0".
    pub kind: String,
    /// It is Latchkey itself.
    pub built_in: bool,
    /// Healthy, or what is wrong in words.
    pub health: StateWord,
    /// What it said last, if something is wrong.
    pub said: Option<String>,
    /// When it was last asked how it is; never for the built-in one, which is part of this program.
    pub checked: Option<DateTime<Utc>>,
    /// What is to do.
    pub work: Work,
    /// Changes done by hour, oldest first, 24 values.
    pub done: Vec<u32>,
    /// Changes failed by hour.
    pub failed: Vec<u32>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemsPage {
    /// The systems, by name; the unwell first.
    pub rows: Vec<SystemRow>,
    /// Set after a restore: the page that confirms that the worker may change systems again.
    pub only_reports: Option<String>,
}

impl SystemsPage {
    /// The title: what is so.
    #[must_use]
    pub fn title(&self) -> String {
        let unwell = self.rows.iter().filter(|row| row.said.is_some()).count();
        match (self.rows.len(), unwell) {
            (_, 0) => "Systems".to_owned(),
            (all, 1) => format!("Systems: 1 of {all} needs a look"),
            (all, some) => format!("Systems: {some} of {all} need a look"),
        }
    }
}

/// Draws the page.
#[component]
pub fn SystemsView(
    /// What it shows.
    page: SystemsPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let SystemsPage { rows, only_reports } = page;
    let columns = vec![
        Column::words("System"),
        Column::words("Health"),
        Column::words("Last asked"),
        Column::number("Waiting"),
        Column::number("Failed"),
        Column::words("Changes, last 24 hours"),
    ];
    view! {
        <PageHead title=title>
            <p>"Where access is kept. Latchkey makes each system match what was decided, and reads back that it does."</p>
        </PageHead>
        {only_reports.map(super::system::only_reports_notice)}
        {if rows.is_empty() {
            view! {
                <Empty title="No system is in the catalog">
                    <p>"Systems come with the catalog files: " <code>"latchkey apply DIR"</code> "."</p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                <Table caption="Systems" columns=columns>
                    {rows.into_iter().map(|row| system_row(row, reader)).collect_view()}
                </Table>
            }
                .into_any()
        }}
    }
    .into_any()
}

fn count(value: u32, troubled: bool) -> AnyView {
    let class = match (value, troubled) {
        (0, _) => "zero",
        (_, true) => "troubled",
        (_, false) => "some",
    };
    view! { <span class=class>{number(i64::from(value))}</span> }.into_any()
}

fn system_row(row: SystemRow, reader: Reader) -> AnyView {
    let SystemRow { name, href, kind, built_in, health, said, checked, work, done, failed } = row;
    let never = if built_in { "No need" } else { "Not yet" };
    view! {
        <Row>
            <RowHead>
                <a class="row-name" href=href>
                    {name}
                </a>
                <span class="row-under">{kind}</span>
            </RowHead>
            <Cell label="Health">
                <SystemHealth state=health said=said/>
            </Cell>
            <Cell label="Last asked">
                {match checked {
                    Some(at) => view! { <Time at=at reader=reader told=Told::Relative/> }.into_any(),
                    None => view! { <span class="muted">{never}</span> }.into_any(),
                }}
            </Cell>
            <NumberCell label="Waiting">{count(work.waiting, false)}</NumberCell>
            <NumberCell label="Failed">{count(work.failed, true)}</NumberCell>
            <Cell label="Changes, last 24 hours">
                <Sparkline done=done failed=failed what="changes"/>
            </Cell>
        </Row>
    }
    .into_any()
}

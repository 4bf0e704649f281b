//! My sessions: where the reader is signed in, and how to end it.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    ActionCell, Badge, Button, ButtonForm, Cell, Column, Mark, Notice, PageHead, Row, RowHead, Section, Table, Time,
    Told, Weight,
};
use crate::frame::Reader;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// What the form sends to end it. Not the secret of the session.
    pub id: String,
    /// "Firefox on Linux", as far as the browser says.
    pub device: String,
    /// The address it came from last.
    pub address: String,
    /// "Password and a code from an app".
    pub proved: String,
    /// Signed in.
    pub since: DateTime<Utc>,
    /// Last seen.
    pub seen: DateTime<Utc>,
    /// Ends at the latest.
    pub ends: DateTime<Utc>,
    /// True for the one that draws this page.
    pub this: bool,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionsPage {
    /// The sessions, this one first.
    pub rows: Vec<SessionRow>,
    /// "A session ends after 8 hours without use, and after 12 hours in any case."
    pub limits: String,
}

impl SessionsPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        match self.rows.len() {
            1 => "My sessions: only this one".to_owned(),
            count => format!("My sessions: {count}"),
        }
    }
}

/// Draws the page.
#[component]
pub fn SessionsView(
    /// What it shows.
    page: SessionsPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let SessionsPage { rows, limits } = page;
    let others = rows.len() > 1;
    let columns = vec![
        Column::words("Where"),
        Column::words("Signed in"),
        Column::words("Last used"),
        Column::words("Ends at the latest"),
        Column::actions("What you can do"),
    ];
    view! {
        <PageHead title="My sessions">
            <p>"Where you are signed in. End what you don\u{2019}t know, then tell your security team."</p>
        </PageHead>
        <Table caption="My sessions" columns=columns>
            {rows.into_iter().map(|row| session_row(row, reader)).collect_view()}
        </Table>
        <p class="muted">{limits}</p>
        {others
            .then(|| {
                view! {
                    <Section id="others" title="End all others">
                        <p>"Every session but this one ends at once. Whoever uses it has to sign in again."</p>
                        <ButtonForm action="/do/end-other-sessions" fields=Vec::new()>
                            <Button label="End all other sessions" weight=Weight::Danger/>
                        </ButtonForm>
                    </Section>
                }
            })}
        {(!others)
            .then(|| {
                view! {
                    <Notice mark=Mark::Done title="You are signed in here only">
                        <p>"There is no other session to end."</p>
                    </Notice>
                }
            })}
    }
    .into_any()
}

fn session_row(row: SessionRow, reader: Reader) -> AnyView {
    let SessionRow { id, device, address, proved, since, seen, ends, this } = row;
    let about = device.clone();
    view! {
        <Row>
            <RowHead>
                <span class="row-name">{device}</span>
                {this.then(|| view! { " " <Badge word="This session" tone="good"/> })}
                <span class="row-under">
                    <code>{address}</code>
                    ", "
                    {proved}
                </span>
            </RowHead>
            <Cell label="Signed in">
                <Time at=since reader=reader told=Told::Absolute/>
            </Cell>
            <Cell label="Last used">
                <Time at=seen reader=reader told=Told::Relative/>
            </Cell>
            <Cell label="Ends at the latest">
                <Time at=ends reader=reader told=Told::Absolute/>
            </Cell>
            <ActionCell>
                {if this {
                    view! {
                        <form method="post" action="/auth/logout" class="button-form">
                            <Button label="Sign out" weight=Weight::Quiet/>
                        </form>
                    }
                        .into_any()
                } else {
                    view! {
                        <ButtonForm action="/do/end-session" fields=vec![("session_id", id)]>
                            <Button label="End" about=about weight=Weight::Quiet/>
                        </ButtonForm>
                    }
                        .into_any()
                }}
            </ActionCell>
        </Row>
    }
    .into_any()
}

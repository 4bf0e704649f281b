//! What somebody holds: name, why, since, ends, and what they can do about it.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    ActionCell, Cell, Column, Glyph, Icon, Row, RowHead, Sentence, State, StateWord, Table, Time, Told, Words,
    absolute, last_day,
};
use crate::frame::Reader;

/// One role that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// The name of the role.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// The systems that it reaches, by name.
    pub systems: Vec<String>,
    /// Why they have it: "You asked, Priya Raman approved", "Everybody in Finance has it".
    pub why: Sentence,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it ends, or `None` if it stays.
    pub ends: Option<DateTime<Utc>>,
    /// True if it ends so soon that the row should stand out.
    pub ends_soon: bool,
    /// Set while it is not simply there: "Being set up", "Being removed", "Set up, 1 of 3 failed".
    pub state: Option<StateWord>,
    /// The page that confirms giving it back.
    pub give_back: Option<String>,
    /// The page on which the reader ends it before its time, and what that is called.
    pub end: Option<(String, String)>,
    /// It is on trial: until when it lasts if its holder keeps it.
    pub trial: Option<DateTime<Utc>>,
    /// The page that keeps what is on trial.
    pub keep: Option<String>,
    /// The page that asks for more time.
    pub extend: Option<String>,
    /// Why it cannot be given back, where it cannot: "Comes with your department".
    pub stays: Option<String>,
    /// The page that activates it, where it is a right to.
    pub activate: Option<String>,
    /// It was activated for hours: how long it still lasts is what counts.
    pub active: bool,
}

/// The rows as a table, expiring first as the loader sorts them.
#[component]
pub fn AccessTable(
    /// The rows.
    rows: Vec<AccessRow>,
    /// What the table holds: "Your access".
    #[prop(into)]
    caption: String,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let columns = vec![
        Column::words("Role"),
        Column::words("Why"),
        Column::words("Since"),
        Column::words("Ends"),
        Column::actions("What you can do"),
    ];
    view! {
        <Table caption=caption columns=columns>
            {rows.into_iter().map(|row| access_row(row, reader)).collect_view()}
        </Table>
    }
    .into_any()
}

fn access_row(row: AccessRow, reader: Reader) -> AnyView {
    let AccessRow {
        role,
        role_href,
        systems,
        why,
        since,
        ends,
        ends_soon,
        state,
        give_back,
        end,
        trial,
        keep,
        extend,
        stays,
        activate,
        active,
    } = row;
    let about_end = role.clone();
    let about = role.clone();
    let about_extend = role.clone();
    let about_keep = role.clone();
    let about_activate = role.clone();
    let give_back_label = if active { "End now" } else { "Give back" };
    view! {
        <Row>
            <RowHead>
                <a class="row-name" href=role_href>
                    {role}
                </a>
                <span class="row-under">{systems.join(", ")}</span>
            </RowHead>
            <Cell label="Why">
                <span class="why"><Words sentence=why reader=reader/></span>
            </Cell>
            <Cell label="Since">
                <Time at=since reader=reader told=Told::Day/>
            </Cell>
            <Cell label="Ends">
                {match (state, ends) {
                    (Some(state), _) => view! { <State state=state/> }.into_any(),
                    (None, Some(at)) if active => {
                        view! {
                            <span class="ends ends-soon">
                                <Icon glyph=Glyph::Clock/>
                                <span>
                                    <Time at=at reader=reader told=Told::Relative/>
                                    <span class="row-under">{format!("until {}", absolute(at, reader))}</span>
                                </span>
                            </span>
                        }
                            .into_any()
                    }
                    (None, Some(at)) => {
                        view! {
                            <span class=if ends_soon { "ends ends-soon" } else { "ends" }>
                                {ends_soon.then(|| view! { <Icon glyph=Glyph::Clock/> })}
                                <span>
                                    <Time at=at reader=reader told=Told::Until/>
                                    {trial
                                        .map(|full| {
                                            view! {
                                                <span class="row-under">
                                                    {format!("on trial; kept, until {}", last_day(full, reader))}
                                                </span>
                                            }
                                        })}
                                </span>
                            </span>
                        }
                            .into_any()
                    }
                    (None, None) => view! { <span class="muted">"No end"</span> }.into_any(),
                }}
            </Cell>
            <ActionCell>
                {activate
                    .map(|href| {
                        view! {
                            <a class="button button-primary" href=href>
                                "Activate"
                                <span class="unseen">" " {about_activate}</span>
                            </a>
                        }
                    })}
                {keep
                    .map(|href| {
                        view! {
                            <a class="button button-primary" href=href>
                                "Keep it"
                                <span class="unseen">": " {about_keep}</span>
                            </a>
                        }
                    })}
                {extend
                    .map(|href| {
                        view! {
                            <a class="button button-quiet" href=href>
                                "Extend"
                                <span class="unseen">" " {about_extend}</span>
                            </a>
                        }
                    })}
                {end
                    .map(|(href, label)| {
                        view! {
                            <a class="button button-quiet" href=href>
                                {label}
                                <span class="unseen">" " {about_end}</span>
                            </a>
                        }
                    })}
                {give_back
                    .map(|href| {
                        view! {
                            <a class="button button-quiet" href=href>
                                {give_back_label}
                                <span class="unseen">" " {about}</span>
                            </a>
                        }
                    })} {stays.map(|words| view! { <span class="muted stays">{words}</span> })}
            </ActionCell>
        </Row>
    }
    .into_any()
}

//! Team: the people who report to the reader.

use axum::extract::{RawQuery, State};
use latchkey_domain::identity::{EmploymentType, Status};
use latchkey_store::request_reads;
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{query::Query, words};
use crate::{
    components::{PageLinks, people},
    frame::Part,
    pages::team::{TeamPage, TeamRow, TeamView},
    web::{
        PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const ROWS: usize = 50;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let after = query.get("after").and_then(|key| {
        let (id, name) = key.split_once('.')?;
        Some((name.to_owned(), id.parse::<Uuid>().ok()?))
    });
    let mut c = state.db.read().await?;
    let limit = i64::try_from(ROWS).unwrap_or(50) + 1;
    let rows = request_reads::team(&mut c, me, after.clone(), limit).await?;
    let total = request_reads::count_reports(&mut c, me).await?;
    drop(c);
    let more = rows.len() > ROWS;
    let older = rows.get(ROWS - 1).filter(|_| more).map(|last| {
        let key = format!("{}.{}", last.id, last.display_name);
        query.with("/team", "after", Some(&key))
    });
    let total = u32::try_from(total).unwrap_or(u32::MAX);
    let page = TeamPage {
        rows: rows.into_iter().take(ROWS).map(row).collect(),
        total,
        links: PageLinks { newer: after.map(|_| "/team".to_owned()), older, shown: people(total) },
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Team,
        move |reader| view! { <TeamView page=page reader=reader/> },
    )
    .await
}

fn row(r: request_reads::TeamRow) -> TeamRow {
    let status = r.status.parse::<Status>().unwrap_or(Status::Active);
    let remark = match status {
        Status::OnLeave => Some("On leave"),
        Status::PreHire => Some("Not started yet"),
        _ if r.employment_type == EmploymentType::Contractor.as_str() => Some("Contractor"),
        _ => None,
    };
    TeamRow {
        person: words::person(r.id, &r.display_name).with(r.title),
        remark: remark.map(str::to_owned),
        roles: u32::try_from(r.roles).unwrap_or(0),
        open: u32::try_from(r.open).unwrap_or(0),
        next_end: r.next_role.zip(r.next_end),
    }
}

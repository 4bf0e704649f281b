//! Out of office: who decides for the reader, and for whom the reader decides.

use axum::extract::{RawQuery, State};
use chrono::{Days, NaiveDate};
use latchkey_domain::{Instant, role::Risk};
use latchkey_service::{
    catalog::Catalog,
    delegate::Limits,
    people::{PeopleQuery, search},
};
use latchkey_store::{delegations, delegations::DelegationRow as Stored, routing};
use leptos::prelude::*;
use tower_sessions::Session;

use super::query::Query;
use crate::{
    components::Choice,
    frame::Part,
    pages::delegation::{DelegationForm, DelegationPage, DelegationRow, DelegationView, Stand},
    web::{
        Draft, PageResult,
        act::delegate::DRAFT,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// How many delegations the page lists.
const ROWS: i64 = 50;
/// How many people a search offers.
const PEOPLE: usize = 12;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let now = state.clock.now();
    let draft = Draft::take(&session, DRAFT).await;
    let text = draft.as_ref().map(|d| d.value("q")).or_else(|| query.get("q").map(str::to_owned)).unwrap_or_default();
    let mut c = state.db.read().await?;
    let rows = delegations::of_person(&mut c, me, ROWS).await?;
    let zone = routing::beneficiary(&mut c, me).await?.and_then(|b| b.time_zone).unwrap_or_default();
    let found = if text.trim().is_empty() {
        None
    } else {
        let wanted = PeopleQuery { text: &text, limit: PEOPLE, ..PeopleQuery::default() };
        Some(search(&mut c, &wanted).await?.people)
    };
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    drop(c);
    let today = day(now, &zone);
    let form = found.map(|people| {
        let value = |name: &str| draft.as_ref().map(|d| d.value(name)).filter(|v| !v.is_empty());
        let to = value("to");
        let people = people.into_iter().filter(|p| p.id != me && p.status.may_act());
        let mut people: Vec<Choice> = people
            .map(|p| Choice {
                chosen: to.as_deref() == Some(p.id.to_string().as_str()),
                value: p.id.to_string(),
                hint: Some(format!("{}, {}", p.title, p.department)),
                label: p.name,
            })
            .collect();
        if let [only] = people.as_mut_slice() {
            only.chosen = true;
        }
        DelegationForm {
            people,
            starts: value("starts").unwrap_or_else(|| today.to_string()),
            ends: value("ends").unwrap_or_else(|| (today + Days::new(6)).to_string()),
            up_to: value("up_to").unwrap_or_default(),
            roles: value("roles").unwrap_or_default(),
            errors: draft.as_ref().map(|d| d.errors(&["to", "starts", "ends", "up_to", "roles"])).unwrap_or_default(),
        }
    });
    let rows = rows.iter().map(|row| line(row, &catalog, me.0, now)).collect();
    let page = DelegationPage { rows, query: text, form };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Approvals, move |reader| {
        view! { <DelegationView page=page reader=reader/> }
    })
    .await
}

fn day(now: Instant, zone: &str) -> NaiveDate {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    now.with_timezone(&zone).date_naive()
}

fn line(row: &Stored, catalog: &Catalog, me: uuid::Uuid, now: Instant) -> DelegationRow {
    let you = |id, name: &String| if id == me { "You".to_owned() } else { name.clone() };
    DelegationRow {
        id: row.id.to_string(),
        from: you(row.from_id, &row.from_name),
        to: you(row.to_id, &row.to_name),
        covers: covers(catalog, Limits::read(&row.limits)),
        starts: row.starts_at,
        ends: row.ended_at.unwrap_or(row.ends_at),
        stand: if row.ended_at.is_some() || row.ends_at <= now {
            Stand::Over
        } else if row.starts_at > now {
            Stand::Later
        } else {
            Stand::Now
        },
    }
}

/// The most roles that are listed by name.
const NAMED: usize = 3;

fn covers(catalog: &Catalog, limits: Option<Limits>) -> String {
    let Some(limits) = limits else { return "Nothing: it can\u{2019}t be read".to_owned() };
    let risk = match limits.up_to {
        None | Some(Risk::Critical) => String::new(),
        Some(Risk::Low) => "of low risk".to_owned(),
        Some(most) => format!("up to {} risk", most.as_str()),
    };
    match (limits.roles.len(), risk.is_empty()) {
        (0, true) => "Everything".to_owned(),
        (0, false) => format!("Roles {risk}"),
        (_, true) => named(catalog, &limits),
        (_, false) => format!("{}, {risk}", named(catalog, &limits)),
    }
}

/// A few roles by name, many by their number.
fn named(catalog: &Catalog, limits: &Limits) -> String {
    let name = |id| catalog.role(id).map_or("a role that is gone", |role| role.name.as_str());
    let names: Vec<&str> = limits.roles.iter().take(NAMED).map(|id| name(*id)).collect();
    match names.as_slice() {
        [one] => format!("Only {one}"),
        [head @ .., last] if limits.roles.len() <= NAMED => format!("Only {} and {last}", head.join(", ")),
        _ => format!("Only {} and {} more roles", names.join(", "), limits.roles.len() - names.len()),
    }
}

//! Administration: what is in force and where it came from.

use axum::extract::State;
use latchkey_domain::portal_role::PortalRole;
use latchkey_store::{applied, identities, routing};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{systems::only_reports, words};
use crate::{
    frame::Part,
    pages::admin::{AdminPage, AdminView, AppliedSet},
    web::{
        PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    if !signed.person.has(PortalRole::Administrator) {
        return Err(PageError::NotFound);
    }
    let mut c = state.db.read().await?;
    let people = identities::list::count_by_status(&mut c).await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let mut sets = applied::latest(&mut c, applied::CATALOG, 5).await?;
    sets.extend(applied::latest(&mut c, applied::PEOPLE, 5).await?);
    sets.sort_by_key(|s| std::cmp::Reverse(s.applied_at));
    let mut portal_roles = Vec::new();
    for role in PortalRole::ALL {
        let holders = routing::portal_role_holders(&mut c, role.as_str()).await?;
        let name = match role {
            PortalRole::Administrator => "Administrator",
            PortalRole::Security => "Security",
            PortalRole::Auditor => "Auditor",
            PortalRole::Helpdesk => "Help desk",
        };
        portal_roles.push((name.to_owned(), holders.iter().map(|h| words::person(h.id, &h.display_name)).collect()));
    }
    let only_reports = only_reports(&mut c, &signed).await?;
    drop(c);
    let live = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let page = AdminPage {
        people: people
            .into_iter()
            .map(|(status, n)| {
                let words = match status.as_str() {
                    "active" => "Active",
                    "on_leave" => "On leave",
                    "pre_hire" => "Not started yet",
                    _ => "Left",
                };
                (words.to_owned(), u32::try_from(n).unwrap_or(0))
            })
            .collect(),
        catalog: vec![
            ("Roles".to_owned(), live(catalog.roles.iter().filter(|r| !r.retired).count())),
            ("Systems".to_owned(), live(catalog.systems.iter().filter(|s| !s.retired).count())),
            ("Retired roles".to_owned(), live(catalog.roles.iter().filter(|r| r.retired).count())),
        ],
        portal_roles,
        applied: sets
            .into_iter()
            .map(|s| AppliedSet {
                what: if s.kind == applied::CATALOG { "Catalog".to_owned() } else { "People".to_owned() },
                hash: s.hash,
                at: s.applied_at,
                by: s.applied_by,
                summary: s.summary,
            })
            .collect(),
        only_reports,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: if state.db.is_postgres() { "PostgreSQL".to_owned() } else { "SQLite, embedded".to_owned() },
        started: state.started,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Admin,
        move |reader| view! { <AdminView page=page reader=reader/> },
    )
    .await
}

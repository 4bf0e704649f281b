//! Home.

use axum::extract::State;
use latchkey_domain::{IdentityId, portal_role::PortalRole};
use latchkey_service::catalog::Catalog;
use latchkey_store::{AsConn, StoreResult, break_glass, holdings, request_reads, routing};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{access, lines, words};
use crate::{
    frame::Part,
    pages::home::{HomePage, HomeView, ReviewWaits, TeamHas, WaitsForYou},
    web::{
        PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// How many own grants the page shows.
const SHOWN: i64 = 50;
/// Somebody with fewer roles than this sees what their team has.
const NEW: u32 = 3;
/// How many own requests the page shows, and up to how many it counts.
const WAITING: (usize, i64) = (5, 20);

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    let me = signed.person.identity;
    let now = state.clock.now();
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    // The frame has counted what waits for the reader.
    let waits = if signed.approvals > 0 { request_reads::inbox(&mut c, me, None, 3).await? } else { Vec::new() };
    let security = signed.person.has(PortalRole::Security);
    let reviews =
        if signed.reviews > 0 { break_glass::waiting_for(&mut c, me, security, 3).await? } else { Vec::new() };
    let (waiting, waiting_total) = lines::of_open(&mut c, me, WAITING).await?;
    let held = access::of(&mut c, &catalog, me, true, now, SHOWN).await?;
    let team_has = if held.total < NEW { team_has(&mut c, me, &catalog).await? } else { Vec::new() };
    drop(c);
    // What is active now isn't offered again.
    let active: Vec<String> = held.rows.iter().filter(|r| r.active).map(|r| r.role_href.clone()).collect();
    let (mut ready, access): (Vec<_>, Vec<_>) = held.rows.into_iter().partition(|r| r.activate.is_some());
    let rights = u32::try_from(ready.len()).unwrap_or(u32::MAX);
    ready.retain(|r| !active.contains(&r.role_href));
    let page = HomePage {
        waits_total: signed.approvals,
        waits: waits
            .into_iter()
            .map(|w| WaitsForYou {
                href: format!("/approvals?item={}", w.item_id),
                asks: words::asks(w.kind()),
                who: w.beneficiary_name,
                role: w.role_name,
                how_long: words::how_long(w.seconds),
                risk: words::risk(w.risk),
                reason: w.reason,
                since: w.opened_at.unwrap_or(now),
                then: None,
            })
            .collect(),
        reviews_total: signed.reviews,
        reviews: reviews
            .into_iter()
            .map(|r| ReviewWaits {
                href: super::break_glass::href(r.id),
                words: if r.identity_id == me.0 {
                    format!("Say what you did with {}", r.role_name)
                } else {
                    format!("Review what {} did with {}", r.identity_name, r.role_name)
                },
                reason: r.reason,
                due: r.due_at,
            })
            .collect(),
        waiting,
        waiting_total,
        ready,
        access,
        access_total: held.total.saturating_sub(rights),
        ending: held.ending,
        access_href: format!("/people/{me}"),
        team_has,
        team: "People in your team".to_owned(),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Home,
        move |reader| view! { <HomeView page=page reader=reader/> },
    )
    .await
}

/// What colleagues have that a new person doesn't.
async fn team_has(c: &mut impl AsConn, me: IdentityId, catalog: &Catalog) -> StoreResult<Vec<TeamHas>> {
    let Some(manager) = routing::beneficiary(c, me).await?.and_then(|b| b.manager_id) else { return Ok(Vec::new()) };
    let (held, _) = request_reads::roles_of(c, me).await?;
    let peers = holdings::held_by_peers(c, IdentityId(manager), me, 12).await?;
    let of = holdings::count_peers(c, IdentityId(manager), me).await?;
    Ok(peers
        .into_iter()
        .filter(|p| !held.contains_key(&p.role_id) && p.have * 2 >= of)
        .filter_map(|p| {
            let role = catalog.role(p.role_id.into()).filter(|r| r.requestable && !r.retired)?;
            Some(TeamHas {
                role: role.name.clone(),
                href: format!("/roles/{}", role.id),
                description: role.description.clone(),
                have: u32::try_from(p.have).unwrap_or(0),
                of: u32::try_from(of).unwrap_or(0),
            })
        })
        .take(4)
        .collect())
}

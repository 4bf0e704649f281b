//! A role's page, with the form to ask for it.

use axum::extract::{Path, RawQuery, State};
use chrono::TimeDelta;
use latchkey_domain::{IdentityId, Instant, RoleId, id::new_uuid};
use latchkey_policy::{AssuranceNeed, Quorum, Voice, choices, suggested};
use latchkey_service::{
    catalog::RoleEntry,
    decide_item::end_of,
    facts,
    submit_request::{self, Preview},
};
use latchkey_store::{
    AsConn, StoreResult, holdings,
    identities::{self, PersonRow},
    request_reads, routing,
};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{conflicts, gives, lines::Around, query::Query, words};
use crate::{
    components::{PersonRef, Sentence},
    frame::Part,
    pages::role::{
        Ask, BeneficiaryChoice, ConflictNote, DurationChoice, Peers, RequestForm, RolePage, RoleView, StagePreview,
    },
    web::{
        Draft, PageError, PageResult,
        act::request_role::draft_name,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// The most reports that the form lists.
const REPORTS: i64 = 100;
/// Access that ends sooner than this can be asked for again from its role's page.
const RENEW: TimeDelta = TimeDelta::days(30);

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<RoleId>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let now = state.clock.now();
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let role = catalog.role(id).ok_or(PageError::NotFound)?;
    let draft = Draft::take(&session, &draft_name(id)).await;

    let reports = if signed.has_team { identities::direct_reports(&mut c, me, REPORTS).await? } else { Vec::new() };
    let asked_for = draft.as_ref().and_then(|d| d.value("beneficiary_id").parse().ok()).or(query.parsed("for"));
    let beneficiary = asked_for.filter(|who: &IdentityId| reports.iter().any(|r| r.id == who.0)).unwrap_or(me);

    let today = facts::role_today(&mut c, id).await?;
    let preview = submit_request::preview(&mut c, now, me, beneficiary, &today).await?;
    let held = holdings::live_of_role(&mut c, beneficiary, id).await?;
    let waiting = request_reads::waiting_roles(&mut c, beneficiary).await?;
    let peers = peers(&mut c, beneficiary, id).await?;
    let usual_time = usual_time(&request_reads::took(&mut c, id).await?);

    let zone = routing::beneficiary(&mut c, beneficiary).await?.and_then(|b| b.time_zone).unwrap_or_default();
    let waits = waiting.iter().find(|w| w.role_id == id.0).map(|w| (w.request_id, w.item_id));
    let notes = notes(&preview, &reports, beneficiary, signed.reader(&state).zone);
    let form = || RequestForm {
        conflicts: notes.clone(),
        ..form(&today, role, beneficiary, me, &reports, draft.as_ref(), now, &zone, !held.is_empty())
    };
    let own = beneficiary == me;
    let ends = held.iter().map(|h| h.ends_at).max_by_key(|end| end.unwrap_or(Instant::MAX_UTC)).flatten();
    let renewable = ends.is_some_and(|end| end - now < RENEW) || draft.is_some();
    let ask = if let Some((request, item)) = waits {
        let items = request_reads::items_by_id(&mut c, &[item]).await?;
        let around = Around::of(&mut c, &items).await?;
        let stands = items.first().map_or_else(Sentence::default, |i| around.stands(i, me).1);
        Ask::Asked { stands, href: format!("/requests/{request}") }
    } else if let (Some(first), false, true) = (held.first(), renewable, own) {
        Ask::Have {
            until: ends,
            why: Sentence::of("You have this role."),
            give_back: Some(format!("/access/{}/give-back", first.grant_id)),
            extend: None,
        }
    } else {
        match refused(&preview) {
            Some((title, why)) => Ask::No { title, why },
            None => Ask::Form(form()),
        }
    };
    drop(c);
    let page = RolePage {
        name: role.name.clone(),
        description: role.description.clone(),
        risk: words::risk(role.risk),
        owner: role.owner.as_ref().map(|o| words::person(o.id.0, &o.name)),
        tags: role.tags.clone(),
        gives: gives::of_role(role, &state.connected, signed.may_systems()),
        stages: stages(&preview, me, beneficiary, &signed.name),
        policy: role.policy.snapshot.policy.name.clone(),
        longest: role.longest.to_delta(),
        assurance: role.assurance.map(|AssuranceNeed::Mfa| "A sign-in with a second factor".to_owned()),
        peers,
        usual_time,
        version: u32::try_from(role.version).unwrap_or(1),
        ask,
        holders: None,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Catalog,
        move |reader| view! { <RoleView page=page reader=reader/> },
    )
    .await
}

/// Why it can't be asked for, if that is so: by the same rules that would refuse it.
fn refused(preview: &Preview) -> Option<(String, Sentence)> {
    if let Some(against) = &preview.against {
        return Some((against.why.clone(), Sentence::of(against.help.clone())));
    }
    let nobody = preview.stages.as_ref().err()?.first()?;
    Some((nobody.message.clone(), Sentence::of(nobody.help.clone())))
}

fn stages(preview: &Preview, me: IdentityId, beneficiary: IdentityId, my_name: &str) -> Vec<StagePreview> {
    let Ok(stages) = &preview.stages else { return Vec::new() };
    if let Some(rule) = &preview.approved_by {
        let remark = format!("Nobody has to decide: the rule \u{201c}{rule}\u{201d} approves it at once.");
        return vec![StagePreview { who: Vec::new(), remark: Some(remark) }];
    }
    let voice = if me == beneficiary { Voice::You } else { Voice::Named(my_name) };
    let own = stages.len().saturating_sub(preview.extra_stages);
    stages
        .iter()
        .enumerate()
        .map(|(at, stage)| StagePreview {
            who: stage
                .approvers
                .iter()
                .take(5)
                .map(|a| {
                    let as_what = match &a.on_behalf_of {
                        Some((_, seat)) => format!("for {seat}"),
                        None => words::because(a.because.as_str(), me == beneficiary).to_owned(),
                    };
                    PersonRef::linked(a.name.clone(), words::person_href(a.id.0)).with(as_what)
                })
                .collect(),
            remark: if at >= own {
                Some("Because of a rule that keeps duties apart.".to_owned())
            } else {
                (stage.used_fallback || stage.approvers.len() > 5 || stage.quorum != Quorum::Any)
                    .then(|| stage.explain(voice))
            },
        })
        .collect()
}

#[expect(clippy::too_many_arguments, reason = "what the form shows comes from as many places")]
fn form(
    today: &facts::RoleToday,
    role: &RoleEntry,
    beneficiary: IdentityId,
    me: IdentityId,
    reports: &[PersonRow],
    draft: Option<&Draft>,
    now: Instant,
    zone: &str,
    extends: bool,
) -> RequestForm {
    let usual = suggested(&today.policy, &today.facts);
    let mut beneficiaries: Vec<BeneficiaryChoice> = reports
        .iter()
        .map(|r| BeneficiaryChoice {
            value: r.id.to_string(),
            label: r.display_name.clone(),
            chosen: r.id == beneficiary.0,
        })
        .collect();
    if !beneficiaries.is_empty() {
        let myself = BeneficiaryChoice { value: me.to_string(), label: "Myself".to_owned(), chosen: beneficiary == me };
        beneficiaries.insert(0, myself);
    }
    RequestForm {
        role_id: role.id.to_string(),
        once: new_uuid(now).to_string(),
        beneficiaries,
        durations: choices(&today.policy, &today.facts)
            .into_iter()
            .map(|span| DurationChoice {
                value: span.to_string(),
                label: span.words(),
                ends: end_of(now, i64::from(span.hours()) * 3600, zone),
                usual: span == usual,
            })
            .collect(),
        duration: draft.map(|d| d.value("duration")).filter(|d| !d.is_empty()),
        reason: draft.map(|d| d.value("reason")).unwrap_or_default(),
        reason_needed: today.policy.policy.reason == latchkey_policy::ReasonRule::Required,
        errors: draft.map(|d| d.errors(&["beneficiary_id", "duration", "reason"])).unwrap_or_default(),
        extends,
        conflicts: Vec::new(),
    }
}

/// What rules keep apart: told to the beneficiary, or to whoever asks for them.
fn notes(preview: &Preview, reports: &[PersonRow], beneficiary: IdentityId, zone: chrono_tz::Tz) -> Vec<ConflictNote> {
    let voice = match reports.iter().find(|r| r.id == beneficiary.0) {
        Some(report) => Voice::Named(&report.display_name),
        None => Voice::You,
    };
    conflicts::notes(&preview.separation, voice, zone)
}

async fn peers(c: &mut impl AsConn, who: IdentityId, role: RoleId) -> StoreResult<Option<Peers>> {
    let Some(manager) = routing::beneficiary(c, who).await?.and_then(|b| b.manager_id) else { return Ok(None) };
    let (of, have) = holdings::peers_with(c, IdentityId(manager), who, role).await?;
    let (have, of) = (u32::try_from(have).unwrap_or(0), u32::try_from(of).unwrap_or(0));
    Ok((of > 0).then(|| Peers { have, of, who: "people in the same team".to_owned() }))
}

/// The median of past decisions, once there are a few.
fn usual_time(took: &[request_reads::TookRow]) -> Option<TimeDelta> {
    if took.len() < 3 {
        return None;
    }
    let mut spans: Vec<TimeDelta> = took.iter().map(|t| t.closed_at - t.created_at).collect();
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied()
}

//! A role's page, with the form to ask for it.

use axum::extract::{Path, RawQuery, State};
use chrono::TimeDelta;
use latchkey_domain::{IdentityId, Instant, RoleId, grant::GrantOrigin, id::new_uuid};
use latchkey_policy::{AssuranceNeed, Quorum, Resolution, Span, Voice, choices, suggested};
use latchkey_service::{
    ServiceResult, break_glass,
    catalog::{RoleEntry, median},
    extend, facts, pieces,
    questions::{self, Question},
    submit_request::{self, Preview},
    trials, way,
};
use latchkey_store::{
    AsConn, StoreResult, break_glass as reviews, grants, holdings,
    identities::{self, PersonRow},
    item_terms, items, request_reads, routing,
};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{conflicts, gives, keep_trial, lines::Around, query::Query, questions::fields, sources, words};
use crate::{
    components::{NotNow, PersonRef, Sentence},
    frame::Part,
    pages::parts::QuestionField,
    pages::role::{
        Ask, BeneficiaryChoice, ConflictNote, Emergency, Peers, RequestForm, RolePage, RoleView, StagePreview,
    },
    web::{
        Draft, PageError, PageResult,
        act::request_role::draft_name,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// What the names of answers begin with.
const PREFIX: &str = "answer-";
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
    let preview = submit_request::preview(&mut c, now, me, beneficiary, &today, &[]).await?;
    let live = holdings::live_of_role(&mut c, beneficiary, id).await?;
    let (mut taken, held): (Vec<_>, Vec<_>) = live.into_iter().partition(|h| h.origin.is_for_the_moment());
    let opened = taken.iter().find(|h| h.origin == GrantOrigin::CallIn).and_then(|h| h.ends_at);
    taken.retain(|h| h.origin == GrantOrigin::BreakGlass);
    let emergency = if beneficiary == me { emergency(&mut c, me, role, taken.first()).await? } else { None };
    let waiting = request_reads::waiting_roles(&mut c, beneficiary).await?;
    let peers = peers(&mut c, beneficiary, id).await?;
    let took = request_reads::took(&mut c, id).await?;
    let lately = took.iter().filter(|t| now - t.created_at < TimeDelta::days(365));
    let usual_time = median(lately.map(|t| t.closed_at - t.created_at).collect());

    let zone = routing::beneficiary(&mut c, beneficiary).await?.and_then(|b| b.time_zone).unwrap_or_default();
    let waits = waiting.iter().find(|w| w.role_id == id.0).map(|w| (w.request_id, w.item_id));
    let notes = notes(&preview, &reports, beneficiary, signed.reader(&state).zone);
    let again = query.get("again").is_some() || draft.is_some();
    let before = Before::of(&mut c, held.last().filter(|_| draft.is_none())).await?;
    let asked = questions::of(&mut c, today.version).await?;
    let pieces = pieces::suggested(&mut c, me).await?;
    let form = || {
        let mut form = form(&today, role, beneficiary, me, &reports, draft.as_ref(), now, &zone, !held.is_empty());
        form.conflicts.clone_from(&notes);
        before.fill_in(&mut form);
        form.pieces.clone_from(&pieces);
        form.questions = question_fields(asked.clone(), draft.as_ref());
        let own = beneficiary == me;
        form.remark = words::joined([
            opened.map(|until| opened_until(until, own, &zone)),
            remark(held.last(), waits.is_some(), own, &zone),
            preview.trial.map(|length| trial(length, own)),
        ]);
        form
    };
    let own = beneficiary == me;
    let ends = held.iter().map(|h| h.ends_at).max_by_key(|end| end.unwrap_or(Instant::MAX_UTC)).flatten();
    let tried = held.iter().find(|h| h.full_ends_at.is_some());
    let renewable = tried.is_none() && ends.is_some_and(|end| end - now < RENEW || query.get("extend").is_some())
        || draft.is_some();
    let more = match tried.and_then(|h| trials::in_the_way("You already hold", &role.name, true, h.full_ends_at)) {
        Some(no) => Err(no),
        None => extend::possible("You already hold", &role.name, ends, now),
    };
    let stands_open = waits.filter(|_| !again);
    let ask = if let Some((request, item)) = stands_open {
        let items = request_reads::items_by_id(&mut c, &[item]).await?;
        let around = Around::of(&mut c, &items).await?;
        let stands = items.first().map_or_else(Sentence::default, |i| around.stands(i, me).1);
        let mine = items.first().is_some_and(|i| i.requester_id == me.0);
        let whom = if own { String::new() } else { format!("&for={beneficiary}") };
        let again = mine.then(|| format!("/roles/{id}?again=1{whom}#ask"));
        Ask::Asked { stands, href: format!("/requests/{request}"), again }
    } else if let (Some(first), false, true) = (held.first(), renewable, own) {
        Ask::Have {
            until: ends,
            why: if tried.is_some() {
                Sentence::of("You have it on trial.")
            } else if first.eligible {
                Sentence::of("You switch it on for hours when you need it.")
            } else {
                Sentence::of("You have this role.")
            },
            give_back: Some(format!("/access/{}/give-back", first.grant_id)),
            keep: tried.and_then(|h| keep_trial::href(h.grant_id, h.full_ends_at, h.starts_at, now)),
            extend: more.is_ok().then(|| format!("/roles/{id}?extend=1#ask")),
            activate: first.eligible.then(|| format!("/access/{}/activate", first.grant_id)),
            not_now: more
                .err()
                .map(|no| NotNow::new("Ask for more time", format!("{} {}", no.why, no.help)))
                .into_iter()
                .collect(),
        }
    } else {
        match refused(&preview) {
            Some((title, why)) => {
                let owner = role.owner.as_ref().filter(|o| o.id != me);
                let why = match owner {
                    Some(o) => why.text(" ").link(o.name.clone(), words::person_href(o.id.0)).text(" owns this role."),
                    None => why,
                };
                Ask::No { title, why }
            }
            None => Ask::Form(Box::new(form())),
        }
    };
    let opened_by = sources::opening(&mut c, &catalog, role).await?;
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
        active_for: today.policy.policy.activation.as_ref().map(|a| a.max.to_delta()),
        assurance: role.assurance.map(|AssuranceNeed::Mfa| "A sign-in with a second factor".to_owned()),
        peers,
        usual_time,
        version: u32::try_from(role.version).unwrap_or(1),
        ask,
        emergency,
        opened_by,
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
pub(super) fn refused(preview: &Preview) -> Option<(String, Sentence)> {
    if let Some(against) = &preview.against {
        return Some((against.why.clone(), Sentence::of(against.help.clone())));
    }
    let nobody = preview.stages.as_ref().err()?.first()?;
    Some((nobody.message.clone(), Sentence::of(nobody.help.clone())))
}

pub(super) fn stages(preview: &Preview, me: IdentityId, beneficiary: IdentityId, my_name: &str) -> Vec<StagePreview> {
    let Ok(stages) = &preview.stages else { return Vec::new() };
    if let Some(rule) = &preview.approved_by {
        let remark = format!("Nobody has to decide: the rule \u{201c}{rule}\u{201d} approves it at once.");
        return vec![StagePreview { who: Vec::new(), remark: Some(remark) }];
    }
    let voice = if me == beneficiary { Voice::You } else { Voice::Named(my_name) };
    stage_previews(stages, stages.len().saturating_sub(preview.extra_stages), voice)
}

/// Stages as the page shows them; those from position `own` on are there because of a rule that keeps duties apart.
pub(super) fn stage_previews(stages: &[Resolution<IdentityId>], own: usize, voice: Voice<'_>) -> Vec<StagePreview> {
    let yours = matches!(voice, Voice::You);
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
                        None => words::because(a.because.as_str(), yours).to_owned(),
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
            .map(|span| words::length_choice(span, words::end_of_span(now, span, zone), span == usual))
            .collect(),
        duration: draft.map(|d| d.value("duration")).filter(|d| !d.is_empty()),
        starts_on: draft.map(|d| d.value("starts_on")).unwrap_or_default(),
        remark: None,
        reason: draft.map(|d| d.value("reason")).unwrap_or_default(),
        reason_needed: today.policy.policy.reason == latchkey_policy::ReasonRule::Required,
        piece: draft.map(|d| d.value("piece")).unwrap_or_default(),
        pieces: Vec::new(),
        questions: Vec::new(),
        errors: draft
            .map(|d| d.errors(&["beneficiary_id", "duration", "starts_on", "reason", "piece"]))
            .unwrap_or_default(),
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

/// What the reader took, or can take, in an emergency. Costs no query where the role isn't marked.
async fn emergency(
    c: &mut impl AsConn,
    me: IdentityId,
    role: &RoleEntry,
    taken: Option<&holdings::LiveRow>,
) -> ServiceResult<Option<Emergency>> {
    if let Some(taken) = taken {
        let review = reviews::of_grant(c, taken.grant_id.into()).await?;
        return Ok(
            review.map(|review| Emergency::Taken { until: taken.ends_at, href: super::break_glass::href(review.id) })
        );
    }
    if role.policy.snapshot.policy.break_glass.is_none() {
        return Ok(None);
    }
    let person = way::person_view(c, me).await?;
    let named = break_glass::is_named(role, &person);
    Ok(named.then(|| Emergency::Can { href: format!("/roles/{}/break-glass", role.id) }))
}

async fn peers(c: &mut impl AsConn, who: IdentityId, role: RoleId) -> StoreResult<Option<Peers>> {
    let Some(manager) = routing::beneficiary(c, who).await?.and_then(|b| b.manager_id) else { return Ok(None) };
    let (of, have) = holdings::peers_with(c, IdentityId(manager), who, role).await?;
    let (have, of) = (u32::try_from(have).unwrap_or(0), u32::try_from(of).unwrap_or(0));
    Ok((of > 0).then(|| Peers { have, of, who: "people in the same team".to_owned() }))
}

/// What was asked for before, to begin the form with: for more time one usually asks in the same words.
struct Before {
    reason: String,
    duration: Option<String>,
    piece: Option<String>,
}

impl Before {
    async fn of(c: &mut impl AsConn, held: Option<&holdings::LiveRow>) -> StoreResult<Self> {
        let mut before = Self { reason: String::new(), duration: None, piece: None };
        let Some(held) = held.filter(|h| h.ends_at.is_some()) else { return Ok(before) };
        let Some(grant) = grants::get(c, held.grant_id.into()).await? else { return Ok(before) };
        before.reason = grant.reason;
        if let Some(item) = grant.item_id {
            let seconds = items::get(c, item.into()).await?.and_then(|i| i.seconds);
            before.duration = facts::span(seconds).map(|span| span.to_string());
            before.piece = item_terms::of_items(c, &[item]).await?.pop().and_then(|t| t.piece);
        }
        Ok(before)
    }

    fn fill_in(&self, form: &mut RequestForm) {
        if form.reason.is_empty() {
            form.reason.clone_from(&self.reason);
        }
        if form.piece.is_empty() {
            form.piece = self.piece.clone().unwrap_or_default();
        }
        if form.duration.is_none() {
            // Only what is still offered.
            form.duration = self.duration.clone().filter(|d| form.durations.iter().any(|one| one.value == *d));
        }
    }
}

fn question_fields(asked: Vec<Question>, draft: Option<&Draft>) -> Vec<QuestionField> {
    let typed = draft.map(|d| &d.values);
    let answered = typed
        .into_iter()
        .flatten()
        .filter_map(|(k, v)| Some((k.strip_prefix(PREFIX)?.to_owned(), v.clone())))
        .collect();
    let problem = |key: &str| {
        let field = format!("{PREFIX}{key}");
        draft?.problems.iter().find(|p| p.field == field).map(|p| p.message.clone())
    };
    fields(asked, PREFIX, &answered, problem)
}

/// That it starts as a trial.
pub(super) fn trial(length: Span, own: bool) -> String {
    let who = if own { "you" } else { "they" };
    format!(
        "The first time, it starts as a trial of {}. If {who} use it and say so, it lasts for as long as was approved; otherwise it ends with the trial.",
        length.words()
    )
}

/// That it is open for a shift or a ticket until then.
fn opened_until(until: Instant, own: bool, zone: &str) -> String {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let at = until.with_timezone(&zone).format("%-d %B %Y, %H:%M");
    let who = if own { "You have it" } else { "They have it" };
    format!("{who} for a shift or a ticket until {at}. What is asked for here is access of its own.")
}

/// What becomes of what is there already.
fn remark(held: Option<&holdings::LiveRow>, waits: bool, own: bool, zone: &str) -> Option<String> {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let goes_on = held.and_then(|h| h.ends_at).map(|end| {
        let last = (end - TimeDelta::microseconds(1)).with_timezone(&zone).format("%-d %B %Y");
        let who = if own { "You have it" } else { "They have it" };
        format!("{who} until {last}. More time goes on from there, without a gap.")
    });
    let replaces = waits.then(|| "This replaces the request that waits.".to_owned());
    words::joined([goes_on, replaces])
}

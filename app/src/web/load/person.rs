//! A person's page. What they hold is for themselves, their managers up the line, and the portal's own roles.

use axum::extract::{Path, State};
use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId,
    account::AccountState,
    identity::{EmploymentType, Status},
};
use latchkey_store::{
    AsConn, StoreResult, accounts,
    grants::{self, EndedEarlyRow},
    identities::{self, PersonRow},
    request_reads,
};
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{access, lines, words};
use crate::{
    components::{Mark, Sentence, StateWord, SystemRef, Told},
    frame::Part,
    pages::person::{AccountLine, PersonPage, PersonView},
    web::{
        PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const SHOWN: i64 = 200;
/// How long access that somebody ended is still told of, and how much of it.
const LATELY: TimeDelta = TimeDelta::days(90);
const LOST: i64 = 10;
/// How far up the reporting line somebody counts as a manager.
const LEVELS: i64 = 8;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<IdentityId>,
) -> PageResult {
    let me = signed.person.identity;
    let own = id == me;
    let now = state.clock.now();
    let mut c = state.db.read().await?;
    let person = identities::person(&mut c, id).await?.ok_or(PageError::NotFound)?;
    let manager = match person.manager_id {
        Some(manager) => identities::person(&mut c, IdentityId(manager)).await?,
        None => None,
    };
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let (why_seen, sees) = why_seen(&mut c, &signed, &person).await?;
    let mut access = if sees { Some(access::of(&mut c, &catalog, id, own, now, SHOWN).await?) } else { None };
    if let Some(access) = access.as_mut().filter(|_| !own) {
        access::with_ends(&mut access.rows, &access.ends, &catalog, &signed.person);
    }
    let lost = if sees { grants::ended_early_of(&mut c, id, now - LATELY, LOST).await? } else { Vec::new() };
    let total = access.as_ref().map_or(0, |a| a.total);
    let accounts = if sees { account_lines(&mut c, &state, &signed, id).await? } else { Vec::new() };
    let open = if sees {
        let items = request_reads::open_items_of(&mut c, id, 10).await?;
        let mut theirs: Vec<Uuid> = items.iter().filter(|i| i.beneficiary_id == id.0).map(|i| i.request_id).collect();
        theirs.dedup();
        let visible = if own { theirs } else { request_reads::seen_among(&mut c, me, &theirs).await? };
        lines::of_requests(&mut c, &visible, me).await?
    } else {
        Vec::new()
    };
    let reports = request_reads::count_reports(&mut c, id).await?;
    drop(c);
    let audit = signed.person.portal_roles.iter().any(|r| r.reads_audit());
    let page = PersonPage {
        name: person.display_name.clone(),
        own,
        position: format!("{}, {}", person.title, person.department),
        status: status(person.status),
        employment: match person.employment_type {
            EmploymentType::Employee => "Employee",
            EmploymentType::Contractor => "Contractor",
        }
        .to_owned(),
        email: person.email.clone(),
        location: (!person.location.is_empty()).then(|| person.location.clone()),
        manager: manager.map(|m| words::person(m.id, &m.display_name).with(m.title)),
        reports: u32::try_from(reports).unwrap_or(0),
        starts: None,
        leaves: None,
        zone: person.time_zone.clone(),
        access: access.map(|a| a.rows),
        access_total: total,
        access_more: None,
        accounts,
        open,
        lost: lost.iter().map(|l| lost_line(l, me)).collect(),
        why_seen,
        audit_href: audit.then(|| format!("/audit?person={id}")),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Elsewhere,
        move |reader| view! { <PersonView page=page reader=reader/> },
    )
    .await
}

/// "Payroll reader: Mara Okafor ended it 2 days ago: “The project is over”".
fn lost_line(row: &EndedEarlyRow, me: IdentityId) -> Sentence {
    let what = Sentence::default().link(row.role_name.clone(), format!("/roles/{}", row.role_id)).text(": ");
    let by = if row.by_id == me.0 {
        what.text("you")
    } else {
        what.link(row.by_name.clone(), words::person_href(row.by_id))
    };
    by.text(" ended it ").moment(row.ended_at, Told::Relative).text(": ").quote(row.comment.clone())
}

fn status(status: Status) -> StateWord {
    match status {
        Status::Active => StateWord::new(Mark::Done, "Active"),
        Status::OnLeave => StateWord::new(Mark::Waiting, "On leave"),
        Status::PreHire => StateWord::new(Mark::Next, "Not started yet"),
        Status::Terminated => StateWord::new(Mark::Ended, "Left"),
    }
}

/// Whether the reader sees what this person holds, and by which rule.
async fn why_seen(c: &mut impl AsConn, signed: &Signed, person: &PersonRow) -> StoreResult<(String, bool)> {
    let me = signed.person.identity;
    if person.id == me.0 {
        return Ok(("This is what others of your line, and security, see of you.".to_owned(), true));
    }
    if let Some(level) = identities::levels_above(c, IdentityId(person.id), me, LEVELS).await? {
        let how = if level == 1 { "you are their manager" } else { "they are in your part of the company" };
        return Ok((format!("You see this because {how}."), true));
    }
    if let Some(role) = signed.person.portal_roles.first() {
        return Ok((format!("You see this because you hold the portal role {role}."), true));
    }
    Ok(("What somebody holds is seen by themselves, their managers and security.".to_owned(), false))
}

async fn account_lines(
    c: &mut impl AsConn,
    state: &AppState,
    signed: &Signed,
    id: IdentityId,
) -> Result<Vec<AccountLine>, PageError> {
    let catalog = state.catalog.get(c, signed.catalog_version).await?;
    let accounts = accounts::of_identity(c, id).await?;
    Ok(accounts
        .into_iter()
        .filter_map(|a| {
            let system = catalog.system(a.system())?;
            let href = signed.may_systems().then(|| format!("/systems/{}", system.key));
            let state = match (a.observed, a.desired) {
                (AccountState::Enabled, AccountState::Enabled) => StateWord::new(Mark::Done, "Enabled"),
                (AccountState::Enabled, _) => StateWord::new(Mark::Working, "Being switched off"),
                (_, AccountState::Enabled) => StateWord::new(Mark::Working, "Being set up"),
                (AccountState::Disabled, _) => StateWord::new(Mark::Ended, "Disabled"),
                (AccountState::Absent, _) => StateWord::new(Mark::Ended, "Not there"),
            };
            Some(AccountLine {
                system: SystemRef { name: system.name.clone(), href },
                name: (!a.name.is_empty()).then_some(a.name),
                state,
                seen: a.observed_at,
            })
        })
        .collect())
}

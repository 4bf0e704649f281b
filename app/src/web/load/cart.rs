//! The cart: what is in it, who would decide on each line and what stands against it, by the same rules that submit it.
//!
//! Each line is asked about by itself, and a cart has at most [`MAX_LINES`]: the page costs the same in every company.

use std::collections::HashMap;

use axum::extract::State;
use chrono::TimeDelta;
use latchkey_domain::{IdentityId, Instant, RoleId, id::new_uuid};
use latchkey_policy::{AskFor, choices, suggested};
use latchkey_service::{
    ServiceError,
    cart::{self, MAX_LINES},
    catalog::{Catalog, UsualTimes},
    extend,
    facts::{self, RoleToday},
    pieces, questions, submit_request,
};
use latchkey_store::{AsConn, cart::CartRow, items};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{questions::fields, role, words};
use crate::{
    frame::Part,
    pages::cart::{CartLine, CartPage, CartView, LineProblem},
    web::{
        Draft, PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// The name under which what was wrong with a cart is kept.
pub(in crate::web) const DRAFT: &str = "cart";
/// The fields of a line.
const FIELDS: [&str; 3] = ["duration", "starts_on", "reason"];

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    let me = signed.person.identity;
    let now = state.clock.now();
    let draft = Draft::take(&session, DRAFT).await;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let usual = state.catalog.usual_times(&mut c, now).await?;
    let rows = cart::of(&mut c, me).await?;
    let mut known: HashMap<RoleId, RoleToday> = HashMap::new();
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = RoleId(row.role_id);
        if let std::collections::hash_map::Entry::Vacant(slot) = known.entry(id) {
            slot.insert(facts::role_today(&mut c, id).await?);
        }
        let today = known.get(&id).ok_or(PageError::NotFound)?;
        let around = Around {
            state: &state,
            signed: &signed,
            catalog: &catalog,
            usual: &usual,
            draft: draft.as_ref(),
            rows: &rows,
            now,
        };
        lines.push(around.line(&mut c, row, today).await?);
    }
    let pieces = if rows.is_empty() { Vec::new() } else { pieces::suggested(&mut c, me).await? };
    drop(c);
    let (of_piece, whole): (Vec<_>, Vec<_>) = draft
        .iter()
        .flat_map(|d| &d.problems)
        .filter(|p| rows.iter().all(|r| !of_line(&p.field, r)))
        .partition(|p| p.field == "piece");
    let page = CartPage {
        lines,
        most: MAX_LINES,
        once: new_uuid(now).to_string(),
        piece: cart::piece(&rows),
        pieces,
        piece_error: of_piece.first().map(|p| p.message.clone()),
        problems: whole.into_iter().map(|p| p.message.clone()).collect(),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Catalog,
        move |reader| view! { <CartView page=page reader=reader/> },
    )
    .await
}

fn of_line(field: &str, row: &CartRow) -> bool {
    field.split('.').next() == Some(row.id.to_string().as_str())
}

struct Around<'a> {
    state: &'a AppState,
    signed: &'a Signed,
    catalog: &'a Catalog,
    usual: &'a UsualTimes,
    draft: Option<&'a Draft>,
    rows: &'a [CartRow],
    now: Instant,
}

impl Around<'_> {
    /// The other roles for the same person in this cart: what rules keep apart is told before it is sent.
    fn beside(&self, row: &CartRow) -> Vec<RoleId> {
        let same = |other: &&CartRow| other.beneficiary_id == row.beneficiary_id && other.role_id != row.role_id;
        self.rows.iter().filter(same).map(|other| RoleId(other.role_id)).collect()
    }

    async fn line(&self, c: &mut impl AsConn, row: &CartRow, today: &RoleToday) -> Result<CartLine, PageError> {
        let me = self.signed.person.identity;
        let beneficiary = IdentityId(row.beneficiary_id);
        let own = beneficiary == me;
        let preview = submit_request::preview(c, self.now, me, beneficiary, today, &self.beside(row)).await?;
        let person = facts::beneficiary(c, beneficiary).await?;
        let zone = person.time_zone.clone().unwrap_or_default();
        let typed = row.starts_on.parse().ok();
        let starts_at = extend::start_of(typed, &zone, self.now).ok().flatten();
        let stands = extend::stands(c, me, today, &person, starts_at, self.now).await;
        let (remark, no) = match stands {
            Ok(stands) => {
                let older = match &stands.supersedes {
                    Some(item) => items::request(c, item.request_id.into()).await?.map(|r| r.reference),
                    None => None,
                };
                let held = stands.extends.and_then(|g| g.ends_at);
                let trial = preview.trial.map(|length| role::trial(length, own));
                (words::joined([remark(held, older, own, &zone), trial]), None)
            }
            Err(ServiceError::Refused(no)) => (None, Some((no.why, no.help))),
            Err(other) => return Err(other.into()),
        };
        let prefix = format!("answer-{}-", row.id);
        let asked = questions::of(c, today.version).await?;
        let problem = |key: &str| {
            let field = format!("{}.answer-{key}", row.id);
            self.draft?.problems.iter().find(|p| p.field == field).map(|p| p.message.clone())
        };
        let questions = fields(asked, &prefix, &cart::answers(row), problem);
        let usual_length = suggested(&today.policy, &today.facts);
        let begins = starts_at.unwrap_or(self.now);
        let role = self.catalog.role(today.id);
        Ok(CartLine {
            id: row.id.to_string(),
            role: today.facts.name.clone(),
            role_href: format!("/roles/{}", today.id),
            person: (!own).then(|| row.beneficiary_name.clone()),
            more_people: (self.signed.has_team || today.policy.policy.ask_for == AskFor::Anyone)
                .then(|| format!("/cart/people?role={}", today.id)),
            risk: words::risk(today.risk),
            durations: choices(&today.policy, &today.facts)
                .into_iter()
                .map(|span| words::length_choice(span, words::end_of_span(begins, span, &zone), span == usual_length))
                .collect(),
            duration: row.duration.clone(),
            starts_on: row.starts_on.clone(),
            reason: row.reason.clone(),
            reason_needed: today.policy.policy.reason == latchkey_policy::ReasonRule::Required,
            questions,
            stages: role::stages(&preview, me, beneficiary, &self.signed.name),
            usual_time: role.and_then(|r| self.usual.get(&r.id).copied()),
            remark,
            against: role::refused(&preview)
                .map(|(why, help)| (why, help.plain(self.signed.reader(self.state))))
                .or(no),
            problems: self.problems(row),
        })
    }

    fn problems(&self, row: &CartRow) -> Vec<LineProblem> {
        let Some(draft) = self.draft else { return Vec::new() };
        let of_this = draft.problems.iter().filter(|p| of_line(&p.field, row));
        of_this
            .map(|p| {
                let field = p.field.split_once('.').and_then(|(_, f)| match f.strip_prefix("answer-") {
                    Some(key) => Some(format!("answer-{}-{key}", row.id)),
                    None => FIELDS.into_iter().find(|known| *known == f).map(str::to_owned),
                });
                LineProblem { field, message: p.message.clone() }
            })
            .collect()
    }
}

/// What becomes of what is there already.
fn remark(held: Option<Instant>, older: Option<String>, own: bool, zone: &str) -> Option<String> {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let goes_on = held.map(|end| {
        let last = (end - TimeDelta::microseconds(1)).with_timezone(&zone).format("%-d %B %Y");
        let who = if own { "You have it" } else { "They have it" };
        format!("{who} until {last}: this goes on from there, without a gap.")
    });
    let replaces = older.map(|reference| format!("This replaces {reference}, which waits for a decision."));
    words::joined([goes_on, replaces])
}

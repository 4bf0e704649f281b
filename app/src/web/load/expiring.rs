//! What ends soon: one's own by piece of work, and that of the roles that one owns.

use std::collections::BTreeSet;

use axum::extract::{RawQuery, State};
use latchkey_domain::{GrantId, Instant, RoleId, id::new_uuid};
use latchkey_policy::Span;
use latchkey_service::{
    catalog::Catalog,
    expiring::{MAX_AT_ONCE, SOON, Whose},
};
use latchkey_store::expiring::{self as store, ExpiringRow};
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{confirm, query::Query};
use crate::{
    components::{Choice, FormError, PageLinks, Tab, plural},
    frame::Part,
    pages::{
        confirm::ConfirmPage,
        expiring::{EndingGroup, EndingRow, ExpiringPage, ExpiringView},
    },
    web::{
        Draft, PageError, PageResult,
        act::expiring::{DRAFT, page as address},
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// How many rows a page has: what is ticked fits into one request.
const ROWS: usize = MAX_AT_ONCE;

/// `/expiring`, and `/expiring?of=roles`
pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let whose = if query.get("of") == Some("roles") { Whose::OfMyRoles } else { Whose::Own };
    let after: Option<GrantId> = query.parsed("after");
    let me = signed.person.identity;
    let now = state.clock.now();
    let limit = i64::try_from(ROWS).unwrap_or(50) + 1;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let mut rows = match whose {
        Whose::Own => store::of_person(&mut c, me, now + SOON, after, limit).await?,
        Whose::OfMyRoles => store::of_roles(&mut c, me, now + SOON, after, limit).await?,
    };
    let owns = store::owns_roles(&mut c, me).await?;
    drop(c);
    let draft = Draft::take(&session, DRAFT).await;
    let next = rows.get(ROWS).map(|row| key(row, whose));
    rows.truncate(ROWS);
    let older = next.as_ref().and(rows.last()).map(|last| query.here("/expiring", "after", &last.grant_id.to_string()));
    let drawn = Drawing { whose, now, catalog: &catalog, draft: draft.as_ref(), me: me.0 };
    let tab = |label: &str, of: Whose| Tab {
        label: label.to_owned(),
        href: address(of, None),
        count: None,
        here: of == whose,
    };
    let page = ExpiringPage {
        tabs: if owns || whose == Whose::OfMyRoles {
            vec![tab("Yours", Whose::Own), tab("Of roles that you own", Whose::OfMyRoles)]
        } else {
            Vec::new()
        },
        of_roles: whose == Whose::OfMyRoles,
        after: after.map(|g| g.to_string()).unwrap_or_default(),
        links: PageLinks {
            newer: after.map(|_| query.with("/expiring", "after", None)),
            older,
            shown: plural(i64::try_from(rows.len()).unwrap_or(0), "line"),
        },
        errors: drawn.errors(&rows),
        groups: drawn.groups(&rows, next.as_deref()),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Home,
        move |reader| view! { <ExpiringView page=page reader=reader/> },
    )
    .await
}

/// What rows of the same group have in common.
fn key(row: &ExpiringRow, whose: Whose) -> String {
    match whose {
        Whose::Own => row.piece.as_deref().unwrap_or_default().to_lowercase(),
        Whose::OfMyRoles => row.role_id.to_string(),
    }
}

struct Drawing<'a> {
    whose: Whose,
    now: Instant,
    catalog: &'a Catalog,
    draft: Option<&'a Draft>,
    me: Uuid,
}

impl Drawing<'_> {
    fn groups(&self, rows: &[ExpiringRow], next: Option<&str>) -> Vec<EndingGroup> {
        let groups: Vec<&[ExpiringRow]> = rows.chunk_by(|a, b| key(a, self.whose) == key(b, self.whose)).collect();
        let last = groups.len().saturating_sub(1);
        groups
            .into_iter()
            .enumerate()
            .filter_map(|(at, group)| {
                let first = group.first()?;
                let name = match self.whose {
                    Whose::Own => first.piece.clone().unwrap_or_else(|| "For nothing in particular".to_owned()),
                    Whose::OfMyRoles => first.role_name.clone(),
                };
                let of_this = self.draft.filter(|d| d.value("group") == at.to_string());
                let problem = |d: &&Draft| d.problems.iter().find(|p| p.field == "reason").map(|p| p.message.clone());
                Some(EndingGroup {
                    name,
                    lengths: self.lengths(group, of_this),
                    reason: of_this.map(|d| d.value("reason")).unwrap_or_default(),
                    once: new_uuid(self.now).to_string(),
                    reason_error: of_this.as_ref().and_then(problem),
                    goes_on: at == last && next == Some(key(first, self.whose).as_str()),
                    rows: group.iter().map(|row| self.row(row, of_this)).collect(),
                })
            })
            .collect()
    }

    fn row(&self, row: &ExpiringRow, draft: Option<&Draft>) -> EndingRow {
        let id = row.grant_id.to_string();
        let problem = draft.and_then(|d| said(d, &id));
        let ticked = draft.map(|d| d.value("ticked").split(' ').any(|one| one == id));
        EndingRow {
            role: row.role_name.clone(),
            role_href: format!("/roles/{}", row.role_id),
            who: (row.identity_id != self.me).then(|| row.identity_name.clone()),
            ends: row.ends_at,
            reason: row.reason.clone(),
            asked: row.waiting_reference.clone().map(|reference| {
                let own = row.identity_id == self.me;
                (reference, row.waiting_id.filter(|_| own).map(|id| format!("/requests/{id}")))
            }),
            chosen: problem.is_none() && ticked.unwrap_or(true),
            problem,
            id,
        }
    }

    /// The lengths that every role of a group offers or allows; the usual one of each role is always there.
    fn lengths(&self, rows: &[ExpiringRow], draft: Option<&Draft>) -> Vec<Choice> {
        let roles: Vec<_> = rows.iter().filter_map(|row| self.catalog.role(RoleId(row.role_id))).collect();
        let longest = roles.iter().map(|role| role.longest).min();
        let offered: BTreeSet<Span> =
            roles.iter().flat_map(|role| &role.policy.snapshot.policy.offer).copied().collect();
        let typed = draft.map(|d| d.value("length")).unwrap_or_default();
        let choice = |value: String, label: String| Choice { chosen: value == typed, value, label, hint: None };
        let usual = choice(String::new(), "As long as is usual".to_owned());
        let fits = offered.into_iter().filter(|span| longest.is_some_and(|longest| *span <= longest));
        [usual].into_iter().chain(fits.map(|span| choice(span.to_string(), span.words()))).collect()
    }

    /// Everything that was wrong, each with the name of what it is about.
    fn errors(&self, rows: &[ExpiringRow]) -> Vec<FormError> {
        let Some(draft) = self.draft else { return Vec::new() };
        let message = |problem: &latchkey_service::FieldProblem| {
            let grant = problem.field.split('.').next().unwrap_or_default();
            let row = rows.iter().find(|row| row.grant_id.to_string() == grant);
            row.map_or_else(
                || problem.message.clone(),
                |row| match self.whose {
                    Whose::Own => format!("{}: {}", row.role_name, problem.message),
                    Whose::OfMyRoles => format!("{} for {}: {}", row.role_name, row.identity_name, problem.message),
                },
            )
        };
        draft.problems.iter().map(|p| FormError { field: None, message: message(p) }).collect()
    }
}

/// What was said to stand against a grant's extension.
fn said(draft: &Draft, grant: &str) -> Option<String> {
    let problem = draft.problems.iter().find(|p| p.field.split('.').next() == Some(grant))?;
    let answers = problem.field.contains(".answer-");
    Some(if answers {
        format!("The role asks more than it did: {} Extend it from its own page.", problem.message)
    } else {
        problem.message.clone()
    })
}

/// `/expiring/let-go?grant=…&grant=…`
pub(in crate::web) async fn let_go(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let me = signed.person.identity;
    let chosen: Vec<GrantId> = Query::all(raw.as_deref(), "grant", MAX_AT_ONCE);
    let ids: Vec<Uuid> = chosen.iter().map(|g| g.0).collect();
    let mut c = state.db.read().await?;
    let mut rows = store::by_ids(&mut c, &ids).await?;
    drop(c);
    rows.retain(|row| row.identity_id == me.0);
    rows.sort_by_key(|row| row.ends_at);
    if rows.is_empty() {
        return Err(PageError::NotFound);
    }
    let count = plural(i64::try_from(rows.len()).unwrap_or(0), "role");
    let page = ConfirmPage {
        title: match rows.as_slice() {
            [one] => format!("Let go of {}?", one.role_name),
            _ => format!("Let go of {count}?"),
        },
        then: vec![
            "Your access ends now, and the systems confirm that it is gone, usually within a minute.".into(),
            "What another of your roles gives as well stays as long as you have that one.".into(),
            "More time that was approved for these goes with them. If you need something again, you ask again.".into(),
        ],
        facts: rows.iter().map(|row| (row.role_name.clone(), super::access::until(Some(row.ends_at)))).collect(),
        action: "/do/let-go",
        fields: rows.iter().map(|row| ("grant", row.grant_id.to_string())).collect(),
        remark: None,
        button: if rows.len() == 1 { "Let go of it".to_owned() } else { "Let go of all of it".to_owned() },
        takes: true,
        not_now: None,
        back: ("/expiring".to_owned(), "Keep it".to_owned()),
        errors: Vec::new(),
    };
    confirm::show(&state, &signed, visit, &session, page, Part::Home).await
}

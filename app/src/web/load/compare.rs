//! "Ask for what a teammate has".

use axum::extract::{RawQuery, State};
use latchkey_domain::{IdentityId, RoleId};
use latchkey_service::{
    ServiceError,
    catalog::Catalog,
    compare::{Difference, compare},
    people::{self, PeopleQuery, PersonLine},
};
use latchkey_store::{AsConn, identities, routing};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{query::Query, words};
use crate::{
    components::{Choice, PageLinks, people as people_words},
    frame::Part,
    pages::compare::{ComparePage, CompareView, Compared, Mate, Proposed},
    web::{
        PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/compare";
/// How many teammates a page lists.
const ROWS: usize = 40;
/// The most reports that the form lists.
const REPORTS: i64 = 100;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let subject: IdentityId = query.parsed("for").unwrap_or(me);
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let mut page =
        ComparePage { subject: subject.to_string(), subject_name: None, subjects: Vec::new(), compared: no_one() };
    if let Some(mate) = query.parsed::<IdentityId>("with") {
        page.compared = match compare(&mut c, &catalog, me, subject, mate).await {
            Ok(found) => {
                page.subject_name = (subject != me).then(|| found.subject.1.clone());
                difference(&catalog, found, &query)
            }
            Err(ServiceError::Refused(no)) => Compared::No { why: no.why, help: no.help },
            Err(other) => return Err(other.into()),
        };
    } else {
        let reports = if signed.has_team { identities::direct_reports(&mut c, me, REPORTS).await? } else { Vec::new() };
        if subject != me && reports.iter().all(|r| r.id != subject.0) {
            return Err(PageError::NotFound);
        }
        let choice =
            |id: IdentityId, label: String| Choice { value: id.to_string(), label, hint: None, chosen: id == subject };
        if !reports.is_empty() {
            page.subjects.push(choice(me, "Myself".to_owned()));
            page.subjects.extend(reports.into_iter().map(|r| choice(IdentityId(r.id), r.display_name)));
        }
        page.compared = choose(&mut c, me, subject, &query).await?;
    }
    drop(c);
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Catalog, move |_| view! { <CompareView page=page/> }).await
}

const fn no_one() -> Compared {
    Compared::No { why: String::new(), help: String::new() }
}

/// For oneself: those with the same manager. For a report: the other reports.
async fn choose(
    c: &mut impl AsConn,
    me: IdentityId,
    subject: IdentityId,
    query: &Query,
) -> Result<Compared, ServiceError> {
    let text = query.get("q").unwrap_or("");
    let manager = if subject == me {
        routing::beneficiary(c, me).await?.and_then(|b| b.manager_id).map(IdentityId)
    } else {
        Some(me)
    };
    let wanted = PeopleQuery { text, with_terminated: false, after: query.parsed("after"), limit: ROWS };
    let (mates, next) = match manager {
        Some(manager) => {
            let found = people::search_team(c, manager, &wanted).await?;
            (found.people, found.next)
        }
        None => (Vec::new(), None),
    };
    let mates: Vec<Mate> = mates.into_iter().filter(|p| p.id != subject).map(|p| mate(p, query)).collect();
    let shown = people_words(u32::try_from(mates.len()).unwrap_or(0));
    let links = PageLinks {
        newer: query.get("after").map(|_| query.with(PATH, "after", None)),
        older: next.map(|next| query.with(PATH, "after", Some(&next.to_string()))),
        shown,
    };
    Ok(Compared::Choose { query: text.to_owned(), mates, links })
}

fn mate(p: PersonLine, query: &Query) -> Mate {
    Mate {
        href: query.with(PATH, "with", Some(&p.id.to_string())),
        name: p.name,
        detail: [p.title, p.department].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", "),
    }
}

fn difference(catalog: &Catalog, found: Difference, query: &Query) -> Compared {
    let role = |id: RoleId| catalog.role(id);
    Compared::Difference {
        mate: found.mate.1,
        can: found
            .can
            .into_iter()
            .filter_map(role)
            .map(|r| Proposed {
                id: r.id.to_string(),
                name: r.name.clone(),
                href: format!("/roles/{}", r.id),
                description: r.description.clone(),
                risk: words::risk(r.risk),
            })
            .collect(),
        cannot: found.cannot.into_iter().filter_map(|(id, why)| Some((role(id)?.name.clone(), why))).collect(),
        both: found.both,
        others: query.with(PATH, "with", None),
        back: query.with(PATH, "after", None),
    }
}

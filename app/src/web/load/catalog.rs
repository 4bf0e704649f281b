//! The catalog: the search runs in memory; only how the reader stands to the roles is asked of the database.

use std::collections::HashMap;

use axum::extract::{RawQuery, State};
use latchkey_domain::{IdentityId, Instant, identity::EmploymentType, role::Risk};
use latchkey_policy::PersonView;
use latchkey_service::{
    catalog::{Catalog, Facets, RoleEntry, SearchPage, SearchQuery, UsualTimes, search},
    suggestions::{Suggestion, suggestions},
    way,
};
use latchkey_store::{AsConn, request_reads};
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{query::Query, words};
use crate::{
    components::{Chosen, FacetGroup, FacetOption, PageLinks, plural},
    frame::Part,
    pages::catalog::{CatalogPage, CatalogRow, CatalogView, Others, Relation, SuggestedRole},
    web::{
        PageError, PageResult,
        answer::answer_search,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/catalog";
/// How many roles a page has.
const ROWS: usize = 40;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let text = query.get("q").unwrap_or("");
    let (held, waiting) = request_reads::roles_of(&mut c, me).await?;
    let open = open_to(&mut c, &state, &catalog, &signed, &held, &waiting).await?;
    let everything = query.get("all").is_some();
    let wanted = SearchQuery {
        text,
        only: (!everything).then_some(open.as_slice()),
        system: query.get("system"),
        risk: query.parsed::<Risk>("risk"),
        owner: query.parsed::<IdentityId>("owner"),
        tag: query.get("tag"),
        after: query.parsed("after"),
        limit: ROWS,
    };
    let found = search(&catalog, &wanted);
    let usual = state.catalog.usual_times(&mut c, state.clock.now()).await?;
    let stand = Standing { held, waiting, employment: signed.employment };
    // Before anything is looked for, what teammates have.
    let plain = raw.as_deref().unwrap_or("").is_empty();
    let suggested = if plain { suggestions(&mut c, &catalog, me).await? } else { Vec::new() };
    drop(c);
    let shown = found.hits.len();
    let older = found.next.as_ref().map(|next| {
        let base = query.with(PATH, "after", None);
        let joint = if base.contains('?') { '&' } else { '?' };
        let key: String = form_urlencoded::byte_serialize(next.to_string().as_bytes()).collect();
        format!("{base}{joint}after={key}")
    });
    let newer = query.get("after").map(|_| query.with(PATH, "after", None));
    let words = match (shown == found.total, found.total) {
        (true, total) => plural(i64::try_from(total).unwrap_or(0), "role"),
        (false, total) => format!("{shown} of {}", plural(i64::try_from(total).unwrap_or(0), "role")),
    };
    let page = CatalogPage {
        query: text.to_owned(),
        keep: query.keep(&["system", "risk", "owner", "tag", "all"]),
        others: others(&catalog, &open, everything, &query),
        facets: facet_groups(&found.facets, &query),
        chosen: chosen(&found.facets, &query),
        clear: PATH.to_owned(),
        rows: found.hits.iter().map(|role| row(role, &stand, &usual, &found)).collect(),
        links: PageLinks { newer, older, shown: words },
        nothing_applied: catalog.roles.iter().all(|r| r.retired),
        suggested: suggested.into_iter().filter_map(|s| suggested_role(&catalog, s)).collect(),
        wish: catalog.answers_wishes.then(|| match text {
            "" => "/wishes/new".to_owned(),
            text => {
                format!("/wishes/new?words={}", form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>())
            }
        }),
        back: query.with(PATH, "after", None),
    };
    let title = page.title();
    let text = text.to_owned();
    answer_search(&state, &signed, visit, &session, title, Part::Catalog, &text, move |reader| {
        view! { <CatalogView page=page reader=reader/> }
    })
    .await
}

/// Which roles the reader may ask for, by their place in the catalog; what they have or wait for is among them.
async fn open_to(
    c: &mut impl AsConn,
    state: &AppState,
    catalog: &Catalog,
    signed: &Signed,
    held: &HashMap<Uuid, Option<Instant>>,
    waiting: &HashMap<Uuid, Uuid>,
) -> Result<Vec<bool>, PageError> {
    let person = if catalog.has_conditions() {
        way::person_view(c, signed.person.identity).await?
    } else {
        // Without conditions nothing but the employment counts.
        let employment = signed.employment.map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        PersonView { employment, ..PersonView::default() }
    };
    let may = state.catalog.eligible(catalog, &person);
    let theirs = |role: &RoleEntry| held.contains_key(&role.id.0) || waiting.contains_key(&role.id.0);
    Ok(catalog.roles.iter().zip(may.may()).map(|(role, may)| *may || theirs(role)).collect())
}

/// How many roles aren't for the reader, and where they are shown all the same, or left out again.
fn others(catalog: &Catalog, open: &[bool], shown: bool, query: &Query) -> Option<Others> {
    let others = catalog.roles.iter().zip(open).filter(|(role, open)| !role.retired && !**open).count();
    let base = query.with(PATH, "after", None);
    let href = if shown {
        query.with(PATH, "all", None)
    } else {
        format!("{base}{}all=1", if base.contains('?') { '&' } else { '?' })
    };
    (others > 0).then(|| Others { count: u32::try_from(others).unwrap_or(u32::MAX), href, shown })
}

/// How the reader stands to roles.
struct Standing {
    held: HashMap<Uuid, Option<Instant>>,
    /// The requests that wait, by role.
    waiting: HashMap<Uuid, Uuid>,
    employment: Option<EmploymentType>,
}

fn suggested_role(catalog: &Catalog, one: Suggestion) -> Option<SuggestedRole> {
    let role = catalog.role(one.role)?;
    Some(SuggestedRole {
        name: role.name.clone(),
        href: format!("/roles/{}", role.id),
        description: role.description.clone(),
        why: format!("{} of your {} teammates have this", one.have, one.of),
    })
}

/// How many names of what a role gives beyond the smallest one are told.
const ALSO: usize = 3;

/// What a role that was found by what it gives has to do with the smallest one that gives it.
fn also(role: &RoleEntry, found: &SearchPage<'_>) -> Option<String> {
    if found.smallest == Some(role.id) {
        return Some("The smallest role that gives this.".to_owned());
    }
    let more = found.also.get(&role.id)?;
    let told = more.get(..ALSO.min(more.len()))?.join("; ");
    match more.len().saturating_sub(ALSO) {
        _ if more.is_empty() => Some("Gives the same.".to_owned()),
        0 => Some(format!("Also gives {told}.")),
        rest => Some(format!("Also gives {told}; and {rest} more.")),
    }
}

fn row(role: &RoleEntry, stand: &Standing, usual: &UsualTimes, found: &SearchPage<'_>) -> CatalogRow {
    let relation = relation(role, stand);
    CatalogRow {
        name: role.name.clone(),
        href: format!("/roles/{}", role.id),
        description: role.description.clone(),
        systems: role.systems.iter().map(|s| s.name.clone()).collect(),
        risk: words::risk(role.risk),
        usual_time: usual.get(&role.id).copied(),
        to_cart: (relation == Relation::CanAsk).then(|| role.id.to_string()),
        relation,
        also: also(role, found),
    }
}

fn relation(role: &RoleEntry, stand: &Standing) -> Relation {
    if let Some(request) = stand.waiting.get(&role.id.0) {
        return Relation::Asked { stands: "You asked".to_owned(), href: format!("/requests/{request}") };
    }
    if let Some(until) = stand.held.get(&role.id.0) {
        return Relation::Have(*until);
    }
    if !role.requestable {
        return Relation::CanNot("Given by rule".to_owned());
    }
    let who = &role.policy.snapshot.policy.who;
    match stand.employment {
        Some(kind) if who.contains(&kind) => Relation::CanAsk,
        _ if who.as_slice() == [EmploymentType::Employee] => Relation::CanNot("Only for employees".to_owned()),
        _ if who.as_slice() == [EmploymentType::Contractor] => Relation::CanNot("Only for contractors".to_owned()),
        _ => Relation::CanNot("Not for you".to_owned()),
    }
}

fn facet_groups(facets: &Facets, query: &Query) -> Vec<FacetGroup> {
    let groups = [
        ("system", "System", &facets.systems),
        ("risk", "Risk", &facets.risks),
        ("tag", "Tag", &facets.tags),
        ("owner", "Owner", &facets.owners),
    ];
    groups
        .into_iter()
        .filter(|(_, _, counts)| !counts.is_empty())
        .map(|(key, title, counts)| FacetGroup {
            key,
            title: title.to_owned(),
            options: counts
                .iter()
                .take(12)
                .map(|f| FacetOption {
                    label: f.label.clone(),
                    count: u32::try_from(f.count).ok(),
                    href: query.with(PATH, key, (!f.chosen).then_some(f.value.as_str())),
                    on: f.chosen,
                })
                .collect(),
        })
        .collect()
}

fn chosen(facets: &Facets, query: &Query) -> Vec<Chosen> {
    let groups = [
        ("system", "System", &facets.systems),
        ("risk", "Risk", &facets.risks),
        ("tag", "Tag", &facets.tags),
        ("owner", "Owner", &facets.owners),
    ];
    groups
        .into_iter()
        .filter_map(|(key, title, counts)| {
            let value = query.get(key)?;
            let label = counts.iter().find(|f| f.chosen).map_or(value, |f| f.label.as_str());
            Some(Chosen { label: format!("{title}: {label}"), remove: query.with(PATH, key, None) })
        })
        .collect()
}

//! What the inbox is narrowed by and sorted by, kept in the address.

use chrono::TimeDelta;
use latchkey_domain::{Instant, role::Risk};
use latchkey_store::request_reads::{InboxFilter, InboxOrder};
use uuid::Uuid;

use super::{PATH, facets::Facet};
use crate::{
    components::{Chosen, FacetGroup, FacetOption},
    web::load::{query::Query, words},
};

/// How long something waits or is left, as the address says it: its word, its label.
const AGES: [(&str, &str); 4] = [
    ("1d", "Waiting for more than a day"),
    ("3d", "Waiting for more than 3 days"),
    ("7d", "Waiting for more than a week"),
    ("closing", "Closing within 3 days"),
];
const SORTS: [(&str, &str); 2] = [("", "Longest waiting first"), ("closing", "First to close first")];

/// Which lines are asked for; what isn't known is left out.
pub(super) fn filter(query: &Query, now: Instant) -> InboxFilter {
    let age = |days| now - TimeDelta::days(days);
    InboxFilter {
        person: query.parsed("person"),
        role: query.parsed("role"),
        system: query.get("system").map(str::to_owned),
        risk: query.parsed("risk"),
        since: match query.get("age") {
            Some("1d") => Some(age(1)),
            Some("3d") => Some(age(3)),
            Some("7d") => Some(age(7)),
            _ => None,
        },
        closing: (query.get("age") == Some("closing")).then(|| now + TimeDelta::days(3)),
    }
}

/// What comes first, and where the page before ended.
pub(super) fn order(query: &Query) -> InboxOrder {
    if query.get("sort") != Some("closing") {
        return InboxOrder::Oldest(query.parsed("after"));
    }
    let after = query.get("after").and_then(|key| key.split_once('.')).and_then(|(micros, stage)| {
        Some((Instant::from_timestamp_micros(micros.parse().ok()?)?, stage.parse::<Uuid>().ok()?))
    });
    InboxOrder::Closing(after)
}

/// Something narrows the list.
pub(super) fn narrowed(filter: &InboxFilter) -> bool {
    *filter != InboxFilter::default()
}

/// The ways to narrow and to sort, as links.
pub(super) fn groups(query: &Query, facets: &[Facet]) -> Vec<FacetGroup> {
    let mut groups = vec![FacetGroup { key: "sort", title: "Order".to_owned(), options: fixed(query, "sort", &SORTS) }];
    for (key, title) in [("person", "Person"), ("role", "Role"), ("system", "System"), ("risk", "Risk")] {
        let options: Vec<FacetOption> = facets.iter().filter(|f| f.key == key).map(|f| option(query, key, f)).collect();
        if !options.is_empty() {
            groups.push(FacetGroup { key, title: title.to_owned(), options });
        }
    }
    groups.push(FacetGroup { key: "age", title: "Time".to_owned(), options: fixed(query, "age", &AGES) });
    groups
}

fn option(query: &Query, key: &'static str, facet: &Facet) -> FacetOption {
    let on = query.get(key) == Some(facet.value.as_str());
    FacetOption {
        label: facet.label.clone(),
        count: Some(facet.lines),
        href: opened_none(query).with(PATH, key, (!on).then_some(facet.value.as_str())),
        on,
    }
}

fn fixed(query: &Query, key: &'static str, options: &[(&str, &str)]) -> Vec<FacetOption> {
    options
        .iter()
        .map(|(value, label)| {
            let on = query.get(key).unwrap_or("") == *value;
            let turned = (!value.is_empty() && !on).then_some(*value);
            FacetOption {
                label: (*label).to_owned(),
                count: None,
                href: opened_none(query).with(PATH, key, turned),
                on,
            }
        })
        .collect()
}

/// The list without an open decision: that one may not be in the narrowed list.
fn opened_none(query: &Query) -> Query {
    query.without("item")
}

/// What is in force, each with a way to take it off.
pub(super) fn chosen(query: &Query, facets: &[Facet]) -> Vec<Chosen> {
    let known = [("person", "Person"), ("role", "Role"), ("system", "System"), ("risk", "Risk")];
    let mut chosen: Vec<Chosen> = known
        .into_iter()
        .filter_map(|(key, title)| {
            let said = query.get(key)?;
            let label = facets
                .iter()
                .find(|f| f.key == key && f.value == said)
                .map(|f| f.label.clone())
                .or_else(|| Some(words::risk(said.parse::<Risk>().ok()?).words().to_owned()))
                .unwrap_or_else(|| "nothing that waits".to_owned());
            Some(Chosen { label: format!("{title}: {label}"), remove: opened_none(query).with(PATH, key, None) })
        })
        .collect();
    if let Some((_, label)) = AGES.iter().find(|(value, _)| query.get("age") == Some(value)) {
        chosen.push(Chosen { label: (*label).to_owned(), remove: opened_none(query).with(PATH, "age", None) });
    }
    chosen
}

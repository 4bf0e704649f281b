//! What an inbox can be narrowed by: people, roles, systems and risks, with counts.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_domain::{IdentityId, role::Risk};
use latchkey_service::catalog::Catalog;
use latchkey_store::{
    AsConn, StoreResult,
    request_reads::{self, InboxTallyRow},
};
use uuid::Uuid;

use crate::web::load::{gives, words};

/// The most of one kind that are offered.
const MOST: usize = 40;

/// One value that an inbox can be narrowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facet {
    /// `person`, `role`, `system` or `risk`.
    pub(super) key: &'static str,
    /// What the address names: an id, a system's key, a risk's word.
    pub(super) value: String,
    /// What is read.
    pub(super) label: String,
    /// How many lines have it.
    pub(super) lines: u32,
}

/// What somebody's inbox can be narrowed by, the most frequent first, at most forty of each kind: one query, and another one
/// where versions wait that are no longer in force.
pub(super) async fn of(c: &mut impl AsConn, catalog: &Catalog, me: IdentityId) -> StoreResult<Vec<Facet>> {
    let rows = request_reads::inbox_tally(c, me).await?;
    let versions: BTreeSet<Uuid> = rows.iter().filter(|r| r.role_id.is_some()).map(|r| r.counted_id).collect();
    let given = gives::of_versions(c, catalog, &versions).await?;
    let reached = given.iter().map(|g| (g.role_version_id, (g.system_key.as_str(), g.system_name.as_str()))).collect();
    Ok(facets(&rows, &reached))
}

fn facets(rows: &[InboxTallyRow], reached: &BTreeSet<(Uuid, (&str, &str))>) -> Vec<Facet> {
    let mut tally = Tally::default();
    for row in rows {
        let lines = u32::try_from(row.lines).unwrap_or(u32::MAX);
        let Some(role) = row.role_id else {
            tally.add("person", row.counted_id.to_string(), &row.label, lines);
            continue;
        };
        tally.add("role", role.to_string(), &row.label, lines);
        if let Ok(risk) = row.risk.parse::<Risk>() {
            tally.add("risk", row.risk.clone(), words::risk(risk).words(), lines);
        }
        for (_, (key, name)) in reached.iter().filter(|(version, _)| *version == row.counted_id) {
            tally.add("system", (*key).to_owned(), name, lines);
        }
    }
    tally.finish()
}

/// Lines by kind and value.
#[derive(Default)]
struct Tally(BTreeMap<(&'static str, String), (String, u32)>);

impl Tally {
    fn add(&mut self, key: &'static str, value: String, label: &str, lines: u32) {
        let (_, so_far) = self.0.entry((key, value)).or_insert_with(|| (label.to_owned(), 0));
        *so_far = so_far.saturating_add(lines);
    }

    fn finish(self) -> Vec<Facet> {
        let mut all: Vec<Facet> =
            self.0.into_iter().map(|((key, value), (label, lines))| Facet { key, value, label, lines }).collect();
        all.sort_by(|a, b| (a.key, b.lines, &a.label, &a.value).cmp(&(b.key, a.lines, &b.label, &b.value)));
        let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
        all.retain(|f| {
            let seen = of_kind.entry(f.key).or_default();
            *seen += 1;
            *seen <= MOST
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(role: Option<u128>, counted: u128, label: &str, risk: &str, lines: i64) -> InboxTallyRow {
        InboxTallyRow {
            role_id: role.map(Uuid::from_u128),
            counted_id: Uuid::from_u128(counted),
            label: label.to_owned(),
            risk: risk.to_owned(),
            lines,
        }
    }

    #[test]
    fn versions_of_one_role_count_together_and_each_line_once_for_a_system() {
        let rows = [
            row(None, 1, "Ann", "", 3),
            row(None, 2, "Bo", "", 5),
            row(Some(10), 11, "Reader", "low", 2),
            row(Some(10), 12, "Reader", "high", 6),
        ];
        let reached = [11, 12].map(|v| (Uuid::from_u128(v), ("files", "Files"))).into_iter().collect();
        let told: Vec<String> =
            facets(&rows, &reached).iter().map(|f| format!("{} {} {}", f.key, f.label, f.lines)).collect();
        assert_eq!(
            told,
            ["person Bo 5", "person Ann 3", "risk High risk 6", "risk Low risk 2", "role Reader 8", "system Files 8"]
        );
    }

    #[test]
    fn at_most_forty_of_a_kind_the_most_frequent_first() {
        let rows: Vec<InboxTallyRow> =
            (0..60).map(|n| row(None, n, "Somebody", "", i64::try_from(n).unwrap())).collect();
        let lines: Vec<u32> = facets(&rows, &BTreeSet::new()).iter().map(|f| f.lines).collect();
        assert_eq!(lines, (20..60).rev().collect::<Vec<u32>>());
    }
}

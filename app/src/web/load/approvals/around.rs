//! What is worth knowing around a decision: colleagues who hold the role, earlier wishes for it, what its beneficiary holds on
//! the same systems.

use std::collections::BTreeMap;

use latchkey_domain::{IdentityId, item::ItemState};
use latchkey_store::{
    AsConn, StoreResult,
    identities::PersonRow,
    request_reads::{self, EarlierRow, ItemLineRow, MOST_PEERS, OnSystemRow, PeersRow},
};

use crate::{
    components::{Mark, Sentence, Told},
    pages::approvals::Flag,
    web::load::words,
};

/// How many earlier wishes are listed.
const EARLIER: i64 = 5;
/// How many entitlements on the same systems are looked at.
const NEARBY: i64 = 60;
/// How many of them are named for one system.
const NAMED: usize = 6;

/// What is known around a decision: three queries.
pub(super) struct Surroundings {
    pub(super) peers: Vec<PeersRow>,
    pub(super) earlier: Vec<EarlierRow>,
    pub(super) nearby: Vec<OnSystemRow>,
}

impl Surroundings {
    pub(super) async fn of(c: &mut impl AsConn, item: &ItemLineRow, person: Option<&PersonRow>) -> StoreResult<Self> {
        let who = IdentityId(item.beneficiary_id);
        let manager = person.and_then(|p| p.manager_id);
        let department = person.map_or("", |p| p.department.as_str());
        let title = person.map_or("", |p| p.title.as_str());
        Ok(Self {
            peers: request_reads::peers_of(c, who, manager, department, title, item.role_id.into()).await?,
            earlier: request_reads::earlier_wishes(c, who, item.role_id, item.id, EARLIER).await?,
            nearby: request_reads::held_on_systems_of(c, who, item.role_version_id, NEARBY).await?,
        })
    }

    /// How many in the team hold it, of how many: nothing where they have no team.
    pub(super) fn team(&self) -> Option<(i64, i64)> {
        self.peers.iter().find(|p| p.kind == "manager").map(|p| (p.all_of_them, p.have))
    }

    /// Colleagues of the same department and title who hold it. What too many share says nothing.
    pub(super) fn others(&self, person: Option<&PersonRow>) -> Vec<Flag> {
        let Some(person) = person else { return Vec::new() };
        [("department", format!("in {}", person.department)), ("title", format!("with the title {}", person.title))]
            .into_iter()
            .filter_map(|(kind, who)| {
                let row = self.peers.iter().find(|p| p.kind == kind).filter(|p| p.all_of_them <= MOST_PEERS)?;
                let (all, have) = (row.all_of_them, row.have);
                let (mark, words) = match have {
                    0 => (Mark::Ended, format!("None of the {all} others {who} has it.")),
                    _ => (Mark::Done, format!("{have} of the {all} others {who} have it.")),
                };
                Some(Flag { mark, words: Sentence::of(words) })
            })
            .collect()
    }

    /// "Denied on 3 March 2027, asked for 90 days".
    pub(super) fn past(&self) -> Vec<Sentence> {
        self.earlier.iter().map(past).collect()
    }

    /// "Files: Read (Role reader)", a line for each system.
    pub(super) fn on_systems(&self) -> Vec<Sentence> {
        let mut by_system: BTreeMap<&str, Vec<&OnSystemRow>> = BTreeMap::new();
        for row in &self.nearby {
            let of = by_system.entry(&row.system_name).or_default();
            if !of.iter().any(|known| known.entitlement_name == row.entitlement_name) {
                of.push(row);
            }
        }
        by_system.into_iter().map(|(system, rows)| on_system(system, &rows)).collect()
    }
}

fn past(row: &EarlierRow) -> Sentence {
    let how = match (row.state, row.end_reason.as_deref()) {
        (ItemState::Waiting, _) => "Waiting",
        (ItemState::Approved, Some("revoked")) => "Approved, and ended by somebody later",
        (ItemState::Approved, Some("given_back")) => "Approved, and given back later",
        (ItemState::Approved, Some(_)) => "Approved, and over by now",
        (ItemState::Approved, None) => "Approved",
        (ItemState::Denied, _) => "Denied",
        (ItemState::Withdrawn, _) => "Withdrawn",
        (ItemState::Lapsed, _) => "Closed, because nobody decided in time",
        (ItemState::Cancelled, _) => "Closed, because it couldn\u{2019}t happen any more",
    };
    Sentence::of(format!("{how}, "))
        .moment(row.closed_at.unwrap_or(row.created_at), Told::Day)
        .text(format!(", asked for {}.", words::how_long(row.seconds)))
}

fn on_system(system: &str, rows: &[&OnSystemRow]) -> Sentence {
    let mut sentence = Sentence::default().strong(system).text(": ");
    for (at, row) in rows.iter().take(NAMED).enumerate() {
        let joint = if at == 0 { "" } else { ", " };
        let same = if row.same { "this already, " } else { "" };
        sentence = sentence
            .text(format!("{joint}{} ({same}", row.entitlement_name))
            .link(row.role_name.clone(), format!("/roles/{}", row.role_id))
            .text(")");
    }
    if rows.len() > NAMED { sentence.text(format!(" and {} more", rows.len() - NAMED)) } else { sentence }
}

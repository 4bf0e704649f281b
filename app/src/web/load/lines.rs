//! Requests as lines of a list: what, for whom, where they stand.

use std::collections::HashMap;

use latchkey_domain::{IdentityId, grant::GrantState, item::ItemState};
use latchkey_store::{
    AsConn, StoreResult,
    grants::{self, GrantRow},
    request_reads::{self, ItemLineRow, NamedApproverRow, NamedDecisionRow},
};
use uuid::Uuid;

use super::words;
use crate::{
    components::{Mark, Sentence, Told},
    pages::parts::RequestLine,
};

/// What is known about some items beside themselves: at most three queries, however many there are.
pub(super) struct Around {
    pub(super) approvers: Vec<NamedApproverRow>,
    pub(super) decisions: Vec<NamedDecisionRow>,
    pub(super) grants: HashMap<Uuid, GrantRow>,
}

impl Around {
    pub(super) async fn of(c: &mut impl AsConn, items: &[ItemLineRow]) -> StoreResult<Self> {
        let those =
            |fits: fn(&ItemLineRow) -> bool| items.iter().filter(|i| fits(i)).map(|i| i.id).collect::<Vec<Uuid>>();
        // Nothing was decided about an item that waits for its first stage, and only an approved one has a grant.
        let waiting = those(|i| i.state == ItemState::Waiting);
        let decided = those(|i| i.state != ItemState::Waiting || i.stage > 0);
        let approved = those(|i| i.state == ItemState::Approved);
        let approvers = request_reads::approvers_of(c, &waiting).await?;
        let decisions = request_reads::decisions_of(c, &decided).await?;
        let grants = grants::of_items(c, &approved).await?;
        let grants = grants.into_iter().filter_map(|g| Some((g.item_id?, g))).collect();
        Ok(Self { approvers, decisions, grants })
    }

    pub(super) fn approvers(&self, item: Uuid) -> Vec<&NamedApproverRow> {
        self.approvers.iter().filter(|a| a.item_id == item).collect()
    }

    fn last_decision(&self, item: Uuid) -> Option<&NamedDecisionRow> {
        self.decisions.iter().rev().find(|d| d.item_id == item)
    }

    /// Where an item stands, in a sentence.
    pub(super) fn stands(&self, item: &ItemLineRow, reader: IdentityId) -> (Mark, Sentence) {
        let own = item.beneficiary_id == reader.0;
        match item.state {
            ItemState::Waiting => (Mark::Waiting, words::waiting_for(&self.approvers(item.id), reader, own)),
            ItemState::Approved => self.granted(item, own),
            ItemState::Denied => (Mark::Failed, self.denied(item, reader)),
            ItemState::Withdrawn => (Mark::Ended, ended("Withdrawn ", item)),
            ItemState::Lapsed => (Mark::Ended, ended("Closed, because nobody decided in time, ", item)),
            ItemState::Cancelled => (Mark::Ended, ended("Closed, because it can\u{2019}t happen any more, ", item)),
        }
    }

    fn granted(&self, item: &ItemLineRow, own: bool) -> (Mark, Sentence) {
        let whose = if own { "Yours" } else { "Theirs" };
        match self.grants.get(&item.id) {
            Some(g) if g.state == GrantState::Ended => {
                let how = match g.end_reason.as_deref() {
                    Some("given_back") => "Given back ",
                    Some("expired") => "Ended by itself ",
                    Some("terminated") => "Ended with the employment ",
                    Some("revoked") => "Ended before its time ",
                    Some("source_ended") => "Ended with its ticket ",
                    _ => "Ended ",
                };
                (Mark::Ended, Sentence::of(how).moment(g.ended_at.unwrap_or(item.created_at), Told::Relative))
            }
            Some(g) => match g.ends_at {
                Some(end) => (Mark::Done, Sentence::of(format!("Approved. {whose} until ")).moment(end, Told::Until)),
                None => (Mark::Done, Sentence::of(format!("Approved. {whose} until given back"))),
            },
            None => (Mark::Done, Sentence::of("Approved")),
        }
    }

    fn denied(&self, item: &ItemLineRow, reader: IdentityId) -> Sentence {
        let Some(d) = self.last_decision(item.id) else { return ended("Denied ", item) };
        let by = if d.identity_id == reader.0 {
            Sentence::of("You denied it ")
        } else {
            Sentence::default().link(d.name.clone(), words::person_href(d.identity_id)).text(" denied it ")
        };
        by.moment(d.decided_at, Told::Relative)
    }
}

fn ended(how: &str, item: &ItemLineRow) -> Sentence {
    Sentence::of(how).moment(item.closed_at.unwrap_or(item.created_at), Told::Relative)
}

/// Requests as lines, in the order of `requests`: at most four queries, however many there are.
pub(super) async fn of_requests(
    c: &mut impl AsConn,
    requests: &[Uuid],
    reader: IdentityId,
) -> StoreResult<Vec<RequestLine>> {
    let items = request_reads::items_of(c, requests).await?;
    of_items(c, &items, requests, reader).await
}

/// The reader's own open requests as lines, newest first, and how many there are, counted up to a bound: at most three
/// queries.
pub(super) async fn of_open(
    c: &mut impl AsConn,
    reader: IdentityId,
    (shown, counted): (usize, i64),
) -> StoreResult<(Vec<RequestLine>, u32)> {
    let items = request_reads::open_items_of(c, reader, counted).await?;
    let mut requests: Vec<Uuid> = items.iter().map(|i| i.request_id).collect();
    requests.dedup();
    let total = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    requests.truncate(shown);
    let items: Vec<ItemLineRow> = items.into_iter().filter(|i| requests.contains(&i.request_id)).collect();
    Ok((of_items(c, &items, &requests, reader).await?, total))
}

async fn of_items(
    c: &mut impl AsConn,
    items: &[ItemLineRow],
    requests: &[Uuid],
    reader: IdentityId,
) -> StoreResult<Vec<RequestLine>> {
    let around = Around::of(c, items).await?;
    Ok(requests
        .iter()
        .filter_map(|id| {
            let of: Vec<&ItemLineRow> = items.iter().filter(|i| i.request_id == *id).collect();
            line(&of, &around, reader)
        })
        .collect())
}

fn line(items: &[&ItemLineRow], around: &Around, reader: IdentityId) -> Option<RequestLine> {
    // What is still open says where a request of several items stands.
    let shown = items.iter().find(|i| i.state == ItemState::Waiting).or_else(|| items.first())?;
    let what = if let [one] = items {
        one.role_name.clone()
    } else {
        let names: Vec<&str> = items.iter().map(|i| i.role_name.as_str()).collect();
        format!("{} roles: {}", names.len(), names.join(", "))
    };
    let (mark, stands) = around.stands(shown, reader);
    let changed = items.iter().filter_map(|i| i.closed_at).max().unwrap_or(shown.created_at);
    Some(RequestLine {
        href: format!("/requests/{}", shown.request_id),
        what,
        beneficiary: (shown.beneficiary_id != reader.0).then(|| shown.beneficiary_name.clone()),
        mark,
        stands,
        changed,
    })
}

//! What somebody holds, as rows: why, since when, until when, and how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId, Instant, RoleId,
    actor::PersonActor,
    fulfilment::{HELD_BACK, Presence, Progress, WAITS_FOR_SIGN_IN},
    grant::{GrantOrigin, GrantState},
    portal_role::PortalRole,
};
use latchkey_service::catalog::Catalog;
use latchkey_store::{
    AsConn, StoreResult,
    holdings::{self, ApprovedByRow, GivesRow, HoldingRow, ProgressRow},
};
use uuid::Uuid;

use super::{gives, keep_trial, words};
use crate::{
    components::{Mark, Sentence, StateWord, Told},
    pages::parts::AccessRow,
};

/// Access that ends sooner than this stands out.
const SOON: TimeDelta = TimeDelta::days(14);

/// What somebody holds.
pub(super) struct Access {
    /// The lines, the first to end at the top.
    pub(super) rows: Vec<AccessRow>,
    /// How many there are in all.
    pub(super) total: u32,
    /// How many of them all end soon.
    pub(super) ending: u32,
    /// What decides who may end them, in the order of the rows.
    pub(super) ends: Vec<Ending>,
}

/// What somebody holds: at most four queries, however much it is. `own` is true when they read it themselves.
pub(super) async fn of(
    c: &mut impl AsConn,
    catalog: &Catalog,
    who: IdentityId,
    own: bool,
    now: Instant,
    limit: i64,
) -> StoreResult<Access> {
    let held = holdings::live_of(c, who, now + SOON, limit).await?;
    let versions: BTreeSet<Uuid> = held.iter().map(|h| h.role_version_id).collect();
    let gives = gives::of_versions(c, catalog, &versions).await?;
    let progress = holdings::unsettled_of(c, who).await?;
    let items: Vec<Uuid> = held.iter().filter_map(|h| h.item_id).collect();
    let approved = holdings::approved_by(c, &items).await?;
    let count = |of: fn(&HoldingRow) -> i64| held.first().map_or(0, |h| u32::try_from(of(h)).unwrap_or(u32::MAX));
    Ok(Access {
        rows: held.iter().map(|h| row(h, &gives, &progress, &approved, who, own, now)).collect(),
        ends: held
            .iter()
            .map(|h| Ending {
                grant: h.grant_id,
                role: h.role_id.into(),
                approved_by: approved.iter().filter(|a| Some(a.item_id) == h.item_id).map(|a| a.identity_id).collect(),
            })
            .collect(),
        total: count(|h| h.of_all),
        ending: count(|h| h.of_ending),
    })
}

fn row(
    held: &HoldingRow,
    gives: &[GivesRow],
    progress: &[ProgressRow],
    approved: &[ApprovedByRow],
    who: IdentityId,
    own: bool,
    now: Instant,
) -> AccessRow {
    let of_role: Vec<&GivesRow> = gives.iter().filter(|g| g.role_version_id == held.role_version_id).collect();
    let mut systems: Vec<String> = of_role.iter().map(|g| g.system_name.clone()).collect();
    systems.dedup();
    // What a shift or a ticket opened isn't extended: it ends with that.
    let lasts = held.activates_id.is_none() && held.origin != GrantOrigin::CallIn;
    AccessRow {
        role: held.role_name.clone(),
        role_href: format!("/roles/{}", held.role_id),
        systems,
        why: why(held, approved, who, own),
        since: held.starts_at,
        ends: held.ends_at,
        // Hours are always short; that they end is no news.
        ends_soon: lasts && held.ends_at.is_some_and(|end| end - now < SOON),
        state: state(held, &of_role, progress),
        end: None,
        give_back: own.then(|| format!("/access/{}/give-back", held.grant_id)),
        keep: own.then(|| keep_trial::href(held.grant_id, held.full_ends_at, held.starts_at, now)).flatten(),
        trial: held.full_ends_at,
        extend: (own && lasts && held.full_ends_at.is_none() && held.ends_at.is_some_and(|end| end - now < SOON))
            .then(|| format!("/roles/{}?extend=1#ask", held.role_id)),
        stays: None,
        activate: (own && held.state == GrantState::Eligible).then(|| format!("/access/{}/activate", held.grant_id)),
        active: held.activates_id.is_some() || held.origin == GrantOrigin::CallIn,
    }
}

fn why(held: &HoldingRow, approved: &[ApprovedByRow], who: IdentityId, own: bool) -> Sentence {
    match held.origin {
        GrantOrigin::Request if held.activates_id.is_some() => {
            let by = Sentence::of(if own { "You activated it" } else { "They activated it" });
            match held.request_id {
                Some(request) => by.text(" (").link("request", format!("/requests/{request}")).text(")"),
                None => by,
            }
        }
        GrantOrigin::Request => {
            let asked = match (held.requester_id, &held.requester_name) {
                (Some(id), _) if id == who.0 && own => Sentence::of("You asked"),
                (Some(id), _) if id == who.0 => Sentence::of("They asked"),
                (Some(id), Some(name)) => Sentence::default().link(name.clone(), words::person_href(id)).text(" asked"),
                _ => Sentence::of("It was asked for"),
            };
            let mut by: Vec<&ApprovedByRow> = approved.iter().filter(|a| Some(a.item_id) == held.item_id).collect();
            by.dedup_by_key(|a| a.identity_id);
            let mut sentence = asked;
            for (at, approver) in by.iter().enumerate() {
                sentence = sentence.text(if at == 0 { ", " } else { " and " });
                sentence = sentence.link(approver.name.clone(), words::person_href(approver.identity_id));
            }
            let sentence = if by.is_empty() { sentence } else { sentence.text(" approved") };
            match held.request_id {
                Some(request) => sentence.text(" (").link("request", format!("/requests/{request}")).text(")"),
                None => sentence,
            }
        }
        GrantOrigin::Birthright => Sentence::of(if own { "Comes with your job" } else { "Comes with their job" }),
        GrantOrigin::BreakGlass => Sentence::of("Taken in an emergency"),
        GrantOrigin::Import => Sentence::of("It was there before Latchkey"),
        GrantOrigin::Host => Sentence::of("Given by a command on the host"),
        GrantOrigin::CallIn => Sentence::of(format!("Opened by {}", held.reason)),
    }
}

/// Nothing to say when every system has confirmed it. `unsettled` is what isn't confirmed.
fn state(held: &HoldingRow, gives: &[&GivesRow], unsettled: &[ProgressRow]) -> Option<StateWord> {
    if held.state == GrantState::Scheduled {
        return Some(StateWord::new(Mark::Next, "Starts later"));
    }
    if held.state == GrantState::Eligible {
        return None;
    }
    let by_entitlement: BTreeMap<Uuid, &ProgressRow> = unsettled.iter().map(|p| (p.entitlement_id, p)).collect();
    let mine = gives.iter().filter_map(|g| by_entitlement.get(&g.entitlement_id).copied());
    let wanted: Vec<&ProgressRow> = mine.filter(|p| p.desired == Presence::Present).collect();
    let stuck = wanted.iter().filter(|p| matches!(p.progress, Progress::Refused | Progress::NeedsHuman)).count();
    let going = wanted.iter().filter(|p| p.progress == Progress::Due).count();
    if stuck > 0 {
        let words = match gives.len() {
            1 => "Setting it up failed".to_owned(),
            all => format!("{stuck} of {all} failed"),
        };
        return Some(StateWord::new(Mark::Failed, words));
    }
    let waits_for =
        |word| wanted.iter().any(|p| p.progress == Progress::Due && p.last_outcome.as_deref() == Some(word));
    if waits_for(HELD_BACK) {
        return Some(StateWord::new(Mark::Attention, "Held back: a rule keeps it apart from other access"));
    }
    if waits_for(WAITS_FOR_SIGN_IN) {
        return Some(StateWord::new(Mark::Attention, "Waits for a sign-in with a second factor"));
    }
    if going > 0 {
        let tried = wanted.iter().any(|p| p.progress == Progress::Due && p.attempts > 0);
        return Some(if tried {
            StateWord::new(Mark::Attention, "Set-up is tried again")
        } else {
            StateWord::new(Mark::Working, "Being set up")
        });
    }
    None
}

/// Adds the page that ends it before its time to what the reader may end: what they approved, what they own, and everything for
/// security. Nobody ends their own in this way.
pub(super) fn with_ends(rows: &mut [AccessRow], held: &[Ending], catalog: &Catalog, person: &PersonActor) {
    for (row, ending) in rows.iter_mut().zip(held) {
        let owner = catalog.role(ending.role).and_then(|r| r.owner.as_ref()).is_some_and(|o| o.id == person.identity);
        let href = format!("/access/{}/end", ending.grant);
        row.end = if ending.approved_by.contains(&person.identity.0) {
            Some((href, "Take back your approval".to_owned()))
        } else {
            (owner || person.has(PortalRole::Security)).then(|| (href, "End".to_owned()))
        };
    }
}

/// What decides whether somebody may end a grant, in the order of the rows.
pub(super) struct Ending {
    grant: Uuid,
    role: RoleId,
    approved_by: Vec<Uuid>,
}

/// "until 3 March 2027", for a sentence.
pub(super) fn until(ends: Option<Instant>) -> Sentence {
    match ends {
        Some(end) => Sentence::of("until ").moment(end, Told::Until),
        None => Sentence::of("until given back"),
    }
}

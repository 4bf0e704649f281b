//! A request's page: its timeline, for each item every step from asking to the systems' own confirmation.

mod not_now;
mod steps;
mod tracks;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use latchkey_domain::{
    IdentityId, Instant, RequestId, fulfilment::Progress, grant::GrantState, item::ItemState, portal_role::PortalRole,
};
use latchkey_policy::Voice;
use latchkey_service::{
    ServiceResult, break_glass,
    catalog::{Catalog, RoleEntry},
    separation::{self, Found, Wish},
    way,
};
use latchkey_store::{
    AsConn,
    grants::{self, EndedEarlyRow, GrantRow},
    holdings::{self, GivesRow, ProgressRow},
    items,
    messages::{self, MessageRow},
    request_reads::{self, ItemLineRow, StageLineRow},
    shortenings::{self, ShorteningRow},
};
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{conflicts, keep_trial, lines::Around, terms::Terms, threads, words};
use crate::{
    components::{Mark, Sentence, StateWord},
    frame::Part,
    islands::LiveRefresh,
    pages::{
        parts::{Thread, Writing},
        request::{ItemActions, RequestItem, RequestPage, RequestView},
        role::ConflictNote,
    },
    web::{
        Draft, PageError, PageResult,
        act::write_message::draft_name,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// Everything about a request that its page needs: fourteen queries at most, whatever it holds, and four more where a rule
/// names what waits.
struct Whole {
    items: Vec<ItemLineRow>,
    around: Around,
    stages: Vec<StageLineRow>,
    gives: Vec<GivesRow>,
    progress: Vec<ProgressRow>,
    /// What rules keep apart, by item; those that wait alone.
    separation: BTreeMap<Uuid, Found>,
    messages: Vec<MessageRow>,
    shortened: Vec<ShorteningRow>,
    ended: Vec<EndedEarlyRow>,
    terms: Terms,
}

impl Whole {
    async fn load(c: &mut impl AsConn, now: Instant, request: RequestId) -> ServiceResult<Self> {
        let items = request_reads::items_of(c, &[request.0]).await?;
        let around = Around::of(c, &items).await?;
        let ids: Vec<Uuid> = items.iter().map(|i| i.id).collect();
        let stages = request_reads::stages_of(c, &ids).await?;
        let versions: BTreeSet<Uuid> =
            items.iter().map(|i| around.grants.get(&i.id).map_or(i.role_version_id, |g| g.role_version_id)).collect();
        let gives = holdings::gives(c, &versions.into_iter().collect::<Vec<_>>()).await?;
        let people: BTreeSet<Uuid> = items.iter().map(|i| i.beneficiary_id).collect();
        let progress = holdings::progress_of(c, &people.into_iter().collect::<Vec<_>>()).await?;
        let waiting: Vec<&ItemLineRow> = items.iter().filter(|i| i.state == ItemState::Waiting).collect();
        let wishes: Vec<Wish<'_>> = waiting
            .iter()
            .map(|i| Wish {
                beneficiary: i.beneficiary_id.into(),
                role: i.role_id.into(),
                beside: &[],
                item: Some(i.id.into()),
            })
            .collect();
        let found = separation::of_wishes(c, now, &wishes).await?;
        let separation = waiting.iter().map(|i| i.id).zip(found).collect();
        let terms = Terms::of(c, &ids).await?;
        let messages = messages::of_items(c, &ids).await?;
        // Nothing was shortened in a request that nobody has decided anything of.
        let decided: BTreeSet<Uuid> = around.decisions.iter().map(|d| d.item_id).collect();
        let shortened = shortenings::of_items(c, &decided.into_iter().collect::<Vec<_>>()).await?;
        let over = around.grants.values().filter(|g| g.end_reason.as_deref() == Some("revoked"));
        let ended = grants::ended_early(c, &over.map(|g| g.id).collect::<Vec<_>>()).await?;
        Ok(Self { items, around, stages, gives, progress, separation, messages, shortened, ended, terms })
    }

    fn gives(&self, item: &ItemLineRow) -> Vec<&GivesRow> {
        let version = self.grant(item).map_or(item.role_version_id, |g| g.role_version_id);
        self.gives.iter().filter(|g| g.role_version_id == version).collect()
    }

    fn grant(&self, item: &ItemLineRow) -> Option<&GrantRow> {
        self.around.grants.get(&item.id)
    }

    /// The work that this item's entitlements cause, in the order of what it gives.
    fn work(&self, item: &ItemLineRow) -> Vec<(&GivesRow, Option<&ProgressRow>)> {
        self.gives(item)
            .into_iter()
            .map(|g| {
                let p = self
                    .progress
                    .iter()
                    .find(|p| p.entitlement_id == g.entitlement_id && p.identity_id == item.beneficiary_id);
                (g, p)
            })
            .collect()
    }
}

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<RequestId>,
) -> PageResult {
    let me = signed.person.identity;
    let mut c = state.db.read().await?;
    let request = items::request(&mut c, id).await?.ok_or(PageError::NotFound)?;
    let on_record = signed.person.portal_roles.iter().any(|r| r.reads_audit());
    if !on_record && !request_reads::may_see(&mut c, me, id).await? {
        return Err(PageError::NotFound);
    }
    let whole = Whole::load(&mut c, state.clock.now(), id).await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let emergencies = emergencies(&mut c, me, &whole.items, &catalog).await?;
    drop(c);
    let first = whole.items.first().ok_or(PageError::NotFound)?;
    let drafted = match whole.items.as_slice() {
        [one] => Draft::take(&session, &draft_name(one.id.into())).await,
        _ => None,
    };
    let reading = Reading {
        whole: &whole,
        me,
        now: state.clock.now(),
        signed: &signed,
        state: &state,
        catalog: &catalog,
        draft: drafted.as_ref(),
        emergencies,
    };
    let mut reasons: Vec<String> = whole.items.iter().map(|i| whole.terms.reason(i.id, &i.reason)).collect();
    reasons.dedup();
    let page = RequestPage {
        id: first.reference.clone(),
        asked_by: words::person(first.requester_id, &first.requester_name),
        asked_at: request.created_at,
        reason: reasons.join("\n"),
        items: whole.items.iter().map(|i| reading.item(i)).collect(),
        back: "/requests".to_owned(),
        moving: whole.items.iter().any(|i| reading.moving(i)),
        audit_href: on_record.then(|| format!("/audit?request={id}")),
    };
    let moving = page.moving;
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Requests, move |reader| {
        let live = moving.then(|| view! { <LiveRefresh events=format!("/requests/{id}/events")/> }.into_any());
        view! { <RequestView page=page reader=reader live=live/> }
    })
    .await
}

/// The roles that the reader may take at once although they wait for them. Costs no query where none of them is marked so.
async fn emergencies(
    c: &mut impl AsConn,
    me: IdentityId,
    items: &[ItemLineRow],
    catalog: &Catalog,
) -> ServiceResult<BTreeSet<Uuid>> {
    let own = items.iter().filter(|i| i.state == ItemState::Waiting && i.beneficiary_id == me.0);
    let marked: Vec<&RoleEntry> = own
        .filter_map(|i| catalog.role(i.role_id.into()))
        .filter(|role| role.policy.snapshot.policy.break_glass.is_some())
        .collect();
    if marked.is_empty() {
        return Ok(BTreeSet::new());
    }
    let person = way::person_view(c, me).await?;
    Ok(marked.into_iter().filter(|role| break_glass::is_named(role, &person)).map(|role| role.id.0).collect())
}

/// Who reads the page, and when.
struct Reading<'a> {
    whole: &'a Whole,
    me: IdentityId,
    now: Instant,
    signed: &'a Signed,
    state: &'a AppState,
    catalog: &'a Catalog,
    /// A message that came back.
    draft: Option<&'a Draft>,
    /// Roles that the reader may take in an emergency, among those that wait for them here.
    emergencies: BTreeSet<Uuid>,
}

impl Reading<'_> {
    fn item(&self, item: &ItemLineRow) -> RequestItem {
        let grant = self.whole.grant(item);
        RequestItem {
            id: item.id.to_string(),
            role: item.role_name.clone(),
            role_href: format!("/roles/{}", item.role_id),
            risk: words::risk(item.risk),
            beneficiary: words::person(item.beneficiary_id, &item.beneficiary_name),
            how_long: self.whole.terms.how_long(item, self.signed.reader(self.state).zone),
            ends: grant.and_then(|g| g.ends_at),
            state: self.state_word(item),
            stands: self.stands(item),
            conflicts: self.conflicts(item),
            steps: steps::of(self, item),
            actions: self.actions(item),
            thread: self.thread(item),
        }
    }

    fn conflicts(&self, item: &ItemLineRow) -> Vec<ConflictNote> {
        let Some(found) = self.whole.separation.get(&item.id) else { return Vec::new() };
        let own = item.beneficiary_id == self.me.0;
        let voice = if own { Voice::You } else { Voice::Named(&item.beneficiary_name) };
        conflicts::notes(found, voice, self.signed.reader(self.state).zone)
    }

    fn owns(&self, item: &ItemLineRow) -> bool {
        let role = self.catalog.role(item.role_id.into());
        role.and_then(|r| r.owner.as_ref()).is_some_and(|o| o.id == self.me)
    }

    /// What was asked and answered; whoever stands on one of the two sides may go on.
    fn thread(&self, item: &ItemLineRow) -> Thread {
        let asks = [item.requester_id, item.beneficiary_id].contains(&self.me.0);
        let around = &self.whole.around;
        let decides = around.approvers.iter().any(|a| a.item_id == item.id && a.identity_id == self.me.0)
            || around.decisions.iter().any(|d| d.item_id == item.id && d.identity_id == self.me.0)
            || self.whole.messages.iter().any(|m| m.item_id == item.id && m.author_id == self.me.0)
            || self.owns(item);
        let label = if asks { "Write to those who decide" } else { "Write to those who asked" };
        let writing = match (asks || decides, self.whole.items.len()) {
            (false, _) => Writing::No,
            (true, 1) => threads::form(item, "request", label, self.draft),
            (true, _) => Writing::There(format!("/requests/{}/write/{}", item.request_id, item.id)),
        };
        let id = format!("thread-{}", item.id);
        Thread { writing, ..threads::of(&self.whole.messages, item.id, self.me, id) }
    }

    /// Something happens by itself, or somebody may act at any moment.
    fn moving(&self, item: &ItemLineRow) -> bool {
        item.state == ItemState::Waiting || self.work_open(item)
    }

    fn work_open(&self, item: &ItemLineRow) -> bool {
        self.whole.grant(item).is_some()
            && self.whole.work(item).iter().any(|(_, p)| p.is_some_and(|p| p.progress == Progress::Due))
    }

    fn stuck(&self, item: &ItemLineRow) -> usize {
        let stuck = |p: &ProgressRow| matches!(p.progress, Progress::Refused | Progress::NeedsHuman);
        self.whole.work(item).iter().filter(|(_, p)| p.is_some_and(stuck)).count()
    }

    fn state_word(&self, item: &ItemLineRow) -> StateWord {
        let own = item.beneficiary_id == self.me.0;
        match (item.state, self.whole.grant(item).map(|g| g.state)) {
            (ItemState::Waiting, _) => {
                let approvers = self.whole.around.approvers(item.id);
                StateWord::new(Mark::Waiting, words::waiting_short(&approvers, self.me, own))
            }
            (ItemState::Denied, _) => StateWord::new(Mark::Failed, "Denied"),
            (ItemState::Withdrawn, _) if self.whole.terms.replaced(item.id).is_some() => {
                StateWord::new(Mark::Ended, "Replaced by a newer request")
            }
            (ItemState::Withdrawn, _) => StateWord::new(Mark::Ended, "Withdrawn"),
            (ItemState::Lapsed, _) => StateWord::new(Mark::Ended, "Nobody decided in time"),
            (ItemState::Cancelled, _) => StateWord::new(Mark::Ended, "Cancelled"),
            (ItemState::Approved, Some(GrantState::Eligible)) => {
                StateWord::new(Mark::Done, "Approved, ready to activate")
            }
            (ItemState::Approved, Some(GrantState::Scheduled)) => StateWord::new(Mark::Next, "Approved, starts later"),
            (ItemState::Approved, Some(GrantState::Ended)) if self.stuck(item) > 0 => {
                StateWord::new(Mark::Failed, "Ended, but a removal failed")
            }
            (ItemState::Approved, Some(GrantState::Ended)) if self.work_open(item) => {
                StateWord::new(Mark::Working, "Being removed")
            }
            (ItemState::Approved, Some(GrantState::Ended)) => StateWord::new(Mark::Ended, "Ended"),
            (ItemState::Approved, _) if self.stuck(item) > 0 => {
                StateWord::new(Mark::Failed, "Approved, but set-up failed")
            }
            (ItemState::Approved, _) if self.work_open(item) => StateWord::new(Mark::Working, "Being set up"),
            (ItemState::Approved, _) => {
                StateWord::new(Mark::Done, if own { "Yours, confirmed" } else { "Theirs, confirmed" })
            }
        }
    }

    fn stands(&self, item: &ItemLineRow) -> Sentence {
        self.whole.terms.replaced(item.id).unwrap_or_else(|| self.whole.around.stands(item, self.me).1)
    }

    fn actions(&self, item: &ItemLineRow) -> ItemActions {
        let own = item.beneficiary_id == self.me.0;
        let mine = own || item.requester_id == self.me.0;
        let mut actions = ItemActions::default();
        let role = match item.activates_id {
            Some(right) if own => format!("/access/{right}/activate"),
            _ => format!("/roles/{}#ask", item.role_id),
        };
        match item.state {
            ItemState::Waiting => {
                if own && self.emergencies.contains(&item.role_id) {
                    actions.take = Some(format!("/roles/{}/break-glass", item.role_id));
                }
                if mine {
                    actions.withdraw = Some(format!("/requests/{}/withdraw/{}", item.request_id, item.id));
                    waiting::add(self, item, &mut actions);
                    not_now::decide(self, item, &mut actions);
                }
                let asked = self.whole.around.approvers(item.id).iter().any(|a| a.identity_id == self.me.0);
                actions.decide = asked.then(|| format!("/approvals?item={}", item.id));
                not_now::hand_over(self, item, asked, mine, &mut actions);
                not_now::add_approver(self, item, mine, &mut actions);
            }
            ItemState::Approved => match self.whole.grant(item) {
                Some(g) if g.state != GrantState::Ended && own => {
                    actions.activate = (g.state == GrantState::Eligible).then(|| format!("/access/{}/activate", g.id));
                    actions.keep = keep_trial::href(g.id, g.full_ends_at, g.starts_at, self.now);
                    actions.active = g.activates_id.is_some();
                    actions.give_back = Some(format!("/access/{}/give-back", g.id));
                    not_now::withdraw(item, &mut actions);
                }
                Some(g) if g.state != GrantState::Ended => not_now::end(self, item, g, &mut actions),
                Some(g) if g.state == GrantState::Ended && mine => actions.ask_again = Some(role),
                _ => {}
            },
            ItemState::Denied | ItemState::Withdrawn | ItemState::Lapsed | ItemState::Cancelled => {
                actions.ask_again = mine.then_some(role);
            }
        }
        actions
    }

    /// May ask for another attempt at once: the person themselves, administrators and the help desk.
    fn may_retry(&self, item: &ItemLineRow) -> bool {
        let person = &self.signed.person;
        item.beneficiary_id == self.me.0 || person.has(PortalRole::Administrator) || person.has(PortalRole::Helpdesk)
    }
}

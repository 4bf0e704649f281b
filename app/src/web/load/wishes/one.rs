//! One wish, with what was said about it and what the reader can do.

use axum::extract::{Path, RawQuery, State};
use latchkey_domain::{
    IdentityId, WishId,
    portal_role::PortalRole,
    wish::{WishReply, WishState},
};
use latchkey_service::{
    catalog::Catalog,
    wishes::{self, MAX_REPLIES, PROPOSED_OWNER, proposal},
};
use latchkey_store::wishes::{self as store, AnswererRow, ReplyRow, WishRow};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{errors, fitting, state_word};
use crate::{
    components::{Sentence, Told},
    frame::Part,
    pages::{
        parts::ThreadMessage,
        wishes::{AnswerForms, FoundRole, ProposalForm, WishPage, WishRole, WishView},
    },
    web::{
        Draft, PageResult,
        act::wishes::draft_name,
        answer::answer,
        load::{query::Query, words},
        state::{AppState, Signed, Visit},
    },
};

/// The fields of the forms of this page.
const FIELDS: [&str; 8] = ["role", "role_words", "name", "gives", "owner", "draft_words", "reason", "words"];

/// `/wishes/{id}`
pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<WishId>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let keeps = [PortalRole::Administrator, PortalRole::Security].into_iter().any(|r| signed.person.has(r));
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let wish = wishes::visible(&mut c, id, me, keeps).await?;
    let replies = store::replies(&mut c, id, MAX_REPLIES).await?;
    let answerers = store::answerers(&mut c, id).await?;
    drop(c);
    let draft = Draft::take(&session, &draft_name(id)).await;
    let reading = Reading { wish: &wish, replies: &replies, answerers: &answerers, catalog: &catalog, me };
    let page = reading.page(draft.as_ref(), query.get("q"), keeps);
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Requests,
        move |reader| view! { <WishView page=page reader=reader/> },
    )
    .await
}

struct Reading<'a> {
    wish: &'a WishRow,
    replies: &'a [ReplyRow],
    answerers: &'a [AnswererRow],
    catalog: &'a Catalog,
    me: IdentityId,
}

impl Reading<'_> {
    fn page(&self, draft: Option<&Draft>, query: Option<&str>, keeps: bool) -> WishPage {
        let wish = self.wish;
        let own = wish.wisher_id == self.me.0;
        let seat = self.answerers.iter().find(|a| a.identity_id == self.me.0 && !own);
        let as_owner = seat.is_some_and(|a| a.because == PROPOSED_OWNER);
        // Whoever proposed a new role may still answer otherwise, as long as its owner says nothing.
        let proposed = self.replies.iter().any(|r| r.author_id == self.me.0 && r.kind == WishReply::Draft);
        let answers = match wish.state {
            WishState::Open | WishState::Coming => seat.is_some(),
            WishState::Proposed => proposed && !own,
            _ => false,
        };
        let drafted = self.replies.iter().rev().find(|r| r.draft_name.is_some());
        let makes = wish.state == WishState::Coming && (seat.is_some() || keeps);
        WishPage {
            id: wish.id.to_string(),
            reference: wish.reference.clone(),
            wisher: words::person(wish.wisher_id, &wish.wisher_name),
            words: wish.words.clone(),
            asked: wish.created_at,
            due: (wish.state == WishState::Open).then_some(wish.due_at),
            state: state_word(wish.state),
            stands: self.stands(),
            said: self.replies.iter().map(|reply| self.message(reply)).collect(),
            role: wish.role_id.and_then(|id| self.catalog.role(id.into())).map(|role| WishRole {
                name: role.name.clone(),
                href: format!("/roles/{}", role.id),
                to_cart: (own && role.requestable && !role.retired).then(|| role.id.to_string()),
            }),
            toml: drafted.filter(|_| makes).map(|drafted| proposal::toml(wish, drafted)),
            answer: answers.then(|| self.forms(draft, query)),
            proposal: (as_owner && wish.state == WishState::Proposed)
                .then(|| ProposalForm { words: draft.map(|d| d.value("words")).unwrap_or_default() }),
            withdraw: own && !wish.state.is_closed(),
            errors: errors(draft, &FIELDS),
        }
    }

    fn forms(&self, draft: Option<&Draft>, query: Option<&str>) -> AnswerForms {
        let text = query.unwrap_or(&self.wish.words);
        let chosen = draft.map(|d| d.value("role")).unwrap_or_default();
        AnswerForms {
            query: query.unwrap_or_default().to_owned(),
            found: fitting(self.catalog, text)
                .into_iter()
                .map(|role| FoundRole {
                    id: role.id.to_string(),
                    name: role.name.clone(),
                    href: format!("/roles/{}", role.id),
                    description: role.description.clone(),
                    chosen: role.id.to_string() == chosen,
                })
                .collect(),
            coming: self.wish.state == WishState::Coming,
            typed: FIELDS.into_iter().filter_map(|f| Some((f, draft?.value(f)))).collect(),
        }
    }

    fn stands(&self) -> Sentence {
        let last = self.replies.last();
        match self.wish.state {
            WishState::Open | WishState::Proposed if self.answerers.is_empty() => {
                Sentence::of("Nobody can answer it just now. It is looked again every few minutes who can.")
            }
            WishState::Open | WishState::Proposed => {
                let mut sentence = Sentence::of("Waits for ");
                for (at, who) in self.answerers.iter().take(5).enumerate() {
                    let joint = if at == 0 { "" } else { ", " };
                    sentence = if who.identity_id == self.me.0 {
                        sentence.text(joint).strong("you")
                    } else {
                        sentence.text(joint).link(who.name.clone(), words::person_href(who.identity_id))
                    };
                }
                if self.answerers.len() > 5 {
                    sentence = sentence.text(format!(" or {} more", self.answerers.len() - 5));
                }
                sentence.text(", since ").moment(last.map_or(self.wish.created_at, |r| r.created_at), Told::Relative)
            }
            WishState::Coming => {
                let drafted = self.replies.iter().rev().find(|r| r.draft_name.is_some());
                let name = drafted.and_then(|r| r.draft_name.clone()).unwrap_or_default();
                let sentence = Sentence::of(format!("{name} is being made. "));
                match drafted.and_then(|r| Some((r.owner_name.clone()?, r.owner_id?))) {
                    Some((owner, id)) => sentence.link(owner, words::person_href(id)).text(" will own it."),
                    None => sentence,
                }
            }
            WishState::Answered | WishState::Refused => {
                let did = if self.wish.state == WishState::Answered { " answered " } else { " refused " };
                match last {
                    Some(r) => Sentence::default()
                        .link(r.author_name.clone(), words::person_href(r.author_id))
                        .text(did)
                        .moment(r.created_at, Told::Relative),
                    None => Sentence::default(),
                }
            }
            WishState::Withdrawn => Sentence::of("Nobody has to answer it any more."),
        }
    }

    fn message(&self, reply: &ReplyRow) -> ThreadMessage {
        let role =
            reply.role_id.and_then(|id| self.catalog.role(id.into())).map(|r| r.name.clone()).unwrap_or_default();
        let first = match reply.kind {
            WishReply::Role => format!("{role} is the role for that."),
            WishReply::Draft => format!(
                "Proposed a new role, {}, to be owned by {}: {}",
                reply.draft_name.as_deref().unwrap_or_default(),
                reply.owner_name.as_deref().unwrap_or_default(),
                reply.draft_gives.as_deref().unwrap_or_default()
            ),
            WishReply::Accepted => "Agreed to own it.".to_owned(),
            WishReply::Declined => "Does not own it.".to_owned(),
            WishReply::Refused => "Refused it.".to_owned(),
        };
        let lines = [first.as_str(), reply.words.as_str()];
        ThreadMessage {
            by: words::person(reply.author_id, &reply.author_name),
            at: reply.created_at,
            text: lines.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n"),
        }
    }
}

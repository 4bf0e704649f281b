//! `/access/{grant}/activate`: a role that the reader may activate.

use axum::extract::{Path, State};
use latchkey_domain::{GrantId, IdentityId, Instant, id::new_uuid};
use latchkey_policy::{Activation, Resolution, Voice};
use latchkey_service::{Refusal, activate, facts};
use latchkey_store::grants;
use leptos::prelude::*;
use tower_sessions::Session;

use super::{gives, role::stage_previews, words};
use crate::{
    frame::Part,
    pages::{
        activate::{ActivateForm, ActivatePage, ActivateView, NotNow},
        role::StagePreview,
    },
    web::{
        Draft, PageError, PageResult,
        act::activate::draft_name,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<GrantId>,
) -> PageResult {
    let me = signed.person.identity;
    let now = state.clock.now();
    let mut c = state.db.read().await?;
    let right = grants::get(&mut c, id).await?;
    let right = right.filter(|g| g.identity_id == me.0 && g.eligible).ok_or(PageError::NotFound)?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let role = catalog.role(right.role()).ok_or(PageError::NotFound)?;
    let holder = facts::beneficiary(&mut c, me).await?;
    let standing = activate::standing(&mut c, now, &signed.person, &holder, id).await?;
    drop(c);
    let draft = Draft::take(&session, &draft_name(id)).await;
    let (form, until) = match standing {
        Ok(standing) => {
            let form = form(id, &standing.activation, &standing.stages, draft.as_ref(), now);
            (Ok(form), standing.until)
        }
        Err(no) => (Err(not_now(no, right.role_id)), right.ends_at),
    };
    let page = ActivatePage {
        role: role.name.clone(),
        role_href: format!("/roles/{}", role.id),
        description: role.description.clone(),
        risk: words::risk(role.risk),
        owner: role.owner.as_ref().map(|o| words::person(o.id.0, &o.name)),
        gives: gives::of_role(role, &state.connected, signed.may_systems()),
        until,
        give_back: format!("/access/{id}/give-back"),
        form,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Home,
        move |reader| view! { <ActivateView page=page reader=reader/> },
    )
    .await
}

fn form(
    right: GrantId,
    activation: &Activation,
    stages: &[Resolution<IdentityId>],
    draft: Option<&Draft>,
    now: Instant,
) -> ActivateForm {
    let usual = activation.suggested();
    let stages: Vec<StagePreview> = stage_previews(stages, stages.len(), Voice::You);
    ActivateForm {
        grant_id: right.to_string(),
        once: new_uuid(now).to_string(),
        durations: activation
            .offer
            .iter()
            .map(|span| words::length_choice(*span, now + span.to_delta(), *span == usual))
            .collect(),
        duration: draft.map(|d| d.value("duration")).filter(|d| !d.is_empty()),
        reason: draft.map(|d| d.value("reason")).unwrap_or_default(),
        stages,
        errors: draft.map(|d| d.errors(&["duration", "reason"])).unwrap_or_default(),
    }
}

fn not_now(no: Refusal, role: uuid::Uuid) -> NotNow {
    let link = match no.code.as_str() {
        "activation.already_active" | "activation.already_waiting" => Some(("/".to_owned(), "Go home".to_owned())),
        "activation.ended" | "activation.not_of_this_kind" | "activation.role_retired" => {
            Some((format!("/roles/{role}"), "See the role".to_owned()))
        }
        _ => None,
    };
    NotNow { title: no.why, helps: no.help, link }
}

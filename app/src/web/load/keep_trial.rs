//! `/access/{grant}/keep`: what the reader has on trial, and keeps if they use it.

use axum::extract::{Path, State};
use latchkey_domain::{GrantId, Instant};
use latchkey_service::trials::{Used, standing};
use latchkey_store::grants;
use tower_sessions::Session;
use uuid::Uuid;

use super::{access, confirm::show};
use crate::{
    components::{NotNow, Sentence, Told},
    frame::Part,
    pages::confirm::{ConfirmPage, ConfirmRemark},
    web::{
        Draft, PageError, PageResult,
        act::keep_trial::draft_name,
        state::{AppState, Signed, Visit},
    },
};

/// Where the holder of a trial that has begun keeps it; nothing where nothing is on trial.
pub(super) fn href(grant: Uuid, full_ends_at: Option<Instant>, starts_at: Instant, now: Instant) -> Option<String> {
    (full_ends_at.is_some() && starts_at <= now).then(|| format!("/access/{grant}/keep"))
}

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<GrantId>,
) -> PageResult {
    let me = signed.person.identity;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let grant = grants::get(&mut c, id).await?.filter(|g| g.identity_id == me.0).ok_or(PageError::NotFound)?;
    let role = catalog.role(grant.role()).map_or_else(|| "this role".to_owned(), |r| r.name.clone());
    let standing = standing(&mut c, &grant, &role).await?;
    drop(c);
    let draft = Draft::take(&session, &draft_name(id)).await;
    let mut facts = vec![
        ("Role".to_owned(), Sentence::default().link(role.clone(), format!("/roles/{}", grant.role_id))),
        ("On trial".to_owned(), access::until(grant.ends_at)),
    ];
    let (then, not_now) = match &standing {
        Ok(standing) => {
            facts.push(("If you keep it".to_owned(), access::until(Some(standing.until))));
            facts.push((
                "Used".to_owned(),
                match standing.used {
                    Used::Activated(at) => Sentence::of("You activated it last ").moment(at, Told::Relative),
                    Used::Unknown => Sentence::of("The systems don\u{2019}t say. Your word counts."),
                },
            ));
            let then = vec![
                Sentence::of("Nobody has to decide again: it was approved for that long."),
                Sentence::of("If you do nothing, it ends by itself with the trial."),
            ];
            (then, None)
        }
        Err(no) => (Vec::new(), Some(NotNow::new("Keep it", format!("{} {}", no.why, no.help)))),
    };
    let page = ConfirmPage {
        title: format!("Do you use {role}?"),
        then,
        facts,
        action: "/do/keep-trial",
        fields: vec![("grant_id", id.to_string())],
        remark: Some(ConfirmRemark {
            name: "words",
            label: "What you used it for".to_owned(),
            hint: "A sentence. It stays on record.".to_owned(),
            value: draft.as_ref().map(|d| d.value("words")).unwrap_or_default(),
            optional: false,
        }),
        button: "Keep it".to_owned(),
        takes: false,
        not_now,
        back: ("/".to_owned(), "Not now".to_owned()),
        errors: draft.map(|d| d.errors(&["words"])).unwrap_or_default(),
    };
    show(&state, &signed, visit, &session, page, Part::Home).await
}

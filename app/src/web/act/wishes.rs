//! `/do/make-wish`, `/do/answer-wish`, `/do/decide-proposal` and `/do/withdraw-wish`: wishes in words.

use axum::{extract::State, response::Response};
use latchkey_domain::{RoleId, WishId, wish::WishState};
use latchkey_service::{
    FieldProblem, ServiceError, ServiceResult,
    wishes::{
        answer::{self, Answer},
        make, proposal, withdraw,
    },
};
use tower_sessions::Session;
use uuid::Uuid;

use super::find_person::find_person;
use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which the form for a new wish is kept when it comes back.
pub(in crate::web) const NEW: &str = "make-wish";

/// The name under which a form of a wish is kept when it comes back.
#[must_use]
pub fn draft_name(wish: WishId) -> String {
    format!("wish {wish}")
}

pub(in crate::web) async fn make(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let once: Uuid = fields.id("once")?;
    match make::make(&state.db, state.clock.as_ref(), &signed.actor(), once, fields.text("words")).await {
        Ok(made) => {
            let words = if made.again {
                "You had sent this already. It was sent once."
            } else {
                "Sent. You hear from us when it is answered."
            };
            Flash::done(words).keep(&session).await;
            Ok(see_other(&format!("/wishes/{}", made.wish)))
        }
        Err(error) => {
            come_back(&session, NEW.to_owned(), &fields, error).await?;
            Ok(see_other("/wishes/new"))
        }
    }
}

pub(in crate::web) async fn answer(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let wish: WishId = fields.id("wish_id")?;
    let back = format!("/wishes/{wish}");
    let said = match said(&state, &fields).await? {
        Ok(said) => answer::answer(&state.db, state.clock.as_ref(), &signed.actor(), wish, &said).await,
        Err(problem) => Err(ServiceError::BadInput(vec![problem])),
    };
    match said {
        Ok(to) => {
            let words = match to {
                WishState::Answered => "Answered. They get an e-mail with the role.",
                WishState::Proposed => "Proposed. Whoever should own it says yes or no first.",
                _ => "Refused. They get an e-mail with your reason.",
            };
            Flash::done(words).keep(&session).await;
        }
        Err(error) => come_back(&session, draft_name(wish), &fields, error).await?,
    }
    Ok(see_other(&back))
}

/// What was answered, as far as it can be read.
async fn said(state: &AppState, fields: &Fields) -> Result<Result<Answer, FieldProblem>, PageError> {
    let text = |name: &str| fields.text(name).to_owned();
    Ok(match fields.text("answer") {
        "role" => match fields.text("role").parse::<RoleId>() {
            Ok(role) => Ok(Answer::Role { role, words: text("role_words") }),
            Err(_) => Err(FieldProblem::new(
                "role",
                "wish.role_missing",
                "Choose the role. Search for it where it isn\u{2019}t listed.",
            )),
        },
        "draft" => {
            let owner = find_person(&mut state.db.read().await?, fields.text("owner").trim()).await?;
            match owner {
                Some(owner) => {
                    Ok(Answer::Draft { name: text("name"), gives: text("gives"), owner, words: text("draft_words") })
                }
                None => {
                    let message = "Nobody is known by that. Type their e-mail address, or their number, such as E0012.";
                    Err(FieldProblem::new("owner", "wish.owner_unknown", message))
                }
            }
        }
        "refuse" => Ok(Answer::Refuse { reason: text("reason") }),
        _ => return Err(PageError::BadForm),
    })
}

pub(in crate::web) async fn decide(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let wish: WishId = fields.id("wish_id")?;
    let yes = match fields.text("verdict") {
        "yes" => true,
        "no" => false,
        _ => return Err(PageError::BadForm),
    };
    let done =
        proposal::decide(&state.db, state.clock.as_ref(), &signed.actor(), wish, yes, fields.text("words")).await;
    match done {
        Ok(WishState::Coming) => {
            Flash::done("Agreed. Put the role into the catalog, then answer here with it.").keep(&session).await;
        }
        Ok(_) => Flash::done("Declined. Whoever answers the wish was told.").keep(&session).await,
        Err(error) => come_back(&session, draft_name(wish), &fields, error).await?,
    }
    Ok(see_other(&format!("/wishes/{wish}")))
}

pub(in crate::web) async fn withdraw(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let wish: WishId = fields.id("wish_id")?;
    told(&session, withdraw::withdraw(&state.db, state.clock.as_ref(), &signed.actor(), wish).await).await?;
    Ok(see_other(&format!("/wishes/{wish}")))
}

async fn told(session: &Session, done: ServiceResult<()>) -> Result<(), PageError> {
    match done {
        Ok(()) => Flash::done("Taken back. Nobody has to answer it any more.").keep(session).await,
        Err(error) => super::told(session, error).await?,
    }
    Ok(())
}

/// Keeps what was typed with its problems, or says what stands against it.
async fn come_back(session: &Session, form: String, fields: &Fields, error: ServiceError) -> Result<(), PageError> {
    let problems = match error {
        // The form has a field of its own for what is said with each answer.
        ServiceError::BadInput(problems) => problems
            .into_iter()
            .map(|p| match (p.field.as_str(), fields.text("answer")) {
                ("words", "role") => FieldProblem { field: "role_words".to_owned(), ..p },
                ("words", "draft") => FieldProblem { field: "draft_words".to_owned(), ..p },
                _ => p,
            })
            .collect(),
        ServiceError::Refused(r) => vec![FieldProblem::new("", r.code.clone(), format!("{} {}", r.why, r.help))],
        other => return super::told(session, other).await,
    };
    Draft { form, values: fields.typed(), problems }.keep(session).await;
    Ok(())
}

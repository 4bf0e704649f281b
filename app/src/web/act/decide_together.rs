//! `/do/decide-together`: an approver says yes or no to several items, with one comment.

use axum::{extract::State, response::Response};
use latchkey_domain::{ItemId, StageId, item::Verdict};
use latchkey_service::{
    ServiceError,
    decide_many::{Answer, Several, decide_many},
};
use tower_sessions::Session;

use crate::web::{
    Draft, PageError,
    answer::see_other,
    form::Fields,
    load::approvals::together::{KEPT, Kept},
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept.
pub const DRAFT: &str = "decide-together";

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let verdict: Verdict = fields.id("verdict")?;
    let items =
        fields.all("item").iter().map(|sent| item(sent)).collect::<Option<Vec<_>>>().ok_or(PageError::BadForm)?;
    let again: Vec<String> = items.iter().take(100).map(|(item, _)| format!("item={item}")).collect();
    let several = Several { items, verdict, comment: fields.text("comment").to_owned() };
    match decide_many(&state.db, state.clock.as_ref(), &signed.actor(), &several).await {
        Ok(answers) => {
            let kept: Vec<Kept> = answers.into_iter().map(keep).collect();
            if let Err(error) = session.insert(KEPT, kept).await {
                tracing::warn!(%error, "what became of several decisions could not be kept for the next page");
            }
            Ok(see_other("/approvals/together/done"))
        }
        Err(ServiceError::BadInput(problems)) => {
            let values = [("comment".to_owned(), several.comment.chars().take(4000).collect())].into();
            Draft { form: DRAFT.to_owned(), values, problems }.keep(&session).await;
            Ok(see_other(&format!("/approvals/together?{}", again.join("&"))))
        }
        Err(other) => Err(other.into()),
    }
}

/// `ITEM.STAGE`, or the item alone.
fn item(sent: &str) -> Option<(ItemId, Option<StageId>)> {
    match sent.split_once('.') {
        Some((item, stage)) => Some((item.parse().ok()?, Some(stage.parse().ok()?))),
        None => Some((sent.parse().ok()?, None)),
    }
}

fn keep(answer: Answer) -> Kept {
    let Answer { item, about, outcome } = answer;
    let decided = outcome.is_ok();
    Kept {
        item,
        href: about.as_ref().map(|(request, ..)| {
            if decided { format!("/requests/{request}") } else { format!("/approvals?item={item}") }
        }),
        what: about.map_or_else(
            || "Something that isn\u{2019}t yours to see".to_owned(),
            |(_, role, who)| format!("{role} for {who}"),
        ),
        why_not: outcome.as_ref().err().map(|no| format!("{} {}", no.why, no.help)),
        state: outcome.ok(),
    }
}

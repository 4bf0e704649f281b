//! Turns a view or an error into an answer.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use hydration_context::SsrSharedContext;
use latchkey_service::{Refusal, ServiceError};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{
    Flash,
    state::{AppState, Signed, Visit},
};
use crate::{
    components::Sentence,
    frame::{Page, PageContext, Part, Reader},
    pages::error::{ErrorPage, ErrorView},
};

/// A page's answer.
pub type PageResult = Result<Response, PageError>;

/// Why there is no such page, or no such change.
#[derive(Debug)]
pub enum PageError {
    /// It isn't there, or this person may not know that it is.
    NotFound,
    /// The form wasn't made by this portal, or by a much older release of it.
    BadForm,
    /// A rule says no.
    Refused(Refusal),
    /// Something broke.
    Broken(String),
}

impl From<ServiceError> for PageError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound => Self::NotFound,
            ServiceError::Refused(refusal) | ServiceError::Conflict(refusal) => Self::Refused(refusal),
            ServiceError::BadInput(_) => Self::BadForm,
            ServiceError::Store(error) => Self::Broken(error.to_string()),
        }
    }
}

impl From<latchkey_store::StoreError> for PageError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl PageError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn page(self, request_id: &str) -> ErrorPage {
        let status = self.status().as_u16();
        match self {
            Self::NotFound => ErrorPage::not_found(request_id),
            Self::Broken(_) => ErrorPage::broken(request_id),
            Self::BadForm => ErrorPage {
                status,
                title: "This form can\u{2019}t be read".to_owned(),
                why: vec![
                    "It was not sent by a page of this portal, or the page was open since long before an upgrade. Nothing was changed.".into(),
                    "Open the page again and send the form once more.".into(),
                ],
                typed: Vec::new(),
                back: ("/".to_owned(), "Go to Home".to_owned()),
                request_id: request_id.to_owned(),
            },
            Self::Refused(refusal) => ErrorPage {
                status,
                title: refusal.what.trim_end_matches('.').to_owned(),
                why: vec![Sentence::of(refusal.why), Sentence::of(refusal.help)],
                typed: Vec::new(),
                back: ("/".to_owned(), "Go to Home".to_owned()),
                request_id: request_id.to_owned(),
            },
        }
    }
}

/// Marks an answer that [`draw_errors`] turns into a page: extractors know neither the frame nor who is signed in.
#[derive(Clone)]
struct Failed(Arc<std::sync::Mutex<Option<PageError>>>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if let Self::Broken(why) = &self {
            tracing::error!(error = %why, "a page failed: {why}");
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Failed(Arc::new(std::sync::Mutex::new(Some(self)))));
        response
    }
}

/// A layer around the pages: errors become pages in the frame, with the request's id and the way back.
pub async fn draw_errors(
    axum::extract::State(state): axum::extract::State<AppState>,
    signed: Option<Signed>,
    visit: Visit,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let Some(failed) = response.extensions().get::<Failed>().cloned() else { return response };
    let error = failed.0.lock().ok().and_then(|mut slot| slot.take()).unwrap_or(PageError::NotFound);
    let status = error.status();
    let page = error.page(&visit.request_id);
    let title = page.title();
    let (Some(signed), false) = (signed, path.starts_with("/api/")) else { return status.into_response() };
    let reader = signed.reader(&state);
    let html = draw(&state, &signed, visit, title, Part::Elsewhere, "", None, move || {
        view! { <ErrorView page=page reader=reader/> }
    });
    (status, Html(html)).into_response()
}

/// Draws a page in its frame, with the message of the last change.
pub(super) async fn answer<V: IntoView + 'static>(
    state: &AppState,
    signed: &Signed,
    visit: Visit,
    session: &Session,
    title: String,
    part: Part,
    view: impl FnOnce(Reader) -> V + Send + 'static,
) -> PageResult {
    let flash = Flash::take(session).await;
    let reader = signed.reader(state);
    let html = draw(state, signed, visit, title, part, "", flash, move || view(reader));
    Ok(Html(html).into_response())
}

/// Like [`answer`], for the catalog: what was searched stays in the box on top.
#[expect(clippy::too_many_arguments, reason = "what every page needs, and one thing more")]
pub(super) async fn answer_search<V: IntoView + 'static>(
    state: &AppState,
    signed: &Signed,
    visit: Visit,
    session: &Session,
    title: String,
    part: Part,
    search: &str,
    view: impl FnOnce(Reader) -> V + Send + 'static,
) -> PageResult {
    let flash = Flash::take(session).await;
    let reader = signed.reader(state);
    let html = draw(state, signed, visit, title, part, search, flash, move || view(reader));
    Ok(Html(html).into_response())
}

#[expect(clippy::too_many_arguments, reason = "what every page needs")]
fn draw<V: IntoView + 'static>(
    state: &AppState,
    signed: &Signed,
    visit: Visit,
    title: String,
    part: Part,
    search: &str,
    flash: Option<crate::components::FlashMessage>,
    view: impl FnOnce() -> V + Send + 'static,
) -> String {
    let context = PageContext {
        company: state.company.name.clone(),
        style_href: state.assets.style().to_owned(),
        icon_href: state.assets.icon().to_owned(),
        viewer: signed.viewer(),
        reader: signed.reader(state),
        theme: visit.theme,
        flash,
        search: search.to_owned(),
        request_id: visit.request_id,
    };
    let (assets, nonce, reader, theme) = (state.assets, visit.nonce.to_string(), context.reader, visit.theme);
    html(move || {
        let slots = super::live::slots(assets, nonce, reader, theme);
        view! { <Page context=context title=title part=part slots=slots>{view()}</Page> }
    })
}

/// Draws a view to text. Everything is loaded by then, so nothing waits; only islands carry what the browser needs.
pub(super) fn html<V: IntoView + 'static>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| view().to_html());
    owner.unset();
    html
}

/// After a change: to a page, by GET.
pub(super) fn see_other(href: &str) -> Response {
    Redirect::to(href).into_response()
}

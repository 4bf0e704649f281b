//! What happened, why, what helps, the way back, and the id to ask with. What was typed is kept.

use leptos::prelude::*;

use crate::components::{ActionBar, CopyCode, LinkButton, Mark, Remark, RemarkText, Sentence, Weight, Words};
use crate::frame::Reader;

/// An error as a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPage {
    /// The HTTP status.
    pub status: u16,
    /// What happened: "This page does not exist, or you may not see it".
    pub title: String,
    /// Why, as far as it helps, and what to do.
    pub why: Vec<Sentence>,
    /// What was typed, by the label of its field; shown so that it can be copied.
    pub typed: Vec<(String, String)>,
    /// The way on: where and what it is called.
    pub back: (String, String),
    /// The id of the request.
    pub request_id: String,
}

impl ErrorPage {
    /// A page that does not exist, or that this reader may not see: the two are not told apart.
    #[must_use]
    pub fn not_found(request_id: impl Into<String>) -> Self {
        Self {
            status: 404,
            title: "There is nothing here for you".to_owned(),
            why: vec![
                "The address may be mistyped, or it belongs to something that only other people can see.".into(),
                "If somebody sent you the link, ask them whether you should have a part in it.".into(),
            ],
            typed: Vec::new(),
            back: ("/".to_owned(), "Go to Home".to_owned()),
            request_id: request_id.into(),
        }
    }

    /// Something broke on our side. Nothing was changed.
    #[must_use]
    pub fn broken(request_id: impl Into<String>) -> Self {
        Self {
            status: 500,
            title: "Something broke on our side".to_owned(),
            why: vec![
                "Nothing was changed. Trying again in a minute often works.".into(),
                "If it stays like this, send the id below to whoever runs Latchkey. It leads them to the exact moment."
                    .into(),
            ],
            typed: Vec::new(),
            back: ("/".to_owned(), "Go to Home".to_owned()),
            request_id: request_id.into(),
        }
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        format!("Error {}: {}", self.status, self.title)
    }
}

/// Draws the page, in the frame or without one.
#[component]
pub fn ErrorView(
    /// What it shows.
    page: ErrorPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let ErrorPage { status, title, why, typed, back, request_id } = page;
    let mark = if status >= 500 { Mark::Failed } else { Mark::Attention };
    view! {
        <div class=format!("message tone-{}", mark.tone())>
            <p class="message-status">{format!("Error {status}")}</p>
            <h1>{title}</h1>
            {why
                .into_iter()
                .map(|sentence| {
                    view! {
                        <p>
                            <Words sentence=sentence reader=reader/>
                        </p>
                    }
                })
                .collect_view()}
            {typed
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(label, text)| view! { <RemarkText remark=Remark { by: Some(format!("{label}, as you typed it")), text }/> })
                .collect_view()}
            <ActionBar>
                <LinkButton href=back.0 label=back.1 weight=Weight::Primary/>
            </ActionBar>
            <p class="message-id">
                "Request id " <CopyCode text=request_id/>
            </p>
        </div>
    }
    .into_any()
}

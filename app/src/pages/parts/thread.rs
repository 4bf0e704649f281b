//! What those who ask and those who decide wrote to each other about an item, and the box for the next message.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, FormError, HiddenFields, LinkButton, PersonChip, PersonRef, TextArea, Time, Told,
};
use crate::frame::Reader;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadMessage {
    /// Who wrote it; "You" for the reader.
    pub by: PersonRef,
    /// When.
    pub at: DateTime<Utc>,
    /// Their words, as typed.
    pub text: String,
}

/// The box for the next message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadForm {
    /// The item.
    pub item_id: String,
    /// Its request.
    pub request_id: String,
    /// The page that the form is on: `approvals` or `request`.
    pub from: &'static str,
    /// What is asked for: "Ask those who asked for it".
    pub label: String,
    /// As typed.
    pub value: String,
    /// What was wrong, if it comes back. Field: `message`.
    pub errors: Vec<FormError>,
}

/// How the reader writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Writing {
    /// Not at all.
    #[default]
    No,
    /// In a box right here.
    Here(ThreadForm),
    /// On a page of its own: a page with several items has one box at most.
    There(String),
}

/// The thread of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The id of its element.
    pub id: String,
    /// What waits: "1 unanswered question".
    pub waits: Option<String>,
    /// The messages, oldest first.
    pub messages: Vec<ThreadMessage>,
    /// How the reader writes.
    pub writing: Writing,
}

impl Thread {
    /// There is nothing to read and nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.writing == Writing::No
    }
}

/// Draws a thread.
#[component]
pub fn ThreadView(
    /// What was written.
    thread: Thread,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let Thread { id, waits, messages, writing } = thread;
    view! {
        <div class="thread" id=id>
            {waits.map(|words| view! { <p class="thread-waits">{words}</p> })}
            {(!messages.is_empty()).then(|| list(messages, reader))}
            {match writing {
                Writing::No => ().into_any(),
                Writing::There(href) => {
                    view! {
                        <ActionBar>
                            <LinkButton href=href label="Write a message"/>
                        </ActionBar>
                    }
                        .into_any()
                }
                Writing::Here(form) => write(form),
            }}
        </div>
    }
    .into_any()
}

fn list(messages: Vec<ThreadMessage>, reader: Reader) -> AnyView {
    view! {
        <ol class="thread-list" aria-label="Messages">
            {messages.into_iter().map(|one| message(one, reader)).collect_view()}
        </ol>
    }
    .into_any()
}

fn message(one: ThreadMessage, reader: Reader) -> AnyView {
    view! {
        <li>
            <p class="thread-by">
                <PersonChip person=one.by/>
                <Time at=one.at reader=reader told=Told::Relative/>
            </p>
            <p class="remark-text">{one.text}</p>
        </li>
    }
    .into_any()
}

fn write(form: ThreadForm) -> AnyView {
    let ThreadForm { item_id, request_id, from, label, value, errors } = form;
    let error = FormError::for_field(&errors, "message");
    view! {
        <form method="post" action="/do/write-message" class="thread-form">
            <HiddenFields fields=vec![("item_id", item_id), ("request_id", request_id), ("from", from.to_owned())]/>
            <TextArea
                name="message"
                label=label
                value=value
                rows=2
                longest=1000
                error=error
                hint="They get an e-mail. It stays on record with the request.".to_owned()
            />
            <ActionBar>
                <Button label="Send"/>
            </ActionBar>
        </form>
    }
    .into_any()
}

//! A state is a word with a colour and a shape, never a colour alone.

use leptos::prelude::*;

/// The shape and the colour of a state. Each has its own silhouette, so it reads without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It happened, or it is so. A filled disc with a check.
    Done,
    /// Somebody has to do something. A ring with the hands of a clock.
    Waiting,
    /// A machine is at it. A ring, half filled.
    Working,
    /// Somebody should look. A triangle.
    Attention,
    /// It was refused or it failed. A square with a cross.
    Failed,
    /// It is over. A ring with a bar.
    Ended,
    /// It has not started. A dotted ring.
    Next,
}

impl Mark {
    /// The part of the class name that colours it.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Done => "good",
            Self::Waiting | Self::Working => "waiting",
            Self::Attention => "attention",
            Self::Failed => "danger",
            Self::Ended | Self::Next => "neutral",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Done => "mark tone-good",
            Self::Waiting | Self::Working => "mark tone-waiting",
            Self::Attention => "mark tone-attention",
            Self::Failed => "mark tone-danger",
            Self::Ended | Self::Next => "mark tone-neutral",
        }
    }

    const fn drawing(self) -> &'static str {
        match self {
            Self::Done => {
                r#"<circle class="fill" cx="7" cy="7" r="6.25"/><path class="cut" d="m4 7.25 2.1 2.1L10 5.1"/>"#
            }
            Self::Waiting => r#"<circle class="line" cx="7" cy="7" r="5.5"/><path class="line" d="M7 3.9V7l2 1.5"/>"#,
            Self::Working => {
                r#"<circle class="line" cx="7" cy="7" r="5.5"/><path class="fill" d="M7 3.6a3.4 3.4 0 0 1 0 6.8z"/>"#
            }
            Self::Attention => {
                r#"<path class="fill" d="M7 .9c.4 0 .7.2.9.5l5.4 10.1c.4.7-.1 1.5-.9 1.5H1.6c-.8 0-1.3-.8-.9-1.5L6.1 1.4C6.3 1.1 6.6.9 7 .9"/><path class="cut" d="M7 5v3.2M7 10.5h.01"/>"#
            }
            Self::Failed => {
                r#"<path class="fill" d="M2.5.75h9c1 0 1.75.75 1.75 1.75v9c0 1-.75 1.75-1.75 1.75h-9C1.5 13.25.75 12.5.75 11.5v-9C.75 1.5 1.5.75 2.5.75"/><path class="cut" d="m4.6 4.6 4.8 4.8M9.4 4.6 4.6 9.4"/>"#
            }
            Self::Ended => r#"<circle class="line" cx="7" cy="7" r="5.5"/><path class="line" d="M4.6 7h4.8"/>"#,
            Self::Next => r#"<circle class="line dots" cx="7" cy="7" r="5.5"/>"#,
        }
    }
}

/// The shape alone, beside words that say what it means.
#[component]
pub fn MarkShape(
    /// Which one.
    mark: Mark,
) -> impl IntoView {
    view! { <svg class=mark.class() viewBox="0 0 14 14" aria-hidden="true" inner_html=mark.drawing()></svg> }
}

/// A state as data: what a loader hands to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWord {
    /// Shape and colour.
    pub mark: Mark,
    /// The word, or a few: "Waiting for your manager".
    pub word: String,
}

impl StateWord {
    /// A state from its mark and its word.
    #[must_use]
    pub fn new(mark: Mark, word: impl Into<String>) -> Self {
        Self { mark, word: word.into() }
    }
}

/// A state in a line of text or a cell.
#[component]
pub fn State(
    /// What to say.
    state: StateWord,
) -> impl IntoView {
    view! {
        <span class=format!("state tone-{}", state.mark.tone())>
            <MarkShape mark=state.mark/>
            <span>{state.word}</span>
        </span>
    }
}

/// A small label with a ground, for a fact about a thing rather than for its progress: "Contractor", "This session".
#[component]
pub fn Badge(
    /// The word.
    #[prop(into)]
    word: String,
    /// `good`, `waiting`, `attention`, `danger` or `neutral`.
    #[prop(default = "neutral")]
    tone: &'static str,
) -> impl IntoView {
    view! { <span class=format!("badge tone-{tone}")>{word}</span> }
}

//! A sentence with links and times in it: what the audit log, the timelines and the states are told in.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::time::{Time, Told, absolute, day, last_day, relative};
use crate::frame::Reader;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plain words, with their own spaces.
    Text(String),
    /// Words that carry weight.
    Strong(String),
    /// A name that leads somewhere.
    Link {
        /// What is read.
        text: String,
        /// Where it leads.
        href: String,
    },
    /// What somebody wrote, in quotation marks.
    Quote(String),
    /// A name from a machine.
    Code(String),
    /// A moment, told in the reader's zone.
    Moment(DateTime<Utc>, Told),
}

/// Words, links and times in order. Built by chaining: `Sentence::of("Waiting for ").link("Priya Raman", href)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence(pub Vec<Part>);

impl Sentence {
    /// A sentence that begins with plain words.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// Goes on with plain words.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    /// Goes on with words that carry weight.
    #[must_use]
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Strong(text.into()));
        self
    }

    /// Goes on with a link.
    #[must_use]
    pub fn link(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.0.push(Part::Link { text: text.into(), href: href.into() });
        self
    }

    /// Goes on with what somebody wrote.
    #[must_use]
    pub fn quote(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Quote(text.into()));
        self
    }

    /// Goes on with a name from a machine.
    #[must_use]
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Code(text.into()));
        self
    }

    /// Goes on with a moment.
    #[must_use]
    pub fn moment(mut self, at: DateTime<Utc>, told: Told) -> Self {
        self.0.push(Part::Moment(at, told));
        self
    }

    /// The sentence as text alone, for titles and e-mail.
    #[must_use]
    pub fn plain(&self, reader: Reader) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) | Part::Strong(text) | Part::Link { text, .. } | Part::Code(text) => {
                    out.push_str(text)
                }
                Part::Quote(text) => {
                    out.push('\u{201c}');
                    out.push_str(text);
                    out.push('\u{201d}');
                }
                Part::Moment(at, told) => out.push_str(&match told {
                    Told::Full => format!("{} ({})", absolute(*at, reader), relative(*at, reader)),
                    Told::Absolute => absolute(*at, reader),
                    Told::Day => day(*at, reader),
                    Told::Short => super::time::short(*at, reader),
                    Told::Clock => super::time::clock(*at, reader),
                    Told::Relative => relative(*at, reader),
                    Told::Until => format!("{} ({})", last_day(*at, reader), relative(*at, reader)),
                    Told::LastDay => last_day(*at, reader),
                }),
            }
        }
        out
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        Self::of(text)
    }
}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self::of(text)
    }
}

/// Draws a sentence in place.
#[component]
pub fn Words(
    /// What to say.
    #[prop(into)]
    sentence: Sentence,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    sentence
        .0
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text.into_any(),
            Part::Strong(text) => view! { <strong>{text}</strong> }.into_any(),
            Part::Link { text, href } => view! { <a href=href>{text}</a> }.into_any(),
            Part::Quote(text) => view! { <q>{text}</q> }.into_any(),
            Part::Code(text) => view! { <code>{text}</code> }.into_any(),
            Part::Moment(at, told) => view! { <Time at=at reader=reader told=told/> }.into_any(),
        })
        .collect_view()
}

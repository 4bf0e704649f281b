//! What is kept in the session from a change until the next page: one message, and one form that came back.

use std::collections::BTreeMap;

use latchkey_service::FieldProblem;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use crate::components::{FlashMessage, FormError, Mark, Sentence};

const FLASH: &str = "flash";
const DRAFT: &str = "draft";

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// It happened.
    Done,
    /// Somebody else was first, or it needs a look.
    Attention,
    /// It didn't happen.
    Failed,
}

/// One message for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// How it ended.
    pub tone: Tone,
    /// In words.
    pub words: String,
    /// Where one can go on: words and address.
    pub link: Option<(String, String)>,
}

impl Flash {
    /// It happened.
    #[must_use]
    pub fn done(words: impl Into<String>) -> Self {
        Self { tone: Tone::Done, words: words.into(), link: None }
    }

    /// It didn't happen.
    #[must_use]
    pub fn failed(words: impl Into<String>) -> Self {
        Self { tone: Tone::Failed, words: words.into(), link: None }
    }

    /// Somebody else was first.
    #[must_use]
    pub fn attention(words: impl Into<String>) -> Self {
        Self { tone: Tone::Attention, words: words.into(), link: None }
    }

    /// Adds where one can go on.
    #[must_use]
    pub fn link(mut self, words: impl Into<String>, href: impl Into<String>) -> Self {
        self.link = Some((words.into(), href.into()));
        self
    }

    fn message(self) -> FlashMessage {
        let mark = match self.tone {
            Tone::Done => Mark::Done,
            Tone::Attention => Mark::Attention,
            Tone::Failed => Mark::Failed,
        };
        let mut words = Sentence::of(self.words);
        if let Some((text, href)) = self.link {
            words = words.text(" ").link(text, href);
        }
        FlashMessage { mark, words }
    }

    /// Keeps it for the next page. A message that can't be kept is lost; the change isn't.
    pub async fn keep(self, session: &Session) {
        if let Err(error) = session.insert(FLASH, self).await {
            tracing::warn!(%error, "a message for the next page could not be kept");
        }
    }

    /// Takes the message of the last change, if there is one.
    pub(crate) async fn take(session: &Session) -> Option<FlashMessage> {
        // Looking first keeps a page without a message from writing the session.
        session.get_value(FLASH).await.ok().flatten()?;
        session.remove::<Self>(FLASH).await.ok().flatten().map(Self::message)
    }
}

/// A form that came back: what was typed and what was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Draft {
    /// Which form: its fixed name and what it is about.
    pub form: String,
    /// What was typed, by field.
    pub values: BTreeMap<String, String>,
    /// What was wrong.
    pub problems: Vec<FieldProblem>,
}

impl Draft {
    /// What was typed into a field.
    #[must_use]
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }

    /// The problems as the page's components take them; `fields` are the names that the form has.
    #[must_use]
    pub fn errors(&self, fields: &[&'static str]) -> Vec<FormError> {
        self.problems
            .iter()
            .map(|p| FormError { field: fields.iter().copied().find(|f| *f == p.field), message: p.message.clone() })
            .collect()
    }

    /// Keeps it for the page that shows the form.
    pub async fn keep(self, session: &Session) {
        if let Err(error) = session.insert(DRAFT, self).await {
            tracing::warn!(%error, "a form that came back could not be kept");
        }
    }

    /// Takes the form that came back, if it is this one.
    pub(crate) async fn take(session: &Session, form: &str) -> Option<Self> {
        let kept: Self = session.get(DRAFT).await.ok().flatten()?;
        if kept.form != form {
            return None;
        }
        session.remove::<Self>(DRAFT).await.ok().flatten()
    }
}

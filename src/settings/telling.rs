//! Other programs that are told of events: the tables `[webhook]` and `[chat]`.

use super::{
    secret::Secret,
    section::{SecretKey, Section},
};

/// A program that takes signed webhooks.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Where it is.
    pub url: Secret,
    /// What its requests are signed with, one or more between blanks or line ends.
    pub secrets: Secret,
    /// What it is told of; nothing means everything.
    pub kinds: Option<Vec<String>>,
    /// It may be in a private network.
    pub allow_private: bool,
}

/// A chat's channel.
#[derive(Debug, Clone)]
pub struct ChatSettings {
    /// Its address, which lets whoever knows it write there.
    pub url: Secret,
    /// `slack` or `teams`.
    pub format: ChatFormat,
    /// What it is told of; nothing means everything.
    pub kinds: Option<Vec<String>>,
    /// It may be in a private network.
    pub allow_private: bool,
}

/// How a chat takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatFormat {
    /// Slack, and what understands its messages.
    Slack,
    /// Microsoft Teams.
    Teams,
}

const WEBHOOK_URL: SecretKey = SecretKey { name: "url", file: "url_file", env: "url_env", inline: true };
const WEBHOOK_SECRETS: SecretKey =
    SecretKey { name: "secrets", file: "secrets_file", env: "secrets_env", inline: false };
const CHAT_URL: SecretKey = SecretKey { name: "url", file: "url_file", env: "url_env", inline: false };

const KINDS: &str = "a list of kinds of events, such as [\"request_submitted\", \"item_decided\"]";

/// Reads `[webhook]`. Nothing comes back if one of the needed values is missing.
pub fn webhook(mut section: Section) -> Option<WebhookSettings> {
    let url = needed(&mut section, WEBHOOK_URL, "url", "where it is, such as \"https://hooks.example.com/latchkey\"");
    let secrets = needed(
        &mut section,
        WEBHOOK_SECRETS,
        "secrets_file",
        "the path of a file with one whsec_… on each line, which requests are signed with",
    );
    let kinds = section.texts("kinds", KINDS);
    let allow_private = section.boolean("allow_private").unwrap_or(false);
    section.finish();
    Some(WebhookSettings { url: url?, secrets: secrets?, kinds, allow_private })
}

/// Reads `[chat]`. Nothing comes back if one of the needed values is missing.
pub fn chat(mut section: Section) -> Option<ChatSettings> {
    let url = needed(
        &mut section,
        CHAT_URL,
        "url_file",
        "the path of a file with the channel's address, which is a secret: whoever knows it can write there",
    );
    let format = section.required("format", "\"slack\" or \"teams\"", |text| match text {
        "slack" => Some(ChatFormat::Slack),
        "teams" => Some(ChatFormat::Teams),
        _ => None,
    });
    let kinds = section.texts("kinds", KINDS);
    let allow_private = section.boolean("allow_private").unwrap_or(false);
    section.finish();
    Some(ChatSettings { url: url?, format: format?, kinds, allow_private })
}

fn needed(section: &mut Section, key: SecretKey, name: &str, expected: &str) -> Option<Secret> {
    if ![key.name, key.file, key.env].iter().any(|k| section.has(k)) {
        section.missing(name, expected);
        // So that they count as known.
        let _ = section.secret(key);
        return None;
    }
    section.secret(key).map(|(secret, _)| secret)
}

//! The programs of the settings that are told of events.

use latchkey_reconciler::{ChatFormat, Target};

use crate::{
    cli::Failure,
    settings::{self, Settings},
};

/// Whom to tell; nobody when neither a webhook nor a chat is set.
///
/// # Errors
/// When a setting can't work, by name.
pub fn targets(settings: &Settings) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    if let Some(hook) = &settings.webhook {
        let secrets: Vec<_> = hook.secrets.expose().split_whitespace().collect();
        let target = Target::webhook(hook.url.expose(), &secrets, hook.kinds.as_deref(), hook.allow_private)
            .map_err(|words| Failure::new(format!("The setting webhook.{words}.")))?;
        targets.push(target);
    }
    if let Some(chat) = &settings.chat {
        let format = match chat.format {
            settings::ChatFormat::Slack => ChatFormat::Slack,
            settings::ChatFormat::Teams => ChatFormat::Teams,
        };
        let target = Target::chat(chat.url.expose(), format, chat.kinds.as_deref(), chat.allow_private)
            .map_err(|words| Failure::new(format!("The setting chat.{words}.")))?;
        targets.push(target);
    }
    Ok(targets)
}

//! The mail server of the settings.

use std::{sync::Arc, time::Duration};

use latchkey_reconciler::{Mailer, SmtpMailer, SmtpSettings, SmtpTls};

use crate::{
    cli::Failure,
    settings::{Settings, SmtpSecurity},
};

/// What sends mail; nothing when no mail server is set, and notices are then kept.
///
/// # Errors
/// When a setting can't work, by name.
pub fn mailer(settings: &Settings) -> Result<Option<Arc<dyn Mailer>>, Failure> {
    let Some(smtp) = &settings.smtp else { return Ok(None) };
    let how = SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.security {
            SmtpSecurity::Tls => SmtpTls::Implicit,
            SmtpSecurity::StartTls => SmtpTls::StartTls,
            SmtpSecurity::None => SmtpTls::None,
        },
        credentials: smtp.credentials.as_ref().map(|(name, password)| (name.clone(), password.expose().to_owned())),
        from: smtp.from.to_string(),
        timeout: Duration::from_secs(20),
    };
    let mailer = SmtpMailer::new(how).map_err(|words| Failure::new(format!("The setting smtp.{words}.")))?;
    Ok(Some(Arc::new(mailer)))
}

//! Outgoing mail: the `[smtp]` table.

use super::{
    secret::Secret,
    section::{SecretKey, Section},
};

/// The mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Name and password, where the server wants them.
    pub credentials: Option<(String, Secret)>,
    /// The sender of every mail.
    pub from: lettre::message::Mailbox,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte.
    Tls,
    /// Begins in the open and must change to TLS.
    StartTls,
    /// None: for a relay on this machine.
    None,
}

const SMTP_PASSWORD: SecretKey =
    SecretKey { name: "password", file: "password_file", env: "password_env", inline: false };

/// Reads the table. Nothing comes back if one of the needed values is missing.
pub fn read(mut section: Section) -> Option<SmtpSettings> {
    let host =
        section.required("host", "the mail server's name, such as \"mail.example.com\"", |text| Some(text.to_owned()));
    let security = section
        .parsed("security", "\"tls\", \"starttls\" or \"none\"", |text| match text {
            "tls" => Some(SmtpSecurity::Tls),
            "starttls" => Some(SmtpSecurity::StartTls),
            "none" => Some(SmtpSecurity::None),
            _ => None,
        })
        .unwrap_or(SmtpSecurity::StartTls);
    let port = section.integer("port", 1, 65_535).and_then(|port| u16::try_from(port).ok());
    let username = section.text("username", "the name at the mail server").map(|(name, _)| name);
    let password = section.secret(SMTP_PASSWORD).map(|(secret, _)| secret);
    let from =
        section.required("from", "a sender, such as \"Latchkey <latchkey@example.com>\"", |text| text.parse().ok());
    let credentials = match (username, password) {
        (Some(name), Some(password)) => Some((name, password)),
        (None, None) => None,
        (Some(_), None) => {
            section.missing("password_file", "the path of a file with the password that belongs to smtp.username");
            None
        }
        (None, Some(_)) => {
            section.missing("username", "the name that belongs to the password");
            None
        }
    };
    section.finish();
    let usual = match security {
        SmtpSecurity::Tls => 465,
        SmtpSecurity::StartTls => 587,
        SmtpSecurity::None => 25,
    };
    Some(SmtpSettings { host: host?, port: port.unwrap_or(usual), security, credentials, from: from? })
}

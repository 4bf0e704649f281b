//! E-mail by SMTP (RFC 5321), as plain text and as HTML.

use std::time::Duration;

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};

use super::{Delivery, MailError, Mailer, html};

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS from the first byte (RFC 8314); usually port 465.
    Implicit,
    /// STARTTLS, required; usually port 587.
    StartTls,
    /// None: only for a server on this very host or in a test.
    None,
}

/// How to reach the mail server.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// User and password, where the server wants them.
    pub credentials: Option<(String, String)>,
    /// The sender: `Latchkey <latchkey@example.test>`.
    pub from: String,
    /// The longest that sending one message may take; at most a minute.
    pub timeout: Duration,
}

impl std::fmt::Debug for SmtpSettings {
    // The password never leaves (promise 11).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Sends by SMTP. Connections are kept and used again.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
    timeout: Duration,
    secret: Option<String>,
}

impl SmtpMailer {
    /// A mailer. Nothing is contacted yet.
    ///
    /// # Errors
    /// In words, when a setting can't work; it names the setting.
    pub fn new(settings: SmtpSettings) -> Result<Self, String> {
        let from: Mailbox = settings.from.parse().map_err(|_| {
            format!("from: \"{}\" isn't an address such as Latchkey <latchkey@example.com>", settings.from)
        })?;
        let timeout = settings.timeout.min(Duration::from_secs(60));
        let tls = || {
            TlsParameters::new(settings.host.clone())
                .map_err(|e| format!("host: no TLS connection can be made to \"{}\": {e}", settings.host))
        };
        let tls = match settings.tls {
            SmtpTls::Implicit => Tls::Wrapper(tls()?),
            SmtpTls::StartTls => Tls::Required(tls()?),
            SmtpTls::None => Tls::None,
        };
        let secret = settings.credentials.as_ref().map(|(_, password)| password.clone()).filter(|p| !p.is_empty());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(timeout));
        if let Some((user, password)) = settings.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from, host: settings.host, timeout, secret })
    }

    fn message(&self, delivery: &Delivery) -> Result<Message, MailError> {
        let address = delivery.address.parse().map_err(|_| {
            MailError::Never(format!(
                "\"{}\" isn't an e-mail address",
                latchkey_connectors::words::clean(&delivery.address)
            ))
        })?;
        // One line: the mail library panics at a name with control characters.
        let to = Mailbox::new(Some(latchkey_connectors::words::one_line(&delivery.name, 200)), address);
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(delivery.subject.clone())
            .date(std::time::SystemTime::from(delivery.written_at))
            // The same for every try: a message that was sent twice is shown once.
            .message_id(Some(format!("<{}@{}>", delivery.id, self.from.email.domain())))
            // Nobody's out-of-office answers (RFC 3834).
            .raw_header(header::HeaderValue::new(
                header::HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            // The last part is the one that mail programs prefer (RFC 2046).
            .multipart(MultiPart::alternative_plain_html(
                delivery.body.clone(),
                html::document(&delivery.subject, &delivery.body, &delivery.portal),
            ))
            .map_err(|e| MailError::Never(format!("the message can't be written: {e}")))
    }

    fn words(&self, text: &str) -> String {
        let text = latchkey_connectors::words::clean(text);
        match &self.secret {
            Some(secret) => text.replace(secret.as_str(), "***"),
            None => text,
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, delivery: &Delivery) -> Result<(), MailError> {
        let message = self.message(delivery)?;
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let words = self.words(&format!("The mail server at {} said: {error}", self.host));
                // Only a no to this very message or address is for good; a no to our password isn't the notice's fault.
                let about_message = error.is_permanent() && !words.contains("535") && !words.contains("530");
                Err(if about_message { MailError::Never(words) } else { MailError::Later(words) })
            }
            Err(_) => Err(MailError::Later(format!(
                "The mail server at {} did not answer within {} seconds.",
                self.host,
                self.timeout.as_secs()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use latchkey_domain::{
        NoticeId,
        clock::{Clock, SystemClock},
    };

    use super::*;

    fn written(name: &str, body: &str) -> String {
        let settings = SmtpSettings {
            host: "mail.example.test".to_owned(),
            port: 25,
            tls: SmtpTls::None,
            credentials: None,
            from: "Latchkey <latchkey@example.test>".to_owned(),
            timeout: Duration::from_secs(5),
        };
        let now = SystemClock.now();
        let delivery = Delivery {
            id: NoticeId::new(now),
            name: name.to_owned(),
            address: "ann@example.test".to_owned(),
            subject: "Payroll is ready".to_owned(),
            body: body.to_owned(),
            portal: "https://latchkey.example.test".to_owned(),
            written_at: now,
        };
        let message = SmtpMailer::new(settings).unwrap().message(&delivery).unwrap();
        String::from_utf8(message.formatted()).unwrap().replace("\r\n", "\n")
    }

    #[tokio::test]
    async fn a_message_has_both_forms_the_plain_one_first() {
        let message = written("Ann Berg", "Look here:\nhttps://latchkey.example.test/requests/1\n");
        assert!(message.contains("Content-Type: multipart/alternative;"), "{message}");
        let plain = message.find("Content-Type: text/plain; charset=utf-8").unwrap();
        let html = message.find("Content-Type: text/html; charset=utf-8").unwrap();
        assert!(plain < html, "{message}");
        assert!(message[plain..html].contains("\nLook here:\nhttps://latchkey.example.test/requests/1\n"), "{message}");
        assert!(message[html..].contains("Open the request"), "{message}");
        assert!(message.contains("Auto-Submitted: auto-generated") && message.contains("Message-ID: <"), "{message}");
    }

    #[tokio::test]
    async fn a_name_never_begins_a_header_of_its_own() {
        let message = written("Ann\r\nBcc: all@example.test", "Words.\n");
        assert!(!message.contains("\nBcc:"), "{message}");
    }
}

//! What a call says.

use chrono::{DateTime, FixedOffset, SubsecRound, Utc};
use latchkey_domain::Instant;
use serde::Deserialize;

use super::source::MAX_REFERENCE;

/// What happened at the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A shift or the work on a ticket began.
    Opened,
    /// It is over.
    Ended,
    /// The source lives.
    Heartbeat,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Ended => "ended",
            Self::Heartbeat => "heartbeat",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "type")]
    kind: Kind,
    person: Option<String>,
    reference: Option<String>,
    until: Option<DateTime<FixedOffset>>,
    role: Option<String>,
}

/// A call that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) kind: Kind,
    /// The external id or the e-mail address of a person. There where something opened.
    pub(super) person: Option<String>,
    /// The ticket or shift; empty in a sign of life.
    pub(super) reference: String,
    pub(super) until: Option<Instant>,
    pub(super) role: Option<String>,
}

impl Body {
    /// The ticket or shift as it is kept: two spellings of it are one.
    pub(super) fn reference_kept(&self) -> String {
        self.reference.to_ascii_lowercase()
    }
}

/// Reads a call; or everything that is wrong with it, in words for whoever sends it.
pub(super) fn read(bytes: &[u8]) -> Result<Body, String> {
    let written: Written = serde_json::from_slice(bytes).map_err(|e| {
        format!(
            "It isn't the JSON that is expected: {e}. Expected an object with type (opened, ended or heartbeat), person, reference, until and role."
        )
    })?;
    let mut wrong = Vec::new();
    let text = |value: Option<String>| value.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    let (person, reference, role) = (text(written.person), text(written.reference), text(written.role));
    if written.kind == Kind::Heartbeat {
        if person.is_some() || reference.is_some() || role.is_some() || written.until.is_some() {
            wrong.push("A heartbeat says nothing else.".to_owned());
        }
    } else if reference.is_none() {
        wrong.push("reference is missing: the ticket or the shift that it is about.".to_owned());
    }
    let is_visible = |text: &str, most: usize| text.len() <= most && text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if reference.as_deref().is_some_and(|r| !is_visible(r, MAX_REFERENCE)) {
        wrong.push(format!("reference has to be 1 to {MAX_REFERENCE} visible characters of ASCII."));
    }
    match (&person, written.kind) {
        (None, Kind::Opened) => {
            wrong.push("person is missing: an external id such as E0042, or an e-mail address.".to_owned());
        }
        (Some(person), _) if person.chars().count() > 254 || person.chars().any(char::is_control) => {
            wrong.push("person has to be an external id or an e-mail address.".to_owned());
        }
        _ => {}
    }
    if role.as_deref().is_some_and(|r| !is_visible(r, 60)) {
        wrong.push("role has to be the key of a role.".to_owned());
    }
    if written.kind == Kind::Ended && (written.until.is_some() || role.is_some()) {
        wrong.push("What is over has neither until nor role: everything that was opened for it ends now.".to_owned());
    }
    if !wrong.is_empty() {
        return Err(wrong.join(" "));
    }
    Ok(Body {
        kind: written.kind,
        person,
        reference: reference.unwrap_or_default(),
        // As exact as instants are kept.
        until: written.until.map(|until| until.with_timezone(&Utc).trunc_subsecs(6)),
        role,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_whole_or_refused_with_everything_that_is_wrong() {
        let body = read(br#"{"type":"opened","person":" E0042 ","reference":"OPS-214","until":"2027-03-01T20:00:00.000000123+02:00","role":"order-console"}"#).unwrap();
        assert_eq!(
            (body.kind, body.person.as_deref(), body.reference.as_str()),
            (Kind::Opened, Some("E0042"), "OPS-214")
        );
        assert_eq!(body.until.unwrap().to_rfc3339(), "2027-03-01T18:00:00+00:00");
        assert!(read(br#"{"type":"ended","reference":"OPS-214"}"#).is_ok());
        assert!(read(br#"{"type":"heartbeat"}"#).is_ok());
        for (text, expected) in [
            ("", "JSON"),
            ("[]", "JSON"),
            (r#"{"type":"began","person":"E1","reference":"X"}"#, "unknown variant `began`"),
            (r#"{"type":"opened","person":"E1","reference":"X","grant":true}"#, "unknown field `grant`"),
            (r#"{"type":"opened","person":"E1","reference":"X","until":"tomorrow"}"#, "JSON"),
            (r#"{"type":"opened"}"#, "reference is missing"),
            (r#"{"type":"opened"}"#, "person is missing"),
            (r#"{"type":"opened","person":"E1","reference":"  "}"#, "reference is missing"),
            (r#"{"type":"opened","person":"E1","reference":"Störung"}"#, "visible characters"),
            (r#"{"type":"ended","reference":"X","role":"order-console"}"#, "neither until nor role"),
            (r#"{"type":"heartbeat","person":"E1"}"#, "says nothing else"),
        ] {
            let words = read(text.as_bytes()).unwrap_err();
            assert!(words.contains(expected), "{text}: {words}");
        }
        let long = format!(r#"{{"type":"ended","reference":"{}"}}"#, "x".repeat(61));
        assert!(read(long.as_bytes()).is_err());
    }
}

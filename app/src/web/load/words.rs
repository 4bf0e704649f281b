//! Words that several pages say in the same way.

use chrono::TimeDelta;
use latchkey_domain::{IdentityId, Instant, grant::GrantKind, role::Risk};
use latchkey_policy::Span;
use latchkey_service::new_grant::end_of;
use latchkey_store::request_reads::NamedApproverRow;
use uuid::Uuid;

use crate::{
    components::{PersonRef, RiskLevel, Sentence, Told, duration_words},
    pages::role::DurationChoice,
};

/// The risk as pages show it.
pub(super) const fn risk(risk: Risk) -> RiskLevel {
    match risk {
        Risk::Low => RiskLevel::Low,
        Risk::Medium => RiskLevel::Medium,
        Risk::High => RiskLevel::High,
        Risk::Critical => RiskLevel::Critical,
    }
}

/// These sentences after each other; nothing where there is none.
pub(super) fn joined<const N: usize>(sentences: [Option<String>; N]) -> Option<String> {
    let all: Vec<String> = sentences.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// A person's page.
pub(super) fn person_href(id: Uuid) -> String {
    format!("/people/{id}")
}

/// A person with a link.
pub(super) fn person(id: Uuid, name: &str) -> PersonRef {
    PersonRef::linked(name, person_href(id))
}

/// "90 days"; access without an end is said so.
pub(super) fn how_long(seconds: Option<i64>) -> String {
    seconds.map_or_else(|| "until given back".to_owned(), |s| duration_words(TimeDelta::seconds(s)))
}

/// For how long, where more than access may be asked for: "90 days", "90 days, to activate when needed", "active for 2 hours".
pub(super) fn how_long_of(kind: GrantKind, seconds: Option<i64>) -> String {
    let length = how_long(seconds);
    match kind {
        GrantKind::Standing => length,
        GrantKind::Eligible => format!("{length}, to activate when needed"),
        GrantKind::Activates(_) => format!("active for {length}"),
    }
}

/// A length as forms offer it, with the end that it would have.
pub(super) fn length_choice(span: Span, ends: Instant, usual: bool) -> DurationChoice {
    DurationChoice { value: span.to_string(), label: span.words(), ends, usual }
}

/// When whole days from `start` end in a zone, or hours to the minute.
pub(super) fn end_of_span(start: Instant, span: Span, zone: &str) -> Instant {
    end_of(start, i64::from(span.hours()) * 3600, zone)
}

/// What somebody asks for, between their name and the role's.
pub(super) const fn asks(kind: GrantKind) -> &'static str {
    match kind {
        GrantKind::Standing => " asks for ",
        GrantKind::Eligible => " asks for the right to activate ",
        GrantKind::Activates(_) => " asks to activate ",
    }
}

/// What makes somebody an approver, to the one who reads.
pub(super) fn because(word: &str, beneficiary_reads: bool) -> &'static str {
    match (word, beneficiary_reads) {
        ("manager", true) => "your manager",
        ("manager", false) => "the manager",
        ("managers-manager", _) => "the manager\u{2019}s manager",
        ("group", _) => "in the group that decides",
        ("owner", _) => "the owner of the role",
        ("system-owner", _) => "the owner of the system",
        ("security", _) => "from security",
        ("person", _) => "named by the policy",
        ("handed", _) => "to whom it was handed over",
        ("added", _) => "put in by hand",
        ("moved", _) => "to whom it was moved on",
        _ => "standing in",
    }
}

/// "Waiting for Priya Raman, your manager, since yesterday".
pub(super) fn waiting_for(approvers: &[&NamedApproverRow], reader: IdentityId, beneficiary_reads: bool) -> Sentence {
    let Some(first) = approvers.first() else { return Sentence::of("Waiting for somebody who can decide") };
    let since = approvers.iter().map(|a| a.added_at).min().unwrap_or(first.added_at);
    if approvers.iter().any(|a| a.identity_id == reader.0) {
        return Sentence::of("Waiting for ").strong("you").text(", since ").moment(since, Told::Relative);
    }
    let mut sentence = Sentence::of("Waiting for ");
    for (at, approver) in approvers.iter().take(3).enumerate() {
        let last = at + 1 == approvers.len().min(3);
        let joint = if at == 0 {
            ""
        } else if last && approvers.len() <= 3 {
            " or "
        } else {
            ", "
        };
        sentence = sentence.text(joint).link(approver.name.clone(), person_href(approver.identity_id));
    }
    if approvers.len() > 3 {
        sentence = sentence.text(format!(" or {} more", approvers.len() - 3));
    }
    sentence.text(format!(", {}, since ", because(&first.because, beneficiary_reads))).moment(since, Told::Relative)
}

/// "Waiting for your manager", for where there is room for few words.
pub(super) fn waiting_short(approvers: &[&NamedApproverRow], reader: IdentityId, beneficiary_reads: bool) -> String {
    match approvers {
        [] => "Waiting for a decision".to_owned(),
        all if all.iter().any(|a| a.identity_id == reader.0) => "Waiting for you".to_owned(),
        [one] if one.because == "manager" => format!("Waiting for {}", because("manager", beneficiary_reads)),
        [one] => format!("Waiting for {}", one.name),
        many => format!("Waiting for one of {} people", many.len()),
    }
}

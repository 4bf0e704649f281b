//! What a SCIM failure means for the work, and its words.

use serde_json::Value;

use super::http::Answer;
use crate::{CallError, tls};

/// The service's own words: `detail` and `scimType` of a SCIM error (RFC 7644, 3.12), else the status alone.
fn said(answer: &Answer) -> String {
    let field = |name| answer.json.as_ref().and_then(|json| json.get(name)).and_then(Value::as_str).map(str::trim);
    let code = match field("scimType") {
        Some(kind) if !kind.is_empty() => format!("{}, {kind}", answer.status),
        _ => answer.status.to_string(),
    };
    match field("detail") {
        Some(detail) if !detail.is_empty() => format!("{} ({code})", detail.trim_end_matches('.')),
        _ => format!("status {code}"),
    }
}

/// An answer that isn't the hoped-for one.
pub(super) fn of_answer(answer: &Answer, doing: &str) -> CallError {
    let words = |help: &str| format!("{doing} failed. The service says: {}.{help}", said(answer));
    match answer.status {
        401 => CallError::needs_human(words(" The connection's token is not accepted.")),
        403 => CallError::needs_human(words(" The connection's token lacks this right.")),
        // 409 and 412 here mean that somebody else changed the resource: uniqueness is treated where users are made.
        408 | 409 | 412 | 425 | 429 | 500 | 502..=599 => {
            let mut error = CallError::retry_later(words(""));
            if let CallError::RetryLater { after, .. } = &mut error {
                *after = answer.retry_after;
            }
            error
        }
        404 => CallError::needs_human(words(" The connection's base_url may be wrong.")),
        _ => CallError::refused(words("")),
    }
}

/// Whether the service says that it doesn't do this kind of request at all.
pub(super) const fn is_unsupported(answer: &Answer) -> bool {
    matches!(answer.status, 405 | 501)
}

/// Whether the service can't use the filter.
pub(super) fn is_bad_filter(answer: &Answer) -> bool {
    let kind = answer.json.as_ref().and_then(|json| json.get("scimType")).and_then(Value::as_str);
    answer.status == 501 || (answer.status == 400 && matches!(kind, Some("invalidFilter") | None))
}

/// No connection, no answer, or one that isn't HTTP.
pub(super) fn of_transport(error: reqwest::Error, doing: &str) -> CallError {
    // The address is known from the settings, and a query may name people.
    let error = error.without_url();
    if let Some(words) = tls::distrust(&error) {
        return CallError::needs_human(format!("{doing} failed. {words}"));
    }
    if error.is_timeout() {
        return CallError::retry_later(format!("{doing} failed: the service did not answer in time."));
    }
    CallError::retry_later(format!("{doing} failed: {}.", tls::root_cause(&error)))
}

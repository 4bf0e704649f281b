//! What a PostgreSQL failure means for the work, and its words.

use tokio_postgres::{
    Error,
    error::{DbError, SqlState},
};

use crate::{CallError, tls};

/// The server's own words: message, detail and hint.
fn said(error: &DbError) -> String {
    let mut words = format!("{} ({})", error.message(), error.code().code());
    for more in [error.detail(), error.hint()].into_iter().flatten() {
        words.push_str(". ");
        words.push_str(more.trim_end_matches('.'));
    }
    words
}

/// Turns a failure into its kind. `doing` reads like "Granting a to b".
pub(super) fn of(error: &Error, doing: &str) -> CallError {
    let Some(db) = error.as_db_error() else { return below(error, doing) };
    let words = |help: &str| format!("{doing} failed. PostgreSQL says: {}.{help}", said(db));
    let code = db.code();
    // Two sessions that change one role at the same time get an internal error, "tuple concurrently updated".
    let passing = matches!(code.code().get(..2), Some("08" | "40" | "53" | "57" | "58" | "XX"))
        || [SqlState::LOCK_NOT_AVAILABLE, SqlState::OBJECT_IN_USE].contains(code);
    if passing {
        return CallError::retry_later(words(""));
    }
    if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code) {
        return CallError::needs_human(words(
            " The connection's user, its password or the server's pg_hba.conf is not right.",
        ));
    }
    if *code == SqlState::INVALID_CATALOG_NAME {
        return CallError::needs_human(words(" The connection's dbname is not right."));
    }
    if [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::INVALID_GRANT_OPERATION].contains(code) {
        return CallError::needs_human(words(
            " The connection's role needs CREATEROLE and, from PostgreSQL 16 on, ADMIN OPTION on the roles that it manages and grants.",
        ));
    }
    if *code == SqlState::DEPENDENT_OBJECTS_STILL_EXIST {
        return CallError::needs_human(words(" Whoever was given this by the account has to lose it first."));
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return CallError::needs_human(words(
            " This server is a standby; the connection's host has to be the primary.",
        ));
    }
    CallError::refused(words(""))
}

/// No connection, no answer, or an answer that isn't PostgreSQL's.
fn below(error: &Error, doing: &str) -> CallError {
    if let Some(words) = tls::distrust(error) {
        return CallError::needs_human(format!("{doing} failed. {words}"));
    }
    let cause = tls::root_cause(error);
    // The driver has no code for these: the client's side of the handshake.
    if cause.contains("password missing") {
        return CallError::needs_human(format!(
            "{doing} failed: the server asks for a password, and the connection has none. Set password_file or password_env."
        ));
    }
    if cause.contains("server does not support TLS") {
        return CallError::needs_human(format!(
            "{doing} failed: the server doesn't offer TLS, and the connection requires it."
        ));
    }
    CallError::retry_later(format!("{doing} failed: {cause}."))
}

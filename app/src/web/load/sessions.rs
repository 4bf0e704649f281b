//! My sessions.

use axum::extract::State;
use latchkey_service::sessions::my_sessions;
use leptos::prelude::*;
use tower_sessions::Session;

use crate::{
    frame::Part,
    pages::sessions::{SessionRow, SessionsPage, SessionsView},
    web::{
        PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    let mine = my_sessions(&state.db, state.clock.now(), &signed.person).await?;
    let rows = mine
        .into_iter()
        .map(|s| SessionRow {
            id: s.session.to_string(),
            device: device(&s.user_agent),
            address: s.address,
            proved: proved(&s.assurance.amr, s.assurance.mfa),
            since: s.created_at,
            seen: s.last_seen_at,
            ends: s.absolute_expires_at,
            this: s.current,
        })
        .collect();
    let page = SessionsPage { rows, limits: state.session_limits.to_string() };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Elsewhere,
        move |reader| view! { <SessionsView page=page reader=reader/> },
    )
    .await
}

/// "Firefox on Linux", as far as the browser says.
fn device(agent: &str) -> String {
    let find = |all: &[(&str, &'static str)]| all.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = find(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Chromium/", "Chromium"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "A program that doesn\u{2019}t say what it is".to_owned(),
    }
}

/// What the sign-in proved, in words (RFC 8176).
fn proved(amr: &[String], mfa: bool) -> String {
    let words: Vec<&str> = amr
        .iter()
        .filter_map(|m| match m.as_str() {
            "pwd" => Some("password"),
            "otp" => Some("code from an app"),
            "hwk" => Some("security key"),
            "swk" => Some("key on the device"),
            "sms" => Some("code by SMS"),
            "fpt" | "face" => Some("fingerprint or face"),
            "pin" => Some("PIN"),
            _ => None,
        })
        .collect();
    let base = match words.as_slice() {
        [] if mfa => return "More than one factor".to_owned(),
        [] => return "Not said".to_owned(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    };
    let mut letters = base.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn says_what_a_browser_is_and_what_was_proved() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
        assert_eq!(super::device(agent), "Chrome on Linux");
        assert_eq!(super::proved(&["pwd".into(), "otp".into()], true), "Password and code from an app");
        assert_eq!(super::proved(&[], true), "More than one factor");
    }
}

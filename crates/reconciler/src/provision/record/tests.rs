use super::*;

fn row(attempts: i64, words: &str, minutes_ago: i64) -> FulfilmentRow {
    let at = Instant::UNIX_EPOCH;
    FulfilmentRow {
        id: FulfilmentId::new(at).0,
        account_id: AccountId::new(at).0,
        entitlement_id: EntitlementId::new(at).0,
        identity_id: latchkey_domain::IdentityId::new(at).0,
        system_id: SystemId::new(at).0,
        desired: Presence::Present,
        observed: Presence::Unknown,
        progress: Progress::Due,
        generation: 1,
        attempts,
        due_at: Some(at),
        found: false,
        adopted: false,
        wanted_at: at,
        applied_at: None,
        confirmed_at: None,
        last_outcome: (attempts > 0).then(|| "retry_later".to_owned()),
        last_words: words.to_owned(),
        last_attempt_at: (attempts > 0).then(|| at - TimeDelta::minutes(minutes_ago)),
    }
}

fn failed(words: &str, no_call: bool) -> Attempt {
    Attempt { no_call, ..Attempt::failed(&CallError::retry_later(words)) }
}

#[test]
fn a_failure_is_put_on_record_until_it_is_old_news() {
    let now = Instant::UNIX_EPOCH;
    assert!(!is_old_news(&row(0, "", 0), &failed("down", false), now));
    assert!(!is_old_news(&row(3, "down", 1), &failed("down", false), now));
    assert!(is_old_news(&row(12, "down", 10), &failed("down again", false), now));
    assert!(!is_old_news(&row(12, "down", 61), &failed("down", false), now));
    // Not connected: said once, and again when the reason changes.
    assert!(is_old_news(&row(1, "Not connected", 1), &failed("Not connected", true), now));
    assert!(!is_old_news(&row(1, "Not connected", 1), &failed("Not connected: no slapd", true), now));
    // Another outcome is always news.
    let refused = Attempt::failed(&CallError::refused("no"));
    assert!(!is_old_news(&row(12, "down", 1), &refused, now));
}

#[test]
fn pauses_grow_honour_what_the_system_asks_and_stay_bounded() {
    assert!(pause_after(&row(0, "", 0), &failed("down", false)) < TimeDelta::seconds(3));
    assert!(pause_after(&row(0, "", 0), &failed("down", true)) >= LONGEST_PAUSE);
    let asks = |seconds| Attempt { after: Some(Duration::from_secs(seconds)), ..failed("busy", false) };
    assert!(pause_after(&row(0, "", 0), &asks(90)) >= TimeDelta::seconds(90));
    assert!(pause_after(&row(0, "", 0), &asks(1_000_000)) <= LONGEST_ASKED);
}

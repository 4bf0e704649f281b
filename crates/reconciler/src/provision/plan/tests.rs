use latchkey_domain::{AccountId, EntitlementId, FulfilmentId, IdentityId, Instant, SystemId, account::AccountPurpose};

use super::*;

fn row(desired: Presence, progress: Progress) -> FulfilmentRow {
    let at = Instant::UNIX_EPOCH;
    FulfilmentRow {
        id: FulfilmentId::new(at).0,
        account_id: AccountId::new(at).0,
        entitlement_id: EntitlementId::new(at).0,
        identity_id: IdentityId::new(at).0,
        system_id: SystemId::new(at).0,
        desired,
        observed: Presence::Unknown,
        progress,
        generation: 1,
        attempts: 0,
        due_at: Some(at),
        found: false,
        adopted: false,
        wanted_at: at,
        applied_at: None,
        confirmed_at: None,
        last_outcome: None,
        last_words: String::new(),
        last_attempt_at: None,
    }
}

const FACTS: Facts = Facts { held: false, seen_absent: false, justified: true, may_hold: true, waits: false };
const HELD: Facts = Facts { held: true, ..FACTS };

#[test]
fn promise_08_nothing_is_given_before_the_assurance_is_there() {
    let waits = Facts { waits: true, ..FACTS };
    assert_eq!(step(&row(Presence::Present, Progress::Due), waits), Some(Step::Waits));
    // Neither is what somebody took away behind our back.
    assert_eq!(step(&row(Presence::Present, Progress::Settled), waits), Some(Step::Waits));
    // What isn't justified or may not be held isn't a matter of signing in; removals never wait.
    assert_eq!(
        step(&row(Presence::Present, Progress::Due), Facts { justified: false, ..waits }),
        Some(Step::Unjustified)
    );
    assert_eq!(
        step(&row(Presence::Present, Progress::Due), Facts { may_hold: false, ..waits }),
        Some(Step::MayNotHold)
    );
    let seen = FulfilmentRow { observed: Presence::Present, ..row(Presence::Absent, Progress::Due) };
    assert_eq!(step(&seen, Facts { held: true, ..waits }), Some(Step::Remove));
}

#[test]
fn what_is_missing_is_given_and_what_was_there_is_noted() {
    let wanted = row(Presence::Present, Progress::Due);
    assert_eq!(step(&wanted, FACTS), Some(Step::Grant));
    assert_eq!(step(&wanted, HELD), Some(Step::AsWanted { found: true }));
    // A worker saw it absent before: so Latchkey gave it, and the answer was lost.
    assert_eq!(step(&wanted, Facts { seen_absent: true, ..HELD }), Some(Step::AsWanted { found: false }));
    let seen = FulfilmentRow { observed: Presence::Absent, ..wanted };
    assert_eq!(step(&seen, HELD), Some(Step::AsWanted { found: false }));
}

#[test]
fn promise_04_nothing_is_given_without_a_grant_or_to_somebody_who_may_not_hold_it() {
    let wanted = row(Presence::Present, Progress::Due);
    assert_eq!(step(&wanted, Facts { justified: false, ..FACTS }), Some(Step::Unjustified));
    assert_eq!(step(&wanted, Facts { justified: false, ..HELD }), Some(Step::Unjustified));
    assert_eq!(step(&wanted, Facts { may_hold: false, ..FACTS }), Some(Step::MayNotHold));
    let settled = row(Presence::Present, Progress::Settled);
    assert_eq!(step(&settled, Facts { justified: false, ..FACTS }), None);
    assert_eq!(step(&settled, Facts { may_hold: false, ..FACTS }), None);
}

#[test]
fn promise_06_what_nothing_justifies_goes_and_what_was_there_before_stays() {
    let unwanted = row(Presence::Absent, Progress::Due);
    let ours = FulfilmentRow { observed: Presence::Present, ..unwanted.clone() };
    assert_eq!(step(&ours, HELD), Some(Step::Remove));
    assert_eq!(step(&ours, FACTS), Some(Step::AsWanted { found: false }));
    let found = FulfilmentRow { found: true, ..ours };
    assert_eq!(step(&found, HELD), Some(Step::LetBe));
    assert_eq!(step(&FulfilmentRow { adopted: true, ..found }, HELD), Some(Step::Remove));
    // Unwanted before anybody looked: it was there before.
    assert_eq!(step(&unwanted, HELD), Some(Step::LetBe));
    assert_eq!(step(&unwanted, Facts { seen_absent: true, ..HELD }), Some(Step::Remove));
}

#[test]
fn stuck_work_is_done_when_a_human_did_it_and_settled_work_is_repaired() {
    for stuck in [Progress::Refused, Progress::NeedsHuman] {
        let wanted = FulfilmentRow { observed: Presence::Absent, ..row(Presence::Present, stuck) };
        assert_eq!(step(&wanted, FACTS), None);
        assert_eq!(step(&wanted, HELD), Some(Step::AsWanted { found: false }));
        let unwanted = FulfilmentRow { observed: Presence::Present, ..row(Presence::Absent, stuck) };
        assert_eq!(step(&unwanted, HELD), None);
        assert_eq!(step(&unwanted, FACTS), Some(Step::AsWanted { found: false }));
    }
    let settled = FulfilmentRow { observed: Presence::Present, ..row(Presence::Present, Progress::Settled) };
    assert_eq!(step(&settled, HELD), None);
    assert_eq!(step(&settled, FACTS), Some(Step::Grant));
    let gone = FulfilmentRow { observed: Presence::Absent, ..row(Presence::Absent, Progress::Settled) };
    assert_eq!(step(&gone, HELD), Some(Step::Remove));
    assert_eq!(step(&gone, FACTS), None);
    assert_eq!(step(&row(Presence::Unknown, Progress::Settled), HELD), None);
}

fn account(desired: AccountState, observed: AccountState) -> AccountRow {
    let at = Instant::UNIX_EPOCH;
    AccountRow {
        id: AccountId::new(at).0,
        identity_id: IdentityId::new(at).0,
        system_id: SystemId::new(at).0,
        purpose: AccountPurpose::Daily,
        name: "ann.berg".to_owned(),
        native_id: None,
        origin: AccountOrigin::Unknown,
        desired,
        observed,
        observed_at: None,
        due_at: Some(at),
        lease_id: None,
        lease_until: None,
    }
}

const USED: Needs = Needs { used: true, rests: true };
const NONE: Needs = Needs { used: false, rests: false };

#[test]
fn accounts_are_made_switched_on_and_switched_off_only_where_that_is_latchkeys_to_do() {
    use AccountOrigin::{Created, Recognised};
    let wanted = account(AccountState::Enabled, AccountState::Absent);
    assert_eq!(account_step(&wanted, Created, None, USED), AccountStep::Create);
    assert_eq!(account_step(&wanted, Created, None, NONE), AccountStep::Keep);
    assert_eq!(account_step(&wanted, Created, Some(Seen::Enabled), USED), AccountStep::Keep);
    assert_eq!(account_step(&wanted, Recognised, Some(Seen::Disabled), USED), AccountStep::SwitchedOffByOthers);
    assert_eq!(account_step(&wanted, Recognised, Some(Seen::Disabled), NONE), AccountStep::Keep);

    let by_us = account(AccountState::Enabled, AccountState::Disabled);
    assert_eq!(account_step(&by_us, Created, Some(Seen::Disabled), USED), AccountStep::Enable);
    let by_others = account(AccountState::Enabled, AccountState::Enabled);
    assert_eq!(account_step(&by_others, Created, Some(Seen::Disabled), USED), AccountStep::SwitchedOffByOthers);

    let unwanted = account(AccountState::Disabled, AccountState::Enabled);
    assert_eq!(account_step(&unwanted, Created, Some(Seen::Enabled), NONE), AccountStep::Disable);
    assert_eq!(account_step(&unwanted, Recognised, Some(Seen::Enabled), NONE), AccountStep::Keep);
    assert_eq!(account_step(&unwanted, Created, Some(Seen::Disabled), NONE), AccountStep::Keep);
    assert_eq!(account_step(&unwanted, Created, None, NONE), AccountStep::Keep);
    let rests = Needs { used: false, rests: true };
    assert_eq!(account_step(&unwanted, Created, Some(Seen::Enabled), rests), AccountStep::Keep);
}

#[test]
fn an_account_that_was_there_is_told_from_one_that_was_made() {
    assert_eq!(origin(AccountOrigin::Unknown, false), AccountOrigin::Recognised);
    assert_eq!(origin(AccountOrigin::Unknown, true), AccountOrigin::Created);
    assert_eq!(origin(AccountOrigin::Recognised, true), AccountOrigin::Recognised);
}

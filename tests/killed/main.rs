//! The program dies by SIGKILL in the middle of its work, again and again. What was granted must be there in the end, once,
//! by itself: nothing lost, nothing doubled, nothing stuck (promises 1, 6, 9 and 10).
//!
//! A real directory, a real database cluster and a real SCIM service are the systems; they are read by their own tools, not
//! by Latchkey.
#![cfg(feature = "demo")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod company;
mod dice;
mod portal;
mod systems;
mod truth;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use company::Company;
use dice::Dice;
use portal::Portal;
use systems::Systems;

/// How often the program is killed while it works.
const KILLS: usize = 10;
/// Histories can be had again from their seed, as far as the machine's own timing allows.
const SEED: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn promise_09_ten_kills_amid_twenty_requests_lose_nothing_and_double_nothing_sqlite() {
    let systems = Systems::start().await;
    let portal = Portal::on_sqlite(&systems);
    live_through_it(&systems, portal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn promise_09_ten_kills_amid_twenty_requests_lose_nothing_and_double_nothing_postgres() {
    let Ok(server) = std::env::var("LATCHKEY_TEST_POSTGRES_URL") else {
        assert_eq!(
            std::env::var("LATCHKEY_TEST_SQLITE_ONLY").as_deref(),
            Ok("1"),
            "set LATCHKEY_TEST_POSTGRES_URL (scripts/with-postgres does), or LATCHKEY_TEST_SQLITE_ONLY=1 to leave this out"
        );
        return;
    };
    let database = latchkey_store::testing::TestPostgres::create(&server).await.unwrap();
    let systems = Systems::start().await;
    let portal = Portal::on_postgres(&systems, &server, &database.url);
    live_through_it(&systems, portal).await;
    database.drop_database().await.unwrap();
}

async fn live_through_it(systems: &Systems, mut portal: Portal) {
    portal.set_up_company();
    let db = portal.db().await;
    let mut company = Company::of(&db).await;
    let mut dice = Dice::new(SEED);

    // Twenty requests are approved while nobody works; from then on each round brings new ones and takes some back.
    let mut changes = company.first_requests(&mut dice);
    let (mut kills, mut rounds, mut left) = (0, 0, BTreeSet::new());
    while kills < KILLS {
        rounds += 1;
        assert!(rounds <= 2 * KILLS, "only {kills} of {rounds} kills came while there was work under way");
        let later = changes.split_off(changes.len() * 3 / 4);
        company.make(changes).await;
        let waiting = truth::waiting(&db).await;
        let before = truth::confirmations(&db).await;
        portal.start();
        // Some come while the worker is at it.
        company.make(later).await;
        let enough = before + 1 + dice.roll(usize::try_from(waiting / 2).unwrap().max(1)) as i64;
        let short = async || match enough - truth::confirmations(&db).await {
            missing if missing > 0 => vec![format!("{missing} more confirmations")],
            _ => vec![],
        };
        portal.until_nothing_misses(Duration::from_secs(60), short).await;
        tokio::time::sleep(Duration::from_millis(dice.roll(40) as u64)).await;
        portal.kill();
        if truth::waiting(&db).await > 0 {
            kills += 1;
        }
        left.extend(truth::leases(&db).await);
        changes = company.next_changes(&mut dice);
    }
    // A worker that only ever died between two accounts would prove little.
    assert!(left.len() > KILLS, "the dead workers left {} accounts taken", left.len());

    let began = Instant::now();
    portal.start();
    portal.until_nothing_misses(Duration::from_secs(150), async || truth::left(&db).await).await;
    eprintln!(
        "{kills} kills in {rounds} rounds, {} accounts left taken by the dead, at rest after {:?}; tried again: {:#?}",
        left.len(),
        began.elapsed(),
        truth::tried_again(&db).await
    );
    portal.end();
    truth::nothing_is_lost(systems, &company).await;
    truth::nothing_is_doubled(&db).await;
    truth::everybody_is_told_once(&db, &company).await;
    truth::the_log_holds(&db, &portal.key()).await;
    db.close().await;
}

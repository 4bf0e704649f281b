//! The log alone is enough to rebuild what is: random histories are replayed and compared with the tables.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    actor::ActorRef,
    event::{EventBody, NewEvent},
    item::{ItemState, Verdict},
};
use latchkey_service::{expire, give_back::give_back, replay, withdraw_item::withdraw_item};
use latchkey_testkit::{World, both_databases};
use scene::Scene;

/// A small generator of random numbers (splitmix64), so that a failing history can be had again from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }
}

both_databases! {
    /// After every step of a random history, the replayed state is the one in the tables.
    async fn promise_01_the_log_rebuilds_the_state(world: World) {
        let s = Scene::new(world).await;
        // The world puts roles in without saying whose they are; `apply` says it.
        let tx = s.world.tx().await;
        let owned = |role: latchkey_testkit::Role| {
            let body = EventBody::OwnerChanged { role: Some(role.id), system: None, from: None, to: Some(s.owner) };
            NewEvent::new(ActorRef::Host, body)
        };
        tx.commit([s.reader, s.writer, s.editor].map(owned).to_vec()).await.unwrap();
        for seed in [1, 7, 42] {
            live(&s, seed, 40).await;
            let mut c = s.world.db.read().await.unwrap();
            let told = replay::from_log(&mut c, None).await.unwrap();
            let is = replay::from_tables(&mut c).await.unwrap();
            let differences = told.differences(&is);
            assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
            assert!(is.grants.values().map(|g| g.len()).sum::<usize>() > 2, "a history with grants");
        }
    }
}

async fn live(s: &Scene, seed: u64, steps: usize) {
    let mut dice = Dice(seed);
    let (db, clock) = (s.world.db.clone(), s.world.clock.clone());
    let people = [s.ann, s.bob];
    let roles = [s.reader, s.writer, s.editor];
    let mut open = Vec::new();
    let mut held = Vec::new();
    for _ in 0..steps {
        s.world.advance(TimeDelta::hours(dice.roll(40) as i64 + 1));
        match dice.roll(8) {
            0..=2 => {
                let who = people[dice.roll(2)];
                if let Ok(done) = s.ask_for(who, roles[dice.roll(3)], who, 7).await {
                    open.push((who, s.item_of(done.request).await));
                }
            }
            3 | 4 if !open.is_empty() => {
                let at = dice.roll(open.len());
                let (who, item) = open[at];
                let verdict = if dice.roll(4) == 0 { Verdict::Deny } else { Verdict::Approve };
                let by = s.approvers(item).await;
                let Some(by) = by.first() else {
                    open.remove(at);
                    continue;
                };
                match s.decide(*by, item, verdict).await.map(|d| d.state) {
                    Ok(ItemState::Approved) => held.push((who, s.grant_of(open.remove(at).1).await)),
                    Ok(ItemState::Denied) => drop(open.remove(at)),
                    _ => {}
                }
            }
            5 if !open.is_empty() => {
                let (who, item) = open.remove(dice.roll(open.len()));
                let _ = withdraw_item(&db, clock.as_ref(), &s.actor(who), item).await;
            }
            6 if !held.is_empty() => {
                let (who, grant) = held.remove(dice.roll(held.len()));
                let _ = give_back(&db, clock.as_ref(), &s.actor(who), grant).await;
            }
            _ => {
                expire::end_due_grants(&db, clock.as_ref(), 50).await.unwrap();
                expire::lapse_due_items(&db, clock.as_ref(), 50).await.unwrap();
            }
        }
    }
}

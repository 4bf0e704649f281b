//! Trials: what somebody gets for the first time, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{GrantId, IdentityId, Instant, grant::GrantState};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceResult,
    activate::{self, ActivationWish},
    expire, replay,
    trials::{self, Used},
};
use latchkey_store::{
    expiring,
    grants::{self, GrantRow},
    testing,
};
use latchkey_testkit::{Role, World, both_databases};
use scene::{Scene, code, policy};
use serde_json::{Value, json};
use uuid::Uuid;

const DAY: i64 = 24;

/// A role that starts as a trial of 14 days.
async fn tried(s: &Scene, key: &str, change: impl FnOnce(&mut Value)) -> Role {
    let mut body = policy(&json!([{"approvers": "manager"}]));
    body["schema"] = json!(3);
    body["policy"]["trial"] = json!({"length": "14d"});
    change(&mut body["policy"]);
    let id = s.world.policy(key, &body).await;
    s.world.role(key, Some(s.owner), id, &[s.read]).await
}

async fn grant(s: &Scene, id: GrantId) -> GrantRow {
    grants::get(&mut s.world.db.read().await.unwrap(), id).await.unwrap().unwrap()
}

async fn keep(s: &Scene, who: IdentityId, id: GrantId, words: &str) -> ServiceResult<Instant> {
    trials::keep(&s.world.db, s.world.clock.as_ref(), &s.actor(who), id, words).await
}

async fn ask(s: &Scene) -> usize {
    expire::ask_about_trials(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap()
}

/// Every system has what it should have.
async fn confirmed(s: &Scene) {
    testing::run(&s.world.db, "update fulfilment set observed = desired, progress = 'settled'").await.unwrap();
}

async fn subjects(s: &Scene) -> Vec<String> {
    s.world
        .texts("select i.display_name || ': ' || n.subject from notice n join identity i on i.id = n.recipient_id where n.kind in ('trial_asks', 'ending_soon', 'ended') order by n.created_at")
        .await
}

/// The log tells the same as the tables.
async fn agrees(world: &World) {
    let mut c = world.db.read().await.unwrap();
    let told = replay::from_log(&mut c, None).await.unwrap();
    let is = replay::from_tables(&mut c).await.unwrap();
    assert_eq!(told.grants, is.grants);
}

both_databases! {
    /// The first time it lasts for the trial; kept, for as long as was approved; and nobody has to decide again.
    async fn promise_06_a_trial_becomes_what_was_approved_when_its_holder_says_so(world: World) {
        let s = Scene::new(world).await;
        let role = tried(&s, "drawing", |_| ()).await;
        let id = s.gets(s.ann, role).await;
        let row = grant(&s, id).await;
        let full = row.full_ends_at.unwrap();
        let first = row.ends_at.unwrap() - row.starts_at;
        assert!((14 * DAY..=15 * DAY).contains(&first.num_hours()), "{first}");
        assert!(full > row.ends_at.unwrap() + TimeDelta::days(10));
        // What no system has confirmed can't have been used.
        assert_eq!(code(keep(&s, s.ann, id, "Sketches for the fair").await), "trial.not_there");
        confirmed(&s).await;
        assert_eq!(code(keep(&s, s.ann, id, " ").await), "trial.words_missing");
        assert_eq!(code(keep(&s, s.bob, id, "Not mine").await), "not_found");

        // Asked once, when there was time to try.
        assert_eq!(ask(&s).await, 0);
        s.world.advance(TimeDelta::days(8));
        assert_eq!(expire::remind(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 0, "a trial is asked about instead");
        assert_eq!((ask(&s).await, ask(&s).await), (1, 0));
        assert_eq!(subjects(&s).await.len(), 1);
        assert!(subjects(&s).await[0].starts_with("Ann Berg: Do you use Role drawing? Your trial ends on "), "{:?}", subjects(&s).await);

        assert_eq!(keep(&s, s.ann, id, "Sketches for the fair").await.unwrap(), full);
        let row = grant(&s, id).await;
        assert_eq!((row.ends_at, row.full_ends_at, row.state), (Some(full), None, GrantState::Active));
        assert_eq!(row.trial_words.as_deref(), Some("Sketches for the fair"));
        assert_eq!(code(keep(&s, s.ann, id, "Again").await), "trial.not_one");
        // It goes on over the end of the trial, and its end is told like any other.
        s.world.advance(TimeDelta::days(7));
        assert_eq!(expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 0);
        s.world.advance(full - s.world.now() - TimeDelta::days(3));
        assert_eq!(expire::remind(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 1);
        s.world.advance(TimeDelta::days(3));
        assert_eq!(expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 1);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        agrees(&s.world).await;
    }

    /// Without a word it ends by itself, its holder is told why, and the next time starts as a trial again.
    async fn promise_06_a_trial_that_nobody_keeps_ends_by_itself(world: World) {
        let s = Scene::new(world).await;
        let role = tried(&s, "drawing", |_| ()).await;
        let id = s.gets(s.ann, role).await;
        let end = grant(&s, id).await.ends_at.unwrap();
        s.world.advance(end - s.world.now());
        assert_eq!(expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 1);
        let row = grant(&s, id).await;
        assert_eq!(row.end_reason.as_deref(), Some("trial_over"));
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        assert_eq!(code(keep(&s, s.ann, id, "Too late").await), "trial.ended");
        agrees(&s.world).await;

        let again = s.gets(s.ann, role).await;
        assert!(grant(&s, again).await.full_ends_at.is_some(), "it was never kept");
        confirmed(&s).await;
        keep(&s, s.ann, again, "Sketches").await.unwrap();
        let end = grant(&s, again).await.ends_at.unwrap();
        s.world.advance(end - s.world.now());
        expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap();
        let third = s.gets(s.ann, role).await;
        assert_eq!(grant(&s, third).await.full_ends_at, None, "they had it before");
    }

    /// More time isn't asked for beside a trial, and what is asked for so shortly is none.
    async fn promise_10_a_trial_is_kept_not_extended(world: World) {
        let s = Scene::new(world).await;
        let role = tried(&s, "drawing", |_| ()).await;
        let id = s.gets(s.ann, role).await;
        let refused = s.ask_for(s.ann, role, s.ann, 30).await;
        assert_eq!(code(refused), "request.on_trial");
        let soon = s.world.now() + TimeDelta::days(30);
        let rows = expiring::of_person(&mut s.world.db.read().await.unwrap(), s.ann, soon, None, 10).await.unwrap();
        assert!(rows.is_empty(), "it isn't offered to be extended: {rows:?}");
        assert!(grant(&s, id).await.full_ends_at.is_some());

        let short = tried(&s, "short", |p| {
            p["default_duration"] = json!("7d");
            p["offer"] = json!(["7d"]);
        }).await;
        s.ask_for(s.bob, short, s.bob, 7).await.unwrap();
        let of = s.world.number("select count(*) from item where trial_seconds is not null").await;
        assert_eq!(of, 1, "only the first one");
    }

    /// Of a right it is known whether it was used.
    async fn promise_06_a_right_on_trial_is_kept_once_it_was_activated(world: World) {
        let s = Scene::new(world).await;
        let role = tried(&s, "console", |p| p["activation"] = json!({"max": "8h", "default": "2h", "offer": ["2h"]})).await;
        let id = s.gets(s.ann, role).await;
        assert_eq!(grant(&s, id).await.state, GrantState::Eligible);
        assert_eq!(code(keep(&s, s.ann, id, "Restarts").await), "trial.not_used");
        s.world.advance(TimeDelta::days(1));
        let wish = ActivationWish { form_key: Uuid::new_v4(), right: id, duration: Span::from_hours(2).unwrap(), reason: "Restart".to_owned() };
        activate::activate(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &wish).await.unwrap();
        let at = s.world.now();
        let standing = trials::standing(&mut s.world.db.read().await.unwrap(), &grant(&s, id).await, "Role console").await.unwrap().unwrap();
        assert_eq!(standing.used, Used::Activated(at));
        keep(&s, s.ann, id, "Restarts").await.unwrap();

        // One that nobody used ends, and its holder hears of it though no system has anything to confirm.
        let other = s.gets(s.bob, role).await;
        let end = grant(&s, other).await.ends_at.unwrap();
        s.world.advance(end - s.world.now());
        expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap();
        assert_eq!(grant(&s, other).await.state, GrantState::Ended);
        assert!(subjects(&s).await.contains(&"Bob Cole: Your trial of Role console is over".to_owned()), "{:?}", subjects(&s).await);
        agrees(&s.world).await;
    }
}

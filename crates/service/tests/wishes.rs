//! Wishes in words: who answers, with what, and what becomes of them, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{AppliedSetId, IdentityId, WishId, wish::WishState};
use latchkey_service::{
    ServiceResult, leave,
    wishes::{
        self,
        answer::{Answer, answer},
        make::{Made, make, preview},
        proposal, time,
        withdraw::withdraw,
    },
};
use latchkey_store::{applied, identities, wishes as store};
use latchkey_testkit::{World, both_databases, testing};
use scene::{Scene, code};
use uuid::Uuid;

/// The manager answers within two days, else the person E0005, who is the owner.
const RULE: &str = r#"{"approvers":"manager","fallback":"person:E0005","deadline":{"after":"2d","then":"remind"}}"#;

async fn with_rule(world: World, body: Option<&str>) -> Scene {
    let s = Scene::new(world).await;
    let mut tx = s.world.tx().await;
    let set = AppliedSetId::new(s.world.now());
    applied::insert(&mut tx, set, applied::CATALOG, "aa", "a test", "").await.unwrap();
    store::set_rule(&mut tx, body, set).await.unwrap();
    let (_, event) =
        testing::add_system(&mut tx, "others", latchkey_domain::system::SystemKind::Ldap, None).await.unwrap();
    tx.commit(vec![event]).await.unwrap();
    s
}

async fn wishes_for(s: &Scene, who: IdentityId, words: &str) -> ServiceResult<Made> {
    make(&s.world.db, s.world.clock.as_ref(), &s.actor(who), Uuid::new_v4(), words).await
}

async fn wish(s: &Scene) -> WishId {
    wishes_for(s, s.ann, "Export the sensor list of a harbour").await.unwrap().wish
}

async fn say(s: &Scene, who: IdentityId, wish: WishId, what: Answer) -> ServiceResult<WishState> {
    s.world.advance(TimeDelta::seconds(1));
    answer(&s.world.db, s.world.clock.as_ref(), &s.actor(who), wish, &what).await
}

fn role(s: &Scene) -> Answer {
    Answer::Role { role: s.reader.id, words: "This one is for that".to_owned() }
}

fn refusal(reason: &str) -> Answer {
    Answer::Refuse { reason: reason.to_owned() }
}

fn draft(owner: IdentityId) -> Answer {
    Answer::Draft {
        name: " Harbour  list reader ".to_owned(),
        gives: "Read the \"harbour\" list".to_owned(),
        owner,
        words: String::new(),
    }
}

async fn decide(s: &Scene, who: IdentityId, wish: WishId, yes: bool, words: &str) -> ServiceResult<WishState> {
    s.world.advance(TimeDelta::seconds(1));
    proposal::decide(&s.world.db, s.world.clock.as_ref(), &s.actor(who), wish, yes, words).await
}

async fn waits_for(s: &Scene, wish: WishId) -> Vec<IdentityId> {
    let rows = store::answerers(&mut s.world.db.read().await.unwrap(), wish).await.unwrap();
    let mut all: Vec<IdentityId> = rows.into_iter().map(|row| IdentityId(row.identity_id)).collect();
    all.sort_unstable();
    all
}

async fn state(s: &Scene, wish: WishId) -> WishState {
    store::get(&mut s.world.db.read().await.unwrap(), wish).await.unwrap().unwrap().state
}

async fn told(s: &Scene, kind: &str) -> i64 {
    s.world.number(&format!("select count(*) from notice where kind = '{kind}'")).await
}

both_databases! {
    async fn a_wish_is_answered_with_a_role(world: World) {
        let s = with_rule(world, Some(RULE)).await;
        let mut c = s.world.db.read().await.unwrap();
        let who = preview(&mut c, s.world.now(), s.ann).await.unwrap().expect("somebody");
        assert_eq!(who.approvers[0].id, s.manager);
        drop(c);
        let made = wishes_for(&s, s.ann, "  Export the sensor list of a harbour ").await.unwrap();
        assert!(made.reference.starts_with("W-") && !made.again);
        assert_eq!(waits_for(&s, made.wish).await, [s.manager]);
        assert_eq!(told(&s, "wish_asked").await, 1);
        let mut c = s.world.db.read().await.unwrap();
        assert_eq!(store::of_answerer(&mut c, s.manager, None, 10).await.unwrap().len(), 1);
        assert_eq!(store::of_wisher(&mut c, s.ann, None, 10).await.unwrap()[0].words, "Export the sensor list of a harbour");
        assert!(wishes::visible(&mut c, made.wish, s.ann, false).await.is_ok());
        assert_eq!(code(wishes::visible(&mut c, made.wish, s.bob, false).await), "not_found");
        drop(c);
        assert_eq!(code(say(&s, s.bob, made.wish, role(&s)).await), "not_found");
        assert_eq!(say(&s, s.manager, made.wish, role(&s)).await.unwrap(), WishState::Answered);
        assert_eq!(told(&s, "wish_answered").await, 1);
        assert_eq!(waits_for(&s, made.wish).await, []);
        assert_eq!(code(say(&s, s.manager, made.wish, refusal("Too late")).await), "wish.changed");
        assert_eq!(s.world.events("wish_answered").await, 1);
        assert_eq!(s.world.texts("select text from event_text where name = 'wish'").await, ["Export the sensor list of a harbour"]);
    }

    async fn nobody_answers_their_own_wish(world: World) {
        let s = with_rule(world, Some(RULE)).await;
        // The manager's own goes to their manager; the fallback's own, too.
        let own = wishes_for(&s, s.owner, "Something new").await.unwrap().wish;
        assert_eq!(waits_for(&s, own).await, [s.boss]);
        assert_eq!(code(say(&s, s.owner, own, role(&s)).await), "wish.own");
        // The boss has no manager: it goes to the fallback.
        let boss = wishes_for(&s, s.boss, "Something newer").await.unwrap().wish;
        assert_eq!(waits_for(&s, boss).await, [s.owner]);
        assert_eq!(say(&s, s.owner, boss, refusal("Use the report that is there")).await.unwrap(), WishState::Refused);
        assert_eq!(told(&s, "wish_refused").await, 1);
    }

    async fn a_wish_that_nobody_could_answer_is_refused_with_why(world: World) {
        let s = with_rule(world, None).await;
        assert_eq!(code(wishes_for(&s, s.ann, "Something new").await), "wish.not_answered_here");
        let mut tx = s.world.tx().await;
        let set = AppliedSetId::new(s.world.now());
        applied::insert(&mut tx, set, applied::CATALOG, "bb", "a test", "").await.unwrap();
        store::set_rule(&mut tx, Some(r#"{"approvers":"manager"}"#), set).await.unwrap();
        let (_, event) = testing::add_system(&mut tx, "more", latchkey_domain::system::SystemKind::Ldap, None).await.unwrap();
        tx.commit(vec![event]).await.unwrap();
        assert_eq!(code(wishes_for(&s, s.boss, "Something new").await), "wish.nobody_could_answer");
        assert_eq!(code(wishes_for(&s, s.ann, "  ").await), "wish.words_missing");
        assert_eq!(code(wishes_for(&s, s.ann, &"x".repeat(1001)).await), "wish.words_too_long");
        wish(&s).await;
        assert_eq!(code(wishes_for(&s, s.ann, "Export the sensor list of a harbour").await), "wish.there_already");
        for n in 1..10 {
            wishes_for(&s, s.ann, &format!("Wish number {n}")).await.unwrap();
        }
        assert_eq!(code(wishes_for(&s, s.ann, "One too many").await), "wish.too_many");
        let key = Uuid::new_v4();
        let twice = async || make(&s.world.db, s.world.clock.as_ref(), &s.actor(s.bob), key, "Once").await.unwrap();
        let first = twice().await;
        assert_eq!((twice().await.wish, twice().await.again), (first.wish, true));
        assert_eq!(s.world.number("select count(*) from wish").await, 11);
    }

    async fn a_new_role_comes_only_when_its_owner_agrees(world: World) {
        let s = with_rule(world, Some(RULE)).await;
        let id = wish(&s).await;
        let nameless =
            Answer::Draft { name: " ".into(), gives: String::new(), owner: s.owner, words: String::new() };
        assert_eq!(code(say(&s, s.manager, id, nameless).await), "wish.name");
        assert_eq!(code(say(&s, s.manager, id, draft(s.ann)).await), "wish.owner_wishes");
        assert_eq!(say(&s, s.manager, id, draft(s.owner)).await.unwrap(), WishState::Proposed);
        assert_eq!(waits_for(&s, id).await, [s.owner]);
        assert_eq!(told(&s, "wish_proposed").await, 1, "the owner is asked");
        assert_eq!(told(&s, "wish_coming").await, 0, "nothing is told as coming before");
        assert_eq!(say(&s, s.manager, id, draft(s.boss)).await.unwrap(), WishState::Proposed, "another owner, meanwhile");
        assert_eq!(code(decide(&s, s.owner, id, true, "").await), "not_found");
        assert_eq!(say(&s, s.manager, id, draft(s.owner)).await.unwrap(), WishState::Proposed);
        assert_eq!(waits_for(&s, id).await, [s.owner]);
        assert_eq!(code(decide(&s, s.manager, id, true, "").await), "not_found");
        assert_eq!(code(decide(&s, s.owner, id, false, " ").await), "wish.no_missing");
        assert_eq!(decide(&s, s.owner, id, false, "Bob knows that list").await.unwrap(), WishState::Open);
        assert_eq!(waits_for(&s, id).await, [s.manager], "it waits for another answer");
        assert_eq!(told(&s, "wish_declined").await, 1);
        assert_eq!(say(&s, s.manager, id, draft(s.bob)).await.unwrap(), WishState::Proposed);
        assert_eq!(code(decide(&s, s.owner, id, true, "").await), "not_found", "it is another one's by now");
        assert_eq!(decide(&s, s.bob, id, true, "Next week").await.unwrap(), WishState::Coming);
        assert_eq!(told(&s, "wish_coming").await, 1);
        let mut c = s.world.db.read().await.unwrap();
        let row = store::get(&mut c, id).await.unwrap().unwrap();
        let drafted = proposal::draft(&mut c, id).await.unwrap().unwrap();
        drop(c);
        let written: toml::Table = toml::from_str(&proposal::toml(&row, &drafted)).unwrap();
        let first = &written["role"][0];
        assert_eq!(first["key"].as_str(), Some("harbour-list-reader"));
        assert_eq!(first["description"].as_str(), Some("Read the \"harbour\" list"));
        assert_eq!(first["owner"].as_str(), Some("E0004"), "Bob");
        // The role is there: its owner says so, and the wisher gets the link.
        let mut both = [s.bob, s.manager];
        both.sort_unstable();
        assert_eq!(waits_for(&s, id).await, both);
        assert_eq!(say(&s, s.bob, id, role(&s)).await.unwrap(), WishState::Answered);
        assert_eq!(told(&s, "wish_answered").await, 1);
        let row = store::get(&mut s.world.db.read().await.unwrap(), id).await.unwrap().unwrap();
        assert_eq!(row.role_id, Some(s.reader.id.0));
    }

    async fn a_wish_is_taken_back_and_ends_when_its_wisher_leaves(world: World) {
        let s = with_rule(world, Some(RULE)).await;
        let first = wish(&s).await;
        assert_eq!(code(withdraw(&s.world.db, s.world.clock.as_ref(), &s.actor(s.bob), first).await), "not_found");
        withdraw(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), first).await.unwrap();
        assert_eq!(state(&s, first).await, WishState::Withdrawn);
        assert_eq!(code(withdraw(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), first).await), "wish.changed");
        let second = wish(&s).await;
        let mut tx = s.world.tx().await;
        applied::one_at_a_time(&mut tx).await.unwrap();
        identities::lock(&mut tx, &[s.ann]).await.unwrap();
        let actor = s.actor(s.boss).reference();
        let events = leave::person_left(&mut tx, s.ann, &actor).await.unwrap();
        tx.commit(events).await.unwrap();
        assert_eq!(state(&s, second).await, WishState::Withdrawn);
        assert_eq!(waits_for(&s, second).await, []);
        assert_eq!(s.world.events("wish_withdrawn").await, 2);
    }

    async fn time_reminds_and_looks_again_who_answers(world: World) {
        let s = with_rule(world, Some(RULE)).await;
        let id = wish(&s).await;
        let (db, clock) = (&s.world.db, s.world.clock.as_ref());
        assert_eq!(time::remind(db, clock, 10).await.unwrap(), 0);
        s.world.advance(TimeDelta::days(2));
        assert_eq!(time::remind(db, clock, 10).await.unwrap(), 1);
        assert_eq!(time::remind(db, clock, 10).await.unwrap(), 0, "once");
        assert_eq!(told(&s, "wish_overdue").await, 1);
        assert_eq!(time::look_again(db, clock, 10).await.unwrap(), 0, "nothing has changed");
        // The manager is away: the fallback answers, and may.
        s.world.run("update identity set status = 'on_leave' where display_name = 'Max Manager'").await;
        s.world.advance(TimeDelta::minutes(6));
        assert_eq!(time::look_again(db, clock, 10).await.unwrap(), 1);
        assert_eq!(waits_for(&s, id).await, [s.owner]);
        assert_eq!(told(&s, "wish_asked").await, 2);
        assert_eq!(code(say(&s, s.manager, id, role(&s)).await), "wish.not_yours_to_answer");
        // A new role whose owner left is proposed no longer.
        assert_eq!(say(&s, s.owner, id, draft(s.bob)).await.unwrap(), WishState::Proposed);
        s.world.run("update identity set status = 'terminated' where display_name = 'Bob Cole'").await;
        s.world.advance(TimeDelta::minutes(6));
        assert_eq!(time::look_again(db, clock, 10).await.unwrap(), 1);
        assert_eq!(state(&s, id).await, WishState::Open);
        assert_eq!(waits_for(&s, id).await, [s.owner]);
    }
}

//! Those who wait nudge those who can decide, and move decisions on to the next who can, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId, ItemId, TokenId,
    actor::Actor,
    identity::Status,
    item::{ItemState, Verdict},
};
use latchkey_service::{
    ServiceResult, approvers, deadline,
    hand_over::{HandOver, hand_over},
    move_on::{self, Because, MovedOn, NextInLine},
    nudge::{Nudged, nudge},
};
use latchkey_store::items;
use latchkey_testkit::{Role, World, both_databases, testing};
use scene::{Scene, code, policy};
use serde_json::json;

async fn nudges(s: &Scene, who: IdentityId, item: ItemId) -> ServiceResult<Nudged> {
    nudge(&s.world.db, s.world.clock.as_ref(), &s.actor(who), item).await
}

async fn moves(s: &Scene, who: IdentityId, item: ItemId) -> ServiceResult<MovedOn> {
    move_on::move_on(&s.world.db, s.world.clock.as_ref(), &s.actor(who), item).await
}

async fn preview(s: &Scene, who: IdentityId, item: ItemId) -> ServiceResult<NextInLine> {
    let Actor::Person(person) = s.actor(who) else { panic!("a person") };
    let mut c = s.world.db.read().await.unwrap();
    move_on::preview(&mut c, s.world.clock.as_ref(), &person, item).await
}

/// A role whose only stage is this one.
async fn role(s: &Scene, key: &str, stage: serde_json::Value) -> Role {
    let version = s.world.policy(key, &policy(&json!([stage]))).await;
    s.world.role(key, Some(s.owner), version, &[s.read]).await
}

/// Who can decide, by name, in order.
async fn deciders(s: &Scene, item: ItemId) -> Vec<String> {
    let ids = s.approvers(item).await.iter().map(|i| i.0).collect::<Vec<_>>();
    let mut c = s.world.db.read().await.unwrap();
    let mut names: Vec<String> = latchkey_store::identities::names(&mut c, &ids).await.unwrap().into_values().collect();
    names.sort();
    names
}

/// Everybody's stages are worked out again, as after a change of the manager's.
async fn remake(s: &Scene) {
    let mut tx = s.world.tx().await;
    let actor = Actor::Worker("test").reference();
    let mut events = approvers::remake_for_identity(&mut tx, s.manager, &actor, "manager").await.unwrap();
    events.extend(approvers::remake_for_identity(&mut tx, s.ann, &actor, "manager").await.unwrap());
    if !events.is_empty() {
        tx.commit(events).await.unwrap();
    }
}

async fn becomes(s: &Scene, who: IdentityId, status: Status) {
    let mut tx = s.world.tx().await;
    testing::set_status(&mut tx, who, status).await.unwrap();
    tx.commit_bookkeeping().await.unwrap();
}

const NUDGED: &str = "select i.display_name || ': ' || n.subject from notice n join identity i on i.id = n.recipient_id
                      where n.kind = 'nudged' order by n.created_at, i.display_name";
const MOVED: &str = "select i.display_name || ': ' || n.subject from notice n join identity i on i.id = n.recipient_id
                     where n.kind = 'moved_on' order by n.created_at, i.display_name";

both_databases! {
    async fn a_nudge_comes_after_the_deadline_and_once_a_day(world: World) {
        let s = Scene::new(world).await;
        let slow = role(&s, "slow", json!({"approvers": "manager", "fallback": "owner", "deadline": {"after": "2d", "then": "remind"}})).await;
        let item = s.ask(s.ann, slow).await;
        assert_eq!(code(nudges(&s, s.ann, item).await), "nudge.too_early");
        s.world.advance(TimeDelta::hours(49));
        deadline::run_overdue(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap();
        let nudged = nudges(&s, s.ann, item).await.unwrap();
        assert_eq!(nudged.names, ["Max Manager"]);
        assert_eq!(code(nudges(&s, s.ann, item).await), "nudge.once_a_day");
        s.world.advance(TimeDelta::hours(23));
        assert_eq!(code(nudges(&s, s.ann, item).await), "nudge.once_a_day");
        s.world.advance(TimeDelta::hours(1));
        nudges(&s, s.ann, item).await.unwrap();
        assert_eq!(s.world.events("stage_nudged").await, 2);
        let told = "Max Manager: Ann Berg asks you again: Role slow for Ann Berg";
        assert_eq!(s.world.texts(NUDGED).await, [told, told]);
        // Once it is decided, there is nobody to nudge.
        assert_eq!(s.approve(s.manager, item).await, ItemState::Approved);
        assert_eq!(code(nudges(&s, s.ann, item).await), "approver.nothing_open");
        assert_eq!(s.world.events("stage_nudged").await, 2);
    }

    async fn only_those_who_wait_nudge_and_move_on(world: World) {
        let s = Scene::new(world).await;
        // Asked by the manager, for Ann: both wait, the owner decides as the fallback.
        let asked = s.ask_for(s.manager, s.reader, s.ann, 30).await.unwrap();
        let item = s.item_of(asked.request).await;
        s.world.advance(TimeDelta::days(6));
        for (who, nudge, moved) in [(s.owner, "nudge.not_yours", "move.not_yours"), (s.bob, "not_found", "not_found")] {
            assert_eq!(code(nudges(&s, who, item).await), nudge);
            assert_eq!(code(moves(&s, who, item).await), moved);
            assert_eq!(code(preview(&s, who, item).await), "not_found");
        }
        let token = Actor::Token { id: TokenId::new(s.world.now()), owner: s.ann };
        assert_eq!(code(nudge(&s.world.db, s.world.clock.as_ref(), &token, item).await), "actor.not_a_person");
        assert_eq!(code(move_on::move_on(&s.world.db, s.world.clock.as_ref(), &token, item).await), "actor.not_a_person");
        let Actor::Person(mut weak) = s.actor(s.ann) else { panic!("a person") };
        weak.assurance.mfa = false;
        let weak = Actor::Person(weak);
        assert_eq!(code(move_on::move_on(&s.world.db, s.world.clock.as_ref(), &weak, item).await), "actor.no_second_factor");
        assert_eq!((s.world.events("stage_nudged").await, s.world.events("stage_moved_on").await), (0, 0));
        // The beneficiary, then the requester a day later.
        nudges(&s, s.ann, item).await.unwrap();
        s.world.advance(TimeDelta::days(1));
        nudges(&s, s.manager, item).await.unwrap();
        becomes(&s, s.ann, Status::OnLeave).await;
        s.world.advance(TimeDelta::days(1));
        assert_eq!(code(nudges(&s, s.ann, item).await), "nudge.not_active");
        assert_eq!(code(moves(&s, s.ann, item).await), "move.not_active");
    }

    /// Without a deadline, three working days count.
    async fn a_stage_without_a_deadline_is_given_three_working_days(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        s.world.advance(TimeDelta::hours(71));
        assert_eq!(code(nudges(&s, s.ann, item).await), "nudge.too_early");
        assert_eq!(code(moves(&s, s.ann, item).await), "move.too_early");
        assert_eq!(code(preview(&s, s.ann, item).await), "move.too_early");
        // Over any weekend.
        s.world.advance(TimeDelta::hours(50));
        nudges(&s, s.ann, item).await.unwrap();
        let next = preview(&s, s.ann, item).await.unwrap();
        assert_eq!((next.because, next.people[0].name.as_str(), &next.people[0].instead_of), (Because::Fallback, "Olga Owner", &None));
        assert_eq!(moves(&s, s.ann, item).await.unwrap().names, ["Olga Owner"]);
        assert_eq!(deciders(&s, item).await, ["Max Manager", "Olga Owner"]);
        assert_eq!(s.world.texts(MOVED).await, ["Olga Owner: Ann Berg moved a decision on to you: Role reader for Ann Berg"]);
        // Whoever was put in stays when the stage is worked out again.
        remake(&s).await;
        assert_eq!(deciders(&s, item).await, ["Max Manager", "Olga Owner"]);
        assert_eq!(code(moves(&s, s.ann, item).await), "move.again_too_early");
        assert_eq!(s.approve(s.owner, item).await, ItemState::Approved);
        assert_eq!(code(moves(&s, s.ann, item).await), "approver.nothing_open");
        assert_eq!(s.world.events("stage_moved_on").await, 1);
    }

    /// Up from level to level, never to whoever asked, is away or was asked before, until nobody is left.
    async fn a_decision_goes_up_until_nobody_is_left(world: World) {
        let s = Scene::new(world).await;
        let chief = s.world.person("Cleo Chief", None).await;
        s.world.run(&format!("update person set manager_id = (select identity_id from person where external_id = {}) where external_id = {}",
            quoted(&s, chief).await, quoted(&s, s.boss).await)).await;
        let alone = role(&s, "alone", json!({"approvers": "manager"})).await;
        let item = s.ask(s.ann, alone).await;
        becomes(&s, s.boss, Status::OnLeave).await;
        s.world.advance(TimeDelta::days(6));
        let next = preview(&s, s.ann, item).await.unwrap();
        assert_eq!((next.because, next.people.len(), next.people[0].id), (Because::Manager, 1, chief));
        moves(&s, s.ann, item).await.unwrap();
        assert_eq!(deciders(&s, item).await, ["Cleo Chief", "Max Manager"]);
        becomes(&s, s.boss, Status::Active).await;
        s.world.advance(TimeDelta::days(6));
        // The boss is back, and the nearest above the manager whom nobody has asked yet.
        assert_eq!(moves(&s, s.ann, item).await.unwrap().names, ["Bea Boss"]);
        assert_eq!(deciders(&s, item).await, ["Bea Boss", "Cleo Chief", "Max Manager"]);
        s.world.advance(TimeDelta::days(6));
        let left = moves(&s, s.ann, item).await;
        let words = format!("{left:?}");
        assert_eq!(code(left), "move.nobody_left");
        assert!(words.contains("Olga Owner, who owns the role, or an administrator can put somebody in."), "{words}");
        assert_eq!(code(preview(&s, s.ann, item).await), "move.nobody_left");
        assert_eq!(deciders(&s, item).await, ["Bea Boss", "Cleo Chief", "Max Manager"]);
    }

    async fn promise_02_a_decision_never_goes_to_whoever_asked_for_it(world: World) {
        let s = Scene::new(world).await;
        // The boss asks for her report's report; only the manager decides, and the boss is the next above.
        let mut body = policy(&json!([{"approvers": "manager"}]));
        body["policy"]["ask_for"] = json!("anyone");
        let version = s.world.policy("anyone", &body).await;
        let open = s.world.role("anyone", Some(s.owner), version, &[s.read]).await;
        let asked = s.ask_for(s.boss, open, s.ann, 30).await.unwrap();
        let item = s.item_of(asked.request).await;
        s.world.advance(TimeDelta::days(6));
        assert_eq!(code(moves(&s, s.boss, item).await), "move.nobody_left");
        assert_eq!(s.approvers(item).await, vec![s.manager]);
        assert_eq!(code(s.decide(s.boss, item, Verdict::Approve).await), "decision.own_item");
    }

    /// Where the policy has others decide instead, or everybody has to agree, whoever comes next takes a place.
    async fn whoever_comes_next_takes_a_place_where_the_policy_says_so(world: World) {
        let s = Scene::new(world).await;
        let instead = role(&s, "instead", json!({"approvers": "manager", "fallback": "owner", "deadline": {"after": "2d", "then": "reassign"}})).await;
        let item = s.ask(s.ann, instead).await;
        let all = role(&s, "all", json!({"approvers": ["manager", "owner"], "quorum": "all"})).await;
        let both = s.ask(s.ann, all).await;
        s.world.advance(TimeDelta::hours(49));
        deadline::run_overdue(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap();
        assert_eq!(s.approvers(item).await, vec![s.owner]);
        // The fallback has it already; the owner's manager takes the owner's place.
        let next = preview(&s, s.ann, item).await.unwrap();
        assert_eq!(next.people[0].instead_of, Some((s.owner, "Olga Owner".to_owned())));
        moves(&s, s.ann, item).await.unwrap();
        assert_eq!(deciders(&s, item).await, ["Bea Boss"]);
        remake(&s).await;
        assert_eq!(deciders(&s, item).await, ["Bea Boss"]);
        assert_eq!(code(s.decide(s.owner, item, Verdict::Approve).await), "decision.handed_over");
        // A seat that was moved on can be handed over, and stays that one seat.
        let wish = HandOver { item, to: s.bob, comment: "You know it better".to_owned() };
        hand_over(&s.world.db, s.world.clock.as_ref(), &s.actor(s.boss), &wish).await.unwrap();
        remake(&s).await;
        assert_eq!(deciders(&s, item).await, ["Bob Cole"]);
        assert_eq!(s.approve(s.bob, item).await, ItemState::Approved);

        // Both have to agree; the manager has. One more seat would be one more to wait for.
        s.world.advance(TimeDelta::days(4));
        assert_eq!(s.approve(s.manager, both).await, ItemState::Waiting);
        moves(&s, s.ann, both).await.unwrap();
        assert_eq!(deciders(&s, both).await, ["Bea Boss"]);
        remake(&s).await;
        assert_eq!(deciders(&s, both).await, ["Bea Boss"]);
        assert_eq!(s.approve(s.boss, both).await, ItemState::Approved);
    }

    /// A step that keeps duties apart is only for whom its rule names.
    async fn a_step_that_keeps_duties_apart_is_not_moved_on(world: World) {
        let s = Scene::new(world).await;
        let apart = s.world.person("Sam Separate", Some(s.boss)).await;
        let number = s.world.texts("select external_id from person p join identity i on i.id = p.identity_id where i.display_name = 'Sam Separate'").await.remove(0);
        s.world.separation_rule("apart", apart, &[(&[s.reader.id], &[]), (&[s.writer.id], &[])], Some(&number)).await;
        s.gets(s.ann, s.reader).await;
        let item = s.ask(s.ann, s.writer).await;
        s.approve(s.manager, item).await;
        s.approve(s.owner, item).await;
        assert_eq!(s.approvers(item).await, vec![apart]);
        s.world.advance(TimeDelta::days(6));
        assert_eq!(code(moves(&s, s.ann, item).await), "move.separation_step");
        nudges(&s, s.ann, item).await.unwrap();
        assert_eq!(s.approve(apart, item).await, ItemState::Approved);
    }

    /// Of a nudge and a decision at the same moment, one is first; nobody is nudged twice.
    async fn two_at_once_nudge_once(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        s.world.advance(TimeDelta::days(6));
        let (one, two) = tokio::join!(nudges(&s, s.ann, item), nudges(&s, s.ann, item));
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {two:?}");
        assert_eq!(s.world.number("select count(*) from notice where kind = 'nudged'").await, 1);
        let (one, two) = tokio::join!(moves(&s, s.ann, item), moves(&s, s.ann, item));
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {two:?}");
        assert_eq!(s.world.events("stage_moved_on").await, 1);
        let mut c = s.world.db.read().await.unwrap();
        assert_eq!(items::get(&mut c, item).await.unwrap().unwrap().state, ItemState::Waiting);
    }
}

/// A person's external id as SQL writes it.
async fn quoted(s: &Scene, who: IdentityId) -> String {
    let mut c = s.world.db.read().await.unwrap();
    format!("'{}'", latchkey_store::identities::person(&mut c, who).await.unwrap().unwrap().external_id)
}

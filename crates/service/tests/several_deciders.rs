//! Deciding several items at once, handing a decision over, and putting somebody among those who decide, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use latchkey_domain::{
    IdentityId, ItemId,
    actor::Actor,
    event::{EventBody, NewEvent},
    identity::Status,
    item::{ItemState, Verdict},
    portal_role::PortalRole,
};
use latchkey_service::{
    ServiceResult,
    add_approver::{AddApprover, add_approver},
    approvers,
    decide_many::{Answer, MAX_AT_ONCE, Several, decide_many},
    hand_over::{HandOver, HandedOver, hand_over},
    leave::person_left,
};
use latchkey_store::identities;
use latchkey_testkit::{World, both_databases};
use scene::{Scene, code};

async fn together(
    s: &Scene,
    who: IdentityId,
    items: &[ItemId],
    verdict: Verdict,
    comment: &str,
) -> ServiceResult<Vec<Answer>> {
    let several = Several { items: items.iter().map(|i| (*i, None)).collect(), verdict, comment: comment.to_owned() };
    decide_many(&s.world.db, s.world.clock.as_ref(), &s.actor(who), &several).await
}

/// What each answer says: where the item stands, or the code of why not.
fn says(answers: &[Answer]) -> Vec<String> {
    answers
        .iter()
        .map(|a| match &a.outcome {
            Ok(state) => state.as_str().to_owned(),
            Err(refusal) => refusal.code.clone(),
        })
        .collect()
}

async fn hand(s: &Scene, from: IdentityId, item: ItemId, to: IdentityId) -> ServiceResult<HandedOver> {
    let wish = HandOver { item, to, comment: "You know the figures".to_owned() };
    hand_over(&s.world.db, s.world.clock.as_ref(), &s.actor(from), &wish).await
}

async fn add(
    s: &Scene,
    actor: &Actor,
    item: ItemId,
    to: IdentityId,
    instead_of: Option<IdentityId>,
) -> ServiceResult<String> {
    let wish = AddApprover { item, to, instead_of, reason: "The manager is at sea".to_owned() };
    add_approver(&s.world.db, s.world.clock.as_ref(), actor, &wish).await.map(|(_, name)| name)
}

fn administrator(s: &Scene, who: IdentityId) -> Actor {
    let Actor::Person(mut person) = s.actor(who) else { panic!("a person") };
    person.portal_roles = vec![PortalRole::Administrator];
    Actor::Person(person)
}

/// Works out again who decides what depends on somebody, as an import does after it changed them.
async fn remade_for(s: &Scene, who: IdentityId) -> usize {
    let mut tx = s.world.tx().await;
    identities::lock(&mut tx, &[who]).await.unwrap();
    let events = approvers::remake_for_identity(&mut tx, who, &Actor::Host.reference(), "manager").await.unwrap();
    let changed = events.len();
    if changed > 0 {
        tx.commit(events).await.unwrap();
    }
    changed
}

async fn leaves(s: &Scene, who: IdentityId) {
    let mut tx = s.world.tx().await;
    identities::lock(&mut tx, &[who]).await.unwrap();
    let actor = Actor::Host.reference();
    latchkey_testkit::testing::set_status(&mut tx, who, Status::Terminated).await.unwrap();
    let body = EventBody::PersonStatusChanged { identity: who, from: Status::Active, to: Status::Terminated };
    let mut events = vec![NewEvent::new(actor.clone(), body)];
    events.extend(person_left(&mut tx, who, &actor).await.unwrap());
    events.extend(approvers::remake_for_identity(&mut tx, who, &actor, "left").await.unwrap());
    tx.commit(events).await.unwrap();
}

both_databases! {
    /// Every item is decided by the rules of a single decision, each by itself, and each has its answer.
    async fn promise_10_several_decisions_each_have_their_answer(world: World) {
        let s = Scene::new(world).await;
        let (ann, bob) = (s.ask(s.ann, s.reader).await, s.ask(s.bob, s.writer).await);
        let own = { let asked = s.ask_for(s.manager, s.editor, s.ann, 30).await.unwrap(); s.item_of(asked.request).await };
        let other = s.ask(s.owner, s.reader).await;
        let unknown = ItemId::new(s.world.now());
        let answers = together(&s, s.manager, &[ann, own, bob, ann, other, unknown], Verdict::Approve, "Fine").await.unwrap();
        assert_eq!(says(&answers), ["approved", "decision.own_item", "waiting", "decision.not_found", "decision.not_found"]);
        // What isn't theirs to see has no name.
        assert!(answers[0].about.as_ref().is_some_and(|(_, role, who)| role == "Role reader" && who == "Ann Berg"));
        assert!(answers[3].about.is_none() && answers[4].about.is_none());
        assert_eq!(s.world.events("item_decided").await, 2);
        assert_eq!(s.world.events("decision_refused").await, 1);
        assert_eq!(s.world.number("select count(*) from decision where comment = 'Fine'").await, 2);
        // Once more: what was decided says who did it.
        assert_eq!(says(&together(&s, s.manager, &[ann], Verdict::Deny, "No").await.unwrap()), ["decision.already_decided"]);
        assert_eq!(s.state(ann).await, ItemState::Approved);
    }

    /// Nothing is decided when the form isn't as it should be.
    async fn promise_10_a_form_of_several_decisions_is_refused_whole(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(code(together(&s, s.manager, &[], Verdict::Approve, "").await), "decision.none_chosen");
        assert_eq!(code(together(&s, s.manager, &[item], Verdict::Deny, "  ").await), "decision.comment_missing");
        assert_eq!(code(together(&s, s.manager, &[item], Verdict::Approve, &"a".repeat(1001)).await), "decision.comment_too_long");
        let many: Vec<ItemId> = std::iter::once(item).chain((0..MAX_AT_ONCE).map(|_| ItemId::new(s.world.now()))).collect();
        assert_eq!(code(together(&s, s.manager, &many, Verdict::Approve, "").await), "decision.too_many");
        assert_eq!(s.state(item).await, ItemState::Waiting);
        assert_eq!(s.world.events("item_decided").await, 0);
    }

    /// A risky role deserves a look of its own, by what it is today.
    async fn promise_04_risky_roles_are_decided_one_by_one(world: World) {
        let s = Scene::new(world).await;
        let (ann, bob) = (s.ask(s.ann, s.reader).await, s.ask(s.bob, s.editor).await);
        s.world.run("update role_version set risk = 'high' where name = 'Role editor'").await;
        let answers = together(&s, s.manager, &[ann, bob], Verdict::Deny, "Not now").await.unwrap();
        assert_eq!(says(&answers), ["denied", "decision.one_by_one"]);
        assert_eq!(s.state(bob).await, ItemState::Waiting);
    }

    /// A session without a second factor decides none of them.
    async fn promise_04_several_decisions_need_a_second_factor(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let Actor::Person(mut person) = s.actor(s.manager) else { panic!("a person") };
        person.assurance.mfa = false;
        let several = Several { items: vec![(item, None)], verdict: Verdict::Approve, comment: String::new() };
        let answers = decide_many(&s.world.db, s.world.clock.as_ref(), &Actor::Person(person), &several).await.unwrap();
        assert_eq!(says(&answers), ["decision.no_second_factor"]);
    }

    /// Somebody else decides on the approver's behalf, and the approver doesn't any more.
    async fn promise_04_a_decision_that_was_handed_over_is_the_others(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(hand(&s, s.manager, item, s.boss).await.unwrap().name, "Bea Boss");
        assert_eq!(s.approvers(item).await, vec![s.boss]);
        assert_eq!(code(s.decide(s.manager, item, Verdict::Approve).await), "decision.handed_over");
        assert_eq!(code(hand(&s, s.manager, item, s.owner).await), "approver.no_seat");
        assert_eq!(s.approve(s.boss, item).await, ItemState::Approved);
        let behalf = "select p.display_name from decision d join identity p on p.id = d.on_behalf_of";
        assert_eq!(s.world.texts(behalf).await, ["Max Manager"]);
        assert_eq!(s.world.events("item_handed_over").await, 1);
        assert_eq!(s.world.number("select count(*) from event_text where text = 'You know the figures'").await, 1);
        assert_eq!(s.world.number("select count(*) from notice where kind = 'seat_taken'").await, 1);
        assert_eq!(code(hand(&s, s.boss, item, s.owner).await), "approver.nothing_open");
    }

    /// By handing over neither, nobody comes to decide on their own.
    async fn promise_02_nothing_is_handed_to_those_it_is_for(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let asked = s.ask_for(s.manager, s.editor, s.ann, 30).await.unwrap();
        let asked = s.item_of(asked.request).await;
        assert_eq!(code(hand(&s, s.owner, asked, s.manager).await), "approver.own_item");
        assert_eq!(code(hand(&s, s.manager, item, s.ann).await), "approver.own_item");
        assert_eq!(code(hand(&s, s.manager, item, s.manager).await), "approver.already");
        assert_eq!(code(hand(&s, s.manager, item, IdentityId::new(s.world.now())).await), "approver.unknown");
        assert_eq!(code(hand(&s, s.owner, item, s.boss).await), "not_found");
        let absent = s.world.person("Abe Absent", None).await;
        s.world.run("update identity set status = 'on_leave' where display_name = 'Abe Absent'").await;
        assert_eq!(code(hand(&s, s.manager, item, absent).await), "approver.not_active");
        let silent = HandOver { item, to: s.boss, comment: " ".to_owned() };
        assert_eq!(code(hand_over(&s.world.db, s.world.clock.as_ref(), &s.actor(s.manager), &silent).await), "approver.comment_missing");
        assert_eq!(s.approvers(item).await, vec![s.manager]);
        // The owner who asked doesn't choose who decides, and nobody puts themselves in.
        let own = s.ask(s.owner, s.reader).await;
        assert_eq!(code(add(&s, &s.actor(s.owner), own, s.bob, None).await), "approver.own_item");
        assert_eq!(code(add(&s, &s.actor(s.owner), item, s.owner, None).await), "approver.yourself");
        assert_eq!(code(add(&s, &administrator(&s, s.boss), item, s.boss, None).await), "approver.yourself");
        assert_eq!(code(add(&s, &s.actor(s.owner), item, s.ann, None).await), "approver.own_item");
        assert_eq!(s.world.events("approver_added").await, 0);
    }

    /// Remaking a stage keeps those who were put in by hand while they may decide, and gives the seat back when they go.
    async fn promise_03_who_was_put_in_by_hand_stays_while_they_may_decide(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        hand(&s, s.manager, item, s.bob).await.unwrap();
        assert_eq!(remade_for(&s, s.ann).await, 0, "the rule still names the manager, who gave the seat away");
        assert_eq!(s.approvers(item).await, vec![s.bob]);
        // Handed on, it is still the manager's seat.
        hand(&s, s.bob, item, s.boss).await.unwrap();
        assert_eq!(remade_for(&s, s.ann).await, 0);
        assert_eq!(s.approvers(item).await, vec![s.boss]);
        leaves(&s, s.boss).await;
        assert_eq!(s.approvers(item).await, vec![s.manager], "the rule counts again");
        assert_eq!(s.approve(s.manager, item).await, ItemState::Approved);
        assert_eq!(s.world.number("select count(*) from decision where on_behalf_of is not null").await, 0);
    }

    /// An approver who comes back after giving the seat away decides for themselves.
    async fn a_seat_comes_back_to_who_gave_it(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        hand(&s, s.manager, item, s.boss).await.unwrap();
        hand(&s, s.boss, item, s.manager).await.unwrap();
        assert_eq!(s.approvers(item).await, vec![s.manager]);
        assert_eq!(s.approve(s.manager, item).await, ItemState::Approved);
        assert_eq!(s.world.number("select count(*) from decision where on_behalf_of is not null").await, 0);
    }

    /// The owner or an administrator puts somebody in, beside the others or in a place.
    async fn promise_03_owners_and_administrators_say_who_else_decides(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(code(add(&s, &s.actor(s.bob), item, s.boss, None).await), "not_found");
        assert_eq!(code(add(&s, &s.actor(s.manager), item, s.boss, None).await), "approver.not_yours_to_add");
        assert_eq!(code(add(&s, &s.actor(s.owner), item, s.bob, Some(s.boss)).await), "approver.not_listed");
        assert_eq!(add(&s, &s.actor(s.owner), item, s.bob, None).await.unwrap(), "Bob Cole");
        assert_eq!(code(add(&s, &s.actor(s.owner), item, s.bob, None).await), "approver.already");
        assert_eq!(s.approvers(item).await, vec![s.bob, s.manager]);
        // In the manager's place, by an administrator: the manager doesn't come back with the next import.
        add(&s, &administrator(&s, s.owner), item, s.boss, Some(s.manager)).await.unwrap();
        assert_eq!(s.approvers(item).await, vec![s.boss, s.bob]);
        assert_eq!(remade_for(&s, s.ann).await, 0);
        assert_eq!(s.approvers(item).await, vec![s.boss, s.bob]);
        assert_eq!(code(s.decide(s.manager, item, Verdict::Approve).await), "decision.handed_over");
        // Nobody's voice but their own.
        assert_eq!(s.approve(s.boss, item).await, ItemState::Approved);
        assert_eq!(s.world.number("select count(*) from decision where on_behalf_of is not null").await, 0);
        assert_eq!(s.world.events("approver_added").await, 2);
        assert_eq!(code(add(&s, &s.actor(s.owner), item, s.bob, None).await), "approver.nothing_open");
    }

    /// Today's status counts for those who were put in as well.
    async fn promise_04_who_was_put_in_and_is_away_does_not_decide(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        hand(&s, s.manager, item, s.bob).await.unwrap();
        s.world.run("update identity set status = 'on_leave' where display_name = 'Bob Cole'").await;
        let refused = code(s.decide(s.bob, item, Verdict::Approve).await);
        assert!(["decision.approver_not_active", "decision.not_an_approver"].contains(&refused.as_str()), "{refused}");
        assert_eq!(s.state(item).await, ItemState::Waiting);
    }
}

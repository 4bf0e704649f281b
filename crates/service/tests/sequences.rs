//! Whatever people do in whatever order: nobody decides on their own, nobody passes a quorum alone, nothing is decided twice.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    GrantId, GroupId, IdentityId, ItemId,
    actor::Actor,
    event::{EventBody, NewEvent},
    item::Verdict,
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError,
    activate::{self, ActivationWish},
    add_approver::{AddApprover, add_approver},
    delegate::{self, Limits},
    hand_over::{HandOver, hand_over},
    withdraw_item::withdraw_item,
};
use latchkey_store::{grants, groups};
use latchkey_testkit::{Role, World, both_databases};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use scene::{Scene, policy};
use serde_json::json;
use uuid::Uuid;

/// What somebody does; the numbers choose among people, roles and items.
#[derive(Debug, Clone)]
enum Step {
    Ask {
        who: usize,
        role: usize,
        whom: usize,
    },
    Decide {
        who: usize,
        item: usize,
        yes: bool,
    },
    /// Whoever asked, or whom it is for, tries to decide.
    DecideOwn {
        item: usize,
        as_requester: bool,
    },
    StandIn {
        from: usize,
        to: usize,
    },
    HandOver {
        who: usize,
        item: usize,
        to: usize,
    },
    Add {
        item: usize,
        to: usize,
    },
    Withdraw {
        item: usize,
    },
    Activate {
        who: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let n = 0_usize..64;
    prop_oneof![
        3 => (n.clone(), n.clone(), n.clone()).prop_map(|(who, role, whom)| Step::Ask { who, role, whom }),
        8 => (n.clone(), n.clone(), prop::bool::weighted(0.85)).prop_map(|(who, item, yes)| Step::Decide { who, item, yes }),
        2 => (n.clone(), any::<bool>()).prop_map(|(item, as_requester)| Step::DecideOwn { item, as_requester }),
        1 => (n.clone(), n.clone()).prop_map(|(from, to)| Step::StandIn { from, to }),
        1 => (n.clone(), n.clone(), n.clone()).prop_map(|(who, item, to)| Step::HandOver { who, item, to }),
        1 => (n.clone(), n.clone()).prop_map(|(item, to)| Step::Add { item, to }),
        1 => n.clone().prop_map(|item| Step::Withdraw { item }),
        2 => n.prop_map(|who| Step::Activate { who }),
    ]
}

struct Company {
    s: Scene,
    people: Vec<IdentityId>,
    roles: Vec<Role>,
    /// Each item with its requester and its beneficiary.
    items: Vec<(ItemId, IdentityId, IdentityId)>,
    done: usize,
    refused: usize,
}

impl Company {
    async fn new(world: World) -> Self {
        let s = Scene::new(world).await;
        let (cy, di) =
            (s.world.person("Cy Moss", Some(s.manager)).await, s.world.person("Di Nash", Some(s.boss)).await);
        let mut tx = s.world.tx().await;
        let id = GroupId::new(s.world.now());
        groups::put(&mut tx, id, "desk", "Desk").await.unwrap();
        let members = vec![s.bob, cy, di, s.owner];
        for who in &members {
            groups::add_member(&mut tx, id, *who).await.unwrap();
        }
        let body = EventBody::GroupApplied { group: id, key: "desk".into(), members };
        tx.commit(vec![NewEvent::new(Actor::Host.reference(), body)]).await.unwrap();

        let mut roles = vec![s.reader, s.writer];
        for (key, stages, activation) in [
            ("pair", json!([{"approvers": "group:desk", "quorum": 2, "fallback": "manager"}]), json!(null)),
            (
                "each",
                json!([{"approvers": ["manager", "group:desk"], "quorum": "each", "fallback": "owner"}]),
                json!(null),
            ),
            (
                "active",
                json!([{"approvers": "manager", "fallback": "owner"}]),
                json!({"max": "8h", "default": "2h", "offer": ["2h"], "stages": [{"approvers": "group:desk", "quorum": 2}]}),
            ),
        ] {
            let mut body = policy(&stages);
            body["schema"] = json!(3);
            body["policy"]["ask_for"] = json!("anyone");
            if !activation.is_null() {
                body["policy"]["activation"] = activation;
            }
            let id = s.world.policy(key, &body).await;
            roles.push(s.world.role(key, Some(s.owner), id, &[s.read]).await);
        }
        let people = vec![s.boss, s.manager, s.ann, s.bob, s.owner, cy, di];
        Self { s, people, roles, items: Vec::new(), done: 0, refused: 0 }
    }

    fn person(&self, n: usize) -> IdentityId {
        self.people[n % self.people.len()]
    }

    /// The latest items are the likeliest to be open.
    fn item(&self, n: usize) -> Option<(ItemId, IdentityId, IdentityId)> {
        let last = self.items.len().saturating_sub(6);
        self.items[last..].get(n % 6).copied()
    }

    fn count<T>(&mut self, outcome: Result<T, ServiceError>) -> Option<T> {
        match outcome {
            Ok(done) => {
                self.done += 1;
                Some(done)
            }
            Err(ServiceError::Store(error)) => panic!("the database failed: {error}"),
            Err(_) => {
                self.refused += 1;
                None
            }
        }
    }

    async fn play(&mut self, step: Step) {
        self.s.world.advance(TimeDelta::minutes(7));
        let (db, clock) = (self.s.world.db.clone(), self.s.world.clock.clone());
        match step {
            Step::Ask { who, role, whom } => {
                let (who, whom, role) = (self.person(who), self.person(whom), self.roles[role % self.roles.len()]);
                let asked = self.s.ask_for(who, role, whom, 30).await;
                if let Some(asked) = self.count(asked) {
                    self.items.push((self.s.item_of(asked.request).await, who, whom));
                }
            }
            Step::Decide { who, item, yes } => {
                let Some((item, ..)) = self.item(item) else { return };
                // Mostly somebody who was asked, now and then somebody else.
                let asked = self.s.approvers(item).await;
                let who =
                    if who.is_multiple_of(5) || asked.is_empty() { self.person(who) } else { asked[who % asked.len()] };
                let outcome = self.s.decide(who, item, if yes { Verdict::Approve } else { Verdict::Deny }).await;
                self.count(outcome);
            }
            Step::DecideOwn { item, as_requester } => {
                let Some((item, requester, beneficiary)) = self.item(item) else { return };
                let who = if as_requester { requester } else { beneficiary };
                let outcome = self.s.decide(who, item, Verdict::Approve).await;
                assert!(outcome.is_err(), "{who} decided on {item}, which is theirs");
                self.count(outcome);
            }
            Step::StandIn { from, to } => {
                let now = self.s.world.now();
                let ends_at = now + TimeDelta::days(1);
                let wish = delegate::Wish { to: self.person(to), starts_at: now, ends_at, limits: Limits::default() };
                let outcome = delegate::delegate(&db, &*clock, &self.s.actor(self.person(from)), &wish).await;
                self.count(outcome);
            }
            Step::HandOver { who, item, to } => {
                let Some((item, ..)) = self.item(item) else { return };
                let asked = self.s.approvers(item).await;
                let who = asked.get(who % asked.len().max(1)).copied().unwrap_or(self.s.owner);
                let wish = HandOver { item, to: self.person(to), comment: "You know it better.".to_owned() };
                let outcome = hand_over(&db, &*clock, &self.s.actor(who), &wish).await;
                self.count(outcome);
            }
            Step::Add { item, to } => {
                let Some((item, ..)) = self.item(item) else { return };
                let reason = "They know the system.".to_owned();
                let wish = AddApprover { item, to: self.person(to), instead_of: None, reason };
                let outcome = add_approver(&db, &*clock, &self.s.actor(self.s.owner), &wish).await;
                self.count(outcome);
            }
            Step::Withdraw { item } => {
                let Some((item, requester, _)) = self.item(item) else { return };
                let outcome = withdraw_item(&db, &*clock, &self.s.actor(requester), item).await;
                self.count(outcome);
            }
            Step::Activate { who } => {
                let who = self.person(who);
                let live = grants::live_of(&mut db.read().await.unwrap(), who).await.unwrap();
                let Some(right) = live.iter().find(|g| g.eligible) else { return };
                let wish = ActivationWish {
                    form_key: Uuid::new_v4(),
                    right: GrantId(right.id),
                    duration: Span::from_hours(2).unwrap(),
                    reason: "Restart the queue".to_owned(),
                };
                let outcome = activate::activate(&db, &*clock, &self.s.actor(who), &wish).await;
                if let Some(asked) = self.count(outcome) {
                    self.items.push((self.s.item_of(asked.request).await, who, who));
                }
            }
        }
    }

    async fn holds(&self) {
        let world = &self.s.world;
        let none = async |what: &str, sql: &str| assert_eq!(world.number(sql).await, 0, "{what}");
        none(
            "somebody decided on their own",
            "select count(*) from decision d join item i on i.id = d.item_id join request r on r.id = i.request_id
             where d.identity_id in (r.requester_id, i.beneficiary_id) or d.on_behalf_of in (r.requester_id, i.beneficiary_id)",
        )
        .await;
        none(
            "somebody decided a step twice",
            "select count(*) from (select 1 as one from decision group by stage_id, identity_id having count(*) > 1) t",
        )
        .await;
        none(
            "one seat decided a step twice",
            "select count(*) from (select 1 as one from decision group by stage_id, coalesce(on_behalf_of, identity_id) having count(*) > 1) t",
        )
        .await;
        none(
            "one person passed a quorum of two",
            "select count(*) from stage s where s.state = 'approved' and (s.rule like '%\"quorum\":2%' or s.rule like '%\"each\"%')
               and (select count(distinct d.identity_id) from decision d where d.stage_id = s.id and d.verdict = 'approve') < 2",
        )
        .await;
        none(
            "a step was passed without a yes",
            "select count(*) from stage s where s.state = 'approved'
               and not exists (select 1 from decision d where d.stage_id = s.id and d.verdict = 'approve')",
        )
        .await;
        none(
            "something was decided after it was over",
            "select count(*) from decision d join item i on i.id = d.item_id where i.closed_at is not null and d.decided_at > i.closed_at",
        )
        .await;
        none(
            "an item became more than one grant",
            "select count(*) from (select 1 as one from role_grant where item_id is not null group by item_id having count(*) > 1) t",
        )
        .await;
        none(
            "access stands that may only be activated",
            "select count(*) from role_grant g join role r on r.id = g.role_id
             where r.key = 'active' and g.state = 'active' and g.activates_id is null",
        )
        .await;
    }
}

both_databases! {
    /// Random people do random things, again and again; after each sequence the rules still hold for everything that was decided.
    async fn promise_02_no_sequence_of_actions_lets_anyone_decide_on_their_own_or_alone_or_twice(world: World) {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let sequence = prop::collection::vec(step(), 20..40);
        let mut company = Company::new(world).await;
        for _ in 0..12 {
            for step in sequence.new_tree(&mut runner).expect("a sequence").current() {
                company.play(step).await;
            }
            company.holds().await;
            // What stands in for whom is over, and what was decided stays.
            company.s.world.advance(TimeDelta::days(2));
        }
        // Enough happened for that to mean something.
        let world = &company.s.world;
        let decisions = world.number("select count(*) from decision").await;
        let quorums = world.number("select count(*) from stage where state = 'approved' and rule like '%\"quorum\":2%'").await;
        assert!(decisions >= 25 && quorums >= 2, "{decisions} decisions, {quorums} quorums of two, {} done, {} refused", company.done, company.refused);
        assert!(company.refused >= 20, "{} refused", company.refused);
    }
}

//! Quorums, rules, deadlines, groups and delegations, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    DelegationId, GroupId, IdentityId,
    actor::Actor,
    event::{EventBody, NewEvent},
    item::{ItemState, Verdict},
    role::Risk,
};
use latchkey_service::{
    ServiceResult,
    add_administrator::add_administrator,
    deadline,
    decide_item::{Decision, decide_item},
    delegate::{self, Limits, Wish},
    expire, replay,
};
use latchkey_store::{delegations, groups};
use latchkey_testkit::{Role, World, both_databases};
use scene::{Scene, code, policy};
use serde_json::{Value, json};

/// A role of `Olga Owner` whose policy has these stages.
async fn staged(s: &Scene, key: &str, stages: Value) -> Role {
    let id = s.world.policy(key, &policy(&stages)).await;
    s.world.role(key, Some(s.owner), id, &[s.read]).await
}

/// A role whose policy has these rules and, for what none covers, these stages.
async fn ruled(s: &Scene, key: &str, rules: Value, stages: Value) -> Role {
    let mut body = policy(&stages);
    body["schema"] = json!(2);
    body["policy"]["rules"] = rules;
    let id = s.world.policy(key, &body).await;
    s.world.role(key, Some(s.owner), id, &[s.read]).await
}

async fn group(s: &Scene, key: &str, members: &[IdentityId]) {
    let mut tx = s.world.db.begin(s.world.now()).await.unwrap();
    let id = GroupId::new(s.world.now());
    groups::put(&mut tx, id, key, key).await.unwrap();
    for who in members {
        groups::add_member(&mut tx, id, *who).await.unwrap();
    }
    let body = EventBody::GroupApplied { group: id, key: key.into(), members: members.to_vec() };
    tx.commit(vec![NewEvent::new(Actor::Host.reference(), body)]).await.unwrap();
}

async fn stands_in(s: &Scene, from: IdentityId, to: IdentityId, limits: Limits) -> ServiceResult<DelegationId> {
    let wish = Wish { to, starts_at: s.world.now(), ends_at: s.world.now() + TimeDelta::days(7), limits };
    delegate::delegate(&s.world.db, s.world.clock.as_ref(), &s.actor(from), &wish).await
}

/// Time passes between two things that people do; the log is told in its order.
fn tick(s: &Scene) {
    s.world.advance(TimeDelta::seconds(1));
}

/// The log tells the same of requests and of grants as the tables.
async fn agrees(world: &World) {
    let mut c = world.db.read().await.unwrap();
    let told = replay::from_log(&mut c, None).await.unwrap();
    let is = replay::from_tables(&mut c).await.unwrap();
    assert_eq!(told.items, is.items);
    assert_eq!(told.grants, is.grants);
}

const BEHALF: &str = "select i.display_name || ' for ' || coalesce(o.display_name, 'themselves') from decision d
    join identity i on i.id = d.identity_id left join identity o on o.id = d.on_behalf_of order by d.decided_at, d.id";

both_databases! {
    /// Two of a group have to agree; one person is never two.
    async fn two_of_a_group_have_to_agree(world: World) {
        let s = Scene::new(world).await;
        let (cy, di) = (s.world.person("Cy Moss", Some(s.boss)).await, s.world.person("Di Nash", Some(s.boss)).await);
        group(&s, "controllers", &[cy, di, s.owner]).await;
        let role = staged(&s, "two-of", json!([{"approvers": "group:controllers", "quorum": 2}])).await;
        tick(&s);
        let item = s.ask(s.ann, role).await;
        assert_eq!(s.approvers(item).await.len(), 3);
        tick(&s);
        let first = s.decide(cy, item, Verdict::Approve).await.unwrap();
        assert_eq!((first.state, first.goes_on), (ItemState::Waiting, true));
        assert_eq!(s.approvers(item).await.len(), 2, "who has spoken isn't asked again");
        tick(&s);
        assert_eq!(code(s.decide(cy, item, Verdict::Approve).await), "decision.already_yours");
        tick(&s);
        assert_eq!(s.approve(di, item).await, ItemState::Approved);
        assert_eq!(s.world.events("grant_created").await, 1);
        // One no ends it, whatever was said before.
        tick(&s);
        let other = s.ask(s.bob, role).await;
        tick(&s);
        s.approve(cy, other).await;
        tick(&s);
        assert_eq!(s.decide(di, other, Verdict::Deny).await.unwrap().state, ItemState::Denied);
        agrees(&s.world).await;
    }

    async fn promise_03_a_quorum_that_nobody_could_reach_is_refused(world: World) {
        let s = Scene::new(world).await;
        group(&s, "pair", &[s.owner, s.ann]).await;
        let role = staged(&s, "pair", json!([{"approvers": "group:pair", "quorum": 2}])).await;
        assert_eq!(code(s.ask_for(s.ann, role, s.ann, 30).await), "request.nobody_could_decide");
        let item = s.ask(s.bob, role).await;
        assert_eq!(s.approvers(item).await.len(), 2);
    }

    /// One of each, each another person.
    async fn one_of_each_is_never_one_person_twice(world: World) {
        let s = Scene::new(world).await;
        let cy = s.world.person("Cy Moss", Some(s.boss)).await;
        group(&s, "controllers", &[s.owner, cy]).await;
        let stages = json!([{"approvers": ["group:controllers", "owner"], "quorum": "each", "comment": true}]);
        let role = staged(&s, "each", stages).await;
        let item = s.ask(s.ann, role).await;
        assert_eq!(code(s.decide(s.owner, item, Verdict::Approve).await), "decision.comment_missing");
        let yes = |comment: &str| Decision { item, stage: None, verdict: Verdict::Approve, comment: comment.to_owned() };
        let owner = decide_item(&s.world.db, s.world.clock.as_ref(), &s.actor(s.owner), &yes("Checked the list")).await.unwrap();
        assert!(owner.goes_on);
        let other = decide_item(&s.world.db, s.world.clock.as_ref(), &s.actor(cy), &yes("Budget is fine")).await.unwrap();
        assert_eq!(other.state, ItemState::Approved);
    }

    async fn whoever_decided_the_step_before_does_not_decide_the_next(world: World) {
        let s = Scene::new(world).await;
        // Max manages Ann and owns the role.
        let stages = json!([{"approvers": "manager"}, {"approvers": "owner", "fallback": "person:nobody", "again": false}]);
        let id = s.world.policy("four-eyes", &policy(&stages)).await;
        let role = s.world.role("four-eyes", Some(s.manager), id, &[s.read]).await;
        assert_eq!(code(s.ask_for(s.ann, role, s.ann, 30).await), "request.nobody_could_decide");
        let stages = json!([{"approvers": "manager"}, {"approvers": "owner", "fallback": "managers-manager", "again": false}]);
        let id = s.world.policy("four-eyes-2", &policy(&stages)).await;
        let role = s.world.role("four-eyes-2", Some(s.manager), id, &[s.write]).await;
        let item = s.ask(s.ann, role).await;
        s.approve(s.manager, item).await;
        assert_eq!(s.approvers(item).await, vec![s.boss]);
        assert_eq!(s.approve(s.boss, item).await, ItemState::Approved);
    }

    /// The first rule whose condition holds says which way a request goes.
    async fn rules_say_which_way_a_request_goes(world: World) {
        let s = Scene::new(world).await;
        let rules = json!([
            {"name": "Contractors", "when": "person.employment == \"contractor\"", "then": {"refuse": "Ask your sponsor to do this work."}},
            {"name": "A day", "when": "request.hours <= 24 && !request.first_time", "then": "approve"},
            {"name": "Long", "when": "request.days > 60", "then": {"stages": [{"approvers": "manager"}, {"approvers": "owner"}]}}
        ]);
        let role = ruled(&s, "by-rule", rules, json!([{"approvers": "manager"}])).await;
        // Long: two steps. Not long: one.
        tick(&s);
        let long = s.ask_for(s.ann, role, s.ann, 90).await.unwrap();
        let long = s.item_of(long.request).await;
        tick(&s);
        assert_eq!(s.approve(s.manager, long).await, ItemState::Waiting);
        tick(&s);
        assert_eq!(s.decide(s.owner, long, Verdict::Deny).await.unwrap().state, ItemState::Denied);
        tick(&s);
        let short = s.ask_for(s.ann, role, s.ann, 7).await.unwrap();
        let short = s.item_of(short.request).await;
        tick(&s);
        assert_eq!(s.approve(s.manager, short).await, ItemState::Approved);
        // The second time a day needs nobody: granted at once, and on record by which rule.
        let grant = s.grant_of(short).await;
        tick(&s);
        latchkey_service::give_back::give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), grant).await.unwrap();
        tick(&s);
        let day = s.ask_for(s.ann, role, s.ann, 1).await.unwrap();
        let day = s.item_of(day.request).await;
        assert_eq!(s.state(day).await, ItemState::Approved);
        assert_eq!(s.world.events("item_approved_by_rule").await, 1);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"));
        assert_eq!(s.world.number("select count(*) from decision").await, 3);
        // Contractors are told what helps.
        s.world.run("update person set employment_type = 'contractor' where given_name = 'Bob'").await;
        s.world.run("update policy_version set body = replace(body, '[\"employee\"]', '[\"employee\",\"contractor\"]')").await;
        tick(&s);
        assert_eq!(code(s.ask_for(s.bob, role, s.bob, 7).await), "request.refused_by_rule");
        agrees(&s.world).await;
    }

    /// What the rules say today counts at the decision; how it is decided stays as it was asked (promises 4 and 5).
    async fn promise_04_a_rule_that_refuses_by_now_refuses_the_approval(world: World) {
        let s = Scene::new(world).await;
        let rules = json!([{"name": "Interns", "when": "person.title == \"Intern\"", "then": {"refuse": "Not for interns."}}]);
        let role = ruled(&s, "no-interns", rules, json!([{"approvers": "manager"}])).await;
        let item = s.ask(s.ann, role).await;
        s.world.run("update person set title = 'Intern' where given_name = 'Ann'").await;
        assert_eq!(code(s.decide(s.manager, item, Verdict::Approve).await), "decision.refused_by_rule");
        assert_eq!(s.decide(s.manager, item, Verdict::Deny).await.unwrap().state, ItemState::Denied);
    }

    async fn a_condition_that_cannot_be_worked_out_refuses(world: World) {
        let s = Scene::new(world).await;
        let rules = json!([{"name": "First group", "when": "person.groups[0] == \"a\"", "then": "approve"}]);
        let role = ruled(&s, "fails", rules, json!([{"approvers": "manager"}])).await;
        s.world.person("Ada Admin", None).await;
        let ada = s.world.texts("select external_id from person where given_name = 'Ada'").await.remove(0);
        add_administrator(&s.world.db, s.world.clock.as_ref(), &Actor::Host, &ada).await.unwrap();
        assert_eq!(code(s.ask_for(s.ann, role, s.ann, 7).await), "request.condition_failed");
        assert_eq!(s.world.number("select count(*) from request").await, 0);
        // It is on record, and whoever can mend it is told once.
        assert_eq!(code(s.ask_for(s.ann, role, s.ann, 7).await), "request.condition_failed");
        assert_eq!(s.world.events("condition_failed").await, 2);
        let told = s.world.texts("select subject from notice where kind = 'condition_failed'").await;
        assert_eq!(told, ["A condition of Role fails's policy fails"]);
    }

    async fn a_policy_may_let_people_ask_for_anyone(world: World) {
        let s = Scene::new(world).await;
        let mut body = policy(&json!([{"approvers": "manager", "fallback": "owner"}]));
        body["policy"]["ask_for"] = json!("anyone");
        let id = s.world.policy("anyone", &body).await;
        let role = s.world.role("anyone", Some(s.owner), id, &[s.read]).await;
        assert!(s.ask_for(s.bob, role, s.ann, 7).await.is_ok());
        assert_eq!(code(s.ask_for(s.bob, s.reader, s.ann, 7).await), "request.not_your_report");
    }

    /// Remind, escalate, reassign, expire: once, with an event.
    async fn deadlines_do_what_the_policy_says(world: World) {
        let s = Scene::new(world).await;
        let stage = |then: &str, to: Option<&str>| {
            let mut deadline = json!({"after": "2d", "then": then});
            if let Some(to) = to { deadline["to"] = json!(to); }
            json!([{"approvers": "manager", "fallback": "owner", "deadline": deadline}])
        };
        let mut items = Vec::new();
        for (key, then, to) in [("rem", "remind", None), ("esc", "escalate", Some("managers-manager")), ("rea", "reassign", None), ("exp", "expire", None)] {
            let role = staged(&s, key, stage(then, to)).await;
        tick(&s);
            items.push(s.ask(s.ann, role).await);
        }
        let run = async || deadline::run_overdue(&s.world.db, s.world.clock.as_ref(), 100).await.unwrap();
        s.world.advance(TimeDelta::hours(47));
        assert_eq!(run().await, 0);
        s.world.advance(TimeDelta::hours(2));
        assert_eq!(run().await, 4);
        assert_eq!(run().await, 0, "once");
        assert_eq!(s.world.events("stage_overdue").await, 4);
        assert_eq!(s.world.texts("select subject from notice where kind = 'still_waiting'").await, ["Ann Berg still waits for Role rem"]);
        assert_eq!(s.approvers(items[0]).await, vec![s.manager]);
        let mut escalated = s.approvers(items[1]).await;
        escalated.sort_unstable();
        let mut both = vec![s.boss, s.manager];
        both.sort_unstable();
        assert_eq!(escalated, both);
        assert_eq!(s.approvers(items[2]).await, vec![s.owner]);
        tick(&s);
        assert_eq!(code(s.decide(s.manager, items[2], Verdict::Approve).await), "decision.not_an_approver");
        assert_eq!(s.state(items[3]).await, ItemState::Lapsed);
        tick(&s);
        assert_eq!(s.approve(s.boss, items[1]).await, ItemState::Approved);
        agrees(&s.world).await;
    }

    /// Whoever stands in decides what is open already, and it is on record for whom.
    async fn promise_02_a_delegate_decides_for_somebody_and_never_on_their_own(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let bobs = s.ask(s.bob, s.reader).await;
        stands_in(&s, s.manager, s.bob, Limits::default()).await.unwrap();
        // Bob stands in for Max: on Ann's item, never on his own.
        assert_eq!(s.approvers(item).await.len(), 2);
        assert_eq!(s.approvers(bobs).await, vec![s.manager]);
        assert_eq!(code(s.decide(s.bob, bobs, Verdict::Approve).await), "decision.own_item");
        assert_eq!(s.approve(s.bob, item).await, ItemState::Approved);
        assert_eq!(s.world.texts(BEHALF).await, ["Bob Cole for Max Manager"]);
        let event = s.world.texts("select bytes from event where kind = 'item_decided'").await.remove(0);
        assert!(event.contains(&format!("\"on_behalf_of\":\"{}\"", s.manager)), "{event}");
        assert_eq!(s.world.texts("select subject from notice where kind = 'stands_in'").await, ["You decide for Max Manager"]);
    }

    async fn promise_02_no_delegate_decides_what_their_principal_asked_for(world: World) {
        let s = Scene::new(world).await;
        stands_in(&s, s.manager, s.bob, Limits::default()).await.unwrap();
        let asked = s.ask_for(s.manager, s.reader, s.ann, 30).await.unwrap();
        let item = s.item_of(asked.request).await;
        assert_eq!(s.approvers(item).await, vec![s.owner]);
        assert_eq!(code(s.decide(s.bob, item, Verdict::Approve).await), "not_found");
    }

    async fn delegations_begin_and_end_by_themselves_and_by_hand(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let now = s.world.now();
        let wish = Wish { to: s.owner, starts_at: now + TimeDelta::days(1), ends_at: now + TimeDelta::days(3), limits: Limits::default() };
        delegate::delegate(&s.world.db, s.world.clock.as_ref(), &s.actor(s.manager), &wish).await.unwrap();
        let turn = async || delegate::turn(&s.world.db, s.world.clock.as_ref(), 100).await.unwrap();
        assert_eq!((turn().await, s.approvers(item).await.len()), (0, 1));
        s.world.advance(TimeDelta::days(1));
        assert_eq!((turn().await, s.approvers(item).await.len()), (1, 2));
        assert_eq!(turn().await, 0);
        s.world.advance(TimeDelta::days(2));
        assert_eq!((turn().await, s.approvers(item).await.len()), (1, 1));
        // By hand: by either of the two, by nobody else.
        let id = stands_in(&s, s.manager, s.owner, Limits::default()).await.unwrap();
        assert_eq!(s.approvers(item).await.len(), 2);
        let end = async |who| delegate::end(&s.world.db, s.world.clock.as_ref(), &s.actor(who), id).await;
        assert_eq!(code(end(s.bob).await), "not_found");
        end(s.owner).await.unwrap();
        assert_eq!(s.approvers(item).await, vec![s.manager]);
        assert!(end(s.manager).await.is_err(), "it has ended already");
        assert_eq!((s.world.events("delegation_created").await, s.world.events("delegation_ended").await), (2, 1));
    }

    async fn limits_and_policies_bound_a_delegation(world: World) {
        let s = Scene::new(world).await;
        let only_editor = Limits { roles: vec![s.editor.id], ..Limits::default() };
        stands_in(&s, s.manager, s.owner, only_editor).await.unwrap();
        let reader = s.ask(s.ann, s.reader).await;
        assert_eq!(s.approvers(reader).await, vec![s.manager]);
        let editor = s.ask(s.ann, s.editor).await;
        assert_eq!(s.approvers(editor).await.len(), 2);
        let low = Limits { up_to: Some(Risk::Low), ..Limits::default() };
        let cy = s.world.person("Cy Moss", Some(s.boss)).await;
        stands_in(&s, s.manager, cy, low).await.unwrap();
        let strict = staged(&s, "strict", json!([{"approvers": "manager", "delegation": false}])).await;
        let item = s.ask(s.bob, strict).await;
        assert_eq!(s.approvers(item).await, vec![s.manager]);
    }

    async fn promise_10_a_delegation_that_makes_no_sense_is_refused(world: World) {
        let s = Scene::new(world).await;
        assert_eq!(code(stands_in(&s, s.manager, s.manager, Limits::default()).await), "delegation.oneself");
        let now = s.world.now();
        let wish = |starts: i64, ends: i64| Wish {
            to: s.bob,
            starts_at: now + TimeDelta::days(starts),
            ends_at: now + TimeDelta::days(ends),
            limits: Limits::default(),
        };
        let refused = async |w: Wish| code(delegate::delegate(&s.world.db, s.world.clock.as_ref(), &s.actor(s.manager), &w).await);
        assert_eq!(refused(wish(2, 1)).await, "delegation.ends_before_start");
        assert_eq!(refused(wish(-3, -1)).await, "delegation.over");
        assert_eq!(refused(wish(0, 181)).await, "delegation.too_long");
        assert_eq!(refused(wish(366, 370)).await, "delegation.too_far");
        s.world.run("update identity set status = 'on_leave' where display_name = 'Bob Cole'").await;
        assert_eq!(refused(wish(0, 1)).await, "delegation.not_at_work");
        assert_eq!(s.world.number("select count(*) from delegation").await, 0);
        let mut c = s.world.db.read().await.unwrap();
        assert!(delegations::of_person(&mut c, s.manager, 10).await.unwrap().is_empty());
    }

    /// Somebody on leave with a delegate isn't passed over: the delegate decides, not the fallback.
    async fn a_delegate_decides_while_somebody_is_on_leave(world: World) {
        let s = Scene::new(world).await;
        stands_in(&s, s.manager, s.boss, Limits::default()).await.unwrap();
        s.world.run("update identity set status = 'on_leave' where display_name = 'Max Manager'").await;
        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(s.approvers(item).await, vec![s.boss]);
        assert_eq!(s.approve(s.boss, item).await, ItemState::Approved);
        assert_eq!(s.world.texts(BEHALF).await, ["Bea Boss for Max Manager"]);
    }

    async fn what_nobody_decides_lapses_as_before(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        s.world.advance(TimeDelta::days(15));
        assert_eq!(expire::lapse_due_items(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 1);
        assert_eq!(s.state(item).await, ItemState::Lapsed);
        assert_eq!(s.world.events("item_lapsed").await, 1);
    }
}

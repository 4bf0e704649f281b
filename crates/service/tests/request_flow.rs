//! Asking, deciding, getting and losing access, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    actor::Actor,
    identity::Status,
    item::{ItemState, Verdict},
};
use latchkey_policy::Span;
use latchkey_service::{
    approvers, confirm_restore, expire,
    give_back::give_back,
    leave::person_left,
    retry_fulfilment::retry_fulfilment,
    submit_request::{ItemWish, Submission, submit_request},
    withdraw_item::withdraw_item,
};
use latchkey_store::{fulfilments, identities, installation};
use latchkey_testkit::{World, both_databases};
use scene::{Scene, code};
use serde_json::json;
use uuid::Uuid;

both_databases! {
    /// Every change and every refusal leaves its event, in the same transaction.
    async fn promise_01_the_whole_way_is_on_record(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.writer).await;
        assert_eq!(s.approve(s.manager, item).await, ItemState::Waiting);
        assert_eq!(s.approve(s.owner, item).await, ItemState::Approved);
        let grant = s.grant_of(item).await;
        give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), grant).await.unwrap();
        for (kind, times) in [
            ("request_submitted", 1),
            ("stage_opened", 2),
            ("item_decided", 2),
            ("grant_created", 1),
            ("account_wanted", 2),
            ("fulfilment_wanted", 2),
            ("grant_ended", 1),
        ] {
            assert_eq!(s.world.events(kind).await, times, "{kind}");
        }
        // Reasons stand beside the event, not in it.
        assert_eq!(s.world.number("select count(*) from event where bytes like '%quarterly%'").await, 0);
        assert_eq!(s.world.number("select count(*) from event_text where text like '%quarterly%'").await, 1);
    }

    /// By whatever way, nobody decides on their own.
    async fn promise_02_nobody_decides_on_their_own(world: World) {
        let s = Scene::new(world).await;
        // The owner asks for a role of their own: the manager decides first, then nobody but the last resort.
        let own = s.ask(s.owner, s.reader).await;
        assert_eq!(s.approvers(own).await, vec![s.boss]);
        assert_eq!(code(s.decide(s.owner, own, Verdict::Approve).await), "decision.own_item");
        // The manager asks for a report: the fallback decides, not the manager.
        let asked = s.ask_for(s.manager, s.reader, s.ann, 30).await.unwrap();
        let item = s.item_of(asked.request).await;
        assert_eq!(s.approvers(item).await, vec![s.owner]);
        assert_eq!(code(s.decide(s.manager, item, Verdict::Approve).await), "decision.own_item");
        assert_eq!(code(s.decide(s.ann, item, Verdict::Approve).await), "decision.own_item");
        assert_eq!(s.world.events("decision_refused").await, 3);
        assert_eq!(s.state(item).await, ItemState::Waiting);
        // Somebody without a part in it isn't even told that it is there.
        assert_eq!(code(s.decide(s.bob, item, Verdict::Approve).await), "not_found");
        // A token never decides, whoever owns it.
        let token = Actor::Token { id: latchkey_domain::TokenId::new(s.world.now()), owner: s.owner };
        let decision = latchkey_service::decide_item::Decision { item, stage: None, verdict: Verdict::Approve, comment: String::new() };
        let refused = latchkey_service::decide_item::decide_item(&s.world.db, s.world.clock.as_ref(), &token, &decision).await;
        assert_eq!(code(refused), "decision.not_a_person");
    }

    /// A request that nobody could decide is refused before it exists.
    async fn promise_03_what_nobody_could_decide_is_refused(world: World) {
        let s = Scene::new(world).await;
        let alone = s.world.policy("alone", &scene::policy(&json!([{"approvers": "manager"}]))).await;
        let role = s.world.role("alone", Some(s.owner), alone, &[s.read]).await;
        assert_eq!(code(s.ask_for(s.boss, role, s.boss, 30).await), "request.nobody_could_decide");
        assert_eq!(s.world.number("select count(*) from request").await, 0);
        assert_eq!(s.world.number("select count(*) from item").await, 0);
    }

    /// When the last approver goes later, the fallback takes over.
    async fn promise_03_the_fallback_takes_over_when_an_approver_leaves(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(s.approvers(item).await, vec![s.manager]);
        leaves(&s, s.manager).await;
        assert_eq!(s.approvers(item).await, vec![s.owner]);
        assert_eq!(s.world.events("approvers_changed").await, 1);
        assert_eq!(s.approve(s.owner, item).await, ItemState::Approved);
    }

    /// Today's rules decide, not those of the day it was asked.
    async fn promise_04_status_and_eligibility_are_checked_again(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        // The approver is on leave by now, and nobody remade the list yet.
        s.world.run("update identity set status = 'on_leave' where display_name = 'Max Manager'").await;
        let refused = s.decide(s.manager, item, Verdict::Approve).await;
        assert!(["decision.approver_not_active", "decision.not_an_approver"].contains(&code(refused).as_str()));
        s.world.run("update identity set status = 'active' where display_name = 'Max Manager'").await;
        // The beneficiary has become a contractor, and the role is for employees.
        s.world.run("update person set employment_type = 'contractor' where given_name = 'Ann'").await;
        assert_eq!(code(s.decide(s.manager, item, Verdict::Approve).await), "decision.employment_type_not_allowed");
        assert_eq!(s.state(item).await, ItemState::Waiting);
        // Saying no is always possible.
        assert_eq!(s.decide(s.manager, item, Verdict::Deny).await.unwrap().state, ItemState::Denied);
    }

    /// Without a second factor nobody decides.
    async fn promise_04_a_decision_needs_a_second_factor(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let Actor::Person(mut person) = s.actor(s.manager) else { panic!("a person") };
        person.assurance.mfa = false;
        let decision = latchkey_service::decide_item::Decision { item, stage: None, verdict: Verdict::Approve, comment: String::new() };
        let refused = latchkey_service::decide_item::decide_item(&s.world.db, s.world.clock.as_ref(), &Actor::Person(person), &decision).await;
        assert_eq!(code(refused), "decision.no_second_factor");
        assert_eq!(s.world.events("decision_refused").await, 1);
    }

    /// What a role asks for is asked of the session that asks for it, too.
    async fn promise_08_asking_needs_the_assurance_of_the_role(world: World) {
        let s = Scene::new(world).await;
        s.world.run("update role_version set assurance = 'mfa' where name = 'Role reader'").await;
        let Actor::Person(mut person) = s.actor(s.ann) else { panic!("a person") };
        let ask = async |person: &latchkey_domain::actor::PersonActor, beneficiary| {
            let reason = "To do the quarterly report".to_owned();
            let wish = ItemWish { role: s.reader.id, beneficiary, duration: Span::from_days(7).unwrap(), reason };
            let form = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
            submit_request(&s.world.db, s.world.clock.as_ref(), &Actor::Person(person.clone()), &form).await
        };
        person.assurance.mfa = false;
        assert_eq!(code(ask(&person, s.ann).await), "request.assurance_missing");
        person.assurance.mfa = true;
        ask(&person, s.ann).await.unwrap();
        s.world.run("update role_version set assurance = 'something new' where name = 'Role reader'").await;
        let Actor::Person(bob) = s.actor(s.bob) else { panic!("a person") };
        assert_eq!(code(ask(&bob, s.bob).await), "request.assurance_unknown");
    }

    /// Who must decide, and for how long, is what the requester was told.
    async fn promise_05_routing_is_that_of_the_frozen_policy(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.writer).await;
        // Meanwhile the policy asks the owner alone, for a week at most.
        let mut body = scene::policy(&json!([{"approvers": "owner"}]));
        body["policy"]["max_duration"] = json!("7d");
        body["policy"]["default_duration"] = json!("7d");
        body["policy"]["offer"] = json!(["7d"]);
        s.world.run(&format!("update policy_version set body = '{body}' where policy_id = (select id from policy where key = 'two')")).await;
        assert_eq!(s.approvers(item).await, vec![s.manager]);
        assert_eq!(s.approve(s.manager, item).await, ItemState::Waiting);
        assert_eq!(s.approve(s.owner, item).await, ItemState::Approved);
        let mut c = s.world.db.read().await.unwrap();
        let grant = latchkey_store::grants::of_items(&mut c, &[item.0]).await.unwrap().remove(0);
        assert!(grant.ends_at.unwrap() - grant.starts_at >= TimeDelta::days(30));
    }

    /// What two roles give stays until the last of them ends.
    async fn promise_06_access_goes_with_its_last_justification(world: World) {
        let s = Scene::new(world).await;
        let first = s.gets(s.ann, s.reader).await;
        let second = s.gets(s.ann, s.editor).await;
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"));
        give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), first).await.unwrap();
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"));
        assert_eq!(s.wanted(s.ann, s.write).await.as_deref(), Some("present"));
        give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), second).await.unwrap();
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        assert_eq!(s.wanted(s.ann, s.write).await.as_deref(), Some("absent"));
        assert_eq!(s.world.texts("select desired from account").await, vec!["disabled"]);
        // And it comes back with the next grant.
        s.gets(s.ann, s.reader).await;
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"));
        assert_eq!(s.world.texts("select desired from account").await, vec!["enabled"]);
    }

    /// What was there before Latchkey came isn't Latchkey's to take.
    async fn promise_06_what_was_found_is_let_be(world: World) {
        let s = Scene::new(world).await;
        let grant = s.gets(s.ann, s.reader).await;
        s.world.run("update fulfilment set found = true, observed = 'present', progress = 'settled', due_at = null").await;
        give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), grant).await.unwrap();
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("unknown"));
        assert_eq!(s.world.events("fulfilment_kept").await, 1);
        assert_eq!(s.world.texts("select desired from account").await, vec!["enabled"]);
    }

    /// A person who left holds nothing, waits for nothing and decides nothing.
    async fn promise_07_a_person_who_left_keeps_nothing(world: World) {
        let s = Scene::new(world).await;
        s.gets(s.ann, s.reader).await;
        let theirs = s.ask(s.ann, s.writer).await;
        let to_decide = s.ask(s.bob, s.reader).await;
        leaves(&s, s.ann).await;
        assert_eq!(s.state(theirs).await, ItemState::Cancelled);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        assert_eq!(s.world.number("select count(*) from role_grant where state <> 'ended'").await, 0);
        leaves(&s, s.manager).await;
        assert_eq!(s.approvers(to_decide).await, vec![s.owner]);
    }

    /// Every refusal has a code and changes nothing.
    async fn promise_10_refusals_are_told_and_nothing_is_half_written(world: World) {
        let s = Scene::new(world).await;
        assert_eq!(code(s.ask_for(s.ann, s.reader, s.bob, 30).await), "request.not_your_report");
        assert_eq!(code(s.ask_for(s.ann, s.reader, s.ann, 91).await), "request.duration_too_long");
        let silent = Submission {
            form_key: Uuid::new_v4(),
            items: vec![
                ItemWish { role: s.reader.id, beneficiary: s.ann, duration: Span::from_days(7).unwrap(), reason: "Because".to_owned() },
                ItemWish { role: s.writer.id, beneficiary: s.ann, duration: Span::from_days(7).unwrap(), reason: "  ".to_owned() },
            ],
        };
        let refused = submit_request(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &silent).await;
        assert_eq!(code(refused), "request.reason_missing");
        assert_eq!(s.world.number("select count(*) from item").await, 0);
        assert_eq!(s.world.number("select count(*) from request").await, 0);
        assert_eq!(s.world.events("request_submitted").await, 0);

        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(code(s.ask_for(s.manager, s.reader, s.ann, 30).await), "request.already_waiting");
        let decision = latchkey_service::decide_item::Decision { item, stage: None, verdict: Verdict::Deny, comment: " ".to_owned() };
        let refused = latchkey_service::decide_item::decide_item(&s.world.db, s.world.clock.as_ref(), &s.actor(s.manager), &decision).await;
        assert_eq!(code(refused), "decision.comment_missing");
        assert_eq!(s.approve(s.manager, item).await, ItemState::Approved);
        s.world.run("update role_grant set ends_at = null").await;
        assert_eq!(code(s.ask_for(s.ann, s.reader, s.ann, 30).await), "request.already_held");
        assert_eq!(code(s.decide(s.manager, item, Verdict::Approve).await), "decision.already_decided");
    }

    /// A form that is sent twice is one request.
    async fn promise_10_a_form_sent_twice_is_one_request(world: World) {
        let s = Scene::new(world).await;
        let wish = ItemWish { role: s.reader.id, beneficiary: s.ann, duration: Span::from_days(7).unwrap(), reason: "Because".to_owned() };
        let form = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
        let first = submit_request(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &form).await.unwrap();
        let second = submit_request(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &form).await.unwrap();
        assert_eq!((first.request, first.again, second.again), (second.request, false, true));
        assert_eq!(s.world.events("request_submitted").await, 1);
        // Somebody else's form key gives nothing away.
        let stolen = submit_request(&s.world.db, s.world.clock.as_ref(), &s.actor(s.bob), &form).await;
        assert_eq!(code(stolen), "not_found");
    }

    /// Two stages that two people decide at once: one wins, the other is told what happened.
    async fn of_two_decisions_at_once_one_counts(world: World) {
        let s = Scene::new(world).await;
        let two = s.world.policy("both", &scene::policy(&json!([{"approvers": "system-owner"}]))).await;
        let other = s.world.system("mail", latchkey_domain::system::SystemKind::Ldap, Some(s.boss)).await;
        let mail = s.world.entitlement(other, "mail").await;
        let role = s.world.role("both", Some(s.owner), two, &[s.read, mail]).await;
        for _ in 0..8 {
            let item = s.ask(s.ann, role).await;
            let (a, b) = tokio::join!(s.decide(s.owner, item, Verdict::Approve), s.decide(s.boss, item, Verdict::Deny));
            assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
            let lost = if a.is_ok() { code(b) } else { code(a) };
            assert_eq!(lost, "decision.already_decided");
            if s.state(item).await == ItemState::Approved {
                let grant = s.grant_of(item).await;
                give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), grant).await.unwrap();
            }
        }
        assert_eq!(s.world.number("select count(*) from decision").await, 8);
    }

    /// The last two grants that justify something end at the same time: it goes.
    async fn promise_06_two_last_grants_that_end_at_once(world: World) {
        let s = Scene::new(world).await;
        for _ in 0..8 {
            let first = s.gets(s.ann, s.reader).await;
            let second = s.gets(s.ann, s.editor).await;
            let (db, clock, actor) = (&s.world.db, s.world.clock.as_ref(), s.actor(s.ann));
            let (a, b) = tokio::join!(give_back(db, clock, &actor, first), give_back(db, clock, &actor, second));
            a.unwrap();
            b.unwrap();
            assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
            assert_eq!(s.wanted(s.ann, s.write).await.as_deref(), Some("absent"));
        }
    }

    /// A change that waited for another one has the time at which it happened, not that at which it began to wait.
    async fn the_later_of_two_changes_that_wait_for_each_other_has_the_later_time(world: World) {
        let s = Scene::new(world).await;
        let grant = s.gets(s.ann, s.reader).await;
        let mut first = s.world.tx().await;
        identities::lock(&mut first, &[s.ann]).await.unwrap();
        let begun = s.world.now();
        let (db, clock, ann) = (s.world.db.clone(), s.world.clock.clone(), s.actor(s.ann));
        let second = tokio::spawn(async move { give_back(&db, clock.as_ref(), &ann, grant).await });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        s.world.advance(TimeDelta::minutes(5));
        first.rollback().await.unwrap();
        second.await.unwrap().unwrap();
        let mut c = s.world.db.read().await.unwrap();
        let row = latchkey_store::grants::get(&mut c, grant).await.unwrap().unwrap();
        assert_eq!(row.ended_at, Some(begun + TimeDelta::minutes(5)));
    }

    /// Approving against leaving: whoever comes first, nothing is held in the end.
    async fn promise_07_an_approval_against_a_leaver(world: World) {
        let s = Scene::new(world).await;
        for n in 0..8 {
            let who = s.world.person(&format!("Lea Ver{n}"), Some(s.manager)).await;
            let item = s.ask(who, s.reader).await;
            let (_, _) = tokio::join!(s.decide(s.manager, item, Verdict::Approve), leaves(&s, who));
            assert_ne!(s.state(item).await, ItemState::Waiting);
            assert_eq!(s.world.number("select count(*) from role_grant where state <> 'ended'").await, 0);
            assert_ne!(s.wanted(who, s.read).await.as_deref(), Some("present"));
        }
    }

    /// What isn't decided can be taken back by those whose it is, once.
    async fn a_waiting_item_can_be_withdrawn_once(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let (db, clock) = (&s.world.db, s.world.clock.as_ref());
        assert_eq!(code(withdraw_item(db, clock, &s.actor(s.bob), item).await), "not_found");
        withdraw_item(db, clock, &s.actor(s.ann), item).await.unwrap();
        assert_eq!(s.state(item).await, ItemState::Withdrawn);
        assert!(s.approvers(item).await.is_empty());
        assert_eq!(code(withdraw_item(db, clock, &s.actor(s.ann), item).await), "item.not_waiting");
        assert_eq!(code(s.decide(s.manager, item, Verdict::Approve).await), "decision.already_decided");
        assert_eq!(s.world.texts("select state from request").await, vec!["closed"]);
    }

    /// Time ends access and requests, and says so before.
    async fn time_reminds_ends_and_lapses(world: World) {
        let s = Scene::new(world).await;
        let (db, clock) = (s.world.db.clone(), s.world.clock.clone());
        s.gets(s.ann, s.reader).await;
        let waiting = s.ask(s.bob, s.reader).await;
        s.world.advance(TimeDelta::days(15));
        assert_eq!(expire::lapse_due_items(&db, clock.as_ref(), 100).await.unwrap(), 1);
        assert_eq!(s.state(waiting).await, ItemState::Lapsed);
        assert_eq!(expire::remind(&db, clock.as_ref(), 100).await.unwrap(), 0);
        s.world.advance(TimeDelta::days(10));
        assert_eq!(expire::remind(&db, clock.as_ref(), 100).await.unwrap(), 1);
        assert_eq!(expire::remind(&db, clock.as_ref(), 100).await.unwrap(), 0);
        assert_eq!(s.world.number("select count(*) from notice where kind = 'ending_soon'").await, 1);
        assert_eq!(expire::end_due_grants(&db, clock.as_ref(), 100).await.unwrap(), 0);
        s.world.advance(TimeDelta::days(6));
        assert_eq!(expire::end_due_grants(&db, clock.as_ref(), 100).await.unwrap(), 1);
        assert_eq!(expire::end_due_grants(&db, clock.as_ref(), 100).await.unwrap(), 0);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
    }

    /// Somebody who was asked is told once by mail; both sides hear of the decision.
    async fn people_are_told_once(world: World) {
        let s = Scene::new(world).await;
        let asked = s.ask_for(s.manager, s.reader, s.ann, 30).await.unwrap();
        let item = s.item_of(asked.request).await;
        s.approve(s.owner, item).await;
        assert_eq!(s.world.number("select count(*) from notice where kind = 'asked_to_decide'").await, 1);
        assert_eq!(s.world.number("select count(*) from notice where kind = 'decided'").await, 2);
    }

    /// A role on the built-in system is true at once, and the last administrator stays.
    async fn portal_roles_are_ordinary_roles_and_the_last_administrator_stays(world: World) {
        let s = Scene::new(world).await;
        let portal = s.world.system("latchkey", latchkey_domain::system::SystemKind::Latchkey, None).await;
        let power = s.world.entitlement(portal, "administrator").await;
        let policy = s.world.policy("portal", &scene::policy(&json!([{"approvers": "manager", "fallback": "owner"}]))).await;
        let admin = s.world.role("admin", Some(s.owner), policy, &[power]).await;
        let first = s.gets(s.ann, admin).await;
        assert_eq!(s.world.texts("select progress from fulfilment").await, vec!["settled"]);
        assert_eq!(s.world.events("fulfilment_confirmed").await, 1);
        // Nobody else will confirm it: the change itself says so, in the log and to the holder.
        assert_eq!((s.world.events("account_wanted").await, s.world.events("account_observed").await), (1, 1));
        assert_eq!(s.world.texts("select subject from notice where kind = 'confirmed'").await, ["Role admin is ready"]);
        let (db, clock) = (&s.world.db, s.world.clock.as_ref());
        assert_eq!(code(give_back(db, clock, &s.actor(s.ann), first).await), "grant.last_administrator");
        assert_eq!(s.world.number("select count(*) from role_grant where state = 'active'").await, 1);
        s.gets(s.bob, admin).await;
        s.world.advance(TimeDelta::hours(1));
        give_back(db, clock, &s.actor(s.ann), first).await.unwrap();
        assert_eq!(s.world.number("select count(*) from role_grant where state = 'active'").await, 1);
        assert_eq!(s.world.texts("select subject from notice where kind = 'ended'").await, ["Role admin has ended"]);
        assert_eq!(s.world.texts("select observed from account order by observed").await, ["disabled", "enabled"]);
        assert_eq!(s.world.events("account_observed").await, 3);
    }

    /// What a system refused can be tried again by those whom it concerns, without a new request.
    async fn promise_09_stuck_work_can_be_retried(world: World) {
        let s = Scene::new(world).await;
        s.gets(s.ann, s.reader).await;
        s.world.run("update fulfilment set progress = 'refused', due_at = null, last_words = 'no such group'").await;
        s.world.run("update account set due_at = null").await;
        let id = {
            let mut c = s.world.db.read().await.unwrap();
            fulfilments::of_identity(&mut c, s.ann).await.unwrap()[0].id()
        };
        let (db, clock) = (&s.world.db, s.world.clock.as_ref());
        assert_eq!(code(retry_fulfilment(db, clock, &s.actor(s.bob), id).await), "not_found");
        retry_fulfilment(db, clock, &s.actor(s.owner), id).await.unwrap();
        assert_eq!(s.world.texts("select progress from fulfilment").await, vec!["due"]);
        assert_eq!(s.world.number("select count(*) from account where due_at is not null").await, 1);
        assert_eq!(s.world.number("select count(*) from item").await, 1);
        s.world.run("update fulfilment set progress = 'settled', due_at = null").await;
        assert_eq!(code(retry_fulfilment(db, clock, &s.actor(s.ann), id).await), "fulfilment.settled");
    }

    /// After a restore, only somebody who administers lets the reconciler act again.
    async fn a_restore_is_confirmed_once(world: World) {
        let s = Scene::new(world).await;
        let mut tx = s.world.tx().await;
        let epoch = installation::restored(&mut tx).await.unwrap();
        tx.commit(vec![latchkey_domain::event::NewEvent::new(
            latchkey_domain::actor::ActorRef::Host,
            latchkey_domain::event::EventBody::RestoreDetected { epoch },
        )]).await.unwrap();
        let (db, clock) = (&s.world.db, s.world.clock.as_ref());
        assert_eq!(code(confirm_restore::confirm_restore(db, clock, &s.actor(s.ann)).await), "not_found");
        confirm_restore::confirm_restore(db, clock, &Actor::Host).await.unwrap();
        assert_eq!(code(confirm_restore::confirm_restore(db, clock, &Actor::Host).await), "restore.nothing_to_confirm");
    }
}

/// What the import does when a person has left.
async fn leaves(s: &Scene, who: latchkey_domain::IdentityId) {
    let mut tx = s.world.tx().await;
    identities::lock(&mut tx, &[who]).await.unwrap();
    let actor = Actor::Host.reference();
    latchkey_testkit::testing::set_status(&mut tx, who, Status::Terminated).await.unwrap();
    let mut events = vec![latchkey_domain::event::NewEvent::new(
        actor.clone(),
        latchkey_domain::event::EventBody::PersonStatusChanged {
            identity: who,
            from: Status::Active,
            to: Status::Terminated,
        },
    )];
    events.extend(person_left(&mut tx, who, &actor).await.unwrap());
    events.extend(approvers::remake_for_identity(&mut tx, who, &actor, "left").await.unwrap());
    tx.commit(events).await.unwrap();
}

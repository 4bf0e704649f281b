//! The cart, starts in the future, extensions and requests that replace others, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use latchkey_domain::{
    GrantId, IdentityId, ItemId,
    actor::{Actor, PersonActor},
    item::{ItemState, Verdict},
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError, ServiceResult,
    cart::{self, Adding, Typed},
    expire::{end_due_grants, start_due_grants},
    give_back::give_back,
    questions, replay,
    submit_request::{ItemWish, Submission, Submitted, Terms, submit_with},
};
use latchkey_store::{cart::CartRow, grants, item_terms, items};
use latchkey_testkit::{Role, World, both_databases};
use scene::{Scene, code};
use uuid::Uuid;

fn person(s: &Scene, who: IdentityId) -> PersonActor {
    let Actor::Person(person) = s.actor(who) else { panic!("a person") };
    person
}

async fn add(s: &Scene, who: IdentityId, lines: &[(Role, IdentityId)]) -> ServiceResult<usize> {
    let lines: Vec<Adding> = lines
        .iter()
        .map(|(role, beneficiary)| Adding {
            role: role.id,
            beneficiary: *beneficiary,
            duration: None,
            starts_on: String::new(),
            reason: String::new(),
            answers: BTreeMap::new(),
        })
        .collect();
    cart::add(&s.world.db, s.world.clock.as_ref(), &person(s, who), &lines).await
}

async fn lines(s: &Scene, who: IdentityId) -> Vec<CartRow> {
    cart::of(&mut s.world.db.read().await.unwrap(), who).await.unwrap()
}

async fn fill_in(s: &Scene, who: IdentityId, duration: &str, starts_on: &str, reason: &str) {
    let typed: BTreeMap<Uuid, Typed> = lines(s, who)
        .await
        .into_iter()
        .map(|l| {
            let typed = Typed {
                duration: duration.into(),
                starts_on: starts_on.into(),
                reason: reason.into(),
                answers: BTreeMap::new(),
            };
            (l.id, typed)
        })
        .collect();
    cart::save(&s.world.db, s.world.clock.as_ref(), who, &typed, None).await.unwrap();
}

async fn submit(s: &Scene, who: IdentityId) -> ServiceResult<Submitted> {
    let shown: Vec<Uuid> = lines(s, who).await.iter().map(|l| l.id).collect();
    cart::submit(&s.world.db, s.world.clock.as_ref(), &person(s, who), Uuid::new_v4(), &shown).await
}

/// Asks for a role for 30 days from a day on.
async fn ask_from(s: &Scene, who: IdentityId, role: Role, day: &str) -> ServiceResult<ItemId> {
    let wish = ItemWish {
        role: role.id,
        beneficiary: who,
        duration: Span::from_days(30).unwrap(),
        reason: "For the audit".to_owned(),
    };
    let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
    let terms = [Terms { starts_on: Some(day.parse::<NaiveDate>().unwrap()), ..Terms::default() }];
    let done = submit_with(&s.world.db, s.world.clock.as_ref(), &s.actor(who), &submission, &terms).await?;
    Ok(s.item_of(done.request).await)
}

async fn grant(s: &Scene, id: GrantId) -> grants::GrantRow {
    grants::get(&mut s.world.db.read().await.unwrap(), id).await.unwrap().unwrap()
}

async fn pass(s: &Scene) {
    end_due_grants(&s.world.db, s.world.clock.as_ref(), 100).await.unwrap();
    start_due_grants(&s.world.db, s.world.clock.as_ref(), 100).await.unwrap();
}

/// Until events are sealed, the log is in the order of their times: what follows from something comes later.
fn tick(s: &Scene) {
    s.world.advance(TimeDelta::seconds(1));
}

/// Asks and has it approved by the manager, one after the other.
async fn gets(s: &Scene, role: Role) -> GrantId {
    tick(s);
    let item = s.ask(s.ann, role).await;
    tick(s);
    s.approve(s.manager, item).await;
    tick(s);
    s.grant_of(item).await
}

async fn log_agrees(s: &Scene) {
    let mut c = s.world.db.read().await.unwrap();
    let log = replay::from_log(&mut c, None).await.unwrap();
    let differences = log.differences(&replay::from_tables(&mut c).await.unwrap());
    let ours: Vec<_> = differences
        .iter()
        .filter(|d| d.starts_with("item") || d.starts_with("grants") || d.starts_with("log"))
        .collect();
    assert!(ours.is_empty(), "{ours:?}");
}

both_databases! {
    async fn several_roles_for_several_people_are_one_request(world: World) {
        let s = Scene::new(world).await;
        assert_eq!(add(&s, s.manager, &[(s.reader, s.ann), (s.reader, s.bob), (s.writer, s.manager)]).await.unwrap(), 3);
        assert_eq!(add(&s, s.manager, &[(s.reader, s.ann)]).await.unwrap(), 0, "it is there already");
        let before = s.world.number("select count(*) from event").await;
        fill_in(&s, s.manager, "30d", "", "For the audit").await;
        assert_eq!(s.world.number("select count(*) from event").await, before, "nothing is promised yet");
        let done = submit(&s, s.manager).await.unwrap();
        let mut c = s.world.db.read().await.unwrap();
        let all = items::of_request(&mut c, done.request).await.unwrap();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|i| i.reason == "For the audit" && i.seconds == Some(30 * 86_400)));
        drop(c);
        assert_eq!(lines(&s, s.manager).await, [], "what was asked for leaves the cart");
        assert_eq!(s.world.events("request_submitted").await, 1);
        log_agrees(&s).await;
    }

    async fn problems_come_at_once_each_at_its_line_and_nothing_is_submitted(world: World) {
        let s = Scene::new(world).await;
        s.gets(s.ann, s.editor).await;
        s.world.run("update role_grant set ends_at = null").await;
        add(&s, s.ann, &[(s.reader, s.ann), (s.writer, s.ann), (s.editor, s.ann)]).await.unwrap();
        fill_in(&s, s.ann, "30d", "", "").await;
        let rows = lines(&s, s.ann).await;
        let Err(ServiceError::BadInput(problems)) = submit(&s, s.ann).await else { panic!("problems") };
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        let reason = |n: usize| format!("{}.reason", rows[n].id);
        assert_eq!(fields, [reason(0), reason(1), reason(2)], "{problems:?}");
        fill_in(&s, s.ann, "30d", "", "For the audit").await;
        let Err(ServiceError::BadInput(problems)) = submit(&s, s.ann).await else { panic!("problems") };
        assert_eq!((problems.len(), &problems[0].field, problems[0].code.as_str()), (1, &rows[2].id.to_string(), "request.already_held"));
        fill_in(&s, s.ann, "", "tomorrow", "For the audit").await;
        let Err(ServiceError::BadInput(problems)) = submit(&s, s.ann).await else { panic!("problems") };
        assert_eq!(problems.len(), 6, "{problems:?}");
        assert_eq!((lines(&s, s.ann).await.len(), s.world.events("request_submitted").await), (3, 1), "only the first one ever");
        assert_eq!(s.world.number("select count(*) from item").await, 1);
    }

    /// Where the policy says so, also for people who don't report to one.
    async fn a_cart_takes_anybody_where_the_policy_says_so(world: World) {
        let s = Scene::new(world).await;
        let mut body = scene::policy(&serde_json::json!([{"approvers": "manager", "fallback": "owner"}]));
        body["policy"]["ask_for"] = serde_json::json!("anyone");
        let version = s.world.policy("anyone", &body).await;
        let open = s.world.role("anyone", Some(s.owner), version, &[s.read]).await;
        assert_eq!(add(&s, s.ann, &[(open, s.bob), (open, s.owner)]).await.unwrap(), 2);
        assert_eq!(code(add(&s, s.ann, &[(s.writer, s.bob)]).await), "request.not_your_report");
        fill_in(&s, s.ann, "30d", "", "For the project").await;
        submit(&s, s.ann).await.unwrap();
        assert_eq!(lines(&s, s.ann).await.len(), 0);
    }

    async fn a_cart_is_ones_own_bounded_and_for_oneself_or_reports(world: World) {
        let s = Scene::new(world).await;
        assert_eq!(code(add(&s, s.ann, &[(s.reader, s.bob)]).await), "request.not_your_report");
        let nobody = Role { id: latchkey_domain::RoleId::new(s.world.now()), ..s.reader };
        assert_eq!(code(add(&s, s.ann, &[(nobody, s.ann)]).await), "not_found");
        assert_eq!(lines(&s, s.ann).await, []);
        add(&s, s.ann, &[(s.reader, s.ann)]).await.unwrap();
        let line = lines(&s, s.ann).await.remove(0);
        // Somebody else neither changes nor takes out nor submits it.
        let typed = BTreeMap::from([(line.id, Typed { reason: "Mine".into(), ..Typed::default() })]);
        cart::save(&s.world.db, s.world.clock.as_ref(), s.bob, &typed, Some(line.id)).await.unwrap();
        assert_eq!(lines(&s, s.ann).await, std::slice::from_ref(&line));
        let stale = cart::submit(&s.world.db, s.world.clock.as_ref(), &person(&s, s.ann), Uuid::new_v4(), &[]).await;
        assert_eq!(code(stale), "cart.changed");
        cart::save(&s.world.db, s.world.clock.as_ref(), s.ann, &BTreeMap::new(), Some(line.id)).await.unwrap();
        assert_eq!(lines(&s, s.ann).await, []);
        assert_eq!(code(submit(&s, s.ann).await), "request.items");
        let mut many = Vec::new();
        for n in 0..=cart::MAX_LINES {
            many.push((s.reader, s.world.person(&format!("Report{n} Cole"), Some(s.manager)).await));
        }
        assert_eq!(code(add(&s, s.manager, &many).await), "cart.full");
        assert_eq!(lines(&s, s.manager).await, [], "all or nothing");
    }

    async fn a_cart_sent_twice_is_one_request(world: World) {
        let s = Scene::new(world).await;
        add(&s, s.ann, &[(s.reader, s.ann)]).await.unwrap();
        fill_in(&s, s.ann, "7d", "", "For the audit").await;
        let shown: Vec<Uuid> = lines(&s, s.ann).await.iter().map(|l| l.id).collect();
        let key = Uuid::new_v4();
        let send = || async { cart::submit(&s.world.db, s.world.clock.as_ref(), &person(&s, s.ann), key, &shown).await };
        let (first, second) = (send().await.unwrap(), send().await.unwrap());
        assert_eq!((first.request, first.again, second.again), (second.request, false, true));
        assert_eq!(s.world.number("select count(*) from request").await, 1);
    }

    async fn access_can_begin_on_a_day_to_come(world: World) {
        let s = Scene::new(world).await;
        s.world.run("update person set time_zone = 'Europe/Zurich'").await;
        assert_eq!(code(ask_from(&s, s.ann, s.reader, "2027-02-28").await), "request.start_out_of_range");
        assert_eq!(code(ask_from(&s, s.ann, s.reader, "2027-12-01").await), "request.start_out_of_range");
        let item = ask_from(&s, s.ann, s.reader, "2027-03-10").await.unwrap();
        tick(&s);
        s.approve(s.manager, item).await;
        let id = s.grant_of(item).await;
        let row = grant(&s, id).await;
        assert_eq!(row.starts_at.to_rfc3339(), "2027-03-09T23:00:00+00:00", "the day begins where she is");
        assert_eq!((row.state.as_str(), s.wanted(s.ann, s.read).await), ("scheduled", None));
        s.world.advance(TimeDelta::days(9));
        pass(&s).await;
        assert_eq!((grant(&s, id).await.state.as_str(), s.wanted(s.ann, s.read).await.as_deref()), ("active", Some("present")));
        log_agrees(&s).await;
    }

    async fn promise_06_an_extension_goes_on_without_a_gap(world: World) {
        let s = Scene::new(world).await;
        let first = gets(&s, s.reader).await;
        let end = grant(&s, first).await.ends_at.unwrap();
        s.world.advance(TimeDelta::days(20));
        let item = s.ask(s.ann, s.reader).await;
        let mut c = s.world.db.read().await.unwrap();
        let terms = item_terms::of_items(&mut c, &[item.0]).await.unwrap().remove(0);
        assert_eq!((terms.extends_id, terms.starts_at, terms.extended_ends_at), (Some(first.0), Some(end), Some(end)));
        drop(c);
        tick(&s);
        s.approve(s.manager, item).await;
        let second = s.grant_of(item).await;
        let row = grant(&s, second).await;
        assert_eq!((row.state.as_str(), row.starts_at), ("scheduled", end));
        assert!(row.ends_at.unwrap() - end >= TimeDelta::days(30), "the time that was asked for counts from there");
        s.world.advance(end - s.world.now());
        // Whichever of the two the worker comes to first.
        end_due_grants(&s.world.db, s.world.clock.as_ref(), 100).await.unwrap();
        assert_eq!((grant(&s, first).await.state.as_str(), grant(&s, second).await.state.as_str()), ("ended", "active"));
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"));
        assert_eq!(s.world.number("select count(*) from event where kind = 'fulfilment_wanted'").await, 1, "nothing was taken away in between");
        pass(&s).await;
        assert_eq!(s.world.events("grant_started").await, 1);
        log_agrees(&s).await;
    }

    async fn what_was_given_back_doesnt_come_back_by_its_extension(world: World) {
        let s = Scene::new(world).await;
        let first = gets(&s, s.reader).await;
        let second = gets(&s, s.reader).await;
        let third = gets(&s, s.reader).await;
        assert_eq!(grant(&s, third).await.starts_at, grant(&s, second).await.ends_at.unwrap(), "one after the other");
        give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), first).await.unwrap();
        for id in [first, second, third] {
            assert_eq!((grant(&s, id).await.state.as_str(), grant(&s, id).await.end_reason.as_deref()), ("ended", Some("given_back")));
        }
        log_agrees(&s).await;
    }

    async fn an_extension_has_something_to_go_on_from_and_isnt_asked_for_too_early(world: World) {
        let s = Scene::new(world).await;
        let first = s.gets(s.ann, s.reader).await;
        // After a pause it is a wish of its own.
        let item = ask_from(&s, s.ann, s.reader, "2027-06-01").await.unwrap();
        let mut c = s.world.db.read().await.unwrap();
        assert_eq!(item_terms::of_items(&mut c, &[item.0]).await.unwrap()[0].extends_id, None);
        drop(c);
        s.decide(s.manager, item, Verdict::Deny).await.unwrap();
        // In the middle of what there is, it goes on from its end.
        let item = ask_from(&s, s.ann, s.reader, "2027-03-05").await.unwrap();
        let mut c = s.world.db.read().await.unwrap();
        let terms = item_terms::of_items(&mut c, &[item.0]).await.unwrap().remove(0);
        assert_eq!((terms.extends_id, terms.starts_at), (Some(first.0), grant(&s, first).await.ends_at));
        drop(c);
        s.decide(s.manager, item, Verdict::Deny).await.unwrap();
        // Approved after the end, it begins then.
        let item = s.ask(s.ann, s.reader).await;
        s.world.run("update item set lapses_at = null").await;
        s.world.advance(TimeDelta::days(60));
        pass(&s).await;
        s.approve(s.manager, item).await;
        let late = s.grant_of(item).await;
        assert_eq!((grant(&s, late).await.state.as_str(), grant(&s, late).await.starts_at), ("active", s.world.now()));
        s.world.run("update role_grant set ends_at = null where state = 'active'").await;
        assert_eq!(code(s.ask_for(s.ann, s.reader, s.ann, 30).await), "request.already_held");
    }

    async fn a_newer_request_of_the_same_person_replaces_the_older(world: World) {
        let s = Scene::new(world).await;
        let older = s.ask(s.ann, s.writer).await;
        tick(&s);
        s.approve(s.manager, older).await;
        tick(&s);
        let newer = s.ask(s.ann, s.writer).await;
        assert_eq!((s.state(older).await, s.state(newer).await), (ItemState::Withdrawn, ItemState::Waiting));
        let mut c = s.world.db.read().await.unwrap();
        let request = items::get(&mut c, newer).await.unwrap().unwrap().request_id;
        let terms = item_terms::of_items(&mut c, &[older.0]).await.unwrap().remove(0);
        assert_eq!(terms.superseded_by, Some(request));
        assert!(terms.superseded_by_reference.unwrap().starts_with("R-"));
        drop(c);
        assert_eq!(s.approvers(newer).await, [s.manager], "it begins at the first step again");
        assert_eq!(code(s.decide(s.owner, older, Verdict::Approve).await), "decision.already_decided");
        assert_eq!(s.world.events("item_superseded").await, 1);
        // What somebody else asked for isn't replaced: they are named.
        let Err(ServiceError::Refused(no)) = s.ask_for(s.manager, s.writer, s.ann, 30).await else { panic!("a refusal") };
        assert_eq!(no.code, "request.already_waiting");
        assert!(no.why.starts_with("Ann Berg already asked for Role writer for Ann Berg, with R-"), "{}", no.why);
        assert_eq!(s.state(newer).await, ItemState::Waiting);
        log_agrees(&s).await;
    }

    async fn an_item_twice_in_one_submission_is_refused(world: World) {
        let s = Scene::new(world).await;
        let wish = ItemWish {
            role: s.reader.id,
            beneficiary: s.ann,
            duration: Span::from_days(7).unwrap(),
            reason: "For the audit".to_owned(),
        };
        let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish.clone(), wish] };
        let twice = submit_with(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &submission, &[]).await;
        assert_eq!(code(twice), "request.item_twice");
        assert_eq!(s.world.number("select count(*) from request").await, 0);
    }

    async fn a_roles_questions_are_answered_and_the_answers_are_frozen(world: World) {
        let s = Scene::new(world).await;
        let asked = r#"[{"key":"ticket","label":"Which ticket?","help":"Such as OPS-12.","required":true,"kind":"ticket","pattern":"OPS-[0-9]+"}]"#;
        s.world.run(&format!("update role_version set questions = '{asked}' where name = 'Role reader'")).await;
        let answer = |text: &str| BTreeMap::from([("ticket".to_owned(), text.to_owned())]);
        let ask = async |answers: BTreeMap<String, String>| {
            let reason = "For the audit".to_owned();
            let wish = ItemWish { role: s.reader.id, beneficiary: s.ann, duration: Span::from_days(7).unwrap(), reason };
            let form = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
            let terms = [Terms { answers, ..Terms::default() }];
            submit_with(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &form, &terms).await
        };
        for wrong in [BTreeMap::new(), answer("see the chat")] {
            let Err(ServiceError::BadInput(problems)) = ask(wrong).await else { panic!("a problem") };
            assert_eq!((problems[0].field.as_str(), problems[0].code.as_str()), ("answer-ticket", "request.answer"));
        }
        assert_eq!(s.world.number("select count(*) from item").await, 0);
        let item = s.item_of(ask(answer("OPS-77")).await.unwrap().request).await;
        let mut c = s.world.db.read().await.unwrap();
        let stored = item_terms::of_items(&mut c, &[item.0]).await.unwrap().remove(0).answers;
        assert_eq!(questions::in_words(&questions::answers(stored.as_deref())), "Which ticket? OPS-77");
        // Personal text stands beside the event, not in it.
        assert_eq!(s.world.number("select count(*) from event where bytes like '%OPS-77%'").await, 0);
        assert_eq!(s.world.number("select count(*) from event_text where name = 'answers' and text like '%OPS-77%'").await, 1);
        drop(c);
        // In the cart the problem is at its line, and what was typed stays.
        add(&s, s.bob, &[(s.reader, s.bob), (s.writer, s.bob)]).await.unwrap();
        fill_in(&s, s.bob, "7d", "", "For the audit").await;
        let line = lines(&s, s.bob).await.remove(0);
        let Err(ServiceError::BadInput(problems)) = submit(&s, s.bob).await else { panic!("a problem") };
        assert_eq!(problems.iter().map(|p| p.field.clone()).collect::<Vec<_>>(), [format!("{}.answer-ticket", line.id)]);
        let typed = Typed { duration: "7d".into(), reason: "For the audit".into(), answers: answer("OPS-78"), ..Typed::default() };
        cart::save(&s.world.db, s.world.clock.as_ref(), s.bob, &BTreeMap::from([(line.id, typed)]), None).await.unwrap();
        assert_eq!(cart::answers(&lines(&s, s.bob).await[0]), answer("OPS-78"));
        submit(&s, s.bob).await.unwrap();
    }

    async fn promise_07_a_leaver_has_no_cart_and_is_in_nobodys(world: World) {
        let s = Scene::new(world).await;
        add(&s, s.ann, &[(s.reader, s.ann)]).await.unwrap();
        add(&s, s.manager, &[(s.reader, s.ann), (s.reader, s.bob)]).await.unwrap();
        let mut tx = s.world.tx().await;
        let actor = Actor::Host.reference();
        let events = latchkey_service::leave::person_left(&mut tx, s.ann, &actor).await.unwrap();
        // Nothing of hers but the cart was there to end, so there may be no event: the import's own would stand here.
        if events.is_empty() { tx.commit_bookkeeping().await.unwrap() } else { drop(tx.commit(events).await.unwrap()) }
        assert_eq!(lines(&s, s.ann).await, []);
        assert_eq!(lines(&s, s.manager).await.iter().map(|l| l.beneficiary_id).collect::<Vec<_>>(), [s.bob.0]);
    }
}

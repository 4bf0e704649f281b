//! Signed calls that open and end access, on both databases: what they do, what they refuse, and a source that falls silent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files_support;

use chrono::TimeDelta;
use files_support::{apply, catalog, four_people, import, line, person};
use latchkey_domain::{IdentityId, Instant, actor::Actor, item::Verdict};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError, ServiceResult,
    call_ins::{self, Answer, Call},
    decide_item::{Decision, decide_item},
    expire, give_back, replay,
    submit_request::{ItemWish, Submission, submit_request},
};
use latchkey_store::{grants, items, request_reads};
use latchkey_testkit::{World, both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

const SOURCES: &str = r#"[[source]]
key = "on-call"
name = "On-call schedule"
silent_after = "30m"
when_silent = "end"
fallback = "Ask for the role as usual."

[[source.rule]]
name = "Shift of the ledger team"
on = "shift"
roles = ["payroll-reader", "bookkeeper"]
when = 'person.id != "E4"'
max = "12h"
reference = "SHIFT-[0-9]+"

[[source.rule]]
name = "Payroll tickets"
on = "ticket"
roles = ["payroll-reader"]
max = "4h"
reference = "OPS-[0-9]+"
ends_requested = true
"#;

/// The small catalog with these sources, and people.
async fn set_up(world: &World, sources: &str) {
    four_people(world).await;
    files(world, sources, &[]).await;
}

async fn files(world: &World, sources: &str, more: &[(&str, &str)]) {
    let mut files = catalog(&[]);
    files.push(("sources.toml".to_owned(), sources.to_owned()));
    files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    apply(world, &files).await.unwrap();
}

async fn send(world: &World, id: &str, body: &Value) -> ServiceResult<Answer> {
    let body = body.to_string();
    let call = Call { source: "on-call", id, signed_at: world.now(), body: body.as_bytes() };
    call_ins::receive(&world.db, world.clock.as_ref(), &call).await
}

async fn call(world: &World, body: Value) -> Answer {
    world.advance(TimeDelta::seconds(1));
    send(world, &Uuid::new_v4().to_string(), &body).await.unwrap()
}

fn opened(person: &str, reference: &str) -> Value {
    json!({"type": "opened", "person": person, "reference": reference})
}

fn ended(reference: &str) -> Value {
    json!({"type": "ended", "reference": reference})
}

/// What somebody has now, by role, with its end.
async fn has(world: &World, who: &str) -> Vec<(String, Option<Instant>)> {
    let id = person(world, who).await;
    let mut c = world.db.read().await.unwrap();
    let mut all = Vec::new();
    for grant in grants::live_of(&mut c, id).await.unwrap() {
        let role = latchkey_service::facts::role_today(&mut c, grant.role()).await.unwrap();
        all.push((role.key, grant.ends_at));
    }
    all.sort();
    all
}

async fn roles(world: &World, who: &str) -> Vec<String> {
    has(world, who).await.into_iter().map(|(role, _)| role).collect()
}

async fn notices(world: &World, kind: &str) -> Vec<String> {
    world
        .texts(&format!(
            "select i.display_name || ': ' || n.subject from notice n join identity i on i.id = n.recipient_id where n.kind = '{kind}' order by n.id"
        ))
        .await
}

async fn look(world: &World, since: Instant) -> usize {
    call_ins::silence::look(&world.db, world.clock.as_ref(), since, 100).await.unwrap()
}

/// The log tells the same as the tables.
async fn agrees(world: &World) {
    let mut c = world.db.read().await.unwrap();
    let told = replay::from_log(&mut c, None).await.unwrap();
    let is = replay::from_tables(&mut c).await.unwrap();
    assert_eq!(told.differences(&is), Vec::<String>::new());
}

/// Asks for a role for this piece of work, and it is approved.
async fn requested(world: &World, who: &str, key: &str, piece: &str) {
    let me = person(world, who).await;
    let role = latchkey_store::catalog::roles::by_key(&mut world.db.read().await.unwrap(), key).await.unwrap().unwrap();
    let wish = ItemWish {
        role: role.role_id.into(),
        beneficiary: me,
        duration: Span::from_days(30).unwrap(),
        reason: "The quarterly report".to_owned(),
    };
    let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
    let clock = world.clock.as_ref();
    let done = submit_request(&world.db, clock, &world.actor(me), &submission).await.unwrap();
    let item = request_reads::items_of(&mut world.db.read().await.unwrap(), &[done.request.0]).await.unwrap()[0].id;
    let mut tx = world.tx().await;
    let row = items::get(&mut tx, item.into()).await.unwrap().unwrap();
    latchkey_store::pieces::of_item(&mut tx, row.id(), piece).await.unwrap();
    tx.commit(vec![latchkey_domain::event::NewEvent::new(
        Actor::Host.reference(),
        latchkey_domain::event::EventBody::InstallationStarted { epoch: 1 },
    )])
    .await
    .unwrap();
    let manager: IdentityId = person(world, "E1").await;
    let decision = Decision { item: item.into(), stage: None, verdict: Verdict::Approve, comment: String::new() };
    decide_item(&world.db, clock, &world.actor(manager), &decision).await.unwrap();
}

both_databases! {
    async fn a_shift_opens_its_roles_and_its_end_ends_them(world: World) {
        set_up(&world, SOURCES).await;
        let until = world.now() + TimeDelta::hours(8);
        let mut body = opened("E3", "SHIFT-7");
        body["until"] = json!(until);
        let answer = call(&world, body).await;
        assert_eq!(answer.code, None);
        assert_eq!(answer.body["roles"].as_array().unwrap().len(), 2, "{:?}", answer.body);
        assert_eq!(
            has(&world, "E3").await,
            [("bookkeeper".to_owned(), Some(until)), ("payroll-reader".to_owned(), Some(until))]
        );
        assert_eq!(world.number("select count(*) from fulfilment where desired = 'present'").await, 2);
        let reasons = world.texts("select distinct reason from role_grant where origin = 'call_in'").await;
        assert_eq!(reasons, ["On-call schedule for SHIFT-7"]);
        // The holder hears of it, and the roles' owner.
        assert_eq!(notices(&world, "call_in_opened").await.len(), 2);
        let owner = "Bo Lind: Cy Moss has Payroll reader: opened by On-call schedule for SHIFT-7".to_owned();
        assert!(notices(&world, "call_in_for").await.contains(&owner));
        // Again, by e-mail and in other case: it is open already, and nothing changes.
        let answer = call(&world, opened("e3@brinewell.test", "SHIFT-7")).await;
        assert_eq!(answer.body["roles"][0]["already"], json!(true));
        assert_eq!(has(&world, "E3").await.len(), 2);

        let answer = call(&world, ended("shift-7")).await;
        assert_eq!((answer.code, &answer.body["ended"]), (None, &json!(2)));
        assert_eq!(roles(&world, "E3").await, Vec::<String>::new());
        assert_eq!(world.number("select count(*) from fulfilment where desired = 'absent'").await, 2);
        assert_eq!(notices(&world, "call_in_ended").await.len(), 2);
        let answer = call(&world, ended("SHIFT-7")).await;
        assert_eq!((answer.code, &answer.body["ended"]), (None, &json!(0)));
        assert_eq!((world.events("call_in_opened").await, world.events("call_in_ended").await), (2, 2));
        assert_eq!(
            world.texts("select distinct end_reason from role_grant where origin = 'call_in'").await,
            ["source_ended"]
        );
        agrees(&world).await;
    }

    async fn the_end_is_that_of_the_call_or_of_the_rule_whichever_is_first(world: World) {
        set_up(&world, SOURCES).await;
        call(&world, opened("E3", "OPS-1")).await;
        let first = world.now();
        assert_eq!(has(&world, "E3").await, [("payroll-reader".to_owned(), Some(first + TimeDelta::hours(4)))]);
        let mut long = opened("E2", "SHIFT-1");
        long["until"] = json!(world.now() + TimeDelta::days(3));
        long["role"] = json!("bookkeeper");
        call(&world, long).await;
        assert_eq!(has(&world, "E2").await, [("bookkeeper".to_owned(), Some(world.now() + TimeDelta::hours(12)))]);
        let mut past = opened("E2", "SHIFT-2");
        past["until"] = json!(world.now());
        assert_eq!(call(&world, past).await.code.as_deref(), Some("until_past"));
        // It ends by itself, within the minute in which a worker looks.
        world.advance(TimeDelta::hours(4));
        assert_eq!(expire::end_due_grants(&world.db, world.clock.as_ref(), 10).await.unwrap(), 1);
        assert_eq!(roles(&world, "E3").await, Vec::<String>::new());
        // Its holder ends it at any moment.
        let id = person(&world, "E2").await;
        let grant = grants::live_of(&mut world.db.read().await.unwrap(), id).await.unwrap()[0].id();
        give_back::give_back(&world.db, world.clock.as_ref(), &world.actor(id), grant).await.unwrap();
        assert_eq!(roles(&world, "E2").await, Vec::<String>::new());
        agrees(&world).await;
    }

    async fn the_same_call_again_gets_the_same_answer_and_changes_nothing(world: World) {
        set_up(&world, SOURCES).await;
        let body = opened("E3", "SHIFT-7");
        let first = send(&world, "call-1", &body).await.unwrap();
        call(&world, ended("SHIFT-7")).await;
        let events = world.number("select count(*) from event").await;
        assert_eq!(send(&world, "call-1", &body).await.unwrap(), first);
        assert_eq!(world.number("select count(*) from event").await, events);
        assert_eq!(roles(&world, "E3").await, Vec::<String>::new(), "it isn't opened a second time");
        // A refusal is repeated as well.
        let refused = send(&world, "call-2", &opened("E4", "SHIFT-7")).await.unwrap();
        assert_eq!(refused.code.as_deref(), Some("condition_not_met"));
        assert_eq!(send(&world, "call-2", &opened("E4", "SHIFT-7")).await.unwrap(), refused);
        // Another call under the same name isn't the same call.
        let other = send(&world, "call-1", &opened("E2", "SHIFT-7")).await.unwrap();
        assert_eq!(other.code.as_deref(), Some("id_used"));
        assert_eq!(roles(&world, "E2").await, Vec::<String>::new());
        assert_eq!(world.number("select count(*) from call_in").await, 3);
        // Two at the same moment are one.
        let (a, b) = tokio::join!(send(&world, "call-3", &body), send(&world, "call-3", &body));
        assert_eq!(a.unwrap(), b.unwrap());
        assert_eq!(roles(&world, "E3").await.len(), 2);
    }

    async fn promise_04_a_call_is_held_against_the_rules_of_its_moment(world: World) {
        set_up(&world, SOURCES).await;
        for (body, code) in [
            (json!({"type": "opened"}), "unreadable"),
            (opened("E99", "SHIFT-1"), "person_unknown"),
            (opened("nobody@brinewell.test", "SHIFT-1"), "person_unknown"),
            (opened("E3", "INC-1"), "no_rule"),
            (json!({"type": "opened", "person": "E3", "reference": "OPS-1", "role": "bookkeeper"}), "no_rule"),
            (opened("E4", "SHIFT-1"), "condition_not_met"),
        ] {
            assert_eq!(call(&world, body.clone()).await.code.as_deref(), Some(code), "{body}");
        }
        // A ticket has no condition.
        assert_eq!(call(&world, opened("E4", "OPS-4")).await.code, None);
        // Whoever left is given nothing.
        let left = line("E3", "Cy Moss", "E1").replace(",active,2020-01-06,,", ",terminated,2020-01-06,2027-02-01,");
        let lines = [line("E1", "Ann Berg", ""), line("E2", "Bo Lind", "E1"), left, line("E4", "Di Nash", "E1")];
        import(&world, &lines.each_ref().map(String::as_str)).await.unwrap();
        assert_eq!(call(&world, opened("E3", "SHIFT-1")).await.code.as_deref(), Some("not_at_work"));
        // What must be kept apart isn't opened either: the second role of the shift is refused, the first stays.
        let apart = r#"[[rule]]
key = "pay-and-book"
name = "Paying and booking"
description = "Nobody does both."
owner = "E1"
outcome = "block"
sides = [{ name = "Paying", members = ["role:payroll-reader"] }, { name = "Booking", members = ["role:bookkeeper"] }]
"#;
        files(&world, SOURCES, &[("separation.toml", apart)]).await;
        let answer = call(&world, opened("E2", "SHIFT-9")).await;
        assert_eq!(answer.body["refused"][0]["code"], json!("call_in.separation"));
        assert_eq!(roles(&world, "E2").await, ["payroll-reader"]);
        assert!(!answer.body.to_string().contains("Nobody does both"), "a source isn't told what people have");
        // A source that isn't in the files has no say.
        apply(&world, &catalog(&[])).await.unwrap();
        let gone = send(&world, "late", &opened("E2", "SHIFT-10")).await;
        assert!(matches!(gone, Err(ServiceError::NotFound)), "{gone:?}");
        assert_eq!(roles(&world, "E2").await, ["payroll-reader"], "what it opened stays to its own end");
        assert!(world.events("call_in_refused").await >= 7);
        agrees(&world).await;
    }

    async fn closing_a_ticket_ends_what_was_asked_for_with_it(world: World) {
        set_up(&world, SOURCES).await;
        requested(&world, "E3", "payroll-reader", "ops-214").await;
        requested(&world, "E3", "bookkeeper", "OPS-214").await;
        requested(&world, "E4", "payroll-reader", "OPS-215").await;
        let answer = call(&world, ended("OPS-214")).await;
        assert_eq!(answer.body["ended"], json!(1));
        assert_eq!(roles(&world, "E3").await, ["bookkeeper"], "the rule names payroll-reader alone");
        assert_eq!(roles(&world, "E4").await, ["payroll-reader"]);
        // For one person alone.
        call(&world, opened("E2", "OPS-300")).await;
        call(&world, opened("E3", "OPS-300")).await;
        let one = json!({"type": "ended", "reference": "OPS-300", "person": "E2"});
        assert_eq!(call(&world, one).await.body["ended"], json!(1));
        assert_eq!(roles(&world, "E3").await, ["bookkeeper", "payroll-reader"]);
        let differences = {
            let mut c = world.db.read().await.unwrap();
            replay::from_log(&mut c, None).await.unwrap().grants == replay::from_tables(&mut c).await.unwrap().grants
        };
        assert!(differences, "the log tells the same grants");
    }

    /// "Can't be reached" is found out within the minute, told once, and does what the file says.
    async fn a_silent_source_ends_what_it_opened_and_is_told_once(world: World) {
        set_up(&world, SOURCES).await;
        let boss = person(&world, "E1").await;
        latchkey_service::add_administrator::add_administrator(&world.db, world.clock.as_ref(), &Actor::Host, "E1").await.unwrap();
        let start = world.now();
        call(&world, opened("E3", "SHIFT-7")).await;
        world.advance(TimeDelta::minutes(29));
        assert_eq!(call(&world, json!({"type": "heartbeat"})).await.body["outcome"], json!("heard"));
        world.advance(TimeDelta::minutes(30));
        assert_eq!(look(&world, start).await, 0, "heard half an hour ago");
        world.advance(TimeDelta::minutes(1));
        // While nobody listened, nobody could be heard.
        assert_eq!(look(&world, world.now() - TimeDelta::minutes(30)).await, 0);
        assert_eq!(look(&world, start).await, 3, "found out, and two grants ended");
        assert_eq!(look(&world, start).await, 0);
        assert_eq!(roles(&world, "E3").await, Vec::<String>::new());
        assert_eq!(notices(&world, "call_source_silent").await, ["Ann Berg: On-call schedule can't be reached"]);
        assert_eq!(world.events("call_source_silent").await, 1);
        let told = world.texts("select body from notice where kind = 'call_in_ended' order by id").await;
        assert!(told[0].contains("Ask for the role as usual."), "{}", told[0]);
        assert!(boss != person(&world, "E3").await);
        // Heard again, its calls count; what ended isn't opened by itself.
        call(&world, opened("E3", "SHIFT-8")).await;
        assert_eq!(roles(&world, "E3").await.len(), 2);
        assert_eq!((world.events("call_source_back").await, look(&world, start).await), (1, 0));
        assert_eq!(notices(&world, "call_source_back").await.len(), 1);
        agrees(&world).await;
    }

    async fn a_silent_source_may_keep_what_it_opened(world: World) {
        set_up(&world, &SOURCES.replace("when_silent = \"end\"", "when_silent = \"keep\"")).await;
        let start = world.now();
        call(&world, opened("E3", "SHIFT-7")).await;
        world.advance(TimeDelta::minutes(31));
        assert_eq!(look(&world, start).await, 1);
        assert_eq!(roles(&world, "E3").await.len(), 2);
        // A recording of an old call is no sign of life of now: the time that it signed counts.
        let old = Call { source: "on-call", id: "old", signed_at: start, body: b"{\"type\":\"heartbeat\"}" };
        call_ins::receive(&world.db, world.clock.as_ref(), &old).await.unwrap();
        let heard = world.texts("select cast(heard_at as text) from call_source").await;
        assert_eq!(heard.len(), 1);
        assert_eq!(look(&world, start).await, 1, "it is as silent as before");
        agrees(&world).await;
    }

    async fn what_is_not_signed_is_on_record_once_a_minute_and_bounded(world: World) {
        set_up(&world, SOURCES).await;
        let (db, clock) = (&world.db, world.clock.as_ref());
        for _ in 0..30 {
            call_ins::not_signed(db, clock, Some("on-call"), "192.0.2.1").await.unwrap();
            assert_eq!(call_ins::within_limits(db, clock, None, "192.0.2.1").await.unwrap(), Ok(()));
        }
        assert!(call_ins::within_limits(db, clock, None, "192.0.2.1").await.unwrap().is_err());
        assert_eq!(call_ins::within_limits(db, clock, None, "192.0.2.2").await.unwrap(), Ok(()));
        assert_eq!(world.events("call_in_refused").await, 1);
        assert_eq!(call_ins::within_limits(db, clock, Some("on-call"), "192.0.2.1").await.unwrap(), Ok(()));
    }
}

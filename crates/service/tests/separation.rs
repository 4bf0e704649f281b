//! What one person must not combine: at submission, at the decision, with exceptions, and in the report.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::{NaiveDate, TimeDelta};
use latchkey_domain::{
    IdentityId, SeparationExceptionId, SeparationRuleId,
    actor::Actor,
    event::{EventBody, NewEvent},
    identity::Status,
    item::{ItemState, Verdict},
    portal_role::PortalRole,
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceResult, facts,
    give_back::give_back,
    leave::person_left,
    replay,
    separation::{
        exceptions::{self, ExceptionWish, Granted},
        report::{self, Export, Sight},
    },
    submit_request::{ItemWish, Submission, preview, submit_request},
};
use latchkey_store::{applied, identities};
use latchkey_testkit::{Role, World, both_databases};
use scene::{Scene, code};
use uuid::Uuid;

/// A company in which reading and writing the files are two sides of a rule that blocks.
struct Apart {
    s: Scene,
    rule: SeparationRuleId,
}

impl std::ops::Deref for Apart {
    type Target = Scene;
    fn deref(&self) -> &Scene {
        &self.s
    }
}

impl Apart {
    async fn new(world: World) -> Self {
        Self::with(world, None).await
    }

    async fn with(world: World, approver: Option<&str>) -> Self {
        let s = Scene::new(world).await;
        let rule = apart(&s, "files", approver).await;
        let it = Self { s, rule };
        it.tick();
        it
    }

    /// An exception for Ann by the rule's owner until a day.
    async fn except(&self, by: &Actor, who: IdentityId, until: &str) -> ServiceResult<Granted> {
        self.except_because(by, who, until, "Covers for somebody").await
    }

    async fn except_because(&self, by: &Actor, who: IdentityId, until: &str, why: &str) -> ServiceResult<Granted> {
        self.tick();
        let until: NaiveDate = until.parse().unwrap();
        let wish = ExceptionWish { rule: self.rule, person: who, reason: why.to_owned(), until };
        exceptions::grant(&self.world.db, self.world.clock.as_ref(), by, &wish, "UTC").await
    }

    /// Events of the same moment have no order yet: what follows comes later.
    fn tick(&self) {
        self.world.advance(TimeDelta::seconds(1));
    }

    async fn end(&self, by: &Actor, exception: SeparationExceptionId) -> ServiceResult<String> {
        self.tick();
        exceptions::end(&self.world.db, self.world.clock.as_ref(), by, exception).await
    }

    /// Who is in conflict, and by which rule, as the report says.
    async fn reported(&self) -> Vec<(String, String)> {
        let mut c = self.world.db.read().await.unwrap();
        let page = report::in_conflict(&mut c, &Sight::All, None, self.world.now(), None, 100).await.unwrap();
        page.lines.into_iter().map(|l| (l.row.display_name, l.row.rule_key)).collect()
    }
}

/// Reading and writing the files are two sides; the boss owns the rule.
async fn apart(s: &Scene, key: &str, approver: Option<&str>) -> SeparationRuleId {
    s.world.separation_rule(key, s.boss, &[(&[], &[s.read]), (&[s.writer.id], &[])], approver).await
}

async fn both_at_once(s: &Scene, roles: &[Role]) -> ServiceResult<latchkey_service::submit_request::Submitted> {
    let items = roles
        .iter()
        .map(|r| ItemWish {
            role: r.id,
            beneficiary: s.ann,
            duration: Span::from_days(7).unwrap(),
            reason: "To do the quarterly report".to_owned(),
        })
        .collect();
    let submission = Submission { form_key: Uuid::new_v4(), items };
    submit_request(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &submission).await
}

fn with_role(actor: Actor, role: PortalRole) -> Actor {
    let Actor::Person(mut person) = actor else { panic!("a person") };
    person.portal_roles.push(role);
    Actor::Person(person)
}

fn without_second_factor(actor: Actor) -> Actor {
    let Actor::Person(mut person) = actor else { panic!("a person") };
    person.assurance.mfa = false;
    Actor::Person(person)
}

both_databases! {
    /// What is held keeps the other side away, with what comes together and what would help; giving back resolves it.
    async fn promise_04_a_block_is_refused_at_submission(world: World) {
        let s = Apart::new(world).await;
        let grant = s.gets(s.ann, s.reader).await;
        let Err(latchkey_service::ServiceError::Refused(no)) = s.ask_for(s.ann, s.writer, s.ann, 30).await else {
            panic!("a refusal was expected")
        };
        assert_eq!(no.code, "request.separation");
        assert_eq!(
            no.why,
            "\"Rule files\" keeps these apart: Side 1 (\"Entitlement read\" through Role reader, which you hold) and Side 2 (Role writer, asked for here)."
        );
        assert_eq!(no.help, "Give back Role reader first. Or ask Bea Boss, who owns the rule, for an exception.");
        assert_eq!(s.world.events("request_submitted").await, 1, "nothing of the second request was written");
        // The same by the evaluator of the form, before anything is submitted.
        let mut c = s.world.db.read().await.unwrap();
        let role = facts::role_today(&mut c, s.writer.id).await.unwrap();
        let shown = preview(&mut c, s.world.now(), s.ann, s.ann, &role, &[]).await.unwrap();
        assert_eq!(shown.against.unwrap().why, no.why);
        drop(c);
        // A role that gives something of both sides is no way around it.
        let all = s.world.separation_rule("all", s.boss, &[(&[], &[s.read]), (&[], &[s.write])], None).await;
        assert_eq!(code(s.ask_for(s.bob, s.editor, s.bob, 30).await), "request.separation");
        s.world.run("update separation_rule set retired_at = '2027-03-01T09:00:00+00:00' where key = 'all'").await;
        assert_ne!(all, s.rule);

        give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), grant).await.unwrap();
        assert!(s.ask_for(s.ann, s.writer, s.ann, 30).await.is_ok());
    }

    /// Both sides in one request are refused whole; what waits elsewhere is told and not refused.
    async fn promise_04_what_is_asked_for_together_counts(world: World) {
        let s = Apart::new(world).await;
        assert_eq!(code(both_at_once(&s, &[s.reader, s.writer]).await), "request.separation");
        assert_eq!(s.world.number("select count(*) from item").await, 0);
        s.ask(s.ann, s.reader).await;
        let mut c = s.world.db.read().await.unwrap();
        let role = facts::role_today(&mut c, s.writer.id).await.unwrap();
        let shown = preview(&mut c, s.world.now(), s.ann, s.ann, &role, &[]).await.unwrap();
        assert!(shown.against.is_none() && shown.separation.conflicts[0].conflict.only_if_approved());
        drop(c);
        s.ask(s.ann, s.writer).await;
    }

    /// The second of two requests is refused once the first was approved; saying no is always possible.
    async fn promise_04_a_block_is_asked_again_at_the_decision(world: World) {
        let s = Apart::new(world).await;
        let (read, write) = (s.ask(s.ann, s.reader).await, s.ask(s.ann, s.writer).await);
        assert_eq!(s.approve(s.manager, read).await, ItemState::Approved);
        assert_eq!(code(s.decide(s.manager, write, Verdict::Approve).await), "decision.separation");
        assert_eq!(s.state(write).await, ItemState::Waiting);
        assert_eq!(s.world.texts("select bytes from event where kind = 'decision_refused'").await.len(), 1);
        // An exception lets it be, from the moment that it is there.
        s.except(&s.actor(s.boss), s.ann, "2027-04-01").await.unwrap();
        assert_eq!(s.approve(s.manager, write).await, ItemState::Waiting);
        assert_eq!(s.approve(s.owner, write).await, ItemState::Approved);
        assert_eq!(s.reported().await, [("Ann Berg".to_owned(), "files".to_owned())]);
    }

    /// A rule that came into force since is one of today's rules.
    async fn promise_04_a_new_rule_counts_for_what_waits(world: World) {
        let s = Scene::new(world).await;
        s.gets(s.ann, s.reader).await;
        let write = s.ask(s.ann, s.writer).await;
        assert_eq!(s.approve(s.manager, write).await, ItemState::Waiting);
        apart(&s, "files", None).await;
        assert_eq!(code(s.decide(s.owner, write, Verdict::Approve).await), "decision.separation");
        assert_eq!(s.decide(s.owner, write, Verdict::Deny).await.unwrap().state, ItemState::Denied);
    }

    /// Of two approvals of the two sides at the same time exactly one wins.
    async fn promise_04_two_approvals_of_the_two_sides_at_once(world: World) {
        let s = Apart::new(world).await;
        let one = s.world.policy("once", &scene::policy(&serde_json::json!([{"approvers": "manager"}]))).await;
        let clerk = s.world.role("clerk", Some(s.owner), one, &[s.write]).await;
        s.world.separation_rule("clerks", s.boss, &[(&[], &[s.read]), (&[clerk.id], &[])], None).await;
        for n in 0..8 {
            let who = s.world.person(&format!("Lea Both{n}"), Some(s.manager)).await;
            let (read, write) = (s.ask(who, s.reader).await, s.ask(who, clerk).await);
            let (a, b) =
                tokio::join!(s.decide(s.manager, read, Verdict::Approve), s.decide(s.manager, write, Verdict::Approve));
            assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
            assert_eq!(if a.is_ok() { code(b) } else { code(a) }, "decision.separation");
        }
        assert_eq!(s.world.number("select count(*) from role_grant").await, 8);
        assert_eq!(s.reported().await, vec![]);
    }

    /// A rule that wants one more approval adds a last step for the person whom it names, shown before submission.
    async fn promise_04_one_more_person_has_to_agree(world: World) {
        let priya = world.person("Priya Roy", None).await;
        let s = Apart::with(world, Some("E0001")).await;
        s.gets(s.ann, s.reader).await;
        let mut c = s.world.db.read().await.unwrap();
        let role = facts::role_today(&mut c, s.writer.id).await.unwrap();
        let shown = preview(&mut c, s.world.now(), s.ann, s.ann, &role, &[]).await.unwrap();
        assert_eq!((shown.against, shown.extra_stages), (None, 1));
        assert_eq!(shown.stages.unwrap().last().unwrap().approvers[0].name, "Priya Roy");
        drop(c);
        let item = s.ask(s.ann, s.writer).await;
        assert_eq!(s.world.events("separation_stage_added").await, 1);
        assert_eq!(s.approve(s.manager, item).await, ItemState::Waiting);
        assert_eq!(s.approve(s.owner, item).await, ItemState::Waiting);
        assert_eq!(s.approvers(item).await, vec![priya]);
        assert_eq!(s.approve(priya, item).await, ItemState::Approved);
        let mut c = s.world.db.read().await.unwrap();
        let page = report::in_conflict(&mut c, &Sight::All, None, s.world.now(), None, 10).await.unwrap();
        assert!(page.lines[0].agreed && page.lines[0].row.exception_id.is_none());
    }

    /// Where the conflict appears later, the step is added when the last one would say yes; and where the named person
    /// asks themselves, security decides.
    async fn promise_04_the_step_comes_later_where_the_conflict_does(world: World) {
        let priya = world.person("Priya Roy", None).await;
        let s = Apart::with(world, Some("E0001")).await;
        let (read, write) = (s.ask(s.ann, s.reader).await, s.ask(s.ann, s.writer).await);
        assert_eq!(s.approve(s.manager, read).await, ItemState::Approved);
        assert_eq!(s.approve(s.manager, write).await, ItemState::Waiting);
        assert_eq!(s.approve(s.owner, write).await, ItemState::Waiting);
        assert_eq!(s.approvers(write).await, vec![priya]);
        assert_eq!(s.world.number("select max(stages) from item").await, 3);
        assert_eq!(s.decide(priya, write, Verdict::Deny).await.unwrap().state, ItemState::Denied);
        // With an exception nobody more has to agree.
        s.except(&s.actor(s.boss), s.ann, "2027-04-01").await.unwrap();
        let write = s.ask(s.ann, s.writer).await;
        assert_eq!(s.approve(s.manager, write).await, ItemState::Waiting);
        assert_eq!(s.approve(s.owner, write).await, ItemState::Approved);
    }

    /// The rule's owner and security grant exceptions, never their own, with a reason and an end within a year.
    async fn promise_04_an_exception_has_an_owner_a_reason_and_an_end(world: World) {
        let s = Apart::new(world).await;
        let boss = s.actor(s.boss);
        assert_eq!(code(s.except(&s.actor(s.manager), s.ann, "2027-04-01").await), "not_found");
        let auditor = with_role(s.actor(s.manager), PortalRole::Auditor);
        assert_eq!(code(s.except(&auditor, s.ann, "2027-04-01").await), "separation.not_yours");
        assert_eq!(code(s.except(&boss, s.boss, "2027-04-01").await), "separation.own");
        let weak = without_second_factor(s.actor(s.boss));
        assert_eq!(code(s.except(&weak, s.ann, "2027-04-01").await), "separation.no_second_factor");
        assert_eq!(code(s.except_because(&boss, s.ann, "2027-04-01", " ").await), "separation.reason_missing");
        for day in ["2027-02-28", "2028-03-02"] {
            assert_eq!(code(s.except(&boss, s.ann, day).await), "separation.until_out_of_range", "{day}");
        }
        assert_eq!(s.world.number("select count(*) from separation_exception").await, 0);

        let granted = s.except(&boss, s.ann, "2028-03-01").await.unwrap();
        assert_eq!(granted.ends_at.to_rfc3339(), "2028-03-02T00:00:00+00:00");
        assert_eq!(code(s.except(&boss, s.ann, "2027-04-01").await), "separation.already_excepted");
        s.gets(s.ann, s.reader).await;
        s.ask(s.ann, s.writer).await;
        assert_eq!(code(s.end(&s.actor(s.ann), granted.exception).await), "not_found");
        let security = with_role(s.actor(s.manager), PortalRole::Security);
        assert_eq!(s.end(&security, granted.exception).await.unwrap(), "files");
        assert_eq!(code(s.end(&boss, granted.exception).await), "separation.already_over");
        for (kind, times) in [("separation_exception_granted", 1), ("separation_exception_ended", 1)] {
            assert_eq!(s.world.events(kind).await, times, "{kind}");
        }
        assert_eq!(s.world.number("select count(*) from event where bytes like '%Covers%'").await, 0);
        // Whoever granted it answers for it, from when to when.
        assert_eq!(s.world.number("select count(*) from separation_ownership where exception_id is not null and valid_to is not null").await, 1);
    }

    /// An exception counts until its end and not a moment longer, whether the worker came by or not.
    async fn promise_04_an_exception_ends_by_itself(world: World) {
        let s = Apart::new(world).await;
        s.gets(s.ann, s.reader).await;
        s.except(&s.actor(s.boss), s.ann, "2027-03-02").await.unwrap();
        let write = s.ask(s.ann, s.writer).await;
        assert_eq!(s.approve(s.manager, write).await, ItemState::Waiting);
        // It ends with the day; two seconds have gone by.
        s.world.advance(TimeDelta::hours(39) - TimeDelta::seconds(3));
        assert_eq!(exceptions::end_due(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 0);
        s.world.advance(TimeDelta::seconds(1));
        assert_eq!(code(s.decide(s.owner, write, Verdict::Approve).await), "decision.separation");
        assert_eq!(exceptions::end_due(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 1);
        assert_eq!(exceptions::end_due(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 0);
        assert_eq!(s.world.texts("select close_reason from separation_exception").await, ["expired"]);
        // And another one can be granted.
        s.except(&s.actor(s.boss), s.ann, "2027-04-02").await.unwrap();
        assert_eq!(s.approve(s.owner, write).await, ItemState::Approved);
    }

    /// Two exceptions for the same person at the same time: one is granted.
    async fn of_two_exceptions_at_once_one_is_granted(world: World) {
        let s = Apart::new(world).await;
        let security = with_role(s.actor(s.manager), PortalRole::Security);
        for n in 0..6 {
            let who = s.world.person(&format!("Lea Both{n}"), Some(s.manager)).await;
            let boss = s.actor(s.boss);
            let (a, b) = tokio::join!(s.except(&boss, who, "2027-04-01"), s.except(&security, who, "2027-05-01"));
            assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
            assert_eq!(if a.is_ok() { code(b) } else { code(a) }, "separation.already_excepted");
        }
        assert_eq!(s.world.number("select count(*) from separation_exception").await, 6);
    }

    /// When the owner of a rule leaves, it and the exceptions that they answered for have a new owner; the exceptions of a
    /// leaver are over.
    async fn promise_07_rules_and_exceptions_pass_on(world: World) {
        let s = Scene::new(world).await;
        let rule = s.world.separation_rule("files", s.manager, &[(&[], &[s.read]), (&[s.writer.id], &[])], None).await;
        let s = Apart { s, rule };
        s.except(&s.actor(s.manager), s.ann, "2027-04-01").await.unwrap();
        leaves(&s, s.manager).await;
        let now = "select i.display_name from separation_ownership o join identity i on i.id = o.owner_id where o.valid_to is null";
        assert_eq!(s.world.texts(now).await, ["Bea Boss", "Bea Boss"]);
        assert_eq!(s.world.events("separation_owner_changed").await, 3);
        leaves(&s, s.ann).await;
        assert_eq!(s.world.texts("select close_reason from separation_exception").await, ["left"]);
        let mut c = s.world.db.read().await.unwrap();
        let told = replay::from_log(&mut c, None).await.unwrap();
        let is = replay::from_tables(&mut c).await.unwrap();
        assert_eq!((&told.separation, &told.exceptions), (&is.separation, &is.exceptions));
        assert_eq!(told.gaps, Vec::<String>::new());
    }

    /// The log alone rebuilds rules, exceptions and which steps are there for which rules.
    async fn promise_01_the_log_rebuilds_what_is_kept_apart(world: World) {
        world.person("Priya Roy", None).await;
        let s = Apart::with(world, Some("E0001")).await;
        let item = s.ask(s.ann, s.reader).await;
        s.tick();
        s.approve(s.manager, item).await;
        s.tick();
        s.ask(s.ann, s.writer).await;
        let granted = s.except(&s.actor(s.boss), s.ann, "2027-04-01").await.unwrap();
        s.end(&s.actor(s.boss), granted.exception).await.unwrap();
        s.except(&s.actor(s.boss), s.bob, "2027-04-01").await.unwrap();
        let mut c = s.world.db.read().await.unwrap();
        let told = replay::from_log(&mut c, None).await.unwrap();
        let is = replay::from_tables(&mut c).await.unwrap();
        assert_eq!(told.separation, is.separation);
        assert_eq!(told.exceptions, is.exceptions);
        assert_eq!(told.separation_stages, is.separation_stages);
        assert_eq!((is.separation.len(), is.exceptions.len(), is.separation_stages.len()), (1, 2, 1));
        assert_eq!(told.gaps, Vec::<String>::new());
    }

    /// The report finds exactly those whom the rules mean, pages by key without losing anybody, and is the same as a file.
    async fn promise_12_the_report_is_whole_and_pages_by_key(world: World) {
        let s = Apart::new(world).await;
        let all = s.world.separation_rule("all", s.boss, &[(&[s.editor.id], &[]), (&[s.reader.id], &[]), (&[], &[s.write])], None).await;
        let mut expected = Vec::new();
        for n in 0..24_u32 {
            let who = s.world.person(&format!("Per Son{:02}", (n * 7) % 24), Some(s.manager)).await;
            for (bit, role) in [s.reader, s.writer, s.editor].into_iter().enumerate() {
                if (n >> bit) & 1 == 1 {
                    s.world.grant(who, role, None).await;
                }
            }
            let (reads, writes, edits) = (n & 1 == 1, (n >> 1) & 1 == 1, (n >> 2) & 1 == 1);
            let name = format!("Per Son{:02}", (n * 7) % 24);
            // Reading, by whatever role, and the role writer.
            if (reads || edits) && writes {
                expected.push((name.clone(), "files".to_owned()));
            }
            // The role editor, which gives writing as well; the role reader; writing, by whatever role.
            if usize::from(edits) + usize::from(reads) + usize::from(writes || edits) > 1 {
                expected.push((name, "all".to_owned()));
            }
        }
        let mut whole = s.reported().await;
        whole.sort();
        expected.sort();
        assert_eq!(whole, expected);

        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let mut c = s.world.db.read().await.unwrap();
            let page = report::in_conflict(&mut c, &Sight::All, None, s.world.now(), after.as_ref(), 5).await.unwrap();
            assert!(page.lines.len() <= 5 && page.lines.iter().all(|l| l.sides.len() > 1 && l.since.is_some()));
            paged.extend(page.lines.into_iter().map(|l| (l.row.display_name, l.row.rule_key)));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert!(paged.is_sorted_by_key(|(name, _)| name.clone()));
        paged.sort();
        assert_eq!(paged, expected);

        let mut export = Export::new(Sight::All, None).unwrap();
        let mut file = Vec::new();
        while let Some(piece) = export.next(&s.world.db, s.world.now()).await.unwrap() {
            file.extend(piece);
        }
        assert_eq!(String::from_utf8(file).unwrap().lines().count(), expected.len() + 1);

        let mut c = s.world.db.read().await.unwrap();
        let auditor = with_role(s.actor(s.bob), PortalRole::Auditor);
        assert_eq!(report::sight(&mut c, &auditor).await.unwrap(), Sight::All);
        let lines = report::rules(&mut c, &Sight::All, s.world.now()).await.unwrap();
        let people = |key: &str| lines.iter().find(|l| l.key == key).unwrap().people;
        let count = |key: &str| i64::try_from(expected.iter().filter(|(_, k)| k == key).count()).unwrap();
        assert_eq!((people("files"), people("all")), (count("files"), count("all")));
        // Owners of rules see theirs; others see nothing.
        assert_eq!(report::sight(&mut c, &s.actor(s.boss)).await.unwrap(), Sight::Own([s.rule.0, all.0].into()));
        assert_eq!(code(report::sight(&mut c, &s.actor(s.bob)).await), "not_found");
        let own = Sight::Own([s.rule.0].into());
        assert!(report::in_conflict(&mut c, &own, Some(s.rule), s.world.now(), None, 5).await.is_ok());
        assert_eq!(code(report::in_conflict(&mut c, &own, Some(all), s.world.now(), None, 5).await), "not_found");
        assert_eq!(code(report::in_conflict(&mut c, &own, None, s.world.now(), None, 5).await), "not_found");
    }
}

async fn leaves(s: &Scene, who: IdentityId) {
    s.world.advance(TimeDelta::seconds(1));
    let mut tx = s.world.tx().await;
    applied::one_at_a_time(&mut tx).await.unwrap();
    identities::lock(&mut tx, &[who]).await.unwrap();
    latchkey_testkit::testing::set_status(&mut tx, who, Status::Terminated).await.unwrap();
    let (from, to) = (Status::Active, Status::Terminated);
    let body = EventBody::PersonStatusChanged { identity: who, from, to };
    let mut events = vec![NewEvent::new(Actor::Host.reference(), body)];
    events.extend(person_left(&mut tx, who, &Actor::Host.reference()).await.unwrap());
    tx.commit(events).await.expect("a commit");
}

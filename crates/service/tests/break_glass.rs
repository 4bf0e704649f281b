//! A role taken at once in an emergency: who may, who is told, how it ends, and the review that falls due.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    BreakGlassReviewId, GrantId, IdentityId,
    actor::Actor,
    break_glass::{Needed, ReviewState, ToldBecause},
    grant::{GrantOrigin, GrantState},
    identity::{EmploymentType, Status},
    portal_role::PortalRole,
    role::Risk,
    system::SystemKind,
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError, ServiceResult,
    break_glass::{self, Answer, Taken, Taking, may_see, review, take, tell_overdue, write_account},
    end_grant::end_grant,
    expire, facts,
    give_back::give_back,
    replay,
    submit_request::{ItemWish, Submission, submit_request},
};
use latchkey_store::{
    break_glass::{self as store, ReviewRow, Sight, Which},
    grants, identities, notices,
    testing::RoleSpec,
};
use latchkey_testkit::{Role, World, both_databases};
use scene::{Scene, code};
use serde_json::json;
use uuid::Uuid;

const WHY: &str = "Payments fail since 14:00, restarting the queue";

/// The scene with a role that can be taken, and somebody who looks after security.
struct Emergency {
    s: Scene,
    /// What can be taken by everybody but those whose title says otherwise.
    shell: Role,
    /// Only a critical role is open here, and none is: nobody may take it.
    closed: Role,
    security: IdentityId,
}

impl std::ops::Deref for Emergency {
    type Target = Scene;
    fn deref(&self) -> &Scene {
        &self.s
    }
}

fn terms(who: &str) -> serde_json::Value {
    json!({"who": who, "advice": "Call the people on call.", "max": "4h", "offer": ["1h", "4h"], "review_within": "2d"})
}

fn policy(key: &str, who: &str, rest: &serde_json::Value) -> serde_json::Value {
    let mut policy = json!({"schema": 3, "policy": {
        "key": key, "name": "Emergencies", "description": "For tests.",
        "stages": [{"approvers": "manager", "fallback": "owner"}, {"approvers": "owner"}],
        "max_duration": "2h", "default_duration": "1h", "offer": ["1h", "2h"],
        "who": ["employee"], "reason": "required", "undecided_after": "1d", "break_glass": terms(who)}});
    for (key, value) in rest.as_object().unwrap() {
        policy["policy"][key] = value.clone();
    }
    policy
}

impl Emergency {
    async fn new(world: World) -> Self {
        let s = Scene::new(world).await;
        let security = s.world.person("Sam Shield", Some(s.boss)).await;
        let it = Self { shell: s.reader, closed: s.reader, security, s };
        it.holds(security, PortalRole::Security).await;
        let shell = it.marked("shell", "person.title != \"Intern\"", &json!({})).await;
        let closed = it.marked("closed", "role.risk == \"critical\"", &json!({})).await;
        it.tick();
        Self { shell, closed, ..it }
    }

    /// A role that can be taken on these terms and gives what the writer's role gives.
    async fn marked(&self, key: &str, who: &str, rest: &serde_json::Value) -> Role {
        let policy = self.world.policy(key, &policy(key, who, rest)).await;
        self.world
            .role_with(&RoleSpec {
                key: key.to_owned(),
                name: format!("Role {key}"),
                owner: Some(self.owner),
                policy,
                risk: Risk::High,
                entitlements: vec![self.write],
                max_seconds: None,
            })
            .await
    }

    /// Gives somebody a portal role.
    async fn holds(&self, who: IdentityId, role: PortalRole) {
        let found = self.world.texts("select key from system where key = 'latchkey'").await;
        let portal = if found.is_empty() {
            self.world.system("latchkey", SystemKind::Latchkey, None).await
        } else {
            let mut c = self.world.db.read().await.unwrap();
            latchkey_store::systems::by_key(&mut c, "latchkey").await.unwrap().unwrap().id.into()
        };
        let entitlement = self.world.entitlement(portal, role.as_str()).await;
        let policy = self.world.policy(role.as_str(), &scene::policy(&json!([{"approvers": "owner"}]))).await;
        let given = self.world.role(role.as_str(), Some(self.boss), policy, &[entitlement]).await;
        self.world.grant(who, given, None).await;
    }

    /// Events of the same moment have no order yet: what follows comes later.
    fn tick(&self) {
        self.world.advance(TimeDelta::seconds(1));
    }

    async fn takes(&self, who: IdentityId, role: Role, hours: u32, reason: &str) -> ServiceResult<Taken> {
        self.takes_as(&self.actor(who), role, hours, reason).await
    }

    async fn takes_as(&self, actor: &Actor, role: Role, hours: u32, reason: &str) -> ServiceResult<Taken> {
        self.tick();
        let wish =
            Taking { role: role.id, duration: Span::from_hours(hours).unwrap(), reason: reason.to_owned() };
        take(&self.world.db, self.world.clock.as_ref(), actor, &wish).await
    }

    async fn taken(&self, who: IdentityId) -> Taken {
        self.takes(who, self.shell, 1, WHY).await.expect("it is taken")
    }

    async fn row(&self, id: BreakGlassReviewId) -> ReviewRow {
        let mut c = self.world.db.read().await.unwrap();
        store::get(&mut c, id).await.unwrap().expect("a review")
    }

    async fn grant(&self, id: GrantId) -> grants::GrantRow {
        let mut c = self.world.db.read().await.unwrap();
        grants::get(&mut c, id).await.unwrap().expect("a grant")
    }

    /// The hour is over, and the worker came by.
    async fn over(&self) {
        self.world.advance(TimeDelta::minutes(61));
        assert_eq!(expire::end_due_grants(&self.world.db, self.world.clock.as_ref(), 10).await.unwrap(), 1);
        self.tick();
    }

    async fn reviews(&self, actor: &Actor, id: BreakGlassReviewId, needed: Option<Needed>) -> ServiceResult<()> {
        self.tick();
        let answer = Answer { needed, findings: "Restarted the queue".to_owned(), follow_up: " ".to_owned() };
        review(&self.world.db, self.world.clock.as_ref(), actor, id, &answer).await
    }

    async fn tells_overdue(&self) -> usize {
        tell_overdue(&self.world.db, self.world.clock.as_ref(), 10).await.unwrap()
    }

    /// Who got notices of a kind, as (name, subject).
    async fn notices(&self, kind: &str) -> Vec<(String, String)> {
        let mut c = self.world.db.read().await.unwrap();
        let all = notices::log(&mut c, None, 500).await.unwrap();
        let of: Vec<_> = all.into_iter().filter(|n| n.kind == kind).collect();
        let ids: Vec<Uuid> = of.iter().map(|n| n.recipient_id).collect();
        let names = identities::names(&mut c, &ids).await.unwrap();
        let mut told: Vec<_> = of.into_iter().map(|n| (names[&n.recipient_id].clone(), n.subject)).collect();
        told.sort();
        told
    }

    async fn told(&self, kind: &str) -> Vec<String> {
        self.notices(kind).await.into_iter().map(|(name, _)| name).collect()
    }

    /// The log gives what the tables hold.
    async fn replays(&self) {
        let mut c = self.world.db.read().await.unwrap();
        let told = replay::from_log(&mut c, None).await.unwrap();
        let is = replay::from_tables(&mut c).await.unwrap();
        assert_eq!(told.reviews, is.reviews);
        assert!(told.gaps.iter().all(|gap| !gap.contains("break_glass")), "{:?}", told.gaps);
        assert!(!is.reviews.is_empty());
    }

    async fn refusals(&self) -> Vec<String> {
        self.world.texts("select bytes from event where kind = 'break_glass_refused' order by recorded_at, id").await
    }
}

fn without_second_factor(actor: Actor) -> Actor {
    let Actor::Person(mut person) = actor else { panic!("a person") };
    person.assurance.mfa = false;
    Actor::Person(person)
}

fn with_role(actor: Actor, role: PortalRole) -> Actor {
    let Actor::Person(mut person) = actor else { panic!("a person") };
    person.portal_roles.push(role);
    Actor::Person(person)
}

both_databases! {
    /// It is there at once, everybody who would have decided and security are told in the same transaction, and it ends by
    /// itself.
    async fn a_role_is_taken_at_once_told_to_all_and_ends_by_itself(world: World) {
        let e = Emergency::new(world).await;
        let taken = e.taken(e.ann).await;
        let grant = e.grant(taken.grant).await;
        assert_eq!((grant.origin, grant.state), (GrantOrigin::BreakGlass, GrantState::Active));
        assert_eq!((grant.starts_at, grant.ends_at), (e.world.now(), Some(e.world.now() + TimeDelta::hours(1))));
        assert_eq!(e.wanted(e.ann, e.write).await.as_deref(), Some("present"), "the systems are asked for it");
        assert_eq!(taken.due_at, taken.ends_at + TimeDelta::days(2));

        assert_eq!(e.told("break_glass_taken").await, ["Max Manager", "Olga Owner", "Sam Shield"]);
        assert_eq!(taken.told, 3);
        assert_eq!(e.told("break_glass_yours").await, ["Ann Berg"]);
        let mut c = e.world.db.read().await.unwrap();
        let told = store::who_was_told(&mut c, taken.review, 10).await.unwrap();
        let as_what: Vec<_> = told.iter().map(|t| (t.name.as_str(), t.because)).collect();
        assert_eq!(
            as_what,
            [
                ("Max Manager", ToldBecause::Decides),
                // The owner decides the second step.
                ("Olga Owner", ToldBecause::Decides),
                ("Sam Shield", ToldBecause::Security),
            ]
        );
        // Those who were told can read what becomes of it; others can't.
        let row = store::get(&mut c, taken.review).await.unwrap().unwrap();
        for (who, sees) in [(e.ann, true), (e.manager, true), (e.owner, true), (e.security, true), (e.bob, false)] {
            let Actor::Person(person) = e.actor(who) else { panic!("a person") };
            assert_eq!(may_see(&mut c, &person, &row).await.unwrap(), sees);
        }
        drop(c);
        assert_eq!((e.world.events("break_glass_taken").await, e.world.events("grant_created").await > 0), (1, true));

        e.over().await;
        assert_eq!(e.grant(taken.grant).await.end_reason.as_deref(), Some("expired"));
        assert_eq!(e.wanted(e.ann, e.write).await.as_deref(), Some("absent"));
        e.replays().await;
    }

    /// Nothing half: what is refused writes no grant, no review and no notice, and is on record by its code.
    async fn every_refusal_names_its_rule_and_is_on_record(world: World) {
        let e = Emergency::new(world).await;
        let Err(ServiceError::Refused(no)) = e.takes(e.ann, e.closed, 1, WHY).await else { panic!("refused") };
        assert_eq!((no.code.as_str(), no.help.as_str()), ("break_glass.may_not_take", "Call the people on call."));
        assert_eq!(code(e.takes(e.ann, e.reader, 1, WHY).await), "break_glass.no_emergencies");
        let alone = without_second_factor(e.actor(e.ann));
        assert_eq!(code(e.takes_as(&alone, e.shell, 1, WHY).await), "actor.no_second_factor");
        assert_eq!(code(e.takes(e.ann, e.shell, 1, "prod is down").await), "break_glass.reason_too_short");
        assert_eq!(code(e.takes(e.ann, e.shell, 1, &"é".repeat(1001)).await), "break_glass.reason_too_long");
        assert_eq!(code(e.takes(e.ann, e.shell, 5, WHY).await), "break_glass.too_long");
        let contractor = latchkey_store::testing::PersonSpec {
            employment_type: EmploymentType::Contractor,
            ..e.world.person_spec("Cora Contractor", Some(e.manager))
        };
        let contractor = e.world.person_with(&contractor).await;
        assert_eq!(code(e.takes(contractor, e.shell, 1, WHY).await), "break_glass.employment_type_not_allowed");
        let away = latchkey_store::testing::PersonSpec {
            status: Status::OnLeave,
            ..e.world.person_spec("Lea Leave", Some(e.manager))
        };
        let away = e.world.person_with(&away).await;
        assert_eq!(code(e.takes(away, e.shell, 1, WHY).await), "break_glass.not_at_work");
        let nowhere = Role { id: latchkey_domain::RoleId(Uuid::nil()), ..e.shell };
        assert_eq!(code(e.takes(e.ann, nowhere, 1, WHY).await), "not_found");
        assert_eq!(code(e.takes_as(&Actor::Host, e.shell, 1, WHY).await), "actor.not_a_person");

        assert_eq!(e.world.number("select count(*) from break_glass_review").await, 0);
        assert_eq!(e.world.number("select count(*) from role_grant where origin = 'break_glass'").await, 0);
        assert_eq!(e.told("break_glass_taken").await, [] as [String; 0]);
        let refused = e.refusals().await;
        for code in ["may_not_take", "no_emergencies", "employment_type_not_allowed", "not_at_work"] {
            assert_eq!(refused.iter().filter(|bytes| bytes.contains(&format!("\"code\":\"{code}\""))).count(), 1, "{code}");
        }
        assert_eq!(refused.len(), 4, "what was typed wrongly is no refusal");
        // The form says the same before anything is typed.
        let mut c = e.world.db.read().await.unwrap();
        let role = facts::role_today(&mut c, e.closed.id).await.unwrap();
        let Actor::Person(ann) = e.actor(e.ann) else { panic!("a person") };
        let shown = break_glass::preview(&mut c, e.world.now(), &ann, &role).await.unwrap();
        assert_eq!(shown.against.unwrap().code, "break_glass.may_not_take");
        let role = facts::role_today(&mut c, e.shell.id).await.unwrap();
        let shown = break_glass::preview(&mut c, e.world.now(), &ann, &role).await.unwrap();
        assert!(shown.against.is_none());
        let names: Vec<_> = shown.told.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["Max Manager", "Olga Owner", "Sam Shield"]);
    }

    /// A condition that can't be worked out opens no door, and the administrators are told.
    async fn a_condition_that_fails_excludes_and_tells_the_administrators(world: World) {
        let e = Emergency::new(world).await;
        e.holds(e.boss, PortalRole::Administrator).await;
        let broken = e.marked("broken", "person.groups[0] == \"on-call\"", &json!({})).await;
        assert_eq!(code(e.takes(e.ann, broken, 1, WHY).await), "break_glass.condition_failed");
        assert_eq!(e.told("condition_failed").await, ["Bea Boss"]);
        assert_eq!(e.world.number("select count(*) from break_glass_review").await, 0);
    }

    async fn nobody_takes_what_they_have_and_a_second_time_is_refused(world: World) {
        let e = Emergency::new(world).await;
        e.taken(e.ann).await;
        assert_eq!(code(e.takes(e.ann, e.shell, 1, WHY).await), "break_glass.held");
        assert_eq!(e.world.number("select count(*) from break_glass_review").await, 1);
        // Somebody else may meanwhile.
        e.taken(e.bob).await;
    }

    /// What keeps duties apart keeps them apart in an emergency; also where one more approval would let it be.
    async fn promise_04_duties_stay_apart_in_an_emergency(world: World) {
        let e = Emergency::new(world).await;
        e.world.separation_rule("both", e.boss, &[(&[e.shell.id], &[]), (&[], &[e.read])], None).await;
        let agreed = e.marked("agreed", "true", &json!({})).await;
        e.world.separation_rule("agreed", e.boss, &[(&[agreed.id], &[]), (&[], &[e.read])], Some("E0001")).await;
        e.gets(e.ann, e.reader).await;
        let Err(ServiceError::Refused(no)) = e.takes(e.ann, e.shell, 1, WHY).await else { panic!("refused") };
        assert_eq!(no.code, "break_glass.separation");
        assert!(no.why.contains("\"Rule both\" keeps these apart"), "{}", no.why);
        assert!(no.help.contains("Bea Boss, who owns the rule, for an exception"), "{}", no.help);
        assert_eq!(code(e.takes(e.ann, agreed, 1, WHY).await), "break_glass.separation");
        // Whoever has nothing of the other side may.
        e.taken(e.bob).await;
    }

    /// It is taken out of one's own pending request, which goes on.
    async fn it_can_be_taken_while_ones_own_request_waits(world: World) {
        let e = Emergency::new(world).await;
        let wish = ItemWish {
            role: e.shell.id,
            beneficiary: e.ann,
            duration: Span::from_hours(2).unwrap(),
            reason: "For the release tonight".to_owned(),
        };
        let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
        let asked = submit_request(&e.world.db, e.world.clock.as_ref(), &e.actor(e.ann), &submission).await.unwrap();
        let item = e.item_of(asked.request).await;
        let taken = e.taken(e.ann).await;
        assert_eq!(e.row(taken.review).await.item_id, Some(item.0));
        assert_eq!(e.state(item).await, latchkey_domain::item::ItemState::Waiting);
        // The decision on it is another grant, which doesn't wait for the end of what was taken.
        e.tick();
        e.approve(e.manager, item).await;
        e.tick();
        e.approve(e.owner, item).await;
        let granted = e.grant(e.grant_of(item).await).await;
        assert_eq!((granted.origin, granted.state), (GrantOrigin::Request, GrantState::Active));
        e.world.advance(TimeDelta::minutes(60));
        expire::end_due_grants(&e.world.db, e.world.clock.as_ref(), 10).await.unwrap();
        assert_eq!(e.grant(taken.grant).await.state, GrantState::Ended);
        assert_eq!(e.wanted(e.ann, e.write).await.as_deref(), Some("present"), "the other grant still justifies it");
        e.replays().await;
    }

    /// What is asked for while something taken is held stands by itself.
    async fn a_request_beside_what_was_taken_does_not_go_on_from_it(world: World) {
        let e = Emergency::new(world).await;
        e.taken(e.ann).await;
        e.tick();
        let wish = ItemWish {
            role: e.shell.id,
            beneficiary: e.ann,
            duration: Span::from_hours(1).unwrap(),
            reason: "It takes longer than I thought".to_owned(),
        };
        let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
        let asked = submit_request(&e.world.db, e.world.clock.as_ref(), &e.actor(e.ann), &submission).await.unwrap();
        let item = e.item_of(asked.request).await;
        let mut c = e.world.db.read().await.unwrap();
        assert_eq!(latchkey_store::items::get(&mut c, item).await.unwrap().unwrap().starts_at, None);
    }

    /// Somebody else reviews it, once it is over, once.
    async fn promise_02_somebody_else_reviews_it_after_it_is_over(world: World) {
        let e = Emergency::new(world).await;
        let taken = e.taken(e.ann).await;
        let (owner, security) = (e.actor(e.owner), e.actor(e.security));
        let id = taken.review;
        assert_eq!(code(e.reviews(&owner, id, Some(Needed::Yes)).await), "break_glass.still_live");
        e.over().await;
        // Whoever took it never does, whatever else they are.
        let ann = with_role(e.actor(e.ann), PortalRole::Security);
        assert_eq!(code(e.reviews(&ann, id, Some(Needed::Yes)).await), "break_glass.own");
        assert_eq!(code(e.reviews(&e.actor(e.manager), id, Some(Needed::Yes)).await), "break_glass.not_yours_to_review");
        assert_eq!(code(e.reviews(&e.actor(e.bob), id, Some(Needed::Yes)).await), "not_found");
        let alone = without_second_factor(owner.clone());
        assert_eq!(code(e.reviews(&alone, id, Some(Needed::Yes)).await), "actor.no_second_factor");
        assert_eq!(code(e.reviews(&owner, id, None).await), "break_glass.needed_missing");
        assert_eq!(e.row(id).await.state, ReviewState::Open);

        e.reviews(&security, id, Some(Needed::Partly)).await.unwrap();
        let row = e.row(id).await;
        assert_eq!((row.state, row.needed.as_deref()), (ReviewState::Closed, Some("partly")));
        assert_eq!(row.reviewer_name.as_deref(), Some("Sam Shield"));
        assert_eq!(row.findings.as_deref(), Some("Restarted the queue"));
        assert_eq!(row.follow_up.as_deref(), Some(""));
        assert_eq!(e.told("break_glass_reviewed").await, ["Ann Berg"]);
        assert_eq!(code(e.reviews(&owner, id, Some(Needed::No)).await), "break_glass.closed");
        assert_eq!(e.row(id).await.needed.as_deref(), Some("partly"));
        assert_eq!(e.world.events("break_glass_reviewed").await, 1);
        e.replays().await;
    }

    /// Whoever took it says what they did, as often as they like until somebody has looked.
    async fn whoever_took_it_says_what_they_did(world: World) {
        let e = Emergency::new(world).await;
        let taken = e.taken(e.ann).await;
        let says = async |who: IdentityId, words: &str| {
            e.tick();
            write_account(&e.world.db, e.world.clock.as_ref(), &e.actor(who), taken.review, words).await
        };
        assert_eq!(code(says(e.ann, "  ").await), "break_glass.account_missing");
        assert_eq!(code(says(e.ann, &"é".repeat(1001)).await), "break_glass.account_too_long");
        assert_eq!(code(says(e.owner, "I saw it").await), "break_glass.not_yours_to_tell");
        assert_eq!(code(says(e.bob, "Me, too").await), "not_found");
        says(e.ann, " Restarted the queue ").await.unwrap();
        says(e.ann, "Restarted the queue twice").await.unwrap();
        assert_eq!(e.row(taken.review).await.account, "Restarted the queue twice");
        assert_eq!(e.world.events("break_glass_reported").await, 2, "what was said before stays in the log");
        e.over().await;
        e.reviews(&e.actor(e.owner), taken.review, Some(Needed::Yes)).await.unwrap();
        assert_eq!(code(says(e.ann, "And once more").await), "break_glass.closed");
        e.replays().await;
    }

    /// Overdue is told once, and keeps them from taking another until somebody has looked.
    async fn while_a_review_is_overdue_nothing_else_can_be_taken(world: World) {
        let e = Emergency::new(world).await;
        let other = e.marked("other", "true", &json!({})).await;
        let taken = e.taken(e.ann).await;
        e.over().await;
        // It isn't due yet, so another one may be taken.
        let second = e.takes(e.ann, other, 1, WHY).await.unwrap();
        give_back(&e.world.db, e.world.clock.as_ref(), &e.actor(e.ann), second.grant).await.unwrap();
        e.world.advance(TimeDelta::days(2) - TimeDelta::minutes(3));
        assert_eq!(e.tells_overdue().await, 0);
        e.world.advance(TimeDelta::minutes(2));
        assert_eq!(e.tells_overdue().await, 1);
        assert_eq!(e.tells_overdue().await, 0, "once");
        assert_eq!(e.told("break_glass_overdue").await, ["Ann Berg", "Olga Owner", "Sam Shield"]);
        assert_eq!(e.world.events("break_glass_review_overdue").await, 1);
        let Err(ServiceError::Refused(no)) = e.takes(e.ann, other, 1, WHY).await else { panic!("refused") };
        assert_eq!(no.code, "break_glass.review_overdue");
        assert_eq!(no.why, "The review of Role shell, which you took before, is overdue.");
        // A colleague isn't kept from it.
        e.taken(e.bob).await;
        e.reviews(&e.actor(e.owner), taken.review, Some(Needed::Yes)).await.unwrap();
        e.takes(e.ann, other, 1, WHY).await.unwrap();
        e.replays().await;
    }

    /// Also before the worker has come by: the time counts, not the telling.
    async fn an_overdue_review_counts_before_it_is_told(world: World) {
        let e = Emergency::new(world).await;
        e.taken(e.ann).await;
        e.over().await;
        e.world.advance(TimeDelta::days(2));
        assert_eq!(code(e.takes(e.ann, e.shell, 1, WHY).await), "break_glass.review_overdue");
    }

    /// Without anybody else who could review it, it can't be taken; administrators do where nobody else is left.
    async fn somebody_else_has_to_be_able_to_review_it(world: World) {
        let e = Emergency::new(world).await;
        // The only one on the security team owns a role of their own.
        let own = e.world.policy("own", &policy("own", "true", &json!({}))).await;
        let own = e.world.role("own", Some(e.security), own, &[e.write]).await;
        assert_eq!(code(e.takes(e.security, own, 1, WHY).await), "break_glass.nobody_could_review");
        e.holds(e.boss, PortalRole::Administrator).await;
        let taken = e.takes(e.security, own, 1, WHY).await.unwrap();
        let mut c = e.world.db.read().await.unwrap();
        let told = store::who_was_told(&mut c, taken.review, 10).await.unwrap();
        assert!(told.iter().any(|t| t.name == "Bea Boss"), "{told:?}");
        drop(c);
        // Who reviews it may end it, too.
        let ended = end_grant(&e.world.db, e.world.clock.as_ref(), &e.actor(e.boss), taken.grant, "Not now").await;
        assert_eq!(ended.unwrap(), e.security);
        e.reviews(&e.actor(e.boss), taken.review, Some(Needed::No)).await.unwrap();
    }

    /// Where the policy would have refused a request, the owner and security are told all the same.
    async fn what_nobody_would_have_decided_is_told_to_those_who_review(world: World) {
        let e = Emergency::new(world).await;
        let rules = json!({"stages": [], "rules": [
            {"name": "Never", "when": "true", "then": {"refuse": "Nobody asks for this."}}]});
        let role = e.marked("never", "true", &rules).await;
        e.takes(e.ann, role, 4, WHY).await.unwrap();
        assert_eq!(e.told("break_glass_taken").await, ["Olga Owner", "Sam Shield"]);
    }

    /// Whoever reviews it ends it before its time; the review stays due.
    async fn the_owner_ends_it_before_its_time(world: World) {
        let e = Emergency::new(world).await;
        let taken = e.taken(e.ann).await;
        e.tick();
        end_grant(&e.world.db, e.world.clock.as_ref(), &e.actor(e.owner), taken.grant, "It is mended").await.unwrap();
        assert_eq!(e.wanted(e.ann, e.write).await.as_deref(), Some("absent"));
        let row = e.row(taken.review).await;
        assert_eq!((row.state, row.end_reason.as_deref()), (ReviewState::Open, Some("revoked")));
        e.reviews(&e.actor(e.owner), taken.review, Some(Needed::Yes)).await.unwrap();
    }

    /// Somebody who left keeps nothing, and their review can still be closed.
    async fn promise_07_the_review_outlives_whoever_took_it(world: World) {
        let e = Emergency::new(world).await;
        let taken = e.taken(e.ann).await;
        e.tick();
        let mut tx = e.world.tx().await;
        identities::lock(&mut tx, &[e.ann]).await.unwrap();
        latchkey_store::testing::set_status(&mut tx, e.ann, Status::Terminated).await.unwrap();
        let host = Actor::Host.reference();
        let events = latchkey_service::leave::person_left(&mut tx, e.ann, &host).await.unwrap();
        tx.commit(events).await.unwrap();
        assert_eq!(e.grant(taken.grant).await.end_reason.as_deref(), Some("terminated"));
        e.reviews(&e.actor(e.security), taken.review, Some(Needed::Yes)).await.unwrap();
    }

    async fn lists_go_by_key_and_show_everybody_their_own(world: World) {
        let e = Emergency::new(world).await;
        let mut ids = Vec::new();
        for n in 0..5 {
            let who = e.world.person(&format!("Pat Pager{n}"), Some(e.manager)).await;
            ids.push(e.taken(who).await.review.0);
        }
        e.taken(e.ann).await;
        let now = e.world.now();
        let mut c = e.world.db.read().await.unwrap();
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = store::list(&mut c, Sight::All, Which::Open, now, before, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id());
            seen.extend(page.iter().map(|r| r.id));
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.is_sorted_by(|a, b| a > b), "the newest first, each once");
        let of = async |c: &mut latchkey_store::Read, who| {
            store::list(c, Sight::Of(who), Which::Open, now, None, 100).await.unwrap().len()
        };
        assert_eq!((of(&mut c, e.ann).await, of(&mut c, e.owner).await, of(&mut c, e.bob).await), (1, 6, 0));
        assert_eq!(store::list(&mut c, Sight::All, Which::Overdue, now, None, 10).await.unwrap().len(), 0);
        let late = now + TimeDelta::days(3);
        assert_eq!(store::list(&mut c, Sight::All, Which::Overdue, late, None, 10).await.unwrap().len(), 6);
        assert_eq!(store::list(&mut c, Sight::All, Which::Closed, now, None, 10).await.unwrap().len(), 0);
        // What waits: the owner's reviews, and what they said nothing about themselves.
        let waits = |who, all| (who, all);
        for ((who, all), most) in [(waits(e.owner, false), 6), (waits(e.ann, false), 1), (waits(e.bob, false), 0), (waits(e.security, true), 6)] {
            assert_eq!(store::waiting_for(&mut c, who, all, 10).await.unwrap().len(), most);
        }
    }
}

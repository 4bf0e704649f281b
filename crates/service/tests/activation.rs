//! Eligible roles: approved once, activated for hours, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    GrantId, IdentityId, ItemId,
    actor::Actor,
    grant::GrantState,
    item::{ItemState, Verdict},
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError, ServiceResult,
    activate::{self, ActivationWish},
    end_grant, expire, give_back, leave, replay,
    separation::exceptions::{self, ExceptionWish},
    submit_request::Submitted,
};
use latchkey_store::{
    grants::{self, GrantRow},
    identities,
};
use latchkey_testkit::{Role, World, both_databases};
use scene::{Scene, code, policy};
use serde_json::{Value, json};
use uuid::Uuid;

/// A role whose policy says that the manager decides once, and these stages each time it is activated.
async fn eligible(s: &Scene, key: &str, stages: Value) -> Role {
    let mut body = policy(&json!([{"approvers": "manager"}]));
    body["schema"] = json!(3);
    body["policy"]["activation"] = json!({"max": "8h", "default": "2h", "offer": ["1h", "2h", "8h"]});
    if stages != json!([]) {
        body["policy"]["activation"]["stages"] = stages;
    }
    let id = s.world.policy(key, &body).await;
    s.world.role(key, Some(s.owner), id, &[s.read]).await
}

fn wish(right: GrantId, hours: u32) -> ActivationWish {
    ActivationWish {
        form_key: Uuid::new_v4(),
        right,
        duration: Span::from_hours(hours).unwrap(),
        reason: "Restart the order queue, OPS-214".to_owned(),
    }
}

async fn activate(s: &Scene, who: IdentityId, right: GrantId, hours: u32) -> ServiceResult<Submitted> {
    s.world.advance(TimeDelta::seconds(1));
    activate::activate(&s.world.db, s.world.clock.as_ref(), &s.actor(who), &wish(right, hours)).await
}

async fn active(s: &Scene, who: IdentityId) -> Vec<GrantRow> {
    let live = grants::live_of(&mut s.world.db.read().await.unwrap(), who).await.unwrap();
    live.into_iter().filter(|g| g.state == GrantState::Active).collect()
}

async fn grant(s: &Scene, id: GrantId) -> GrantRow {
    grants::get(&mut s.world.db.read().await.unwrap(), id).await.unwrap().unwrap()
}

/// The log tells the same as the tables.
async fn agrees(world: &World) {
    let mut c = world.db.read().await.unwrap();
    let told = replay::from_log(&mut c, None).await.unwrap();
    let is = replay::from_tables(&mut c).await.unwrap();
    assert_eq!(told.items, is.items);
    assert_eq!(told.grants, is.grants);
}

both_databases! {
    /// An approved request gives no access; an activation does, for hours, and it ends by itself.
    async fn promise_06_nothing_is_wanted_until_it_is_activated_and_not_a_moment_longer(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([])).await;
        let right = s.gets(s.ann, role).await;
        let row = grant(&s, right).await;
        assert_eq!((row.state, row.eligible), (GrantState::Eligible, true));
        assert_eq!(s.wanted(s.ann, s.read).await, None);

        let done = activate(&s, s.ann, right, 2).await.unwrap();
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"));
        let given = active(&s, s.ann).await.remove(0);
        assert_eq!(given.ends_at, Some(given.starts_at + TimeDelta::hours(2)));
        assert_eq!(given.activates_id, Some(right.0));
        assert_eq!(given.item_id.map(ItemId), Some(s.item_of(done.request).await));
        // Its owner hears of it.
        assert_eq!(
            s.world.texts("select i.display_name || ': ' || n.subject from notice n join identity i on i.id = n.recipient_id where n.kind = 'activated'").await,
            ["Olga Owner: Ann Berg activated Role prod"]
        );

        s.world.advance(TimeDelta::hours(2));
        assert_eq!(expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 1);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        assert_eq!(grant(&s, right).await.state, GrantState::Eligible, "the right stays");
        // Again, and ended now.
        activate(&s, s.ann, right, 8).await.unwrap();
        let given = active(&s, s.ann).await.remove(0);
        s.world.advance(TimeDelta::seconds(1));
        give_back::give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), given.id()).await.unwrap();
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        agrees(&s.world).await;
    }

    /// Hours are hours: a whole day doesn't last until the end of the day after.
    async fn promise_06_an_activation_for_a_day_ends_after_24_hours(world: World) {
        let s = Scene::new(world).await;
        let mut body = policy(&json!([{"approvers": "manager"}]));
        body["schema"] = json!(3);
        body["policy"]["activation"] = json!({"max": "24h", "default": "24h", "offer": ["24h"]});
        let id = s.world.policy("day", &body).await;
        let role = s.world.role("day", Some(s.owner), id, &[s.read]).await;
        let right = s.gets(s.ann, role).await;
        activate(&s, s.ann, right, 24).await.unwrap();
        let given = active(&s, s.ann).await.remove(0);
        assert_eq!(given.ends_at, Some(given.starts_at + TimeDelta::hours(24)));
        s.world.advance(TimeDelta::hours(24));
        assert_eq!(expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 1);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
    }

    /// The right ends: what was activated by it ends no later.
    async fn promise_06_an_activation_ends_with_its_right(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([])).await;
        let right = s.gets(s.ann, role).await;
        let end = grant(&s, right).await.ends_at.unwrap();
        s.world.advance(end - s.world.now() - TimeDelta::hours(1));
        activate(&s, s.ann, right, 8).await.unwrap();
        assert_eq!(active(&s, s.ann).await[0].ends_at, Some(end), "not beyond the right");
        s.world.advance(TimeDelta::hours(1));
        assert_eq!(expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap(), 2);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        assert_eq!(code(activate(&s, s.ann, right, 1).await), "activation.ended");

        // The role's owner takes the right away while it is in use.
        let right = s.gets(s.bob, role).await;
        activate(&s, s.bob, right, 2).await.unwrap();
        s.world.advance(TimeDelta::seconds(1));
        end_grant::end_grant(&s.world.db, s.world.clock.as_ref(), &s.actor(s.owner), right, "The migration is over").await.unwrap();
        assert_eq!(s.wanted(s.bob, s.read).await.as_deref(), Some("absent"));
        assert!(active(&s, s.bob).await.is_empty());
        agrees(&s.world).await;
    }

    /// A leaver's rights and activations end at once.
    async fn promise_07_a_leaver_activates_nothing(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([{"approvers": "owner"}])).await;
        let open = eligible(&s, "stage", json!([])).await;
        let (right, other) = (s.gets(s.ann, role).await, s.gets(s.ann, open).await);
        let asked = activate(&s, s.ann, right, 2).await.unwrap();
        activate(&s, s.ann, other, 2).await.unwrap();
        s.world.advance(TimeDelta::seconds(1));
        s.world.run("update identity set status = 'terminated' where display_name = 'Ann Berg'").await;
        let mut tx = s.world.tx().await;
        identities::lock(&mut tx, &[s.ann]).await.unwrap();
        let events = leave::person_left(&mut tx, s.ann, &Actor::Host.reference()).await.unwrap();
        tx.commit(events).await.unwrap();
        assert!(grants::live_of(&mut s.world.db.read().await.unwrap(), s.ann).await.unwrap().is_empty());
        assert_eq!(s.state(s.item_of(asked.request).await).await, ItemState::Cancelled);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        agrees(&s.world).await;
    }

    /// By policy, somebody else says yes each time; never the one who activates.
    async fn promise_02_an_activation_may_need_another_approval(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([{"approvers": "owner", "fallback": "manager"}])).await;
        let right = s.gets(s.ann, role).await;
        let asked = activate(&s, s.ann, right, 2).await.unwrap();
        let item = s.item_of(asked.request).await;
        assert!(active(&s, s.ann).await.is_empty());
        assert_eq!(code(activate(&s, s.ann, right, 1).await), "activation.already_waiting");
        assert_eq!(s.approvers(item).await, [s.owner]);
        assert_eq!(code(s.decide(s.ann, item, Verdict::Approve).await), "decision.own_item");
        s.world.advance(TimeDelta::minutes(30));
        assert_eq!(s.approve(s.owner, item).await, ItemState::Approved);
        let given = active(&s, s.ann).await.remove(0);
        assert_eq!(given.starts_at, s.world.now(), "its hours count from the approval");
        assert_eq!(given.ends_at, Some(s.world.now() + TimeDelta::hours(2)));

        // The owner of the role isn't asked about their own.
        let mine = s.ask(s.owner, role).await;
        s.approve(s.boss, mine).await;
        let asked = activate(&s, s.owner, s.grant_of(mine).await, 1).await.unwrap();
        assert_eq!(s.approvers(s.item_of(asked.request).await).await, [s.boss]);
        agrees(&s.world).await;
    }

    /// An approval that comes after the right has ended gives nothing.
    async fn promise_04_a_late_approval_looks_at_the_right_again(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([{"approvers": "owner"}])).await;
        let right = s.gets(s.ann, role).await;
        let asked = activate(&s, s.ann, right, 2).await.unwrap();
        let item = s.item_of(asked.request).await;
        s.world.advance(TimeDelta::seconds(1));
        end_grant::end_grant(&s.world.db, s.world.clock.as_ref(), &s.actor(s.manager), right, "Moved to another team").await.unwrap();
        assert_eq!(code(s.decide(s.owner, item, Verdict::Approve).await), "activation.ended");
        assert!(active(&s, s.ann).await.is_empty());
        assert_eq!(s.decide(s.owner, item, Verdict::Deny).await.unwrap().state, ItemState::Denied);
    }

    /// Each reason why not has its own words, and nothing is written.
    async fn promise_10_what_cannot_be_activated_says_why(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([])).await;
        let right = s.gets(s.ann, role).await;
        let standing = s.gets(s.ann, s.reader).await;
        let before = s.world.events("request_submitted").await;

        assert!(matches!(activate(&s, s.bob, right, 1).await, Err(ServiceError::NotFound)), "it isn't theirs");
        assert!(matches!(activate(&s, s.ann, standing, 1).await, Err(ServiceError::NotFound)), "it is access already");
        let Err(ServiceError::BadInput(long)) = activate(&s, s.ann, right, 9).await else { panic!("9 hours") };
        assert_eq!((long[0].field.as_str(), long[0].code.as_str()), ("duration", "request.duration_too_long"));
        let silent = ActivationWish { reason: " ".to_owned(), ..wish(right, 1) };
        let no = activate::activate(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &silent).await;
        let Err(ServiceError::BadInput(fields)) = no else { panic!("no reason") };
        assert_eq!(fields[0].field, "reason");
        assert_eq!(s.world.events("request_submitted").await, before);

        let sent = wish(right, 1);
        let first = activate::activate(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &sent).await.unwrap();
        let again = activate::activate(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), &sent).await.unwrap();
        assert_eq!((again.request, again.again), (first.request, true), "a form sent twice is one activation");
        assert_eq!(code(activate(&s, s.ann, right, 1).await), "activation.already_active");
        let token = Actor::Worker("test");
        assert_eq!(code(activate::activate(&s.world.db, s.world.clock.as_ref(), &token, &sent).await), "activation.not_a_person");
    }

    /// Today's rules decide, not those of the day when the right was given.
    async fn promise_04_a_right_is_used_by_the_rules_of_today(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([])).await;
        let right = s.gets(s.ann, role).await;
        // A rule that came later keeps it apart from what she has otherwise.
        s.gets(s.ann, s.writer_of_one().await).await;
        let other = s.world.number("select count(*) from role_grant where state = 'active'").await;
        assert_eq!(other, 1);
        let rule = s.world.separation_rule("apart", s.boss, &[(&[role.id], &[]), (&[], &[s.write])], None).await;
        assert_eq!(code(activate(&s, s.ann, right, 1).await), "activation.separation");
        let until = s.world.now().date_naive() + chrono::Days::new(10);
        let except = ExceptionWish { rule, person: s.ann, reason: "Covers for somebody".to_owned(), until };
        exceptions::grant(&s.world.db, &*s.world.clock, &s.actor(s.boss), &except, "UTC").await.unwrap();
        // Employment counts, too.
        s.world.run("update person set employment_type = 'contractor' where external_id in (select external_id from person p join identity i on i.id = p.identity_id where i.display_name = 'Ann Berg')").await;
        assert_eq!(code(activate(&s, s.ann, right, 1).await), "activation.employment_type_not_allowed");
        s.world.run("update person set employment_type = 'employee'").await;
        activate(&s, s.ann, right, 1).await.unwrap();
        assert_eq!(active(&s, s.ann).await.len(), 2);
    }

    /// Asking for the right again is an extension, and an activation stands in nobody's way.
    async fn a_right_is_extended_like_access(world: World) {
        let s = Scene::new(world).await;
        let role = eligible(&s, "prod", json!([])).await;
        let right = s.gets(s.ann, role).await;
        activate(&s, s.ann, right, 2).await.unwrap();
        let more = s.ask(s.ann, role).await;
        s.world.advance(TimeDelta::seconds(1));
        assert_eq!(s.approve(s.manager, more).await, ItemState::Approved);
        let next = grant(&s, s.grant_of(more).await).await;
        assert_eq!((next.state, next.eligible, Some(next.starts_at)), (GrantState::Scheduled, true, grant(&s, right).await.ends_at));
        s.world.advance(TimeDelta::days(31));
        expire::end_due_grants(&s.world.db, s.world.clock.as_ref(), 10).await.unwrap();
        assert_eq!(grant(&s, next.id()).await.state, GrantState::Eligible);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
        agrees(&s.world).await;
    }

    /// A policy that asks for activation from now on gives nobody standing access, whatever was asked for before.
    async fn promise_04_what_was_asked_for_before_a_policy_changed_is_a_right_too(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let mut c = s.world.db.read().await.unwrap();
        let today = latchkey_service::facts::role_today(&mut c, s.reader.id).await.unwrap();
        drop(c);
        let mut policy = today.policy;
        policy.policy.activation = Some(serde_json::from_value(json!({"max": "8h", "default": "2h", "offer": ["2h"]})).unwrap());
        let body = policy.to_json().unwrap().replace('\'', "''");
        s.world.run(&format!("update policy_version set body = '{body}' where body like '%\"key\":\"p\"%'")).await;
        assert_eq!(s.approve(s.manager, item).await, ItemState::Approved);
        let row = grant(&s, s.grant_of(item).await).await;
        assert_eq!((row.state, row.eligible), (GrantState::Eligible, true));
        assert_eq!(s.wanted(s.ann, s.read).await, None);
    }
}

impl Scene {
    /// A role that gives `write`, decided by the manager alone.
    async fn writer_of_one(&self) -> Role {
        let id = self.world.policy("plain", &policy(&json!([{"approvers": "manager"}]))).await;
        self.world.role("plain", Some(self.owner), id, &[self.write]).await
    }
}

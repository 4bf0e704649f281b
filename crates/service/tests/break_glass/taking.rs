//! Taking a role: who may, who is told, and how it ends.

use chrono::TimeDelta;
use latchkey_domain::{
    actor::Actor,
    break_glass::ToldBecause,
    grant::{GrantOrigin, GrantState},
    identity::{EmploymentType, Status},
    portal_role::PortalRole,
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError,
    break_glass::{self, may_see},
    expire, facts,
    submit_request::{ItemWish, Submission, submit_request},
};
use latchkey_store::break_glass as store;
use latchkey_testkit::{Role, World, both_databases};
use serde_json::json;
use uuid::Uuid;

use crate::{
    emergency::{Emergency, WHY, without_second_factor},
    scene::code,
};

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
}

//! The review that falls due: who does it and when, and what follows when nobody does.

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId,
    actor::Actor,
    break_glass::{Needed, ReviewState},
    identity::Status,
    portal_role::PortalRole,
};
use latchkey_service::{ServiceError, break_glass::write_account, end_grant::end_grant, give_back::give_back};
use latchkey_store::{
    break_glass::{self as store, Sight, Which},
    identities,
};
use latchkey_testkit::{World, both_databases};
use serde_json::json;

use crate::{
    emergency::{Emergency, WHY, policy, with_role, without_second_factor},
    scene::code,
};

both_databases! {
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

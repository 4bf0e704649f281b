//! Pieces of work, and what ends soon: extended, let go of and renewed together, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    GrantId, IdentityId, ItemId, RequestId,
    actor::{Actor, PersonActor},
    grant::GrantState,
    item::{ItemState, Verdict},
};
use latchkey_policy::Span;
use latchkey_service::{
    FieldProblem, ServiceError, ServiceResult,
    expiring::{self, Extension, Whose},
    pieces, replay,
    submit_request::{ItemWish, Submission, Submitted, Terms, submit_with},
};
use latchkey_store::{
    expiring::{self as store, ExpiringRow},
    grants, item_terms, items,
    request_reads::{self, Which},
};
use latchkey_testkit::{Role, World, both_databases};
use scene::{Scene, code};
use uuid::Uuid;

fn person(s: &Scene, who: IdentityId) -> PersonActor {
    let Actor::Person(person) = s.actor(who) else { panic!("a person") };
    person
}

/// Asks for a role for a piece of work, and the manager approves.
async fn gets_for(s: &Scene, who: IdentityId, role: Role, piece: &str) -> GrantId {
    s.world.advance(TimeDelta::seconds(1));
    let item = asks_for(s, who, role, piece).await.unwrap();
    s.world.advance(TimeDelta::seconds(1));
    if s.approve(s.manager, item).await == ItemState::Waiting {
        s.approve(s.owner, item).await;
    }
    s.grant_of(item).await
}

async fn asks_for(s: &Scene, who: IdentityId, role: Role, piece: &str) -> ServiceResult<ItemId> {
    let wish = ItemWish {
        role: role.id,
        beneficiary: who,
        duration: Span::from_days(7).unwrap(),
        reason: "To do the quarterly report".to_owned(),
    };
    let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
    let terms = [Terms { piece: piece.to_owned(), ..Terms::default() }];
    let done = submit_with(&s.world.db, s.world.clock.as_ref(), &s.actor(who), &submission, &terms).await?;
    Ok(s.item_of(done.request).await)
}

async fn extend(
    s: &Scene,
    who: IdentityId,
    whose: Whose,
    grants: &[GrantId],
    reason: &str,
) -> ServiceResult<Submitted> {
    let asked =
        Extension { form_key: Uuid::new_v4(), whose, grants, length: Some(Span::from_days(30).unwrap()), reason };
    expiring::extend(&s.world.db, s.world.clock.as_ref(), &person(s, who), &asked).await
}

async fn ending(s: &Scene, who: IdentityId) -> Vec<ExpiringRow> {
    let until = s.world.now() + expiring::SOON;
    store::of_person(&mut s.world.db.read().await.unwrap(), who, until, None, 50).await.unwrap()
}

async fn grant(s: &Scene, id: GrantId) -> grants::GrantRow {
    grants::get(&mut s.world.db.read().await.unwrap(), id).await.unwrap().unwrap()
}

async fn items_of(s: &Scene, request: RequestId) -> Vec<items::ItemRow> {
    items::of_request(&mut s.world.db.read().await.unwrap(), request).await.unwrap()
}

fn problems<T: std::fmt::Debug>(result: ServiceResult<T>) -> Vec<FieldProblem> {
    match result {
        Err(ServiceError::BadInput(problems)) => problems,
        other => panic!("expected problems, got {other:?}"),
    }
}

both_databases! {
    async fn a_piece_of_work_goes_from_the_form_to_the_grant(world: World) {
        let s = Scene::new(world).await;
        let held = gets_for(&s, s.ann, s.reader, "  Year-end   close ").await;
        let waiting = asks_for(&s, s.ann, s.writer, "OPS-214").await.unwrap();
        let mut c = s.world.db.read().await.unwrap();
        assert_eq!(pieces::suggested(&mut c, s.ann).await.unwrap(), ["OPS-214", "Year-end close"]);
        assert!(pieces::suggested(&mut c, s.bob).await.unwrap().is_empty(), "others' are their own");
        let terms = item_terms::of_items(&mut c, &[waiting.0]).await.unwrap();
        assert_eq!(terms[0].piece.as_deref(), Some("OPS-214"));
        let found = request_reads::visible_to(&mut c, s.ann, Which::All, "%ops-214%", None, 10).await.unwrap();
        assert_eq!(found.len(), 1, "a search finds it by that");
        drop(c);
        assert_eq!(ending(&s, s.ann).await[0].piece.as_deref(), Some("Year-end close"));
        assert_eq!(ending(&s, s.ann).await[0].grant_id, held.0);
        assert_eq!(s.world.texts("select text from event_text where name = 'piece' order by text").await, ["OPS-214", "Year-end close"]);
        let long = "x".repeat(61);
        assert_eq!(code(asks_for(&s, s.bob, s.reader, &long).await), "request.piece_too_long");
        assert_eq!(s.world.number("select count(*) from request").await, 2, "nothing is half-written");
    }

    async fn what_ends_soon_is_grouped_and_paged_by_key(world: World) {
        let s = Scene::new(world).await;
        let other = gets_for(&s, s.ann, s.editor, "").await;
        let first = gets_for(&s, s.ann, s.reader, "Audit").await;
        let second = gets_for(&s, s.ann, s.writer, "audit").await;
        let ids = |rows: &[ExpiringRow]| rows.iter().map(|r| r.grant_id).collect::<Vec<_>>();
        assert_eq!(ids(&ending(&s, s.ann).await), [first.0, second.0, other.0], "what is for nothing comes last");
        let until = s.world.now() + expiring::SOON;
        let mut c = s.world.db.read().await.unwrap();
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = store::of_person(&mut c, s.ann, until, after, 1).await.unwrap();
            let Some(row) = page.first() else { break };
            after = Some(GrantId(row.grant_id));
            seen.push(row.grant_id);
        }
        assert_eq!(seen, [first.0, second.0, other.0], "each once");
        let soon = s.world.now() + TimeDelta::days(1);
        assert!(store::of_person(&mut c, s.ann, soon, None, 50).await.unwrap().is_empty());
        let of_owner = store::of_roles(&mut c, s.owner, until, None, 50).await.unwrap();
        assert_eq!(ids(&of_owner), [other.0, first.0, second.0], "by the roles' keys");
        let rest = store::of_roles(&mut c, s.owner, until, Some(other), 1).await.unwrap();
        assert_eq!(ids(&rest), [first.0]);
        assert!(store::of_roles(&mut c, s.manager, until, None, 50).await.unwrap().is_empty());
    }

    async fn a_piece_of_work_is_extended_in_one_request(world: World) {
        let s = Scene::new(world).await;
        let all = [gets_for(&s, s.ann, s.reader, "OPS-214").await, gets_for(&s, s.ann, s.writer, "OPS-214").await];
        s.world.advance(TimeDelta::days(3));
        let asked = extend(&s, s.ann, Whose::Own, &all, "").await.unwrap();
        let items = items_of(&s, asked.request).await;
        assert_eq!(items.len(), 2);
        let terms = item_terms::of_items(&mut s.world.db.read().await.unwrap(), &[items[0].id, items[1].id]).await.unwrap();
        assert!(terms.iter().all(|t| t.piece.as_deref() == Some("OPS-214") && t.extends_id.is_some()));
        assert!(items.iter().all(|i| i.reason == "To do the quarterly report"), "the reason stays as it was");
        let waits = ending(&s, s.ann).await;
        assert!(waits.iter().all(|row| row.waiting_reference.as_deref() == Some(asked.reference.as_str())));
        s.world.advance(TimeDelta::seconds(1));
        let reader = items.iter().find(|i| i.role_id == s.reader.id.0).unwrap();
        s.approve(s.manager, reader.id()).await;
        let left = ending(&s, s.ann).await;
        assert_eq!(left.len(), 1, "what goes on doesn't end soon");
        assert_eq!(left[0].role_id, s.writer.id.0);
        // What was decided meanwhile isn't asked for once more by a page of before.
        assert_eq!(code(extend(&s, s.ann, Whose::Own, &all, "").await), "expiring.changed");
    }

    async fn all_or_nothing_with_every_problem(world: World) {
        let s = Scene::new(world).await;
        let reader = gets_for(&s, s.ann, s.reader, "OPS-214").await;
        let writer = gets_for(&s, s.ann, s.writer, "OPS-214").await;
        let both = [reader, writer];
        let before = s.world.number("select count(*) from event").await;
        let length = Some(Span::from_days(365).unwrap());
        let asked = Extension { form_key: Uuid::new_v4(), whose: Whose::Own, grants: &both, length, reason: "" };
        let found = problems(expiring::extend(&s.world.db, s.world.clock.as_ref(), &person(&s, s.ann), &asked).await);
        let fields: Vec<String> = found.iter().map(|p| p.field.clone()).collect();
        assert_eq!(fields, [format!("{reader}.duration"), format!("{writer}.duration")]);
        assert_eq!(s.world.number("select count(*) from event").await, before);
        // A lone refusal names its grant, too.
        s.world.run("update identity set status = 'terminated' where display_name in ('Max Manager', 'Olga Owner')").await;
        let found = problems(extend(&s, s.ann, Whose::Own, &[reader], "").await);
        assert_eq!(found[0].field, reader.to_string());
        assert_eq!(code(extend(&s, s.ann, Whose::Own, &[], "").await), "expiring.nothing_chosen");
        assert_eq!(code(extend(&s, s.bob, Whose::Own, &both, "").await), "not_found");
        assert_eq!(s.world.number("select count(*) from item where state = 'waiting'").await, 0);
    }

    async fn letting_go_gives_back_everything_of_these_roles(world: World) {
        let s = Scene::new(world).await;
        let all = [gets_for(&s, s.ann, s.reader, "OPS-214").await, gets_for(&s, s.ann, s.writer, "OPS-214").await];
        let kept = gets_for(&s, s.ann, s.editor, "Audit").await;
        // The reader goes on: what ends last is what there is to let go of, and the one before goes with it.
        s.world.advance(TimeDelta::seconds(1));
        let more = extend(&s, s.ann, Whose::Own, &all[..1], "").await.unwrap();
        s.world.advance(TimeDelta::seconds(1));
        s.approve(s.manager, s.item_of(more.request).await).await;
        let next = s.grant_of(s.item_of(more.request).await).await;
        s.world.advance(TimeDelta::seconds(1));
        let chosen = [next, all[1]];
        let go = async |who| expiring::let_go(&s.world.db, s.world.clock.as_ref(), &person(&s, who), &chosen).await;
        assert_eq!(code(go(s.bob).await), "not_found");
        assert_eq!(go(s.ann).await.unwrap(), 2);
        for id in [all[0], all[1], next] {
            assert_eq!(grant(&s, id).await.end_reason.as_deref(), Some("given_back"), "{id}");
        }
        assert_eq!(grant(&s, kept).await.state, GrantState::Active);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"), "the editor needs it");
        assert_eq!(code(go(s.ann).await), "expiring.changed", "once");
        let mut c = s.world.db.read().await.unwrap();
        let log = replay::from_log(&mut c, None).await.unwrap();
        let differences = log.differences(&replay::from_tables(&mut c).await.unwrap());
        assert!(!differences.iter().any(|d| d.starts_with("item") || d.starts_with("grants")), "{differences:?}");
    }

    async fn promise_02_an_owner_who_renews_asks_and_does_not_decide(world: World) {
        let s = Scene::new(world).await;
        let ann = gets_for(&s, s.ann, s.reader, "OPS-214").await;
        let bob = gets_for(&s, s.bob, s.reader, "").await;
        assert_eq!(code(extend(&s, s.owner, Whose::OfMyRoles, &[ann, bob], " ").await), "expiring.reason_missing");
        let asked = extend(&s, s.owner, Whose::OfMyRoles, &[ann, bob], "The audit goes on").await.unwrap();
        let items = items_of(&s, asked.request).await;
        assert_eq!(items.len(), 2);
        for item in &items {
            assert_eq!(item.requester_id, s.owner.0);
            assert_eq!(s.approvers(item.id()).await, [s.manager], "the owner isn't asked");
            assert_eq!(code(s.decide(s.owner, item.id(), Verdict::Approve).await), "decision.own_item");
        }
        s.world.advance(TimeDelta::seconds(1));
        assert_eq!(s.approve(s.manager, items[0].id()).await, ItemState::Approved);
        // Where the policy names the owner alone for a step, they can't ask for it: that is said, grant by grant.
        let writer = gets_for(&s, s.ann, s.writer, "OPS-214").await;
        let found = problems(extend(&s, s.owner, Whose::OfMyRoles, &[writer], "The audit goes on").await);
        assert_eq!((found.len(), found[0].field.as_str()), (1, writer.to_string().as_str()));
        // Nobody renews what they don't own, and nobody asks in this way for more than there is.
        assert_eq!(code(extend(&s, s.manager, Whose::OfMyRoles, &[writer], "Why not").await), "not_found");
        assert_eq!(code(s.ask_for(s.owner, s.editor, s.ann, 7).await), "request.not_your_report");
        let more = s.ask_for(s.owner, s.editor, s.owner, 7).await.unwrap();
        s.approve(s.boss, s.item_of(more.request).await).await;
        let own = s.grant_of(s.item_of(more.request).await).await;
        assert_eq!(code(extend(&s, s.owner, Whose::OfMyRoles, &[own], "Mine").await), "not_found");
    }
}

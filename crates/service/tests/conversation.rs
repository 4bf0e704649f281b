//! Messages between those who ask and those who decide, access that is ended before its time, and approvals for less time,
//! on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use latchkey_domain::{
    IdentityId, ItemId,
    actor::Actor,
    item::{ItemState, Verdict},
    portal_role::PortalRole,
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceResult,
    decide_item::{Decided, Decision, decide_item_for},
    end_grant::end_grant,
    give_back::give_back,
    write_message::{MAX_MESSAGES, write_message},
};
use latchkey_store::{fulfilments, grants, items};
use latchkey_testkit::{World, both_databases};
use scene::{Scene, code};

async fn write(s: &Scene, who: IdentityId, item: ItemId, words: &str) -> ServiceResult<latchkey_domain::RequestId> {
    write_message(&s.world.db, s.world.clock.as_ref(), &s.actor(who), item, words).await
}

async fn end(s: &Scene, actor: &Actor, grant: latchkey_domain::GrantId) -> ServiceResult<IdentityId> {
    end_grant(&s.world.db, s.world.clock.as_ref(), actor, grant, "The project is over").await
}

async fn approve_for(s: &Scene, who: IdentityId, item: ItemId, at_most: &str) -> ServiceResult<Decided> {
    let decision = Decision { item, stage: None, verdict: Verdict::Approve, comment: String::new() };
    let span: Span = at_most.parse().unwrap();
    decide_item_for(&s.world.db, s.world.clock.as_ref(), &s.actor(who), &decision, Some(span)).await
}

fn security(s: &Scene, who: IdentityId) -> Actor {
    let Actor::Person(mut person) = s.actor(who) else { panic!("a person") };
    person.portal_roles = vec![PortalRole::Security];
    Actor::Person(person)
}

both_databases! {
    /// Both sides write, the other side is told, and what was written stands beside the event.
    async fn promise_01_questions_and_answers_are_on_record(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        write(&s, s.manager, item, "  For which quarter?  ").await.unwrap();
        write(&s, s.ann, item, "The second quarter of this year").await.unwrap();
        // The owner of the role isn't asked to decide, and still may ask.
        write(&s, s.owner, item, "Would reading be enough?").await.unwrap();
        assert_eq!(s.world.events("message_written").await, 3);
        assert_eq!(s.world.number("select count(*) from event where bytes like '%second quarter%'").await, 0);
        assert_eq!(s.world.number("select count(*) from event_text where text = 'For which quarter?'").await, 1);
        let told = "select i.display_name || ': ' || n.subject from notice n join identity i on i.id = n.recipient_id where n.kind = 'message' order by n.created_at, i.display_name";
        let mut told = s.world.texts(told).await;
        told.sort();
        assert_eq!(told, [
            "Ann Berg: Max Manager wrote about Role reader for Ann Berg",
            "Ann Berg: Olga Owner wrote about Role reader for Ann Berg",
            "Max Manager: Ann Berg wrote about Role reader for Ann Berg",
        ]);
        // What was decided doesn't end the talk.
        s.decide(s.manager, item, Verdict::Deny).await.unwrap();
        write(&s, s.ann, item, "What would make it a yes?").await.unwrap();
        // Those who wrote from the deciding side before still hear of it.
        assert_eq!(s.world.number("select count(*) from notice where kind = 'message'").await, 5);
    }

    /// The inbox says what waits for an answer, and what was answered.
    async fn questions_wait_until_the_other_side_writes(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let line = async || {
            let mut c = s.world.db.read().await.unwrap();
            let rows = latchkey_store::request_reads::inbox(&mut c, s.manager, None, 10).await.unwrap();
            (rows[0].unanswered, rows[0].answers)
        };
        assert_eq!(line().await, (0, 0));
        write(&s, s.manager, item, "For what?").await.unwrap();
        s.world.advance(chrono::TimeDelta::minutes(1));
        write(&s, s.manager, item, "And for how long?").await.unwrap();
        assert_eq!(line().await, (2, 0));
        s.world.advance(chrono::TimeDelta::minutes(1));
        write(&s, s.ann, item, "For the audit, a month").await.unwrap();
        assert_eq!(line().await, (0, 1));
    }

    /// Bad input is refused whole, and strangers aren't told that there is anything.
    async fn promise_10_messages_are_bounded_and_between_the_two_sides(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(code(write(&s, s.bob, item, "Hello").await), "not_found");
        let token = Actor::Token { id: latchkey_domain::TokenId::new(s.world.now()), owner: s.manager };
        assert_eq!(code(write_message(&s.world.db, s.world.clock.as_ref(), &token, item, "Hello").await), "not_found");
        assert_eq!(code(write(&s, s.manager, item, " \n ").await), "message.missing");
        assert_eq!(code(write(&s, s.manager, item, &"é".repeat(1001)).await), "message.too_long");
        write(&s, s.manager, item, &"é".repeat(1000)).await.unwrap();
        for n in 1..MAX_MESSAGES {
            write(&s, s.ann, item, &format!("Number {n}")).await.unwrap();
        }
        assert_eq!(code(write(&s, s.ann, item, "One more").await), "message.too_many");
        assert_eq!(s.world.number("select count(*) from item_message").await, MAX_MESSAGES);
        assert_eq!(s.world.events("message_written").await, MAX_MESSAGES);
    }

    /// Whoever approved takes it back; what another grant still justifies stays.
    async fn promise_06_ending_a_grant_early_keeps_what_another_one_justifies(world: World) {
        let s = Scene::new(world).await;
        let reader = s.gets(s.ann, s.reader).await;
        let editor = s.gets(s.ann, s.editor).await;
        assert_eq!(end(&s, &s.actor(s.manager), editor).await.unwrap(), s.ann);
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("present"), "the reader role still needs it");
        assert_eq!(s.wanted(s.ann, s.write).await.as_deref(), Some("absent"), "nothing needs it any more");
        let mut c = s.world.db.read().await.unwrap();
        let row = grants::get(&mut c, editor).await.unwrap().unwrap();
        assert_eq!(row.end_reason.as_deref(), Some("revoked"));
        let lost = grants::ended_early_of(&mut c, s.ann, s.world.now() - chrono::TimeDelta::days(30), 5).await.unwrap();
        drop(c);
        assert_eq!((lost.len(), lost[0].by_name.as_str(), lost[0].comment.as_str()), (1, "Max Manager", "The project is over"));
        assert_eq!(s.world.events("grant_ended").await, 1);
        assert_eq!(s.world.number("select count(*) from event where bytes like '%project is over%'").await, 0);
        let notice = s.world.texts("select body from notice where kind = 'ended_early'").await;
        assert!(notice.len() == 1 && notice[0].contains("The project is over"), "{notice:?}");
        // The last justification takes the rest with it.
        end(&s, &s.actor(s.owner), reader).await.unwrap();
        assert_eq!(s.wanted(s.ann, s.read).await.as_deref(), Some("absent"));
    }

    /// Whoever may see it and not end it is told who could.
    async fn whoever_asked_for_somebody_is_told_who_may_end_it(world: World) {
        let s = Scene::new(world).await;
        let asked = s.ask_for(s.manager, s.reader, s.ann, 30).await.unwrap();
        let item = s.item_of(asked.request).await;
        assert_eq!(s.approve(s.owner, item).await, ItemState::Approved);
        let grant = s.grant_of(item).await;
        assert_eq!(code(end(&s, &s.actor(s.manager), grant).await), "grant.not_yours_to_end");
        assert_eq!(code(end(&s, &s.actor(s.bob), grant).await), "not_found");
        assert_eq!(end(&s, &s.actor(s.owner), grant).await.unwrap(), s.ann);
    }

    /// Who may end access: its approvers, the role's owner, security; not its holder in this way, and nobody else.
    async fn promise_10_only_those_who_may_end_access_early(world: World) {
        let s = Scene::new(world).await;
        let grant = s.gets(s.ann, s.reader).await;
        assert_eq!(code(end(&s, &s.actor(s.bob), grant).await), "not_found");
        assert_eq!(code(end(&s, &s.actor(s.boss), grant).await), "not_found");
        assert_eq!(code(end(&s, &s.actor(s.ann), grant).await), "grant.own");
        assert_eq!(code(end(&s, &security(&s, s.ann), grant).await), "grant.own");
        let silent = end_grant(&s.world.db, s.world.clock.as_ref(), &s.actor(s.manager), grant, "  ").await;
        assert_eq!(code(silent), "grant.reason_missing");
        let Actor::Person(mut weak) = s.actor(s.manager) else { panic!("a person") };
        weak.assurance.mfa = false;
        assert_eq!(code(end(&s, &Actor::Person(weak), grant).await), "actor.no_second_factor");
        assert_eq!(s.world.events("grant_ended").await, 0);
        end(&s, &security(&s, s.bob), grant).await.unwrap();
        assert_eq!(code(end(&s, &s.actor(s.manager), grant).await), "grant.ended");
        assert_eq!(s.world.events("grant_ended").await, 1);
    }

    /// Holder and approver at the same moment: it ends once.
    async fn promise_06_two_who_end_at_once_end_it_once(world: World) {
        let s = Scene::new(world).await;
        let grant = s.gets(s.ann, s.reader).await;
        let (manager, ann) = (s.actor(s.manager), s.actor(s.ann));
        let back = give_back(&s.world.db, s.world.clock.as_ref(), &ann, grant);
        let (one, two) = tokio::join!(end(&s, &manager, grant), back);
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(s.world.events("grant_ended").await, 1);
        let mut c = s.world.db.read().await.unwrap();
        assert_eq!(fulfilments::of_identity(&mut c, s.ann).await.unwrap().len(), 1);
    }

    /// An approver may give less time than was asked for: the later ones see it, the grant uses it.
    async fn promise_05_an_approval_shortens_and_never_lengthens(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.writer).await;
        assert_eq!(code(approve_for(&s, s.manager, item, "90d").await), "decision.longer_than_asked");
        assert_eq!(code(approve_for(&s, s.manager, item, "6d").await), "decision.too_short");
        assert_eq!(s.state(item).await, ItemState::Waiting);
        assert_eq!(s.world.events("item_decided").await, 0);
        assert_eq!(approve_for(&s, s.manager, item, "14d").await.unwrap().state, ItemState::Waiting);
        let mut c = s.world.db.read().await.unwrap();
        let week = items::get(&mut c, item).await.unwrap().unwrap();
        assert_eq!(week.seconds, Some(14 * 86_400));
        let kept = latchkey_store::shortenings::of_items(&mut c, &[item.0]).await.unwrap();
        drop(c);
        assert_eq!((kept[0].from_seconds, kept[0].to_seconds, kept[0].identity_id), (30 * 86_400, 14 * 86_400, s.manager.0));
        // What one approver took away, the next doesn't give back.
        assert_eq!(code(approve_for(&s, s.owner, item, "30d").await), "decision.longer_than_asked");
        assert_eq!(approve_for(&s, s.owner, item, "7d").await.unwrap().state, ItemState::Approved);
        assert_eq!(s.world.events("item_shortened").await, 2);
        let grant = s.grant_of(item).await;
        let mut c = s.world.db.read().await.unwrap();
        let grant = grants::get(&mut c, grant).await.unwrap().unwrap();
        assert_eq!(grant.ends_at, Some("2027-03-09T00:00:00Z".parse().unwrap()), "seven days, to the end of the day");
    }

    /// A no gives nothing, for however long.
    async fn a_denial_shortens_nothing(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        let decision = Decision { item, stage: None, verdict: Verdict::Deny, comment: "No".to_owned() };
        let span = Some("7d".parse().unwrap());
        decide_item_for(&s.world.db, s.world.clock.as_ref(), &s.actor(s.manager), &decision, span).await.unwrap();
        assert_eq!(s.world.events("item_shortened").await, 0);
        assert_eq!(s.world.number("select count(*) from item_shortening").await, 0);
    }
}

//! How people choose to be told, and what goes into their digests, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId, LeaseId, NoticeId, TokenId, actor::Actor, id::new_uuid, identity::Status, item::Verdict,
};
use latchkey_service::{
    ServiceResult,
    notice_preferences::{Preferences, choose},
    notices::{
        digest,
        kinds::{Choice, Group},
    },
};
use latchkey_store::notices::{self, NewNotice, Sending, digests};
use latchkey_testkit::{World, both_databases, testing};
use scene::{Scene, code};

async fn chooses(s: &Scene, who: IdentityId, wishes: &[(Group, Choice)]) -> ServiceResult<usize> {
    let wishes: BTreeMap<Group, Choice> = wishes.iter().copied().collect();
    choose(&s.world.db, s.world.clock.as_ref(), &s.actor(who), &wishes).await
}

async fn choice(s: &Scene, who: IdentityId, group: Group) -> Choice {
    Preferences::of(&mut s.world.db.read().await.unwrap(), who).await.unwrap().choice(group)
}

/// Every notice of somebody that is due is set aside for their digest, as the worker does.
async fn set_aside(s: &Scene, who: IdentityId) -> usize {
    let mut done = 0;
    let due = notices::due(&mut s.world.db.read().await.unwrap(), s.world.now(), 100).await.unwrap();
    for id in due {
        let mut tx = s.world.tx().await;
        let lease = LeaseId::new(tx.now());
        let until = tx.now() + TimeDelta::minutes(1);
        let row = notices::claim(&mut tx, id, lease, until).await.unwrap().unwrap();
        let kept = Sending::Kept("Not of this test.".to_owned());
        let at = digest::next(s.world.now(), None, "UTC");
        // Digests are sent, never set aside.
        let mine = row.recipient_id == who.0 && row.kind != digest::KIND;
        let sending = if mine { Sending::Waits(at) } else { kept };
        notices::save(&mut tx, id, lease, &sending).await.unwrap();
        tx.commit_bookkeeping().await.unwrap();
        done += usize::from(mine);
    }
    done
}

async fn queue(s: &Scene, to: IdentityId, kind: &'static str, subject: &str) {
    let mut tx = s.world.tx().await;
    let (id, about) = (NoticeId::new(tx.now()), new_uuid(tx.now()));
    let body = "Look here:\n{base}/roles/1\n".to_owned();
    notices::queue(&mut tx, &NewNotice { id, recipient: to, kind, about, subject: subject.to_owned(), body })
        .await
        .unwrap();
    tx.commit_bookkeeping().await.unwrap();
}

async fn morning(s: &Scene) {
    let next = digest::next(s.world.now(), None, "UTC");
    s.world.advance(next - s.world.now());
}

async fn due(s: &Scene) -> Vec<IdentityId> {
    digests::due(&mut s.world.db.read().await.unwrap(), s.world.now(), 10).await.unwrap()
}

async fn assemble(s: &Scene, who: IdentityId) -> u64 {
    let mut tx = s.world.tx().await;
    let n = digest::assemble(&mut tx, who, "UTC").await.unwrap();
    tx.commit_bookkeeping().await.unwrap();
    n
}

const DIGESTS: &str = "select subject from notice where kind = 'digest' order by id";
const WHY_KEPT: &str =
    "select last_error from notice where state = 'kept' and last_error <> 'Not of this test.' order by id";

both_databases! {
    async fn each_person_chooses_for_themselves_and_it_is_on_record(world: World) {
        let s = Scene::new(world).await;
        assert_eq!(choice(&s, s.ann, Group::Requests).await, Choice::AtOnce);
        let wishes = [(Group::Requests, Choice::Digest), (Group::Access, Choice::Off), (Group::Decisions, Choice::AtOnce)];
        assert_eq!(chooses(&s, s.ann, &wishes).await.unwrap(), 2, "what was so before is no change");
        assert_eq!(chooses(&s, s.ann, &wishes).await.unwrap(), 0);
        assert_eq!(choice(&s, s.ann, Group::Requests).await, Choice::Digest);
        assert_eq!(choice(&s, s.bob, Group::Requests).await, Choice::AtOnce);
        assert_eq!(chooses(&s, s.ann, &[(Group::Requests, Choice::AtOnce)]).await.unwrap(), 1);
        assert_eq!(choice(&s, s.ann, Group::Requests).await, Choice::AtOnce);
        assert_eq!(s.world.events("notice_preference_changed").await, 3);
    }

    async fn promise_10_what_keeps_people_safe_is_not_turned_off(world: World) {
        let s = Scene::new(world).await;
        let both = [(Group::Safety, Choice::Off), (Group::Requests, Choice::Off)];
        assert_eq!(code(chooses(&s, s.ann, &both).await), "notices.always");
        assert_eq!(choice(&s, s.ann, Group::Requests).await, Choice::AtOnce, "nothing is half-written");
        assert_eq!(chooses(&s, s.ann, &[(Group::Safety, Choice::Digest)]).await.unwrap(), 1);
        let token = Actor::Token { id: TokenId::new(s.world.now()), owner: s.ann };
        let none = BTreeMap::new();
        assert_eq!(code(choose(&s.world.db, s.world.clock.as_ref(), &token, &none).await), "notices.not_a_person");
        // Whatever a database of another release holds, it stays on.
        s.world.run("update notice_preference set choice = 'off' where kind_group = 'safety'").await;
        assert_eq!(choice(&s, s.ann, Group::Safety).await, Choice::AtOnce);
        assert_eq!(s.world.events("notice_preference_changed").await, 1);
    }

    async fn a_digest_lists_what_still_waits_and_what_happened(world: World) {
        let s = Scene::new(world).await;
        let ann = s.ask(s.ann, s.reader).await;
        s.ask(s.bob, s.reader).await;
        queue(&s, s.manager, "confirmed", "Payroll\r\n- is ready").await;
        assert_eq!(set_aside(&s, s.manager).await, 3);
        assert!(due(&s).await.is_empty());
        // What is decided meanwhile isn't asked for again.
        s.decide(s.manager, ann, Verdict::Deny).await.unwrap();
        morning(&s).await;
        assert_eq!(due(&s).await, [s.manager]);
        assert_eq!(assemble(&s, s.manager).await, 2);
        assert_eq!(s.world.texts(DIGESTS).await, ["Your digest: 1 decision waits for you, and 1 more notice"]);
        let body = s.world.texts("select body from notice where kind = 'digest'").await.remove(0);
        assert!(body.contains("- Bob Cole asks for Role reader, to be decided by "), "{body}");
        assert!(body.contains("- Payroll - is ready: {base}/roles/1\n"), "{body}");
        assert!(!body.contains("Ann Berg"), "{body}");
        assert_eq!(s.world.texts(WHY_KEPT).await, ["It was decided before the digest went out."]);
        // Nothing twice, and nothing lost.
        assert_eq!((assemble(&s, s.manager).await, due(&s).await.len()), (0, 0));
        assert_eq!(s.world.number("select count(*) from notice where state = 'digested' and digest_id is not null").await, 2);
        let told = digests::told_to(&mut s.world.db.read().await.unwrap(), s.manager, None, 10).await.unwrap();
        assert_eq!(told.len(), 3, "the digest itself is no news");
    }

    async fn there_is_one_digest_a_day(world: World) {
        let s = Scene::new(world).await;
        queue(&s, s.ann, "confirmed", "One is ready").await;
        set_aside(&s, s.ann).await;
        morning(&s).await;
        // What comes in that very moment waits for the next day.
        assert_eq!(assemble(&s, s.ann).await, 1);
        queue(&s, s.ann, "confirmed", "Two is ready").await;
        set_aside(&s, s.ann).await;
        s.world.run("update notice set digest_at = created_at where digest_at is not null").await;
        assert_eq!((due(&s).await.len(), assemble(&s, s.ann).await), (1, 0));
        assert!(due(&s).await.is_empty());
        morning(&s).await;
        assert_eq!(assemble(&s, s.ann).await, 1);
        assert_eq!(s.world.texts(DIGESTS).await, ["Your digest: 1 notice", "Your digest: 1 notice"]);
    }

    async fn whoever_left_or_turned_it_off_gets_no_digest(world: World) {
        let s = Scene::new(world).await;
        for who in [s.ann, s.bob] {
            queue(&s, who, "confirmed", "It is ready").await;
            set_aside(&s, who).await;
        }
        chooses(&s, s.bob, &[(Group::Access, Choice::Off)]).await.unwrap();
        let mut tx = s.world.tx().await;
        testing::set_status(&mut tx, s.ann, Status::Terminated).await.unwrap();
        tx.commit_bookkeeping().await.unwrap();
        morning(&s).await;
        for who in due(&s).await {
            assert_eq!(assemble(&s, who).await, 0);
        }
        assert!(s.world.texts(DIGESTS).await.is_empty());
        assert!(due(&s).await.is_empty());
        let mut why = s.world.texts(WHY_KEPT).await;
        why.sort();
        assert_eq!(why, ["Its recipient chose not to be told of this by e-mail.", "Its recipient has left."]);
    }

    /// Of two workers at once, one puts it together.
    async fn two_workers_make_one_digest(world: World) {
        let s = Scene::new(world).await;
        queue(&s, s.ann, "confirmed", "It is ready").await;
        set_aside(&s, s.ann).await;
        morning(&s).await;
        let (one, two) = tokio::join!(assemble(&s, s.ann), assemble(&s, s.ann));
        assert_eq!(one + two, 1);
        assert_eq!(s.world.texts(DIGESTS).await.len(), 1);
    }
}

//! Events: nothing is saved without them, and what was written stays as it was written.

#![expect(clippy::unwrap_used, reason = "what goes wrong here fails the test")]

use std::{collections::BTreeSet, str::FromStr};

use chrono::TimeDelta;
use latchkey_domain::{
    actor::ActorRef,
    event::{EventBody, NewEvent, SubjectKind},
    system::SystemKind,
};
use latchkey_store::{EventKey, StoreError, Url, events, installation, sha256_hex};
use latchkey_testkit::{World, both_databases, testing};

fn restored(epoch: i64) -> NewEvent {
    NewEvent::new(ActorRef::Host, EventBody::RestoreDetected { epoch })
}

/// The clock of a test world stands still; commits at the same instant have no order among them.
fn a_moment_later(world: &World) {
    world.advance(TimeDelta::seconds(1));
}

async fn all(world: &World) -> Vec<events::EventRow> {
    events::all_after(&mut world.db.read().await.unwrap(), None, 10_000).await.unwrap()
}

both_databases! {
    async fn promise_01_a_change_without_its_events_is_refused_and_nothing_is_written(world: World) {
        let mut tx = world.tx().await;
        testing::add_person(&mut tx, &world.person_spec("Ann Berg", None)).await.unwrap();
        let refused = tx.commit(vec![]).await;
        assert!(matches!(refused, Err(StoreError::Misuse(_))), "{refused:?}");
        assert_eq!(world.number("select count(*) from person").await, 0);
    }

    async fn promise_01_a_change_and_its_events_are_saved_together_or_not_at_all(world: World) {
        let before = all(&world).await.len();
        let mut tx = world.tx().await;
        let (_, event) = testing::add_person(&mut tx, &world.person_spec("Ann Berg", None)).await.unwrap();
        tx.rollback().await.unwrap();
        let mut tx = world.tx().await;
        testing::add_person(&mut tx, &world.person_spec("Bo Dahl", None)).await.unwrap();
        drop(tx);
        assert_eq!(world.number("select count(*) from person").await, 0);
        assert_eq!(all(&world).await.len(), before);

        // The second event can't be written (a text twice beside it): neither the first nor the change is there then.
        let mut tx = world.tx().await;
        testing::add_person(&mut tx, &world.person_spec("Cy Ek", None)).await.unwrap();
        let twice = restored(2).text("reason", "one").text("reason", "another");
        assert!(tx.commit(vec![event, twice]).await.is_err());
        assert_eq!(world.number("select count(*) from person").await, 0);
        assert_eq!(all(&world).await.len(), before);
        assert_eq!(world.number("select count(*) from event_text").await, 0);
    }

    async fn an_event_keeps_its_exact_bytes_under_its_mac(world: World) {
        a_moment_later(&world);
        let ann = world.person("Ann Berg", None).await;
        let row = all(&world).await.pop().unwrap();
        let key = world.db.event_key();
        assert_eq!(row.kind, "person_added");
        assert_eq!(row.verify(key), Some(true));
        assert_eq!(row.mac, key.mac(row.bytes.as_bytes()));

        let envelope = row.envelope().unwrap();
        assert_eq!(serde_json::to_string(&envelope).unwrap(), row.bytes, "reading and writing gives the same bytes");
        assert_eq!((envelope.id.0, envelope.at, envelope.v), (row.id, row.recorded_at, 1));
        assert_eq!(envelope.body.subjects(), [(SubjectKind::Identity, ann.0)]);

        let mut changed = row.clone();
        changed.bytes = changed.bytes.replace("active", "on_leave");
        assert_eq!(changed.verify(key), Some(false));
        let mut other = row.clone();
        other.mac.replace_range(0..1, if row.mac.starts_with('0') { "1" } else { "0" });
        assert_eq!(other.verify(key), Some(false));
        let stranger = EventKey::new(&[7; 32]).unwrap();
        assert_eq!(row.verify(&stranger), None, "another key can't tell");
    }

    async fn bytes_survive_what_json_columns_would_rewrite(world: World) {
        // Key order, spaces in strings, unusual characters: a jsonb column would change some of them.
        let path = "/do/x?  z=1&a=ü\u{1F511}\u{7f}\"\\\u{0007}";
        let body = EventBody::ForeignChangeRefused { path: path.to_owned(), origin: "1e999".to_owned() };
        a_moment_later(&world);
        world.tx().await.commit(vec![NewEvent::new(ActorRef::Unknown, body.clone())]).await.unwrap();
        let row = all(&world).await.pop().unwrap();
        assert_eq!(row.verify(world.db.event_key()), Some(true));
        assert_eq!(row.envelope().unwrap().body, body);
    }

    async fn personal_text_stands_beside_the_event_which_holds_its_salted_hash(world: World) {
        let event = || restored(2).text("reason", "Because Ann asked for it");
        a_moment_later(&world);
        world.tx().await.commit(vec![event(), event()]).await.unwrap();
        let rows = all(&world).await;
        let [first, second] = &rows[rows.len() - 2..] else { panic!("two events") };
        assert!(!first.bytes.contains("Ann"), "{}", first.bytes);

        let mut read = world.db.read().await.unwrap();
        let texts = events::texts(&mut read, &[first.id, second.id]).await.unwrap();
        assert_eq!(texts.len(), 2);
        let salts: BTreeSet<_> = texts.iter().map(|t| t.salt.clone()).collect();
        assert_eq!(salts.len(), 2, "each text has a salt of its own, so that equal texts can't be told");
        for (row, other) in [(first, second), (second, first)] {
            let text = texts.iter().find(|t| t.event_id == row.id).unwrap();
            assert_eq!(text.text.as_deref(), Some("Because Ann asked for it"));
            assert_eq!(text.fits(&row.envelope().unwrap()), Some(true));
            assert_eq!(text.fits(&other.envelope().unwrap()), Some(false));
            let expected = sha256_hex(format!("{}\0Because Ann asked for it", text.salt).as_bytes());
            assert_eq!(row.envelope().unwrap().texts["reason"], expected);
        }
        drop(read);

        world.run("update event_text set text = 'Because Bo asked for it'").await;
        let texts = events::texts(&mut world.db.read().await.unwrap(), &[first.id]).await.unwrap();
        assert_eq!(texts[0].fits(&first.envelope().unwrap()), Some(false), "another text doesn't fit");

        world.run("update event_text set text = null").await;
        let texts = events::texts(&mut world.db.read().await.unwrap(), &[first.id]).await.unwrap();
        assert_eq!(texts[0].fits(&first.envelope().unwrap()), None, "an erased text proves nothing either way");
        assert_eq!(all(&world).await.pop().unwrap().verify(world.db.event_key()), Some(true), "and the event stays proved");
    }

    async fn events_and_their_subjects_are_never_changed_or_deleted(world: World) {
        world.person("Ann Berg", None).await;
        let before = all(&world).await;
        for sql in [
            "update event set bytes = '{}'",
            "update event set recorded_at = recorded_at",
            "delete from event",
            "update event_subject set subject_kind = 'role'",
            "delete from event_subject",
        ] {
            let refused = testing::run(&world.db, sql).await;
            let words = refused.expect_err(sql).to_string();
            assert!(words.contains("never changed or deleted"), "{sql}: {words}");
        }
        let after = all(&world).await;
        assert_eq!(before.len(), after.len());
        assert!(before.iter().zip(&after).all(|(a, b)| a.bytes == b.bytes && a.mac == b.mac));
        assert_eq!(world.number("select count(*) from event_subject where subject_kind = 'identity'").await, 1);
    }

    async fn events_are_found_by_what_they_are_about(world: World) {
        let ann = world.person("Ann Berg", None).await;
        let bo = world.person("Bo Dahl", Some(ann)).await;
        let system = world.system("directory", SystemKind::Ldap, Some(ann)).await;
        a_moment_later(&world);
        // The same person twice in one event is one subject.
        let twice = EventBody::OwnerChanged { role: None, system: Some(system), from: Some(bo), to: Some(bo) };
        world.tx().await.commit(vec![NewEvent::new(ActorRef::Host, twice)]).await.unwrap();

        let mut read = world.db.read().await.unwrap();
        let kinds = |rows: Vec<events::EventRow>| rows.into_iter().map(|r| r.kind).collect::<Vec<_>>();
        let of = events::of_subject(&mut read, SubjectKind::Identity, bo.0, 10).await.unwrap();
        assert_eq!(kinds(of), ["person_added", "owner_changed"]);
        let of = events::of_subject(&mut read, SubjectKind::System, system.0, 10).await.unwrap();
        assert_eq!(kinds(of), ["system_applied", "owner_changed"]);
        let of = events::of_subject(&mut read, SubjectKind::System, system.0, 1).await.unwrap();
        assert_eq!(kinds(of), ["system_applied"], "oldest first, no more than asked for");
        let of = events::of_subject(&mut read, SubjectKind::Role, system.0, 10).await.unwrap();
        assert!(of.is_empty(), "the same id as another kind of subject is something else");
    }

    async fn events_of_one_commit_sort_in_the_order_they_were_given(world: World) {
        let given: Vec<NewEvent> = (0..300).map(restored).collect();
        let ids = world.tx().await.commit(given).await.unwrap();
        assert!(ids.is_sorted_by(|a, b| a < b), "each id is greater than the one before");
        let read: Vec<_> = all(&world).await.into_iter().filter(|r| r.kind == "restore_detected").collect();
        assert_eq!(read.iter().map(|r| r.id).collect::<Vec<_>>(), ids.iter().map(|i| i.0).collect::<Vec<_>>());
        for (row, n) in read.iter().zip(0_i64..) {
            assert_eq!(row.envelope().unwrap().body, EventBody::RestoreDetected { epoch: n });
            assert_eq!(row.recorded_at, world.now());
        }
    }

    async fn a_walk_by_key_sees_each_event_once_in_the_order_of_time(world: World) {
        // Fractions of different lengths: as text, SQLite must sort them as time all the same.
        for micros in [500_000, 1, 999_999, 0, 1_000_000, 120_000, 10] {
            let mut tx = world.db.begin(world.now() + TimeDelta::microseconds(1_000 + micros)).await.unwrap();
            tx.announce(latchkey_store::Change::Work);
            tx.commit(vec![restored(micros), restored(micros)]).await.unwrap();
        }
        let mut read = world.db.read().await.unwrap();
        let (mut after, mut seen) = (None, vec![]);
        loop {
            let page = events::all_after(&mut read, after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.recorded_at, last.id));
            seen.extend(page.into_iter().map(|r| (r.recorded_at, r.id, r.envelope().unwrap().body)));
        }
        assert!(seen.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)), "{seen:?}");
        let epochs: Vec<i64> = seen
            .iter()
            .filter_map(|(_, _, b)| if let EventBody::RestoreDetected { epoch } = b { Some(*epoch) } else { None })
            .collect();
        assert_eq!(epochs, [0, 0, 1, 1, 10, 10, 120_000, 120_000, 500_000, 500_000, 999_999, 999_999, 1_000_000, 1_000_000]);
    }

    async fn events_name_the_catalog_in_force(world: World) {
        a_moment_later(&world);
        let mut tx = world.tx().await;
        installation::set_catalog(&mut tx, "c0ffee").await.unwrap();
        tx.commit(vec![restored(2)]).await.unwrap();
        a_moment_later(&world);
        world.tx().await.commit(vec![restored(3)]).await.unwrap();
        let rows = all(&world).await;
        let catalogs: Vec<_> = rows.iter().map(|r| r.envelope().unwrap().catalog).collect();
        assert_eq!(catalogs, [None, Some("c0ffee".to_owned()), Some("c0ffee".to_owned())]);
    }

    async fn an_event_remembers_the_person_who_acted(world: World) {
        let ann = world.person("Ann Berg", None).await;
        let token = ActorRef::Token { token: latchkey_domain::TokenId::new(world.now()), owner: ann };
        let events = [world.actor(ann).reference(), token, ActorRef::Host, ActorRef::Unknown]
            .map(|actor| NewEvent::new(actor, EventBody::RestoreDetected { epoch: 2 }));
        world.tx().await.commit(events.to_vec()).await.unwrap();
        assert_eq!(world.number("select count(*) from event where actor_id is not null").await, 2);
    }

    async fn promise_11_the_key_of_the_events_is_nowhere_in_the_database(world: World) {
        world.person("Ann Berg", None).await;
        let key = [42_u8; 32];
        let hex = key.map(|b| format!("{b:02x}")).concat();
        for row in all(&world).await {
            assert!(!row.bytes.contains(&hex) && row.mac_key != hex && row.mac_key.len() < 32);
        }
        if !world.db.is_postgres() {
            world.db.close().await;
            for file in std::fs::read_dir(world.folder()).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                assert!(!bytes.windows(32).any(|w| w == key), "the key itself");
                assert!(!bytes.windows(64).any(|w| w == hex.as_bytes()), "the key in hexadecimal");
            }
        }
    }
}

#[test]
fn promise_11_a_database_url_shows_no_password() {
    let url = Url::from_str("postgres://latchkey:open-sesame@db.example.test:5432/latchkey").unwrap();
    let shown = format!("{url:?}");
    assert!(shown.contains("db.example.test") && !shown.contains("sesame"), "{shown}");
    let wrong = Url::from_str("mysql://latchkey:open-sesame@db/latchkey").unwrap_err();
    assert!(!wrong.contains("sesame"), "{wrong}");
}

//! One event in all detail, events that this version doesn't know, and the export.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "what goes wrong here, or in the files that the tests share, fails the test"
)]

mod log;
mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    EventId, Instant,
    event::{EventBody, NewEvent},
};
use latchkey_service::{
    ServiceError,
    audit::{self, Action, Filter, MacCheck},
};
use latchkey_store::EventKey;
use latchkey_testkit::{World, both_databases};
use log::{auditor, expected, export, forge, one, rows, some_history, walk};
use scene::Scene;

both_databases! {
    async fn what_a_newer_version_wrote_is_shown_by_its_word(world: World) {
        let s = Scene::new(world).await;
        some_history(&s).await;
        let decided = one(&s.world, "item_decided").await;
        let future = r#"replace(bytes, '"kind":"item_decided"', '"kind":"item_weighed"')"#;
        let newer = forge(&s.world, decided.id, "item_weighed", future).await;
        let damaged = forge(&s.world, decided.id, "item_decided", "'{\"v\":1'").await;
        let lines = walk(&s.world, &Filter::default(), 200).await;
        let line = |id| lines.iter().find(|l| l.id == id).unwrap();
        let text = line(newer).plain();
        assert!(text.contains("did something that this version has no sentence for: item weighed, about "), "{text}");
        assert!(text.starts_with("Max Manager"), "{text}");
        assert_eq!(line(newer).group, None);
        let text = line(damaged).plain();
        assert_eq!(text, "An event of the kind “item decided” can't be read: its bytes are damaged");

        let mut c = s.world.db.read().await.unwrap();
        let key = s.world.db.event_key();
        let detail = audit::event(&mut c, &auditor(&s.world), key, newer).await.unwrap();
        assert_eq!(detail.check, MacCheck::Broken, "the MAC is that of other bytes");
        assert!(detail.pretty.contains("\"item_weighed\""));
        let detail = audit::event(&mut c, &auditor(&s.world), key, damaged).await.unwrap();
        assert_eq!((detail.check, detail.pretty.as_str()), (MacCheck::Broken, "{\"v\":1"));
        assert!(!export(&s.world, Filter::default()).await.is_empty(), "and they are exported like any other");
    }

    async fn an_event_in_detail_proves_itself(world: World) {
        let s = Scene::new(world).await;
        some_history(&s).await;
        let asked = one(&s.world, "request_submitted").await;
        let mut c = s.world.db.read().await.unwrap();
        let key = s.world.db.event_key();
        let detail = audit::event(&mut c, &auditor(&s.world), key, asked.id).await.unwrap();
        let row = rows(&s.world).await.into_iter().find(|r| r.id == asked.id.0).unwrap();
        assert_eq!((detail.bytes.as_str(), detail.mac.as_str(), detail.mac_key.as_str()), (row.bytes.as_str(), row.mac.as_str(), key.id()));
        assert_eq!(detail.check, MacCheck::Fits);
        assert_eq!(detail.line, asked);
        let [reason] = detail.texts.as_slice() else { panic!("one text: {:?}", detail.texts) };
        assert_eq!((reason.name.as_str(), reason.text.as_deref()), ("reason", Some("To do the quarterly report")));
        assert_eq!(reason.fits, Some(true));
        assert_eq!(reason.hash.as_ref(), row.envelope().unwrap().texts.get("reason"));

        let stranger = EventKey::new(&[9; 32]).unwrap();
        let detail = audit::event(&mut c, &auditor(&s.world), &stranger, asked.id).await.unwrap();
        assert_eq!(detail.check, MacCheck::OtherKey);
        let nothing = audit::event(&mut c, &auditor(&s.world), key, EventId::new(s.world.now())).await;
        assert!(matches!(nothing, Err(ServiceError::NotFound)));

        drop(c);
        s.world.run("update event_text set text = 'Another reason' where name = 'reason'").await;
        let mut c = s.world.db.read().await.unwrap();
        let detail = audit::event(&mut c, &auditor(&s.world), key, asked.id).await.unwrap();
        assert_eq!(detail.texts[0].fits, Some(false), "words that were changed later don't fit");
        assert_eq!(detail.check, MacCheck::Fits);
        drop(c);
        s.world.run("update event_text set text = null where name = 'reason'").await;
        let mut c = s.world.db.read().await.unwrap();
        let detail = audit::event(&mut c, &auditor(&s.world), key, asked.id).await.unwrap();
        assert_eq!((detail.texts[0].fits, detail.texts[0].text.as_deref()), (None, None));
    }

    async fn the_export_holds_every_event_once_and_no_formula(world: World) {
        let s = Scene::new(world).await;
        some_history(&s).await;
        s.world.advance(TimeDelta::minutes(1));
        let evil = s.world.person("=HYPERLINK(\"http://evil.example\") Dahl", None).await;
        s.world.advance(TimeDelta::minutes(1));
        let out = EventBody::SignedOut { identity: evil, session: latchkey_domain::SessionId::new(s.world.now()) };
        // More than two pieces of the file.
        s.world.tx().await.commit(vec![NewEvent::new(s.actor(evil).reference(), out); 1_100]).await.unwrap();

        let pieces = export(&s.world, Filter::default()).await;
        assert!(pieces.len() > 2 && pieces.iter().all(|p| p.len() < 2_000_000), "{}", pieces.len());
        let file = String::from_utf8(pieces.concat()).unwrap();
        assert!(file.starts_with("time,id,action,actor,sentence,people,roles,systems,requests,bytes,mac,mac_key\r\n"));
        assert!(file.ends_with("\r\n") && !file.contains("\n="));
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let all = expected(&s.world, &Filter::default()).await;
        assert_eq!(records.iter().map(|r| r[1].to_owned()).collect::<Vec<_>>(), all.iter().map(ToString::to_string).collect::<Vec<_>>());

        let rows = rows(&s.world).await;
        for record in &records {
            let row = rows.iter().find(|r| r.id.to_string() == record[1]).unwrap();
            assert_eq!((&record[9], &record[10], &record[11]), (row.bytes.as_str(), row.mac.as_str(), row.mac_key.as_str()));
            assert_eq!(record[0].parse::<Instant>().unwrap(), row.recorded_at);
            assert!(record[0].ends_with('Z') && record[0].contains('.'), "RFC 3339 with microseconds: {}", &record[0]);
            assert!(record.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{record:?}");
        }
        let first = &records[0];
        assert!(first[4].starts_with("'=HYPERLINK") && first[3].starts_with("'=HYPERLINK"), "{first:?}");
        assert_eq!(&first[5], evil.to_string());
        let decided = records.iter().rfind(|r| &r[2] == "item_decided").unwrap();
        assert_eq!((&decided[3], &decided[6]), ("Max Manager", "Role reader"));
        assert!(decided[4].starts_with("Max Manager approved Role reader for Ann Berg, until 1 April 2027, "), "{}", &decided[4]);

        let few = export(&s.world, Filter { action: Action::from_word("item_decided"), ..Filter::default() }).await.concat();
        assert_eq!(csv::Reader::from_reader(few.as_slice()).records().count(), 2);
        let none = export(&s.world, Filter { action: Action::from_word("role_retired"), ..Filter::default() }).await.concat();
        assert_eq!(csv::Reader::from_reader(none.as_slice()).records().count(), 0, "only the names of the columns");
        assert!(!none.is_empty());
    }
}

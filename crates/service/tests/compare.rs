//! What a teammate has, and what most teammates have, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use latchkey_domain::{IdentityId, identity::Status};
use latchkey_service::{
    ServiceResult,
    catalog::load,
    compare::{Difference, compare},
    suggestions::{Suggestion, suggestions},
};
use latchkey_store::{count_queries, testing::PersonSpec};
use latchkey_testkit::{World, both_databases};
use scene::{Scene, code};

async fn seen(s: &Scene, viewer: IdentityId, subject: IdentityId, mate: IdentityId) -> ServiceResult<Difference> {
    let mut c = s.world.db.read().await.unwrap();
    let catalog = load(&mut c).await.unwrap();
    compare(&mut c, &catalog, viewer, subject, mate).await
}

async fn suggested(s: &Scene, who: IdentityId) -> (Vec<Suggestion>, u32) {
    let mut c = s.world.db.read().await.unwrap();
    let catalog = load(&mut c).await.unwrap();
    let (found, queries) = count_queries(suggestions(&mut c, &catalog, who)).await;
    (found.unwrap(), queries)
}

both_databases! {
    async fn what_a_teammate_has_is_proposed_with_what_cant_be_asked_for(world: World) {
        let s = Scene::new(world).await;
        for role in [s.reader, s.writer, s.editor] {
            s.world.grant(s.bob, role, None).await;
        }
        s.world.grant(s.ann, s.reader, None).await;
        s.world.run("update role_version set requestable = false where name = 'Role editor'").await;
        let found = seen(&s, s.ann, s.ann, s.bob).await.unwrap();
        assert_eq!((found.can.as_slice(), found.both), ([s.writer.id].as_slice(), 1));
        assert_eq!((found.subject.1.as_str(), found.mate.1.as_str()), ("Ann Berg", "Bob Cole"));
        assert_eq!(found.cannot, [(s.editor.id, "Role editor can't be asked for; it is given by rule.".to_owned())]);
        // What waits already isn't proposed again.
        s.ask(s.ann, s.writer).await;
        let found = seen(&s, s.ann, s.ann, s.bob).await.unwrap();
        assert_eq!((found.can.len(), found.cannot.len()), (0, 2));
        // A manager compares one report with another, and the words say so.
        let found = seen(&s, s.manager, s.bob, s.ann).await.unwrap();
        assert_eq!((found.can.len(), found.cannot.len(), found.both), (0, 0, 1));
    }

    async fn only_teammates_are_shown_and_others_are_refused_in_words(world: World) {
        let s = Scene::new(world).await;
        s.world.grant(s.owner, s.reader, None).await;
        // Olga reports to Bea, as Max does: Ann and Olga are in two teams.
        assert_eq!(code(seen(&s, s.ann, s.ann, s.owner).await), "compare.not_your_team");
        assert_eq!(code(seen(&s, s.ann, s.ann, s.manager).await), "compare.not_your_team");
        assert_eq!(code(seen(&s, s.boss, s.boss, s.ann).await), "compare.not_your_team", "not one's own report");
        assert_eq!(code(seen(&s, s.ann, s.bob, s.ann).await), "compare.not_your_report");
        assert!(seen(&s, s.manager, s.manager, s.owner).await.is_ok(), "the same manager");
        assert!(seen(&s, s.manager, s.manager, s.ann).await.is_ok(), "one's own report");
        // Two people without a manager have none in common.
        let alone = s.world.person("Una Alone", None).await;
        assert_eq!(code(seen(&s, alone, alone, s.boss).await), "compare.not_your_team");
        s.world.run("update identity set status = 'terminated' where display_name = 'Bob Cole'").await;
        assert_eq!(code(seen(&s, s.ann, s.ann, s.bob).await), "not_found");
    }

    async fn promise_12_what_most_teammates_have_is_suggested_by_one_query(world: World) {
        let s = Scene::new(world).await;
        let mut team = vec![s.bob];
        for n in 0..3 {
            team.push(s.world.person(&format!("Mate{n} Cole"), Some(s.manager)).await);
        }
        // Everybody has a title of their own: the team alone counts.
        s.world.run("update person set title = given_name").await;
        for mate in &team[..3] {
            s.world.grant(*mate, s.reader, None).await;
        }
        s.world.grant(team[0], s.writer, None).await;
        let (found, queries) = suggested(&s, s.ann).await;
        assert_eq!((found, queries), (vec![Suggestion { role: s.reader.id, have: 3, of: 4 }], 1), "one of four is not most");
        // What one waits for or has isn't suggested.
        s.ask(s.ann, s.reader).await;
        assert_eq!(suggested(&s, s.ann).await.0, []);
        assert_eq!(suggested(&s, s.boss).await.0, [], "nobody is in one's team");
        // The same title in the same department counts as well.
        let other = s.world.person_with(&PersonSpec { status: Status::Active, ..s.world.person_spec("Far Away", None) }).await;
        s.world.run("update person set title = 'Analyst', department = 'Reporting' where given_name in ('Far', 'Bob', 'Mate0')").await;
        let (found, _) = suggested(&s, other).await;
        assert_eq!(found[0], Suggestion { role: s.reader.id, have: 2, of: 2 });
    }
}

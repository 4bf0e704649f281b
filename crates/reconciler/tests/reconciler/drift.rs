//! Full passes: what a system holds and nobody granted, what becomes of it, and what a pass must never take for drift.

use chrono::TimeDelta;
use latchkey_connectors::fake::{Fault, Op};
use latchkey_domain::{
    DriftId,
    actor::Actor,
    drift::{DriftEnd, DriftKind, DriftState},
    system::{OnDrift, PassRule},
};
use latchkey_service::{ServiceError, drift};
use latchkey_store::{
    drift::{self as store, DriftFilter, DriftRow},
    passes::{self, PassRow},
};
use latchkey_testkit::{World, both_databases};

use crate::scene::Scene;

/// What isn't over, by kind and login: `access mallory vpn open`.
async fn lines(scene: &Scene) -> Vec<String> {
    let mut all: Vec<String> = rows(scene).await.iter().map(line).collect();
    all.sort();
    all
}

fn line(row: &DriftRow) -> String {
    let what = row.entitlement_native.as_deref().unwrap_or("-");
    format!("{} {} {what} {}", row.kind, row.login, row.state)
}

async fn rows(scene: &Scene) -> Vec<DriftRow> {
    let mut c = scene.world.db.read().await.unwrap();
    store::page(&mut c, scene.system, DriftFilter::default(), None, 100).await.unwrap()
}

/// How everything that is over came to its end.
async fn ends(scene: &Scene) -> Vec<String> {
    let mut c = scene.world.db.read().await.unwrap();
    let closed = DriftFilter { state: Some(DriftState::Closed), kind: None };
    let mut all: Vec<String> = store::page(&mut c, scene.system, closed, None, 100)
        .await
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {}", row.kind, row.login, row.closed_as.as_deref().unwrap_or("?")))
        .collect();
    all.sort();
    all
}

/// A whole pass, a day after the last one.
async fn compare(scene: &Scene) -> PassRow {
    scene.world.advance(TimeDelta::days(1));
    assert_eq!(scene.worker().worker.compare_systems().await.unwrap(), 1, "it is its turn");
    last(scene).await
}

async fn last(scene: &Scene) -> PassRow {
    let mut c = scene.world.db.read().await.unwrap();
    passes::latest_of(&mut c, scene.system, 1).await.unwrap().remove(0)
}

/// As `apply` would write it.
async fn rule(scene: &Scene, rule: &PassRule) {
    let json = serde_json::to_string(rule).unwrap();
    scene.world.run(&format!("update system set passes = '{json}'")).await;
}

async fn owner(scene: &Scene) -> Actor {
    let mut c = scene.world.db.read().await.unwrap();
    scene.world.actor(latchkey_store::routing::owner_of_system(&mut c, scene.system).await.unwrap().unwrap())
}

async fn decide(scene: &Scene, who: &Actor, to: DriftState, ids: &[DriftId]) -> Result<drift::Decided, ServiceError> {
    let ids: Vec<_> = ids.iter().map(|d| d.0).collect();
    let (db, clock) = (&scene.world.db, scene.world.clock.as_ref());
    match to {
        DriftState::Removing => drift::remove(db, clock, who, "directory", &ids, "Nobody knows it").await,
        _ => drift::accept(db, clock, who, "directory", &ids, "Their old access").await,
    }
}

async fn the_row(scene: &Scene, kind: DriftKind) -> DriftRow {
    let mut all: Vec<DriftRow> = rows(scene).await.into_iter().filter(|row| row.kind == kind).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

both_databases! {
    async fn a_pass_lists_what_nobody_granted_once_and_changes_nothing(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.simple_role("vpn").await, scene.entitlement("mail").await);
        scene.give(ann, vpn).await;
        scene.work().await;
        let anns = scene.on_system(ann).await.remove(0);
        scene.fake.add_member(&anns, "mail");
        let stranger = scene.fake.add_account("mallory", None);
        scene.fake.add_member(&stranger, "vpn");
        scene.fake.nest("contractors", "vpn");
        scene.fake.clear_calls();

        let pass = compare(&scene).await;
        assert_eq!((pass.state.as_str(), pass.accounts, pass.holdings, pass.found, pass.gone), ("done", 2, 3, 4, 0));
        let login = scene.account(ann).await.name;
        let mut expected = vec![
            "access mallory vpn open".to_owned(), format!("access {login} mail open"), "account mallory - open".to_owned(),
            "nested contractors vpn open".to_owned(),
        ];
        expected.sort();
        assert_eq!(lines(&scene).await, expected);
        assert!([Op::Create, Op::SetState, Op::Grant, Op::Remove, Op::Adopt].iter().all(|op| scene.fake.changes(*op) == 0));
        let known = rows(&scene).await.into_iter().find(|row| row.entitlement_id == Some(mail.0)).unwrap();
        assert_eq!(known.identity_id, Some(ann.0), "whose account it is");

        // A day later it is known, and first seen when it was.
        let again = compare(&scene).await;
        assert_eq!((again.found, again.gone), (0, 0));
        assert_eq!(rows(&scene).await.iter().filter(|row| row.first_seen_at == known.first_seen_at).count(), 4);
        assert_eq!(scene.world.events("drift_found").await, 4);
        assert_eq!(scene.world.events("system_compared").await, 2);
        assert_eq!(scene.notices("drift_found").await, 0, "only reported");

        // What goes by itself is over.
        scene.fake.drop_member(&anns, "mail");
        scene.fake.delete_account(&stranger);
        let pass = compare(&scene).await;
        assert_eq!((pass.found, pass.gone), (0, 3));
        assert_eq!(lines(&scene).await, ["nested contractors vpn open"]);
        let mut expected = vec!["access mallory gone".to_owned(), format!("access {login} gone"), "account mallory gone".to_owned()];
        expected.sort();
        assert_eq!(ends(&scene).await, expected);
        scene.assert_at_rest().await;
    }

    async fn promise_06_what_was_taken_behind_our_back_is_found_and_given_again(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        scene.work().await;
        scene.fake.drop_member(&scene.on_system(ann).await[0], "vpn");
        assert_eq!(compare(&scene).await.found, 1);
        assert_eq!(the_row(&scene, DriftKind::Missing).await.state, DriftState::Removing);
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await);
        assert_eq!(ends(&scene).await.iter().map(|e| e.rsplit(' ').next().unwrap()).collect::<Vec<_>>(), [DriftEnd::Restored.as_str()]);

        // The whole account as well.
        scene.fake.delete_account(&scene.on_system(ann).await[0]);
        compare(&scene).await;
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await);
        assert_eq!(compare(&scene).await.found, 0);
        assert_eq!(lines(&scene).await, Vec::<String>::new());
        scene.assert_at_rest().await;
    }

    async fn promise_06_what_somebody_decides_to_take_away_goes_and_is_read_back(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (role, _) = (scene.simple_role("vpn").await, scene.entitlement("mail").await);
        scene.give(ann, role).await;
        scene.work().await;
        let anns = scene.on_system(ann).await.remove(0);
        scene.fake.add_member(&anns, "mail");
        let stranger = scene.fake.add_account("mallory", None);
        scene.fake.add_member(&stranger, "mail");
        compare(&scene).await;
        let owner = owner(&scene).await;
        let ids: Vec<DriftId> = rows(&scene).await.iter().map(DriftRow::id).collect();
        let decided = decide(&scene, &owner, DriftState::Removing, &ids).await.unwrap();
        assert_eq!((decided.done, decided.left), (2, 1), "an account of nobody isn't Latchkey's to switch off");

        // Ann's goes the way of all access, the stranger's by itself.
        scene.work().await;
        assert!(!scene.holds(ann, "mail").await && scene.holds(ann, "vpn").await);
        scene.fake.fail_next_on(Op::Remove, 1, Fault::RetryLater(None));
        scene.worker().worker.compare_systems().await.unwrap();
        assert!(scene.fake.members("mail").contains(&stranger), "it failed once");
        assert_eq!(rows(&scene).await.iter().filter(|row| row.attempts == 1 && !row.last_words.is_empty()).count(), 1);
        scene.world.advance(TimeDelta::minutes(1));
        scene.worker().worker.compare_systems().await.unwrap();
        assert_eq!(scene.fake.members("mail").len(), 0);
        assert_eq!(lines(&scene).await, ["account mallory - open"]);
        assert_eq!(ends(&scene).await.iter().filter(|e| e.ends_with("removed")).count(), 2);
        assert_eq!(scene.world.events("drift_decided").await, 2);

        // Deciding again about what is over does nothing.
        let again = decide(&scene, &owner, DriftState::Removing, &ids).await.unwrap();
        assert_eq!((again.done, again.left), (0, 3));
        scene.assert_at_rest().await;
    }

    async fn what_was_granted_since_is_not_taken_away(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.simple_role("vpn").await, scene.simple_role("mail").await);
        scene.give(ann, vpn).await;
        scene.work().await;
        scene.fake.add_member(&scene.on_system(ann).await[0], "mail");
        compare(&scene).await;
        let row = the_row(&scene, DriftKind::Access).await;
        scene.give(ann, mail).await;
        let decided = decide(&scene, &owner(&scene).await, DriftState::Removing, &[row.id()]).await.unwrap();
        assert_eq!(decided.done, 1, "it is decided: it was granted in the meantime");
        scene.work().await;
        assert!(scene.holds(ann, "mail").await);
        assert!(ends(&scene).await[0].ends_with("granted"), "{:?}", ends(&scene).await);

        // The same is found out by a pass.
        scene.fake.add_member(&scene.fake.add_account("eve", None), "vpn");
        assert_eq!(compare(&scene).await.found, 2);
        scene.assert_at_rest().await;
    }

    async fn promise_02_nobody_lets_their_own_stay(world: World) {
        let scene = Scene::new(world).await;
        let owner = owner(&scene).await;
        let Actor::Person(person) = &owner else { unreachable!() };
        let (role, _) = (scene.simple_role("vpn").await, scene.entitlement("mail").await);
        scene.give(person.identity, role).await;
        scene.work().await;
        scene.fake.add_member(&scene.on_system(person.identity).await[0], "mail");
        scene.fake.add_member(&scene.fake.add_account("eve", None), "mail");
        compare(&scene).await;
        let ids: Vec<DriftId> = rows(&scene).await.iter().filter(|r| r.kind == DriftKind::Access).map(DriftRow::id).collect();
        let decided = decide(&scene, &owner, DriftState::Accepted, &ids).await.unwrap();
        assert_eq!((decided.done, decided.left), (1, 1));
        let own = rows(&scene).await.into_iter().find(|r| r.identity_id == Some(person.identity.0)).unwrap();
        assert_eq!(own.state, DriftState::Open);

        // A stranger sees nothing of it.
        let stranger = scene.world.actor(scene.world.person("Bo Cole", None).await);
        assert!(matches!(decide(&scene, &stranger, DriftState::Removing, &ids).await, Err(ServiceError::NotFound)));
        // Accepted, it stays listed, and can be taken away later.
        let eves = rows(&scene).await.into_iter().find(|r| r.state == DriftState::Accepted).unwrap();
        assert_eq!(eves.comment.as_deref(), Some("Their old access"));
        assert_eq!(compare(&scene).await.gone, 0);
        assert_eq!(decide(&scene, &owner, DriftState::Removing, &[eves.id()]).await.unwrap().done, 1);
    }

    async fn by_rule_it_is_taken_away_unless_that_is_too_much(world: World) {
        let scene = Scene::new(world).await;
        let remove = PassRule { drift: OnDrift::Remove, most_removals: 2, most_percent: 50, ..PassRule::default() };
        rule(&scene, &remove).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let roles = [scene.simple_role("vpn").await, scene.simple_role("mail").await, scene.simple_role("wiki").await];
        for role in roles {
            scene.give(ann, role).await;
        }
        scene.work().await;
        let anns = scene.on_system(ann).await.remove(0);
        let eve = scene.fake.add_account("eve", None);
        scene.fake.add_member(&eve, "vpn");
        let pass = compare(&scene).await;
        assert_eq!((pass.found, pass.brake.as_deref()), (2, None));
        scene.worker().worker.compare_systems().await.unwrap();
        assert_eq!(scene.fake.members("vpn").len(), 1, "one of four went by the rule");
        assert_eq!(scene.notices("drift_found").await, 1);

        // Three more would be more than two.
        for native in ["vpn", "mail", "wiki"] {
            scene.fake.add_member(&eve, native);
        }
        let pass = compare(&scene).await;
        assert_eq!((pass.brake.as_deref(), pass.removals), (Some("pulled"), 3));
        scene.worker().worker.compare_systems().await.unwrap();
        assert_eq!(scene.fake.members("mail").len(), 2, "nothing was taken away");
        assert_eq!(scene.world.events("brake_pulled").await, 1);

        // Somebody looks and lets it go on: what was found since is not part of that.
        let owner = owner(&scene).await;
        let (db, clock) = (&scene.world.db, scene.world.clock.as_ref());
        let no_words = drift::release_brake(db, clock, &owner, "directory", pass.id(), true, " ").await;
        assert!(matches!(no_words, Err(ServiceError::BadInput(_))));
        drift::release_brake(db, clock, &owner, "directory", pass.id(), true, "Eve is a test account").await.unwrap();
        let again = drift::release_brake(db, clock, &owner, "directory", pass.id(), false, "No").await;
        assert!(matches!(again, Err(ServiceError::NotFound)), "once");
        scene.worker().worker.compare_systems().await.unwrap();
        assert!(["vpn", "mail", "wiki"].iter().all(|native| scene.fake.members(native).len() == 1));
        assert!(["vpn", "mail", "wiki"].iter().all(|native| scene.fake.members(native).contains(&anns)));
        assert_eq!(last(&scene).await.brake.as_deref(), Some("carried_out"));
    }

    async fn what_was_called_off_stays_and_nobody_is_asked_twice(world: World) {
        let scene = Scene::new(world).await;
        rule(&scene, &PassRule { drift: OnDrift::Remove, most_removals: 1, most_percent: 100, ..PassRule::default() }).await;
        for native in ["vpn", "mail", "wiki"] {
            scene.simple_role(native).await;
        }
        let eve = scene.fake.add_account("eve", None);
        scene.fake.add_member(&eve, "vpn");
        scene.fake.add_member(&eve, "mail");
        let first = compare(&scene).await;
        let second = compare(&scene).await;
        assert_eq!((second.brake.as_deref(), second.removals, second.found), (Some("pulled"), 2, 0));
        assert_eq!(scene.notices("drift_found").await, 1, "it is known already");
        let (db, clock, owner) = (&scene.world.db, scene.world.clock.as_ref(), owner(&scene).await);
        let replaced = drift::release_brake(db, clock, &owner, "directory", first.id(), true, "The first").await;
        assert!(matches!(replaced, Err(ServiceError::NotFound)), "the later one has taken its place");
        drift::release_brake(db, clock, &owner, "directory", second.id(), false, "They are ours").await.unwrap();
        let third = compare(&scene).await;
        assert_eq!((third.brake, third.found), (None, 0), "what was called off isn't counted again");

        // What is found from then on goes by the rule.
        scene.fake.add_member(&eve, "wiki");
        compare(&scene).await;
        scene.worker().worker.compare_systems().await.unwrap();
        assert_eq!(["vpn", "mail", "wiki"].map(|native| scene.fake.members(native).len()), [1, 1, 0]);
    }

    async fn what_is_not_managed_is_neither_counted_nor_touched(world: World) {
        let scene = Scene::new(world).await;
        rule(&scene, &PassRule { drift: OnDrift::Remove, exclude: vec!["svc-*".to_owned()], ..PassRule::default() }).await;
        scene.simple_role("vpn").await;
        let service = scene.fake.add_account("SVC-backup", None);
        scene.fake.add_member(&service, "vpn");
        let pass = compare(&scene).await;
        assert_eq!((pass.accounts, pass.holdings, pass.found), (0, 0, 0));
        assert!(scene.fake.members("vpn").contains(&service));

        // What stops being managed is over, and nothing happens to it.
        rule(&scene, &PassRule::default()).await;
        assert_eq!(compare(&scene).await.found, 2);
        rule(&scene, &PassRule { exclude: vec!["svc-*".to_owned()], ..PassRule::default() }).await;
        assert_eq!(compare(&scene).await.gone, 2);
        assert!(ends(&scene).await.iter().all(|e| e.ends_with("out_of_reach")), "{:?}", ends(&scene).await);
    }

    async fn a_system_that_fails_in_the_middle_has_lost_nothing(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        scene.work().await;
        scene.fake.add_member(&scene.fake.add_account("eve", None), "vpn");
        compare(&scene).await;
        let before = lines(&scene).await;
        for op in [Op::Accounts, Op::Holders] {
            scene.fake.fail_next_on(op, 1, Fault::RetryLater(None));
            let pass = compare(&scene).await;
            assert_eq!(pass.state, "failed", "{op:?}");
            assert!(pass.words.contains("busy"), "{}", pass.words);
            assert_eq!(lines(&scene).await, before, "half a list is no list");
        }
        // It is made again soon, not at once.
        assert_eq!(scene.worker().worker.compare_systems().await.unwrap(), 0);
        scene.world.advance(TimeDelta::minutes(16));
        assert_eq!(scene.worker().worker.compare_systems().await.unwrap(), 1);
        assert_eq!(last(&scene).await.state, "done");

        // A group that isn't there keeps only its own lines from being compared.
        scene.entitlement("gone").await;
        scene.fake.delete_entitlement("gone");
        let pass = compare(&scene).await;
        assert_eq!((pass.state.as_str(), pass.found, pass.gone), ("done", 0, 0));
        scene.assert_at_rest().await;
    }

    async fn a_pass_that_a_worker_left_in_the_middle_is_made_anew(world: World) {
        let scene = Scene::new(world).await;
        scene.simple_role("vpn").await;
        scene.fake.add_account("eve", None);
        scene.world.advance(TimeDelta::days(1));
        scene.fake.fail_next_on(Op::Accounts, 1, Fault::Freeze);
        let first = scene.worker();
        let frozen = tokio::spawn(async move { first.worker.compare_systems().await });
        scene.fake.until_frozen(1).await;
        assert_eq!(last(&scene).await.state, "running");
        let second = scene.worker();
        assert_eq!(second.worker.compare_systems().await.unwrap(), 0, "another has it");
        frozen.abort();
        scene.world.advance(TimeDelta::minutes(2));
        assert_eq!(second.worker.compare_systems().await.unwrap(), 1);
        let mut c = scene.world.db.read().await.unwrap();
        let all = passes::latest_of(&mut c, scene.system, 5).await.unwrap();
        assert_eq!(all.iter().map(|p| p.state.as_str()).collect::<Vec<_>>(), ["done", "failed"]);
        assert_eq!(lines(&scene).await, ["account eve - open"]);
        scene.fake.thaw();
    }

    async fn somebody_who_looks_after_it_has_it_compared_at_once(world: World) {
        let scene = Scene::new(world).await;
        compare(&scene).await;
        assert_eq!(scene.worker().worker.compare_systems().await.unwrap(), 0);
        scene.world.advance(TimeDelta::seconds(1));
        let stranger = scene.world.actor(scene.world.person("Bo Cole", None).await);
        let (db, clock) = (&scene.world.db, scene.world.clock.as_ref());
        assert!(matches!(drift::compare_now(db, clock, &stranger, "directory").await, Err(ServiceError::NotFound)));
        let owner = owner(&scene).await;
        drift::compare_now(db, clock, &owner, "directory").await.unwrap();
        drift::compare_now(db, clock, &owner, "directory").await.unwrap();
        assert_eq!(scene.worker().worker.compare_systems().await.unwrap(), 1);
        let Actor::Person(person) = owner else { unreachable!() };
        assert_eq!(last(&scene).await.asked_by_id, Some(person.identity.0));
        assert_eq!(scene.worker().worker.compare_systems().await.unwrap(), 0, "once");
    }
}

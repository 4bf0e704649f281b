//! What somebody took in an emergency: it is there within a pass, ends by itself, its systems report, and an overdue review
//! is told.

use chrono::TimeDelta;
use latchkey_connectors::fake::{Fault, Op};
use latchkey_service::break_glass::{Taking, systems, take};
use latchkey_store::break_glass as store;
use latchkey_testkit::{World, both_databases};

use crate::scene::{Scene, policy};

both_databases! {
    async fn what_was_taken_ends_by_itself_and_the_systems_report_of_its_time(world: World) {
        let s = Scene::new(world).await;
        let (ann, owner) = (s.world.person("Ann Berg", None).await, s.world.person("Olga Owner", None).await);
        let (shell, logs) = (s.entitlement("shell").await, s.entitlement("logs").await);
        let mut body = policy(None);
        body["policy"]["key"] = "rescue".into();
        body["policy"]["break_glass"] = serde_json::json!({
            "who": "true", "advice": "Call somebody.", "max": "2h", "offer": ["1h"], "review_within": "1d"});
        let rescue = s.world.policy("rescue", &body).await;
        let role = s.world.role("rescue", Some(owner), rescue, &[shell, logs]).await;
        // The logs were there before, for another reason.
        let reader = s.role("reader", &[logs]).await;
        s.give(ann, reader).await;
        s.work().await;
        s.world.advance(TimeDelta::minutes(5));

        let reason = "The broker hangs, restarting it".to_owned();
        let wish = Taking { role: role.id, duration: "1h".parse().unwrap(), reason };
        let taken = take(&s.world.db, &*s.world.clock, &s.world.actor(ann), &wish).await.unwrap();
        s.fake.fail_next_on(Op::Grant, 1, Fault::RetryLater(None));
        assert_eq!(s.work_after(TimeDelta::seconds(2)).await.failed, 1);
        s.work_after(TimeDelta::minutes(2)).await;
        assert!(s.holds(ann, "shell").await);

        // The hour is over: the worker takes it away, and what something else gives stays.
        s.world.advance(TimeDelta::minutes(58));
        assert_eq!(s.worker().worker.expire().await.unwrap().ended, 1);
        s.work_after(TimeDelta::seconds(2)).await;
        assert!(!s.holds(ann, "shell").await && s.holds(ann, "logs").await);

        let mut c = s.world.db.read().await.unwrap();
        let review = store::get(&mut c, taken.review).await.unwrap().unwrap();
        let lines = systems::report(&mut c, &review, s.world.now()).await.unwrap();
        drop(c);
        let [logs, shell] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((logs.name.as_str(), logs.before, logs.still_there, logs.gone_at), ("Entitlement logs", true, true, None));
        assert_eq!((shell.name.as_str(), shell.before, shell.still_there, shell.failed), ("Entitlement shell", false, false, 1));
        let start = review.starts_at;
        assert_eq!(shell.asked_at, Some(start + TimeDelta::seconds(2)));
        assert_eq!(shell.there_at, Some(start + TimeDelta::seconds(122)));
        assert_eq!(shell.gone_at, Some(s.world.now()));
        assert!(shell.failures[0].1.starts_with("Giving it failed and was tried again"), "{:?}", shell.failures);

        // Nobody looks at it: a day after the hour it is told, once, and the taker with it.
        s.world.advance(TimeDelta::days(1) - TimeDelta::minutes(1));
        let worker = s.worker().worker;
        assert_eq!(worker.expire().await.unwrap().reviews, 0);
        s.world.advance(TimeDelta::minutes(1));
        assert_eq!(worker.expire().await.unwrap().reviews, 1);
        assert_eq!(worker.expire().await.unwrap().reviews, 0);
        assert_eq!((s.world.events("break_glass_review_overdue").await, s.notices("break_glass_overdue").await), (1, 2));
    }
}

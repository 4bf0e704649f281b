//! Which person a provider's account means, and who may not come in.

use axum::http::StatusCode;
use latchkey_domain::identity::Status;
use latchkey_testkit::{World, both_databases};
use serde_json::json;

use crate::portal::{Portal, Wish};

async fn refused_with(portal: &Portal, code: &str) {
    let mut browser = portal.browser();
    let answer = portal.sign_in(&mut browser, "/auth/login").await;
    assert_eq!((answer.code(), answer.status), (code, StatusCode::FORBIDDEN), "{}", answer.body);
    assert_eq!(browser.session_cookie(), None);
    assert_eq!(portal.refused().await.last().unwrap(), code);
}

async fn name(portal: &Portal) -> String {
    let mut browser = portal.signed_in().await;
    let who = browser.get("/who").await.body;
    serde_json::from_str::<serde_json::Value>(&who).unwrap()["name"].as_str().unwrap().to_owned()
}

const BY_EMAIL: Wish = Wish {
    public_url: crate::portal::ORIGIN,
    oidc: "email_binding = true",
    mfa: "mfa = [{ claim = \"amr\", values = [\"mfa\"] }]",
    limits: crate::limits::WIDE,
};

both_databases! {
    async fn the_first_sign_in_binds_by_the_claim_and_later_ones_by_the_subject(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        assert_eq!(name(&portal).await, "Ada Berg");
        let bound = portal.events("identity_bound").await;
        assert_eq!((bound.len(), &bound[0]["by"]), (1, &json!("claim")));
        // The provider stops sending the number: the subject is enough from now on.
        portal.provider.says(json!({ "employee_number": null }));
        assert_eq!(name(&portal).await, "Ada Berg");
        assert_eq!(portal.events("identity_bound").await.len(), 1);
    }

    async fn an_account_that_changes_its_number_is_refused(world: World) {
        world.person("Ada Berg", None).await;
        world.person("Bo Lind", None).await;
        let portal = Portal::new(world).await;
        name(&portal).await;
        // Ada's account now says that it is Bo's.
        portal.provider.says(json!({ "employee_number": "E0002" }));
        refused_with(&portal, "binding_conflict").await;
        // Another account says that it is Ada's.
        portal.provider.says(json!({ "sub": "sub-of-a-stranger" }));
        refused_with(&portal, "binding_conflict").await;
        assert_eq!(portal.world.number("select count(*) from sign_in_binding").await, 1);
    }

    async fn people_whom_nobody_knows_are_refused_in_plain_words(world: World) {
        let portal = Portal::new(world).await;
        let answer = portal.sign_in(&mut portal.browser(), "/auth/login").await;
        assert!(answer.body.contains("Latchkey does not know you yet"), "{}", answer.body);
        assert_eq!(portal.refused().await, ["person_unknown"]);
        // Who it was stands beside the event, not in it.
        let texts = "select text from event_text t join event e on e.id = t.event_id where e.kind = 'sign_in_refused' and t.name = 'subject'";
        assert_eq!(portal.world.texts(texts).await, ["sub-1"]);
        let bytes = portal.world.texts("select bytes from event where kind = 'sign_in_refused'").await;
        assert!(!bytes[0].contains("sub-1"));
        // An address alone opens nothing unless the company wants it.
        portal.world.person("Ada Berg", None).await;
        portal.provider.says(json!({ "employee_number": "E9999" }));
        refused_with(&portal, "person_unknown").await;
    }

    async fn an_address_binds_only_who_was_never_bound(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::with(world, BY_EMAIL).await;
        portal.provider.says(json!({ "employee_number": null, "email_verified": false }));
        refused_with(&portal, "person_unknown").await;
        portal.provider.says(json!({ "employee_number": null, "email": "E0001@Example.TEST" }));
        assert_eq!(name(&portal).await, "Ada Berg");
        assert_eq!(portal.events("identity_bound").await[0]["by"], "email");
        // A second account with the same address, now and after the first was unbound.
        portal.provider.says(json!({ "employee_number": null, "sub": "sub-2" }));
        refused_with(&portal, "binding_conflict").await;
        portal.world.run("update sign_in_binding set ended_at = bound_at").await;
        refused_with(&portal, "binding_conflict").await;
        // Two people with one address.
        portal.world.person("Bo Lind", None).await;
        portal.world.run("update person set email = 'e0001@example.test'").await;
        portal.provider.says(json!({ "employee_number": null, "sub": "sub-3" }));
        refused_with(&portal, "person_ambiguous").await;
    }

    async fn promise_07_who_is_not_at_work_does_not_come_in(world: World) {
        for (name, status) in
            [("Ada Gone", Status::Terminated), ("Bo Soon", Status::PreHire), ("Cy Away", Status::OnLeave)]
        {
            let mut spec = world.person_spec(name, None);
            spec.status = status;
            world.person_with(&spec).await;
        }
        let portal = Portal::new(world).await;
        for (number, code) in [("E0001", "person_left"), ("E0002", "person_not_started"), ("E0003", "person_on_leave")] {
            portal.provider.says(json!({ "employee_number": number, "sub": format!("sub-{number}") }));
            refused_with(&portal, code).await;
        }
        assert_eq!(portal.world.number("select count(*) from sign_in_binding").await, 0);
        // The log names whom it was about.
        let about = "select count(*) from event_subject s join event e on e.id = s.event_id where e.kind = 'sign_in_refused'";
        assert_eq!(portal.world.number(about).await, 3);
        // Not by address either.
        let portal = Portal::with(portal.world.clone(), BY_EMAIL).await;
        portal.provider.says(json!({ "employee_number": null }));
        refused_with(&portal, "person_left").await;
    }

    async fn two_first_sign_ins_at_once_bind_once(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browsers: Vec<_> = (0..4).map(|_| portal.browser()).collect();
        let answers =
            futures::future::join_all(browsers.iter_mut().map(|browser| portal.sign_in(browser, "/auth/login"))).await;
        assert!(answers.iter().all(|answer| answer.status == StatusCode::SEE_OTHER), "all four come in");
        assert_eq!(portal.world.number("select count(*) from sign_in_binding").await, 1);
        assert_eq!(portal.events("identity_bound").await.len(), 1);
        assert_eq!(portal.open_sessions().await, 4);
    }
}

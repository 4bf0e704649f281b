//! A page of the previous release that was open before an upgrade: its forms, its files and its stream still work.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::http::StatusCode;
use chrono::TimeDelta;
use futures::StreamExt;
use latchkey_domain::{IdentityId, actor::Actor};
use latchkey_service::{
    cart::{self, Adding},
    delegate,
    end_grant::end_grant,
};
use latchkey_store::testing::bulk::{self, Company, Size};
use latchkey_testkit::{World, both_databases};
use serde::Deserialize;

use crate::{
    drifting, emergencies,
    portal::{Portal, Visitor},
    queries::{end_soon, filled, keep_apart, literal, managed_grant, named, one, policy, right, wish_for},
};

/// What the previous release's pages sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    form: Vec<Form>,
    search: Vec<Search>,
}

/// A form that changes something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    page: String,
    who: String,
    action: String,
    fields: Vec<(String, String)>,
    leads_to: String,
    says: String,
}

/// A form that looks for something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    action: String,
    fields: Vec<(String, String)>,
}

type Names = BTreeMap<&'static str, String>;

fn recorded() -> Recorded {
    toml::from_str(include_str!("previous_forms.toml")).expect("previous_forms.toml")
}

fn typed(fields: &[(String, String)], names: &Names) -> String {
    let fields = fields.iter().map(|(name, value)| (filled(name, names), filled(value, names)));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The names of the fields in the form of this page that goes to `action`; nothing where the page has no such form.
fn fields_shown(page: &str, action: &str) -> Option<BTreeSet<String>> {
    let (_, form) = page.split_once(&format!("action=\"{action}\""))?;
    let (form, _) = form.split_once("</form>")?;
    let names = form.split(" name=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    Some(names.map(|(name, _)| name.to_owned()).collect())
}

const SIZE: Size = Size { people: 80, roles: 30, grants: 400, requests: 160, pending: 120 };

/// A portal with a company, everybody that the forms name signed in, and the names.
async fn scene(world: World) -> (Portal, BTreeMap<&'static str, Visitor>, Names) {
    let company = bulk::fill(&world.db, world.now(), &policy(), SIZE).await.unwrap();
    // Of somebody whose access none of the forms changes: whatever changes it looks at this again.
    let others = managed_grant(&world, company.people[company.manager]);
    let others = one(&world, "g.identity_id", &others).await;
    let quiet: Vec<String> = company.people[20..60].iter().map(ToString::to_string).collect();
    let quiet: Vec<String> = quiet.iter().filter(|who| **who != others).map(|who| literal(&world, who)).collect();
    let stuck = format!(
        "update fulfilment set progress = 'needs_human', last_outcome = 'needs_human', last_words = 'It is in use.'
         where id = (select q.id from (select f.id from fulfilment f join account a on a.id = f.account_id
                     join system s on s.id = a.system_id
                     where s.key = 'system-0' and a.identity_id in ({}) order by f.id limit 1) q)",
        quiet.join(", ")
    );
    assert_eq!(world.run(&stuck).await, 1);
    // A rule that keeps duties apart with an exception, somebody who stands in later, and something in a cart.
    let newcomer = world.person("Nova Newcomer", None).await;
    keep_apart(&world, &company, newcomer, 1).await;
    let manager = world.actor(company.people[company.manager]);
    let wish = delegate::Wish {
        to: company.people[62],
        starts_at: world.now() + TimeDelta::days(20),
        ends_at: world.now() + TimeDelta::days(21),
        limits: delegate::Limits::default(),
    };
    delegate::delegate(&world.db, world.clock.as_ref(), &manager, &wish).await.unwrap();
    let Actor::Person(holder) = world.actor(company.people[60]) else { panic!("a person") };
    let adding = Adding {
        role: company.roles[5],
        beneficiary: company.people[60],
        duration: None,
        starts_on: String::new(),
        reason: String::new(),
        answers: BTreeMap::new(),
    };
    cart::add(&world.db, world.clock.as_ref(), &holder, &[adding]).await.unwrap();
    // Roles that can be taken in an emergency: one is the holder's, one was taken and is over, one is free.
    let owner = company.people[company.manager];
    let (first, second) =
        (emergencies::role(&world, "rescue", owner).await, emergencies::role(&world, "repair", owner).await);
    emergencies::taken(&world, company.people[60], second).await;
    let over = emergencies::taken(&world, newcomer, first).await;
    end_grant(&world.db, world.clock.as_ref(), &manager, over.grant, "It is mended").await.unwrap();
    let (ending, _) = end_soon(&world, &company, company.people[60], 1).await;
    let mut names = names(&world, &company).await;
    names.insert("ending", ending.to_string());
    let asker = IdentityId(named(&names, "third_asker").parse().unwrap());
    for (n, wish) in ["wish", "other_wish", "proposed_wish"].into_iter().zip(wish_for(&world, &[asker; 3]).await) {
        names.insert(n, wish.to_string());
    }
    let (drift, pass) = drifting::found(&world, 3).await;
    names.insert("drift", drift.to_string());
    names.insert("pass", pass.to_string());
    let right = right(&world, &company, named(&names, "holder").parse().unwrap()).await;
    names.insert("right", right.to_string());
    let portal = Portal::new(world).await;
    let person = |names: &Names, name| IdentityId(named(names, name).parse().unwrap());
    let visitors = BTreeMap::from([
        ("holder", portal.signed_in(person(&names, "holder"), 1).await),
        ("manager", portal.signed_in(company.people[company.manager], 2).await),
        ("third_asker", portal.signed_in(person(&names, "third_asker"), 3).await),
        ("administrator", portal.signed_in(company.people[0], 4).await),
    ]);
    // A second and a third browser of the holder's.
    portal.signed_in(person(&names, "holder"), 6).await;
    let other = portal.signed_in(person(&names, "holder"), 5).await;
    let session = format!("from session where id_hash = '{}'", other.hash);
    names.insert("other_session", one(&portal.world, "id", &session).await);
    (portal, visitors, names)
}

async fn names(world: &World, company: &Company) -> Names {
    let manager = literal(world, &company.people[company.manager].to_string());
    let waiting = |n: usize| {
        format!(
            "from stage_approver t join stage g on g.id = t.stage_id join item i on i.id = g.item_id
             where t.removed_at is null and i.state = 'waiting' and t.identity_id = {manager} order by i.id limit 1 offset {n}"
        )
    };
    let holder = literal(world, &company.people[60].to_string());
    let free = |role: usize| company.roles[role].to_string();
    Names::from([
        ("holder", company.people[60].to_string()),
        ("grant", one(world, "id", &format!("from role_grant where identity_id = {holder} and origin = 'import' and role_id not in (select id from role where key = 'ending') order by id limit 1")).await),
        ("report", company.people[10].to_string()),
        ("role", free(3)),
        ("other_role", free(4)),
        ("open_item", one(world, "i.id", &waiting(0)).await),
        ("open_stage", one(world, "g.id", &waiting(0)).await),
        ("second_item", one(world, "i.id", &waiting(1)).await),
        ("third_item", one(world, "i.id", &waiting(2)).await),
        ("third_request", one(world, "i.request_id", &waiting(2)).await),
        ("third_asker", one(world, "i.beneficiary_id", &waiting(2)).await),
        ("fourth_item", one(world, "i.id", &waiting(3)).await),
        ("fourth_request", one(world, "i.request_id", &waiting(3)).await),
        ("fifth_item", one(world, "i.id", &waiting(4)).await),
        ("together_item", one(world, "i.id", &everyday(&manager)).await),
        ("together_stage", one(world, "g.id", &everyday(&manager)).await),
        ("managed_grant", one(world, "g.id", &managed_grant(world, company.people[company.manager])).await),
        ("colleague", company.people[61].to_string()),
        ("delegation", one(world, "id", "from delegation").await),
        ("cart_line", one(world, "id", "from cart_item").await),
        ("cart_role", free(6)),
        ("rule", one(world, "id", "from separation_rule").await),
        ("exception", one(world, "id", "from separation_exception").await),
        ("rescue_role", one(world, "id", "from role where key = 'rescue'").await),
        ("own_review", one(world, "r.id", &format!("from break_glass_review r where r.identity_id = {holder}")).await),
        (
            "over_review",
            one(world, "r.id", &format!("from break_glass_review r where r.identity_id <> {holder}")).await,
        ),
        ("newcomer_email", world.texts("select email from person where given_name = 'Nova'").await.remove(0)),
        ("stuck", one(world, "id", "from fulfilment where progress = 'needs_human'").await),
    ])
}

/// An item that may be decided among others, beyond those that have names of their own.
fn everyday(manager: &str) -> String {
    format!(
        "from stage_approver t join stage g on g.id = t.stage_id join item i on i.id = g.item_id
         join role_version v on v.id = i.role_version_id
         where t.removed_at is null and i.state = 'waiting' and t.identity_id = {manager} and v.risk in ('low', 'medium')
         order by i.id limit 1 offset 5"
    )
}

both_databases! {
    async fn forms_of_the_previous_release_are_taken_or_refused_in_words(world: World) {
        let (portal, visitors, names) = scene(world).await;
        let forms = recorded().form;
        let known: BTreeSet<(String, String)> =
            forms.iter().flat_map(|form| form.fields.iter().map(|(name, _)| (form.action.clone(), filled(name, &names)))).collect();
        let mut rendered = BTreeSet::new();
        for form in &forms {
            if form.action == "/do/confirm-restore" {
                portal.world.run("update installation set mode = 'reporting'").await;
            }
            let who = &visitors[form.who.as_str()];
            let page = portal.get(who, &filled(&form.page, &names)).await;
            if let Some(shown) = fields_shown(&page.body, &form.action) {
                let new: Vec<_> = shown.iter().filter(|name| !known.contains(&(form.action.clone(), (*name).clone()))).collect();
                assert!(new.is_empty(), "the form {} of {} has fields that the list doesn't know: {new:?}", form.action, form.page);
                rendered.insert(form.action.clone());
            }
            let answer = portal.post(who, &form.action, &filled(&form.page, &names), &typed(&form.fields, &names)).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{form:?}: {}", answer.body);
            let leads_to = filled(&form.leads_to, &names);
            assert!(answer.header("location").starts_with(&leads_to), "{form:?} leads to {}", answer.header("location"));
            let next = portal.get(who, answer.header("location").split('#').next().unwrap()).await;
            assert_eq!(next.status, StatusCode::OK, "{form:?}: {}", next.body);
            let says = filled(&form.says, &names);
            assert!(next.body.contains(&says), "{form:?}: {says:?} is missing in {}", next.body);
        }
        let unseen: Vec<_> = forms.iter().filter(|form| !rendered.contains(&form.action)).collect();
        assert!(unseen.is_empty(), "no page shows these any more: {unseen:?}");
        for (what, sql) in [
            ("requests for oneself", "select count(*) from item where reason = 'To finish the report' and seconds = 2592000 and state = 'waiting'"),
            ("requests for a report", "select count(*) from item i join request r on r.id = i.request_id where i.reason = 'For the audit' and i.seconds = 604800 and i.beneficiary_id <> r.requester_id"),
            ("approvals", "select count(*) from decision where verdict = 'approve' and comment = 'Fine with me'"),
            ("denials", "select count(*) from decision where verdict = 'deny' and comment = 'Not needed any more'"),
            ("approvals for less time", "select count(*) from item_shortening where from_seconds = 2592000 and to_seconds = 604800"),
            ("approvals among others", "select count(*) from decision where verdict = 'approve' and comment = 'All of them'"),
            ("messages", "select count(*) from item_message where body = 'Which records?'"),
            ("approvers who were added", "select count(*) from stage_approver where because = 'added'"),
            ("seats that were handed over", "select count(*) from stage_approver where because = 'handed' and on_behalf_of is not null"),
            ("grants that were ended early", "select count(*) from role_grant where end_reason = 'revoked' and end_comment = 'The project is over'"),
            ("roles taken in an emergency", "select count(*) from role_grant where origin = 'break_glass' and reason = 'The night load stopped, looking at it'"),
            ("words about them", "select count(*) from break_glass_review where account = 'Looked at the load'"),
            ("reviews of them", "select count(*) from break_glass_review where needed = 'yes' and findings = 'The log says the same' and follow_up = 'Nothing'"),
            ("activations", "select count(*) from role_grant where activates_id is not null and reason = 'Restart the order queue'"),
            ("nudges", "select count(*) from notice where kind = 'nudged'"),
            ("decisions that were moved on", "select count(*) from event where kind = 'stage_moved_on'"),
            ("choices of a digest", "select count(*) from notice_preference where kind_group = 'messages' and choice = 'digest'"),
            ("withdrawals", "select count(*) from item where state = 'withdrawn'"),
            ("grants that were given back", "select count(*) from role_grant where end_reason = 'given_back' and role_id not in (select id from role where key = 'ending')"),
            ("grants that were let go of", "select count(*) from role_grant where end_reason = 'given_back' and role_id in (select id from role where key = 'ending')"),
            ("requests for more time", "select count(*) from item where reason = 'The work goes on' and extends_id is not null"),
            ("requests for a piece of work", "select count(*) from item where piece = 'Year-end close'"),
            ("wishes that were answered", "select count(*) from wish where state = 'answered'"),
            ("new roles that were agreed on", "select count(*) from wish where state = 'coming'"),
            ("wishes that were taken back", "select count(*) from wish where state = 'withdrawn'"),
            ("attempts that were asked for", "select count(*) from event where kind = 'fulfilment_retried'"),
            ("restores that were confirmed", "select count(*) from installation where mode = 'acting'"),
        ] {
            assert_eq!(portal.world.number(sql).await, 1, "{what}");
        }
        portal.close().await;
    }

    async fn searches_of_the_previous_release_are_answered(world: World) {
        let (portal, visitors, names) = scene(world).await;
        for search in recorded().search {
            let path = format!("{}?{}", search.action, typed(&search.fields, &names));
            let answer = portal.get(&visitors["administrator"], &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        }
        portal.close().await;
    }

    /// What a browser asks for while it still shows a page of the previous release.
    async fn files_of_the_previous_release_are_answered(world: World) {
        let (portal, visitors, _) = scene(world).await;
        let who = &visitors["holder"];
        for (name, now) in [("latchkey.0123456789abcdef.css", "text/css"), ("favicon.0123456789abcdef.svg", "image/svg+xml")] {
            let moved = portal.get(who, &format!("/assets/{name}")).await;
            assert_eq!(moved.status, StatusCode::TEMPORARY_REDIRECT, "{name}");
            assert_eq!(moved.header("cache-control"), "no-store", "{name}");
            let file = portal.get(who, moved.header("location")).await;
            assert_eq!(file.status, StatusCode::OK, "{name}");
            assert!(file.header("content-type").starts_with(now), "{name}: {}", file.header("content-type"));
        }
        // Another release's script doesn't fit the page: it goes on without the islands. Nobody may keep this answer: it may come
        // from the old release's last process, about a file of the new one.
        for name in ["latchkey.0123456789abcdef.js", "latchkey.0123456789abcdef.wasm", "nothing.txt"] {
            let answer = portal.get(who, &format!("/assets/{name}")).await;
            assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::NOT_FOUND, "no-store"), "{name}");
            assert!(answer.header("content-type").starts_with("text/plain"), "{name}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
        }
        portal.close().await;
    }

    /// A browser that lost its stream by the upgrade opens it again, and hears of changes.
    async fn the_stream_of_an_open_page_is_taken_up_again(world: World) {
        let (portal, visitors, names) = scene(world).await;
        let who = &visitors["third_asker"];
        let page = filled("/requests/{third_request}", &names);
        let stream = portal.open(who, &format!("{page}/events"), "text/event-stream").await;
        assert_eq!(stream.status(), StatusCode::OK);
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let mut pieces = stream.into_body().into_data_stream();
        let form = [("item_id".to_owned(), "{third_item}".to_owned())];
        let withdrawn = portal.post(who, "/do/withdraw-item", &page, &typed(&form, &names)).await;
        assert_eq!(withdrawn.status, StatusCode::SEE_OTHER);
        let heard = tokio::time::timeout(Duration::from_secs(60), async {
            let mut heard = String::new();
            while !heard.contains("event: changed\ndata: look") {
                heard.push_str(std::str::from_utf8(&pieces.next().await.unwrap().unwrap()).unwrap());
            }
        });
        heard.await.expect("the page is told to look again");
        portal.close().await;
    }
}

/// What a page can send is in the list, so that nothing can be renamed without this test's knowing.
#[test]
fn every_change_is_in_the_list() {
    let recorded = recorded();
    let routes = include_str!("../../app/src/web/routes.rs").split(".route(\"").skip(1);
    let changes: Vec<&str> = routes.filter_map(|route| route.split_once("\", post(")).map(|(path, _)| path).collect();
    assert!(changes.len() >= 8, "the routes are written otherwise by now: {changes:?}");
    let missing: Vec<_> =
        changes.iter().filter(|path| !recorded.form.iter().any(|form| form.action == **path)).collect();
    assert!(missing.is_empty(), "an open page could not be sure of these: {missing:?}");
}

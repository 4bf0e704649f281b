//! Every page costs a fixed number of queries, whatever the size of the company (promise 12).

use std::{collections::BTreeMap, fmt::Write, sync::mpsc::channel};

use latchkey_domain::{
    AppliedSetId, GrantId, IdentityId, WishId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
};
use latchkey_service::{
    separation::exceptions::{self, ExceptionWish},
    wishes::make::make,
};
use latchkey_store::{
    applied,
    testing::bulk::{self, Company, Size},
    wishes,
};
use latchkey_testkit::World;
use serde_json::json;

use Who::{Administrator, Asker, Holder, Manager, New};

use crate::{
    drifting, emergencies,
    portal::{Portal, Visitor},
};

/// Who looks at a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// Somebody who came yesterday and holds nothing.
    New,
    /// Somebody with a handful of roles.
    Holder,
    /// Somebody who waits for their manager.
    Asker,
    /// Somebody with a team and a full inbox.
    Manager,
    /// An administrator.
    Administrator,
}

/// What each page costs, on both databases. The frame around it (session, person, portal roles, what waits, the catalog's
/// version) is in each number. A number that changes is changed here, knowingly; one that depends on the company fails.
const PAGES: &[(Who, &str, u32)] = &[
    (New, "/", 8),
    (Holder, "/", 4),
    (Asker, "/", 5),
    (Manager, "/", 6),
    (Administrator, "/", 4),
    (Holder, "/catalog", 3),
    (Holder, "/catalog?q=payroll", 2),
    (Holder, "/catalog?system=system-1&risk=high", 2),
    (Administrator, "/catalog", 3),
    (New, "/cart", 2),
    (Manager, "/cart/people?role={role}", 4),
    (Holder, "/compare", 4),
    (Manager, "/compare?with={asker}", 5),
    (New, "/roles/{role}", 13),
    (Holder, "/roles/{held_role}", 13),
    (Asker, "/roles/{asked_role}", 15),
    (Manager, "/roles/{role}", 15),
    (Manager, "/roles/{reports_role}?for={report}", 14),
    (Asker, "/requests", 5),
    (Manager, "/requests", 5),
    (Manager, "/requests?show=closed", 6),
    (Manager, "/requests?q=R-0000", 7),
    (Asker, "/requests/{open_request}", 11),
    (Manager, "/requests/{open_request}", 11),
    (Administrator, "/requests/{closed_request}", 11),
    (Asker, "/requests/{open_request}/withdraw/{open_item}", 2),
    (Asker, "/requests/{open_request}/move/{open_item}", 11),
    (Asker, "/requests/{open_request}/write/{open_item}", 3),
    (Administrator, "/requests/{open_request}/approvers/{open_item}", 3),
    (Administrator, "/requests/{open_request}/approvers/{open_item}?q=ada", 5),
    (Holder, "/access/{grant}/give-back", 2),
    (Holder, "/access/{right}/activate", 8),
    (Holder, "/access/{right}/keep", 3),
    (Manager, "/access/{managed_grant}/end", 4),
    (New, "/expiring", 3),
    (Holder, "/expiring", 3),
    (Manager, "/expiring?of=roles", 3),
    (Manager, "/expiring?of=roles&after={ending_grant}", 3),
    (Holder, "/expiring/let-go?grant={ending_own_grant}", 2),
    (New, "/approvals", 2),
    (Manager, "/approvals", 15),
    (Manager, "/approvals?item={open_item}", 15),
    (Manager, "/approvals?item={open_item}&sort=closing&age=closing&risk=low&person={asker}", 15),
    (Manager, "/approvals?show=decided", 2),
    (Manager, "/approvals/together?item={open_item}", 4),
    (Manager, "/approvals/together/done", 1),
    (Manager, "/approvals/hand-over/{open_item}", 3),
    (Manager, "/approvals/hand-over/{open_item}?q=ada", 5),
    (Manager, "/approvals/delegation", 3),
    (Manager, "/approvals/delegation?q=ada", 5),
    (New, "/wishes", 3),
    (Manager, "/wishes", 3),
    (Asker, "/wishes?show=own", 3),
    (New, "/wishes/new", 6),
    (Asker, "/wishes/{wish}", 4),
    (Manager, "/wishes/{wish}?q=payroll", 5),
    (Manager, "/team", 3),
    (Holder, "/people/{holder}", 9),
    (Manager, "/people/{asker}", 13),
    (Administrator, "/people/{manager}", 10),
    (Administrator, "/people/{deep}", 10),
    (Holder, "/notices", 3),
    (Holder, "/sessions", 2),
    (Administrator, "/audit?to=2027-02-28", 8),
    (Administrator, "/audit?person={asker_number}", 9),
    (Administrator, "/audit?role=role-0", 9),
    (Administrator, "/audit?system=system-0", 6),
    (Administrator, "/audit?request={open_request}", 10),
    (Administrator, "/audit?action=deciding&from=2026-09-01&to=2027-03-01", 8),
    (Administrator, "/audit?event={event}&to=2027-02-28", 14),
    (Administrator, "/systems", 5),
    (Administrator, "/systems/{system_key}", 11),
    (Administrator, "/systems/{system_key}/drift", 8),
    (Administrator, "/systems/{system_key}/drift?show=closed", 8),
    (Administrator, "/admin", 9),
    (Administrator, "/admin/sources", 3),
    (Administrator, "/admin/separation", 4),
    (Administrator, "/admin/separation/conflicts", 3),
    (Administrator, "/admin/separation/rules/{rule_key}", 7),
    (Manager, "/admin/separation/exceptions/{exception}/end", 7),
    (Manager, "/admin/separation", 5),
    (Manager, "/admin/separation/rules/{rule_key}", 8),
    (New, "/roles/{apart_role}", 16),
    (Holder, "/roles/{rescue_role}", 16),
    (Holder, "/roles/{rescue_role}/break-glass", 14),
    (Holder, "/break-glass", 2),
    (Administrator, "/break-glass?show=overdue", 2),
    (Manager, "/break-glass?show=closed", 2),
    (Manager, "/break-glass/{review}", 9),
    (Administrator, "/break-glass/{review}", 8),
    (Administrator, RESTORED, 2),
];

/// The page that is there after a restore alone.
const RESTORED: &str = "/systems/confirm-restore";

/// How large a company is, with what makes lists long for those who look.
struct Large {
    size: Size,
    /// The last of those who report to the manager: the first is person 9.
    last_report: usize,
    /// How many stand below each other at the end of the line.
    below: usize,
    /// Entitlements of one system that need somebody.
    stuck: usize,
    /// People in conflict by a rule that keeps duties apart.
    conflicts: usize,
    /// Sessions of the one who looks at them.
    sessions: i128,
}

const SMALL: Large = Large {
    size: Size { people: 80, roles: 30, grants: 400, requests: 80, pending: 20 },
    last_report: 16,
    below: 1,
    stuck: 2,
    conflicts: 2,
    sessions: 2,
};
const LARGER: Large = Large {
    size: Size { people: 400, roles: 150, grants: 4_000, requests: 1_000, pending: 200 },
    last_report: 60,
    below: 5,
    stuck: 30,
    conflicts: 70,
    sessions: 12,
};

/// A database for each of two companies: neither sees what the other made.
#[test]
fn promise_12_a_page_costs_the_same_in_a_small_and_in_a_larger_company_sqlite() {
    compare(|large| {
        let (send, receive) = channel();
        latchkey_testkit::sqlite("queries of pages", async |world| send.send(costs(world, large).await).unwrap());
        receive.recv().ok()
    });
}

#[test]
fn promise_12_a_page_costs_the_same_in_a_small_and_in_a_larger_company_postgres() {
    compare(|large| {
        let (send, receive) = channel();
        latchkey_testkit::postgres("queries of pages", async |world| send.send(costs(world, large).await).unwrap());
        // Where PostgreSQL is left out on purpose, there is nothing to compare.
        receive.try_recv().ok()
    });
}

/// Streams: each of their pieces is one bounded query.
const STREAMS: [&str; 3] = ["/requests/{}/events", "/audit.csv", "/admin/separation/conflicts.csv"];

#[test]
fn every_page_is_in_the_table() {
    let plain = |path: &str| {
        let mut pieces = path.split('?').next().unwrap().split('{');
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |path, piece| path + "{}" + piece.split_once('}').unwrap().1)
    };
    let known: Vec<String> = PAGES.iter().map(|(_, page, _)| plain(page)).collect();
    let routes = include_str!("../../app/src/web/routes.rs").split(".route(\"").skip(1);
    let pages: Vec<String> = routes
        .filter_map(|route| route.split_once("\", get("))
        .map(|(path, _)| plain(path))
        .filter(|path| !STREAMS.contains(&path.as_str()))
        .collect();
    assert!(pages.len() > 15, "the routes are written otherwise by now: {pages:?}");
    let missing: Vec<&String> = pages.iter().filter(|page| !known.contains(page)).collect();
    assert!(missing.is_empty(), "what these cost is not counted: {missing:?}");
}

fn compare(measure: impl Fn(&'static Large) -> Option<Vec<u32>>) {
    let (Some(small), Some(larger)) = (measure(&SMALL), measure(&LARGER)) else { return };
    let mut wrong = String::new();
    for ((who, page, queries), (small, larger)) in PAGES.iter().zip(small.iter().zip(&larger)) {
        if (small, larger) != (queries, queries) {
            let grows = if small == larger { String::new() } else { format!(", and {larger} in the larger company") };
            let _ = writeln!(wrong, "    ({who:?}, \"{page}\", {small}), // {queries} expected{grows}");
        }
    }
    assert!(wrong.is_empty(), "pages that cost something else:\n{wrong}");
}

/// What each page of the table costs in a company of this size.
async fn costs(world: World, large: &Large) -> Vec<u32> {
    let company = bulk::fill(&world.db, world.now(), &policy(), large.size).await.unwrap();
    let newcomer = world.person("Nadia Newcomer", Some(company.people[1])).await;
    grow_lists(&world, &company, large).await;
    keep_apart(&world, &company, newcomer, large.conflicts).await;
    let rescue = emergencies::role(&world, "rescue", company.people[company.manager]).await;
    for n in 0..large.conflicts {
        let who = world.person(&format!("Rita Scue{n:03}"), None).await;
        emergencies::taken(&world, who, rescue).await;
    }
    let mut names = names(&world, &company).await;
    let holder: IdentityId = named(&names, "holder").parse().unwrap();
    let right = right(&world, &company, holder).await;
    names.insert("right", right.to_string());
    let (own, of_role) = end_soon(&world, &company, holder, large.conflicts).await;
    names.extend([("ending_own_grant", own.to_string()), ("ending_grant", of_role.to_string())]);
    let asker: IdentityId = named(&names, "asker").parse().unwrap();
    drifting::found(&world, large.stuck).await;
    let made = wish_for(&world, &vec![asker; large.stuck.min(8)]).await;
    names.insert("wish", made[0].to_string());
    let portal = Portal::new(world).await;
    let [holder, asker] = ["holder", "asker"].map(|name| named(&names, name).parse().unwrap());
    let mut visitors = BTreeMap::new();
    let who = [
        (New, newcomer),
        (Holder, holder),
        (Asker, asker),
        (Manager, company.people[company.manager]),
        (Administrator, company.people[0]),
    ];
    for (n, (who, person)) in who.into_iter().enumerate() {
        visitors.insert(who, portal.signed_in(person, n as i128).await);
    }
    for n in 0..large.sessions {
        portal.signed_in(holder, 100 + n).await;
    }
    let mut costs = Vec::with_capacity(PAGES.len());
    for (who, page, _) in PAGES {
        if *page == RESTORED {
            portal.world.run("update installation set mode = 'reporting'").await;
        }
        costs.push(cost(&portal, &visitors[who], &filled(page, &names)).await);
    }
    portal.close().await;
    costs
}

/// The first visit may read the catalog anew and note the session's use; the second one is like all that follow.
async fn cost(portal: &Portal, who: &Visitor, path: &str) -> u32 {
    let first = portal.get(who, path).await;
    assert_eq!(first.status, 200, "{path}: {}", first.body);
    let again = portal.get(who, path).await;
    assert!(again.queries > 0 && again.queries <= first.queries, "{path}: {} then {}", first.queries, again.queries);
    again.queries
}

/// Makes longer what the filled company has as short lists.
async fn grow_lists(world: &World, company: &Company, large: &Large) {
    let number = |n: usize| format!("'E{n:06}'");
    // Those who ask the manager have no team themselves, and nothing waits for them: theirs report to the boss.
    let reports: Vec<String> = (9..=16).map(number).collect();
    let boss = format!("(select p.identity_id from person p where p.external_id = {})", number(0));
    let of = format!("(select p.identity_id from person p where p.external_id in ({}))", reports.join(", "));
    world.run(&format!("update person set manager_id = {boss} where manager_id in {of}")).await;
    world.run(&format!("update stage_approver set removed_at = added_at where identity_id in {of}")).await;
    let moved: Vec<String> = (9..=large.last_report).map(number).collect();
    let manager = format!("(select p.identity_id from person p where p.external_id = {})", number(company.manager));
    world.run(&format!("update person set manager_id = {manager} where external_id in ({})", moved.join(", "))).await;
    let last = large.size.people - 1;
    for n in 0..large.below {
        let (who, above) = (number(last - n), number(last - n - 1));
        let above = format!("(select p.identity_id from person p where p.external_id = {above})");
        world.run(&format!("update person set manager_id = {above} where external_id = {who}")).await;
    }
    let stuck = world
        .run(&format!(
            "update fulfilment set progress = 'needs_human', last_outcome = 'needs_human', last_words = 'It is in use.'
             where id in (select f.id from fulfilment f join account a on a.id = f.account_id join system s on s.id = a.system_id
                          where s.key = 'system-0' order by f.id limit {})",
            large.stuck
        ))
        .await;
    assert_eq!(stuck, large.stuck as u64);
}

/// A role of the manager's that several people hold for a few days more, somebody among them. Gives their grant, and that of
/// the first of the others.
pub(crate) async fn end_soon(world: &World, company: &Company, who: IdentityId, others: usize) -> (GrantId, GrantId) {
    let manager = company.people[company.manager];
    let system = world.system("ending", latchkey_domain::system::SystemKind::Ldap, None).await;
    let read = world.entitlement(system, "read").await;
    let policy = world.policy("ending", &serde_json::from_str(&policy()).unwrap()).await;
    let role = world.role("ending", Some(manager), policy, &[read]).await;
    let end = world.now() + chrono::TimeDelta::days(5);
    let own = world.grant(who, role, Some(end)).await;
    let mut of_role = own;
    for n in 0..others {
        let other = world.person(&format!("Endre Soon{n:03}"), None).await;
        of_role = world.grant(other, role, Some(end)).await;
    }
    (own, of_role)
}

/// A rule of the manager's that the newcomer and others are in conflict by, with an exception for each second of them.
pub(crate) async fn keep_apart(world: &World, company: &Company, newcomer: latchkey_testkit::Person, conflicts: usize) {
    let manager = company.people[company.manager];
    let system = world.system("apart", latchkey_domain::system::SystemKind::Ldap, None).await;
    let (one, two) = (world.entitlement(system, "one").await, world.entitlement(system, "two").await);
    let policy = world.policy("apart", &serde_json::from_str(&policy()).unwrap()).await;
    let first = world.role("apart-1", Some(manager), policy, &[one]).await;
    let second = world.role("apart-2", Some(manager), policy, &[two]).await;
    let rule = world.separation_rule("apart", manager, &[(&[first.id], &[]), (&[], &[two])], None).await;
    world.grant(newcomer, first, None).await;
    let actor = world.actor(manager);
    let reason = || "Covers for somebody".to_owned();
    for n in 0..conflicts {
        // Whoever reports to somebody else and looks at no page themselves.
        let who = world.person(&format!("Conny Flict{n:03}"), None).await;
        world.grant(who, first, None).await;
        world.grant(who, second, None).await;
        // A few, so that what the log says last is as varied as in a small company.
        if n % 2 == 0 && n < 4 {
            let until = world.now().date_naive() + chrono::Days::new(30);
            let wish = ExceptionWish { rule, person: who, reason: reason(), until };
            exceptions::grant(&world.db, world.clock.as_ref(), &actor, &wish, "UTC").await.unwrap();
        }
    }
}

/// The right to activate a role of the manager's, on trial.
pub(crate) async fn right(world: &World, company: &Company, who: IdentityId) -> latchkey_domain::GrantId {
    let mut body: serde_json::Value = serde_json::from_str(&policy()).unwrap();
    body["schema"] = json!(3);
    body["policy"]["activation"] = json!({"max": "8h", "default": "2h", "offer": ["2h", "8h"]});
    let policy = world.policy("activated", &body).await;
    let system = world.system("production", latchkey_domain::system::SystemKind::Ldap, None).await;
    let shell = world.entitlement(system, "shell").await;
    let role = world.role("activated", Some(company.people[company.manager]), policy, &[shell]).await;
    let right = world.right(who, role, None).await;
    let trial = "update role_grant set ends_at = '2027-06-01T00:00:00+00:00', full_ends_at = '2027-09-01T00:00:00+00:00' where eligible";
    latchkey_store::testing::run(&world.db, trial).await.unwrap();
    right
}

/// Wishes that wait for the manager, or for the boss whose own they are.
pub(crate) async fn wish_for(world: &World, wishers: &[IdentityId]) -> Vec<WishId> {
    let mut tx = world.tx().await;
    let set = AppliedSetId::new(world.now());
    applied::insert(&mut tx, set, applied::CATALOG, "aa", "a test", "").await.unwrap();
    wishes::set_rule(
        &mut tx,
        Some(r#"{"approvers":"manager","fallback":"security","deadline":{"after":"2d","then":"remind"}}"#),
        set,
    )
    .await
    .unwrap();
    bulk::touch_catalog(&mut tx).await.unwrap();
    tx.commit(vec![NewEvent::new(ActorRef::Host, EventBody::WishRuleRetired {})]).await.unwrap();
    let mut made = Vec::new();
    for (n, who) in wishers.iter().enumerate() {
        let words = format!("Something that isn't there, number {n}");
        let key = uuid::Uuid::new_v4();
        made.push(make(&world.db, world.clock.as_ref(), &world.actor(*who), key, &words).await.unwrap().wish);
    }
    made
}

/// What stands for the names in the addresses.
async fn names(world: &World, company: &Company) -> BTreeMap<&'static str, String> {
    let manager = company.people[company.manager];
    let waiting = "from stage_approver t join stage g on g.id = t.stage_id join item i on i.id = g.item_id
                   where t.removed_at is null and i.state = 'waiting'";
    let by = format!("{waiting} and t.identity_id = {} order by i.id limit 1", literal(world, &manager.to_string()));
    // Somebody with roles who waits for nothing and looks after nothing: what there is to look up is the same in both companies.
    let holder = "from role_grant g where g.ends_at is null and (select count(*) from role_grant o where o.identity_id = g.identity_id) > 3
                  and not exists (select 1 from item i where i.beneficiary_id = g.identity_id and i.state = 'waiting')
                  and not exists (select 1 from ownership w where w.owner_id = g.identity_id)
                  and not exists (select 1 from person p where p.manager_id = g.identity_id) order by g.identity_id limit 1";
    let holder = one(world, "g.identity_id", holder).await;
    let held = format!(
        "from role_grant where identity_id = {} and ends_at is null order by id limit 1",
        literal(world, &holder)
    );
    let asker = one(world, "i.beneficiary_id", &by).await;
    let report = literal(world, &company.people[10].to_string());
    let number = format!("select external_id from person where identity_id = {}", literal(world, &asker));
    BTreeMap::from([
        ("asker_number", world.texts(&number).await.remove(0)),
        ("asker", asker),
        ("asked_role", one(world, "i.role_id", &by).await),
        ("open_request", one(world, "i.request_id", &by).await),
        ("open_item", one(world, "i.id", &by).await),
        ("closed_request", one(world, "id", "from request where state = 'closed' order by id limit 1").await),
        ("held_role", one(world, "role_id", &held).await),
        ("grant", one(world, "id", &held).await),
        ("managed_grant", one(world, "g.id", &managed_grant(world, manager)).await),
        ("event", one(world, "id", "from event where kind = 'item_decided' order by id limit 1").await),
        ("role", company.roles[1].to_string()),
        ("reports_role", one(world, "r.id", &format!("from role r where r.key like 'role-%' and not exists (select 1 from role_grant g where g.role_id = r.id and g.identity_id = {report}) and not exists (select 1 from item i where i.role_id = r.id and i.beneficiary_id = {report}) order by r.key limit 1")).await),
        ("rule_key", "apart".to_owned()),
        ("apart_role", one(world, "id", "from role where key = 'apart-2'").await),
        ("exception", one(world, "id", "from separation_exception order by id limit 1").await),
        ("rescue_role", one(world, "id", "from role where key = 'rescue'").await),
        ("review", one(world, "id", "from break_glass_review order by id limit 1").await),
        ("holder", holder),
        ("manager", manager.to_string()),
        ("system_key", "system-0".to_owned()),
        ("deep", company.people.last().unwrap().to_string()),
        ("report", company.people[10].to_string()),
    ])
}

/// Somebody's grant of a role that the manager owns.
pub fn managed_grant(world: &World, manager: IdentityId) -> String {
    let manager = literal(world, &manager.to_string());
    format!(
        "from role_grant g join ownership w on w.role_id = g.role_id and w.valid_to is null
         where w.owner_id = {manager} and g.identity_id <> {manager} and g.state = 'active' and g.origin = 'import'
           and g.role_id not in (select id from role where key = 'ending') order by g.id limit 1"
    )
}

/// The one id that a query gives.
pub async fn one(world: &World, column: &str, from: &str) -> String {
    let column = if world.db.is_postgres() { format!("{column}::text") } else { format!("lower(hex({column}))") };
    let found = world.texts(&format!("select {column} {from}")).await;
    uuid::Uuid::parse_str(found.first().unwrap_or_else(|| panic!("nothing {from}"))).unwrap().to_string()
}

/// An id as SQL writes it.
pub fn literal(world: &World, id: &str) -> String {
    if world.db.is_postgres() { format!("'{id}'") } else { format!("X'{}'", id.replace('-', "")) }
}

pub fn named<'n>(names: &'n BTreeMap<&'static str, String>, name: &str) -> &'n str {
    names.get(name).unwrap_or_else(|| panic!("nothing is called {name}"))
}

pub fn filled(page: &str, names: &BTreeMap<&'static str, String>) -> String {
    let mut pieces = page.split('{');
    let mut path = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap();
        path.push_str(named(names, name));
        path.push_str(rest);
    }
    path
}

pub fn policy() -> String {
    json!({"schema": 1, "policy": {
        "key": "standard", "name": "Manager decides", "description": "Everyday access.",
        "stages": [{"approvers": "manager", "fallback": "owner"}],
        "max_duration": "365d", "default_duration": "90d", "offer": ["7d", "30d", "90d"],
        "who": ["employee"], "reason": "required", "undecided_after": "60d"}})
    .to_string()
}

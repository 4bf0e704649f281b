//! Applying a catalog: versions, owners, retiring, and what becomes of those who hold a role that changes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where something unexpected happens")]

mod files_support;

use chrono::TimeDelta;
use files_support::{
    POLICIES, apply, catalog, demo_catalog, demo_people, everything, four_people, import, line, mistakes, person,
};
use latchkey_domain::{
    GrantId, RoleId, SystemId, account::AccountState, actor::Actor, portal_role::PortalRole, system::SystemKind,
};
use latchkey_service::{
    ServiceError,
    add_administrator::add_administrator,
    apply_catalog::{apply_catalog, follow_versions, titles},
    facts,
    import_people::import_people,
    justify,
    plan::{FilesError, Outcome, Plan},
    questions::{self, Kind},
    submit_request::{ItemWish, Submission, submit_request},
};
use latchkey_store::{
    catalog::{holders, ownership, policies, roles},
    grants, identities, systems,
};
use latchkey_testkit::{Person, Role, World, both_databases};

async fn role(world: &World, key: &str) -> roles::RoleVersionRow {
    let mut read = world.db.read().await.unwrap();
    roles::by_key(&mut read, key).await.unwrap().unwrap()
}

/// Gives somebody a role in force, settled as a real grant is.
async fn give(world: &World, to: Person, key: &str) -> GrantId {
    let role = role(world, key).await;
    let grant = world.grant(to, Role { id: role.role_id.into(), version: role.id.into() }, None).await;
    let mut tx = world.tx().await;
    identities::lock(&mut tx, &[to]).await.unwrap();
    let events = justify::settle(&mut tx, to, &Actor::Host.reference()).await.unwrap();
    tx.commit(events).await.unwrap();
    grant
}

/// What is wanted present for somebody, by the entitlement's key.
async fn wanted(world: &World) -> Vec<String> {
    world
        .texts("select e.key from fulfilment f join entitlement e on e.id = f.entitlement_id where f.desired = 'present' order by e.key")
        .await
}

async fn submit(world: &World, who: Person, key: &str) {
    let wish = ItemWish {
        role: RoleId(role(world, key).await.role_id),
        beneficiary: who,
        duration: "7d".parse().unwrap(),
        reason: "Closing the books".to_owned(),
    };
    let submission = Submission { form_key: uuid::Uuid::from_u128(7), items: vec![wish] };
    submit_request(&world.db, &*world.clock, &world.actor(who), &submission).await.unwrap();
}

fn refused(result: Result<Plan, FilesError>) -> String {
    match result {
        Err(FilesError::Service(ServiceError::Refused(refusal))) => refusal.code,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

both_databases! {
    async fn the_demo_catalog_loads_clean_and_once(world: World) {
        import_people(&world.db, &*world.clock, &Actor::Host, "demo/people.csv", &demo_people(), false).await.unwrap();
        let files = demo_catalog();
        let plan = apply(&world, &files).await.unwrap();
        assert!(plan.count(titles::NEW_ROLES) >= 50 && plan.count(titles::NEW_SYSTEMS) >= 6, "{plan}");
        assert_eq!(plan.lines(titles::OWNERS), Vec::<String>::new());
        let before = everything(&world).await;
        assert_eq!(apply(&world, &files).await.unwrap().outcome, Outcome::NothingToDo);
        assert_eq!(everything(&world).await, before);
        // A comment more is another set of files with the same catalog.
        let mut commented = files;
        commented[0].1.push_str("\n# a remark\n");
        let plan = apply(&world, &commented).await.unwrap();
        assert_eq!((plan.count(titles::FORM), plan.sections.len()), (1, 1));
        assert_eq!(world.texts("select catalog_hash from installation").await, [plan.hash]);
        assert_eq!(world.number("select count(*) from role_version").await, before["role_version"]);
        assert_eq!(world.events("catalog_applied").await, 2);
    }

    async fn the_built_in_system_and_its_portal_roles_are_always_there(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let mut read = world.db.read().await.unwrap();
        let system = systems::by_key(&mut read, "latchkey").await.unwrap().unwrap();
        assert_eq!((system.kind, system.retired_at), (SystemKind::Latchkey, None));
        let keys: Vec<String> =
            systems::entitlements_of(&mut read, SystemId(system.id)).await.unwrap().into_iter().map(|e| e.key).collect();
        assert_eq!(keys, ["administrator", "auditor", "helpdesk", "security"]);
        assert_eq!(keys.len(), PortalRole::ALL.len());
    }

    async fn promise_10_a_dry_run_tells_the_same_and_writes_nothing(world: World) {
        four_people(&world).await;
        let first = catalog(&[]);
        let before = everything(&world).await;
        let dry = apply_catalog(&world.db, &*world.clock, &Actor::Host, "catalog", &first, true).await.unwrap();
        assert_eq!((everything(&world).await, dry.outcome), (before, Outcome::DryRun));
        assert_eq!(apply(&world, &first).await.unwrap().sections, dry.sections);

        give(&world, person(&world, "E3").await, "payroll-reader").await;
        let changed = catalog(&[("entitlements = [\"finance/payroll-read\"]", "entitlements = [\"finance/ledger-read\"]"), ("owner = \"E2\"", "owner = \"E4\"")]);
        let before = everything(&world).await;
        let dry = apply_catalog(&world.db, &*world.clock, &Actor::Host, "catalog", &changed, true).await.unwrap();
        assert_eq!(everything(&world).await, before);
        assert_eq!(apply(&world, &changed).await.unwrap().sections, dry.sections);
        assert_eq!(dry.lines(titles::REACHED), ["Payroll reader (payroll-reader): 1 holder: Cy Moss"]);
        assert_eq!(dry.lines(titles::CHANGED_ROLES), ["Payroll reader (payroll-reader): gives + finance/ledger-read, - finance/payroll-read"]);
        assert_eq!(dry.lines(titles::OWNERS), ["Payroll reader: Bo Lind -> Di Nash", "Bookkeeper: Bo Lind -> Di Nash"]);
    }

    async fn promise_10_mistakes_write_nothing_and_name_file_line_and_reason(world: World) {
        four_people(&world).await;
        import(&world, &[&line("E4", "Di Nash", "E1").replace(",active,", ",terminated,")]).await.unwrap();
        import(&world, &[&line("E5", "Ed Park", "E1").replace(",active,", ",pre_hire,")]).await.unwrap();
        let before = everything(&world).await;
        let files = catalog(&[
            ("owner = \"E1\"", "owner = \"E99\""),
            ("owner = \"E2\"\nrisk = \"medium\"", "owner = \"E4\"\nrisk = \"medium\""),
            ("fallback = \"owner\"", "fallback = \"person:E5\""),
        ]);
        assert_eq!(
            mistakes(apply(&world, &files).await).iter().map(|m| m.split_once("; expected").unwrap().0.to_owned()).collect::<Vec<_>>(),
            [
                "policies.toml:5:48: fallback names \"E5\", Ed Park, who hasn't started yet",
                "roles/finance.toml:5:9: owner names \"E4\", Di Nash, who has left",
                "systems/finance.toml:6:9: owner names \"E99\", whom nobody knows",
            ]
        );
        let broken = catalog(&[("finance/ledger-read\"]", "finance/ledger-reed\"]")]);
        let told = mistakes(apply(&world, &broken).await);
        assert!(told[0].starts_with("roles/finance.toml:20:") && told[0].contains("for example ledger-read"), "{told:?}");
        assert_eq!(everything(&world).await, before);
    }

    async fn what_a_role_gives_changes_for_its_holders_too(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let (cy, di) = (person(&world, "E3").await, person(&world, "E4").await);
        give(&world, cy, "payroll-reader").await;
        give(&world, di, "bookkeeper").await;
        assert_eq!(wanted(&world).await, ["ledger-read", "payroll-read"]);
        let version = world.number("select version from identity where display_name = 'Cy Moss'").await;

        world.advance(TimeDelta::hours(1));
        let both = catalog(&[("entitlements = [\"finance/payroll-read\"]", "entitlements = [\"finance/ledger-read\", \"finance/payroll-read\"]")]);
        let plan = apply(&world, &both).await.unwrap();
        assert_eq!(plan.count(titles::CHANGED_ROLES), 1);
        assert_eq!(wanted(&world).await, ["ledger-read", "ledger-read", "payroll-read"]);
        assert_eq!((world.events("grant_moved").await, role(&world, "payroll-reader").await.version), (1, 2));
        assert_eq!(world.number("select version from identity where display_name = 'Cy Moss'").await, version + 1, "under the one lock");
        assert_eq!(world.number("select count(*) from role_version where valid_to is not null").await, 1);

        apply(&world, &catalog(&[("entitlements = [\"finance/payroll-read\"]", "entitlements = [\"finance/ledger-read\"]")])).await.unwrap();
        assert_eq!(wanted(&world).await, ["ledger-read", "ledger-read"], "what nothing justifies any more is taken away");
        assert_eq!(world.number("select count(*) from account where desired = 'enabled'").await, 2);
        assert_eq!(AccountState::Enabled.as_str(), "enabled");
    }

    async fn other_words_are_another_version_that_moves_nobody(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        give(&world, person(&world, "E3").await, "payroll-reader").await;
        let plan = apply(&world, &catalog(&[("payroll runs.", "payroll runs, for one month.")])).await.unwrap();
        assert_eq!(plan.lines(titles::CHANGED_ROLES), ["Payroll reader (payroll-reader): description"]);
        assert_eq!((plan.count(titles::REACHED), world.events("grant_moved").await), (0, 0));
        assert_eq!(role(&world, "payroll-reader").await.version, 2);
        assert_eq!(follow_versions(&world.db, &*world.clock, 100).await.unwrap(), 0, "both versions give the same");
    }

    async fn a_grant_made_from_an_old_version_follows_later(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let old = role(&world, "payroll-reader").await;
        apply(&world, &catalog(&[("entitlements = [\"finance/payroll-read\"]", "entitlements = [\"finance/ledger-read\"]")])).await.unwrap();
        let grant = world.grant(person(&world, "E3").await, Role { id: old.role_id.into(), version: old.id.into() }, None).await;
        assert_eq!(follow_versions(&world.db, &*world.clock, 100).await.unwrap(), 1);
        let mut read = world.db.read().await.unwrap();
        let now = grants::get(&mut read, grant).await.unwrap().unwrap();
        assert_eq!(now.role_version_id, role(&world, "payroll-reader").await.id);
        assert_eq!(wanted(&world).await, ["ledger-read"]);
        assert_eq!(follow_versions(&world.db, &*world.clock, 100).await.unwrap(), 0);
    }

    async fn two_applies_at_once_come_one_after_the_other(world: World) {
        four_people(&world).await;
        let mut other = world.clone();
        other.db = world.another_db().await;
        let files = catalog(&[]);
        let (one, two) = tokio::join!(apply(&world, &files), apply(&other, &files));
        let outcomes = [one.unwrap().outcome, two.unwrap().outcome];
        assert_eq!(outcomes.iter().filter(|o| **o == Outcome::NothingToDo).count(), 1, "{outcomes:?}");
        assert_eq!((world.events("catalog_applied").await, world.number("select count(*) from role").await), (1, 2));
        other.db.close().await;
    }

    async fn a_retired_role_ends_requests_and_keeps_grants(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        give(&world, person(&world, "E3").await, "payroll-reader").await;
        submit(&world, person(&world, "E4").await, "payroll-reader").await;
        let start = files_support::ROLES.find("[[role]]\nkey = \"bookkeeper\"").unwrap();
        let mut files = catalog(&[]);
        files[1].1 = files_support::ROLES[start..].to_owned();
        let plan = apply(&world, &files).await.unwrap();
        assert_eq!(plan.lines(titles::RETIRED_ROLES), ["Payroll reader (payroll-reader): 1 holder: Cy Moss"]);
        assert_eq!(plan.count(titles::CANCELLED), 1);
        assert_eq!(world.texts("select state from item").await, ["cancelled"]);
        assert_eq!(world.texts("select state from request").await, ["closed"]);
        assert_eq!(world.number("select count(*) from stage where state = 'open'").await, 0);
        assert_eq!(world.texts("select state from role_grant").await, ["active"]);
        assert_eq!(wanted(&world).await, ["payroll-read"]);
        assert_eq!((world.events("role_retired").await, world.events("item_cancelled").await), (1, 1));

        // It comes back as another version.
        apply(&world, &catalog(&[("See the books.\"\nowner", "See all books.\"\nowner")])).await.unwrap();
        let back = role(&world, "payroll-reader").await;
        assert_eq!((back.version, back.retired_at), (2, None));
    }

    async fn a_retired_system_takes_its_entitlements_along(world: World) {
        four_people(&world).await;
        let mut files = catalog(&[]);
        let crm = files_support::SYSTEM.replace("\"finance\"", "\"crm\"").replace("Finance database", "Customer database");
        files.push(("systems/crm.toml".to_owned(), crm));
        apply(&world, &files).await.unwrap();
        let plan = apply(&world, &catalog(&[])).await.unwrap();
        assert_eq!(plan.lines(titles::RETIRED_SYSTEMS), ["Customer database (crm)"]);
        assert_eq!(plan.lines(titles::RETIRED_ENTITLEMENTS), ["Ledger, reading (crm/ledger-read)", "Payroll, reading (crm/payroll-read)"]);
        assert_eq!((world.events("system_retired").await, world.events("entitlement_retired").await), (1, 2));
        assert_eq!(apply(&world, &files).await.unwrap().count(titles::NEW_SYSTEMS), 1);
        assert_eq!(world.number("select count(*) from system where retired_at is null").await, 3);
        assert_eq!(world.number("select count(*) from entitlement where retired_at is not null").await, 0);
    }

    async fn policies_have_versions_and_requests_keep_theirs(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        submit(&world, person(&world, "E4").await, "bookkeeper").await;
        let plan = apply(&world, &catalog(&[("undecided_after = \"14d\"", "undecided_after = \"7d\"")])).await.unwrap();
        assert_eq!(plan.lines(titles::CHANGED_POLICIES), ["standard version 2 (standard): undecided_after"]);
        let mut read = world.db.read().await.unwrap();
        let now = policies::by_key(&mut read, "standard").await.unwrap().unwrap();
        assert_eq!(now.version, 2);
        assert_eq!(world.number("select v.version from item i join policy_version v on v.id = i.policy_version_id").await, 1);
        assert_eq!(role(&world, "bookkeeper").await.version, 1, "a policy's version isn't a role's");

        let other = format!("{POLICIES}\n{}", POLICIES.replace("\"standard\"", "\"other\"").replace("Manager decides", "Other"));
        let mut files = catalog(&[]);
        files[0].1 = other;
        apply(&world, &files).await.unwrap();
        assert_eq!(apply(&world, &catalog(&[])).await.unwrap().lines(titles::RETIRED_POLICIES), ["other"]);
        assert_eq!(world.events("policy_retired").await, 1);
    }

    /// After an upgrade the same files change nothing, although this release writes policies in other bytes.
    async fn what_an_earlier_release_wrote_and_means_the_same_is_no_new_version(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let earlier = world.run("update policy_version set body = replace(body, '\"schema\":3', '\"schema\":1')").await;
        assert!(earlier > 0);
        let plan = apply(&world, &catalog(&[])).await.unwrap();
        assert!(plan.lines(titles::CHANGED_POLICIES).is_empty(), "{plan:?}");
        assert_eq!(world.number("select max(version) from policy_version").await, 1);
    }

    async fn another_owner_closes_the_ownership_before_and_decides_from_then_on(world: World) {
        four_people(&world).await;
        let owner_decides = ("approvers = \"manager\", fallback = \"owner\"", "approvers = \"owner\", fallback = \"system-owner\"");
        apply(&world, &catalog(&[owner_decides])).await.unwrap();
        submit(&world, person(&world, "E3").await, "bookkeeper").await;
        apply(&world, &catalog(&[owner_decides, ("owner = \"E2\"", "owner = \"E4\"")])).await.unwrap();
        let role = role(&world, "bookkeeper").await;
        let mut read = world.db.read().await.unwrap();
        let owner = ownership::of(&mut read, ownership::Owned::Role(RoleId(role.role_id))).await.unwrap().unwrap();
        assert_eq!(owner.owner_name, "Di Nash");
        assert_eq!(world.number("select count(*) from ownership where valid_to is not null").await, 2);
        let approvers = "select i.display_name from stage_approver a join identity i on i.id = a.identity_id where a.removed_at is null";
        assert_eq!(world.texts(approvers).await, ["Di Nash"]);
        assert_eq!((world.events("owner_changed").await, world.events("approvers_changed").await), (5, 1));
    }

    async fn a_name_on_the_system_stays_while_somebody_has_it(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let renamed = catalog(&[("native = \"payroll_read\"", "native = \"payroll_reader\"")]);
        give(&world, person(&world, "E3").await, "payroll-reader").await;
        let before = everything(&world).await;
        assert_eq!(
            mistakes(apply(&world, &renamed).await),
            ["systems/finance.toml:10:1: entitlement \"finance/payroll-read\": native changes from \"payroll_read\" while 1 person has it there; expected an entitlement with a key of its own in the same role: access then moves by itself"]
        );
        assert_eq!(everything(&world).await, before);
        let other = catalog(&[("native = \"ledger_read\"", "native = \"ledger_reader\"")]);
        assert_eq!(apply(&world, &other).await.unwrap().lines(titles::CHANGED_ENTITLEMENTS), ["Ledger, reading (finance/ledger-read): native"]);
    }

    async fn the_first_administrator_comes_from_the_host_on_an_empty_installation(world: World) {
        let unknown = add_administrator(&world.db, &*world.clock, &Actor::Host, "E1").await;
        match unknown {
            Err(ServiceError::Refused(r)) => {
                assert_eq!(r.code, "admin.unknown_person");
                assert!(r.help.contains("latchkey import people"), "{r}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.number("select count(*) from system").await, 0, "nothing is half-written");

        import(&world, &[&line("E1", "Ann Berg", "")]).await.unwrap();
        let ann = person(&world, "E1").await;
        let done = add_administrator(&world.db, &*world.clock, &Actor::Host, "E1@brinewell.test").await.unwrap();
        assert_eq!((done.identity, done.role.as_str(), done.already), (ann, "Latchkey administrator", false));
        let mut read = world.db.read().await.unwrap();
        assert_eq!(holders::administrators(&mut read).await.unwrap(), [ann]);
        let by_facts: Vec<Person> =
            facts::holders(&mut read, PortalRole::Administrator).await.unwrap().into_iter().map(|c| c.id).collect();
        assert_eq!(by_facts, [ann]);
        assert_eq!((world.events("administrator_added").await, world.events("grant_created").await), (1, 1));
        assert_eq!(world.texts("select origin from role_grant").await, ["host"]);
        assert_eq!(world.texts("select observed from fulfilment").await, ["present"], "true here at once");
        drop(read);

        let before = everything(&world).await;
        assert!(add_administrator(&world.db, &*world.clock, &Actor::Host, "E1").await.unwrap().already);
        assert_eq!(everything(&world).await, before);

        // A catalog without a role for administrators keeps the built-in one.
        import(&world, &[&line("E2", "Bo Lind", "E1")]).await.unwrap();
        let plan = apply(&world, &catalog(&[])).await.unwrap();
        assert_eq!((plan.count(titles::RETIRED_ROLES), plan.count(titles::RETIRED_POLICIES)), (0, 0));
        let no_more = add_administrator(&world.db, &*world.clock, &world.actor(ann), "E2").await;
        assert!(matches!(no_more, Err(ServiceError::Refused(r)) if r.code == "admin.not_the_host"));
    }

    async fn a_catalog_takes_the_built_in_role_over_but_never_the_last_administrator_away(world: World) {
        four_people(&world).await;
        let ann = add_administrator(&world.db, &*world.clock, &Actor::Host, "E1").await.unwrap().identity;
        let with_role = |gives: &str| {
            let mut files = catalog(&[]);
            files[1].1.push_str(&format!(
                "\n[[role]]\nkey = \"latchkey-administrator\"\nname = \"Keeper of the keys\"\ndescription = \"Keep the catalog.\"\nowner = \"E2\"\nrisk = \"critical\"\ntags = []\npolicy = \"standard\"\nentitlements = [\"{gives}\"]\n"
            ));
            files
        };
        apply(&world, &with_role("latchkey/administrator")).await.unwrap();
        let before = everything(&world).await;
        assert_eq!(refused(apply(&world, &with_role("latchkey/auditor")).await), "catalog.last_administrator");
        let dry = apply_catalog(&world.db, &*world.clock, &Actor::Host, "catalog", &with_role("latchkey/auditor"), true).await;
        assert_eq!(refused(dry), "catalog.last_administrator");
        assert_eq!(everything(&world).await, before);
        let mut read = world.db.read().await.unwrap();
        assert_eq!(holders::administrators(&mut read).await.unwrap(), [ann]);
        assert_eq!(role(&world, "latchkey-administrator").await.name, "Keeper of the keys");
        drop(read);
        let second = add_administrator(&world.db, &*world.clock, &Actor::Host, "E3").await.unwrap();
        assert_eq!(second.role, "Keeper of the keys");
    }

    async fn what_a_role_asks_is_versioned_with_it(world: World) {
        four_people(&world).await;
        let files = |question: &str| {
            let gives = "entitlements = [\"finance/payroll-read\"]\n";
            catalog(&[(gives, &format!("{gives}{question}"))])
        };
        apply(&world, &files("")).await.unwrap();
        let before = role(&world, "payroll-reader").await;
        assert_eq!((before.version, before.questions.clone()), (1, None));
        let ticket = "[[role.question]]\nkey = \"ticket\"\nlabel = \"Which ticket?\"\nkind = \"ticket\"\npattern = \"OPS-[0-9]+\"\n";
        apply(&world, &files(ticket)).await.unwrap();
        let after = role(&world, "payroll-reader").await;
        assert_eq!(after.version, 2);
        let mut read = world.db.read().await.unwrap();
        let asked = questions::of(&mut read, after.id.into()).await.unwrap();
        assert_eq!((asked.len(), asked[0].required, &asked[0].kind), (1, true, &Kind::Ticket { pattern: "OPS-[0-9]+".into() }));
        drop(read);
        assert_eq!(apply(&world, &files(ticket)).await.unwrap().outcome, Outcome::NothingToDo);
        // Without it the role says what it said at first.
        apply(&world, &files("")).await.unwrap();
        let last = role(&world, "payroll-reader").await;
        assert_eq!((last.version, &last.hash), (3, &before.hash));

        for (wrong, says) in [
            (ticket.replace("OPS-[0-9]+", "OPS-("), "question \"ticket\": pattern isn't a regular expression"),
            (ticket.replace("pattern", "patern"), "question \"ticket\": pattern is missing"),
            (ticket.replace("kind = \"ticket\"", "kind = \"number\""), "question \"ticket\": kind is \"number\"; expected text, choice or ticket"),
            (ticket.replace("kind = \"ticket\"", "kind = \"choice\"\noptions = [\"Yes\"]"), "question \"ticket\": options has 1 entries"),
            (format!("{ticket}{ticket}"), "the role asks \"ticket\" twice"),
        ] {
            let said = mistakes(apply(&world, &files(&wrong)).await);
            assert!(said.iter().any(|line| line.contains(says)), "{says}: {said:?}");
        }
    }
}

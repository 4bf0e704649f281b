//! The catalog in memory, finding roles in it, and finding people.

#![expect(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod files_support;

use std::{collections::BTreeSet, sync::Arc};

use files_support::{apply, catalog, demo_catalog, demo_people, four_people, import, line, person};
use latchkey_domain::{actor::Actor, role::Risk};
use latchkey_service::{
    catalog::{Catalog, CatalogCache, FacetCount, PageKey, SearchQuery, load, search},
    import_people::import_people,
    people::{self, PeopleQuery},
};
use latchkey_store::{count_queries, identities::list::PersonKey};
use latchkey_testkit::{World, both_databases};

async fn demo(world: &World) -> Catalog {
    import_people(&world.db, &*world.clock, &Actor::Host, "demo/people.csv", &demo_people(), false).await.unwrap();
    apply(world, &demo_catalog()).await.unwrap();
    load(&mut world.db.read().await.unwrap()).await.unwrap()
}

fn keys<'c>(catalog: &'c Catalog, text: &str) -> Vec<&'c str> {
    search(catalog, &SearchQuery { text, limit: 100, ..SearchQuery::default() })
        .hits
        .iter()
        .map(|r| r.key.as_str())
        .collect()
}

fn values(facet: &[FacetCount]) -> Vec<(&str, usize)> {
    facet.iter().map(|f| (f.value.as_str(), f.count)).collect()
}

both_databases! {
    async fn promise_12_the_catalog_is_read_by_a_fixed_number_of_queries_once_per_change(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let mut read = world.db.read().await.unwrap();
        let (small, few) = count_queries(load(&mut read)).await;
        assert_eq!(small.unwrap().roles.len(), 2);
        drop(read);

        let roles: Vec<String> = (0..300)
            .map(|n| format!("\n[[role]]\nkey = \"role-{n}\"\nname = \"Role number {n}\"\ndescription = \"Numbered.\"\nowner = \"E{}\"\nrisk = \"low\"\ntags = [\"t{}\"]\npolicy = \"standard\"\nentitlements = [\"finance/ledger-read\"]\n", n % 4 + 1, n % 50))
            .collect();
        let mut files = catalog(&[]);
        files[1].1.push_str(&roles.concat());
        let cache = CatalogCache::default();
        let mut read = world.db.read().await.unwrap();
        let before = cache.get(&mut read, None).await.unwrap();
        drop(read);
        apply(&world, &files).await.unwrap();
        let mut read = world.db.read().await.unwrap();
        let (large, many) = count_queries(load(&mut read)).await;
        assert_eq!((large.unwrap().roles.len(), many), (302, few));

        // Kept until the version says that it is old; one query to see that, none when the version is known.
        let (after, queries) = count_queries(cache.get(&mut read, None)).await;
        let after = after.unwrap();
        assert_eq!((before.roles.len(), after.roles.len(), queries), (2, 302, few + 1));
        let (again, queries) = count_queries(cache.get(&mut read, None)).await;
        assert!(Arc::ptr_eq(&again.unwrap(), &after) && queries == 1);
        let (known, queries) = count_queries(cache.get(&mut read, Some(after.version))).await;
        assert!(Arc::ptr_eq(&known.unwrap(), &after) && queries == 0);
    }

    async fn a_role_has_all_that_pages_say_about_it(world: World) {
        let catalog = demo(&world).await;
        let role = catalog.role_by_key("latchkey-security").unwrap();
        assert_eq!((role.risk, role.longest.words().as_str()), (Risk::Critical, "180 days"));
        assert_eq!((role.systems.len(), role.entitlements[0].key.as_str()), (1, "security"));
        assert!(role.owner.as_ref().unwrap().status.may_act() && role.requestable && !role.retired);
        assert_eq!(role.policy.snapshot.policy.key, "portal");
        assert_eq!(catalog.role(role.id), Some(role));
        assert_eq!(catalog.role_by_version(role.version_id), Some(role));
        assert_eq!(catalog.system(role.systems[0].id), catalog.system_by_key("latchkey"));
        assert!(catalog.roles.iter().all(|r| !r.systems.is_empty() && r.owner.is_some()));
        let widest = catalog.roles.iter().max_by_key(|r| r.entitlements.len()).unwrap();
        let systems: BTreeSet<_> = widest.entitlements.iter().map(|e| e.system.id).collect();
        assert_eq!(systems.len(), widest.systems.len());
    }

    async fn roles_are_found_by_name_tag_system_entitlement_and_description_in_this_order(world: World) {
        four_people(&world).await;
        let mut files = catalog(&[]);
        let role = |key: &str, name: &str, description: &str, tags: &str, gives: &str| {
            format!("\n[[role]]\nkey = \"{key}\"\nname = \"{name}\"\ndescription = \"{description}\"\nowner = \"E2\"\nrisk = \"low\"\ntags = [{tags}]\npolicy = \"standard\"\nentitlements = [\"finance/{gives}\"]\n")
        };
        files[1].1 = [
            role("r-description", "Zebra", "About café payments.", "", "ledger-read"),
            role("r-entitlement", "Yak", "Something.", "", "payroll-read"),
            role("r-tag", "Xerus", "Something else.", "\"payments\"", "ledger-read"),
            role("r-word", "Make payments", "Pay.", "", "ledger-read"),
            role("r-prefix", "Payments clerk", "Pay too.", "", "ledger-read"),
        ].concat();
        files[2].1 = files[2].1.replace("Payroll, reading", "Payments, reading").replace("See salary statements.", "See them.");
        apply(&world, &files).await.unwrap();
        let catalog = load(&mut world.db.read().await.unwrap()).await.unwrap();
        assert_eq!(keys(&catalog, "payments"), ["r-prefix", "r-word", "r-tag", "r-entitlement", "r-description"]);
        assert_eq!(keys(&catalog, "  PAYM"), ["r-prefix", "r-word", "r-tag", "r-entitlement", "r-description"]);
        assert_eq!(keys(&catalog, "paymnets"), ["r-word", "r-prefix", "r-tag", "r-entitlement", "r-description"], "two letters swapped");
        assert_eq!(keys(&catalog, "payments make"), ["r-word"]);
        assert_eq!(keys(&catalog, "Cafe"), ["r-description"]);
        assert_eq!(keys(&catalog, "payments nothing"), Vec::<&str>::new());
        assert_eq!(keys(&catalog, "yka"), Vec::<&str>::new(), "short words are taken as typed");
        assert_eq!(keys(&catalog, " %_ ").len(), 5, "no word at all finds everything");
        assert_eq!(keys(&catalog, "finance").len(), 5, "every one is on that system");
        assert_eq!(keys(&catalog, "makepayments"), ["r-word"], "a space is missing");
        assert_eq!(keys(&catalog, "I want to make payments"), ["r-word"], "small words tell nothing");
        let first = search(&catalog, &SearchQuery { text: "payments", limit: 1, ..SearchQuery::default() });
        assert_eq!((first.total, first.hits[0].name.as_str()), (5, "Payments clerk"));
    }

    async fn the_smallest_role_that_gives_it_comes_first_and_bigger_ones_say_what_they_add(world: World) {
        four_people(&world).await;
        let role = |key: &str, name: &str, gives: &str| {
            format!("\n[[role]]\nkey = \"{key}\"\nname = \"{name}\"\ndescription = \"Work.\"\nowner = \"E2\"\nrisk = \"low\"\ntags = []\npolicy = \"standard\"\nentitlements = [{gives}]\n")
        };
        let mut files = catalog(&[]);
        files[1].1 = [
            role("r-both", "Alpha", "\"finance/ledger-read\", \"finance/payroll-read\""),
            role("r-one", "Beta", "\"finance/payroll-read\""),
            role("r-other", "Gamma", "\"finance/ledger-read\""),
        ].concat();
        apply(&world, &files).await.unwrap();
        let catalog = load(&mut world.db.read().await.unwrap()).await.unwrap();
        let find = |text: &'static str| search(&catalog, &SearchQuery { text, limit: 10, ..SearchQuery::default() });
        for text in ["see salary statements", "payroll-read", "payroll_read", "Payroll, reading", "salary finance", "salray statments"] {
            let page = find(text);
            assert_eq!(page.hits.iter().map(|r| r.key.as_str()).collect::<Vec<_>>(), ["r-one", "r-both"], "{text}");
            assert_eq!(page.smallest, Some(page.hits[0].id), "{text}");
            assert_eq!(page.also.get(&page.hits[1].id), Some(&vec!["Ledger, reading"]), "{text}");
            assert_eq!(page.also.len(), 1, "{text}");
        }
        let page = find("finance");
        assert_eq!((page.hits.len(), page.smallest, page.also.len()), (3, None, 0), "a system is not something that one is given");
        assert_eq!(find("alpha").hits[0].key, "r-both", "a name is a name");
    }

    async fn a_typo_in_a_name_still_finds_it_after_everything_that_fits_exactly(world: World) {
        let catalog = demo(&world).await;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let named: Vec<&latchkey_service::catalog::RoleEntry> = catalog.roles.iter().filter(|r| r.name.chars().count() >= 5).collect();
        let typo = (0..named.len(), 0_usize..60, proptest::char::range('a', 'z'), 0_u8..4);
        runner.run(&typo, |(which, at, letter, kind)| {
            let role = named[which];
            let mut typed: Vec<char> = role.name.to_lowercase().chars().collect();
            let at = at % typed.len();
            match kind {
                0 => { typed.remove(at); }
                1 => typed.insert(at, letter),
                2 => typed[at] = letter,
                _ if at + 1 < typed.len() => typed.swap(at, at + 1),
                _ => {}
            }
            let typed: String = typed.into_iter().collect();
            let found = keys(&catalog, &typed);
            proptest::prop_assert!(found.contains(&role.key.as_str()), "{} is not found by {}: {:?}", role.name, typed, found);
            // Spelt right, it comes first, or among those whose names begin with the same words.
            let exact = search(&catalog, &SearchQuery { text: &role.name, limit: 10, ..SearchQuery::default() });
            let name = role.name.to_lowercase();
            proptest::prop_assert!(exact.hits[0].name.to_lowercase().starts_with(&name), "{}: {}", role.name, exact.hits[0].name);
            Ok(())
        }).unwrap();
    }

    async fn facets_count_what_a_choice_would_leave(world: World) {
        let catalog = demo(&world).await;
        let all = search(&catalog, &SearchQuery { limit: 100, ..SearchQuery::default() });
        assert_eq!(all.facets.risks.iter().map(|f| f.count).sum::<usize>(), all.total);
        assert_eq!(all.facets.risks.iter().map(|f| f.value.as_str()).collect::<Vec<_>>(), ["low", "medium", "high", "critical"]);
        let system = &all.facets.systems[0];
        let narrowed = search(&catalog, &SearchQuery { system: Some(&system.value), limit: 100, ..SearchQuery::default() });
        assert_eq!(narrowed.total, system.count);
        assert!(narrowed.hits.iter().all(|r| r.systems.iter().any(|s| s.key == system.value)));
        assert_eq!(values(&narrowed.facets.systems), values(&all.facets.systems), "a facet doesn't narrow itself");
        assert!(narrowed.facets.systems[0].chosen && !narrowed.facets.systems[1].chosen);
        let risk = narrowed.facets.risks.iter().find(|f| f.value == "medium").unwrap();
        let both = SearchQuery { system: Some(&system.value), risk: Some(Risk::Medium), limit: 100, ..SearchQuery::default() };
        assert_eq!(search(&catalog, &both).total, risk.count);
        let owner = catalog.roles[0].owner.as_ref().unwrap();
        let owned = search(&catalog, &SearchQuery { owner: Some(owner.id), limit: 100, ..SearchQuery::default() });
        assert!(owned.total > 0 && owned.hits.iter().all(|r| r.owner.as_ref() == Some(owner)));
        let tagged = search(&catalog, &SearchQuery { tag: Some("finance"), limit: 100, ..SearchQuery::default() });
        assert!(tagged.total > 0 && tagged.hits.iter().all(|r| r.tags.iter().any(|t| t == "finance")));
        let none = search(&catalog, &SearchQuery { tag: Some("no such tag"), limit: 100, ..SearchQuery::default() });
        assert_eq!((none.total, none.hits.len(), none.next), (0, 0, None));
        assert!(!none.facets.tags.is_empty(), "other tags can be chosen instead");
    }

    async fn promise_12_pages_of_roles_follow_each_other_without_gap_or_repetition(world: World) {
        let catalog = demo(&world).await;
        for text in ["", "read", "the"] {
            let whole = keys(&catalog, text);
            let mut seen = Vec::new();
            let mut after: Option<PageKey> = None;
            loop {
                let page = search(&catalog, &SearchQuery { text, after, limit: 7, ..SearchQuery::default() });
                assert!(page.hits.len() <= 7);
                seen.extend(page.hits.iter().map(|r| r.key.as_str()));
                // As it goes through a URL.
                let Some(next) = page.next else { break };
                after = Some(next.to_string().parse().unwrap());
            }
            assert_eq!(seen[..whole.len()], whole[..], "{text}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
        }
        assert!("x".parse::<PageKey>().is_err());
    }

    async fn retired_roles_are_known_and_not_found(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let start = files_support::ROLES.find("[[role]]\nkey = \"bookkeeper\"").unwrap();
        let mut files = catalog(&[]);
        files[1].1 = files_support::ROLES[start..].to_owned();
        apply(&world, &files).await.unwrap();
        let catalog = load(&mut world.db.read().await.unwrap()).await.unwrap();
        assert!(catalog.role_by_key("payroll-reader").unwrap().retired);
        assert_eq!(keys(&catalog, ""), ["bookkeeper"]);
        assert_eq!(keys(&catalog, "payroll"), Vec::<&str>::new());
        let all = search(&catalog, &SearchQuery { limit: 10, ..SearchQuery::default() });
        assert_eq!(values(&all.facets.tags), [("ledger", 1)]);
    }

    async fn promise_12_people_are_found_and_paged_by_name(world: World) {
        import_people(&world.db, &*world.clock, &Actor::Host, "demo/people.csv", &demo_people(), false).await.unwrap();
        let mut read = world.db.read().await.unwrap();
        let find = |text: &'static str| PeopleQuery { text, limit: 10, ..PeopleQuery::default() };
        let (page, queries) = count_queries(people::search(&mut read, &find("INGRID halv"))).await;
        let page = page.unwrap();
        assert_eq!((page.people.len(), page.people[0].name.as_str(), page.next, queries), (1, "Ingrid Halvorsen", None, 1));
        let found = people::search(&mut read, &find("derek.stallworthy@")).await.unwrap();
        assert_eq!(found.people[0].manager.as_ref().unwrap().1.split(' ').count(), 2, "the manager is named");
        for nobody in ["100%", "a_b", "a\\", "'; drop table person; --"] {
            assert_eq!(people::search(&mut read, &find(nobody)).await.unwrap().people, [], "{nobody}");
        }

        let mut seen = Vec::new();
        let mut after: Option<PersonKey> = None;
        loop {
            let query = PeopleQuery { with_terminated: true, after, limit: 40, ..PeopleQuery::default() };
            let (page, queries) = count_queries(people::search(&mut read, &query)).await;
            let page = page.unwrap();
            assert!(queries <= 2);
            seen.extend(page.people.into_iter().map(|p| p.id));
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
        }
        let all = world.number("select count(*) from person").await;
        assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (usize::try_from(all).unwrap(), seen.len()));
        let here = people::search(&mut read, &PeopleQuery { limit: 100, ..PeopleQuery::default() }).await.unwrap();
        assert!(here.people.iter().all(|p| p.status.as_str() != "terminated"));
    }

    async fn a_team_is_paged_and_leaves_out_who_left(world: World) {
        four_people(&world).await;
        import(&world, &[&line("E3", "Cy Moss", "E1").replace(",active,", ",terminated,")]).await.unwrap();
        let ann = person(&world, "E1").await;
        let mut read = world.db.read().await.unwrap();
        let first = people::team(&mut read, ann, None, 1).await.unwrap();
        assert_eq!(first.people[0].name, "Bo Lind");
        let second = people::team(&mut read, ann, first.next.as_ref(), 1).await.unwrap();
        assert_eq!((second.people[0].name.as_str(), second.next), ("Di Nash", None));
        let card = people::card(&mut read, ann).await.unwrap().unwrap();
        assert!(card.has_team && card.periods.len() == 1 && card.person.manager.is_none());
        let bo = people::card(&mut read, second.people[0].id).await.unwrap().unwrap();
        assert_eq!((bo.has_team, bo.person.manager.map(|(id, _)| id)), (false, Some(ann)));
    }
}

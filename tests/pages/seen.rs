//! What the page about a person asks once for all requests, and once for the whole line, is what single questions answer.

use latchkey_domain::RequestId;
use latchkey_store::{
    identities, request_reads,
    testing::bulk::{self, Size},
};
use latchkey_testkit::{World, both_databases};
use uuid::Uuid;

use crate::queries::policy;

const SIZE: Size = Size { people: 80, roles: 10, grants: 80, requests: 60, pending: 30 };

both_databases! {
    async fn requests_that_somebody_may_see_are_the_same_alone_and_among_others(world: World) {
        let company = bulk::fill(&world.db, world.now(), &policy(), SIZE).await.unwrap();
        let mut c = world.db.read().await.unwrap();
        let everything = request_reads::visible_to(&mut c, company.people[1], request_reads::Which::All, "", None, 100);
        let requests: Vec<Uuid> = everything.await.unwrap().into_iter().map(|(id,)| id).collect();
        let (mut seen, mut hidden) = (0, 0);
        for who in company.people.iter().take(20) {
            let mut alone = Vec::new();
            for request in &requests {
                if request_reads::may_see(&mut c, *who, RequestId(*request)).await.unwrap() {
                    alone.push(*request);
                }
            }
            assert_eq!(request_reads::seen_among(&mut c, *who, &requests).await.unwrap(), alone);
            (seen, hidden) = (seen + alone.len(), hidden + requests.len() - alone.len());
        }
        assert!(seen > 20 && hidden > 20, "{seen} seen and {hidden} hidden");
        assert!(request_reads::seen_among(&mut c, company.people[1], &[]).await.unwrap().is_empty());
    }

    async fn a_line_is_walked_as_far_as_is_asked(world: World) {
        let company = bulk::fill(&world.db, world.now(), &policy(), SIZE).await.unwrap();
        let mut c = world.db.read().await.unwrap();
        // Number 73 reports to 9, who reports to 1, who reports to 0.
        let mut levels = async |somebody: usize, above: usize, levels| {
            let (somebody, above) = (company.people[somebody], company.people[above]);
            identities::levels_above(&mut c, somebody, above, levels).await.unwrap()
        };
        assert_eq!(levels(73, 9, 8).await, Some(1));
        assert_eq!(levels(73, 1, 8).await, Some(2));
        assert_eq!(levels(73, 0, 3).await, Some(3));
        assert_eq!(levels(73, 0, 2).await, None, "no further than asked");
        assert_eq!(levels(73, 2, 8).await, None, "another line");
        assert_eq!(levels(9, 73, 8).await, None, "the line goes up only");
        assert_eq!(levels(0, 0, 8).await, None, "nobody stands above themselves");
    }

    async fn a_line_that_goes_in_a_circle_ends(world: World) {
        let company = bulk::fill(&world.db, world.now(), &policy(), SIZE).await.unwrap();
        world.run("update person set manager_id = (select p.identity_id from person p where p.external_id = 'E000001') where external_id = 'E000000'").await;
        let mut c = world.db.read().await.unwrap();
        let (boss, manager, other) = (company.people[0], company.people[1], company.people[2]);
        assert_eq!(identities::levels_above(&mut c, manager, boss, 8).await.unwrap(), Some(1));
        assert_eq!(identities::levels_above(&mut c, boss, boss, 8).await.unwrap(), Some(2));
        assert_eq!(identities::levels_above(&mut c, boss, other, 8).await.unwrap(), None);
    }
}

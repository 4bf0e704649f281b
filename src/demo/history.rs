//! The demo company's past: some months of asking, deciding, getting and giving back, so that no page is empty.
//!
//! Everything goes through the same functions as in the portal, by the people who may, under a clock that stands in the
//! past; and the worker makes it so on the demo's real systems as it goes along. The same seed gives the same company.

mod cast;
mod days;
mod plan;
mod play;
mod words;

use std::sync::Arc;

use latchkey_domain::{
    Instant,
    actor::Actor,
    clock::{Clock, ManualClock},
};
use latchkey_reconciler::{Connections, Worker};
use latchkey_service::{
    add_administrator::add_administrator, apply_catalog::apply_catalog, import_people::import_people,
};
use latchkey_store::Db;
use rand::{SeedableRng, rngs::StdRng};

use super::company::Company;
use crate::cli::{Failure, open::begin_installation};
use cast::Cast;
use play::Play;

pub use plan::{EMPLOYEE, HAD_IT_BEFORE, TAKEN_LOGIN};
pub use play::Played;

/// The external id of the demo's administrator.
pub const ADMINISTRATOR: &str = "E0220";
/// The external id of a manager with a full inbox.
pub const BUSY_MANAGER: &str = "E0021";
/// The external id of somebody who owns a system and roles.
pub const OWNER: &str = "E0073";
/// The external id of somebody who leaves.
pub const LEAVER: &str = words::LEAVERS[0];

/// How many days of history there are.
const DAYS: i64 = 90;

/// What the history is written with.
pub struct History<'a> {
    /// The database, set up and empty.
    pub db: Db,
    /// The company's files.
    pub company: Company,
    /// The demo's systems.
    pub connections: Connections,
    /// The address of the demo's provider, for sign-ins.
    pub issuer: String,
    /// Begins the maintenance of an application.
    pub maintenance: &'a (dyn Fn() + Send + Sync),
    /// The present.
    pub now: Instant,
}

impl History<'_> {
    /// When the history begins.
    #[must_use]
    pub fn start(&self) -> Instant {
        days::morning(self.now - chrono::TimeDelta::days(DAYS))
    }

    /// Writes it.
    ///
    /// # Errors
    /// When a file of the company is wrong, or the database fails.
    pub async fn write(self) -> Result<Played, Failure> {
        let clock = Arc::new(ManualClock::new(self.start()));
        let host = Actor::Host;
        begin_installation(&self.db, &*clock).await?;
        clock.advance(chrono::TimeDelta::minutes(3));
        let before = words::before_they_left(&self.company.people);
        import_people(&self.db, &*clock, &host, "people.csv", &before, false).await?;
        clock.advance(chrono::TimeDelta::minutes(4));
        // Nobody calls in while the history is written: the sources come at its end.
        let (sources, rest): (Vec<_>, Vec<_>) =
            self.company.catalog.iter().cloned().partition(|(path, _)| path == "sources.toml");
        apply_catalog(&self.db, &*clock, &host, "demo/catalog", &rest, false).await?;
        clock.advance(chrono::TimeDelta::minutes(2));
        // Another company's files name other people.
        if self.company.people.contains(&format!("\n{ADMINISTRATOR},")) {
            add_administrator(&self.db, &*clock, &host, ADMINISTRATOR).await?;
        }
        let how = latchkey_reconciler::Settings {
            name: "demo-history".to_owned(),
            // This clock is wrong on purpose.
            compare_clocks: false,
            per_system: 8,
            ..latchkey_reconciler::Settings::default()
        };
        let (_stopper, stop) = latchkey_reconciler::stop();
        let worker =
            Worker::new(self.db.clone(), clock.clone() as Arc<dyn Clock>, self.connections.clone(), how, None, stop);
        worker.check_systems().await?;
        let cast = Cast::load(&self.db).await?;
        let mut play = Play::new(&self, clock.clone(), worker, cast, StdRng::seed_from_u64(7400)).await?;
        plan::everything(&mut play);
        let played = play.run().await?;
        if !sources.is_empty() {
            apply_catalog(&self.db, &*clock, &host, "demo/catalog", &self.company.catalog, false).await?;
        }
        Ok(played)
    }
}

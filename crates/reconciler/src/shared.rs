//! What all duties of one worker have in common.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use latchkey_domain::{Instant, clock::Clock, id::new_uuid};
use latchkey_store::Db;
use uuid::Uuid;

use crate::{Connections, Mailer, Settings, Stop, health::HealthBook};

/// What all duties of one worker have in common.
pub(crate) struct Shared {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub connections: Connections,
    pub settings: Settings,
    pub mailer: Option<Arc<dyn Mailer>>,
    pub health: HealthBook,
    pub stop: Stop,
    /// This start of this process.
    pub id: Uuid,
    pub started_at: Instant,
    /// The database knows whom this worker tells of events.
    pub targets_announced: AtomicBool,
    clock_is_right: AtomicBool,
}

impl Shared {
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        connections: Connections,
        settings: Settings,
        mailer: Option<Arc<dyn Mailer>>,
        stop: Stop,
    ) -> Self {
        let now = clock.now();
        let clock_is_right = AtomicBool::new(!settings.compare_clocks);
        Self {
            db,
            clock,
            connections,
            settings,
            mailer,
            health: HealthBook::default(),
            stop,
            id: new_uuid(now),
            started_at: now,
            targets_announced: AtomicBool::new(false),
            clock_is_right,
        }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Whether the clocks were compared and are close enough to work by.
    pub fn may_work(&self) -> bool {
        self.clock_is_right.load(Ordering::Acquire)
    }

    pub fn set_clock_is_right(&self, right: bool) -> bool {
        self.clock_is_right.swap(right, Ordering::AcqRel)
    }
}

//! How a worker works.

use std::time::Duration;

use chrono::TimeDelta;

/// How a worker works. The defaults fit production.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the worker is called in logs, attempts and on the systems page: the host's name, say.
    pub name: String,
    /// The portal's public address, for links in notices; without a slash at the end.
    pub public_url: String,
    /// The company's time zone: digests of people whose own isn't known go out by it.
    pub zone: String,
    /// Other programs that are told of events.
    pub targets: Vec<crate::Target>,
    /// How often each duty looks by itself, without a signal. Spread by up to a quarter.
    pub period: Duration,
    /// How many accounts of one system are worked on at the same time.
    pub per_system: usize,
    /// How many accounts are listed at once.
    pub batch: i64,
    /// How long an account is claimed for. Raised where a connector's deadline needs more: a call never takes half of it.
    pub lease: TimeDelta,
    /// Compare the worker's clock with the database's, and refuse to work above one second of difference. Only a test
    /// that moves the clock turns this off.
    pub compare_clocks: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "worker".to_owned(),
            public_url: String::new(),
            zone: "UTC".to_owned(),
            targets: Vec::new(),
            period: Duration::from_secs(1),
            per_system: 4,
            batch: 100,
            lease: TimeDelta::seconds(60),
            compare_clocks: true,
        }
    }
}

impl Settings {
    /// How long an account is claimed for when a call may take `deadline`: more than twice that.
    #[must_use]
    pub fn lease_for(&self, deadline: Duration) -> TimeDelta {
        let twice = TimeDelta::from_std(deadline * 2).unwrap_or(TimeDelta::MAX / 4);
        self.lease.max(twice + TimeDelta::seconds(5))
    }
}

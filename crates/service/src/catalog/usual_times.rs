//! How long it usually takes to get a role: the median of the past year's approvals, kept in memory for an hour.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::TimeDelta;
use latchkey_domain::{Instant, RoleId};
use latchkey_store::{AsConn, request_reads};

use crate::ServiceResult;

/// How many approvals there must be before anything is said.
const ENOUGH: usize = 3;
/// How many approvals are looked at, the newest first: what is asked for rarely says nothing in a large company.
const LOOKED_AT: i64 = 20_000;
/// How old what is kept may be.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// How far back approvals count.
const YEAR: TimeDelta = TimeDelta::days(365);

/// How long roles usually take, by role.
pub type UsualTimes = HashMap<RoleId, TimeDelta>;

/// What is kept, and since when.
#[derive(Debug, Default)]
pub(super) struct Kept(RwLock<Option<(Instant, Arc<UsualTimes>)>>);

impl Kept {
    /// The usual times, read anew when they are an hour old: one query then, else none.
    pub(super) async fn get(&self, c: &mut impl AsConn, now: Instant) -> ServiceResult<Arc<UsualTimes>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, times)) = kept.filter(|(at, _)| now - *at < FRESH && now >= *at) {
            return Ok(times);
        }
        let mut all: HashMap<RoleId, Vec<TimeDelta>> = HashMap::new();
        for (role, took) in request_reads::took_lately(c, now - YEAR, LOOKED_AT).await? {
            all.entry(RoleId(role)).or_default().push(took.closed_at - took.created_at);
        }
        let times: UsualTimes = all.into_iter().filter_map(|(role, spans)| Some((role, median(spans)?))).collect();
        let times = Arc::new(times);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&times)));
        Ok(times)
    }
}

/// The median, once there are a few.
#[must_use]
pub fn median(mut spans: Vec<TimeDelta>) -> Option<TimeDelta> {
    if spans.len() < ENOUGH {
        return None;
    }
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_needs_a_few_and_is_the_one_in_the_middle() {
        let hours = |all: &[i64]| median(all.iter().map(|h| TimeDelta::hours(*h)).collect());
        assert_eq!(hours(&[]), None);
        assert_eq!(hours(&[1, 2]), None);
        assert_eq!(hours(&[90, 1, 2]), Some(TimeDelta::hours(2)));
        assert_eq!(hours(&[4, 1, 3, 2]), Some(TimeDelta::hours(3)));
    }
}

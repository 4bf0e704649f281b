//! Keeps the catalog in memory until it changes.

use std::sync::{Arc, PoisonError, RwLock};

use latchkey_domain::Instant;
use latchkey_policy::PersonView;
use latchkey_store::{AsConn, installation};

use super::{Catalog, Eligibility, UsualTimes, eligible::EligibilityCache, load, usual_times};
use crate::ServiceResult;

/// The catalog in memory, shared by all requests of a process.
#[derive(Debug, Default)]
pub struct CatalogCache {
    kept: RwLock<Option<Arc<Catalog>>>,
    /// Held while reading it anew, so that a change isn't read once per waiting request.
    loading: tokio::sync::Mutex<()>,
    usual: usual_times::Kept,
    eligible: EligibilityCache,
}

impl CatalogCache {
    /// Which roles of this catalog somebody may ask for, worked out now or before.
    #[must_use]
    pub fn eligible(&self, catalog: &Catalog, person: &PersonView) -> Arc<Eligibility> {
        self.eligible.get(catalog, person)
    }

    /// The catalog in force. `known_version` is the catalog's version where the caller's own query brought it along;
    /// without it, one small query asks for it.
    ///
    /// # Errors
    /// When the database fails, or holds a policy that a newer version wrote.
    pub async fn get(&self, c: &mut impl AsConn, known_version: Option<i64>) -> ServiceResult<Arc<Catalog>> {
        let version = match known_version {
            Some(version) => version,
            None => installation::catalog_version(c).await?,
        };
        if let Some(catalog) = self.fresh(version) {
            return Ok(catalog);
        }
        let _one = self.loading.lock().await;
        if let Some(catalog) = self.fresh(version) {
            return Ok(catalog);
        }
        let catalog = Arc::new(load(c).await?);
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&catalog));
        Ok(catalog)
    }

    /// How long roles usually take to get: one query an hour, else none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usual_times(&self, c: &mut impl AsConn, now: Instant) -> ServiceResult<Arc<UsualTimes>> {
        self.usual.get(c, now).await
    }

    /// What is kept, unless it is older than `version`.
    fn fresh(&self, version: i64) -> Option<Arc<Catalog>> {
        self.kept
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .filter(|c| c.version >= version)
            .map(Arc::clone)
    }
}

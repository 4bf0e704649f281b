//! A write transaction, and the only two ways to end it.

use latchkey_domain::{EventId, Instant, event::NewEvent};
use sqlx::{Postgres, Sqlite, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use crate::{AsConn, Change, ConnRef, EventKey, Hub, StoreError, StoreResult};

/// The tables that a transaction without events may touch; a test holds the list.
pub const BOOKKEEPING_TABLES: &[&str] = &[
    "session",
    "rate_limit",
    "account",
    "cart_item",
    "system_health",
    "system_pass",
    "system_pass_wanted",
    "notice",
    "delivery",
    "delivery_target",
    "worker",
    "api_token",
    "event_leaf",
    "tree_head",
    "checkpoint",
];

pub(crate) enum TxInner {
    /// With the turn to write.
    Sqlite(Transaction<'static, Sqlite>, OwnedSemaphorePermit),
    Postgres(Transaction<'static, Postgres>),
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something that must survive a power cut once it was said to be done.
    Change,
    /// Something that may be lost then.
    Note,
}

/// A write transaction. Dropping it undoes it.
pub struct Tx {
    inner: TxInner,
    kind: Kind,
    now: Instant,
    key: EventKey,
    hub: Hub,
    changes: Vec<Change>,
}

impl AsConn for Tx {
    fn conn(&mut self) -> ConnRef<'_> {
        match &mut self.inner {
            TxInner::Sqlite(c, _) => ConnRef::Sqlite(c),
            TxInner::Postgres(c) => ConnRef::Postgres(c),
        }
    }
}

impl Tx {
    pub(crate) const fn new(inner: TxInner, kind: Kind, now: Instant, key: EventKey, hub: Hub) -> Self {
        Self { inner, kind, now, key, hub, changes: Vec::new() }
    }

    /// The time of everything in this transaction.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// It is later by now: this transaction has waited for a lock. Call it when the last lock is there and nothing was
    /// written yet, so that of two changes that wait for each other the second is also the later one. Time never goes back.
    pub fn now_is(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Announces `change` once this transaction is committed.
    pub fn announce(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Commits a change with its events, all or nothing (promise 1). Returns the events' ids in the same order.
    ///
    /// # Errors
    /// Without an event, or when the database fails; nothing is written then.
    pub async fn commit(mut self, events: Vec<NewEvent>) -> StoreResult<Vec<EventId>> {
        if events.is_empty() {
            return Err(StoreError::Misuse("a change is never saved without its event"));
        }
        if self.kind == Kind::Note {
            return Err(StoreError::Misuse("a change is never saved as a note"));
        }
        let catalog = crate::installation::catalog_hash(&mut self).await?;
        let ids = crate::events::append(&mut self, &events, catalog.as_deref()).await?;
        self.end().await?;
        Ok(ids)
    }

    /// Commits progress that is no change of what anybody holds, may hold or is. It may have touched only
    /// [`BOOKKEEPING_TABLES`].
    ///
    /// # Errors
    /// When the database fails, or, in debug builds, when it touched more; nothing is written then.
    #[cfg_attr(not(debug_assertions), expect(unused_mut, reason = "only the check of debug builds reads"))]
    pub async fn commit_bookkeeping(mut self) -> StoreResult<()> {
        #[cfg(debug_assertions)]
        crate::bookkeeping::check(&mut self).await?;
        self.end().await
    }

    /// Undoes everything, and waits until that is done.
    ///
    /// # Errors
    /// When the database fails; the change is undone all the same.
    pub async fn rollback(self) -> StoreResult<()> {
        match self.inner {
            TxInner::Sqlite(t, _turn) => t.rollback().await?,
            TxInner::Postgres(t) => t.rollback().await?,
        }
        Ok(())
    }

    pub(crate) const fn key(&self) -> &EventKey {
        &self.key
    }

    async fn end(mut self) -> StoreResult<()> {
        crate::query::count();
        match self.inner {
            TxInner::Sqlite(t, _turn) => t.commit().await?,
            TxInner::Postgres(mut t) => {
                // The one exception to the one SQL: other processes hear of it when, and only when, this commits.
                for change in &self.changes {
                    sqlx::query("select pg_notify('latchkey', $1)").bind(change.payload()).execute(&mut *t).await?;
                }
                t.commit().await?;
            }
        }
        for change in self.changes.drain(..) {
            self.hub.publish(change);
        }
        Ok(())
    }
}

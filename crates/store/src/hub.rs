//! Who wants to know that something was committed: the reconciler, and pages that refresh themselves.

use std::sync::Arc;

use latchkey_domain::RequestId;
use tokio::sync::{Notify, broadcast};

/// Something was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There is work for the reconciler.
    Work,
    /// Something about this request changed.
    Request(RequestId),
}

/// Spreads the word inside one process; on PostgreSQL a listener repeats what other processes say. Losing a message loses
/// nothing: workers poll and pages can be reloaded.
#[derive(Debug, Clone)]
pub struct Hub {
    work: Arc<Notify>,
    requests: broadcast::Sender<RequestId>,
}

impl Default for Hub {
    fn default() -> Self {
        Self { work: Arc::new(Notify::new()), requests: broadcast::channel(256).0 }
    }
}

impl Hub {
    /// Tells everybody in this process.
    pub fn publish(&self, change: Change) {
        match change {
            Change::Work => self.work.notify_one(),
            Change::Request(id) => {
                // Nobody listening is the usual case.
                let _ = self.requests.send(id);
            }
        }
    }

    /// Waits until there is work; returns at once if there was since the last call.
    pub async fn work(&self) {
        self.work.notified().await;
    }

    /// The requests that change from now on.
    #[must_use]
    pub fn requests(&self) -> broadcast::Receiver<RequestId> {
        self.requests.subscribe()
    }
}

impl Change {
    /// The change as a payload for other processes.
    #[must_use]
    pub(crate) fn payload(self) -> String {
        match self {
            Self::Work => "work".to_owned(),
            Self::Request(id) => format!("request {id}"),
        }
    }

    /// Reads [`Change::payload`]; an unknown payload is a newer version's and is passed over.
    #[must_use]
    pub(crate) fn from_payload(payload: &str) -> Option<Self> {
        match payload.split_once(' ') {
            None if payload == "work" => Some(Self::Work),
            Some(("request", id)) => id.parse().ok().map(Self::Request),
            _ => None,
        }
    }
}

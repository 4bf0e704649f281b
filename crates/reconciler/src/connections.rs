//! Which connector reaches which system.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use latchkey_connectors::Connector;

/// How a system is reached, or why it isn't.
#[derive(Clone)]
pub enum Connection {
    /// By this connector.
    Ready(Arc<dyn Connector>),
    /// It isn't, for this reason: "slapd isn't installed on this machine".
    Missing(String),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ready(c) => write!(f, "Ready({})", c.kind()),
            Self::Missing(why) => write!(f, "Missing({why})"),
        }
    }
}

/// Connections by the stable key of their system. Cheap to clone; can be changed while the worker runs.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<RwLock<BTreeMap<String, Connection>>>);

impl Connections {
    /// No connection yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reaches a system by this connector from now on.
    pub fn connect(&self, key: impl Into<String>, connector: Arc<dyn Connector>) {
        self.set(key.into(), Connection::Ready(connector));
    }

    /// A system can't be reached, for a reason in words.
    pub fn missing(&self, key: impl Into<String>, why: impl Into<String>) {
        self.set(key.into(), Connection::Missing(why.into()));
    }

    fn set(&self, key: String, connection: Connection) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, connection);
    }

    /// How a system is reached now.
    #[must_use]
    pub fn get(&self, key: &str) -> Connection {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
            .unwrap_or_else(|| Connection::Missing(format!("The settings have no [connection.{key}].")))
    }
}

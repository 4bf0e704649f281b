//! What the tests of real servers share.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// A folder that other users can get through: as root, servers run as a user of their own.
pub fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    dir
}

/// A port that accepts and never answers, until it is dropped.
pub async fn silent_port() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let held = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            connections.push(connection);
        }
    });
    (port, held)
}

/// A secret that the tests plant and search for.
pub const PLANTED: &str = "pl4nted-s3cret-0815";

/// Whether a time that a server told is within a minute of now, by this machine's own clock.
pub fn a_moment_ago(told: chrono::DateTime<chrono::Utc>) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs().abs_diff(told.timestamp().unsigned_abs()) < 60
}

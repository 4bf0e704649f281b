//! Ports on loopback: the usual ones where they are free, else the next free ones; the same at the next start.

use std::{
    fs, io,
    net::{Ipv4Addr, Ipv6Addr, TcpListener},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::cli::place::write_private;

/// The ports of a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// The portal.
    pub portal: u16,
    /// The identity provider.
    pub identity_provider: u16,
    /// The SCIM service.
    pub scim: u16,
    /// The directory.
    pub directory: u16,
    /// The PostgreSQL cluster.
    pub cluster: u16,
}

const USUAL: Ports = Ports { portal: 7400, identity_provider: 7401, scim: 7402, directory: 7403, cluster: 7404 };
/// How far the search for a free port goes.
const FAR: u16 = 400;

/// Chooses ports, and keeps the choice in `file`. Those of servers that an earlier run left behind count as free when
/// `ours` says so: they are stopped before they are started anew.
///
/// # Errors
/// When there are none, or the choice can't be kept.
pub fn choose(file: &Path) -> io::Result<Ports> {
    let kept: Ports = fs::read_to_string(file).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(USUAL);
    let mut taken = Vec::new();
    let mut one = |wanted: u16| -> io::Result<u16> {
        let free = (wanted..wanted.saturating_add(FAR)).find(|port| !taken.contains(port) && is_free(*port));
        let port =
            free.ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, format!("no port from {wanted} on is free")))?;
        taken.push(port);
        Ok(port)
    };
    // What people type comes first and is never moved out of the way by the others.
    let ports = Ports {
        portal: one(kept.portal)?,
        identity_provider: one(kept.identity_provider)?,
        scim: one(kept.scim)?,
        directory: one(kept.directory)?,
        cluster: one(kept.cluster)?,
    };
    let text = serde_json::to_string_pretty(&ports).map_err(io::Error::from)?;
    write_private(file, &format!("{text}\n"))?;
    Ok(ports)
}

/// Free in both families: browsers try either for `localhost`.
fn is_free(port: u16) -> bool {
    if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
        return false;
    }
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Ok(_) => true,
        // Many machines have no IPv6.
        Err(error) => error.kind() != io::ErrorKind::AddrInUse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over_and_the_choice_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ports.json");
        let blocker = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = blocker.local_addr().unwrap().port();
        let wanted = Ports { portal: port, identity_provider: port, ..USUAL };
        fs::write(&file, serde_json::to_string(&wanted).unwrap()).unwrap();
        let first = choose(&file).unwrap();
        assert!(first.portal > port && first.identity_provider > first.portal, "{first:?}");
        assert_eq!(choose(&file).unwrap(), first);
    }
}

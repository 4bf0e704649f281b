//! The demo's own systems: a real directory, a real PostgreSQL cluster, and the SCIM service. What isn't installed on this
//! machine is shown as not connected, never faked.

use std::{collections::BTreeMap, sync::Arc};

use latchkey_connectors::{
    ConnectionSettings, Secret, SystemKind, build,
    ldap::{Disabling, LdapSettings},
    real_servers::{
        NotStarted, Postgres, PostgresOptions, Slapd, SlapdOptions, seed_directory, seed_roles, start_postgres,
        start_slapd,
    },
    scim::ScimSettings,
};
use latchkey_reconciler::Connections;
use latchkey_service::files::{CatalogFiles, SystemFile};

use super::{directory, keep::Folder, ports::Ports};
use crate::cli::Failure;

/// The systems of a running demo. They stop when this is dropped.
#[derive(Debug, Default)]
pub struct Systems {
    directory: Option<Result<Slapd, NotStarted>>,
    cluster: Option<Result<Postgres, NotStarted>>,
    connections: BTreeMap<String, Reached>,
}

/// How one system is reached.
#[derive(Debug, Clone)]
struct Reached {
    name: String,
    way: Result<Way, String>,
}

#[derive(Debug, Clone)]
struct Way {
    settings: ConnectionSettings,
    /// The same as a customer would write it.
    table: String,
}

/// What the starting of one kind of server needs.
struct Starting<'a> {
    folder: &'a Folder,
    ports: Ports,
    durable: bool,
}

impl Systems {
    /// Starts what the catalog needs, and gives it the groups and roles that the catalog names. While the history is written
    /// nothing needs to survive a power cut, and `durable` is false: it would be written again.
    ///
    /// # Errors
    /// When a secret can't be kept.
    pub async fn start(folder: &Folder, ports: Ports, catalog: &CatalogFiles, durable: bool) -> Result<Self, Failure> {
        let starting = Starting { folder, ports, durable };
        let of = |kind: SystemKind| catalog.systems.iter().filter(|system| system.kind == kind).collect::<Vec<_>>();
        let (ldap, postgres) = (of(SystemKind::Ldap), of(SystemKind::Postgresql));
        let mut connections = BTreeMap::new();
        let (directory, cluster) = tokio::join!(starting.directory(&ldap), starting.cluster(&postgres));
        let (directory, ways) = directory?;
        connections.extend(ways);
        let (cluster, ways) = cluster?;
        connections.extend(ways);
        for system in of(SystemKind::Scim) {
            connections.insert(system.key.clone(), starting.application(system)?);
        }
        Ok(Self { directory, cluster, connections })
    }

    /// The connections for the worker.
    ///
    /// # Errors
    /// When the demo's own settings can't work, which would be a mistake of the demo.
    pub fn connections(&self) -> Result<Connections, Failure> {
        let connections = Connections::new();
        for (key, reached) in &self.connections {
            match &reached.way {
                Ok(way) => {
                    let connector = build(way.settings.clone())
                        .map_err(|error| Failure::new(format!("The demo's system {key}: {error}.")))?;
                    connections.connect(key.as_str(), Arc::from(connector));
                }
                Err(why) => connections.missing(key.as_str(), why.as_str()),
            }
        }
        Ok(connections)
    }

    /// The connections as a settings file has them, by system.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.connections
            .iter()
            .filter_map(|(key, reached)| Some((key.as_str(), reached.way.as_ref().ok()?.table.as_str())))
    }

    /// The keys of the systems that are reached.
    pub fn reached(&self) -> impl Iterator<Item = &str> {
        self.tables().map(|(key, _)| key)
    }

    /// The systems that aren't reached, by name, and why.
    pub fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        self.connections
            .values()
            .filter_map(|reached| Some((reached.name.as_str(), reached.way.as_ref().err()?.as_str())))
    }

    /// The directory's administrator, to look into it by hand or to prepare it.
    #[must_use]
    pub fn directory(&self) -> Option<&Slapd> {
        self.directory.as_ref()?.as_ref().ok()
    }

    /// The cluster, to look into it by hand.
    #[must_use]
    pub fn cluster(&self) -> Option<&Postgres> {
        self.cluster.as_ref()?.as_ref().ok()
    }
}

type Ways = Vec<(String, Reached)>;

fn all_missing(systems: &[&SystemFile], why: &str) -> Ways {
    systems
        .iter()
        .map(|system| (system.key.clone(), Reached { name: system.name.clone(), way: Err(why.to_owned()) }))
        .collect()
}

impl Starting<'_> {
    fn secret(&self, name: &str) -> Result<Secret, Failure> {
        Ok(Secret::new(self.folder.secret(name)?.expose()))
    }

    /// One server for all of the company's directories; each has a branch of its own.
    async fn directory(&self, systems: &[&SystemFile]) -> Result<(Option<Result<Slapd, NotStarted>>, Ways), Failure> {
        let Some(suffix) = systems.iter().find_map(|system| directory::suffix(system)) else {
            return Ok((
                None,
                all_missing(systems, "The catalog names no group below a suffix such as dc=example,dc=test."),
            ));
        };
        let password = self.secret("directory.password")?;
        let options = SlapdOptions {
            port: Some(self.ports.directory),
            durable: self.durable,
            ..SlapdOptions::new(self.folder.path("directory"), &suffix, password.clone())
        };
        let slapd = match start_slapd(options).await {
            Ok(slapd) => slapd,
            Err(error) => {
                let ways = all_missing(systems, &error.to_string());
                return Ok((Some(Err(error)), ways));
            }
        };
        let mut ways = Vec::new();
        for system in systems {
            let way = self.branch(&slapd, &suffix, &password, system).await;
            ways.push((system.key.clone(), Reached { name: system.name.clone(), way }));
        }
        Ok((Some(Ok(slapd)), ways))
    }

    async fn branch(&self, slapd: &Slapd, suffix: &str, password: &Secret, system: &SystemFile) -> Result<Way, String> {
        let branch = directory::branch(system).ok_or("The catalog names no group below ou=groups.")?;
        // The small directory lets its service account write in one place; with several branches, its administrator does.
        let admin = slapd.admin_dn();
        directory::make_branch(&slapd.url(), &admin, password.expose(), &branch).await?;
        let settings = LdapSettings {
            disabling: Disabling::PasswordPolicy,
            recognise: system.recognise.clone(),
            placeholder_member: Some(format!("cn=nobody,{suffix}")),
            ..LdapSettings::new(&slapd.url(), &admin, password.clone(), &branch)
        };
        let groups: Vec<(&str, &str)> = system
            .entitlements
            .iter()
            .map(|entitlement| (entitlement.native.as_str(), entitlement.description.as_str()))
            .collect();
        seed_directory(&settings, &groups).await.map_err(|error| error.to_string())?;
        let table = format!(
            "kind = \"ldap\"\nurl = \"{}\"\nbind_dn = \"{admin}\"\npassword_file = \"directory.password\"\nbase_dn = \"{branch}\"\n\
             people_ou = \"ou=people,{branch}\"\nplaceholder_member = \"cn=nobody,{suffix}\"\ndisabling = \"password-policy\"\n",
            slapd.url()
        );
        Ok(Way { settings: ConnectionSettings::Ldap(settings), table })
    }

    async fn cluster(&self, systems: &[&SystemFile]) -> Result<(Option<Result<Postgres, NotStarted>>, Ways), Failure> {
        if systems.is_empty() {
            return Ok((None, Vec::new()));
        }
        let options = PostgresOptions {
            port: Some(self.ports.cluster),
            durable: self.durable,
            ..PostgresOptions::new(self.folder.path("cluster"), self.secret("cluster.password")?)
        };
        let postgres = match start_postgres(options).await {
            Ok(postgres) => postgres,
            Err(error) => {
                let ways = all_missing(systems, &error.to_string());
                return Ok((Some(Err(error)), ways));
            }
        };
        let mut ways = Vec::new();
        for system in systems {
            let settings = postgres.settings();
            let roles: Vec<(&str, &str)> = system
                .entitlements
                .iter()
                .map(|entitlement| (entitlement.native.as_str(), entitlement.description.as_str()))
                .collect();
            let table = format!(
                "kind = \"postgresql\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"latchkey\"\npassword_file = \"cluster.password\"\n",
                postgres.port
            );
            let seeded = seed_roles(&settings, &roles).await.map_err(|error| error.to_string());
            let way = seeded.map(|()| Way { settings: ConnectionSettings::Postgresql(settings), table });
            ways.push((system.key.clone(), Reached { name: system.name.clone(), way }));
        }
        Ok((Some(Ok(postgres)), ways))
    }

    fn application(&self, system: &SystemFile) -> Result<Reached, Failure> {
        let token = format!("scim-{}.token", system.key);
        let base = format!("http://localhost:{}/{}/scim/v2", self.ports.scim, system.key);
        let settings = ScimSettings::new(&base, self.secret(&token)?);
        let table = format!("kind = \"scim\"\nbase_url = \"{base}\"\ntoken_file = \"{token}\"\n");
        Ok(Reached { name: system.name.clone(), way: Ok(Way { settings: ConnectionSettings::Scim(settings), table }) })
    }
}

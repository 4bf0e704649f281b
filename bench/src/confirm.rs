//! How long it takes from a manager's decision until the access is read back from a real directory.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use latchkey_connectors::{
    Secret,
    real_servers::{NotStarted, Slapd, SlapdOptions, seed_directory, start_slapd},
};
use latchkey_domain::{IdentityId, PolicyVersionId, RoleId, role::Risk, system::SystemKind};
use latchkey_store::{Db, testing};

use crate::server::{Server, Visitor, now};

/// The system's key in the catalog, and its connection's in the settings.
const SYSTEM: &str = "directory";
const BASE: &str = "dc=example,dc=test";
const PASSWORD: &str = "bench-directory";
/// How many people get one role each.
const ROLES: usize = 40;

/// Each fulfilment on the directory that was read back.
const CONFIRMED: &str = "from fulfilment f join account a on a.id = f.account_id join system s on s.id = a.system_id \
                         where s.key = 'directory' and f.confirmed_at is not null";

/// A real directory, and the roles whose groups are in it.
pub struct Target {
    slapd: Slapd,
    roles: Vec<RoleId>,
}

impl Target {
    /// Starts a durable directory in `folder` and adds its roles to the catalog; `None` where no `slapd` is installed.
    pub async fn start(folder: &Path, db: &Db, policy: PolicyVersionId, owner: IdentityId) -> Result<Option<Self>> {
        let options = SlapdOptions::new(folder.join("slapd"), BASE, Secret::new(PASSWORD));
        let slapd = match start_slapd(options).await {
            Ok(slapd) => slapd,
            Err(NotStarted::Missing { words }) => {
                eprintln!("decision to confirmed is left out: {words}");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let groups: Vec<String> = (0..ROLES).map(|n| format!("cn=bench-{n},ou=groups,{BASE}")).collect();
        let named: Vec<(&str, &str)> = groups.iter().map(|dn| (dn.as_str(), "")).collect();
        seed_directory(&slapd.settings(), &named).await?;
        let roles = catalog(db, &groups, policy, owner).await?;
        Ok(Some(Self { slapd, roles }))
    }

    /// The settings of the connection, as variables.
    pub fn settings(&self) -> Vec<(String, String)> {
        let name = |key: &str| format!("LATCHKEY_CONNECTION__{}__{key}", SYSTEM.to_uppercase());
        vec![
            (name("KIND"), "ldap".to_owned()),
            (name("URL"), self.slapd.url()),
            (name("BIND_DN"), format!("cn=latchkey,{BASE}")),
            (name("PASSWORD_ENV"), "BENCH_DIRECTORY_PASSWORD".to_owned()),
            ("BENCH_DIRECTORY_PASSWORD".to_owned(), PASSWORD.to_owned()),
            (name("BASE_DN"), BASE.to_owned()),
            (name("PEOPLE_OU"), format!("ou=people,{BASE}")),
        ]
    }

    /// One person after the other asks for a role and is approved; the account is made on the way. Then the times that the
    /// database holds are read: from the decision until the group's membership was read back.
    pub async fn measure(&self, server: &Server, db: &Db, visitors: &[Visitor]) -> Result<Vec<Duration>> {
        for (n, role) in self.roles.iter().enumerate() {
            let person = 200 + n;
            let who = visitors.get(person).context("too few visitors")?;
            let manager = visitors.get((person - 1) / 8).context("a manager without a session")?;
            let form = format!("role_id={role}&once={}&duration=90d&reason=To+finish+the+report", uuid::Uuid::new_v4());
            let asked = server.post("/do/request-role", &form, who).await?;
            anyhow::ensure!(asked.status == 303, "/do/request-role answered {}", asked.status);
            let item = item_for(db, n).await?;
            let form = format!("item_id={item}&verdict=approve&comment=");
            let decided = server.post("/do/decide", &form, manager).await?;
            anyhow::ensure!(decided.status == 303, "/do/decide answered {}", decided.status);
            until_confirmed(db, n + 1).await?;
        }
        took(db).await
    }
}

/// The system and its roles, one group each.
async fn catalog(db: &Db, groups: &[String], policy: PolicyVersionId, owner: IdentityId) -> Result<Vec<RoleId>> {
    let mut tx = db.begin(now()).await?;
    let (system, event) = testing::add_system(&mut tx, SYSTEM, SystemKind::Ldap, Some(owner)).await?;
    let mut events = vec![event];
    let mut roles = Vec::with_capacity(groups.len());
    for (n, group) in groups.iter().enumerate() {
        let key = format!("bench-{n}");
        let (entitlement, event) = testing::add_entitlement(&mut tx, system, &key, group).await?;
        events.push(event);
        let spec = testing::RoleSpec {
            name: format!("Member of {key}"),
            key,
            owner: Some(owner),
            policy,
            risk: Risk::Low,
            entitlements: vec![entitlement],
            max_seconds: None,
        };
        let (role, _, event) = testing::add_role(&mut tx, &spec).await?;
        events.push(event);
        roles.push(role);
    }
    testing::bulk::touch_catalog(&mut tx).await?;
    tx.commit(events).await?;
    Ok(roles)
}

/// The item that waits for the role of group number `n`.
async fn item_for(db: &Db, n: usize) -> Result<uuid::Uuid> {
    let id = if db.is_postgres() { "cast(i.id as text)" } else { "hex(i.id)" };
    let sql = format!("select {id} from item i join role r on r.id = i.role_id where r.key = 'bench-{n}'");
    let items = testing::texts(db, &sql).await?;
    Ok(items.first().context("the item of the request isn't there")?.parse()?)
}

async fn until_confirmed(db: &Db, how_many: usize) -> Result<()> {
    let began = Instant::now();
    let sql = format!("select count(*) {CONFIRMED}");
    while usize::try_from(testing::number(db, &sql).await?)? < how_many {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(60), "access was not confirmed within a minute");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn took(db: &Db) -> Result<Vec<Duration>> {
    let sql = format!("select cast(f.wanted_at as text) || '|' || cast(f.confirmed_at as text) {CONFIRMED}");
    let mut all = Vec::new();
    for text in testing::texts(db, &sql).await? {
        let (wanted, confirmed) = text.split_once('|').context("two times")?;
        all.push((instant(confirmed)? - instant(wanted)?).to_std()?);
    }
    Ok(all)
}

/// An instant as either database writes it as text.
fn instant(text: &str) -> Result<DateTime<Utc>> {
    let text = text.replace('T', " ");
    let read = DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z");
    Ok(read.with_context(|| format!("{text} is no instant"))?.to_utc())
}

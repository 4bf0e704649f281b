//! The PostgreSQL connector against a real cluster, seen by psql.

use std::{collections::BTreeSet, path::Path, process::Command};

use async_trait::async_trait;
use latchkey_connectors::{
    AccountState, Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, Lookup, Secret, build,
    postgresql::PostgresSettings,
    real_servers::{Postgres, PostgresOptions, seed_roles, start_postgres},
};
use tempfile::TempDir;

use crate::{
    contract::{Bench, Probe, keeps_the_contract, needs_human, refused, spec},
    contract_listing::can_be_listed,
    servers::{PLANTED, folder},
};

pub fn connector(settings: PostgresSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Postgresql(settings)).unwrap()
}

fn role(native: &str) -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::DatabaseRole, native)
}

pub fn options(dir: &Path) -> PostgresOptions {
    PostgresOptions { durable: false, ..PostgresOptions::new(dir.join("postgres"), Secret::new(PLANTED)) }
}

/// A cluster: the one that LATCHKEY_TEST_POSTGRES_URL names, as a superuser, else one of our own.
pub struct Cluster {
    pub admin: PostgresSettings,
    pub manager: PostgresSettings,
    /// Every role that a test makes starts with this.
    pub tag: String,
    _own: Option<(Postgres, TempDir)>,
}

impl Cluster {
    pub async fn get() -> Self {
        let tag = format!("t{}_", std::process::id());
        let Ok(url) = std::env::var("LATCHKEY_TEST_POSTGRES_URL") else {
            let dir = folder();
            let own = start_postgres(options(dir.path())).await.unwrap();
            return Self { admin: own.admin_settings(), manager: own.settings(), tag, _own: Some((own, dir)) };
        };
        let url = url::Url::parse(&url).expect("LATCHKEY_TEST_POSTGRES_URL is a URL");
        let password = url.password().map(Secret::new);
        let host = url.host_str().unwrap_or("127.0.0.1");
        let admin = PostgresSettings::new(host, url.port().unwrap_or(5432), url.username(), password);
        let manager =
            PostgresSettings { user: format!("{tag}latchkey"), password: Some(Secret::new(PLANTED)), ..admin.clone() };
        let cluster = Self { admin, manager, tag, _own: None };
        cluster.sql(&format!("CREATE ROLE {} LOGIN CREATEROLE PASSWORD '{PLANTED}'", cluster.manager.user));
        cluster.sql(&format!("GRANT pg_signal_backend TO {}", cluster.manager.user));
        cluster
    }

    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.tag)
    }

    /// psql as the superuser; rows as lines, columns parted by a bar.
    pub fn sql(&self, sql: &str) -> String {
        self.psql(sql, &[])
    }

    pub fn psql(&self, sql: &str, variables: &[(&str, &str)]) -> String {
        use std::{io::Write, process::Stdio};
        let admin = &self.admin;
        let mut command = Command::new("psql");
        command.args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &admin.host,
            "-p",
            &admin.port.to_string(),
        ]);
        command.args(["-U", &admin.user, "-d", "postgres", "-f", "-"]);
        for (name, value) in variables {
            command.arg("-v").arg(format!("{name}={value}"));
        }
        command.env("PGPASSWORD", admin.password.as_ref().map(Secret::expose).unwrap_or_default());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("psql is needed ({error}): apt install postgresql-client"));
        child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    fn members_of(&self, native: &str) -> BTreeSet<String> {
        let sql = "SELECT u.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member \
                   WHERE g.rolname = :'native' AND u.rolname NOT LIKE '%latchkey'";
        self.psql(sql, &[("native", native)]).lines().map(str::to_owned).collect()
    }

    pub fn major(&self) -> u32 {
        self.sql("SELECT current_setting('server_version_num')::int / 10000").parse().unwrap()
    }

    /// From version 16 on a grant is its grantor's, and only they and superusers can take it back.
    fn by_the_manager(&self) -> String {
        if self.major() >= 16 { format!(" GRANTED BY {}", self.manager.user) } else { String::new() }
    }

    /// From version 16 on, a role's comment is for those to change who have the admin option on it.
    pub fn admin_of(&self, variable: &str) -> String {
        if self.major() >= 16 {
            format!("; GRANT :\"{variable}\" TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE", self.manager.user)
        } else {
            String::new()
        }
    }

    /// A session of somebody else, with a password that only the test knows.
    pub async fn session(&self, name: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        self.session_in("postgres", name).await
    }

    pub async fn session_in(&self, db: &str, name: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host(&self.admin.host).port(self.admin.port).dbname(db).user(name).password("theirs");
        let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Leaves a given server as it was.
    pub fn clean_up(&self) {
        if self._own.is_none() {
            let sql = "SELECT format('DROP OWNED BY %I; DROP ROLE %I;', rolname, rolname) FROM pg_roles WHERE starts_with(rolname, :'tag') \
                       ORDER BY rolname LIKE '%latchkey'";
            self.sql(&self.psql(sql, &[("tag", &self.tag)]));
        }
    }
}

#[async_trait]
impl Probe for Cluster {
    async fn members(&self, native: &str) -> BTreeSet<String> {
        self.members_of(native)
    }
    async fn accounts(&self, name: &str) -> Vec<String> {
        self.psql("SELECT rolname FROM pg_roles WHERE rolname = :'name'", &[("name", name)])
            .lines()
            .map(str::to_owned)
            .collect()
    }
    async fn add_stranger(&self, name: &str) -> String {
        self.psql("CREATE ROLE :\"name\" LOGIN; COMMENT ON ROLE :\"name\" IS 'The nightly job'", &[("name", name)]);
        name.to_owned()
    }
    async fn add_member(&self, native_id: &str, native: &str) {
        let sql = format!("GRANT :\"native\" TO :\"name\"{}", self.by_the_manager());
        self.psql(&sql, &[("name", native_id), ("native", native)]);
    }
    async fn delete(&self, native_id: &str) {
        self.psql("DROP ROLE :\"name\"", &[("name", native_id)]);
    }
    async fn dump(&self, native_id: &str) -> String {
        let sql = "SELECT a.*, shobj_description(a.oid, 'pg_authid') FROM pg_authid a WHERE rolname = :'name'";
        self.psql(sql, &[("name", native_id)])
    }
    async fn nest(&self, native: &str) -> BTreeSet<String> {
        let group = self.name("a group");
        let sql = format!("CREATE ROLE :\"group\" NOLOGIN; GRANT :\"native\" TO :\"group\"{}", self.by_the_manager());
        self.psql(&sql, &[("group", &group), ("native", native)]);
        BTreeSet::from([group])
    }
    async fn rest(&self, native_id: &str) -> String {
        let sql = "SELECT a.*, regexp_replace(shobj_description(a.oid, 'pg_authid'), E'^latchkey:[^\\n]*\\n?', '') FROM pg_authid a \
                   WHERE rolname = :'name'";
        self.psql(sql, &[("name", native_id)])
    }
}

#[tokio::test]
async fn promise_09_a_real_cluster_keeps_the_contract() {
    let cluster = Cluster::get().await;
    let (one, two) = (cluster.name("one"), cluster.name("two, \"and\" it's \\ #3"));
    seed_roles(&cluster.manager, &[(&one, "One"), (&two, "It's \"two\" \\ 2")]).await.unwrap();
    seed_roles(&cluster.manager, &[(&one, "Once more")]).await.unwrap();
    // Small pages, so that a list has several.
    let connector = connector(PostgresSettings { page_size: 5, ..cluster.manager.clone() });
    let bench = Bench {
        connector: connector.as_ref(),
        probe: &cluster,
        entitlements: [role(&one), role(&two)],
        missing: role("no_such_role"),
        foreign: Some(EntitlementKind::Group),
        tag: &cluster.tag,
        pages: 2,
    };
    keeps_the_contract(&bench).await;
    can_be_listed(&bench).await;
    let long = cluster.name(&"x".repeat(64));
    assert!(refused(connector.create(&spec("E-long", &long)).await).contains("63"));
    let account = connector.create(&spec("E-short", &cluster.name("short"))).await.unwrap().native_id;
    assert!(needs_human(connector.grant(&account, &role(&long)).await).contains("does not exist"));
    assert!(refused(connector.create(&spec("E-pg", "pg_reserved")).await).contains("reserved"));
    cluster.clean_up();
}

#[tokio::test]
async fn what_a_cluster_does_by_itself() {
    let cluster = Cluster::get().await;
    let plain = cluster.name("plain");
    seed_roles(&cluster.manager, &[(&plain, "Plain")]).await.unwrap();
    let connector = connector(cluster.manager.clone());
    let account = connector.create(&spec("E1", &cluster.name("mara"))).await.unwrap().native_id;

    // Disabling ends what is open; a session that began before doesn't outlive it.
    cluster.psql("ALTER ROLE :\"name\" PASSWORD 'theirs'", &[("name", &account)]);
    let session = cluster.session(&account).await.unwrap();
    session.batch_execute("SELECT 1").await.unwrap();
    assert_eq!(connector.set_state(&account, AccountState::Disabled).await.unwrap(), Change::Made);
    assert!(session.batch_execute("SELECT 1").await.is_err(), "the session is over");
    assert!(cluster.session(&account).await.is_err(), "and no new one begins");
    assert_eq!(connector.set_state(&account, AccountState::Enabled).await.unwrap(), Change::Made);

    // A connection that may not end sessions says so, and has still turned off the login.
    cluster.sql(&format!("REVOKE pg_signal_backend FROM {}", cluster.manager.user));
    let _session = cluster.session(&account).await.unwrap();
    let words = needs_human(connector.set_state(&account, AccountState::Disabled).await);
    assert!(words.contains("GRANT pg_signal_backend"), "{words}");
    assert_eq!(connector.read(&account, &[]).await.unwrap().unwrap().state, AccountState::Disabled);
    cluster.sql(&format!("GRANT pg_signal_backend TO {}", cluster.manager.user));
    assert_eq!(connector.set_state(&account, AccountState::Disabled).await.unwrap(), Change::AlreadySo);

    privileges_stay(&cluster, connector.as_ref(), &account, &plain).await;

    // A role that was renamed is found again, also when somebody else has its old name by now.
    let renamed = cluster.name("mara.berg");
    cluster.psql("ALTER ROLE :\"old\" RENAME TO :\"new\"", &[("old", &account), ("new", &renamed)]);
    cluster.add_stranger(&account).await;
    let mut known = spec("E1", &account);
    known.native_id = Some(account.clone());
    match connector.find(&known, &[]).await.unwrap() {
        Lookup::Ours(observed) => assert_eq!(observed.native_id, renamed),
        other => panic!("{other:?}"),
    }
    // An administrator's note below the first line does no harm; a second carrier needs a person.
    cluster.psql("COMMENT ON ROLE :\"name\" IS E'latchkey:E1\\nOn leave until March'", &[("name", &renamed)]);
    assert!(matches!(connector.find(&known, &[]).await.unwrap(), Lookup::Ours(_)));
    cluster.psql("COMMENT ON ROLE :\"name\" IS 'latchkey:E1'", &[("name", &account)]);
    known.native_id = None;
    assert!(needs_human(connector.find(&known, &[]).await).contains("Several roles"));
    cluster.clean_up();
}

/// What is privileged is neither handed out nor managed, unless it is listed.
async fn privileges_stay(cluster: &Cluster, connector: &dyn Connector, account: &str, plain: &str) {
    let [boss, way, hidden] = ["boss", "way", "hidden"].map(|name| cluster.name(name));
    cluster.sql(&format!("CREATE ROLE {boss} SUPERUSER; CREATE ROLE {way}; CREATE ROLE {hidden}; GRANT {boss} TO {way}; GRANT {way} TO {hidden}"));
    for native in [&boss, &way, &hidden, &"pg_read_all_data".to_owned(), &cluster.manager.user] {
        let words = refused(connector.grant(account, &role(native)).await);
        assert!(words.contains("allow_privileged"), "{words}");
        assert!(!cluster.members_of(native).contains(account));
    }
    let other = connector.create(&spec("E2", &cluster.name("other"))).await.unwrap().native_id;
    assert!(refused(connector.grant(account, &role(&other)).await).contains("somebody's account"));
    let listed =
        PostgresSettings { allow_privileged: BTreeSet::from(["pg_read_all_data".to_owned()]), ..cluster.admin.clone() };
    let listed = build(ConnectionSettings::Postgresql(listed)).unwrap();
    assert_eq!(listed.grant(account, &role("pg_read_all_data")).await.unwrap(), Change::Made);
    assert_eq!(listed.remove(account, &role("pg_read_all_data")).await.unwrap(), Change::Made);
    // A superuser that carries somebody's id isn't touched either.
    cluster.sql(&format!("COMMENT ON ROLE {boss} IS 'latchkey:E3'"));
    assert!(needs_human(connector.find(&spec("E3", "any"), &[]).await).contains("superuser"));
    for outcome in [
        connector.set_state(&boss, AccountState::Disabled).await,
        connector.grant(&boss, &role(plain)).await,
        connector.remove(&boss, &role(plain)).await,
    ] {
        assert!(needs_human(outcome).contains("privileged"));
    }
    refused(connector.set_state(&cluster.manager.user, AccountState::Disabled).await);
    // A membership with the right to hand it on ends like any other, unless it was handed on.
    let by = cluster.by_the_manager();
    cluster.sql(&format!("GRANT {plain} TO {} WITH ADMIN OPTION{by}", quoted(account)));
    assert_eq!(connector.remove(account, &role(plain)).await.unwrap(), Change::Made);
    assert!(!cluster.members_of(plain).contains(account));
    if cluster.major() >= 16 {
        // Each grantor's grant stands by itself: those that the connection may take back go, the others are named.
        let superuser = build(ConnectionSettings::Postgresql(cluster.admin.clone())).unwrap();
        assert_eq!(connector.grant(account, &role(plain)).await.unwrap(), Change::Made);
        cluster.sql(&format!("GRANT {plain} TO {} GRANTED BY {}", quoted(account), cluster.admin.user));
        let words = needs_human(connector.remove(account, &role(plain)).await);
        assert!(words.contains("GRANTED BY") && words.contains(&cluster.admin.user), "{words}");
        let grants =
            "SELECT count(*) FROM pg_auth_members WHERE roleid = :'role'::regrole AND member = :'name'::regrole";
        let name = quoted(account);
        assert_eq!(cluster.psql(grants, &[("role", plain), ("name", &name)]), "1", "its own went");
        assert!(connector.read(account, &[role(plain)]).await.unwrap().unwrap().held.contains(plain), "not done yet");
        assert_eq!(superuser.remove(account, &role(plain)).await.unwrap(), Change::Made);
        assert!(!cluster.members_of(plain).contains(account));
        // What gives nothing isn't held.
        cluster.sql(&format!("GRANT {plain} TO {} WITH INHERIT FALSE, SET FALSE", quoted(account)));
        let among = [role(plain)];
        assert!(connector.read(account, &among).await.unwrap().unwrap().held.is_empty());
        superuser.remove(account, &role(plain)).await.unwrap();
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

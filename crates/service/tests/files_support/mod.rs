//! What tests about files share: small people files and catalogs, and counting every row of a database.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its part of this")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where something unexpected happens")]

use std::collections::BTreeMap;

use latchkey_domain::{IdentityId, actor::Actor};
use latchkey_service::{
    apply_catalog::apply_catalog,
    files::HEADER,
    import_people::import_people,
    plan::{FilesError, FilesResult, Plan},
};
use latchkey_store::identities;
use latchkey_testkit::World;

/// A people file of these lines, in the order of the usual header.
pub fn people(lines: &[&str]) -> String {
    format!("{}\n{}\n", HEADER.join(","), lines.join("\n"))
}

/// An active employee's line.
pub fn line(external_id: &str, name: &str, manager: &str) -> String {
    let (given, family) = name.split_once(' ').unwrap_or((name, ""));
    let email = format!("{}@brinewell.test", external_id.to_lowercase());
    format!(
        "{external_id},{email},{given},{family},Analyst,Finance,Bristol,employee,{manager},active,2020-01-06,,Europe/London"
    )
}

/// Imports lines of a people file.
pub async fn import(world: &World, lines: &[&str]) -> FilesResult<Plan> {
    import_people(&world.db, &*world.clock, &Actor::Host, "people.csv", &people(lines), false).await
}

/// Four people: E1 is everybody's manager.
pub async fn four_people(world: &World) {
    let lines = [
        line("E1", "Ann Berg", ""),
        line("E2", "Bo Lind", "E1"),
        line("E3", "Cy Moss", "E1"),
        line("E4", "Di Nash", "E1"),
    ];
    import(world, &lines.each_ref().map(String::as_str)).await.unwrap();
}

/// The identity with this external id.
pub async fn person(world: &World, external_id: &str) -> IdentityId {
    let mut read = world.db.read().await.unwrap();
    IdentityId(identities::by_external_id(&mut read, external_id).await.unwrap().unwrap().id)
}

pub const SYSTEM: &str = r#"[system]
key = "finance"
name = "Finance database"
kind = "postgresql"
description = "Ledgers and payroll."
owner = "E1"
account_name = "{given_name}.{family_name}"
recognise = "comment"

[[entitlement]]
key = "payroll-read"
kind = "database-role"
name = "Payroll, reading"
native = "payroll_read"
description = "See salary statements."

[[entitlement]]
key = "ledger-read"
kind = "database-role"
name = "Ledger, reading"
native = "ledger_read"
description = "See the books."
"#;

pub const POLICIES: &str = r#"[[policy]]
key = "standard"
name = "Manager decides"
description = "Everyday access."
stages = [ { approvers = "manager", fallback = "owner" } ]
max_duration = "365d"
default_duration = "90d"
offer = ["7d", "90d"]
who = ["employee", "contractor"]
reason = "required"
undecided_after = "14d"
"#;

pub const ROLES: &str = r#"[[role]]
key = "payroll-reader"
name = "Payroll reader"
description = "See salary statements and payroll runs."
owner = "E2"
risk = "medium"
tags = ["payroll"]
policy = "standard"
max_duration = "90d"
entitlements = ["finance/payroll-read"]

[[role]]
key = "bookkeeper"
name = "Bookkeeper"
description = "See the books."
owner = "E2"
risk = "low"
tags = ["ledger"]
policy = "standard"
entitlements = ["finance/ledger-read"]
"#;

/// A small catalog, with `from` replaced by `to` wherever it stands.
pub fn catalog(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    [("policies.toml", POLICIES), ("roles/finance.toml", ROLES), ("systems/finance.toml", SYSTEM)]
        .into_iter()
        .map(|(path, text)| {
            let text = changes.iter().fold(text.to_owned(), |t, (from, to)| t.replace(from, to));
            (path.to_owned(), text)
        })
        .collect()
}

/// Applies a catalog on the host.
pub async fn apply(world: &World, files: &[(String, String)]) -> FilesResult<Plan> {
    apply_catalog(&world.db, &*world.clock, &Actor::Host, "catalog", files, false).await
}

/// The mistakes as they read.
pub fn mistakes(result: FilesResult<Plan>) -> Vec<String> {
    match result {
        Err(FilesError::Files(errors)) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("mistakes in the files were expected: {other:?}"),
    }
}

/// How many rows every table has, and the catalog's version: equal when nothing was written.
pub async fn everything(world: &World) -> BTreeMap<String, i64> {
    let tables = if world.db.is_postgres() {
        "select table_name::text from information_schema.tables where table_schema = 'public' order by 1"
    } else {
        "select name from sqlite_master where type = 'table' order by 1"
    };
    let mut all = BTreeMap::new();
    for table in world.texts(tables).await {
        let n = world.number(&format!("select count(*) from {table}")).await;
        all.insert(table, n);
    }
    all.insert("catalog version".to_owned(), world.number("select catalog_version from installation").await);
    all.insert(
        "locks taken".to_owned(),
        world.number("select cast(coalesce(sum(version), 0) as bigint) from identity").await,
    );
    assert!(all.len() > 40, "the list of tables is whole: {all:?}");
    all
}

/// The files of the demo's catalog, as the command line reads them.
pub fn demo_catalog() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/catalog");
    let mut files: Vec<_> = ["groups.toml", "policies.toml", "separation.toml", "sources.toml", "wishes.toml"]
        .into_iter()
        .map(|name| (name.to_owned(), std::fs::read_to_string(root.join(name)).unwrap()))
        .collect();
    for folder in ["systems", "roles"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

/// The demo's people file.
pub fn demo_people() -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/people.csv")).unwrap()
}

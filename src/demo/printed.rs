//! What the demo says on the terminal.

use std::{fmt::Write, time::Duration};

use latchkey_service::files::{CatalogFiles, parse_people};

use super::{
    company::Company,
    history::BUSY_MANAGER,
    keep::Folder,
    on_call::SOURCE,
    people::{TO_TRY, capital},
    ports::Ports,
    systems::Systems,
};

/// A step that takes a moment.
pub fn step(words: &str) {
    println!("{words}");
}

/// What a running demo is and how to use it.
#[derive(Debug)]
pub struct Ready<'a> {
    /// Its data folder.
    pub folder: &'a Folder,
    /// Its ports.
    pub ports: Ports,
    /// Its systems.
    pub systems: &'a Systems,
    /// The catalog.
    pub catalog: &'a CatalogFiles,
    /// The people.
    pub company: &'a Company,
    /// How much waits for the busy manager.
    pub waiting: i64,
    /// How long the start took.
    pub took: Duration,
}

/// Prints it.
pub fn ready(ready: &Ready<'_>) {
    print!("{}", words(ready));
}

fn words(ready: &Ready<'_>) -> String {
    let Ready { folder, ports, systems, catalog, company, waiting, took } = ready;
    let mut text = String::new();
    // Writing into a string doesn't fail.
    let _ = write!(
        text,
        "\nThe demo is ready ({:.1} s).\n\n  Open   http://localhost:{}\n\n",
        took.as_secs_f64(),
        ports.portal
    );
    text.push_str("Sign in as one of these. The sign-in page shows the code that an authenticator would show.\n\n");
    let people = parse_people("people.csv", &company.people).unwrap_or_default();
    let rows: Vec<(String, String, String)> = TO_TRY
        .iter()
        .filter_map(|(number, part, tries)| {
            let person = people.iter().find(|person| person.external_id == *number)?;
            let more = if *number == BUSY_MANAGER { format!(" ({waiting} wait)") } else { String::new() };
            Some((format!("{} {}", person.given_name, person.family_name), capital(part), format!("{tries}{more}")))
        })
        .collect();
    let wide = |of: fn(&(String, String, String)) -> &String| {
        rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0)
    };
    let (names, parts) = (wide(|row| &row.0), wide(|row| &row.1));
    for (name, part, tries) in &rows {
        let _ = writeln!(text, "  {name:names$}  {part:parts$}  {tries}");
    }
    if rows.is_empty() {
        text.push_str("  Anybody of people.csv.\n");
    }
    let _ = write!(text, "\nWhere access arrives:\n\n  Applications   http://localhost:{}\n", ports.scim);
    if let Some(slapd) = systems.directory() {
        let _ = writeln!(
            text,
            "  Directory      {}, as {}, password in {}",
            slapd.url(),
            slapd.admin_dn(),
            folder.path("directory.password").display()
        );
    }
    if let Some(cluster) = systems.cluster() {
        let _ = writeln!(
            text,
            "  PostgreSQL     127.0.0.1:{}, as postgres, password in {}",
            cluster.port,
            folder.path("cluster.password").display()
        );
    }
    let missing: Vec<(&str, &str)> = systems.missing().collect();
    if !missing.is_empty() {
        let _ = writeln!(
            text,
            "\nNot connected ({} of {} systems); their changes wait:\n",
            missing.len(),
            catalog.systems.len()
        );
        for (name, why) in missing {
            let _ = writeln!(text, "  {name}: {why}");
        }
    }
    if catalog.sources.iter().any(|source| source.key == SOURCE) {
        let _ = writeln!(
            text,
            "\nThe on-call board, whose shifts open access, is at http://localhost:{}/on-call",
            ports.scim
        );
    }
    let _ = write!(
        text,
        "\nMail that would be sent is at http://localhost:{}/mail\nEverything is kept in {}; remove that folder to begin again. The log is latchkey.log there.\nCtrl-C stops everything.\n",
        ports.scim,
        folder.path("").display()
    );
    text
}

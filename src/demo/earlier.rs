//! What was on the systems before Latchkey came: an account whose owner nobody knows, access that somebody had already, and a
//! group under maintenance. They show what a company meets on its first day.

use chrono::TimeDelta;
use latchkey_domain::Instant;
use latchkey_service::files::{CatalogFiles, PersonRow, parse_people};

use super::{
    company::Company,
    directory::{self, Earlier},
    history::{HAD_IT_BEFORE, TAKEN_LOGIN},
    keep::Folder,
    scim_service::{Busy, Scim},
    systems::Systems,
};
use crate::cli::Failure;

/// How long the maintenance goes on.
const MAINTENANCE: TimeDelta = TimeDelta::days(1);

/// Prepares the systems. Another company's people and systems may not have what this is about; then there is nothing to do.
///
/// # Errors
/// When a secret can't be read.
pub async fn prepare(
    folder: &Folder,
    catalog: &CatalogFiles,
    company: &Company,
    systems: &Systems,
) -> Result<(), Failure> {
    let people = parse_people("people.csv", &company.people).unwrap_or_default();
    let person = |title: &str| people.iter().find(|person| person.title == title);
    let system = |key: &str| catalog.systems.iter().find(|system| system.key == key);
    if let (Some(slapd), password) = (systems.directory(), folder.secret("directory.password")?) {
        let groups = |keys: &[&str]| {
            let office = system("directory").into_iter().flat_map(|office| &office.entitlements);
            office.filter(|e| keys.contains(&e.key.as_str())).map(|e| e.native.as_str()).collect::<Vec<_>>()
        };
        let branch = |key: &str| system(key).and_then(directory::branch);
        let login = |person: &PersonRow| person.email.split('@').next().unwrap_or_default().to_owned();
        let mut before: Vec<(String, Earlier)> = Vec::new();
        if let Some((person, build)) = person(TAKEN_LOGIN).zip(branch("build")) {
            // It could be anybody's: nothing on it says whose it is.
            let name = (person.given_name.as_str(), person.family_name.as_str());
            before.push((build, Earlier { login: login(person), name, external_id: None, groups: Vec::new() }));
        }
        if let Some((person, office)) = person(HAD_IT_BEFORE).zip(branch("directory")) {
            // Who was in a group by right is known by their number. Of the other group nobody remembers why.
            let name = (person.given_name.as_str(), person.family_name.as_str());
            let (external_id, groups) = (Some(person.external_id.as_str()), groups(&["vpn-users", "stock-room"]));
            before.push((office, Earlier { login: login(person), name, external_id, groups }));
        }
        for (login, name, group) in [
            ("reception.display", ("Reception", "Display"), "guest-hosts"),
            ("svc-badges", ("Badge", "Printer"), "workshop-doors"),
        ] {
            let (login, groups) = (login.to_owned(), groups(&[group]));
            before
                .extend(branch("directory").map(|office| (office, Earlier { login, name, external_id: None, groups })));
        }
        for (branch, earlier) in before {
            if let Err(words) =
                directory::add_earlier(&slapd.url(), &slapd.admin_dn(), password.expose(), &branch, &earlier).await
            {
                tracing::warn!("{words}");
            }
        }
    }
    Ok(())
}

/// One group of an application can't be changed for a day from now on.
pub fn maintenance(catalog: &CatalogFiles, scim: &Scim, now: Instant) {
    let group = catalog
        .systems
        .iter()
        .find(|system| system.key == "support")
        .and_then(|support| support.entitlements.iter().find(|entitlement| entitlement.key == "call-recordings"));
    let Some(group) = group else { return };
    let words = format!(
        "The group {} is being moved to another store. Its members can be changed again when that is done.",
        group.native
    );
    let busy = Busy { group: group.native.clone(), until: now + MAINTENANCE, words };
    if let Err(error) = scim.busy("support", busy) {
        tracing::warn!(%error, "the application can't keep that it is under maintenance");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_company_has_what_this_is_about() {
        let company = Company::built_in();
        let people = parse_people("people.csv", &company.people).unwrap();
        assert!([TAKEN_LOGIN, HAD_IT_BEFORE].iter().all(|title| people.iter().any(|person| person.title == *title)));
        let catalog = company.parsed().unwrap();
        for (system, entitlement) in [
            ("directory", "vpn-users"),
            ("directory", "stock-room"),
            ("directory", "guest-hosts"),
            ("directory", "workshop-doors"),
            ("support", "call-recordings"),
            ("build", "source-readers"),
        ] {
            let system = catalog.systems.iter().find(|found| found.key == system).unwrap();
            assert!(system.entitlements.iter().any(|found| found.key == entitlement));
        }
    }
}

//! What was on the systems before Latchkey came: an account whose owner nobody knows, access that somebody had already, and a
//! group under maintenance. They show what a company meets on its first day.

use chrono::TimeDelta;
use latchkey_domain::Instant;
use latchkey_service::files::{CatalogFiles, parse_people};

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
        let stranger = person(TAKEN_LOGIN)
            .zip(system("build"))
            .and_then(|(person, build)| Some((person, directory::branch(build)?, None)));
        let found = person(HAD_IT_BEFORE).zip(system("directory")).and_then(|(person, office)| {
            let group = office.entitlements.iter().find(|entitlement| entitlement.key == "vpn-users")?;
            Some((person, directory::branch(office)?, Some(group.native.as_str())))
        });
        for (person, branch, group) in stranger.into_iter().chain(found) {
            let login = person.email.split('@').next().unwrap_or_default();
            let earlier = Earlier {
                login,
                name: (&person.given_name, &person.family_name),
                // Who was in the group by right is known by their number; the other one could be anybody's.
                external_id: group.map(|_| person.external_id.as_str()),
                group,
            };
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
        for (system, entitlement) in
            [("directory", "vpn-users"), ("support", "call-recordings"), ("build", "source-readers")]
        {
            let system = catalog.systems.iter().find(|found| found.key == system).unwrap();
            assert!(system.entitlements.iter().any(|found| found.key == entitlement));
        }
    }
}

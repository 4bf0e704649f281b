//! Who can be chosen at the demo's sign-in, and who is worth choosing.

use std::sync::Arc;

use latchkey_domain::IdentityId;
use latchkey_service::fold::fold;
use latchkey_store::{
    Db, StoreResult,
    identities::{self, PersonRow, write},
    stages,
};

use super::{
    history::{ADMINISTRATOR, BUSY_MANAGER, EMPLOYEE, LEAVER, OWNER},
    identity_provider::{DemoPerson, People},
};

/// Somebody to sign in as: external id, in which part, and what they can try.
pub const TO_TRY: &[(&str, &str, &str)] = &[
    (EMPLOYEE, "employee", "asks for access; has some, and one that ends soon"),
    (BUSY_MANAGER, "manager", "decides on what their team asks for"),
    (OWNER, "owner", "owns the build platform, where one change needs a human"),
    ("E0060", "security", "reads the record of everything"),
    (ADMINISTRATOR, "administrator", "keeps the catalog and the connections"),
    ("C0002", "auditor", "reads everything and changes nothing"),
    ("E0048", "help desk", "sees where a request is stuck, and tries again"),
    (LEAVER, "left the company", "is refused"),
];

/// Finds people for the provider: those worth choosing first, then by name.
#[must_use]
pub fn finder(db: Db) -> People {
    Arc::new(move |text| {
        let db = db.clone();
        Box::pin(async move {
            match find(&db, &text).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!(%error, "the demo's people can't be read");
                    Vec::new()
                }
            }
        })
    })
}

async fn find(db: &Db, text: &str) -> StoreResult<Vec<DemoPerson>> {
    let wanted = fold(text);
    let mut all = write::all_people(&mut db.read().await?).await?;
    all.retain(|person| fits(person, &wanted));
    all.sort_by_key(|person| (place(person), fold(&person.display_name)));
    Ok(all.into_iter().map(demo_person).collect())
}

fn fits(person: &PersonRow, wanted: &str) -> bool {
    let known = fold(&format!("{} {} {} {}", person.display_name, person.title, person.department, person.email));
    wanted.split(' ').all(|word| known.contains(word))
}

fn place(person: &PersonRow) -> usize {
    TO_TRY.iter().position(|(number, ..)| *number == person.external_id).unwrap_or(TO_TRY.len())
}

fn demo_person(person: PersonRow) -> DemoPerson {
    let worth = TO_TRY.get(place(&person)).map(|(_, part, tries)| format!("{}: {tries}", capital(part)));
    DemoPerson {
        subject: person.email.clone(),
        external_id: person.external_id,
        name: person.display_name,
        email: person.email,
        title: person.title,
        department: person.department,
        note: worth,
    }
}

/// The same with its first letter as a capital.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// How much waits for somebody.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for(db: &Db, external_id: &str) -> StoreResult<i64> {
    let mut read = db.read().await?;
    match identities::by_external_id(&mut read, external_id).await? {
        Some(person) => stages::count_for(&mut read, IdentityId(person.id)).await,
        None => Ok(0),
    }
}

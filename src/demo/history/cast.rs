//! Who acts.

use std::collections::HashMap;

use latchkey_domain::{
    IdentityId, Instant, SessionId,
    actor::{Actor, PersonActor},
    assurance::Assurance,
    identity::{EmploymentType, Status},
};
use latchkey_store::{
    AsConn, Db, StoreResult,
    identities::{PersonRow, write},
    session,
};
use uuid::Uuid;

/// Everybody in the company.
#[derive(Debug)]
pub struct Cast {
    people: Vec<PersonRow>,
    by_number: HashMap<String, usize>,
}

impl Cast {
    /// Reads who there is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(db: &Db) -> StoreResult<Self> {
        let mut people = write::all_people(&mut db.read().await?).await?;
        people.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        let by_number = people.iter().enumerate().map(|(at, person)| (person.external_id.clone(), at)).collect();
        Ok(Self { people, by_number })
    }

    /// A person by external id.
    pub fn person(&self, external_id: &str) -> Option<&PersonRow> {
        self.by_number.get(external_id).and_then(|at| self.people.get(*at))
    }

    /// A person by id.
    pub fn with_id(&self, id: Uuid) -> Option<&PersonRow> {
        self.people.iter().find(|person| person.id == id)
    }

    /// Everybody who works here.
    pub fn at_work(&self) -> impl Iterator<Item = &PersonRow> {
        self.people.iter().filter(|person| person.status == Status::Active)
    }

    /// Employees and contractors at work whose title or department (with `@`) is one of these.
    pub fn like<'a>(&'a self, wanted: &'a [&str]) -> impl Iterator<Item = &'a PersonRow> {
        self.at_work().filter(|person| {
            wanted.iter().any(|word| match word.strip_prefix('@') {
                Some(department) => person.department == department,
                None => person.title == *word,
            })
        })
    }

    /// Who reports to somebody and works here.
    pub fn team(&self, manager: Uuid) -> impl Iterator<Item = &PersonRow> {
        self.at_work().filter(move |person| person.manager_id == Some(manager))
    }
}

/// Employees may ask for everything; some roles are closed to others.
#[must_use]
pub fn is_employee(person: &PersonRow) -> bool {
    person.employment_type == EmploymentType::Employee
}

/// What a sign-in with the demo's provider proves.
#[must_use]
pub fn assurance(now: Instant) -> Assurance {
    Assurance {
        amr: ["pwd", "otp", "mfa"].map(str::to_owned).to_vec(),
        acr: Some("urn:latchkey:demo:mfa".to_owned()),
        auth_time: Some(now),
        mfa: true,
        exception: None,
    }
}

/// A person as they act, signed in with both factors and with the portal roles that they hold then.
///
/// # Errors
/// When the database fails.
pub async fn actor(c: &mut impl AsConn, who: IdentityId, now: Instant) -> StoreResult<Actor> {
    let held = session::portal_roles(c, who, now).await?;
    Ok(Actor::Person(PersonActor {
        identity: who,
        session: SessionId::new(now),
        assurance: assurance(now),
        portal_roles: held.iter().filter_map(|key| key.parse().ok()).collect(),
    }))
}

//! The names that the sentences of one page need, read together.

use std::collections::HashMap;

use latchkey_domain::{IdentityId, ItemId, RequestId, RoleId, SystemId};
use latchkey_store::{
    AsConn,
    audit::names::{self as store, NamedItem, NamedSystem},
    identities,
};
use uuid::Uuid;

use super::{Part, Piece, words};
use crate::ServiceResult;

/// Names by id.
#[derive(Default)]
pub(super) struct Names {
    people: HashMap<Uuid, String>,
    roles: HashMap<Uuid, String>,
    systems: HashMap<Uuid, NamedSystem>,
    entitlements: HashMap<Uuid, String>,
    rules: HashMap<Uuid, String>,
    requests: HashMap<Uuid, String>,
    items: HashMap<Uuid, NamedItem>,
}

impl Names {
    /// Reads the names of everything in the pieces: one query for each kind of thing, and none for what doesn't occur.
    pub(super) async fn load(c: &mut impl AsConn, pieces: &[&Piece]) -> ServiceResult<Self> {
        let mut wanted = Wanted::default();
        for piece in pieces {
            wanted.add(piece);
        }
        let items = store::items(c, &unique(&mut wanted.items)).await?;
        for item in &items {
            wanted.roles.push(item.role_id);
            wanted.people.push(item.beneficiary_id);
        }
        let named = |all: Vec<store::Named>| all.into_iter().map(|n| (n.id, n.name)).collect();
        Ok(Self {
            people: identities::names(c, &unique(&mut wanted.people)).await?,
            roles: named(store::roles(c, &unique(&mut wanted.roles)).await?),
            systems: store::systems(c, &unique(&mut wanted.systems)).await?.into_iter().map(|s| (s.id, s)).collect(),
            entitlements: named(store::entitlements(c, &unique(&mut wanted.entitlements)).await?),
            rules: named(store::separation_rules(c, &unique(&mut wanted.rules)).await?),
            requests: named(store::requests(c, &unique(&mut wanted.requests)).await?),
            items: items.into_iter().map(|i| (i.id, i)).collect(),
        })
    }

    /// The pieces with their names; neighbouring words become one part.
    pub(super) fn fill(&self, pieces: Vec<Piece>) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            for part in self.parts(piece) {
                match (parts.last_mut(), part) {
                    (Some(Part::Text(before)), Part::Text(more)) => before.push_str(&more),
                    (_, part) => parts.push(part),
                }
            }
        }
        parts
    }

    fn parts(&self, piece: Piece) -> Vec<Part> {
        vec![match piece {
            Piece::Text(text) => Part::Text(text.into_owned()),
            Piece::Person(id) => self.person(id),
            Piece::Role(id) => self.role(id),
            Piece::System(id) => self.system(id),
            Piece::Entitlement(id) => match self.entitlements.get(&id.0) {
                Some(name) => Part::Text(format!("“{name}”")),
                None => Part::Text("an entitlement".to_owned()),
            },
            Piece::Rule(id) => match self.rules.get(&id.0) {
                Some(name) => Part::Text(format!("“{name}”")),
                None => Part::Text("a rule".to_owned()),
            },
            Piece::Request(id) => self.request(id),
            Piece::RequestOf(item) => match self.items.get(&item.0) {
                Some(i) => Part::Request { id: RequestId(i.request_id), reference: i.reference.clone() },
                None => Part::Text("a request".to_owned()),
            },
            Piece::RoleOf(item) => match self.item(item) {
                Some(i) => self.role(RoleId(i.role_id)),
                None => Part::Text("a role".to_owned()),
            },
            Piece::BeneficiaryOf(item) => match self.item(item) {
                Some(i) => self.person(IdentityId(i.beneficiary_id)),
                None => Part::Text("somebody".to_owned()),
            },
            Piece::TermOf(item) => return self.term(item),
            Piece::Time(at) => Part::Time(at),
            Piece::Quote(text) => Part::Quote(text),
        }]
    }

    fn item(&self, id: ItemId) -> Option<&NamedItem> {
        self.items.get(&id.0)
    }

    fn term(&self, item: ItemId) -> Vec<Part> {
        match self.item(item) {
            Some(NamedItem { ends_at: Some(end), .. }) => vec![Part::Text(", until ".to_owned()), Part::Time(*end)],
            Some(NamedItem { seconds: Some(seconds), .. }) => {
                vec![Part::Text(format!(", for {}", words::duration(*seconds)))]
            }
            Some(_) => vec![Part::Text(", without an end".to_owned())],
            None => vec![],
        }
    }

    fn person(&self, id: IdentityId) -> Part {
        Part::Person {
            id,
            name: self.people.get(&id.0).cloned().unwrap_or_else(|| "somebody who isn't known".to_owned()),
        }
    }

    fn role(&self, id: RoleId) -> Part {
        Part::Role { id, name: self.roles.get(&id.0).cloned().unwrap_or_else(|| "a role that isn't known".to_owned()) }
    }

    fn system(&self, id: SystemId) -> Part {
        match self.systems.get(&id.0) {
            Some(s) => Part::System { id, key: s.key.clone(), name: s.name.clone() },
            None => Part::Text("a system that isn't known".to_owned()),
        }
    }

    fn request(&self, id: RequestId) -> Part {
        match self.requests.get(&id.0) {
            Some(reference) => Part::Request { id, reference: reference.clone() },
            None => Part::Text("a request".to_owned()),
        }
    }
}

#[derive(Default)]
struct Wanted {
    people: Vec<Uuid>,
    roles: Vec<Uuid>,
    systems: Vec<Uuid>,
    entitlements: Vec<Uuid>,
    rules: Vec<Uuid>,
    requests: Vec<Uuid>,
    items: Vec<Uuid>,
}

impl Wanted {
    fn add(&mut self, piece: &Piece) {
        match piece {
            Piece::Person(id) => self.people.push(id.0),
            Piece::Role(id) => self.roles.push(id.0),
            Piece::System(id) => self.systems.push(id.0),
            Piece::Entitlement(id) => self.entitlements.push(id.0),
            Piece::Rule(id) => self.rules.push(id.0),
            Piece::Request(id) => self.requests.push(id.0),
            Piece::RequestOf(id) | Piece::RoleOf(id) | Piece::BeneficiaryOf(id) | Piece::TermOf(id) => {
                self.items.push(id.0)
            }
            Piece::Text(_) | Piece::Time(_) | Piece::Quote(_) => {}
        }
    }
}

fn unique(ids: &mut Vec<Uuid>) -> Vec<Uuid> {
    ids.sort_unstable();
    ids.dedup();
    std::mem::take(ids)
}

#[cfg(test)]
impl Names {
    /// The names of what [`super::super::samples`] speaks of.
    pub(super) fn name_samples(&mut self) {
        use super::super::samples as s;
        self.people = HashMap::from([(s::ANN.0, "Ann Berg".to_owned()), (s::BO.0, "Bo Dahl".to_owned())]);
        self.roles = HashMap::from([(s::ROLE.0, "Payroll reader".to_owned())]);
        self.entitlements = HashMap::from([(s::ENTITLEMENT.0, "VPN users".to_owned())]);
        self.rules = HashMap::from([(s::RULE.0, "Invoices and payments".to_owned())]);
        self.requests = HashMap::from([(s::REQUEST.0, "R-7K3MQ2".to_owned())]);
        let system = NamedSystem { id: s::SYSTEM.0, key: "directory".to_owned(), name: "Directory".to_owned() };
        self.systems = HashMap::from([(s::SYSTEM.0, system)]);
        let item = NamedItem {
            id: s::ITEM.0,
            request_id: s::REQUEST.0,
            reference: "R-7K3MQ2".to_owned(),
            role_id: s::ROLE.0,
            beneficiary_id: s::BO.0,
            seconds: Some(90 * 86_400),
            ends_at: "2027-06-01T22:00:00Z".parse().ok(),
        };
        self.items = HashMap::from([(s::ITEM.0, item)]);
    }
}

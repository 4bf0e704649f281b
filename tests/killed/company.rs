//! Twenty people, three roles that share what they give, and who holds what by the test's own account of it.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_domain::{
    GrantId, IdentityId, ItemId, RoleId, SessionId,
    actor::{Actor, PersonActor},
    assurance::Assurance,
    clock::{Clock, SystemClock},
    item::{ItemState, Verdict},
};
use latchkey_policy::Span;
use latchkey_service::{
    decide_item::{Decision, decide_item},
    give_back::give_back,
    submit_request::{ItemWish, Submission, submit_request},
};
use latchkey_store::{Db, grants, request_reads, testing};
use uuid::Uuid;

use crate::dice::Dice;

/// How many people ask.
pub const PEOPLE: usize = 20;

/// The roles, and what each gives: system and name on it. Some is given by two roles, and must stay until both are gone.
pub const ROLES: [(&str, &[(&str, &str)]); 3] = [
    ("desk", &[("directory", "cn=vpn,ou=groups,dc=example,dc=test"), ("warehouse", "wh_read"), ("crm", "CRM Readers")]),
    (
        "lead",
        &[
            ("directory", "cn=vpn,ou=groups,dc=example,dc=test"),
            ("directory", "cn=leads,ou=groups,dc=example,dc=test"),
            ("warehouse", "wh_write"),
        ],
    ),
    (
        "ops",
        &[
            ("directory", "cn=ops,ou=groups,dc=example,dc=test"),
            ("warehouse", "wh_read"),
            ("crm", "CRM Readers"),
            ("crm", "CRM Operators"),
        ],
    ),
];

const SYSTEMS: [(&str, &str, &str, &str); 3] = [
    ("directory", "ldap", "group", "employeeNumber"),
    ("warehouse", "postgresql", "database-role", "comment"),
    ("crm", "scim", "app-role", "externalId"),
];

const POLICIES: &str = "\
[[policy]]
key = \"standard\"
name = \"Manager decides\"
description = \"Everyday access.\"
stages = [{ approvers = \"manager\", fallback = \"owner\" }]
max_duration = \"365d\"
default_duration = \"90d\"
offer = [\"30d\", \"90d\"]
who = [\"employee\"]
reason = \"required\"
undecided_after = \"14d\"
";

/// The login of person `n`, on every system.
pub fn login(n: usize) -> String {
    format!("worker{n:02}")
}

/// What a system knows person `n` by.
pub fn external_id(n: usize) -> String {
    format!("P{n:02}")
}

/// What is granted on a system, once for each name.
pub fn natives(system: &str) -> BTreeSet<&'static str> {
    ROLES.iter().flat_map(|(_, gives)| *gives).filter(|(on, _)| *on == system).map(|(_, native)| *native).collect()
}

/// The company's files: name and text.
pub fn files() -> Vec<(String, String)> {
    let mut people = String::from(
        "external_id,email,given_name,family_name,title,department,location,employment_type,manager_external_id,status,start_date,end_date,time_zone\n\
         M1,manager@example.test,Max,Manager,Head,IT,Bristol,employee,,active,2020-01-01,,\n\
         O1,owner@example.test,Olga,Owner,Owner,IT,Bristol,employee,,active,2020-01-01,,\n",
    );
    for n in 0..PEOPLE {
        let (id, login) = (external_id(n), login(n));
        people.push_str(&format!(
            "{id},{login}@example.test,Ann,Worker{n:02},Engineer,IT,Bristol,employee,M1,active,2021-01-01,,\n"
        ));
    }
    let mut files = vec![("people.csv".to_owned(), people), ("catalog/policies.toml".to_owned(), POLICIES.to_owned())];
    for (key, kind, entitlement, recognise) in SYSTEMS {
        let mut text = format!(
            "[system]\nkey = \"{key}\"\nname = \"System {key}\"\nkind = \"{kind}\"\ndescription = \"A system.\"\nowner = \"O1\"\n\
             account_name = \"{{email_local}}\"\nrecognise = \"{recognise}\"\n"
        );
        for (n, native) in natives(key).into_iter().enumerate() {
            text.push_str(&format!(
                "\n[[entitlement]]\nkey = \"e{n}\"\nkind = \"{entitlement}\"\nname = \"{native}\"\nnative = \"{native}\"\ndescription = \"Something.\"\n"
            ));
        }
        files.push((format!("catalog/systems/{key}.toml"), text));
    }
    let mut roles = String::new();
    for (key, gives) in ROLES {
        let place = |(system, native): &(&str, &str)| {
            let n = natives(system).iter().position(|known| known == native).unwrap();
            format!("\"{system}/e{n}\"")
        };
        let gives: Vec<String> = gives.iter().map(place).collect();
        roles.push_str(&format!(
            "[[role]]\nkey = \"{key}\"\nname = \"Role {key}\"\ndescription = \"A role.\"\nowner = \"O1\"\nrisk = \"low\"\ntags = [\"it\"]\n\
             policy = \"standard\"\nentitlements = [{}]\n\n",
            gives.join(", ")
        ));
    }
    files.push(("catalog/roles/all.toml".to_owned(), roles));
    files
}

/// One change of what somebody holds.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Person and role, by number: asked for and approved.
    Approve(usize, usize),
    /// Person and role, by number: given back.
    GiveBack(usize, usize),
}

/// The people, and what they hold by the test's own account.
pub struct Company {
    db: Db,
    manager: IdentityId,
    people: Vec<IdentityId>,
    roles: Vec<RoleId>,
    held: BTreeMap<(usize, usize), GrantId>,
}

impl Company {
    /// Finds them in the database.
    pub async fn of(db: &Db) -> Self {
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            people.push(IdentityId(id(db, "identity_id", "person", "external_id", &external_id(n)).await));
        }
        let mut roles = Vec::new();
        for (key, _) in ROLES {
            roles.push(RoleId(id(db, "id", "role", "key", key).await));
        }
        let manager = IdentityId(id(db, "identity_id", "person", "external_id", "M1").await);
        Self { db: db.clone(), manager, people, roles, held: BTreeMap::new() }
    }

    /// Everybody asks for something.
    pub fn first_requests(&self, dice: &mut Dice) -> Vec<Change> {
        (0..PEOPLE).map(|person| Change::Approve(person, dice.roll(ROLES.len()))).collect()
    }

    /// Everybody asks for something more, or gives back what they hold.
    pub fn next_changes(&self, dice: &mut Dice) -> Vec<Change> {
        (0..PEOPLE)
            .map(|person| match (person, dice.roll(ROLES.len())) {
                held if self.held.contains_key(&held) => Change::GiveBack(held.0, held.1),
                (person, role) => Change::Approve(person, role),
            })
            .collect()
    }

    /// Makes changes as people do, by the service.
    pub async fn make(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Approve(person, role) => {
                    let grant = self.ask_and_approve(person, role).await;
                    self.held.insert((person, role), grant);
                }
                Change::GiveBack(person, role) => {
                    let grant = self.held.remove(&(person, role)).unwrap();
                    give_back(&self.db, &SystemClock, &actor(self.people[person]), grant).await.unwrap();
                }
            }
        }
    }

    async fn ask_and_approve(&self, person: usize, role: usize) -> GrantId {
        let who = self.people[person];
        let wish = ItemWish {
            role: self.roles[role],
            beneficiary: who,
            duration: Span::from_days(30).unwrap(),
            reason: "For the project".to_owned(),
        };
        let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
        let submitted = submit_request(&self.db, &SystemClock, &actor(who), &submission).await.unwrap();
        let mut read = self.db.read().await.unwrap();
        let item = ItemId(request_reads::items_of(&mut read, &[submitted.request.0]).await.unwrap()[0].id);
        drop(read);
        let decision = Decision { item, stage: None, verdict: Verdict::Approve, comment: String::new() };
        let decided = decide_item(&self.db, &SystemClock, &actor(self.manager), &decision).await.unwrap();
        assert_eq!(decided.state, ItemState::Approved);
        grants::of_items(&mut self.db.read().await.unwrap(), &[item.0]).await.unwrap()[0].id()
    }

    /// The logins that must be members on a system, by the name of what they hold.
    pub fn members(&self, system: &str) -> BTreeMap<String, Vec<String>> {
        let holds = |person: usize, native| self.holds(person, |given| given == (system, native));
        let holders = |native| (0..PEOPLE).filter(|person| holds(*person, native)).map(login).collect();
        natives(system).into_iter().map(|native| (native.to_owned(), holders(native))).collect()
    }

    /// Whether an account of theirs on the system must be usable.
    pub fn needs_account(&self, person: usize, system: &str) -> bool {
        self.holds(person, |(on, _)| on == system)
    }

    fn holds(&self, person: usize, is: impl Fn((&str, &str)) -> bool) -> bool {
        self.held.keys().any(|(who, role)| *who == person && ROLES[*role].1.iter().any(|given| is(*given)))
    }

    /// The grants in force.
    pub fn grants(&self) -> BTreeSet<GrantId> {
        self.held.values().copied().collect()
    }
}

async fn id(db: &Db, column: &str, table: &str, key: &str, value: &str) -> Uuid {
    let column = if db.is_postgres() { format!("{column}::text") } else { format!("lower(hex({column}))") };
    let found = testing::texts(db, &format!("select {column} from {table} where {key} = '{value}'")).await.unwrap();
    found.first().unwrap_or_else(|| panic!("no {table} {value}")).parse().unwrap()
}

fn actor(who: IdentityId) -> Actor {
    let now = SystemClock.now();
    let assurance = Assurance {
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        acr: None,
        auth_time: Some(now),
        mfa: true,
        exception: None,
    };
    Actor::Person(PersonActor { identity: who, session: SessionId::new(now), assurance, portal_roles: vec![] })
}

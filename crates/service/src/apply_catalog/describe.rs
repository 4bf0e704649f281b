//! Says in words what files change.

use std::collections::BTreeSet;

use super::compare::{Change, Changes};
use crate::plan::{Plan, counted};

/// The titles of a catalog plan's sections.
pub mod titles {
    /// Systems that weren't there.
    pub const NEW_SYSTEMS: &str = "New systems";
    /// Systems that change.
    pub const CHANGED_SYSTEMS: &str = "Changed systems";
    /// Systems that aren't in the files any more.
    pub const RETIRED_SYSTEMS: &str = "Retired systems";
    /// Entitlements that weren't there.
    pub const NEW_ENTITLEMENTS: &str = "New entitlements";
    /// Entitlements that change.
    pub const CHANGED_ENTITLEMENTS: &str = "Changed entitlements";
    /// Entitlements that aren't in the files any more.
    pub const RETIRED_ENTITLEMENTS: &str = "Retired entitlements";
    /// Groups that weren't there.
    pub const NEW_GROUPS: &str = "New groups";
    /// Groups with another name or other members.
    pub const CHANGED_GROUPS: &str = "Changed groups: what waits for them waits for the new members";
    /// Groups that aren't in the files any more.
    pub const RETIRED_GROUPS: &str = "Retired groups";
    /// Policies that weren't there.
    pub const NEW_POLICIES: &str = "New policies";
    /// Policies with a new version.
    pub const CHANGED_POLICIES: &str = "Changed policies: requests that wait keep the version they were made under";
    /// Policies that aren't in the files any more.
    pub const RETIRED_POLICIES: &str = "Retired policies";
    /// Roles that weren't there.
    pub const NEW_ROLES: &str = "New roles";
    /// Roles with a new version.
    pub const CHANGED_ROLES: &str = "Changed roles";
    /// Roles that aren't in the files any more.
    pub const RETIRED_ROLES: &str = "Retired roles: nobody can ask for them; who holds one keeps it until it ends";
    /// Roles and systems with another owner.
    pub const OWNERS: &str = "Other owners";
    /// Roles whose holders follow a change of what the role gives.
    pub const REACHED: &str = "Holders whose access changes";
    /// Requests for retired roles.
    pub const CANCELLED: &str = "Open requests that end";
    /// Nothing but the form.
    pub const FORM: &str = "Only the form of the files changes";
}

/// How many holders of a role are named.
const NAMES: usize = 5;

fn line(name: &str, key: &str, fields: &[String]) -> String {
    if fields.is_empty() { format!("{name} ({key})") } else { format!("{name} ({key}): {}", fields.join(", ")) }
}

impl Changes {
    /// Adds everything to a plan, in the order of the files.
    pub(super) fn describe(&self, plan: &mut Plan) {
        let title = |new: bool, titles: [&'static str; 2]| if new { titles[0] } else { titles[1] };
        // What is new needs no list of fields.
        fn fields<T>(c: &Change<T>) -> &[String] {
            if c.new { &[] } else { &c.fields }
        }
        for c in &self.systems {
            let title = title(c.new, [titles::NEW_SYSTEMS, titles::CHANGED_SYSTEMS]);
            plan.add(title, || line(&c.row.name, &c.row.key, fields(c)));
        }
        for row in &self.retired_systems {
            plan.add(titles::RETIRED_SYSTEMS, || line(&row.name, &row.key, &[]));
        }
        for (system, c) in &self.entitlements {
            let title = title(c.new, [titles::NEW_ENTITLEMENTS, titles::CHANGED_ENTITLEMENTS]);
            plan.add(title, || line(&c.row.name, &format!("{system}/{}", c.row.key), fields(c)));
        }
        for (system, row) in &self.retired_entitlements {
            plan.add(titles::RETIRED_ENTITLEMENTS, || line(&row.name, &format!("{system}/{}", row.key), &[]));
        }
        for g in &self.groups {
            let title = title(g.new, [titles::NEW_GROUPS, titles::CHANGED_GROUPS]);
            let fields = if g.new {
                vec![counted(i64::try_from(g.members.len()).unwrap_or(i64::MAX), "member", "members")]
            } else {
                g.fields.clone()
            };
            plan.add(title, || line(&g.name, &g.key, &fields));
        }
        for row in &self.retired_groups {
            plan.add(titles::RETIRED_GROUPS, || line(&row.name, &row.key, &[]));
        }
        for c in &self.policies {
            let title = title(c.new, [titles::NEW_POLICIES, titles::CHANGED_POLICIES]);
            plan.add(title, || line(&format!("{} version {}", c.row.key, c.row.version), &c.row.key, fields(c)));
        }
        for row in &self.retired_policies {
            plan.add(titles::RETIRED_POLICIES, || row.key.clone());
        }
        for r in &self.roles {
            let c = &r.change;
            let title = title(c.new, [titles::NEW_ROLES, titles::CHANGED_ROLES]);
            plan.add(title, || line(&c.row.name, &c.row.key, fields(c)));
        }
        for row in &self.retired_roles {
            let held = self.holder_words(row.role_id);
            plan.add(titles::RETIRED_ROLES, || format!("{} ({}): {held}", row.name, row.key));
        }
        for o in &self.owners {
            // The first owner of something new is part of its being new.
            if let Some((_, from)) = &o.from {
                plan.add(titles::OWNERS, || format!("{}: {from} -> {}", o.name, o.to.1));
            }
        }
        for r in self.roles.iter().filter(|r| r.reaches && self.holders.contains_key(&r.change.row.role_id)) {
            let held = self.holder_words(r.change.row.role_id);
            plan.add(titles::REACHED, || format!("{} ({}): {held}", r.change.row.name, r.change.row.key));
        }
        for row in &self.retired_roles {
            let n = self.waiting.iter().filter(|i| i.role_id == row.role_id).count();
            for _ in 0..n {
                plan.add(titles::CANCELLED, || format!("{} ({})", row.name, row.key));
            }
        }
        self.wishes.describe(plan);
        self.sources.describe(plan);
        self.separation.describe(plan);
        if self.is_empty() {
            plan.add(titles::FORM, || "Events name the new files from now on".to_owned());
        }
    }

    /// "7 holders: Ann Berg, Bo Lind, … and 2 more".
    fn holder_words(&self, role: uuid::Uuid) -> String {
        let held = self.holders.get(&role).map_or(&[][..], |h| h);
        let people: BTreeSet<uuid::Uuid> = held.iter().map(|h| h.identity_id).collect();
        let mut names: Vec<&str> = Vec::new();
        let mut told = BTreeSet::new();
        for holder in held {
            if names.len() < NAMES && told.insert(holder.identity_id) {
                names.push(&holder.display_name);
            }
        }
        if names.is_empty() {
            return "nobody holds it".to_owned();
        }
        let more = people.len() - names.len();
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let n = i64::try_from(people.len()).unwrap_or(i64::MAX);
        format!("{}: {}{rest}", counted(n, "holder", "holders"), names.join(", "))
    }
}

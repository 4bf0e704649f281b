//! The catalog's files: `systems/*.toml`, `groups.toml`, `policies.toml`, `roles/*.toml`, and `separation.toml`,
//! `wishes.toml` and `sources.toml` where they are there.

mod activation;
mod break_glass;
mod groups;
mod passes;
mod policy;
mod question;
mod role;
mod rules;
mod separation;
mod sources;
mod system;
mod trial;
mod wishes;

use std::collections::{HashMap, HashSet};

use latchkey_domain::{portal_role::PortalRole, system::BUILT_IN_SYSTEM};
use latchkey_policy::{BadPath, MAX_HOPS, Policy, PolicySnapshot, reached};

pub use self::{
    groups::GroupFile,
    policy::PolicyFile,
    role::{EntitlementRef, RoleFile},
    separation::{MAX_SEPARATION_RULES, SeparationMember, SeparationRuleFile, SeparationSideFile},
    sources::SourceFile,
    system::{EntitlementFile, SystemFile},
    wishes::WishesFile,
};
use super::{
    MAX_FILE_BYTES,
    error::{Errors, FileError, Place},
    hash::ContentHash,
    text,
    toml_doc::Doc,
};

/// The most files of one catalog.
pub const MAX_CATALOG_FILES: usize = 2_000;
/// The most systems.
pub const MAX_SYSTEMS: usize = 200;
/// The most entitlements of one system.
pub const MAX_ENTITLEMENTS_PER_SYSTEM: usize = 5_000;
/// The most policies.
pub const MAX_POLICIES: usize = 200;
/// The most roles.
pub const MAX_ROLES: usize = 20_000;
/// The most entitlements of one role.
pub const MAX_ENTITLEMENTS_PER_ROLE: usize = 200;
/// The most tags of one role.
pub const MAX_TAGS: usize = 20;

const POLICIES: &str = "policies.toml";
const GROUPS: &str = "groups.toml";
const SEPARATION: &str = "separation.toml";
const WISHES: &str = "wishes.toml";
const SOURCES: &str = "sources.toml";

/// A person whom a file names, to be looked up by the code that applies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonReference {
    /// What HR calls them.
    pub external_id: String,
    /// The field that names them, such as `owner` or `approvers`.
    pub field: &'static str,
    /// Where.
    pub at: Place,
}

impl PersonReference {
    /// The mistake of naming somebody whom nobody knows, or who has left.
    #[must_use]
    pub fn error(&self, why: &str) -> FileError {
        let message = format!("{} names {}, {why}", self.field, text::shown(&self.external_id));
        FileError::at(&self.at, message, "the external id of somebody who works here")
    }
}

/// A whole catalog that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogFiles {
    /// The systems, by path. The built-in `latchkey` isn't among them.
    pub systems: Vec<SystemFile>,
    /// The groups, in the order of the file.
    pub groups: Vec<GroupFile>,
    /// The policies, in the order of the file.
    pub policies: Vec<PolicyFile>,
    /// The roles, by path and in the order of their files.
    pub roles: Vec<RoleFile>,
    /// The rules that keep duties apart, in the order of the file.
    pub separation: Vec<SeparationRuleFile>,
    /// Who answers wishes in words, if anybody does.
    pub wishes: Option<WishesFile>,
    /// Programs that open and end access, in the order of the file.
    pub sources: Vec<SourceFile>,
    /// Names the set.
    pub hash: ContentHash,
}

impl CatalogFiles {
    /// Everybody whom the files name. They must be people who haven't left, which only the database knows.
    pub fn people_named(&self) -> impl Iterator<Item = &PersonReference> {
        let systems = self.systems.iter().map(|system| &system.owner);
        let policies = self.policies.iter().flat_map(|policy| &policy.people);
        let groups = self.groups.iter().flat_map(|group| &group.members);
        let separation = self.separation.iter().flat_map(|rule| std::iter::once(&rule.owner).chain(&rule.approver));
        let wishes = self.wishes.iter().flat_map(|wishes| &wishes.people);
        let roles = self.roles.iter().map(|role| &role.owner);
        systems.chain(groups).chain(policies).chain(roles).chain(separation).chain(wishes)
    }

    /// A policy as it is frozen onto requests: with those to which it leads.
    #[must_use]
    pub fn snapshot(&self, policy: &Policy) -> PolicySnapshot {
        let all: Vec<Policy> = self.policies.iter().map(|file| file.policy.clone()).collect();
        // What leads nowhere has been refused by the parser.
        let others = reached(policy, &all).unwrap_or_default().into_iter().cloned().collect();
        PolicySnapshot { others, ..policy.snapshot() }
    }
}

/// Reads a catalog: all of it, or every mistake in it. `files` are (path, text), with paths relative to the catalog's
/// directory and `/` between their parts.
///
/// # Errors
/// Every mistake with its line, at most [`super::MAX_ERRORS`]; then nothing of the set is taken.
pub fn parse_catalog(files: &[(String, String)]) -> Result<CatalogFiles, Vec<FileError>> {
    let mut errors = Errors::default();
    if files.len() > MAX_CATALOG_FILES {
        let message = format!("the catalog has {} files", files.len());
        return Err(vec![FileError::whole("", message, Some(&format!("at most {MAX_CATALOG_FILES}")))]);
    }
    let mut sorted: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    sorted.sort_unstable();

    let mut set = Set::default();
    for (at, (path, text)) in sorted.iter().enumerate() {
        if at > 0 && sorted.get(at - 1).is_some_and(|before| before.0 == *path) {
            errors.push(FileError::whole(path, "the file is there twice", Some("each file once")));
        } else if text.len() > MAX_FILE_BYTES {
            let message = format!("the file has {} bytes", text.len());
            errors.push(FileError::whole(path, message, Some(&format!("at most {MAX_FILE_BYTES}"))));
            set.unread(path);
        } else {
            set.read(path, text.strip_prefix('\u{FEFF}').unwrap_or(text), &mut errors);
        }
    }
    set.check_counts(&sorted, &mut errors);
    set.check_systems(&mut errors);
    set.check_policies(&mut errors);
    set.check_roles(&mut errors);
    set.check_separation(&mut errors);
    sources::check(&set, &mut errors);

    let roles = set.roles.into_iter().map(|draft| draft.role).collect();
    let separation = set.separation.into_iter().map(|draft| draft.rule).collect();
    let sources = set.sources.into_iter().map(|draft| draft.source).collect();
    let (systems, groups, policies, wishes) = (set.systems, set.groups, set.policies, set.wishes);
    let hash = ContentHash::of(files);
    errors.finish(CatalogFiles { systems, groups, policies, roles, separation, wishes, sources, hash })
}

/// What was read so far.
#[derive(Default)]
struct Set {
    systems: Vec<SystemFile>,
    /// Every system and its entitlements as declared, sound or not.
    system_keys: Vec<(String, Vec<String>)>,
    /// A file of systems couldn't be read at all: what refers to it is then unknown, not wrong. Likewise below.
    systems_unread: bool,
    groups: Vec<GroupFile>,
    /// Every group as declared, sound or not.
    group_keys: Vec<String>,
    groups_unread: bool,
    policies: Vec<PolicyFile>,
    /// Every policy as declared, sound or not.
    policy_keys: Vec<String>,
    policies_unread: bool,
    roles: Vec<role::Draft>,
    roles_unread: bool,
    /// Something in `roles/` isn't sound: a role that isn't known may be the one.
    roles_unsound: bool,
    separation: Vec<separation::Draft>,
    wishes: Option<WishesFile>,
    sources: Vec<sources::Draft>,
}

impl Set {
    fn read(&mut self, path: &str, text: &str, errors: &mut Errors) {
        let doc = Doc::new(path, text);
        let (mistakes, before) = (errors.count(), self.read_so_far());
        match path.split_once('/') {
            None if path == GROUPS => {
                self.groups = groups::parse(&doc, &mut self.group_keys, errors);
            }
            None if path == POLICIES => {
                self.policies = policy::parse(&doc, &mut self.policy_keys, errors);
            }
            Some(("systems", name)) if is_toml(name) => {
                self.systems.extend(system::parse(&doc, &mut self.system_keys, errors));
            }
            Some(("roles", name)) if is_toml(name) => {
                self.roles.extend(role::parse(&doc, errors));
            }
            None if path == SEPARATION => {
                self.separation = separation::parse(&doc, errors);
            }
            None if path == WISHES => {
                self.wishes = wishes::parse(&doc, errors);
            }
            None if path == SOURCES => {
                self.sources = sources::parse(&doc, errors);
            }
            _ => errors.push(FileError::whole(
                path,
                "the file isn't part of a catalog",
                Some(
                    "policies.toml, groups.toml, separation.toml, wishes.toml, sources.toml, systems/NAME.toml or roles/NAME.toml",
                ),
            )),
        }
        self.roles_unsound |= errors.count() > mistakes && path.starts_with("roles/");
        if errors.count() > mistakes && self.read_so_far() == before {
            self.unread(path);
        }
    }

    fn read_so_far(&self) -> [usize; 4] {
        [self.system_keys.len(), self.group_keys.len(), self.policy_keys.len(), self.roles.len()]
    }

    /// Nothing could be read from this file, and that is already complained about.
    fn unread(&mut self, path: &str) {
        self.systems_unread |= path.starts_with("systems/");
        self.groups_unread |= path == GROUPS;
        self.policies_unread |= path == POLICIES;
        self.roles_unread |= path.starts_with("roles/");
    }

    /// An empty catalog would retire everything: that is said by removing one file after the other, not by pointing at
    /// the wrong directory.
    fn check_counts(&self, files: &[(&str, &str)], errors: &mut Errors) {
        if !files.iter().any(|(path, _)| *path == POLICIES) {
            errors.push(FileError::whole(
                POLICIES,
                "the file is missing",
                Some("a catalog with policies.toml, systems/ and roles/"),
            ));
        } else if self.policy_keys.is_empty() && !self.policies_unread {
            errors.push(FileError::whole(POLICIES, "the file has no policy", Some("at least one [[policy]]")));
        }
        if self.roles.is_empty() && !self.roles_unread {
            errors.push(FileError::whole("roles/", "there is no role", Some("at least one file with a [[role]]")));
        }
        for (count, max, what) in [(self.systems.len(), MAX_SYSTEMS, "systems"), (self.roles.len(), MAX_ROLES, "roles")]
        {
            if count > max {
                errors.push(FileError::whole(
                    "",
                    format!("the catalog has {count} {what}"),
                    Some(&format!("at most {max}")),
                ));
            }
        }
    }

    fn check_systems(&self, errors: &mut Errors) {
        let mut keys = Unique::new("system", "key");
        let mut names = Unique::new("system", "name");
        for system in &self.systems {
            keys.check(&system.key, &system.at, errors);
            names.check(&system.name, &system.at, errors);
        }
    }

    fn check_policies(&self, errors: &mut Errors) {
        let mut keys = Unique::new("policy", "key");
        let mut names = Unique::new("policy", "name");
        for file in &self.policies {
            keys.check(&file.policy.key, &file.at, errors);
            names.check(&file.policy.name, &file.at, errors);
        }
        let mut keys = Unique::new("group", "key");
        for group in &self.groups {
            keys.check(&group.key, &group.at, errors);
        }
        let wishes = self.wishes.iter().flat_map(|wishes| &wishes.groups);
        for (key, at) in self.policies.iter().flat_map(|file| &file.groups).chain(wishes) {
            if !self.group_keys.contains(key) && !self.groups_unread {
                let all = self.group_keys.iter().map(String::as_str).collect();
                let message = format!("{} isn't a group of groups.toml", text::shown(key));
                errors.push(FileError::at(at, message, nearest(key, all)));
            }
        }
        self.check_ways(errors);
    }

    /// Rules lead from policy to policy, never in a circle.
    fn check_ways(&self, errors: &mut Errors) {
        let all: Vec<Policy> = self.policies.iter().map(|file| file.policy.clone()).collect();
        for file in &self.policies {
            let Err(bad) = reached(&file.policy, &all) else { continue };
            let (keys, why, expected) = match &bad {
                BadPath::Cycle(keys) => (keys, "comes back to where it was", "a way that ends".to_owned()),
                BadPath::TooFar(keys) => (keys, "is too long", format!("at most {MAX_HOPS} policies after the first")),
                BadPath::Unknown(keys) => {
                    // Said once, where it stands; and not at all when that policy is there with mistakes of its own.
                    let own = keys.len() == 2 && !keys.last().is_some_and(|key| self.policy_keys.contains(key));
                    if !own {
                        continue;
                    }
                    let unknown = keys.last().map(String::as_str).unwrap_or_default();
                    let others = self.policy_keys.iter().map(String::as_str).collect();
                    (keys, "ends at a policy that isn't there", nearest(unknown, others))
                }
            };
            let at = keys.get(1).and_then(|key| file.leads_to.iter().find(|(to, _)| to == key));
            let message = format!("the way {} {why}", keys.join(" -> "));
            errors.push(FileError::at(at.map_or(&file.at, |(_, at)| at), message, expected));
        }
    }

    /// The entitlements that files may name, as (system, key), and the systems.
    fn known_entitlements(&self) -> (HashSet<(&str, &str)>, HashSet<&str>) {
        let mut known: HashSet<(&str, &str)> = HashSet::new();
        let mut systems: HashSet<&str> = HashSet::from([BUILT_IN_SYSTEM]);
        known.extend(PortalRole::ALL.iter().map(|role| (BUILT_IN_SYSTEM, role.as_str())));
        for (system, entitlements) in &self.system_keys {
            systems.insert(system);
            known.extend(entitlements.iter().map(|key| (system.as_str(), key.as_str())));
        }
        (known, systems)
    }

    /// Complains about an entitlement that isn't there; `what` is who names it.
    fn check_entitlement(
        &self,
        (known, systems): &(HashSet<(&str, &str)>, HashSet<&str>),
        what: &str,
        entitlement: &EntitlementRef,
        at: &Place,
        errors: &mut Errors,
    ) {
        if known.contains(&(entitlement.system.as_str(), entitlement.key.as_str())) {
            return;
        }
        let message = |why: &str| format!("{what}: \"{entitlement}\" {why}");
        if systems.contains(entitlement.system.as_str()) {
            let of = &entitlement.system;
            let own: Vec<&str> = known.iter().filter(|(system, _)| system == of).map(|(_, key)| *key).collect();
            errors.push(FileError::at(
                at,
                message("isn't an entitlement of that system"),
                nearest(&entitlement.key, own),
            ));
        } else if !self.systems_unread {
            let all = systems.iter().copied().collect();
            errors.push(FileError::at(
                at,
                message("names a system that has no file"),
                nearest(&entitlement.system, all),
            ));
        }
    }

    fn check_separation(&self, errors: &mut Errors) {
        let known = self.known_entitlements();
        let roles: HashSet<&str> = self.roles.iter().map(|draft| draft.role.key.as_str()).collect();
        let mut keys = Unique::new("rule", "key");
        let mut names = Unique::new("rule", "name");
        for draft in &self.separation {
            let rule = &draft.rule;
            keys.check(&rule.key, &draft.key_at, errors);
            names.check(&rule.name, &draft.name_at, errors);
            let what = format!("rule {}", text::shown(&rule.key));
            for (member, at) in rule.sides.iter().flat_map(|side| &side.members).zip(&draft.members_at) {
                match member {
                    SeparationMember::Entitlement(one) => self.check_entitlement(&known, &what, one, at, errors),
                    SeparationMember::Role(key) if roles.contains(key.as_str()) => {}
                    SeparationMember::Role(key) if !self.roles_unread && !self.roles_unsound => {
                        let message = format!("{what}: \"role:{key}\" names a role that no file has");
                        errors.push(FileError::at(at, message, nearest(key, roles.iter().copied().collect())));
                    }
                    SeparationMember::Role(_) => {}
                }
            }
        }
    }

    fn check_roles(&self, errors: &mut Errors) {
        let known = self.known_entitlements();
        let mut keys = Unique::new("role", "key");
        let mut names = Unique::new("role", "name");
        for draft in &self.roles {
            let role = &draft.role;
            keys.check(&role.key, &draft.key_at, errors);
            names.check(&role.name, &draft.name_at, errors);
            self.check_policy_of(draft, errors);
            let what = format!("role {}", text::shown(&role.key));
            for (entitlement, at) in role.entitlements.iter().zip(&draft.entitlements_at) {
                self.check_entitlement(&known, &what, entitlement, at, errors);
            }
        }
    }

    fn check_policy_of(&self, draft: &role::Draft, errors: &mut Errors) {
        let role = &draft.role;
        let what = format!("role {}", text::shown(&role.key));
        if !self.policy_keys.contains(&role.policy) {
            if !self.policies_unread && !self.policy_keys.is_empty() {
                let message =
                    format!("{what}: policy is {}, which policies.toml doesn't have", text::shown(&role.policy));
                let all = self.policy_keys.iter().map(String::as_str).collect();
                errors.push(FileError::at(&draft.policy_at, message, nearest(&role.policy, all)));
            }
            return;
        }
        let policy = self.policies.iter().find(|file| file.policy.key == role.policy).map(|file| &file.policy);
        if let (Some(policy), Some(max), Some(at)) = (policy, role.max_duration, &draft.max_at)
            && max > policy.max_duration
        {
            let message = format!("{what}: max_duration is {max}, longer than the policy's, {}", policy.max_duration);
            errors.push(FileError::at(at, message, format!("at most {}", policy.max_duration)));
        }
    }
}

fn is_toml(name: &str) -> bool {
    name.strip_suffix(".toml").is_some_and(|stem| !stem.is_empty() && !stem.contains('/'))
}

/// Says where a key or a name was used before. Compared without case: people couldn't tell two such names apart.
struct Unique {
    what: &'static str,
    field: &'static str,
    seen: HashMap<String, Place>,
}

impl Unique {
    fn new(what: &'static str, field: &'static str) -> Self {
        Self { what, field, seen: HashMap::new() }
    }

    fn check(&mut self, value: &str, at: &Place, errors: &mut Errors) {
        let Self { what, field, seen } = self;
        if let Some(first) = seen.insert(value.to_lowercase(), at.clone()) {
            let message =
                format!("the {what}'s {field} is {}, as at {}:{}", text::shown(value), first.file, first.line);
            errors.push(FileError::at(at, message, format!("a {field} of its own for each {what}")));
        }
    }
}

/// What was probably meant: the nearest few of what there is.
fn nearest(wanted: &str, mut all: Vec<&str>) -> String {
    all.sort_unstable();
    all.dedup();
    all.sort_by_key(|candidate| distance(wanted, candidate));
    all.truncate(3);
    if all.is_empty() { "one that exists".to_owned() } else { format!("for example {}", text::any_of(&all)) }
}

/// How many letters one has to change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (slot, to) in row.iter_mut().skip(1).zip(&b) {
            let cost = (diagonal + usize::from(from != *to)).min(*slot + 1).min(left + 1);
            diagonal = *slot;
            *slot = cost;
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;

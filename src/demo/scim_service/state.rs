//! What the applications hold, in memory and in one JSON file that is written with each change.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use latchkey_domain::{Instant, clock::Clock, id::new_uuid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    message::Problem,
    resource::{GROUP, USER, text},
};

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It can't be read or written.
    #[error("the SCIM service's file {0} cannot be used: {1}")]
    File(PathBuf, io::Error),
    /// It holds something else.
    #[error("the SCIM service's file {0} holds something else; remove it, and the service starts empty")]
    Content(PathBuf),
}

/// What one application holds, by id. Members of groups stand at the groups.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Held {
    /// Users.
    pub users: BTreeMap<String, Value>,
    /// Groups.
    pub groups: BTreeMap<String, Value>,
    /// Groups that can't be changed for a while.
    #[serde(default)]
    pub busy: Vec<Busy>,
}

/// A group that can't be changed for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Busy {
    /// Its `displayName`.
    pub group: String,
    /// Until when.
    pub until: Instant,
    /// What the service says about it.
    pub words: String,
}

/// Everything.
pub struct State {
    file: PathBuf,
    clock: Arc<dyn Clock>,
    held: Mutex<BTreeMap<String, Held>>,
}

impl State {
    /// What the file holds; nothing when there is none.
    ///
    /// # Errors
    /// When it can't be read, or holds something else.
    pub fn open(file: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, StateError> {
        let held = match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map_err(|_| StateError::Content(file.clone()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(StateError::File(file, error)),
        };
        Ok(Self { file, clock, held: Mutex::new(held) })
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what an application holds.
    pub fn look<T>(&self, tenant: &str, look: impl FnOnce(&Held) -> T) -> T {
        look(self.lock().entry(tenant.to_owned()).or_default())
    }

    /// Changes what an application holds, and keeps it.
    ///
    /// # Errors
    /// When it can't be kept; it is as before then.
    pub fn change<T>(&self, tenant: &str, change: impl FnOnce(&mut Held, Instant) -> T) -> Result<T, StateError> {
        let mut all = self.lock();
        let now = self.now();
        let held = all.entry(tenant.to_owned()).or_default();
        let before = held.clone();
        let answer = change(held, now);
        let kept = serde_json::to_string(&*all).map_err(io::Error::from).and_then(|text| self.write(&text));
        match kept {
            Ok(()) => Ok(answer),
            Err(error) => {
                all.insert(tenant.to_owned(), before);
                Err(StateError::File(self.file.clone(), error))
            }
        }
    }

    /// Whole or not at all; but not each time down to the disk: a power cut costs the demo its last moments.
    fn write(&self, text: &str) -> io::Result<()> {
        let beside = self.file.with_extension("new");
        let mut new = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        new.write_all(text.as_bytes())?;
        fs::rename(&beside, &self.file)
    }

    /// Like [`State::change`], for a change that the protocol may refuse; nothing changes then.
    ///
    /// # Errors
    /// The refusal, or that it can't be kept.
    pub fn try_change<T>(
        &self,
        tenant: &str,
        change: impl FnOnce(&mut Held, Instant) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.change(tenant, |held, now| {
            let before = held.clone();
            let answer = change(held, now);
            if answer.is_err() {
                *held = before;
            }
            answer
        })
        .map_err(|error| Problem::not_kept(&error))?
    }
}

impl Held {
    /// Adds a user and gives its id.
    pub fn add_user(&mut self, mut user: Value, now: Instant) -> String {
        let id = new_uuid(now).to_string();
        begin(&mut user, &id, USER, "User", now);
        self.users.insert(id.clone(), user);
        id
    }

    /// Adds a group and gives its id.
    pub fn add_group(&mut self, mut group: Value, now: Instant) -> String {
        let id = new_uuid(now).to_string();
        begin(&mut group, &id, GROUP, "Group", now);
        self.groups.insert(id.clone(), group);
        id
    }

    /// Makes a group of that name unless there is one.
    pub fn ensure_group(&mut self, name: &str, now: Instant) {
        if !self.groups.values().any(|group| text(group, "displayName") == name) {
            self.add_group(json!({ "displayName": name, "members": [] }), now);
        }
    }

    /// The groups that list a user, as its read-only `groups`.
    pub fn groups_of(&self, user: &str) -> Vec<Value> {
        self.groups
            .iter()
            .filter(|(_, group)| super::resource::members(group).iter().any(|member| text(member, "value") == user))
            .map(|(id, group)| json!({ "value": id, "display": text(group, "displayName"), "type": "direct" }))
            .collect()
    }

    /// Why a group can't be changed now, if it can't.
    pub fn busy(&self, group: &str, now: Instant) -> Option<Problem> {
        let busy = self.busy.iter().find(|busy| busy.group == group && busy.until > now)?;
        // Long maintenance is looked at again from time to time.
        let seconds = (busy.until - now).num_seconds().clamp(1, 120);
        Some(Problem::later(seconds, busy.words.clone()))
    }
}

fn begin(resource: &mut Value, id: &str, schema: &str, kind: &str, now: Instant) {
    resource["id"] = id.into();
    resource["schemas"] = json!([schema]);
    let now = now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    resource["meta"] = json!({ "resourceType": kind, "created": now, "lastModified": now, "version": "W/\"1\"" });
}

/// Notes that a resource changed: another version from now on.
pub fn touch(resource: &mut Value, now: Instant) {
    let version =
        text(&resource["meta"], "version").trim_start_matches("W/\"").trim_end_matches('"').parse::<u64>().unwrap_or(0);
    resource["meta"]["version"] = format!("W/\"{}\"", version + 1).into();
    resource["meta"]["lastModified"] = now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into();
}

//! Sign-ins under way, and codes that were given out.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use latchkey_domain::Instant;

/// What the portal asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub state: String,
    pub nonce: String,
    pub challenge: String,
    /// The portal asked for more than before: a level, or to sign in again.
    pub asks_for_more: bool,
}

/// A sign-in under way.
#[derive(Debug, Clone)]
pub struct Flow {
    pub question: Question,
    /// Who was chosen.
    pub subject: Option<String>,
    began: Instant,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub struct Granted {
    pub subject: String,
    pub nonce: String,
    pub challenge: String,
    pub with_code: bool,
    pub at: Instant,
}

const FLOW: TimeDelta = TimeDelta::minutes(10);
const CODE: TimeDelta = TimeDelta::minutes(1);
/// More sign-ins than this at a time are somebody's script.
const MOST: usize = 1_000;

#[derive(Default)]
pub struct Flows {
    flows: Mutex<HashMap<String, Flow>>,
    codes: Mutex<HashMap<String, Granted>>,
}

impl Flows {
    /// Begins a sign-in; gives its id.
    pub fn begin(&self, question: Question, now: Instant) -> String {
        let id = random();
        let mut flows = lock(&self.flows);
        flows.retain(|_, flow| now - flow.began < FLOW);
        if flows.len() >= MOST {
            flows.clear();
        }
        flows.insert(id.clone(), Flow { question, subject: None, began: now });
        id
    }

    /// A sign-in that is under way.
    pub fn get(&self, id: &str, now: Instant) -> Option<Flow> {
        lock(&self.flows).get(id).filter(|flow| now - flow.began < FLOW).cloned()
    }

    /// Notes who was chosen.
    pub fn choose(&self, id: &str, subject: &str) {
        if let Some(flow) = lock(&self.flows).get_mut(id) {
            flow.subject = Some(subject.to_owned());
        }
    }

    /// Ends a sign-in.
    pub fn end(&self, id: &str) -> Option<Flow> {
        lock(&self.flows).remove(id)
    }

    /// Gives out a code.
    pub fn grant(&self, granted: Granted) -> String {
        let code = random();
        let mut codes = lock(&self.codes);
        let now = granted.at;
        codes.retain(|_, granted| now - granted.at < CODE);
        codes.insert(code.clone(), granted);
        code
    }

    /// Takes a code back; it counts once.
    pub fn redeem(&self, code: &str, now: Instant) -> Option<Granted> {
        lock(&self.codes).remove(code).filter(|granted| now - granted.at < CODE)
    }
}

/// 256 random bits as text.
pub fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

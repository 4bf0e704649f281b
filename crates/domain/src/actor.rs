//! Who is acting.

use serde::{Deserialize, Serialize};

use crate::{IdentityId, SessionId, TokenId, assurance::Assurance, portal_role::PortalRole};

/// Who does something, as far as the rules care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    Person(PersonActor),
    /// Whoever runs a command on the host: `apply`, `import people`, `admin add`.
    Host,
    /// A background duty, by name.
    Worker(&'static str),
    /// An API token. A token never decides.
    Token {
        /// Which token.
        id: TokenId,
        /// Whose it is.
        owner: IdentityId,
    },
}

/// A signed-in person with what their session proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonActor {
    /// Who.
    pub identity: IdentityId,
    /// Through which session.
    pub session: SessionId,
    /// What the sign-in proved.
    pub assurance: Assurance,
    /// The portal roles that they hold now.
    pub portal_roles: Vec<PortalRole>,
}

impl PersonActor {
    /// Holds this portal role now.
    #[must_use]
    pub fn has(&self, role: PortalRole) -> bool {
        self.portal_roles.contains(&role)
    }
}

impl Actor {
    /// The identity behind the actor, if there is one.
    #[must_use]
    pub fn identity(&self) -> Option<IdentityId> {
        match self {
            Self::Person(p) => Some(p.identity),
            Self::Token { owner, .. } => Some(*owner),
            Self::Host | Self::Worker(_) => None,
        }
    }

    /// The actor as an event names it.
    #[must_use]
    pub fn reference(&self) -> ActorRef {
        match self {
            Self::Person(p) => {
                ActorRef::Person { identity: p.identity, session: Some(p.session), mfa: p.assurance.mfa }
            }
            Self::Host => ActorRef::Host,
            Self::Worker(duty) => ActorRef::Worker { duty: (*duty).to_owned() },
            Self::Token { id, owner } => ActorRef::Token { token: *id, owner: *owner },
        }
    }
}

/// The actor as written into an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum ActorRef {
    /// A signed-in person.
    Person {
        /// Who.
        identity: IdentityId,
        /// Through which session; absent where none exists yet (a sign-in that was refused).
        session: Option<SessionId>,
        /// The session was confirmed by more than one factor.
        mfa: bool,
    },
    /// A command on the host.
    Host,
    /// A background duty.
    Worker {
        /// Its name.
        duty: String,
    },
    /// An API token.
    Token {
        /// Which.
        token: TokenId,
        /// Whose.
        owner: IdentityId,
    },
    /// A source whose call was signed.
    Source {
        /// Its key.
        key: String,
    },
    /// Nobody that is known: a refused sign-in.
    Unknown,
}

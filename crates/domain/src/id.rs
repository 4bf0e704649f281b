//! Typed ids: a `RoleId` can't be passed where a `SystemId` is meant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Instant;

/// A UUID of version 7 (RFC 9562, section 5.7) whose time part is `at`; the rest is random.
#[must_use]
pub fn new_uuid(at: Instant) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    let random = Uuid::new_v4().into_bytes();
    let mut tail = [0_u8; 10];
    tail.copy_from_slice(&random[..10]);
    // The version-4 bits of the source sit in byte 6 and 8: mix the last bytes over them to keep all bits random.
    for (to, from) in tail.iter_mut().zip(random.iter().rev()) {
        *to ^= *from;
    }
    uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id whose time part is `at`.
            #[must_use]
            pub fn new(at: Instant) -> Self {
                Self(new_uuid(at))
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl From<$name> for Uuid {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    )+};
}

ids! {
    /// An identity's login on one system.
    AccountId,
    /// One run of `apply` or `import`, with its hash.
    AppliedSetId,
    /// One call to a system on behalf of a fulfilment.
    AttemptId,
    /// Somebody looks afterwards at access that was taken in an emergency.
    BreakGlassReviewId,
    /// One signed call of a source.
    CallInId,
    /// A program that opens and ends access by signed calls.
    CallSourceId,
    /// What an approver said about an item in a stage.
    DecisionId,
    /// Somebody decides for somebody else, for a while.
    DelegationId,
    /// Something on a system that nobody here granted.
    DriftId,
    /// One permission on one system.
    EntitlementId,
    /// One line of the audit log.
    EventId,
    /// One entitlement of one account, wanted and observed.
    FulfilmentId,
    /// An identity holds a role from one time to another.
    GrantId,
    /// People whom policies name together.
    GroupId,
    /// A person or a service identity.
    IdentityId,
    /// One role for one beneficiary inside a request.
    ItemId,
    /// A worker's temporary hold on an account's work.
    LeaseId,
    /// What somebody wrote about an item.
    MessageId,
    /// A notice in the outbox.
    NoticeId,
    /// One comparison of a whole system with what was granted.
    PassId,
    /// A policy, whatever its version.
    PolicyId,
    /// One version of a policy.
    PolicyVersionId,
    /// One submission.
    RequestId,
    /// A role, whatever its version.
    RoleId,
    /// One version of a role.
    RoleVersionId,
    /// A session, as named in events and on pages (never the secret in the cookie).
    SessionId,
    /// Somebody may have both sides of a rule for a time.
    SeparationExceptionId,
    /// A rule that keeps duties apart, whatever its version.
    SeparationRuleId,
    /// One version of a rule that keeps duties apart.
    SeparationRuleVersionId,
    /// One step of an item's approval.
    StageId,
    /// A target system.
    SystemId,
    /// An API token.
    TokenId,
    /// What somebody wished for in words.
    WishId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_later_time_sort_later() {
        let early = Instant::from_timestamp(1_700_000_000, 0).unwrap();
        let late = early + chrono::TimeDelta::milliseconds(1);
        assert!(IdentityId::new(early) < IdentityId::new(late));
        assert_ne!(IdentityId::new(early), IdentityId::new(early));
    }
}

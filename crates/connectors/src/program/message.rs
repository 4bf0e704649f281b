//! What Latchkey says to the program: one JSON object a line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{AccountSpec, AccountState, EntitlementKind, EntitlementRef};

/// The version of the protocol.
pub(crate) const PROTOCOL: u64 = 1;

/// A call. No `Debug`: a greeting holds secrets.
#[derive(Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(crate) enum Call<'a> {
    /// The first of each process.
    Hello {
        /// [`PROTOCOL`].
        protocol: u64,
        /// Latchkey's version.
        latchkey: &'static str,
        /// How long a call may take.
        deadline_seconds: u64,
        /// The longest line in either direction.
        max_message_bytes: usize,
        /// By name.
        secrets: BTreeMap<&'a str, &'a str>,
    },
    /// Is the target reachable?
    Check,
    /// Somebody's account.
    Find {
        /// Whose.
        person: Person<'a>,
        /// The entitlements to look for on it.
        among: Vec<Entitlement<'a>>,
    },
    /// Makes the account.
    Create {
        /// Whose.
        person: Person<'a>,
    },
    /// Enables or disables.
    SetState {
        /// Native id.
        account: &'a str,
        /// `enabled` or `disabled`.
        state: &'static str,
    },
    /// Gives.
    Grant {
        /// Native id.
        account: &'a str,
        /// What.
        entitlement: Entitlement<'a>,
    },
    /// Takes away.
    Remove {
        /// Native id.
        account: &'a str,
        /// What.
        entitlement: Entitlement<'a>,
    },
    /// Reads back.
    Read {
        /// Native id.
        account: &'a str,
        /// The entitlements to look for on it.
        among: Vec<Entitlement<'a>>,
    },
    /// Makes an account somebody's.
    Adopt {
        /// Native id.
        account: &'a str,
        /// Whose it is from now on.
        external_id: &'a str,
    },
    /// One page of all accounts.
    Accounts {
        /// Where the page before ended; none for the first.
        cursor: Option<&'a str>,
    },
    /// One page of those who have an entitlement.
    Holders {
        /// Which.
        entitlement: Entitlement<'a>,
        /// Where the page before ended; none for the first.
        cursor: Option<&'a str>,
    },
    /// A check with a field that this version doesn't have, for the conformance test.
    #[serde(rename = "check")]
    CheckOfALaterVersion {
        /// The field.
        from_a_later_version: bool,
    },
    /// A call that this version doesn't have, for the conformance test.
    FromALaterVersion,
}

/// Whose account it is; the same fields as [`AccountSpec`].
#[derive(Serialize)]
pub(crate) struct Person<'a> {
    external_id: &'a str,
    name: &'a str,
    native_id: Option<&'a str>,
    display_name: &'a str,
    given_name: &'a str,
    family_name: &'a str,
    email: Option<&'a str>,
}

impl<'a> From<&'a AccountSpec> for Person<'a> {
    fn from(spec: &'a AccountSpec) -> Self {
        Self {
            external_id: &spec.external_id,
            name: &spec.name,
            native_id: spec.native_id.as_deref(),
            display_name: &spec.display_name,
            given_name: &spec.given_name,
            family_name: &spec.family_name,
            email: spec.email.as_deref(),
        }
    }
}

/// One entitlement.
#[derive(Serialize)]
pub(crate) struct Entitlement<'a> {
    kind: EntitlementKind,
    native: &'a str,
}

impl<'a> From<&'a EntitlementRef> for Entitlement<'a> {
    fn from(entitlement: &'a EntitlementRef) -> Self {
        Self { kind: entitlement.kind, native: &entitlement.native }
    }
}

/// Several entitlements.
pub(super) fn among(entitlements: &[EntitlementRef]) -> Vec<Entitlement<'_>> {
    entitlements.iter().map(Entitlement::from).collect()
}

/// The word for a state.
pub(super) const fn state(state: AccountState) -> &'static str {
    match state {
        AccountState::Enabled => "enabled",
        AccountState::Disabled => "disabled",
    }
}

impl Call<'_> {
    /// The first entitlement whose kind is none of these.
    pub(super) fn foreign(&self, kinds: &[EntitlementKind]) -> Option<(EntitlementKind, &str)> {
        let asked = match self {
            Self::Find { among, .. } | Self::Read { among, .. } => among.as_slice(),
            Self::Grant { entitlement, .. } | Self::Remove { entitlement, .. } | Self::Holders { entitlement, .. } => {
                std::slice::from_ref(entitlement)
            }
            _ => &[],
        };
        asked.iter().find(|one| !kinds.contains(&one.kind)).map(|one| (one.kind, one.native))
    }

    /// Its name, if it is one that a program need not have.
    pub(crate) const fn optional(&self) -> Option<&'static str> {
        match self {
            Self::Adopt { .. } => Some("adopt"),
            Self::Accounts { .. } => Some("accounts"),
            Self::Holders { .. } => Some("holders"),
            _ => None,
        }
    }

    /// The line, with its number and its end.
    ///
    /// # Errors
    /// When it can't be written as JSON, which would be a mistake here.
    pub(super) fn line(&self, id: u64) -> Result<Vec<u8>, serde_json::Error> {
        #[derive(Serialize)]
        struct Numbered<'a> {
            id: u64,
            #[serde(flatten)]
            call: &'a Call<'a>,
        }
        let mut line = serde_json::to_vec(&Numbered { id, call: self })?;
        line.push(b'\n');
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(call: &Call<'_>) -> Value {
        let line = call.line(7).unwrap();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1, "one line");
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn calls_are_said_as_documented() {
        let group = EntitlementRef::new(EntitlementKind::Group, "a\u{2028}\"b");
        assert_eq!(said(&Call::Check), json!({ "id": 7, "call": "check" }));
        assert_eq!(
            said(&Call::Grant { account: "u1", entitlement: (&group).into() }),
            json!({ "id": 7, "call": "grant", "account": "u1", "entitlement": { "kind": "group", "native": "a\u{2028}\"b" } })
        );
        assert_eq!(
            said(&Call::SetState { account: "u1", state: state(AccountState::Disabled) }),
            json!({ "id": 7, "call": "set_state", "account": "u1", "state": "disabled" })
        );
    }

    #[test]
    fn the_calls_that_a_program_need_not_have_go_by_their_names() {
        let group = EntitlementRef::new(EntitlementKind::Group, "g");
        let calls = [
            Call::Adopt { account: "u1", external_id: "E1" },
            Call::Accounts { cursor: None },
            Call::Holders { entitlement: (&group).into(), cursor: Some("u1") },
        ];
        for call in &calls {
            assert_eq!(said(call)["call"].as_str(), call.optional());
        }
        assert_eq!(said(&calls[1]), json!({ "id": 7, "call": "accounts", "cursor": null }));
        assert_eq!(Call::Check.optional(), None);
    }

    #[test]
    fn an_entitlement_of_another_kind_is_noticed() {
        let role = EntitlementRef::new(EntitlementKind::AppRole, "r");
        let call = Call::Remove { account: "u1", entitlement: (&role).into() };
        assert_eq!(call.foreign(&[EntitlementKind::Group]), Some((EntitlementKind::AppRole, "r")));
        assert_eq!(call.foreign(&[EntitlementKind::AppRole]), None);
    }
}

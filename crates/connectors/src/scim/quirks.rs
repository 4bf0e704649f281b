//! Deviations of well-known services, by name: `quirks = ["members-by-filter"]`. Nothing here is on by itself.
//!
//! What needs no name, because it harms nobody who keeps to the standard, is read as it comes: `active` as the text "True" or "False", an
//! answer to PATCH without a body (204), members without `value` that have a `$ref`, groups shown without `members`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

/// One deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quirk {
    /// Operations of a PATCH begin with a capital: `Add`, `Remove`, `Replace`. RFC 7644, 3.5.2, has small letters; services that were built
    /// for Microsoft Entra's provisioning may know only what it sends (github.com/scimmyjs/scimmy/issues/51;
    /// learn.microsoft.com: "Known issues and resolutions with SCIM 2.0 protocol compliance").
    CapitalOps,
    /// A member is removed by `"path": "members"` with the member as `value`, as Microsoft Entra sends it, instead of by the path
    /// `members[value eq "ID"]` (RFC 7644, 3.5.2.2); Salesforce documents it so (github.com/pingidentity/scim2/issues/174,
    /// github.com/ssoready/ssoready/pull/182). **A service that keeps to the standard takes this for the removal of all members**
    /// (github.com/goauthentik/authentik/issues/23798), so it is for services that say they want it.
    RemoveByValue,
    /// `active` is written as the text "True" or "False", as older Microsoft Entra jobs do
    /// (github.com/AzureAD/SCIMReferenceCode/issues/21).
    ActiveAsText,
    /// Groups are always shown with an empty list of members. Whether somebody is in one is asked by the filter
    /// `id eq "GROUP" and members eq "USER"`. AWS IAM Identity Center: "GetGroup and ListGroups return an empty member list"
    /// (docs.aws.amazon.com/singlesignon/latest/developerguide/listgroups.html).
    MembersByFilter,
    /// Lists go by cursor (RFC 9865) though the service's configuration doesn't say so. AWS IAM Identity Center: "Pagination requests must
    /// include cursor in the query parameters" (the same page).
    CursorPages,
    /// The service has neither PATCH nor versions, which RFC 7644 leaves open to it (3.5.2, 3.14): a resource is then replaced as it was read a
    /// moment ago, and **a change that somebody else makes in that moment is lost**.
    NoVersions,
}

/// Those of one service.
#[derive(Debug, Clone, Default)]
pub(super) struct Quirks(pub(super) BTreeSet<Quirk>);

impl Quirks {
    pub(super) fn has(&self, quirk: Quirk) -> bool {
        self.0.contains(&quirk)
    }

    /// The word for a PATCH operation.
    pub(super) fn op(&self, op: &'static str) -> &'static str {
        if !self.has(Quirk::CapitalOps) {
            return op;
        }
        match op {
            "add" => "Add",
            "remove" => "Remove",
            _ => "Replace",
        }
    }

    /// The value of `active`.
    pub(super) fn active(&self, active: bool) -> Value {
        match (self.has(Quirk::ActiveAsText), active) {
            (false, active) => Value::Bool(active),
            (true, true) => Value::from("True"),
            (true, false) => Value::from("False"),
        }
    }
}

//! Changing a resource: by PATCH, or by replacing the whole under the version that was read.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    fault,
    http::{Answer, Ask, Http},
    quirks::Quirk,
};
use crate::CallError;

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A resource as it was read, and what is to change.
pub(super) struct Edit {
    /// As in `["Users", id]`.
    pub(super) path: [String; 2],
    pub(super) resource: Value,
    pub(super) etag: Option<String>,
    /// The one operation that says it to a service with PATCH.
    pub(super) operation: Value,
    /// Whether a PATCH too is only right for the version that was read.
    pub(super) guarded: bool,
}

impl Http {
    /// Makes the change. `apply` makes it on a resource, and says no where it isn't right any more: when somebody else was quicker (412),
    /// the resource is read again, once.
    pub(super) async fn change(
        &self,
        edit: Edit,
        doing: &str,
        apply: impl Fn(&mut Value) -> Result<(), CallError> + Send + Sync,
    ) -> Result<Answer, CallError> {
        let offer = self.offer().await?;
        let Edit { path: [kind, id], mut resource, mut etag, operation, guarded } = edit;
        let path = [kind.as_str(), id.as_str()];
        let mut patch = offer.patch;
        let mut again = true;
        loop {
            apply(&mut resource)?;
            let answer = if patch {
                let body = json!({ "schemas": [PATCH], "Operations": [operation] });
                let if_match = etag.as_deref().filter(|_| guarded && offer.etag);
                self.send(Ask { if_match, ..Ask::with_body(Method::PATCH, &path, &body) }, doing).await?
            } else {
                let if_match = self.version(etag.as_deref(), doing)?;
                self.send(Ask { if_match, ..Ask::with_body(Method::PUT, &path, &resource) }, doing).await?
            };
            if patch && fault::is_unsupported(&answer) {
                patch = false;
                continue;
            }
            if answer.status != 412 || !again {
                return Ok(answer);
            }
            again = false;
            let read = self.send(Ask::get(&path, &[]), doing).await?;
            match read.json {
                Some(json) if read.status == 200 => (resource, etag) = (json, read.etag),
                _ => return Ok(Answer { json: None, ..read }),
            }
        }
    }

    /// The version to replace under.
    fn version<'a>(&self, etag: Option<&'a str>, doing: &str) -> Result<Option<&'a str>, CallError> {
        if etag.is_some() || self.to.quirks.has(Quirk::NoVersions) {
            return Ok(etag);
        }
        Err(CallError::needs_human(format!(
            "{doing} is not possible: the service has neither PATCH nor versions (ETag), so a change could undo somebody else's. If that is \
             acceptable, add \"no-versions\" to the connection's quirks."
        )))
    }
}

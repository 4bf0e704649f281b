//! What the service says about itself (RFC 7643, sections 5 to 7).

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::json;

use super::{
    Scim,
    message::{Problem, answer, list},
    resource::{GROUP, GROUP_ATTRIBUTES, USER, USER_ATTRIBUTES},
};

fn known(scim: &Scim, tenant: &str) -> Result<String, Problem> {
    if scim.0.tenants.contains_key(tenant) {
        return Ok(scim.base(tenant));
    }
    Err(Problem::not_found("There is no such application."))
}

/// `/ServiceProviderConfig`; needs no token, so that a client can learn how to bring one.
pub async fn config(State(scim): State<Scim>, Path(tenant): Path<String>) -> Result<Response, Problem> {
    let base = known(&scim, &tenant)?;
    let message = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 200 },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "The token of the application, in the Authorization header.",
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    });
    Ok(answer(StatusCode::OK, &message))
}

/// `/ResourceTypes`
pub async fn resource_types(State(scim): State<Scim>, Path(tenant): Path<String>) -> Result<Response, Problem> {
    let base = known(&scim, &tenant)?;
    let one = |name: &str, schema: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": format!("/{name}s"),
            "schema": schema,
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}") },
        })
    };
    Ok(answer(StatusCode::OK, &list(vec![one("User", USER), one("Group", GROUP)], 1, 200)))
}

/// `/Schemas`, by name.
pub async fn schemas(State(scim): State<Scim>, Path(tenant): Path<String>) -> Result<Response, Problem> {
    known(&scim, &tenant)?;
    let one = |schema: &str, name: &str, attributes: &[&str]| {
        let attributes: Vec<_> = attributes.iter().map(|name| json!({ "name": name })).collect();
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": schema, "name": name, "attributes": attributes })
    };
    let all = vec![one(USER, "User", USER_ATTRIBUTES), one(GROUP, "Group", GROUP_ATTRIBUTES)];
    Ok(answer(StatusCode::OK, &list(all, 1, 200)))
}

//! `/Users`

use axum::{
    extract::{Path, Query as UrlQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    Client, Scim,
    message::{Message, Problem, answer, list as list_message},
    patch,
    resource::{self, Query, USER_ATTRIBUTES, check_user, members, text},
    state::{Held, touch},
};

type Ids = Path<(String, String)>;

pub async fn list(
    State(scim): State<Scim>,
    client: Client,
    UrlQuery(query): UrlQuery<Query>,
) -> Result<Response, Problem> {
    let filter = query.filter()?;
    let base = scim.base(&client.tenant);
    let found: Vec<Value> = scim.0.state.look(&client.tenant, |held| {
        let users = held.users.values().filter(|user| filter.as_ref().is_none_or(|filter| filter.fits(user)));
        users.map(|user| query.shown(seen(held, user, &base))).collect()
    });
    let (start, count) = query.page();
    Ok(answer(StatusCode::OK, &list_message(found, start, count)))
}

pub async fn read(
    State(scim): State<Scim>,
    client: Client,
    Path((_, id)): Ids,
    UrlQuery(query): UrlQuery<Query>,
) -> Result<Response, Problem> {
    let base = scim.base(&client.tenant);
    let found = scim.0.state.look(&client.tenant, |held| held.users.get(&id).map(|user| seen(held, user, &base)));
    let user = found.ok_or_else(|| no_user(&id))?;
    Ok(with_version(StatusCode::OK, &query.shown(user)))
}

pub async fn create(State(scim): State<Scim>, client: Client, Message(message): Message) -> Result<Response, Problem> {
    let base = scim.base(&client.tenant);
    let user = scim.0.state.try_change(&client.tenant, |held, now| {
        let mut user = resource::settable(&message, USER_ATTRIBUTES);
        check_user(held, &mut user, None)?;
        let id = held.add_user(user, now);
        Ok(held.users.get(&id).map(|user| seen(held, user, &base)).unwrap_or_default())
    })?;
    Ok(created(&user))
}

pub async fn replace(
    State(scim): State<Scim>,
    client: Client,
    Path((_, id)): Ids,
    headers: HeaderMap,
    Message(message): Message,
) -> Result<Response, Problem> {
    change(&scim, &client, &id, &headers, |user| {
        resource::replace(user, &message, USER_ATTRIBUTES);
        Ok(())
    })
}

pub async fn patch(
    State(scim): State<Scim>,
    client: Client,
    Path((_, id)): Ids,
    headers: HeaderMap,
    Message(message): Message,
) -> Result<Response, Problem> {
    change(&scim, &client, &id, &headers, |user| patch::apply(user, &message, USER_ATTRIBUTES))
}

fn change(
    scim: &Scim,
    client: &Client,
    id: &str,
    headers: &HeaderMap,
    change: impl FnOnce(&mut Value) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let base = scim.base(&client.tenant);
    let user = scim.0.state.try_change(&client.tenant, |held, now| {
        let mut user = held.users.get(id).cloned().ok_or_else(|| no_user(id))?;
        fits_version(&user, headers)?;
        change(&mut user)?;
        check_user(held, &mut user, Some(id))?;
        touch(&mut user, now);
        let shown = seen(held, &user, &base);
        held.users.insert(id.to_owned(), user);
        Ok(shown)
    })?;
    Ok(with_version(StatusCode::OK, &user))
}

pub async fn delete(
    State(scim): State<Scim>,
    client: Client,
    Path((_, id)): Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    scim.0.state.try_change(&client.tenant, |held, now| {
        let user = held.users.get(&id).ok_or_else(|| no_user(&id))?;
        fits_version(user, &headers)?;
        held.users.remove(&id);
        for group in held.groups.values_mut() {
            let kept: Vec<Value> =
                members(group).iter().filter(|member| text(member, "value") != id).cloned().collect();
            if kept.len() < members(group).len() {
                group["members"] = kept.into();
                touch(group, now);
            }
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn no_user(id: &str) -> Problem {
    Problem::not_found(format!("There is no user {id}."))
}

/// A user with what the service adds.
fn seen(held: &Held, user: &Value, base: &str) -> Value {
    let mut user = user.clone();
    let id = text(&user, "id").to_owned();
    user["groups"] = held.groups_of(&id).into();
    user["meta"]["location"] = format!("{base}/Users/{id}").into();
    user
}

/// The version that the client read must be the one that is there.
pub fn fits_version(resource: &Value, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(wanted) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    let own = text(&resource["meta"], "version");
    if wanted.split(',').map(str::trim).any(|version| version == "*" || version == own) {
        Ok(())
    } else {
        Err(Problem::changed())
    }
}

/// The answer about a new resource, with its address.
pub fn created(resource: &Value) -> Response {
    let mut response = with_version(StatusCode::CREATED, resource);
    if let Ok(place) = HeaderValue::from_str(text(&resource["meta"], "location")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// An answer with a resource and its version.
pub fn with_version(status: StatusCode, resource: &Value) -> Response {
    let mut response = answer(status, resource);
    let version = resource.get("meta").map(|meta| text(meta, "version")).unwrap_or_default();
    if let Some(version) = HeaderValue::from_str(version).ok().filter(|version| !version.is_empty()) {
        response.headers_mut().insert(header::ETAG, version);
    }
    response
}

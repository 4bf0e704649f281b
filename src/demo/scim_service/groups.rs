//! `/Groups`

use axum::{
    extract::{Path, Query as UrlQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    Client, Scim,
    message::{Message, Problem, answer, list as list_message},
    patch,
    resource::{self, GROUP_ATTRIBUTES, Query, check_group, text},
    state::touch,
    users::{created, fits_version, with_version},
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
        let groups = held.groups.values().filter(|group| filter.as_ref().is_none_or(|filter| filter.fits(group)));
        groups.map(|group| query.shown(seen(group, &base))).collect()
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
    let found = scim.0.state.look(&client.tenant, |held| held.groups.get(&id).map(|group| seen(group, &base)));
    let group = found.ok_or_else(|| no_group(&id))?;
    Ok(with_version(StatusCode::OK, &query.shown(group)))
}

pub async fn create(State(scim): State<Scim>, client: Client, Message(message): Message) -> Result<Response, Problem> {
    let base = scim.base(&client.tenant);
    let group = scim.0.state.try_change(&client.tenant, |held, now| {
        let mut group = resource::settable(&message, GROUP_ATTRIBUTES);
        check_group(held, &mut group, None)?;
        let id = held.add_group(group, now);
        Ok(held.groups.get(&id).map(|group| seen(group, &base)).unwrap_or_default())
    })?;
    Ok(created(&group))
}

pub async fn replace(
    State(scim): State<Scim>,
    client: Client,
    Path((_, id)): Ids,
    headers: HeaderMap,
    Message(message): Message,
) -> Result<Response, Problem> {
    change(&scim, &client, &id, &headers, |group| {
        resource::replace(group, &message, GROUP_ATTRIBUTES);
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
    change(&scim, &client, &id, &headers, |group| patch::apply(group, &message, GROUP_ATTRIBUTES))
}

fn change(
    scim: &Scim,
    client: &Client,
    id: &str,
    headers: &HeaderMap,
    change: impl FnOnce(&mut Value) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let base = scim.base(&client.tenant);
    let group = scim.0.state.try_change(&client.tenant, |held, now| {
        let mut group = held.groups.get(id).cloned().ok_or_else(|| no_group(id))?;
        if let Some(busy) = held.busy(text(&group, "displayName"), now) {
            return Err(busy);
        }
        fits_version(&group, headers)?;
        change(&mut group)?;
        check_group(held, &mut group, Some(id))?;
        touch(&mut group, now);
        let shown = seen(&group, &base);
        held.groups.insert(id.to_owned(), group);
        Ok(shown)
    })?;
    Ok(with_version(StatusCode::OK, &group))
}

pub async fn delete(
    State(scim): State<Scim>,
    client: Client,
    Path((_, id)): Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    scim.0.state.try_change(&client.tenant, |held, _| {
        let group = held.groups.get(&id).ok_or_else(|| no_group(&id))?;
        fits_version(group, &headers)?;
        held.groups.remove(&id);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn no_group(id: &str) -> Problem {
    Problem::not_found(format!("There is no group {id}."))
}

fn seen(group: &Value, base: &str) -> Value {
    let mut group = group.clone();
    group["meta"]["location"] = format!("{base}/Groups/{}", text(&group, "id")).into();
    group
}

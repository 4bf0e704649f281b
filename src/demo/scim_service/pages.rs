//! Pages for people: what the applications hold.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use latchkey_app::{
    frame::BarePage,
    pages::demo::{DemoScimPage, DemoScimView},
};
use leptos::prelude::*;

use super::{
    Scim,
    resource::{members, text},
};
use crate::assets;

/// The applications.
pub async fn front(State(scim): State<Scim>) -> Response {
    let all: Vec<(String, String)> =
        scim.0.tenants.values().map(|tenant| (tenant.key.clone(), tenant.name.clone())).collect();
    let html = page(&scim, "Applications", move || {
        view! {
            <div class="demo">
                <h1>"Applications of the demo"</h1>
                <p>"Each is a small SCIM 2.0 service. Look into one to see what Latchkey did there."</p>
                <ul>
                    {all
                        .into_iter()
                        .map(|(key, name)| {
                            view! {
                                <li>
                                    <a href=format!("/{key}")>{name}</a>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </div>
        }
        .into_any()
    });
    Html(html).into_response()
}

/// One application.
pub async fn tenant(State(scim): State<Scim>, Path(key): Path<String>) -> Response {
    let Some(tenant) = scim.0.tenants.get(&key) else {
        return (StatusCode::NOT_FOUND, "There is no such application.\n").into_response();
    };
    let (users, groups) = scim.0.state.look(&key, |held| {
        let name = |id: &str| held.users.get(id).map(|user| text(user, "userName").to_owned());
        let mut users: Vec<(String, String, bool)> = held
            .users
            .values()
            .map(|user| {
                let active = user.get("active").and_then(serde_json::Value::as_bool).unwrap_or(true);
                (text(user, "userName").to_owned(), text(user, "displayName").to_owned(), active)
            })
            .collect();
        users.sort();
        let mut groups: Vec<(String, Vec<String>)> = held
            .groups
            .values()
            .map(|group| {
                let mut inside: Vec<String> =
                    members(group).iter().filter_map(|member| name(text(member, "value"))).collect();
                inside.sort();
                (text(group, "displayName").to_owned(), inside)
            })
            .collect();
        groups.sort();
        (users, groups)
    });
    let title = tenant.name.clone();
    let shown = DemoScimPage { name: title.clone(), users, groups };
    let html = page(&scim, &title, move || view! { <DemoScimView page=shown/> }.into_any());
    Html(html).into_response()
}

fn page(scim: &Scim, title: &str, view: impl FnOnce() -> AnyView + Send + 'static) -> String {
    let (title, company, assets) = (title.to_owned(), scim.0.company.clone(), assets::paths());
    let owner = Owner::new();
    let html = owner.with(|| {
        view! {
            <BarePage title=title company=company style_href=assets.style() icon_href=assets.icon()>
                {view()}
            </BarePage>
        }
        .to_html()
    });
    owner.unset();
    html
}

//! The demo sends no mail. What would be sent is shown here: the newest notices, to anybody on this machine.

use std::collections::HashMap;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use latchkey_app::frame::BarePage;
use latchkey_service::notices::BASE;
use latchkey_store::{Db, StoreResult, identities, notices};
use leptos::prelude::*;
use uuid::Uuid;

use crate::assets;

/// How many are shown.
const SHOWN: i64 = 100;

#[derive(Debug, Clone)]
struct Mailbox {
    db: Db,
    company: String,
    portal: String,
}

/// The address `/mail`.
pub fn router(db: Db, company: &str, portal: &str) -> Router {
    let mailbox = Mailbox { db, company: company.to_owned(), portal: portal.trim_end_matches('/').to_owned() };
    Router::new().route("/mail", get(page)).with_state(mailbox)
}

/// One mail.
struct Mail {
    at: String,
    to: String,
    subject: String,
    body: String,
}

impl Mailbox {
    async fn newest(&self) -> StoreResult<Vec<Mail>> {
        let mut read = self.db.read().await?;
        let rows = notices::log(&mut read, None, SHOWN).await?;
        let mut ids: Vec<Uuid> = rows.iter().map(|row| row.recipient_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let names: HashMap<Uuid, String> = identities::names(&mut read, &ids).await?;
        Ok(rows
            .into_iter()
            .map(|row| Mail {
                at: row.created_at.format("%-d %B %Y, %H:%M UTC").to_string(),
                to: names.get(&row.recipient_id).cloned().unwrap_or_default(),
                subject: row.subject,
                body: row.body.replace(BASE, &self.portal),
            })
            .collect())
    }
}

async fn page(State(mailbox): State<Mailbox>) -> Response {
    let mails = match mailbox.newest().await {
        Ok(mails) => mails,
        Err(error) => {
            tracing::error!(%error, "the demo's mail can't be read");
            return (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.\n").into_response();
        }
    };
    let assets = assets::paths();
    let owner = Owner::new();
    let html = owner.with(|| {
        view! {
            <BarePage title="Mail" company=mailbox.company style_href=assets.style() icon_href=assets.icon()>
                <div class="demo demo-wide">
                    <h1>"Mail"</h1>
                    <p>"The demo sends no mail. This is what would be sent, newest first."</p>
                    {mails
                        .into_iter()
                        .map(|mail| {
                            view! {
                                <section>
                                    <h2>{mail.subject}</h2>
                                    <p class="muted">{format!("To {}, {}", mail.to, mail.at)}</p>
                                    {mail
                                        .body
                                        .split("\n\n")
                                        .map(|part| view! { <p>{part.trim().to_owned()}</p> })
                                        .collect_view()}
                                </section>
                            }
                        })
                        .collect_view()}
                </div>
            </BarePage>
        }
        .to_html()
    });
    owner.unset();
    Html(html).into_response()
}

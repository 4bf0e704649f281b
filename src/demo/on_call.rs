//! The demo's on-call board: a program of its own that says who is on call, and tells the portal by signed calls over HTTP, as
//! a company's schedule would. It is heard every few minutes while the demo runs.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey_app::{
    components::{ActionBar, Button, Choice, HiddenFields, Mark, Notice, Section, Select, Weight},
    frame::BarePage,
};
use latchkey_domain::{clock::Clock, id::new_uuid, identity::EmploymentType};
use latchkey_reconciler::Stop;
use latchkey_service::{
    files::parse_people,
    signing::{SigningKey, signatures},
};
use leptos::prelude::*;
use openidconnect::reqwest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::keep::Folder;
use crate::{
    assets,
    cli::{Failure, place::write_private},
};

/// The source's key in sources.toml and in the settings.
pub const SOURCE: &str = "on-call";
/// The file with the secret that its calls are signed with.
pub const SECRETS: &str = "on-call.secrets";
/// How often it says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(300);
/// How many people the board offers.
const OFFERED: usize = 12;

/// Somebody on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Shift {
    person: String,
    name: String,
    reference: String,
}

/// The board. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Board(Arc<Inner>);

struct Inner {
    portal: Url,
    company: String,
    key: SigningKey,
    clock: Arc<dyn Clock>,
    client: reqwest::Client,
    /// Who could be on call: number and name.
    people: Vec<(String, String)>,
    file: PathBuf,
    shifts: Mutex<Vec<Shift>>,
}

/// Makes the secret, once: the settings name its file.
///
/// # Errors
/// When it can't be kept.
pub fn keep_secret(folder: &Folder) -> Result<(), Failure> {
    let file = folder.path(SECRETS);
    if file.is_file() {
        return Ok(());
    }
    let random = folder.secret("on-call.key")?;
    let secret = STANDARD.encode(Sha256::digest(random.expose().as_bytes()));
    write_private(&file, &format!("whsec_{secret}\n"))
        .map_err(|error| Failure::file("Keeping the secret", &file, &error))
}

impl Board {
    /// The board with what its file holds.
    ///
    /// # Errors
    /// When its secret or its file can't be used.
    pub fn open(
        folder: &Folder,
        people: &str,
        company: &str,
        portal: Url,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let secrets = folder.path(SECRETS);
        let text = fs::read_to_string(&secrets).map_err(|error| Failure::file("Reading", &secrets, &error))?;
        let key = SigningKey::parse(text.trim()).map_err(Failure::new)?;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| Failure::new(format!("The on-call board can't call: {error}.")))?;
        let people = parse_people("people.csv", people)
            .unwrap_or_default()
            .into_iter()
            .filter(|p| p.department == "Engineering" && p.employment_type == EmploymentType::Employee)
            .filter(|p| p.status.may_act())
            .map(|p| (p.external_id, format!("{} {}", p.given_name, p.family_name)))
            .take(OFFERED)
            .collect();
        let file = folder.path("on-call.json");
        let shifts =
            fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let company = company.to_owned();
        let shifts = Mutex::new(shifts);
        Ok(Self(Arc::new(Inner { portal, company, key, clock, client, people, file, shifts })))
    }

    /// Its addresses.
    pub fn router(self) -> Router {
        Router::new()
            .route("/on-call", get(page))
            .route("/on-call/begin", post(begin))
            .route("/on-call/end", post(end))
            .with_state(self)
    }

    /// Says that it lives until it is told to stop.
    pub async fn keep_alive(self, stop: Stop) {
        // The portal begins to listen at the same moment.
        let mut pause = Duration::from_secs(3);
        loop {
            tokio::select! { () = stop.wait() => return, () = tokio::time::sleep(pause) => {} }
            if let Err(words) = self.call(&json!({"type": "heartbeat"})).await {
                tracing::warn!("the on-call board isn't heard: {words}");
            }
            pause = HEARTBEAT;
        }
    }

    /// Makes a signed call; gives back why it was refused.
    async fn call(&self, body: &Value) -> Result<(), String> {
        let Inner { portal, key, clock, client, .. } = &*self.0;
        let now = clock.now();
        let (id, at, body) = (new_uuid(now).to_string(), now.timestamp(), body.to_string());
        let url = portal.join(&format!("/api/v1/call-ins/{SOURCE}")).map_err(|error| error.to_string())?;
        let signed = signatures(std::slice::from_ref(key), &id, at, &body);
        let answer = client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.to_string())
            .header("webhook-signature", signed)
            .body(body)
            .send()
            .await
            .map_err(|error| format!("The portal can't be reached: {error}"))?;
        if answer.status().is_success() {
            return Ok(());
        }
        let said: Value =
            answer.text().await.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
        Err(format!("{} {}", text("detail"), text("help")))
    }

    fn shifts(&self) -> Vec<Shift> {
        self.0.shifts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Shift>)) -> Result<(), String> {
        let mut shifts = self.0.shifts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut shifts);
        let text = serde_json::to_string(&*shifts).map_err(|error| error.to_string())?;
        write_private(&self.0.file, &format!("{text}\n")).map_err(|error| error.to_string())
    }

    fn draw(&self, wrong: Option<String>) -> Response {
        let Inner { company, people, .. } = &*self.0;
        let shifts = self.shifts();
        let free: Vec<Choice> = people
            .iter()
            .filter(|(id, _)| !shifts.iter().any(|s| s.person == *id))
            .map(|(id, name)| Choice { value: id.clone(), label: name.clone(), hint: None, chosen: false })
            .collect();
        let (company, assets) = (company.clone(), assets::paths());
        let status = if wrong.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
        let owner = Owner::new();
        let html = owner.with(|| {
            view! {
                <BarePage title="On-call board" company=company style_href=assets.style() icon_href=assets.icon()>
                    <div class="demo demo-wide">
                        <h1>"On-call board"</h1>
                        <p>"This stands in for a company\u{2019}s on-call schedule. It tells the portal by signed calls; its rules stand in sources.toml."</p>
                        {wrong
                            .map(|words| {
                                view! {
                                    <Notice mark=Mark::Failed title="The portal refused">
                                        <p>{words}</p>
                                    </Notice>
                                }
                            })}
                        <Section id="now" title="On call now">
                            {shifts.is_empty().then(|| view! { <p>"Nobody."</p> })}
                            {shifts.into_iter().map(shift_part).collect_view()}
                        </Section>
                        <Section id="begin" title="Begin a week on call">
                            <form method="post" action="/on-call/begin">
                                <Select name="person" label="Who" choices=free/>
                                <ActionBar>
                                    <Button label="Begin the shift" weight=Weight::Primary/>
                                </ActionBar>
                            </form>
                        </Section>
                    </div>
                </BarePage>
            }
            .to_html()
        });
        owner.unset();
        (status, Html(html)).into_response()
    }
}

fn shift_part(shift: Shift) -> AnyView {
    let Shift { person, name, reference } = shift;
    let about = name.clone();
    view! {
        <form method="post" action="/on-call/end">
            <HiddenFields fields=vec![("person", person)]/>
            <p>{format!("{name}, {reference}")}</p>
            <ActionBar>
                <Button label="End the shift" about=about/>
            </ActionBar>
        </form>
    }
    .into_any()
}

async fn page(State(board): State<Board>) -> Response {
    board.draw(None)
}

#[derive(Deserialize)]
struct Chosen {
    person: String,
}

/// Only the board's own page changes something: browsers say where a form comes from.
fn is_own(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

async fn begin(State(board): State<Board>, headers: HeaderMap, Form(chosen): Form<Chosen>) -> Response {
    let Some((person, name)) = board.0.people.iter().find(|(id, _)| *id == chosen.person).filter(|_| is_own(&headers))
    else {
        return board.draw(Some("Choose somebody on this page.".to_owned()));
    };
    let reference = board.0.clock.now().format("WEEK-%G-%V").to_string();
    let told = board.call(&json!({"type": "opened", "person": person, "reference": reference})).await;
    let shift = Shift { person: person.clone(), name: name.clone(), reference };
    let kept = told.and_then(|()| {
        board.change(|shifts| {
            shifts.retain(|s| s.person != shift.person);
            shifts.push(shift);
        })
    });
    after(&board, kept)
}

async fn end(State(board): State<Board>, headers: HeaderMap, Form(chosen): Form<Chosen>) -> Response {
    let shifts = board.shifts();
    let Some(shift) = shifts.into_iter().find(|s| s.person == chosen.person).filter(|_| is_own(&headers)) else {
        return board.draw(Some("Choose somebody on this page.".to_owned()));
    };
    let body = json!({"type": "ended", "person": shift.person, "reference": shift.reference});
    let told = board.call(&body).await;
    let kept = told.and_then(|()| board.change(|shifts| shifts.retain(|s| *s != shift)));
    after(&board, kept)
}

fn after(board: &Board, done: Result<(), String>) -> Response {
    match done {
        Ok(()) => Redirect::to("/on-call").into_response(),
        Err(words) => board.draw(Some(words)),
    }
}

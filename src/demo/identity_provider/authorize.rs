//! The way through the pages: who are you, what does your authenticator show, and back to the portal.

use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::cookie::{Cookie, SameSite};
use url::Url;

use super::{
    Provider,
    flow::{Flow, Granted, Question},
    pages,
    totp::Authenticator,
};

/// Remembers who was chosen last in this browser. Its own name: cookies on `localhost` know no ports.
pub const COOKIE: &str = "latchkey-demo-provider";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    prompt: String,
    acr_values: String,
    claims: String,
    max_age: String,
}

pub async fn authorize(State(provider): State<Provider>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let options = &provider.0.options;
    if asked.client_id != options.client_id || asked.redirect_uri != provider.callback() {
        // Not sent back anywhere: the address could be anybody's.
        let words = "The address that led here does not belong to the demo portal.";
        return pages::notice(&provider, "Unknown application", words, StatusCode::BAD_REQUEST);
    }
    let error = if asked.response_type != "code" {
        Some("unsupported_response_type")
    } else if !asked.scope.split(' ').any(|scope| scope == "openid") {
        Some("invalid_scope")
    } else if asked.code_challenge_method != "S256" || asked.code_challenge.len() != 43 {
        Some("invalid_request")
    } else if asked.prompt == "none" {
        Some("login_required")
    } else {
        None
    };
    if let Some(error) = error {
        return back(&provider, &asked.state, &[("error", error)]);
    }
    let asks_for_more =
        asked.prompt == "login" || !asked.acr_values.is_empty() || !asked.claims.is_empty() || asked.max_age == "0";
    let question = Question { state: asked.state, nonce: asked.nonce, challenge: asked.code_challenge, asks_for_more };
    let flow = provider.0.flows.begin(question, provider.now());
    // Asked for more, the person stays the same; it's the factor that is missing.
    if asks_for_more
        && let Some(subject) = last_person(&headers)
        && provider.person(&subject).await.is_some()
    {
        provider.0.flows.choose(&flow, &subject);
        return Redirect::to(&format!("/code?flow={flow}")).into_response();
    }
    Redirect::to(&format!("/people?flow={flow}")).into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    flow: String,
    q: String,
}

pub async fn people(State(provider): State<Provider>, Query(place): Query<Place>) -> Response {
    let Some(_) = provider.0.flows.get(&place.flow, provider.now()) else { return pages::run_out(&provider) };
    let found = (provider.0.options.people)(place.q.trim().to_owned()).await;
    pages::people(&provider, &place.flow, place.q.trim(), &found)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    flow: String,
    subject: String,
    code: String,
}

pub async fn choose(State(provider): State<Provider>, Form(typed): Form<Typed>) -> Response {
    if provider.0.flows.get(&typed.flow, provider.now()).is_none() {
        return pages::run_out(&provider);
    }
    let Some(person) = provider.person(&typed.subject).await else {
        return Redirect::to(&format!("/people?flow={}", typed.flow)).into_response();
    };
    provider.0.flows.choose(&typed.flow, &person.subject);
    let mut response = Redirect::to(&format!("/code?flow={}", typed.flow)).into_response();
    set_cookie(response.headers_mut(), &person.subject);
    response
}

pub async fn code_page(State(provider): State<Provider>, Query(place): Query<Place>) -> Response {
    let Some((flow, subject)) = chosen(&provider, &place.flow) else { return pages::run_out(&provider) };
    let Some(person) = provider.person(&subject).await else { return pages::run_out(&provider) };
    pages::code(&provider, &place.flow, &person, flow.question.asks_for_more, None)
}

/// What the authenticator shows, in a frame that loads itself again when the code changes.
pub async fn authenticator(State(provider): State<Provider>, Query(place): Query<Place>) -> Response {
    let Some((_, subject)) = chosen(&provider, &place.flow) else { return pages::run_out(&provider) };
    let now = provider.now();
    let authenticator = Authenticator::new(provider.0.key.secret_for(&subject));
    let left = Authenticator::seconds_left(now);
    let mut response = pages::authenticator(&authenticator.code(now), left);
    if let Ok(refresh) = HeaderValue::from_str(&left.to_string()) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

pub async fn give_code(State(provider): State<Provider>, Form(typed): Form<Typed>) -> Response {
    let Some((flow, subject)) = chosen(&provider, &typed.flow) else { return pages::run_out(&provider) };
    let authenticator = Authenticator::new(provider.0.key.secret_for(&subject));
    if authenticator.accepts(&typed.code, provider.now()) {
        return finish(&provider, &typed.flow, &flow, subject, true);
    }
    let Some(person) = provider.person(&subject).await else { return pages::run_out(&provider) };
    let problem = "That is not the code of this minute. Type the six digits that the authenticator shows.";
    pages::code(&provider, &typed.flow, &person, flow.question.asks_for_more, Some(problem))
}

pub async fn without_code(State(provider): State<Provider>, Form(typed): Form<Typed>) -> Response {
    let Some((flow, subject)) = chosen(&provider, &typed.flow) else { return pages::run_out(&provider) };
    finish(&provider, &typed.flow, &flow, subject, false)
}

pub async fn cancel(State(provider): State<Provider>, Form(typed): Form<Typed>) -> Response {
    match provider.0.flows.end(&typed.flow) {
        Some(flow) => back(&provider, &flow.question.state, &[("error", "access_denied")]),
        None => pages::run_out(&provider),
    }
}

fn chosen(provider: &Provider, flow: &str) -> Option<(Flow, String)> {
    let flow = provider.0.flows.get(flow, provider.now())?;
    let subject = flow.subject.clone()?;
    Some((flow, subject))
}

fn finish(provider: &Provider, id: &str, flow: &Flow, subject: String, with_code: bool) -> Response {
    provider.0.flows.end(id);
    let code = provider.0.flows.grant(Granted {
        subject,
        nonce: flow.question.nonce.clone(),
        challenge: flow.question.challenge.clone(),
        with_code,
        at: provider.now(),
    });
    back(provider, &flow.question.state, &[("code", &code)])
}

/// Back to the portal, with who sends it (RFC 9207).
fn back(provider: &Provider, state: &str, answer: &[(&str, &str)]) -> Response {
    let Ok(mut address) = Url::parse(&provider.callback()) else { return pages::run_out(provider) };
    address.query_pairs_mut().extend_pairs(answer).append_pair("state", state).append_pair("iss", &provider.issuer());
    Redirect::to(address.as_str()).into_response()
}

fn last_person(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse_encoded)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

fn set_cookie(headers: &mut HeaderMap, subject: &str) {
    let mut cookie = Cookie::new(COOKIE, subject.to_owned());
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_path("/");
    if let Ok(value) = HeaderValue::from_str(&cookie.encoded().to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}

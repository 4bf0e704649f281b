//! A page with every island, under the policy that the product is served with: `cargo run --example islands`. It prints its
//! address. `end2end/islands.mjs` looks at it with a browser.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use axum::{
    Router,
    extract::State,
    http::header,
    response::{
        Html, IntoResponse, Redirect,
        sse::{Event, Sse},
    },
    routing::{get, post},
};
use futures::{Stream, StreamExt, stream};
use latchkey::assets;
use latchkey_app::{
    components::Hydration,
    islands::{Keys, KeysButton, LiveRefresh, LivingTimes, SelectAll, ThemeSwitch},
};
use leptos::prelude::*;
use tokio::sync::watch;

/// What happens on the page: a step at each POST, and three in all.
#[derive(Clone)]
struct Steps {
    drawn: Arc<AtomicU32>,
    step: watch::Sender<u32>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let steps = Steps { drawn: Arc::default(), step: watch::Sender::new(0) };
    let router = Router::new()
        .route("/", get(page))
        .route("/events", get(events))
        .route("/step", post(step))
        .with_state(steps)
        .merge(assets::router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn step(State(steps): State<Steps>) -> Redirect {
    steps.step.send_modify(|step| *step += 1);
    Redirect::to("/")
}

async fn events(State(steps): State<Steps>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = stream::unfold(steps.step.subscribe(), async |mut step| {
        step.changed().await.ok()?;
        // An event without data is none to a browser.
        Some((Ok(Event::default().event("changed").data("look")), step))
    });
    // Short, so that coming back is seen as well.
    Sse::new(changes.take_until(tokio::time::sleep(Duration::from_secs(60))))
}

async fn page(State(steps): State<Steps>) -> impl IntoResponse {
    let (drawn, step) = (steps.drawn.fetch_add(1, Ordering::Relaxed), *steps.step.borrow());
    let nonce = format!("nonce{drawn}");
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
    );
    let paths = assets::paths();
    let moving = (step < 3).then_some("true");
    let html = leptos::prelude::Owner::new_root(Some(Arc::new(hydration_context::SsrSharedContext::new_islands())))
        .with(|| {
            view! {
                <!DOCTYPE html>
                <html lang="en">
                    <head>
                        <meta charset="utf-8"/>
                        <title>{format!("Step {step} \u{b7} Latchkey")}</title>
                        <link rel="stylesheet" href=paths.style/>
                        <link rel="icon" href=paths.icon/>
                        <Hydration paths=paths nonce=nonce/>
                    </head>
                    <body>
                        <ThemeSwitch theme="system".to_owned()/>
                        <KeysButton/>
                        <main>
                            <h1>"Islands"</h1>
                            <form action="/" method="get">
                                <input id="search" type="search" name="q" data-key="/"/>
                            </form>
                            <div class="request-page" data-moving=moving>
                                <p id="words">{format!("Step {step}")}</p>
                                <details id="more">
                                    <summary>"More"</summary>
                                    <p>{format!("drawn {drawn}")}</p>
                                </details>
                                <ul>{(0..=step).map(|at| view! { <li>{at}</li> }).collect_view()}</ul>
                            </div>
                            <LiveRefresh events="/events".to_owned()/>
                            <time id="when" datetime="2020-01-01T00:00:00Z" data-relative="bare">"long ago"</time>
                            <SelectAll list="list".to_owned() name="item".to_owned()/>
                            <ul id="list">
                                {(0..3)
                                    .map(|row| {
                                        view! {
                                            <li data-row="">
                                                <a href=format!("#row{row}")>{format!("Row {row}")}</a>
                                                <input type="checkbox" name="item" value=row aria-label="Select"/>
                                            </li>
                                        }
                                    })
                                    .collect_view()}
                            </ul>
                        </main>
                        <Keys/>
                        <LivingTimes zone="Europe/Berlin".to_owned()/>
                    </body>
                </html>
            }
            .to_html()
        });
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html))
}

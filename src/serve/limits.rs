//! Bounds on what one request may take, and on how many there are at once.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures::{FutureExt, StreamExt};
use latchkey_reconciler::Stop;
use tokio::sync::Semaphore;

use crate::{
    observe::Metrics,
    security::{Notice, Notices, RequestId},
};

/// How many requests are answered at the same time; more are told to come back.
const AT_ONCE: usize = 512;
/// How long one may take to be answered.
const LONGEST: Duration = Duration::from_secs(30);

/// The bounds of a server. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Limits {
    slots: Arc<Semaphore>,
    longest: Duration,
    notices: Notices,
    metrics: Metrics,
    stop: Stop,
}

impl Limits {
    /// The usual bounds.
    #[must_use]
    pub fn new(notices: Notices, metrics: Metrics, stop: Stop) -> Self {
        Self { slots: Arc::new(Semaphore::new(AT_ONCE)), longest: LONGEST, notices, metrics, stop }
    }

    fn say(&self, notice: Notice, id: Option<&RequestId>) -> Response {
        let notice = match id {
            Some(id) => notice.of(id),
            None => notice,
        };
        let mut answer = self.notices.answer(&notice);
        if notice.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        answer
    }
}

/// Answers within the bounds, and also when the program's own code panics.
pub async fn layer(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let Ok(_slot) = limits.slots.try_acquire() else {
        limits.metrics.note_shed();
        return limits.say(busy(), id.as_ref());
    };
    // A panic drops what the request held: its transaction is undone. Nothing else is shared with it.
    let answered = AssertUnwindSafe(tokio::time::timeout(limits.longest, next.run(request))).catch_unwind().await;
    match answered {
        Ok(Ok(response)) => until_stop(response, &limits.stop),
        Ok(Err(_)) => {
            tracing::error!(seconds = limits.longest.as_secs(), "a request took too long and was given up");
            limits.say(too_slow(), id.as_ref())
        }
        Err(_) => {
            // The panic's own message and place were printed by the panic hook.
            tracing::error!("a request ended in a panic; this is a bug of Latchkey");
            limits.say(broken(), id.as_ref())
        }
    }
}

/// A stream of events would keep the process from ending: it ends first, and the browser comes back to another process.
fn until_stop(response: Response, stop: &Stop) -> Response {
    let is_stream = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    if !is_stream {
        return response;
    }
    let stop = stop.clone();
    let (parts, body) = response.into_parts();
    let stream = body.into_data_stream().take_until(async move { stop.wait().await });
    Response::from_parts(parts, Body::from_stream(stream))
}

fn busy() -> Notice {
    Notice::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "Latchkey is very busy",
        "Nothing was changed.",
        "Too many people are asking at the same moment.",
        "Try again in a few seconds.",
    )
}

fn too_slow() -> Notice {
    Notice::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_slow",
        "This took too long",
        "Latchkey gave up waiting. What was not finished by then was undone.",
        "The database or the network is slow at the moment.",
        "Look at the page before this one to see whether your change is there, then try again.",
    )
}

fn broken() -> Notice {
    Notice::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "broken",
        "Something broke",
        "This is a mistake in Latchkey, not yours. Nothing was changed.",
        "",
        "Go back and try again. If it stays like this, give the request number to whoever runs Latchkey.",
    )
}

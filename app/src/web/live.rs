//! What moves by itself: the islands' scripts in the page, and the stream that tells a request's page to look again.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, State},
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt, stream};
use latchkey_domain::RequestId;
use latchkey_store::request_reads;
use leptos::prelude::*;
use tokio::sync::broadcast::error::RecvError;

use super::{
    PageError,
    state::{AppState, Signed},
};
use crate::{
    asset_paths::AssetPaths,
    components::Hydration,
    frame::{Reader, Slots, Theme},
    islands::{Keys, KeysButton, LivingTimes, ThemeSwitch},
};

/// How long one stream lives; the browser then comes back by itself, and is checked again.
const LIFE: Duration = Duration::from_secs(300);

/// Scripts and islands for the frame. Nothing where this build has no browser's half: every page works without.
pub(super) fn slots(assets: AssetPaths, nonce: String, reader: Reader, theme: Theme) -> Slots {
    if assets.islands.is_none() {
        return Slots::default();
    }
    let zone = reader.zone.name().to_owned();
    let chosen = theme.attribute().unwrap_or("system").to_owned();
    Slots {
        head: Some(view! { <Hydration paths=assets nonce=nonce/> }.into_any()),
        menu: Some(view! { <ThemeSwitch theme=chosen/> <KeysButton/> }.into_any()),
        tail: Some(view! { <Keys/> <LivingTimes zone=zone/> }.into_any()),
    }
}

/// Tells a request's page whenever something about the request changed.
pub(super) async fn request_events(
    State(state): State<AppState>,
    signed: Signed,
    Path(id): Path<RequestId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    let mut read = state.db.read().await?;
    if !request_reads::may_see(&mut read, signed.person.identity, id).await? {
        return Err(PageError::NotFound);
    }
    drop(read);
    let changes = state.db.hub().requests();
    let ticks = stream::unfold(changes, move |mut changes| async move {
        loop {
            match changes.recv().await {
                Ok(changed) if changed == id => {
                    return Some((Ok(Event::default().event("changed").data("look")), changes));
                }
                Ok(_) => {}
                // Missed some: it may have been among them.
                Err(RecvError::Lagged(_)) => {
                    return Some((Ok(Event::default().event("changed").data("look")), changes));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let stream = ticks.take_until(tokio::time::sleep(LIFE));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))))
}

//! What the service says that it can do: its `ServiceProviderConfig` (RFC 7643, 5), read once in a while.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    fault,
    http::{Ask, Http},
    quirks::Quirk,
};
use crate::CallError;

/// How long it is believed.
const LIFETIME: Duration = Duration::from_secs(600);

/// What a service offers. What it doesn't say is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) patch: bool,
    pub(super) etag: bool,
    pub(super) filter: bool,
    /// The most resources that one answer holds.
    pub(super) most: Option<usize>,
    /// Whether lists go by cursor (RFC 9865).
    pub(super) cursor: bool,
}

/// What was read last.
#[derive(Default)]
pub(super) struct Known(Mutex<Option<(Arc<Offer>, Instant)>>);

impl Offer {
    /// From a configuration, or without one.
    fn from(config: Option<&Value>) -> Self {
        let has = |feature: &str| config?.get(feature)?.get("supported")?.as_bool();
        let number = |feature: &str, name: &str| config?.get(feature)?.get(name)?.as_u64();
        let most = [number("filter", "maxResults"), number("pagination", "maxPageSize")];
        let most = most.into_iter().flatten().filter(|most| *most > 0).min();
        Self {
            patch: has("patch").unwrap_or(true),
            etag: has("etag").unwrap_or(true),
            filter: has("filter").unwrap_or(true),
            most: most.and_then(|most| usize::try_from(most).ok()),
            cursor: config.and_then(|config| config.get("pagination")?.get("cursor")?.as_bool()).unwrap_or(false),
        }
    }
}

impl Http {
    /// What the service offers, as it was read not long ago.
    pub(super) async fn offer(&self) -> Result<Arc<Offer>, CallError> {
        let known = self.known.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some((offer, at)) if at.elapsed() < LIFETIME => Ok(offer),
            _ => self.ask_offer().await,
        }
    }

    /// Reads it anew.
    pub(super) async fn ask_offer(&self) -> Result<Arc<Offer>, CallError> {
        let doing = "Reading what the service offers";
        let answer = self.send(Ask::get(&["ServiceProviderConfig"], &[]), doing).await?;
        // Some don't have it, or hide it: then everything is tried. One that is down is asked again.
        if answer.status != 200 {
            let error = fault::of_answer(&answer, doing);
            if matches!(error, CallError::RetryLater { .. }) {
                return Err(error);
            }
        }
        let mut offer = Offer::from(answer.json.as_ref().filter(|_| answer.status == 200));
        offer.cursor |= self.to.quirks.has(Quirk::CursorPages);
        let offer = Arc::new(offer);
        *self.known.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((offer.clone(), Instant::now()));
        Ok(offer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_said_is_tried() {
        let all = Offer { patch: true, etag: true, filter: true, most: None, cursor: false };
        assert_eq!(Offer::from(None), all);
        assert_eq!(Offer::from(Some(&json!({ "patch": {} }))), all);
        let config = json!({
            "patch": { "supported": false }, "etag": { "supported": false }, "filter": { "supported": false, "maxResults": 50 },
            "pagination": { "cursor": true, "index": false, "maxPageSize": 20 }
        });
        let none = Offer { patch: false, etag: false, filter: false, most: Some(20), cursor: true };
        assert_eq!(Offer::from(Some(&config)), none);
        assert_eq!(Offer::from(Some(&json!({ "filter": { "maxResults": 0 } }))), all, "none at all can't be meant");
    }
}

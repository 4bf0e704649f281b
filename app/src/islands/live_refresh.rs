//! A page that looks again by itself while something is happening.

use leptos::prelude::*;

/// Listens to a stream of server-sent events; at each event named `changed` it fetches the page again and brings the part
/// marked `data-moving` up to date, in place. When the new page says that nothing moves any more (the mark is gone), it
/// stops. A changed title is announced politely.
#[island]
pub fn LiveRefresh(
    /// The address of the stream.
    events: String,
) -> impl IntoView {
    let (said, say) = signal(String::new());
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| refresh::listen(events.clone(), say));
    #[cfg(not(feature = "hydrate"))]
    drop((events, say));
    view! {
        <p class="unseen" role="status">
            {said}
        </p>
    }
}

#[cfg(feature = "hydrate")]
mod refresh {
    use std::{cell::Cell, rc::Rc, time::Duration};

    use leptos::{
        prelude::*,
        task::spawn_local,
        web_sys::{DomParser, EventSource, Response, SupportedType},
    };
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;

    use crate::islands::browser::{document, first, listen as on, update, window};

    /// Changes that come close together are shown together.
    const GATHER: Duration = Duration::from_millis(150);

    #[derive(Clone)]
    struct Stream {
        source: EventSource,
        waiting: Rc<Cell<bool>>,
        say: WriteSignal<String>,
    }

    pub fn listen(events: String, say: WriteSignal<String>) {
        if first(&document(), "[data-moving]").is_none() {
            return;
        }
        let Ok(source) = EventSource::new(&events) else { return };
        let stream = Stream { source, waiting: Rc::default(), say };
        let once = stream.clone();
        on(&stream.source, "changed", move |_| once.soon());
        // The stream was away for a while (a restart, a train's tunnel): what changed meanwhile was not heard.
        let again = stream.clone();
        let opened = Cell::new(false);
        on(&stream.source, "open", move |_| {
            if opened.replace(true) {
                again.soon();
            }
        });
        // A page that is put aside for the way back may not keep a connection.
        let leaving = stream.clone();
        on(&window(), "pagehide", move |_| leaving.source.close());
        on(&window(), "pageshow", move |_| {
            if stream.source.ready_state() == EventSource::CLOSED && first(&document(), "[data-moving]").is_some() {
                listen(events.clone(), say);
                stream.soon();
            }
        });
    }

    impl Stream {
        fn soon(&self) {
            if self.waiting.replace(true) {
                return;
            }
            let stream = self.clone();
            set_timeout(
                move || {
                    stream.waiting.set(false);
                    spawn_local(async move { _ = stream.look_again().await });
                },
                GATHER,
            );
        }

        async fn look_again(&self) -> Result<(), JsValue> {
            let address = window().location().href()?;
            let response: Response = JsFuture::from(window().fetch_with_str(&address)).await?.unchecked_into();
            if !response.ok() {
                return Ok(());
            }
            let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
            let fresh = DomParser::new()?.parse_from_string(&text, SupportedType::TextHtml)?;
            let Some(old) = first(&document(), "[data-moving]") else { return Ok(()) };
            // Without the mark it has come to rest, and is found by its place: the class it has here.
            let class = old.class_name();
            let Some(new) = fresh.get_elements_by_class_name(&class).item(0) else { return Ok(()) };
            if fresh.title() != document().title() {
                document().set_title(&fresh.title());
                // The product's name stands behind the state.
                let title = fresh.title();
                self.say.set(title.rsplit_once(" \u{b7} ").map_or(title.clone(), |(state, _)| state.to_owned()));
            }
            let rests = !new.has_attribute("data-moving");
            update(&old, &new);
            if rests {
                self.source.close();
            }
            Ok(())
        }
    }
}

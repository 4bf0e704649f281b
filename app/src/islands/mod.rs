//! What the browser adds to a page that already works without it. Few, small, and only for comfort: each draws
//! nothing, or something hidden, until the browser has taken over.
//!
//! The same code draws on the server and takes over in the browser; what touches the page's elements is compiled for
//! the browser alone ([`browser`]).

#[cfg(feature = "hydrate")]
mod browser;
mod keys;
#[expect(missing_docs, reason = "the macro makes a type of the properties and leaves it undocumented")]
mod live_refresh;
#[expect(missing_docs, reason = "as above")]
mod living_times;
#[expect(missing_docs, reason = "as above")]
mod select_all;
#[expect(missing_docs, reason = "as above")]
mod theme_switch;

pub use keys::*;
pub use live_refresh::*;
pub use living_times::*;
pub use select_all::*;
pub use theme_switch::*;

use leptos::prelude::*;

/// False on the server and until the island lives in the browser, then true: for what would be dead without a script.
fn alive() -> ReadSignal<bool> {
    let (alive, live) = signal(false);
    Effect::new(move |_| live.set(true));
    alive
}

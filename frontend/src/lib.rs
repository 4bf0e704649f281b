//! The browser's half: the islands of `latchkey-app`, each exported under the name that the server draws into pages.

// Named, so that the linker keeps the islands: nothing here calls them, the page's script does.
pub use latchkey_app::islands;

/// Prepares the reactive system. The page's script calls it once, before the islands.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}

//! Brings the islands of a page to life.

use leptos::prelude::*;

use crate::asset_paths::AssetPaths;

/// For the end of the head. Nothing when the build has no browser's half.
///
/// The script carries the nonce of this answer, and the Content-Security-Policy trusts what it loads in turn: `script-src 'nonce-…'
/// 'strict-dynamic' 'wasm-unsafe-eval'`. There is no script in the page itself.
#[component]
pub fn Hydration(
    /// Where the scripts are.
    paths: AssetPaths,
    /// The nonce of this answer.
    #[prop(into)]
    nonce: String,
) -> impl IntoView {
    paths.islands.map(|islands| {
        view! {
            <link rel="preload" href=islands.wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
            <script type="module" src=islands.script nonce=nonce></script>
        }
    })
}

//! A name from a machine that people carry elsewhere: a request id, a distinguished name.

use leptos::prelude::*;

/// One press selects all of it (CSS `user-select: all`), so that copying needs no script.
#[component]
pub fn CopyCode(
    /// What to copy.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <code class="copy-code">{text}</code> }
}

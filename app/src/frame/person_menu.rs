//! The person's menu at the right of the top bar.

use leptos::prelude::*;

use super::context::Viewer;
use crate::components::{Glyph, Icon};

/// Opens without a script. `extra` is the place of the theme switch.
#[component]
pub fn PersonMenu(viewer: Viewer, #[prop(optional_no_strip)] extra: Option<AnyView>) -> impl IntoView {
    let initials: String = viewer.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    view! {
        <details class="person-menu">
            <summary>
                <span class="initials" aria-hidden="true">
                    {initials}
                </span>
                <span class="person-menu-name">{viewer.name}</span>
                <Icon glyph=Glyph::Down/>
            </summary>
            <div class="menu">
                <p class="menu-email">{viewer.email}</p>
                <ul>
                    <li>
                        <a class="menu-item" href=viewer.href>
                            <Icon glyph=Glyph::Person/>
                            "My page"
                        </a>
                    </li>
                    <li>
                        <a class="menu-item" href="/cart">
                            <Icon glyph=Glyph::Key/>
                            "My cart"
                        </a>
                    </li>
                    <li>
                        <a class="menu-item" href="/notices">
                            <Icon glyph=Glyph::Bell/>
                            "My notices"
                        </a>
                    </li>
                    <li>
                        <a class="menu-item" href="/sessions">
                            <Icon glyph=Glyph::Device/>
                            "My sessions"
                        </a>
                    </li>
                </ul>
                {extra}
                <form method="post" action="/auth/logout">
                    <button type="submit" class="menu-item">
                        <Icon glyph=Glyph::SignOut/>
                        "Sign out"
                    </button>
                </form>
            </div>
        </details>
    }
    .into_any()
}

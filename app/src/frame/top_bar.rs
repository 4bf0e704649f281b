//! The sign, the search and the person.

use leptos::prelude::*;

use super::context::Viewer;
use super::person_menu::PersonMenu;
use crate::components::{Glyph, Icon, Sign};

/// The top of every page.
#[component]
pub fn TopBar(
    company: String,
    viewer: Viewer,
    search: String,
    #[prop(optional_no_strip)] menu: Option<AnyView>,
) -> impl IntoView {
    let cart = viewer.cart;
    view! {
        <header class="top-bar">
            <a class="brand" href="/">
                <Sign/>
                <span class="brand-words">
                    <span class="brand-name">"Latchkey"</span>
                    <span class="brand-company">{company}</span>
                </span>
            </a>
            <form class="top-search" method="get" action="/catalog" role="search" aria-label="Everywhere">
                <label class="unseen" for="top-search">
                    "Search the catalog"
                </label>
                <Icon glyph=Glyph::Search/>
                <input
                    id="top-search"
                    type="search"
                    name="q"
                    value=search
                    placeholder="Find a role or a system"
                    autocomplete="off"
                    data-key="/"
                    aria-keyshortcuts="/"
                />
                <kbd aria-hidden="true">"/"</kbd>
                <button type="submit" class="unseen-until-focus">
                    "Search"
                </button>
            </form>
            <div class="top-end">
                {(cart > 0)
                    .then(|| {
                        view! {
                            <a class="top-cart" href="/cart">
                                "Cart "
                                <span class="nav-count">{cart} <span class="unseen">{if cart == 1 { " role" } else { " roles" }}</span></span>
                            </a>
                        }
                    })}
                <PersonMenu viewer=viewer extra=menu/>
            </div>
        </header>
    }
    .into_any()
}

//! A page in its frame, and a page without one.

use leptos::prelude::*;

use super::context::{PageContext, Part, Theme};
use super::document::Document;
use super::nav::{BottomRow, SideBar};
use super::top_bar::TopBar;
use crate::components::{Flash, Sign};

/// Scripts and islands that whoever serves the page puts into it. All are optional: a page without them works.
#[derive(Default)]
pub struct Slots {
    /// For the end of the head: preloads and the islands' loader, with their nonce.
    pub head: Option<AnyView>,
    /// For the person's menu: the theme switch.
    pub menu: Option<AnyView>,
    /// For the foot of the page: the keys, living times.
    pub tail: Option<AnyView>,
}

/// A page in its frame.
#[component]
pub fn Page(
    /// What every page needs to know.
    context: PageContext,
    /// The title, with the state of the page.
    #[prop(into)]
    title: String,
    /// Where the page belongs.
    part: Part,
    /// Scripts and islands.
    #[prop(optional)]
    slots: Slots,
    /// The page: one `h1` and what follows.
    children: Children,
) -> impl IntoView {
    let PageContext { company, style_href, icon_href, viewer, reader, theme, flash, search, request_id } = context;
    let Slots { head, menu, tail } = slots;
    view! {
        <Document title=title style_href=style_href icon_href=icon_href theme=theme head=head>
            <a class="skip" href="#main">
                "Skip to the content"
            </a>
            <div class="frame">
                <TopBar company=company viewer=viewer.clone() search=search menu=menu/>
                <SideBar viewer=viewer.clone() here=part/>
                <main id="main" class="main" tabindex="-1">
                    {flash.map(|message| view! { <Flash message=message reader=reader/> })}
                    {children()}
                </main>
                <footer class="foot">
                    <p>{format!("Times are told in {}.", zone_words(reader.zone.name()))}</p>
                    <p>"Request " <code>{request_id}</code></p>
                    {tail}
                </footer>
                <BottomRow viewer=viewer here=part/>
            </div>
        </Document>
    }
    .into_any()
}

/// A page without the frame: before sign-in, after sign-out.
#[component]
pub fn BarePage(
    /// The title.
    #[prop(into)]
    title: String,
    /// The name of the company.
    #[prop(into)]
    company: String,
    /// The address of the style sheet.
    #[prop(into)]
    style_href: String,
    /// The address of the icon.
    #[prop(into)]
    icon_href: String,
    /// The colours.
    #[prop(optional)]
    theme: Theme,
    /// For the end of the head.
    #[prop(optional_no_strip)]
    head: Option<AnyView>,
    /// The page: one `h1` and what follows.
    children: Children,
) -> impl IntoView {
    view! {
        <Document title=title style_href=style_href icon_href=icon_href theme=theme head=head body_class="bare">
            <a class="skip" href="#main">
                "Skip to the content"
            </a>
            <header class="bare-head">
                <span class="brand">
                    <Sign/>
                    <span class="brand-words">
                        <span class="brand-name">"Latchkey"</span>
                        <span class="brand-company">{company}</span>
                    </span>
                </span>
            </header>
            <main id="main" class="bare-main" tabindex="-1">
                {children()}
            </main>
        </Document>
    }
    .into_any()
}

/// "Europe/Berlin" as people read it.
fn zone_words(name: &str) -> String {
    name.replace('_', " ")
}

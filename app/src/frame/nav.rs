//! The bar at the left, and the bottom row that replaces it on narrow screens.

use leptos::prelude::*;

use super::context::{Part, Viewer};
use crate::components::{Glyph, Icon, number};

/// One place to go.
struct Place {
    part: Part,
    glyph: Glyph,
    label: &'static str,
    short: &'static str,
    href: &'static str,
}

const fn place(part: Part, glyph: Glyph, label: &'static str, short: &'static str, href: &'static str) -> Place {
    Place { part, glyph, label, short, href }
}

/// For everybody, in the order of the bottom row.
const EVERYBODY: [Place; 4] = [
    place(Part::Home, Glyph::Home, "Home", "Home", "/"),
    place(Part::Catalog, Glyph::Catalog, "Catalog", "Catalog", "/catalog"),
    place(Part::Requests, Glyph::Request, "My requests", "Requests", "/requests"),
    place(Part::Approvals, Glyph::Approval, "Approvals", "Approvals", "/approvals"),
];

const TEAM: Place = place(Part::Team, Glyph::Team, "Team", "Team", "/team");
const AUDIT: Place = place(Part::Audit, Glyph::Audit, "Audit", "Audit", "/audit");
const SYSTEMS: Place = place(Part::Systems, Glyph::System, "Systems", "Systems", "/systems");
const SEPARATION: Place = place(Part::Separation, Glyph::Separation, "Separation", "Separation", "/admin/separation");
const BREAK_GLASS: Place = place(Part::BreakGlass, Glyph::Shield, "Break-glass", "Break-glass", "/break-glass");
const ADMIN: Place = place(Part::Admin, Glyph::Admin, "Admin", "Admin", "/admin");

/// The places of those who look after the company's access.
fn duties(viewer: &Viewer) -> Vec<Place> {
    let mut places = Vec::new();
    if viewer.may_audit {
        places.push(AUDIT);
    }
    if viewer.may_systems {
        places.push(SYSTEMS);
    }
    if viewer.may_separation {
        places.push(SEPARATION);
    }
    if viewer.may_break_glass {
        places.push(BREAK_GLASS);
    }
    if viewer.may_admin {
        places.push(ADMIN);
    }
    places
}

fn link(place: Place, here: Part, waiting: u32, short: bool) -> impl IntoView {
    let count = (waiting > 0).then(|| {
        let shown = if waiting > 99 { "99+".to_owned() } else { number(i64::from(waiting)) };
        view! { <span class="nav-count">{shown} <span class="unseen">" waiting for you"</span></span> }
    });
    view! {
        <li>
            <a class="nav-link" href=place.href aria-current=(place.part == here).then_some("page")>
                <Icon glyph=place.glyph large=short/>
                <span>{if short { place.short } else { place.label }}</span>
                {count}
            </a>
        </li>
    }
}

/// A place with the number of what waits there.
fn link_with_count(place: Place, here: Part, viewer: &Viewer, short: bool) -> impl IntoView + use<> {
    let waiting = match place.part {
        Part::Approvals => viewer.approvals,
        Part::BreakGlass => viewer.reviews,
        _ => 0,
    };
    link(place, here, waiting, short)
}

/// The bar at the left.
#[component]
pub fn SideBar(viewer: Viewer, here: Part) -> impl IntoView {
    let duties = duties(&viewer);
    view! {
        <nav class="side-bar" aria-label="Main">
            <ul class="nav-list">
                {EVERYBODY.into_iter().map(|place| link_with_count(place, here, &viewer, false)).collect_view()}
                {viewer.has_team.then(|| link(TEAM, here, 0, false))}
            </ul>
            {(!duties.is_empty())
                .then(|| {
                    view! {
                        <ul class="nav-list nav-duties">
                            {duties.into_iter().map(|place| link_with_count(place, here, &viewer, false)).collect_view()}
                        </ul>
                    }
                })}
        </nav>
    }
    .into_any()
}

/// The bottom row of five on narrow screens: four places and what did not fit.
#[component]
pub fn BottomRow(viewer: Viewer, here: Part) -> impl IntoView {
    let mut more = duties(&viewer);
    if viewer.has_team {
        more.insert(0, TEAM);
    }
    let own_page = viewer.href.clone();
    let inside = more.iter().any(|place| place.part == here);
    view! {
        <nav class="bottom-row" aria-label="Main, short">
            <ul>
                {EVERYBODY.into_iter().map(|place| link_with_count(place, here, &viewer, true)).collect_view()}
                <li>
                    <details class="more">
                        <summary class=if inside { "nav-link nav-inside" } else { "nav-link" }>
                            <Icon glyph=Glyph::More large=true/>
                            <span>"More"</span>
                        </summary>
                        <ul class="more-list">
                            {more.into_iter().map(|place| link_with_count(place, here, &viewer, false)).collect_view()}
                            <li>
                                <a class="nav-link" href=own_page>
                                    <Icon glyph=Glyph::Person/>
                                    <span>"My page"</span>
                                </a>
                            </li>
                            <li>
                                <a class="nav-link" href="/notices">
                                    <Icon glyph=Glyph::Bell/>
                                    <span>"My notices"</span>
                                </a>
                            </li>
                            <li>
                                <a class="nav-link" href="/sessions">
                                    <Icon glyph=Glyph::Device/>
                                    <span>"My sessions"</span>
                                </a>
                            </li>
                        </ul>
                    </details>
                </li>
            </ul>
        </nav>
    }
    .into_any()
}

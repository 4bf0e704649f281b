//! One family of icons: a 16 by 16 grid, lines of 1.5 with round ends, the colour of the text.

use leptos::prelude::*;

/// What an icon stands for. The drawing follows the meaning, so a page names the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// The first page.
    Home,
    /// Roles that can be asked for.
    Catalog,
    /// What somebody asked for.
    Request,
    /// Decisions.
    Approval,
    /// Several people.
    Team,
    /// One person.
    Person,
    /// Access reviews.
    Review,
    /// The audit log.
    Audit,
    /// Target systems.
    System,
    /// Settings and applied files.
    Admin,
    /// Search.
    Search,
    /// Access itself.
    Key,
    /// What did not fit.
    More,
    /// A menu or a disclosure.
    Down,
    /// Go on.
    Right,
    /// Go back.
    Left,
    /// Copy to the clipboard.
    Copy,
    /// A moment or a duration.
    Clock,
    /// Yes.
    Check,
    /// No, or take away.
    Cross,
    /// Look at this.
    Warning,
    /// Needs a stronger sign-in, or is closed.
    Lock,
    /// Save as a file.
    Download,
    /// Leave.
    SignOut,
    /// A browser or a phone.
    Device,
    /// What one is told.
    Bell,
    /// Narrow a list.
    Filter,
    /// Try again.
    Retry,
    /// Give back, withdraw.
    Return,
    /// Policy and assurance.
    Shield,
    /// What is kept apart.
    Separation,
    /// Something to know.
    Info,
    /// The colours of the page.
    Theme,
}

impl Glyph {
    /// The drawing, as the inside of an `<svg>`.
    const fn drawing(self) -> &'static str {
        match self {
            Self::Home => r#"<path d="M2.5 7.5 8 2.75l5.5 4.75M4 6.5v6.75h8V6.5M6.75 13V9.5h2.5V13"/>"#,
            Self::Catalog => {
                r#"<path d="M2.75 2.75h4v4h-4zM9.25 2.75h4v4h-4zM2.75 9.25h4v4h-4zM9 11.25h4.5M11.25 9v4.5"/>"#
            }
            Self::Request => r#"<path d="M3.75 2.25h5.5l3 3v8.5h-8.5zM9.25 2.25v3h3M6 8.25h4M6 11h4"/>"#,
            Self::Approval => r#"<path d="M2.75 2.75h10.5v10.5H2.75zM5.25 8.25l2 2 3.5-4"/>"#,
            Self::Team => {
                r#"<circle cx="6" cy="5.25" r="2.25"/><path d="M2 13c.3-2.7 1.7-4 4-4s3.7 1.3 4 4M10.5 3.2a2.2 2.2 0 0 1 0 4.1M11.9 9.4c1.2.5 1.9 1.7 2.1 3.6"/>"#
            }
            Self::Person => {
                r#"<circle cx="8" cy="5.25" r="2.5"/><path d="M3 13.25C3.4 10.4 5.1 9 8 9s4.6 1.4 5 4.25"/>"#
            }
            Self::Review => r#"<path d="M2.75 4h8M2.75 8h4M2.75 12h3.5M8.75 10.75l1.75 1.75 3.25-4"/>"#,
            Self::Audit => r#"<path d="M3 2.25h10v11.5H3zM6 2.25v11.5M8.25 5.5h2.5M8.25 8h2.5M8.25 10.5h2.5"/>"#,
            Self::System => {
                r#"<path d="M2.25 2.75h11.5V7H2.25zM2.25 9h11.5v4.25H2.25zM4.75 4.9h.01M4.75 11.1h.01M7.25 4.9h4M7.25 11.1h4"/>"#
            }
            Self::Admin => {
                r#"<circle cx="10" cy="4.75" r="1.75"/><circle cx="5.75" cy="11.25" r="1.75"/><path d="M2.5 4.75h5.75M11.75 4.75h1.75M2.5 11.25H4M7.5 11.25h6"/>"#
            }
            Self::Separation => r#"<path d="M8 2.25v11.5M2.25 5.25h3v5.5h-3zM10.75 5.25h3v5.5h-3z"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.25"/><path d="m10.2 10.2 3.3 3.3"/>"#,
            Self::Key => r#"<circle cx="5" cy="11" r="2.75"/><path d="M7 9l6-6.25M10.25 5.75 12.5 8M12 3.8l1.5 1.5"/>"#,
            Self::More => r#"<path stroke-width="2.25" d="M3.25 8h.01M8 8h.01M12.75 8h.01"/>"#,
            Self::Down => r#"<path d="m4 6.25 4 4 4-4"/>"#,
            Self::Right => r#"<path d="M3 8h10M9 4l4 4-4 4"/>"#,
            Self::Left => r#"<path d="M13 8H3M7 4 3 8l4 4"/>"#,
            Self::Copy => r#"<path d="M5.75 5.75h7.5v7.5h-7.5zM10.25 5.5V2.75h-7.5v7.5H5.5"/>"#,
            Self::Clock => r#"<circle cx="8" cy="8" r="5.75"/><path d="M8 4.75V8.2l2.25 1.3"/>"#,
            Self::Check => r#"<path d="m3 8.5 3.5 3.5L13 4.25"/>"#,
            Self::Cross => r#"<path d="m4 4 8 8M12 4l-8 8"/>"#,
            Self::Warning => r#"<path d="M8 2.5 14.25 13.25H1.75zM8 6.75v3M8 11.5h.01"/>"#,
            Self::Lock => r#"<path d="M3.25 7h9.5v6.5h-9.5zM5.25 7V5a2.75 2.75 0 0 1 5.5 0v2M8 9.5v1.5"/>"#,
            Self::Download => r#"<path d="M8 2.5v8M4.5 7.25 8 10.75l3.5-3.5M2.75 13.5h10.5"/>"#,
            Self::SignOut => r#"<path d="M6.5 2.75H2.75v10.5H6.5M10.25 5l3 3-3 3M13 8H6.25"/>"#,
            Self::Device => r#"<path d="M2.25 3h11.5v7.5H2.25zM5.5 13.25h5M8 10.5v2.75"/>"#,
            Self::Bell => r#"<path d="M4 11.25V7.5a4 4 0 0 1 8 0v3.75M2.75 11.25h10.5M6.75 13.5h2.5M8 3.5V2.25"/>"#,
            Self::Filter => r#"<path d="M2.25 4.25h11.5M4.5 8h7M6.75 11.75h2.5"/>"#,
            Self::Retry => r#"<path d="M13.25 8a5.25 5.25 0 1 1-1.6-3.75M13.25 2.25v3h-3"/>"#,
            Self::Return => r#"<path d="M5.5 2.75 2.5 6l3 3.25M2.75 6h6.5a3.75 3.75 0 0 1 0 7.5H6"/>"#,
            Self::Shield => r#"<path d="m8 2.25 5 1.75v3.75c0 3-1.9 5-5 6-3.1-1-5-3-5-6V4z"/>"#,
            Self::Info => r#"<circle cx="8" cy="8" r="5.75"/><path d="M8 7.5v3.25M8 5.25h.01"/>"#,
            Self::Theme => {
                r#"<circle cx="8" cy="8" r="5.5"/><path fill="currentColor" stroke="none" d="M8 2.5a5.5 5.5 0 0 1 0 11z"/>"#
            }
        }
    }
}

/// A drawing beside a word. It is hidden from screen readers: the word says it.
#[component]
pub fn Icon(
    /// What it stands for.
    glyph: Glyph,
    /// True for 20 px instead of 16.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    view! {
        <svg
            class=if large { "icon icon-large" } else { "icon" }
            viewBox="0 0 16 16"
            aria-hidden="true"
            inner_html=glyph.drawing()
        ></svg>
    }
}

/// A ground and a key on it.
const SIGN: &str = r#"<path class="sign-ground" d="M0 5.5A5.5 5.5 0 0 1 5.5 0h13A5.5 5.5 0 0 1 24 5.5v13a5.5 5.5 0 0 1-5.5 5.5h-13A5.5 5.5 0 0 1 0 18.5z"/><path class="sign-key" d="M12 4.5a4.25 4.25 0 0 1 1.5 8.23V14h2.75v2.5H13.5v1H16V20h-5.5v-7.27A4.25 4.25 0 0 1 12 4.5m0 2.75a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3"/>"#;

/// The sign of the product: a key whose bit is a latch.
#[component]
pub fn Sign() -> impl IntoView {
    view! {
        <svg
            class="sign"
            viewBox="0 0 24 24"
            aria-hidden="true"
            inner_html=SIGN
        ></svg>
    }
}

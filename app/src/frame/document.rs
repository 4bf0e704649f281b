//! The HTML document.

use leptos::prelude::*;

use super::context::Theme;

/// The shell around the body. Scripts come in by `head`, with their nonce, from whoever serves the page.
#[component]
pub fn Document(
    /// The title, with the state of the page: "Payroll reader: waiting for your manager".
    #[prop(into)]
    title: String,
    /// The address of the style sheet.
    #[prop(into)]
    style_href: String,
    /// The address of the icon.
    #[prop(into)]
    icon_href: String,
    /// The colours.
    #[prop(optional)]
    theme: Theme,
    /// What else belongs into the head.
    #[prop(optional_no_strip)]
    head: Option<AnyView>,
    /// A class for the body: `bare` for pages without the frame.
    #[prop(optional)]
    body_class: Option<&'static str>,
    /// The body.
    children: Children,
) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <title>{format!("{title} \u{b7} Latchkey")}</title>
                <meta name="color-scheme" content="light dark"/>
                <link rel="stylesheet" href=style_href/>
                <link rel="icon" href=icon_href type="image/svg+xml"/>
                {head}
            </head>
            <body class=body_class>{children()}</body>
        </html>
    }
    .into_any()
}

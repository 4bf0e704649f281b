//! Buttons change something, link buttons lead somewhere; both look the same because people press both.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// How much a button asks to be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Weight {
    /// The one action of the page.
    Primary,
    /// Any other action.
    #[default]
    Plain,
    /// Takes something away or says no.
    Danger,
    /// Beside many others of its kind, in a row.
    Quiet,
}

impl Weight {
    /// The class of a button of this weight.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button",
            Self::Danger => "button button-danger",
            Self::Quiet => "button button-quiet",
        }
    }
}

/// Submits the form that it stands in.
#[component]
pub fn Button(
    /// What it does, as a verb.
    #[prop(into)]
    label: String,
    /// More words for those who hear the page, where the label repeats in a list: "Payroll reader".
    #[prop(optional_no_strip, into)]
    about: Option<String>,
    /// How much it asks to be pressed.
    #[prop(optional)]
    weight: Weight,
    /// A drawing before the label.
    #[prop(optional)]
    glyph: Option<Glyph>,
    /// What it sends, when a form has several buttons.
    #[prop(optional)]
    name: Option<&'static str>,
    /// The value that goes with `name`.
    #[prop(optional)]
    value: Option<&'static str>,
    /// The key that opens or presses it, where keys are on; read by the island for keys.
    #[prop(optional)]
    key: Option<&'static str>,
) -> impl IntoView {
    view! {
        <button type="submit" class=weight.class() name=name value=value data-key=key>
            {glyph.map(|glyph| view! { <Icon glyph=glyph/> })}
            {label}
            {about.map(|about| view! { <span class="unseen">" " {about}</span> })}
        </button>
    }
}

/// Leads somewhere, with the looks of a button.
#[component]
pub fn LinkButton(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// What one does there, as a verb.
    #[prop(into)]
    label: String,
    /// More words for those who hear the page.
    #[prop(optional_no_strip, into)]
    about: Option<String>,
    /// How much it asks to be pressed.
    #[prop(optional)]
    weight: Weight,
    /// A drawing before the label.
    #[prop(optional)]
    glyph: Option<Glyph>,
    /// The key that follows it, where keys are on.
    #[prop(optional)]
    key: Option<&'static str>,
) -> impl IntoView {
    view! {
        <a class=weight.class() href=href data-key=key>
            {glyph.map(|glyph| view! { <Icon glyph=glyph/> })}
            {label}
            {about.map(|about| view! { <span class="unseen">" " {about}</span> })}
        </a>
    }
}

/// A form that holds one button and what it needs to know: for small changes in a row.
#[component]
pub fn ButtonForm(
    /// Where it posts to, one of the fixed `/do/…` names.
    action: &'static str,
    /// Hidden fields: names and values.
    fields: Vec<(&'static str, String)>,
    /// The button.
    children: Children,
) -> impl IntoView {
    view! {
        <form method="post" action=action class="button-form">
            <HiddenFields fields=fields/>
            {children()}
        </form>
    }
}

/// Hidden fields of a form.
#[component]
pub fn HiddenFields(
    /// Names and values.
    fields: Vec<(&'static str, String)>,
) -> impl IntoView {
    fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
}

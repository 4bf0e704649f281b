//! Light, dark, or as the system has it.

use leptos::prelude::*;

use super::alive;

/// The values of the cookie `latchkey_theme` and of `data-theme`, and what they are called.
const THEMES: [(&str, &str); 3] = [("system", "As the system"), ("light", "Light"), ("dark", "Dark")];

/// Three choices in the person's menu. The choice applies at once and is kept in a cookie, so that the server draws the
/// next page in it from its first byte.
#[island]
pub fn ThemeSwitch(
    /// What is chosen now: `system`, `light` or `dark`.
    theme: String,
) -> impl IntoView {
    let alive = alive();
    let choices = THEMES
        .into_iter()
        .map(|(value, label)| {
            view! {
                <label class="theme-choice">
                    <input
                        type="radio"
                        name="theme"
                        value=value
                        checked=value == theme
                        on:change=move |_| {
                            #[cfg(feature = "hydrate")]
                            choose(value);
                        }
                    />
                    {label}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="theme-switch" hidden=move || !alive.get()>
            <legend>"Colours"</legend>
            {choices}
        </fieldset>
    }
}

#[cfg(feature = "hydrate")]
fn choose(theme: &'static str) {
    use super::browser::{document, set_cookie};
    if let Some(root) = document().document_element() {
        _ = if theme == "system" {
            root.remove_attribute("data-theme")
        } else {
            root.set_attribute("data-theme", theme)
        };
    }
    set_cookie("latchkey_theme", theme);
}

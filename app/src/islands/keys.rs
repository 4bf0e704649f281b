//! Keys for those who do this all day.

use leptos::prelude::*;

use super::alive;

/// What the keys do, as the list of them says it.
const KEYS: [(&str, &str); 9] = [
    ("/", "Search"),
    ("j", "Next row"),
    ("k", "Previous row"),
    ("Enter", "Open the row"),
    ("x", "Select the row"),
    ("Shift x", "Select all rows"),
    ("a", "Approve: opens the confirmation"),
    ("d", "Deny: opens the confirmation"),
    ("?", "Show these keys"),
];

/// For the end of the body: the keys, the list of them, and the switch that turns them off (WCAG 2.1.4), kept in this
/// browser. Rows are marked
/// `data-row`; what else a key presses or focuses is marked `data-key`.
#[island]
pub fn Keys() -> impl IntoView {
    let (on, turn) = signal(true);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| pressed::listen(on, turn));
    #[cfg(not(feature = "hydrate"))]
    let _ = turn;
    let list = KEYS
        .into_iter()
        .map(|(key, does)| {
            view! {
                <div class="keys-line">
                    <dt>
                        <kbd>{key}</kbd>
                    </dt>
                    <dd>{does}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <dialog id="keys" class="keys" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <dl>{list}</dl>
            <label>
                <input
                    type="checkbox"
                    prop:checked=on
                    on:change=move |_| {
                        turn.update(|on| *on = !*on);
                        #[cfg(feature = "hydrate")]
                        pressed::remember(on.get_untracked());
                    }
                />
                "Use these keys in this browser"
            </label>
            <form method="dialog">
                <button class="button">"Close"</button>
            </form>
        </dialog>
    }
}

/// Shows the list of keys: in the person's menu, for those who don't know `?` or have turned the keys off.
#[island]
pub fn KeysButton() -> impl IntoView {
    let alive = alive();
    view! {
        <button
            type="button"
            class="menu-item"
            hidden=move || !alive.get()
            on:click=move |_| {
                #[cfg(feature = "hydrate")]
                pressed::show();
            }
        >
            "Keys"
        </button>
    }
}

#[cfg(feature = "hydrate")]
mod pressed {
    use leptos::{
        prelude::*,
        web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent},
    };
    use wasm_bindgen::JsCast;

    use crate::islands::browser::{all, document, first, listen as on_event, local_storage, window};

    const STORED: &str = "latchkey_keys";

    pub fn listen(on: ReadSignal<bool>, turn: WriteSignal<bool>) {
        let off = local_storage()
            .and_then(|storage| storage.get_item(STORED).ok().flatten())
            .is_some_and(|kept| kept == "off");
        turn.set(!off);
        on_event(&window(), "keydown", move |event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
            if on.get_untracked() && !meant_for_something_else(event) && press(&event.key()) {
                event.prevent_default();
            }
        });
    }

    pub fn remember(on: bool) {
        if let Some(storage) = local_storage() {
            _ = storage.set_item(STORED, if on { "on" } else { "off" });
        }
    }

    pub fn show() {
        if let Some(dialog) =
            document().get_element_by_id("keys").and_then(|found| found.dyn_into::<HtmlDialogElement>().ok())
        {
            _ = dialog.show_modal();
        }
    }

    /// Typing, a browser's own shortcut, or an open dialog.
    fn meant_for_something_else(event: &KeyboardEvent) -> bool {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
            return true;
        }
        let typing = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()).is_some_and(|at| {
            at.is_content_editable()
                || at.matches("input:not([type=checkbox]):not([type=radio]), textarea, select").unwrap_or(false)
        });
        typing || first(&document(), "dialog[open]").is_some()
    }

    /// True if the key did something.
    fn press(key: &str) -> bool {
        match key {
            "?" => {
                show();
                true
            }
            "j" => step(1),
            "k" => step(-1),
            "x" => select(),
            "X" => select_all(),
            "/" | "a" | "d" => named(key),
            // Enter follows the link that `j` and `k` put the focus on: the browser's own doing.
            _ => false,
        }
    }

    /// Presses or focuses what is marked with the key.
    fn named(key: &str) -> bool {
        let found = all(&document(), "[data-key]")
            .filter(|element| element.get_attribute("data-key").as_deref() == Some(key))
            .filter_map(|element| element.dyn_into::<HtmlElement>().ok())
            .find(|element| element.offset_parent().is_some());
        let Some(element) = found else { return false };
        if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
            _ = input.focus();
            input.select();
        } else {
            element.click();
        }
        true
    }

    fn rows() -> Vec<Element> {
        all(&document(), "main [data-row]").collect()
    }

    /// The row that has the focus.
    fn here(rows: &[Element]) -> Option<usize> {
        let focused = document().active_element()?;
        rows.iter().position(|row| row.contains(Some(&focused)))
    }

    /// To the next row or the one before: the focus goes to its link.
    fn step(by: isize) -> bool {
        let rows = rows();
        let next = match here(&rows) {
            Some(at) => at.checked_add_signed(by),
            None => Some(0),
        };
        let Some(row) = next.and_then(|next| rows.get(next)) else { return !rows.is_empty() };
        let to = first(row, "a").or_else(|| first(row, "button, input"));
        if let Some(link) = to.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            _ = link.focus();
        }
        true
    }

    /// Ticks the box that ticks them all.
    fn select_all() -> bool {
        let all = first(&document(), "main .select-all input").and_then(|found| found.dyn_into::<HtmlElement>().ok());
        if let Some(all) = &all {
            all.click();
        }
        all.is_some()
    }

    /// Ticks the row's box.
    fn select() -> bool {
        let rows = rows();
        let tick = here(&rows)
            .and_then(|at| rows.get(at))
            .and_then(|row| first(row, "input[type=checkbox]"))
            .and_then(|found| found.dyn_into::<HtmlElement>().ok());
        if let Some(tick) = &tick {
            tick.click();
        }
        tick.is_some()
    }
}

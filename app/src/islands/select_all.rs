//! Choosing many rows at once.

use leptos::prelude::*;

use super::alive;

/// A checkbox that chooses every checkbox of a list, and says how many are chosen.
#[island]
pub fn SelectAll(
    /// The id of the element around the list.
    list: String,
    /// The name of the checkboxes.
    name: String,
) -> impl IntoView {
    let alive = alive();
    let (chosen, choose) = signal((0_usize, 0_usize));
    let boxes = StoredValue::new((list, name));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| many::watch(boxes, choose));
    #[cfg(not(feature = "hydrate"))]
    let _ = (boxes, choose);
    view! {
        <div class="select-all" hidden=move || !alive.get()>
            <label>
                <input
                    type="checkbox"
                    prop:checked=move || matches!(chosen.get(), (count, all) if all > 0 && count == all)
                    prop:indeterminate=move || matches!(chosen.get(), (count, all) if count > 0 && count < all)
                    on:change=move |_| {
                        #[cfg(feature = "hydrate")]
                        many::set_all(boxes, choose);
                    }
                />
                "Select all"
            </label>
            <span role="status">
                {move || match chosen.get().0 {
                    0 => String::new(),
                    count => format!("{count} selected"),
                }}
            </span>
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod many {
    use leptos::{prelude::*, web_sys::HtmlInputElement};
    use wasm_bindgen::JsCast;

    use crate::islands::browser::{all, document, listen};

    type Boxes = StoredValue<(String, String)>;
    type Chosen = WriteSignal<(usize, usize)>;

    fn boxes(of: Boxes) -> Vec<HtmlInputElement> {
        let (list, name) = of.get_value();
        let Some(list) = document().get_element_by_id(&list) else { return Vec::new() };
        all(&list, "input[type=checkbox]:not(:disabled)")
            .filter_map(|element| element.dyn_into::<HtmlInputElement>().ok())
            .filter(|input| input.name() == name)
            .collect()
    }

    fn count(of: Boxes, choose: Chosen) {
        let boxes = boxes(of);
        choose.set((boxes.iter().filter(|input| input.checked()).count(), boxes.len()));
    }

    pub fn watch(of: Boxes, choose: Chosen) {
        count(of, choose);
        if let Some(list) = document().get_element_by_id(&of.get_value().0) {
            listen(&list, "change", move |_| count(of, choose));
        }
    }

    /// All, unless all were chosen already.
    pub fn set_all(of: Boxes, choose: Chosen) {
        let boxes = boxes(of);
        let every = boxes.iter().all(HtmlInputElement::checked);
        for input in &boxes {
            input.set_checked(!every);
        }
        count(of, choose);
    }
}

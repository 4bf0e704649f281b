//! The few things that islands do with the page's elements.

use leptos::web_sys::{Document, Element, Event, EventTarget, HtmlDocument, Node, Storage, Window};
use wasm_bindgen::{JsCast, closure::Closure};

pub fn window() -> Window {
    leptos::prelude::window()
}

pub fn document() -> Document {
    leptos::prelude::document()
}

/// The browser's store for this origin; none where the person has turned it off.
pub fn local_storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Sets a cookie for a year. It says nothing about the person and is read by the server when it draws a page.
pub fn set_cookie(name: &str, value: &str) {
    let secure = if window().location().protocol().is_ok_and(|p| p == "https:") { "; Secure" } else { "" };
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        _ = document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}"));
    }
}

/// The first element below that a selector names.
pub fn first(below: &Node, selector: &str) -> Option<Element> {
    // A document has the method of an element's name too.
    below.unchecked_ref::<Element>().query_selector(selector).ok().flatten()
}

/// Every element below that a selector names, as they are now.
pub fn all(below: &Node, selector: &str) -> impl Iterator<Item = Element> + use<> {
    let found = below.unchecked_ref::<Element>().query_selector_all(selector).ok();
    let count = found.as_ref().map_or(0, |found| found.length());
    (0..count).filter_map(move |at| found.as_ref()?.item(at)?.dyn_into().ok())
}

/// Listens for as long as the page lives.
pub fn listen(target: &EventTarget, event: &str, heard: impl FnMut(Event) + 'static) {
    let heard = Closure::<dyn FnMut(Event)>::new(heard);
    _ = target.add_event_listener_with_callback(event, heard.as_ref().unchecked_ref());
    heard.forget();
}

/// Makes an element like another one by changing only what differs: what stays the same keeps its focus, its selection and,
/// for an opened `<details>`, its being open.
pub fn update(old: &Element, new: &Element) {
    if old.is_equal_node(Some(new)) {
        return;
    }
    // An island looks after itself, and what somebody is typing stays.
    let typing = old
        .owner_document()
        .and_then(|d| d.active_element())
        .is_some_and(|at| &at == old && at.matches("input, textarea, select").unwrap_or(false));
    if old.tag_name() == "LEPTOS-ISLAND" || typing {
        return;
    }
    let (was, is) = (old.child_nodes(), new.child_nodes());
    let alike = old.tag_name() == new.tag_name()
        && old.id() == new.id()
        && was.length() == is.length()
        && (0..was.length())
            .all(|at| matches!((was.item(at), is.item(at)), (Some(a), Some(b)) if a.node_type() == b.node_type()));
    if !alike {
        if let Some(document) = old.owner_document()
            && let Ok(copy) = document.import_node_with_deep(new, true)
        {
            _ = old.replace_with_with_node_1(&copy);
        }
        return;
    }
    update_attributes(old, new);
    for at in 0..was.length() {
        let (Some(a), Some(b)) = (was.item(at), is.item(at)) else { continue };
        match (a.dyn_ref::<Element>(), b.dyn_ref::<Element>()) {
            (Some(a), Some(b)) => update(a, b),
            _ if a.node_value() != b.node_value() => a.set_node_value(b.node_value().as_deref()),
            _ => {}
        }
    }
}

fn update_attributes(old: &Element, new: &Element) {
    for name in old.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        if name != "open" && !new.has_attribute(&name) {
            _ = old.remove_attribute(&name);
        }
    }
    for name in new.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        let value = new.get_attribute(&name).unwrap_or_default();
        if name != "open" && old.get_attribute(&name).as_deref() != Some(value.as_str()) {
            _ = old.set_attribute(&name, &value);
        }
    }
}

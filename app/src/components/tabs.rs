//! Parts of a page that have their own address.

use leptos::prelude::*;

use super::duration::number;

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// What is read.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// How many are in it.
    pub count: Option<u32>,
    /// True for the one that is shown.
    pub here: bool,
}

/// Links in a row; the one that is shown says so.
#[component]
pub fn Tabs(
    /// The parts.
    tabs: Vec<Tab>,
    /// What they are parts of.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <nav class="tabs" aria-label=label>
            <ul>
                {tabs
                    .into_iter()
                    .map(|tab| {
                        view! {
                            <li>
                                <a href=tab.href aria-current=tab.here.then_some("page")>
                                    {tab.label}
                                    {tab.count.map(|count| view! { " " <span class="count">{number(i64::from(count))}</span> })}
                                </a>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </nav>
    }
}

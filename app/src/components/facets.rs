//! Narrowing a list: links with counts, the choice kept in the address.

use leptos::prelude::*;

use super::duration::number;
use super::icon::{Glyph, Icon};

/// One way to narrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetOption {
    /// What is read.
    pub label: String,
    /// How many would be left.
    pub count: Option<u32>,
    /// The list with this option turned on, or off if it is on.
    pub href: String,
    /// True if it is on.
    pub on: bool,
}

/// Options of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetGroup {
    /// A key for the id of its heading: `system`.
    pub key: &'static str,
    /// Its heading.
    pub title: String,
    /// Its options; the most used first.
    pub options: Vec<FacetOption>,
}

/// A choice that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// "System: Company directory".
    pub label: String,
    /// The list without it.
    pub remove: String,
}

/// The groups, beside the list when wide, folded above it when narrow.
#[component]
pub fn Facets(
    /// The groups.
    groups: Vec<FacetGroup>,
    /// What the list holds: "roles".
    what: &'static str,
) -> impl IntoView {
    let on = groups.iter().flat_map(|group| &group.options).filter(|option| option.on).count();
    let label = format!("Narrow the {what}");
    view! {
        <details class="facets" open=false>
            <summary class="button">
                <Icon glyph=Glyph::Filter/>
                "Narrow"
                {(on > 0).then(|| view! { <span class="count">{format!("{on} on")}</span> })}
            </summary>
            <nav class="facet-groups" aria-label=label>
                {groups.into_iter().map(|group| view! { <Group group=group/> }).collect_view()}
            </nav>
        </details>
    }
    .into_any()
}

#[component]
fn Group(group: FacetGroup) -> impl IntoView {
    let id = format!("facet-{}", group.key);
    view! {
        <div>
            <h2 class="facet-title" id=id.clone()>
                {group.title}
            </h2>
            <ul aria-labelledby=id>
                {group
                    .options
                    .into_iter()
                    .map(|option| {
                        view! {
                            <li>
                                <a class="facet" href=option.href aria-current=option.on.then_some("true")>
                                    <span class="facet-box">
                                        {option.on.then(|| view! { <Icon glyph=Glyph::Check/> })}
                                    </span>
                                    <span>{option.label}</span>
                                    {option
                                        .count
                                        .map(|count| view! { <span class="facet-count">{number(i64::from(count))}</span> })}
                                </a>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </div>
    }
    .into_any()
}

/// What is in force, each with a way to take it off, over the list.
#[component]
pub fn ChosenFacets(
    /// The choices.
    chosen: Vec<Chosen>,
    /// The list without any of them.
    clear: String,
) -> impl IntoView {
    (!chosen.is_empty()).then(|| {
        view! {
            <ul class="chosen" aria-label="Narrowed by">
                {chosen
                    .into_iter()
                    .map(|choice| {
                        view! {
                            <li>
                                <a class="chosen-one" href=choice.remove>
                                    <span class="unseen">"Remove "</span>
                                    {choice.label}
                                    <Icon glyph=Glyph::Cross/>
                                </a>
                            </li>
                        }
                    })
                    .collect_view()}
                <li>
                    <a class="chosen-clear" href=clear>
                        "Show all"
                    </a>
                </li>
            </ul>
        }
    })
}

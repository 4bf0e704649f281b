//! What a role gives: by system, in the words of a user; the names that machines use on demand.

use leptos::prelude::*;

use crate::components::{CopyCode, Disclosure, Risk, RiskLevel, SystemName, SystemRef};

/// One entitlement of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gives {
    /// Its name.
    pub name: String,
    /// What it lets one do.
    pub description: String,
    /// What it is on that system: "group", "database role", "application role".
    pub kind: String,
    /// Its name on that system.
    pub native: String,
}

/// What a role gives on one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemGives {
    /// The system.
    pub system: SystemRef,
    /// Set if the system is not connected or unwell: what that means for somebody who asks.
    pub remark: Option<String>,
    /// The entitlements.
    pub entitlements: Vec<Gives>,
}

/// In the words of a user.
#[component]
pub fn GivesList(
    /// By system.
    gives: Vec<SystemGives>,
) -> impl IntoView {
    view! {
        <div class="gives">
            {gives
                .into_iter()
                .map(|SystemGives { system, remark, entitlements }| {
                    view! {
                        <div class="gives-system">
                            <p class="gives-name">
                                <SystemName system=system/>
                            </p>
                            <div>
                                {remark.map(|remark| view! { <p class="gives-remark">{remark}</p> })}
                                <ul>
                                    {entitlements
                                        .into_iter()
                                        .map(|one| {
                                            view! {
                                                <li>
                                                    <span class="gives-what">{one.name}</span>
                                                    <span class="gives-how">{one.description}</span>
                                                </li>
                                            }
                                        })
                                        .collect_view()}
                                </ul>
                            </div>
                        </div>
                    }
                })
                .collect_view()}
        </div>
    }
    .into_any()
}

/// The exact names, for those who want them.
#[component]
pub fn ExactNames(
    /// By system.
    gives: Vec<SystemGives>,
) -> impl IntoView {
    view! {
        <Disclosure label="The exact entitlements">
            <dl class="exact">
                {gives
                    .into_iter()
                    .flat_map(|by| by.entitlements.into_iter().map(move |one| (by.system.name.clone(), one)))
                    .map(|(system, one)| {
                        view! {
                            <div>
                                <dt>{one.name}</dt>
                                <dd>
                                    <span class="muted">{format!("{} on {system}", one.kind)}</span>
                                    <CopyCode text=one.native/>
                                </dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        </Disclosure>
    }
    .into_any()
}

/// How risky a role is, and what that means, in a line.
#[component]
pub fn RiskLine(
    /// How much.
    level: RiskLevel,
    /// What it means: "It reads personal data."
    #[prop(optional_no_strip)]
    why: Option<String>,
) -> impl IntoView {
    view! {
        <Risk level=level/>
        {why.map(|why| view! { <span class="muted">" " {why}</span> })}
    }
}

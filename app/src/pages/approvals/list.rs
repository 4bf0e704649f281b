//! The list, beside the open decision when wide, before it when narrow.

use leptos::prelude::*;

use super::detail::DecisionView;
use super::{ApprovalRow, ApprovalsPage};
use crate::components::{Empty, Glyph, Icon, Mark, MarkShape, PageHead, Pager, Risk, Tabs, Time, Told};
use crate::frame::Reader;

/// Draws the page.
#[component]
pub fn ApprovalsView(
    /// What it shows.
    page: ApprovalsPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let heading = page.heading();
    let ApprovalsPage { tabs, rows, links, open, named, list_href, .. } = page;
    let none = rows.is_empty();
    view! {
        <div class=if named { "approvals approvals-named" } else { "approvals" }>
            <div class="approvals-head">
                <PageHead title=heading>
                    <p>
                        <a href="/approvals/delegation">"Out of office"</a>
                    </p>
                </PageHead>
                <Tabs tabs=tabs label="Which decisions"/>
            </div>
            {if none && open.is_none() {
                view! {
                    <Empty title="No decision is open">
                        <p>"When somebody asks for access that you decide on, it appears here and you get an e-mail."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <div class="approvals-split">
                        <div class="approvals-list">
                            <ul class="rows">{rows.into_iter().map(|row| approval_row(row, reader)).collect_view()}</ul>
                            <Pager links=links/>
                        </div>
                        <div class="approvals-open">
                            <a class="back approvals-back" href=list_href>
                                <Icon glyph=Glyph::Left/>
                                "All decisions"
                            </a>
                            {match open {
                                Some(decision) => view! { <DecisionView decision=decision reader=reader/> }.into_any(),
                                None => view! { <p class="muted">"Choose a decision from the list."</p> }.into_any(),
                            }}
                        </div>
                    </div>
                }
                    .into_any()
            }}
        </div>
    }
    .into_any()
}

fn approval_row(row: ApprovalRow, reader: Reader) -> AnyView {
    let ApprovalRow { href, open, who, role, risk, how_long, since, unusual, decided } = row;
    view! {
        <li class=if open { "row row-approval row-open" } else { "row row-approval" } data-row="">
            <p class="row-title">
                <a class="row-link" href=href aria-current=open.then_some("true")>
                    {role}
                </a>
            </p>
            <p class="row-when">
                <Time at=since reader=reader told=Told::Relative/>
            </p>
            <p class="row-text">{who} ", " {how_long}</p>
            <p class="row-facts">
                <Risk level=risk/>
                {unusual
                    .map(|words| {
                        view! {
                            <span class="state tone-attention">
                                <MarkShape mark=Mark::Attention/>
                                <span>{words}</span>
                            </span>
                        }
                    })}
                {decided
                    .map(|(mark, words)| {
                        view! {
                            <span class=format!("state tone-{}", mark.tone())>
                                <MarkShape mark=mark/>
                                <span>{words}</span>
                            </span>
                        }
                    })}
            </p>
        </li>
    }
    .into_any()
}

//! The list, beside the open decision when wide, before it when narrow.

use leptos::prelude::*;

use super::detail::DecisionView;
use super::{ApprovalRow, ApprovalsPage};
use crate::components::{
    ChosenFacets, Empty, Facets, Glyph, Icon, Mark, MarkShape, PageHead, Pager, Risk, Tabs, Time, Told,
};
use crate::frame::Reader;
use crate::islands::SelectAll;

/// Draws the page.
#[component]
pub fn ApprovalsView(
    /// What it shows.
    page: ApprovalsPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let heading = page.heading();
    let ApprovalsPage {
        tabs, rows, links, open, named, list_href, facets, chosen, clear, narrowed, one_by_one, ..
    } = page;
    let none = rows.is_empty();
    view! {
        <div class=if named { "approvals approvals-named" } else { "approvals" }>
            <div class="approvals-head">
                <PageHead title=heading>
                    <p>
                        <a href="/approvals/delegation">"Out of office"</a>
                        ", "
                        <a href="/wishes">"wishes in words"</a>
                    </p>
                </PageHead>
                <Tabs tabs=tabs label="Which decisions"/>
            </div>
            {if none && open.is_none() && !narrowed {
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
                            {(!facets.is_empty())
                                .then(|| view! { <Facets groups=facets what="decisions"/> }.into_any())}
                            {view! { <ChosenFacets chosen=chosen clear=clear.clone()/> }.into_any()}
                            {none.then(|| nothing_fits(clear))} {inbox(rows, one_by_one, reader)} <Pager links=links/>
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

fn nothing_fits(clear: String) -> AnyView {
    view! {
        <Empty title="No decision fits all of these">
            <p>
                <a href=clear>"Look at all of them"</a>
                "."
            </p>
        </Empty>
    }
    .into_any()
}

/// The rows, with boxes where several of them can be decided together.
fn inbox(rows: Vec<ApprovalRow>, one_by_one: bool, reader: Reader) -> AnyView {
    let several = rows.iter().filter(|row| row.select.is_some()).count() > 1;
    let list =
        view! { <ul class="rows">{rows.into_iter().map(|row| approval_row(row, several, reader)).collect_view()}</ul> };
    if !several {
        return list.into_any();
    }
    view! {
        <form method="get" action="/approvals/together" id="together">
            <div class="together-bar">
                <SelectAll list="together".to_owned() name="item".to_owned()/>
                <button class="button" type="submit">
                    "Decide the selected ones"
                </button>
            </div>
            {one_by_one.then(|| view! { <p class="muted">"What is of high or critical risk is decided by itself."</p> })}
            {list.into_any()}
        </form>
    }
    .into_any()
}

fn approval_row(row: ApprovalRow, several: bool, reader: Reader) -> AnyView {
    let ApprovalRow { href, open, who, role, risk, how_long, since, unusual, decided, select } = row;
    let about = format!("Select {role} for {who}");
    let class = match (open, several) {
        (true, true) => "row row-approval row-several row-open",
        (true, false) => "row row-approval row-open",
        (false, true) => "row row-approval row-several",
        (false, false) => "row row-approval",
    };
    view! {
        <li class=class data-row="">
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
            {several
                .then(|| {
                    view! {
                        <span class="row-select">
                            {select
                                .map(|id| view! { <input type="checkbox" name="item" value=id aria-label=about/> })}
                        </span>
                    }
                })}
        </li>
    }
    .into_any()
}

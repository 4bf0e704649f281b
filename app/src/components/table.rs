//! Tables that scan: a caption, heads with a scope, numbers that line up. On narrow screens each row becomes a block
//! with its heads as labels; explicit roles keep it a table for those who hear it.

use leptos::prelude::*;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub label: &'static str,
    /// True for numbers: they line up at the right.
    pub number: bool,
    /// True if the head is only for those who hear it, such as over a column of buttons.
    pub unseen: bool,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub const fn words(label: &'static str) -> Self {
        Self { label, number: false, unseen: false }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(label: &'static str) -> Self {
        Self { label, number: true, unseen: false }
    }

    /// A column of actions.
    #[must_use]
    pub const fn actions(label: &'static str) -> Self {
        Self { label, number: false, unseen: true }
    }
}

/// A table. The caption is heard; the heading above says it to the eye.
#[component]
pub fn Table(
    /// What the table holds.
    #[prop(into)]
    caption: String,
    /// Its columns.
    columns: Vec<Column>,
    /// `Row`s.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="table-box">
            <table class="table" role="table">
                <caption class="unseen">{caption}</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        {columns
                            .into_iter()
                            .map(|column| {
                                view! {
                                    <th scope="col" role="columnheader" class=column.number.then_some("number")>
                                        {if column.unseen {
                                            view! { <span class="unseen">{column.label}</span> }.into_any()
                                        } else {
                                            column.label.into_any()
                                        }}
                                    </th>
                                }
                            })
                            .collect_view()}
                    </tr>
                </thead>
                <tbody role="rowgroup">{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A row, one of those that the keys move along.
#[component]
pub fn Row(
    /// `RowHead` and `Cell`s.
    children: Children,
) -> impl IntoView {
    view! { <tr role="row" data-row="">{children()}</tr> }
}

/// The cell that names its row.
#[component]
pub fn RowHead(
    /// The name, often a link.
    children: Children,
) -> impl IntoView {
    view! { <th scope="row" role="rowheader">{children()}</th> }
}

/// A cell of words.
#[component]
pub fn Cell(
    /// The head of its column, shown before it on narrow screens.
    label: &'static str,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    view! {
        <td role="cell" data-label=label>
            {children()}
        </td>
    }
}

/// A cell with a number.
#[component]
pub fn NumberCell(
    /// The head of its column.
    label: &'static str,
    /// The number, or words in its place.
    children: Children,
) -> impl IntoView {
    view! {
        <td role="cell" data-label=label class="number">
            {children()}
        </td>
    }
}

/// A cell with the row's actions; it has no label on narrow screens.
#[component]
pub fn ActionCell(
    /// Buttons and links.
    children: Children,
) -> impl IntoView {
    view! {
        <td role="cell" class="cell-actions">
            <div class="row-actions">{children()}</div>
        </td>
    }
}

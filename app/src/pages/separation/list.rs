//! The rules in plain words, and how many are in conflict by each.

use leptos::prelude::*;

use super::{Conflicted, RuleRow, SeparationPage, SideWords};
use crate::components::{
    Cell, Column, Empty, Glyph, LinkButton, Mark, PageHead, PersonChip, Row, RowHead, State, StateWord, Table,
};

/// Draws the page.
#[component]
pub fn SeparationView(
    /// What it shows.
    page: SeparationPage,
) -> impl IntoView {
    let SeparationPage { rules, report_href } = page;
    view! {
        <PageHead title="Separation of duties">
            <p>"What one person must not combine. The rules are asked when somebody asks for a role, when it is decided, and before anything is set up."</p>
        </PageHead>
        {report_href
            .map(|href| {
                view! {
                    <p class="action-bar">
                        <LinkButton href=href label="Everybody in conflict today" glyph=Glyph::Person/>
                    </p>
                }
            })}
        {if rules.is_empty() {
            view! {
                <Empty title="No rule keeps duties apart yet">
                    <p>
                        "Rules are written in " <code>"separation.toml"</code> " beside the catalog\u{2019}s other files and come into force with "
                        <code>"latchkey apply"</code> "."
                    </p>
                </Empty>
            }
                .into_any()
        } else {
            rule_table(rules)
        }}
    }
    .into_any()
}

/// "Blocks", or who has to agree.
pub(super) fn outcome(approver: Option<&String>) -> String {
    approver.map_or_else(|| "Nobody is given both".to_owned(), |name| format!("{name} has to agree as well"))
}

/// The sides, one under the other.
pub(super) fn side_list(sides: Vec<SideWords>) -> AnyView {
    view! {
        <ul class="plain sides">
            {sides
                .into_iter()
                .map(|SideWords { name, members }| {
                    let last = members.len().saturating_sub(1);
                    view! {
                        <li>
                            <span class="side-name">{name}</span>
                            <span class="row-under">
                                {members
                                    .into_iter()
                                    .enumerate()
                                    .map(|(at, member)| {
                                        let joint = if at == 0 {
                                            ""
                                        } else if at == last {
                                            " or "
                                        } else {
                                            ", "
                                        };
                                        view! {
                                            {joint}
                                            {match member.href {
                                                Some(href) => view! { <a href=href>{member.name}</a> }.into_any(),
                                                None => member.name.into_any(),
                                            }}
                                        }
                                    })
                                    .collect_view()}
                            </span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

/// How many are in conflict, with a shape.
pub(super) fn conflicted(count: Conflicted) -> StateWord {
    let mark = match (count.people, count.without) {
        (0, _) => Mark::Done,
        (_, 0) => Mark::Waiting,
        _ => Mark::Attention,
    };
    StateWord::new(mark, count.words())
}

fn rule_table(rules: Vec<RuleRow>) -> AnyView {
    let columns = vec![
        Column::words("Rule"),
        Column::words("Kept apart"),
        Column::words("What happens"),
        Column::words("Owner"),
        Column::words("In conflict today"),
    ];
    view! {
        <Table caption="Rules that keep duties apart" columns=columns>
            {rules
                .into_iter()
                .map(|rule| {
                    let what = outcome(rule.approver.as_ref());
                    view! {
                        <Row>
                            <RowHead>
                                <a class="row-name" href=rule.href>{rule.name}</a>
                            </RowHead>
                            <Cell label="Kept apart">{side_list(rule.sides)}</Cell>
                            <Cell label="What happens">{what}</Cell>
                            <Cell label="Owner">
                                {match rule.owner {
                                    Some(owner) => view! { <PersonChip person=owner/> }.into_any(),
                                    None => "Nobody".into_any(),
                                }}
                            </Cell>
                            <Cell label="In conflict today">
                                <State state=conflicted(rule.conflicted)/>
                            </Cell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
    }
    .into_any()
}

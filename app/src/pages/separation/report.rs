//! Everybody in conflict today: who, by which rule, what makes it, since when, and what lets it be.

use leptos::prelude::*;

use super::{ConflictLine, ReportPage, Standing, list::side_list};
use crate::components::{
    ActionCell, Cell, Column, Crumb, Empty, Glyph, LinkButton, Mark, PageHead, PageLinks, Pager, PagerWords,
    PersonChip, Row, RowHead, State, StateWord, Table, Time, Told,
};
use crate::frame::Reader;

/// Draws the page.
#[component]
pub fn ReportView(
    /// What it shows.
    page: ReportPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let ReportPage { lines, links, csv_href } = page;
    let back = Crumb { label: "Separation of duties".to_owned(), href: "/admin/separation".to_owned() };
    view! {
        <PageHead title=title back=back>
            <p>"Whoever has something of two sides of one rule, by what they hold now or from a day that is set."</p>
        </PageHead>
        {if lines.is_empty() && links.newer.is_none() {
            view! {
                <Empty title="Nobody is in conflict">
                    <p>"What the rules keep apart is apart."</p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                <p class="action-bar">
                    <LinkButton href=csv_href label="Save as CSV" glyph=Glyph::Download/>
                </p>
                {conflict_table(lines, links, true, reader)}
            }
                .into_any()
        }}
    }
    .into_any()
}

/// The list; `rules` says whether each line names its rule.
pub(super) fn conflict_table(lines: Vec<ConflictLine>, links: PageLinks, rules: bool, reader: Reader) -> AnyView {
    let can_except = lines.iter().any(|l| l.except_href.is_some());
    let mut columns = vec![Column::words("Person")];
    if rules {
        columns.push(Column::words("Rule"));
    }
    columns.extend([Column::words("What makes it"), Column::words("Both since"), Column::words("What lets it be")]);
    if can_except {
        columns.push(Column::actions("What you can do"));
    }
    view! {
        <Table caption="Everybody in conflict" columns=columns>
            {lines
                .into_iter()
                .map(|line| {
                    let about = line.who.name.clone();
                    view! {
                        <Row>
                            <RowHead>
                                <PersonChip person=line.who/>
                            </RowHead>
                            {rules
                                .then(|| {
                                    view! {
                                        <Cell label="Rule">
                                            {match line.rule.href {
                                                Some(href) => view! { <a href=href>{line.rule.name}</a> }.into_any(),
                                                None => line.rule.name.into_any(),
                                            }}
                                        </Cell>
                                    }
                                })}
                            <Cell label="What makes it">{side_list(line.sides)}</Cell>
                            <Cell label="Both since">
                                {match line.since {
                                    Some(at) => view! { <Time at=at reader=reader told=Told::Day/> }.into_any(),
                                    None => "not known".into_any(),
                                }}
                            </Cell>
                            <Cell label="What lets it be">{standing(line.standing, reader)}</Cell>
                            {can_except
                                .then(|| {
                                    view! {
                                        <ActionCell>
                                            {line
                                                .except_href
                                                .map(|href| {
                                                    view! { <LinkButton href=href label="Make an exception" about=about/> }
                                                })}
                                        </ActionCell>
                                    }
                                })}
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
        <Pager links=links words=PagerWords::BackOn/>
    }
    .into_any()
}

fn standing(standing: Standing, reader: Reader) -> AnyView {
    match standing {
        Standing::Open => view! { <State state=StateWord::new(Mark::Attention, "Nothing")/> }.into_any(),
        Standing::Agreed => view! { <State state=StateWord::new(Mark::Done, "Agreed to")/> }.into_any(),
        Standing::Excepted { until, owner } => view! {
            <State state=StateWord::new(Mark::Waiting, "An exception")/>
            <span class="row-under">
                "until " <Time at=until reader=reader told=Told::LastDay/>
                {owner.map(|owner| format!(", {owner} answers for it"))}
            </span>
        }
        .into_any(),
    }
}

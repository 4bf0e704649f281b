//! The reviews of what was taken in emergencies.

use leptos::prelude::*;

use super::{BreakGlassPage, ReviewLine};
use crate::components::{Cell, Column, Empty, PageHead, Pager, Row, RowHead, State, Table, Tabs, Time, Told};
use crate::frame::Reader;

/// Draws the page.
#[component]
pub fn BreakGlassView(
    /// What it shows.
    page: BreakGlassPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let BreakGlassPage { tabs, all, lines, links } = page;
    let whose = if all {
        "Roles that people took at once, in an emergency, and what somebody else found afterwards."
    } else {
        "Roles that you took at once, in an emergency, and those of your roles that others took."
    };
    let columns =
        vec![Column::words("What was taken"), Column::words("Why"), Column::words("When"), Column::words("Review")];
    view! {
        <PageHead title="Break-glass">
            <p>{whose}</p>
        </PageHead>
        <Tabs tabs=tabs label="Which reviews"/>
        {if lines.is_empty() {
            view! {
                <Empty title="No review is here">
                    <p>
                        "A role whose policy allows it can be taken in an emergency on its own page. Whoever would have decided is told at once, and a review falls due."
                    </p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                <Table caption="Roles that were taken in an emergency" columns=columns>
                    {lines.into_iter().map(|line| row(line, reader)).collect_view()}
                </Table>
                <Pager links=links/>
            }
                .into_any()
        }}
    }
    .into_any()
}

fn row(line: ReviewLine, reader: Reader) -> AnyView {
    let ReviewLine { href, who, role, reason, taken, state, due } = line;
    view! {
        <Row>
            <RowHead>
                <a class="row-name" href=href>{format!("{who} took {role}")}</a>
            </RowHead>
            <Cell label="Why">{reason}</Cell>
            <Cell label="When">
                <Time at=taken reader=reader told=Told::Absolute/>
            </Cell>
            <Cell label="Review">
                <State state=state/>
                {due
                    .map(|due| {
                        view! {
                            <span class="row-under">
                                "due " <Time at=due reader=reader told=Told::Full/>
                            </span>
                        }
                    })}
            </Cell>
        </Row>
    }
    .into_any()
}

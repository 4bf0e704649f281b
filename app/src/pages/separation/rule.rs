//! One rule: what it keeps apart and why, who is in conflict, the exceptions, and the form for one more.

use leptos::prelude::*;

use super::{
    ExceptionForm, ExceptionLine, RulePage,
    list::{conflicted, outcome, side_list},
    report::conflict_table,
};
use crate::components::{
    ActionBar, ActionCell, Button, Cell, Column, Crumb, DefinitionList, Empty, ErrorSummary, Fact, FormError, Glyph,
    HiddenFields, LinkButton, PageHead, PageLinks, Pager, PagerWords, PersonChip, Row, RowHead, Section, State, Table,
    TextArea, TextField, Time, Told, Weight,
};
use crate::frame::Reader;

/// Draws the page.
#[component]
pub fn RuleView(
    /// What it shows.
    page: RulePage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let RulePage {
        name,
        description,
        key,
        sides,
        approver,
        owner,
        version,
        since,
        conflicted: count,
        lines,
        links,
        csv_href,
        exceptions,
        exceptions_links,
        form,
    } = page;
    let back = Crumb { label: "Separation of duties".to_owned(), href: "/admin/separation".to_owned() };
    let what = outcome(approver.as_ref());
    let (may_grant, nobody) = (form.is_some(), lines.is_empty() && links.newer.is_none());
    view! {
        <PageHead title=name back=back>
            <p class="lead">{description}</p>
        </PageHead>
        <div class="aside-page">
            <div class="aside-main">
                <Section id="conflicts" title="In conflict today">
                    {if nobody {
                        view! { <Empty title="Nobody is in conflict by this rule"/> }.into_any()
                    } else {
                        view! {
                            <p class="action-bar">
                                <LinkButton href=csv_href label="Save as CSV" glyph=Glyph::Download/>
                            </p>
                            {conflict_table(lines, links, false, reader)}
                        }
                            .into_any()
                    }}
                </Section>
                <Section id="exceptions" title="Exceptions">
                    {exception_table(exceptions, exceptions_links, reader)}
                    {(!may_grant)
                        .then(|| {
                            view! {
                                <p class="muted">"The rule\u{2019}s owner and security make exceptions, each with a reason and an end."</p>
                            }
                        })}
                </Section>
                {form.map(|form| view! { <ExceptForm form=form/> })}
            </div>
            <aside class="aside-side" aria-label="About this rule">
                <DefinitionList>
                    <Fact name="Kept apart">{side_list(sides)}</Fact>
                    <Fact name="What happens">{what}</Fact>
                    <Fact name="In conflict today">
                        <State state=conflicted(count)/>
                    </Fact>
                    {owner
                        .map(|owner| {
                            view! {
                                <Fact name="Owner">
                                    <PersonChip person=owner/>
                                </Fact>
                            }
                        })}
                    <Fact name="Version">
                        {version.to_string()} ", since " <Time at=since reader=reader told=Told::Day/>
                    </Fact>
                    <Fact name="Key in the files">
                        <code>{key}</code>
                    </Fact>
                </DefinitionList>
            </aside>
        </div>
    }
    .into_any()
}

fn exception_table(rows: Vec<ExceptionLine>, links: PageLinks, reader: Reader) -> AnyView {
    if rows.is_empty() && links.newer.is_none() {
        return view! { <Empty title="There is no exception"/> }.into_any();
    }
    let columns = vec![
        Column::words("Person"),
        Column::words("Why"),
        Column::words("Until"),
        Column::words("Who answers for it"),
        Column::actions("What you can do"),
    ];
    view! {
        <Table caption="Exceptions from this rule" columns=columns>
            {rows
                .into_iter()
                .map(|row| {
                    let about = row.who.name.clone();
                    view! {
                        <Row>
                            <RowHead>
                                <PersonChip person=row.who/>
                            </RowHead>
                            <Cell label="Why">{row.reason}</Cell>
                            <Cell label="Until">
                                <Time at=row.until reader=reader told=Told::LastDay/>
                                <span class="row-under">
                                    "since " <Time at=row.since reader=reader told=Told::Day/>
                                </span>
                            </Cell>
                            <Cell label="Who answers for it">{row.owner.unwrap_or_else(|| "Nobody".to_owned())}</Cell>
                            <ActionCell>
                                {row
                                    .end_href
                                    .map(|href| view! { <LinkButton href=href label="End it" weight=Weight::Quiet about=format!("the exception of {about}")/> })}
                            </ActionCell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
        <Pager links=links words=PagerWords::BackOn/>
    }
    .into_any()
}

#[component]
fn ExceptForm(form: ExceptionForm) -> impl IntoView {
    let ExceptionForm { rule_id, person, reason, until, errors } = form;
    view! {
        <section class="section" id="except" aria-labelledby="except-title">
            <div class="section-head">
                <h2 id="except-title">"Make an exception"</h2>
            </div>
            <ErrorSummary errors=errors.clone()/>
            <form method="post" action="/do/grant-exception" novalidate=true>
                <HiddenFields fields=vec![("rule_id", rule_id)]/>
                <TextField
                    name="person"
                    label="For whom"
                    value=person
                    hint="Their e-mail address, or their number, such as E0012.".to_owned()
                    error=FormError::for_field(&errors, "person")
                    autocomplete="off"
                />
                <TextField
                    name="until"
                    label="Until the end of"
                    value=until
                    kind="date"
                    hint="A year from now at most.".to_owned()
                    error=FormError::for_field(&errors, "until")
                    autocomplete="off"
                />
                <TextArea
                    name="reason"
                    label="Why"
                    value=reason
                    rows=2
                    hint="What makes it necessary, and who looks at it meanwhile. It stays on record.".to_owned()
                    error=FormError::for_field(&errors, "reason")
                />
                <p class="muted">"You answer for it until it ends."</p>
                <ActionBar>
                    <Button label="Make the exception" weight=Weight::Primary/>
                </ActionBar>
            </form>
        </section>
    }
    .into_any()
}

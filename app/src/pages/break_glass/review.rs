//! One review: what was taken and why, what was done, what the systems report of that time, and what somebody else found.

use leptos::prelude::*;

use super::{AccountForm, AnswerForm, ReviewPage, Said, SystemLine, take::people};
use crate::components::{
    ActionBar, Button, Cell, Choice, ChoiceGroup, Column, Crumb, DefinitionList, Empty, ErrorSummary, Fact, FormError,
    Glyph, HiddenFields, LinkButton, Mark, Notice, PageHead, PersonChip, Row, RowHead, Section, State, Table, TextArea,
    Time, Told, Weight, Words,
};
use crate::frame::Reader;

/// Draws the page.
#[component]
pub fn ReviewView(
    /// What it shows.
    page: ReviewPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.heading();
    let ReviewPage {
        id,
        taker,
        own,
        role,
        role_href,
        reason,
        taken,
        ended,
        due,
        state,
        request_href,
        account,
        account_form,
        systems,
        told,
        reviewers,
        answer,
        why_not,
        said,
        end_href,
        give_back_href,
        audit_href,
    } = page;
    let open = said.is_none();
    let acts = end_href.is_some() || give_back_href.is_some();
    let back = Crumb { label: "Break-glass".to_owned(), href: "/break-glass".to_owned() };
    let name = taker.name.clone();
    let answer_id = id.clone();
    view! {
        <PageHead title=title back=back>
            <p class="lead">
                <q>{reason}</q>
            </p>
            {acts
                .then(|| {
                    view! {
                        <ActionBar>
                            {end_href
                                .map(|href| view! { <LinkButton href=href label="End the access now" glyph=Glyph::Return/> })}
                            {give_back_href
                                .map(|href| view! { <LinkButton href=href label="Give it back" glyph=Glyph::Return/> })}
                        </ActionBar>
                    }
                })}
        </PageHead>
        <div class="aside-page">
            <div class="aside-main">
                {said.map(|said| said_part(said, reader))}
                <Section id="what-was-done" title="What was done">
                    {account_part(account, own, &name, reader)}
                    {account_form.map(|form| account_form_part(form, id))}
                </Section>
                <Section id="what-systems-say" title="What the systems report of that time">{systems_part(systems, reader)}</Section>
                {answer.map(|form| answer_part(form, answer_id))}
                {why_not
                    .map(|why| {
                        view! {
                            <Notice mark=Mark::Waiting title="The review is open">
                                <p>
                                    <Words sentence=why reader=reader/>
                                </p>
                            </Notice>
                        }
                    })}
            </div>
            <aside class="aside-side" aria-label="About what was taken">
                <DefinitionList>
                    <Fact name="Review">
                        <State state=state/>
                    </Fact>
                    {open
                        .then(|| {
                            view! {
                                <Fact name="Due">
                                    <Time at=due reader=reader told=Told::Full/>
                                </Fact>
                            }
                        })}
                    <Fact name="Taken by">
                        <PersonChip person=taker/>
                    </Fact>
                    <Fact name="Role">
                        <a href=role_href>{role}</a>
                    </Fact>
                    <Fact name="Taken">
                        <Time at=taken reader=reader told=Told::Full/>
                    </Fact>
                    <Fact name="Access">
                        <Words sentence=ended reader=reader/>
                    </Fact>
                    <Fact name="Told at once">{people(told)}</Fact>
                    {open.then(|| view! { <Fact name="Can review">{people(reviewers)}</Fact> })}
                </DefinitionList>
                <ActionBar>
                    {request_href.map(|href| view! { <LinkButton href=href label="The request that waited"/> })}
                    {audit_href.map(|href| view! { <LinkButton href=href label="In the log" glyph=Glyph::Audit/> })}
                </ActionBar>
            </aside>
        </div>
    }
    .into_any()
}

fn said_part(said: Said, reader: Reader) -> AnyView {
    let Said { by, at, needed, findings, follow_up } = said;
    view! {
        <Section id="said" title="What the review found">
            <DefinitionList>
                <Fact name="Was it needed?">
                    <State state=needed/>
                </Fact>
                <Fact name="What was done">{findings}</Fact>
                {follow_up.map(|words| view! { <Fact name="What follows">{words}</Fact> })}
                <Fact name="Reviewed by">
                    <PersonChip person=by/>
                    ", "
                    <Time at=at reader=reader told=Told::Full/>
                </Fact>
            </DefinitionList>
        </Section>
    }
    .into_any()
}

fn account_part(
    account: Option<(String, chrono::DateTime<chrono::Utc>)>,
    own: bool,
    name: &str,
    reader: Reader,
) -> AnyView {
    match account {
        Some((words, at)) => view! {
            <p>
                <q>{words}</q>
            </p>
            <p class="muted">
                {if own { "You wrote this ".to_owned() } else { format!("{name} wrote this ") }}
                <Time at=at reader=reader told=Told::Full/>
                "."
            </p>
        }
        .into_any(),
        None if own => view! { <p class="muted">"You haven\u{2019}t said yet what you did."</p> }.into_any(),
        None => view! { <p class="muted">{format!("{name} hasn\u{2019}t said yet what they did.")}</p> }.into_any(),
    }
}

fn account_form_part(form: AccountForm, id: String) -> AnyView {
    let AccountForm { account, errors } = form;
    let label = if account.is_empty() { "Keep it" } else { "Change what I said" };
    view! {
        <ErrorSummary errors=errors.clone()/>
        <form method="post" action="/do/write-break-glass-account" novalidate=true>
            <HiddenFields fields=vec![("review_id", id)]/>
            <TextArea
                name="account"
                label="What you did"
                value=account
                hint="Commands, changes, what you looked at. Whoever reviews it reads this, and it stays on record.".to_owned()
                error=FormError::for_field(&errors, "account")
            />
            <ActionBar>
                <Button label=label/>
            </ActionBar>
        </form>
    }
    .into_any()
}

fn systems_part(systems: Vec<SystemLine>, reader: Reader) -> AnyView {
    if systems.is_empty() {
        return view! { <Empty title="The role gave nothing on any system"/> }.into_any();
    }
    let columns = vec![
        Column::words("What"),
        Column::words("System"),
        Column::words("Given"),
        Column::words("Gone"),
        Column::words("What failed"),
    ];
    view! {
        <Table caption="What the systems report of the time in which it was held" columns=columns>
            {systems
                .into_iter()
                .map(|line| {
                    let SystemLine { name, system, given, gone, failures } = line;
                    view! {
                        <Row>
                            <RowHead>{name}</RowHead>
                            <Cell label="System">{system}</Cell>
                            <Cell label="Given">
                                <Words sentence=given reader=reader/>
                            </Cell>
                            <Cell label="Gone">
                                <Words sentence=gone reader=reader/>
                            </Cell>
                            <Cell label="What failed">{failures_part(failures, reader)}</Cell>
                        </Row>
                    }
                })
                .collect_view()}
        </Table>
    }
    .into_any()
}

fn failures_part(failures: Vec<crate::components::Sentence>, reader: Reader) -> AnyView {
    if failures.is_empty() {
        return "Nothing".into_any();
    }
    view! {
        <ul class="plain">
            {failures
                .into_iter()
                .map(|words| {
                    view! {
                        <li>
                            <Words sentence=words reader=reader/>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

fn answer_part(form: AnswerForm, id: String) -> AnyView {
    let AnswerForm { needed, findings, follow_up, errors } = form;
    let choices = [
        ("yes", "Yes", "There was no other way in that time."),
        ("partly", "In part", "It was right to act, and less would have done."),
        ("no", "No", "It should have been asked for, or not done."),
    ]
    .into_iter()
    .map(|(value, label, hint)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: Some(hint.to_owned()),
        chosen: value == needed,
    })
    .collect::<Vec<_>>();
    view! {
        <section class="section" id="review" aria-labelledby="review-title">
            <div class="section-head">
                <h2 id="review-title">"Review it"</h2>
            </div>
            <ErrorSummary errors=errors.clone()/>
            <form method="post" action="/do/review-break-glass" novalidate=true>
                <HiddenFields fields=vec![("review_id", id)]/>
                <TextArea
                    name="findings"
                    label="What was done, and how do you know?"
                    value=findings
                    error=FormError::for_field(&errors, "findings")
                />
                <ChoiceGroup
                    name="needed"
                    legend="Was it needed?"
                    choices=choices
                    error=FormError::for_field(&errors, "needed")
                />
                <TextArea
                    name="follow_up"
                    label="What follows"
                    value=follow_up
                    rows=2
                    hint="What is to change, so that it isn\u{2019}t needed again.".to_owned()
                    error=FormError::for_field(&errors, "follow_up")
                    optional=true
                />
                <ActionBar>
                    <Button label="Close the review" weight=Weight::Primary/>
                </ActionBar>
            </form>
        </section>
    }
    .into_any()
}

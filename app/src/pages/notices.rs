//! Notices: how the reader wants to be told, and what they were told lately.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    Button, Cell, Column, Empty, ErrorSummary, FieldError, FormError, PageHead, PageLinks, Pager, Row, RowHead,
    Section, Sentence, Table, Time, Told, Weight, Words,
};
use crate::frame::Reader;

/// One way of being told of a group of notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What the form sends.
    pub value: &'static str,
    /// What is read: "At once".
    pub label: &'static str,
    /// It is the one in force.
    pub chosen: bool,
    /// It may be chosen.
    pub possible: bool,
}

/// Notices that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeGroup {
    /// The field of the form.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What belongs to it.
    pub hint: &'static str,
    /// The ways to be told.
    pub ways: Vec<Way>,
    /// Why one of them isn't possible.
    pub always: Option<&'static str>,
}

/// Something that the reader was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeLine {
    /// What, in a line.
    pub subject: String,
    /// Where it leads.
    pub href: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// How it was told: "By e-mail at 14:05", "In your digest of tomorrow".
    pub told: Sentence,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticesPage {
    /// The groups.
    pub groups: Vec<NoticeGroup>,
    /// "Digests come at 8:00 on working days, in Europe/Zurich."
    pub digest: String,
    /// What the reader was told, newest first.
    pub lines: Vec<NoticeLine>,
    /// Where the list goes on.
    pub links: PageLinks,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
}

impl NoticesPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        "Notices: how you are told".to_owned()
    }
}

/// Draws the page.
#[component]
pub fn NoticesView(
    /// What it shows.
    page: NoticesPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let NoticesPage { groups, digest, lines, links, errors } = page;
    let summary = errors.clone();
    view! {
        <PageHead title="Notices">
            <p>"Choose how you are told. Whatever you choose, every notice stands below, too."</p>
        </PageHead>
        <ErrorSummary errors=summary/>
        <Section id="choices" title="How you are told">
            <form method="post" action="/do/choose-notices" class="tell" novalidate=true>
                <p class="muted">"Where you choose nothing, you are told at once. " {digest}</p>
                {groups.into_iter().map(|group| group_part(group, &errors)).collect_view()}
                <Button label="Save" weight=Weight::Primary/>
            </form>
        </Section>
        <Section id="lately" title="What you were told">
            {if lines.is_empty() {
                view! {
                    <Empty title="Nothing yet">
                        <p>"When somebody asks you to decide, or something becomes of your requests and your access, it stands here."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <Table
                        caption="What you were told"
                        columns=vec![Column::words("What"), Column::words("When"), Column::words("How")]
                    >
                        {lines.into_iter().map(|line| line_part(line, reader)).collect_view()}
                    </Table>
                    <Pager links=links/>
                }
                    .into_any()
            }}
        </Section>
    }
    .into_any()
}

fn group_part(group: NoticeGroup, errors: &[FormError]) -> AnyView {
    let NoticeGroup { name, title, hint, ways, always } = group;
    let error = FormError::for_field(errors, name);
    let (hint_id, error_id) = (format!("field-{name}-hint"), format!("field-{name}-error"));
    let described = if error.is_some() { format!("{hint_id} {error_id}") } else { hint_id.clone() };
    view! {
        <fieldset class="tell-group" aria-describedby=described>
            <legend class="field-label">{title}</legend>
            <p class="field-hint" id=hint_id>
                {hint}
                {always.map(|why| view! { " " {why} })}
            </p>
            {error.map(|message| view! { <FieldError id=error_id message=message/> })}
            <div class="tell-ways">
                {ways
                    .into_iter()
                    .enumerate()
                    .map(|(at, way)| {
                        let id = if at == 0 { format!("field-{name}") } else { format!("field-{name}-{at}") };
                        let of = id.clone();
                        let Way { value, label, chosen, possible } = way;
                        view! {
                            <label class="tell-way" for=of>
                                <input type="radio" id=id name=name value=value checked=chosen disabled=!possible/>
                                <span>{label}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </div>
        </fieldset>
    }
    .into_any()
}

fn line_part(line: NoticeLine, reader: Reader) -> AnyView {
    let NoticeLine { subject, href, at, told } = line;
    view! {
        <Row>
            <RowHead>
                {match href {
                    Some(href) => view! { <a href=href>{subject}</a> }.into_any(),
                    None => view! { <span>{subject}</span> }.into_any(),
                }}
            </RowHead>
            <Cell label="When">
                <Time at=at reader=reader told=Told::Absolute/>
            </Cell>
            <Cell label="How">
                <Words sentence=told reader=reader/>
            </Cell>
        </Row>
    }
    .into_any()
}

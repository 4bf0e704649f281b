//! Out of office: who decides for the reader, for whom the reader decides, and the form to name somebody.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    ActionBar, ActionCell, Badge, Button, ButtonForm, Cell, Choice, ChoiceGroup, Column, Empty, ErrorSummary,
    FormError, HiddenFields, PageHead, Row, RowHead, SearchBox, Section, Select, Table, TextArea, TextField, Time,
    Told, Weight,
};
use crate::frame::Reader;

/// Where a delegation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It has begun and isn't over.
    Now,
    /// It hasn't begun.
    Later,
    /// Its time is over, or somebody ended it.
    Over,
}

/// One delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationRow {
    /// What the form sends to end it.
    pub id: String,
    /// "You" or the name of whoever is away.
    pub from: String,
    /// "You" or the name of whoever stands in.
    pub to: String,
    /// What it covers: "Everything", "Roles up to medium risk", "Payroll reader and Ledger".
    pub covers: String,
    /// From when.
    pub starts: DateTime<Utc>,
    /// Until when.
    pub ends: DateTime<Utc>,
    /// Where it stands.
    pub stand: Stand,
}

/// The form, once somebody was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationForm {
    /// Whom the search found.
    pub people: Vec<Choice>,
    /// The first day, as typed or today: `2027-03-01`.
    pub starts: String,
    /// The last day.
    pub ends: String,
    /// The highest risk that is covered; empty for any.
    pub up_to: String,
    /// The roles that are covered, a name or a key in each line; empty for any.
    pub roles: String,
    /// What was wrong, if it comes back.
    pub errors: Vec<FormError>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationPage {
    /// The delegations, the newest first.
    pub rows: Vec<DelegationRow>,
    /// Who was looked for.
    pub query: String,
    /// The form; absent until somebody was looked for.
    pub form: Option<DelegationForm>,
}

impl DelegationPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        let now = self.rows.iter().any(|row| row.stand == Stand::Now && row.from == "You");
        if now { "Out of office: somebody decides for you".to_owned() } else { "Out of office".to_owned() }
    }
}

/// Draws the page.
#[component]
pub fn DelegationView(
    /// What it shows.
    page: DelegationPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let DelegationPage { rows, query, form } = page;
    let errors = form.as_ref().map(|form| form.errors.clone()).unwrap_or_default();
    let columns = vec![
        Column::words("Who decides for whom"),
        Column::words("Covers"),
        Column::words("From"),
        Column::words("Until"),
        Column::actions("What you can do"),
    ];
    let none = rows.is_empty();
    view! {
        <PageHead title="Out of office">
            <p>
                "While you are away, somebody else can decide what waits for you. They never decide what they asked for or what is for them, and each decision says that it was made for you."
            </p>
        </PageHead>
        <ErrorSummary errors=errors/>
        <Section id="name" title="Name somebody">
            <SearchBox action="/approvals/delegation" label="Who decides for you?" value=query.clone() example="Name, team or e-mail" id="who"/>
            {form.map(|form| naming(form, &query))}
        </Section>
        <Section id="named" title="Named so far">
            {if none {
                view! {
                    <Empty title="Nobody stands in for anybody">
                        <p>"When you name somebody, or somebody names you, it is listed here with its days."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <Table caption="Who decides for whom" columns=columns>
                        {rows.into_iter().map(|row| delegation_row(row, reader)).collect_view()}
                    </Table>
                }
                    .into_any()
            }}
        </Section>
    }
    .into_any()
}

fn naming(form: DelegationForm, query: &str) -> AnyView {
    let DelegationForm { people, starts, ends, up_to, roles, errors } = form;
    if people.is_empty() {
        return view! {
            <Empty title="Nobody found">
                <p>"Look for a part of a name, a team or an e-mail address. Only people who are at work can stand in."</p>
            </Empty>
        }
        .into_any();
    }
    let risks = [
        ("", "Everything"),
        ("low", "Roles of low risk"),
        ("medium", "Up to medium risk"),
        ("high", "Up to high risk"),
    ]
    .into_iter()
    .map(|(value, label)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: None,
        chosen: value == up_to,
    })
    .collect::<Vec<_>>();
    let of = |name: &str| FormError::for_field(&errors, name);
    view! {
        <form method="post" action="/do/delegate" novalidate=true class="delegation-form">
            <HiddenFields fields=vec![("q", query.to_owned())]/>
            <ChoiceGroup name="to" legend="Who decides meanwhile" choices=people error=of("to")/>
            <TextField name="starts" label="First day" kind="date" value=starts error=of("starts")/>
            <TextField name="ends" label="Last day" kind="date" value=ends hint="It ends by itself with this day.".to_owned() error=of("ends")/>
            <Select name="up_to" label="What they may decide" choices=risks error=of("up_to")/>
            <TextArea
                name="roles"
                label="Only for these roles"
                value=roles
                hint="One in each line, by its name or its key. Empty means every role.".to_owned()
                error=of("roles")
                optional=true
                rows=2
            />
            <ActionBar>
                <Button label="Let them decide for me" weight=Weight::Primary/>
            </ActionBar>
        </form>
    }
    .into_any()
}

fn delegation_row(row: DelegationRow, reader: Reader) -> AnyView {
    let DelegationRow { id, from, to, covers, starts, ends, stand } = row;
    let verb = if to == "You" { "decide" } else { "decides" };
    let whom = if from == "You" { "you".to_owned() } else { from };
    let title = format!("{to} {verb} for {whom}");
    let badge = match stand {
        Stand::Now => view! { <Badge word="Now" tone="good"/> }.into_any(),
        Stand::Later => view! { <Badge word="Later" tone="waiting"/> }.into_any(),
        Stand::Over => view! { <Badge word="Over" tone="neutral"/> }.into_any(),
    };
    let about = title.clone();
    view! {
        <Row>
            <RowHead>
                <span class="row-name">{title}</span>
                " "
                {badge}
            </RowHead>
            <Cell label="Covers">{covers}</Cell>
            <Cell label="From">
                <Time at=starts reader=reader told=Told::Absolute/>
            </Cell>
            <Cell label="Until">
                <Time at=ends reader=reader told=Told::Absolute/>
            </Cell>
            <ActionCell>
                {(stand != Stand::Over)
                    .then(|| {
                        view! {
                            <ButtonForm action="/do/end-delegation" fields=vec![("delegation_id", id)]>
                                <Button label="End" about=about weight=Weight::Quiet/>
                            </ButtonForm>
                        }
                    })}
            </ActionCell>
        </Row>
    }
    .into_any()
}

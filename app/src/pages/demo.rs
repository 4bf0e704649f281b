//! The pages of the demo company's own provider and of its small SCIM service. They say on every page that they are a demo.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, Cell, Column, CopyCode, Empty, ErrorSummary, FormError, HiddenFields, Mark, MarkShape, PageHead,
    Row, RowHead, SearchBox, Section, Table, TextField, Weight,
};

/// Somebody to sign in as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoPerson {
    /// What the form sends: the external id.
    pub id: String,
    /// Given and family name.
    pub name: String,
    /// Title and department.
    pub position: String,
    /// What makes them worth trying: "Manages Finance operations", "Administrator", "Left the company".
    pub tries: String,
}

/// Choose a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoPeoplePage {
    /// Hidden fields that carry the sign-in on.
    pub fields: Vec<(&'static str, String)>,
    /// Good ones to start with.
    pub suggested: Vec<DemoPerson>,
    /// What was searched.
    pub query: String,
    /// Who was found, at most twenty; empty if nothing was searched.
    pub found: Vec<DemoPerson>,
    /// The address of the search form.
    pub search_action: &'static str,
    /// Where a choice is posted.
    pub action: &'static str,
    /// The company.
    pub company: String,
}

fn demo_note(company: &str) -> AnyView {
    view! {
        <p class="demo-note">
            <MarkShape mark=Mark::Attention/>
            <span>{format!("This stands in for {company}\u{2019}s sign-in. It exists only in the demo and knows no passwords.")}</span>
        </p>
    }
    .into_any()
}

fn people_rows(list: Vec<DemoPerson>, action: &'static str, fields: &[(&'static str, String)]) -> AnyView {
    view! {
        <form method="post" action=action class="demo-people">
            <HiddenFields fields=fields.to_vec()/>
            <ul>
                {list
                    .into_iter()
                    .map(|person| {
                        view! {
                            <li>
                                <button type="submit" class="demo-person" name="person" value=person.id>
                                    <span class="demo-name">{person.name}</span>
                                    <span class="demo-position">{person.position}</span>
                                    <span class="demo-tries">{person.tries}</span>
                                </button>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </form>
    }
    .into_any()
}

/// Draws the choice of a person.
#[component]
pub fn DemoPeopleView(
    /// What it shows.
    page: DemoPeoplePage,
) -> impl IntoView {
    let DemoPeoplePage { fields, suggested, query, found, search_action, action, company } = page;
    let searched = !query.is_empty();
    view! {
        <div class="demo">
            {demo_note(&company)}
            <PageHead title="Who are you today?"/>
            {people_rows(suggested, action, &fields)}
            <Section id="others" title="Somebody else">
                <SearchBox
                    action=search_action
                    label="Search the demo company"
                    value=query
                    keep=fields.clone()
                    example="a name or a department"
                    id="demo-search"
                />
                {(searched && found.is_empty()).then(|| view! { <Empty title="Nobody by that name"/> })}
                {(!found.is_empty()).then(|| people_rows(found, action, &fields))}
            </Section>
        </div>
    }
    .into_any()
}

/// Give the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoCodePage {
    /// Hidden fields that carry the sign-in on.
    pub fields: Vec<(&'static str, String)>,
    /// Who signs in.
    pub name: String,
    /// The code that an authenticator would show now.
    pub code: String,
    /// How many seconds it stays good.
    pub seconds: u32,
    /// What was typed.
    pub typed: String,
    /// What was wrong. Field: `code`.
    pub errors: Vec<FormError>,
    /// Where the code is posted; the button that skips sends `skip=1`.
    pub action: &'static str,
    /// The company.
    pub company: String,
}

/// Draws the second factor.
#[component]
pub fn DemoCodeView(
    /// What it shows.
    page: DemoCodePage,
) -> impl IntoView {
    let DemoCodePage { fields, name, code, seconds, typed, errors, action, company } = page;
    let error = FormError::for_field(&errors, "code");
    view! {
        <div class="demo">
            {demo_note(&company)}
            <ErrorSummary errors=errors/>
            <PageHead title=format!("Sign in as {name}")/>
            <div class="demo-phone" aria-label="The authenticator of the demo" role="group">
                <p>"Your authenticator shows"</p>
                <p class="demo-code">
                    <CopyCode text=code/>
                </p>
                <p class="muted">{format!("Good for another {seconds} seconds")}</p>
            </div>
            <form method="post" action=action novalidate=true>
                <HiddenFields fields=fields/>
                <TextField
                    name="code"
                    label="The six digits"
                    value=typed
                    error=error
                    autocomplete="one-time-code"
                    inputmode="numeric"
                />
                <ActionBar>
                    <Button label="Sign in" weight=Weight::Primary/>
                    <Button label="Skip the second factor" name="skip" value="1"/>
                </ActionBar>
                <p class="muted">"Skip it to see Latchkey refuse a password alone."</p>
            </form>
        </div>
    }
    .into_any()
}

/// The SCIM service of the demo: what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoScimPage {
    /// Its name in the catalog.
    pub name: String,
    /// Users: user name, display name, active.
    pub users: Vec<(String, String, bool)>,
    /// Groups: display name and the user names in it.
    pub groups: Vec<(String, Vec<String>)>,
}

/// Draws what the service holds.
#[component]
pub fn DemoScimView(
    /// What it shows.
    page: DemoScimPage,
) -> impl IntoView {
    let DemoScimPage { name, users, groups } = page;
    let user_columns = vec![Column::words("User name"), Column::words("Name"), Column::words("State")];
    let group_columns = vec![Column::words("Group"), Column::words("Members")];
    view! {
        <div class="demo demo-wide">
            <PageHead title=name>
                <p>"A small SCIM 2.0 service of the demo. Reload to see what Latchkey did here."</p>
            </PageHead>
            <Section id="groups" title="Groups" aside=Some(groups.len().to_string())>
                <Table caption="Groups" columns=group_columns>
                    {groups
                        .into_iter()
                        .map(|(name, members)| {
                            view! {
                                <Row>
                                    <RowHead>{name}</RowHead>
                                    <Cell label="Members">
                                        {if members.is_empty() { "Nobody".to_owned() } else { members.join(", ") }}
                                    </Cell>
                                </Row>
                            }
                        })
                        .collect_view()}
                </Table>
            </Section>
            <Section id="users" title="Users" aside=Some(users.len().to_string())>
                <Table caption="Users" columns=user_columns>
                    {users
                        .into_iter()
                        .map(|(user, display, active)| {
                            view! {
                                <Row>
                                    <RowHead>
                                        <code>{user}</code>
                                    </RowHead>
                                    <Cell label="Name">{display}</Cell>
                                    <Cell label="State">{if active { "Active" } else { "Not active" }}</Cell>
                                </Row>
                            }
                        })
                        .collect_view()}
                </Table>
            </Section>
        </div>
    }
    .into_any()
}

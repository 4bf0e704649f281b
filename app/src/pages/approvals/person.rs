//! Choosing somebody who decides: search, choose, say why.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, Choice, ChoiceGroup, Crumb, ErrorSummary, FormError, HiddenFields, LinkButton, PageHead, Select,
    Sentence, TextArea, Weight, Words,
};
use crate::frame::Reader;

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonOption {
    /// What the form sends.
    pub id: String,
    /// Given and family name.
    pub name: String,
    /// Title and department.
    pub detail: String,
    /// They were chosen before the form came back.
    pub chosen: bool,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoosePerson {
    /// "Hand over Payroll reader for Ann Berg".
    pub title: String,
    /// What happens, a sentence each.
    pub then: Vec<Sentence>,
    /// This page, for the search.
    pub here: String,
    /// What was searched.
    pub query: String,
    /// Who was found; at most twenty.
    pub found: Vec<PersonOption>,
    /// More were found than are shown.
    pub more: bool,
    /// One of the fixed `/do/…` names.
    pub action: &'static str,
    /// Hidden fields.
    pub fields: Vec<(&'static str, String)>,
    /// In whose place; empty where that isn't asked.
    pub places: Vec<Choice>,
    /// The name of the field for the words that are needed, and what is asked.
    pub words: (&'static str, &'static str),
    /// Those words, as typed.
    pub typed: String,
    /// The button, as a verb.
    pub button: &'static str,
    /// The way back.
    pub back: String,
    /// What was wrong, if it comes back. Fields: `to`, `instead_of`, and that of the words.
    pub errors: Vec<FormError>,
}

/// Draws the page.
#[component]
pub fn ChoosePersonView(
    /// What it shows.
    page: ChoosePerson,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let ChoosePerson {
        title,
        then,
        here,
        query,
        found,
        more,
        action,
        mut fields,
        places,
        words,
        typed,
        button,
        back,
        errors,
    } = page;
    fields.push(("q", query.clone()));
    let nothing = found.is_empty() && !query.is_empty();
    let any = !found.is_empty();
    let choices: Vec<Choice> = found
        .into_iter()
        .map(|p| Choice { value: p.id, label: p.name, hint: Some(p.detail), chosen: p.chosen })
        .collect();
    view! {
        <div class="confirm">
            <PageHead title=title back=Crumb { label: "Back".to_owned(), href: back.clone() }/>
            <ErrorSummary errors=errors.clone()/>
            <ul class="then">
                {then
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
            <form class="search-box choose-search" method="get" action=here role="search" aria-label="Search people">
                <label class="field-label" for="choose-search">
                    "Who"
                </label>
                <span class="search-line">
                    <input
                        class="input"
                        id="choose-search"
                        type="search"
                        name="q"
                        value=query
                        placeholder="a name, a title, a department"
                        autocomplete="off"
                    />
                </span>
                <button class="button" type="submit">
                    "Search"
                </button>
            </form>
            {nothing.then(|| view! { <p role="status">"Nobody who is at work fits these words. Try fewer of them."</p> })}
            {any.then(move || form(Form { action, fields, choices, more, places, words, typed, button, back, errors }))}
        </div>
    }
    .into_any()
}

struct Form {
    action: &'static str,
    fields: Vec<(&'static str, String)>,
    choices: Vec<Choice>,
    more: bool,
    places: Vec<Choice>,
    words: (&'static str, &'static str),
    typed: String,
    button: &'static str,
    back: String,
    errors: Vec<FormError>,
}

fn form(of: Form) -> AnyView {
    let Form { action, fields, choices, more, places, words: (name, hint), typed, button, back, errors } = of;
    let error = |field| FormError::for_field(&errors, field);
    let place = (!places.is_empty()).then(|| {
        view! { <Select name="instead_of" label="In whose place" choices=places error=error("instead_of")/> }.into_any()
    });
    view! {
        <form method="post" action=action novalidate=true>
            <HiddenFields fields=fields/>
            {view! { <ChoiceGroup name="to" legend="Choose one" choices=choices error=error("to")/> }.into_any()}
            {more.then(|| view! { <p class="muted">"There are more. Type more of the name to find them."</p> })} {place}
            <TextArea name=name label="Why" hint=hint.to_owned() value=typed rows=2 longest=1000 error=error(name)/>
            <ActionBar>
                <Button label=button weight=Weight::Primary/>
                <LinkButton href=back label="Leave it as it is"/>
            </ActionBar>
        </form>
    }
    .into_any()
}

//! One wish: what was said about it, and what the reader can do.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::answering::{answers, own_it};
use crate::components::{
    ActionBar, Button, ButtonForm, Crumb, DefinitionList, ErrorSummary, Fact, FormError, PageHead, PersonChip,
    PersonRef, Section, Sentence, State, StateWord, Time, Told, Weight, Words,
};
use crate::frame::Reader;
use crate::pages::parts::ThreadMessage;

/// The role that a wish was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishRole {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Its id, for the wisher to put it into their cart.
    pub to_cart: Option<String>,
}

/// A role that can be answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRole {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it lets one do.
    pub description: String,
    /// Chosen before.
    pub chosen: bool,
}

/// What whoever answers can fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerForms {
    /// What was searched for.
    pub query: String,
    /// The roles that fit.
    pub found: Vec<FoundRole>,
    /// True while a new role is being made: then it is that one or a refusal.
    pub coming: bool,
    /// What was typed, by field: `role_words`, `name`, `gives`, `owner`, `draft_words`, `reason`.
    pub typed: Vec<(&'static str, String)>,
}

/// What whoever should own a new role can fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalForm {
    /// What was typed.
    pub words: String,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishPage {
    /// The wish's id.
    pub id: String,
    /// What people quote.
    pub reference: String,
    /// Who wishes.
    pub wisher: PersonRef,
    /// What is wished for, in their words.
    pub words: String,
    /// When.
    pub asked: DateTime<Utc>,
    /// By when it should be answered, while it waits for that.
    pub due: Option<DateTime<Utc>>,
    /// Where it stands, in a word or two.
    pub state: StateWord,
    /// Where it stands, with names.
    pub stands: Sentence,
    /// What was said about it, oldest first.
    pub said: Vec<ThreadMessage>,
    /// The role that it was answered with.
    pub role: Option<WishRole>,
    /// What to put into the catalog, for those who make the new role.
    pub toml: Option<String>,
    /// The reader answers.
    pub answer: Option<AnswerForms>,
    /// The reader should own the new role.
    pub proposal: Option<ProposalForm>,
    /// The reader can take it back.
    pub withdraw: bool,
    /// What was wrong, if a form comes back.
    pub errors: Vec<FormError>,
}

impl WishPage {
    /// The title carries the state.
    #[must_use]
    pub fn title(&self) -> String {
        let title = format!("Wish {}: {}", self.reference, self.state.word.to_lowercase());
        if self.errors.is_empty() { title } else { format!("Error: {title}") }
    }
}

/// Draws the page.
#[component]
pub fn WishView(
    /// What it shows.
    page: WishPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let WishPage {
        id,
        reference,
        wisher,
        words,
        asked,
        due,
        state,
        stands,
        said,
        role,
        toml,
        answer,
        proposal,
        withdraw,
        errors,
    } = page;
    let back = Crumb { label: "Wishes".to_owned(), href: "/wishes".to_owned() };
    let errors_of = errors.clone();
    let (for_answer, for_proposal, for_withdrawal) = (id.clone(), id.clone(), id);
    view! {
        <PageHead title=format!("Wish {reference}") back=back>
            <div class="stands">
                <State state=state/>
                <p class="stands-words">
                    <Words sentence=stands reader=reader/>
                </p>
            </div>
        </PageHead>
        <ErrorSummary errors=errors/>
        {role.map(|role| answered(role, words.clone()))}
        <DefinitionList>
            <Fact name="Wished for">
                <span class="remark-text">{words}</span>
            </Fact>
            <Fact name="By">
                <PersonChip person=wisher/>
            </Fact>
            <Fact name="Asked">
                <Time at=asked reader=reader told=Told::Absolute/>
            </Fact>
            {due
                .map(|at| {
                    view! {
                        <Fact name="Answer by">
                            <Time at=at reader=reader told=Told::Absolute/>
                        </Fact>
                    }
                })}
        </DefinitionList>
        {(!said.is_empty()).then(|| said_so_far(said, reader))}
        {toml
            .map(|text| {
                view! {
                    <Section id="catalog-entry" title="What to put into the catalog">
                        <p>
                            "Roles come from files. Put this into a file in " <code>"roles/"</code>
                            ", choose its entitlements and its policy, apply it, and answer here with the role."
                        </p>
                        <pre class="remark-text">
                            <code>{text}</code>
                        </pre>
                    </Section>
                }
            })}
        {proposal.map(|form| own_it(form, for_proposal, &errors_of))}
        {answer.map(|forms| answers(forms, &for_answer, &errors_of))}
        {withdraw
            .then(|| {
                view! {
                    <ActionBar>
                        <ButtonForm action="/do/withdraw-wish" fields=vec![("wish_id", for_withdrawal)]>
                            <Button label="Take the wish back"/>
                        </ButtonForm>
                    </ActionBar>
                }
            })}
    }
    .into_any()
}

fn answered(role: WishRole, reason: String) -> AnyView {
    let WishRole { name, href, to_cart } = role;
    let about = name.clone();
    view! {
        <Section id="role" title="The role for it">
            <ul class="rows">
                <li class="row row-team">
                    <div class="row-main">
                        <p class="row-title">
                            <a href=href>{name}</a>
                        </p>
                    </div>
                    <div>
                        {to_cart
                            .map(|id| {
                                view! {
                                    <ButtonForm action="/do/add-to-cart" fields=vec![("role_id", id), ("reason", reason)]>
                                        <Button label="Add to cart" about=about weight=Weight::Primary/>
                                    </ButtonForm>
                                }
                            })}
                    </div>
                </li>
            </ul>
        </Section>
    }
    .into_any()
}

fn said_so_far(said: Vec<ThreadMessage>, reader: Reader) -> AnyView {
    view! {
        <Section id="said" title="What was said">
            <ol class="thread-list" aria-label="Answers">
                {said
                    .into_iter()
                    .map(|one| {
                        view! {
                            <li>
                                <p class="thread-by">
                                    <PersonChip person=one.by/>
                                    <Time at=one.at reader=reader told=Told::Relative/>
                                </p>
                                <p class="remark-text">{one.text}</p>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </Section>
    }
    .into_any()
}

//! The form for a wish in words: what might do already, who answers, by when.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, Crumb, ErrorSummary, FormError, HiddenFields, LinkButton, Mark, Notice, PageHead, PersonChip,
    PersonRef, TextArea, Weight,
};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWishPage {
    /// A value made for this drawing of the form: the same form sent twice is one wish.
    pub once: String,
    /// What was typed, or what was searched for.
    pub words: String,
    /// Roles that fit these words: name, address and what they let one do.
    pub fits: Vec<(String, String, String)>,
    /// Who answers.
    pub who: Vec<PersonRef>,
    /// "within 3 days, Monday to Friday".
    pub within: String,
    /// Why nobody could answer, and what helps.
    pub no: Option<(String, String)>,
    /// What was wrong, if it comes back. Field: `words`.
    pub errors: Vec<FormError>,
}

impl NewWishPage {
    /// The title. Errors are named first.
    #[must_use]
    pub fn title(&self) -> String {
        let title = "Ask for what isn\u{2019}t in the catalog";
        if self.errors.is_empty() { title.to_owned() } else { format!("Error: {title}") }
    }
}

/// Draws the page.
#[component]
pub fn NewWishView(
    /// What it shows.
    page: NewWishPage,
) -> impl IntoView {
    let NewWishPage { once, words, fits, who, within, no, errors } = page;
    let back = Crumb { label: "Catalog".to_owned(), href: "/catalog".to_owned() };
    view! {
        <div class="confirm">
            <PageHead title="Ask for what isn\u{2019}t in the catalog" back=back>
                <p>"Say in your words what you want to do. Somebody who knows the catalog answers."</p>
            </PageHead>
            <ErrorSummary errors=errors.clone()/>
            {(!fits.is_empty()).then(|| might_do(fits))}
            {match no {
                Some((why, help)) => {
                    view! {
                        <Notice mark=Mark::Attention title=why>
                            <p>{help}</p>
                        </Notice>
                    }
                        .into_any()
                }
                None => form(once, words, who, within, &errors),
            }}
        </div>
    }
    .into_any()
}

fn might_do(fits: Vec<(String, String, String)>) -> AnyView {
    view! {
        <Notice mark=Mark::Next title="These roles might do">
            <ul class="then">
                {fits
                    .into_iter()
                    .map(|(name, href, description)| {
                        view! {
                            <li>
                                <a href=href>{name}</a>
                                ": "
                                {description}
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </Notice>
    }
    .into_any()
}

fn form(once: String, words: String, who: Vec<PersonRef>, within: String, errors: &[FormError]) -> AnyView {
    let last = who.len().saturating_sub(1);
    view! {
        <form method="post" action="/do/make-wish" novalidate=true>
            <HiddenFields fields=vec![("once", once)]/>
            <TextArea
                name="words"
                label="What do you want to do?"
                value=words
                rows=4
                longest=1000
                hint="And why. For example: \u{201c}Export the sensor list of a harbour as a table, for the yearly count\u{201d}. It stays on record.".to_owned()
                error=FormError::for_field(errors, "words")
            />
            <div class="ask-route">
                <p class="ask-route-title">{format!("It is answered {within} by")}</p>
                <p>
                    {who
                        .into_iter()
                        .enumerate()
                        .map(|(at, person)| {
                            view! {
                                {(at > 0).then_some(if at == last { " or " } else { ", " })}
                                <PersonChip person=person/>
                            }
                        })
                        .collect_view()}
                </p>
            </div>
            <ActionBar>
                <Button label="Send it" weight=Weight::Primary/>
                <LinkButton href="/catalog" label="Back to the catalog"/>
            </ActionBar>
        </form>
    }
    .into_any()
}

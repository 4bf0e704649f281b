//! A change that deserves a second look has a page of its own: what will happen, one button, the way back.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, Crumb, DefinitionList, ErrorSummary, Fact, FormError, HiddenFields, LinkButton, NotNow,
    NotNowList, PageHead, Sentence, TextArea, Weight, Words,
};
use crate::frame::Reader;

/// A field for a remark, if the change takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmRemark {
    /// Its name in the form.
    pub name: &'static str,
    /// What is asked.
    pub label: String,
    /// What helps to answer.
    pub hint: String,
    /// What was typed.
    pub value: String,
    /// True if it may stay empty.
    pub optional: bool,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmPage {
    /// The question: "Give back Payroll reader?"
    pub title: String,
    /// What will happen, a sentence each.
    pub then: Vec<Sentence>,
    /// What it is about, a name and words each.
    pub facts: Vec<(String, Sentence)>,
    /// One of the fixed `/do/…` names.
    pub action: &'static str,
    /// Hidden fields.
    pub fields: Vec<(&'static str, String)>,
    /// A remark.
    pub remark: Option<ConfirmRemark>,
    /// The button, as a verb: "Give it back".
    pub button: String,
    /// True if it takes something away.
    pub takes: bool,
    /// Why it can't be done now, if so: then there is no form.
    pub not_now: Option<NotNow>,
    /// The way back: where and what it is called: "Keep it".
    pub back: (String, String),
    /// What was wrong, if it comes back.
    pub errors: Vec<FormError>,
}

/// Draws the page.
#[component]
pub fn ConfirmView(
    /// What it shows.
    page: ConfirmPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let ConfirmPage { title, then, facts, action, fields, remark, button, takes, not_now, back, errors } = page;
    let (back_href, back_label) = back;
    view! {
        <div class="confirm">
            <PageHead title=title back=Crumb { label: "Back".to_owned(), href: back_href.clone() }/>
            <ErrorSummary errors=errors.clone()/>
            {(!facts.is_empty())
                .then(|| {
                    view! {
                        <DefinitionList>
                            {facts
                                .into_iter()
                                .map(|(name, words)| {
                                    view! {
                                        <Fact name=name>
                                            <Words sentence=words reader=reader/>
                                        </Fact>
                                    }
                                })
                                .collect_view()}
                        </DefinitionList>
                    }
                })}
            {(!then.is_empty())
                .then(|| {
                    view! {
                        <h2>"What happens"</h2>
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
                    }
                })}
            {match not_now {
                Some(why) => {
                    view! {
                        <NotNowList actions=vec![why] id="confirm".to_owned() reader=reader/>
                        <ActionBar>
                            <LinkButton href=back_href label="Back"/>
                        </ActionBar>
                    }
                        .into_any()
                }
                None => {
                    view! {
                        <form method="post" action=action novalidate=true>
                            <HiddenFields fields=fields/>
                            {remark
                                .map(|ConfirmRemark { name, label, hint, value, optional }| {
                                    let error = FormError::for_field(&errors, name);
                                    view! { <TextArea name=name label=label hint=hint value=value error=error optional=optional rows=2/> }
                                })}
                            <ActionBar>
                                <Button label=button weight=if takes { Weight::Danger } else { Weight::Primary }/>
                                <LinkButton href=back_href label=back_label/>
                            </ActionBar>
                        </form>
                    }
                        .into_any()
                }
            }}
        </div>
    }
    .into_any()
}

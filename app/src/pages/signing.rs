//! Around signing in: refused, too little proof, too many tries, the provider is away, signed out. All without the frame.

use leptos::prelude::*;

use crate::components::{ActionBar, CopyCode, DefinitionList, Fact, LinkButton, Sentence, Weight, Words};
use crate::frame::Reader;

/// A page of the sign-in: what happened, why, what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningPage {
    /// What happened: "You are not known here".
    pub title: String,
    /// Why, and what to do.
    pub why: Vec<Sentence>,
    /// What is known, a name and a value each: what the provider said, what is missing.
    pub facts: Vec<(String, String)>,
    /// The main way on: where and what it is called.
    pub go: Option<(String, String)>,
    /// Another way on.
    pub other: Option<(String, String)>,
    /// The id of the request, where one may need help.
    pub request_id: Option<String>,
}

impl SigningPage {
    /// The provider vouched for somebody whom Latchkey does not know.
    #[must_use]
    pub fn unknown_person(company: &str, provider_name: &str, claimed: &str, request_id: impl Into<String>) -> Self {
        Self {
            title: "You are not known here".to_owned(),
            why: vec![
                format!("{provider_name} signed you in, but nobody at {company} is on file under that name, so Latchkey cannot let you in.").into(),
                "If you started recently, your record may not have arrived: try again tomorrow. Otherwise ask your manager or HR whether you are on file. This attempt is on record.".into(),
            ],
            facts: vec![("Signed in as".to_owned(), claimed.to_owned())],
            go: Some(("/auth/login?again=1".to_owned(), "Sign in as somebody else".to_owned())),
            other: None,
            request_id: Some(request_id.into()),
        }
    }

    /// The provider did not say that a second factor was used, even after one more round.
    #[must_use]
    pub fn too_little_proof(provider_name: &str, said: &str, needed: &str, request_id: impl Into<String>) -> Self {
        Self {
            title: "Your sign-in needs a second factor".to_owned(),
            why: vec![
                format!("Latchkey opens doors, so a password alone is not enough. {provider_name} did not say that you used a second factor, and it was asked twice.").into(),
                "Set up an authenticator app or a security key with your provider, then sign in again. If you used one just now, whoever runs your sign-in has to make it say so.".into(),
            ],
            facts: vec![("It said".to_owned(), said.to_owned()), ("Needed".to_owned(), needed.to_owned())],
            go: Some(("/auth/login?again=1".to_owned(), "Sign in again".to_owned())),
            other: None,
            request_id: Some(request_id.into()),
        }
    }

    /// Too many attempts from this person or address.
    #[must_use]
    pub fn too_many(wait: &str, request_id: impl Into<String>) -> Self {
        Self {
            title: "Too many tries".to_owned(),
            why: vec![format!("There were many sign-ins from here in a short time, so Latchkey waits before the next one. Try again {wait}.").into()],
            facts: Vec::new(),
            go: None,
            other: Some(("/auth/login".to_owned(), "Sign in".to_owned())),
            request_id: Some(request_id.into()),
        }
    }

    /// The provider could not be reached, or its answer could not be trusted.
    #[must_use]
    pub fn provider_trouble(provider_name: &str, what: &str, request_id: impl Into<String>) -> Self {
        Self {
            title: "Signing in did not work".to_owned(),
            why: vec![
                format!("{provider_name} {what}").into(),
                "Nothing is wrong with your account here. Try again; if it stays like this, send the id below to whoever runs Latchkey.".into(),
            ],
            facts: Vec::new(),
            go: Some(("/auth/login".to_owned(), "Try again".to_owned())),
            other: None,
            request_id: Some(request_id.into()),
        }
    }

    /// The session here is over.
    #[must_use]
    pub fn signed_out(everywhere: bool) -> Self {
        let why = if everywhere {
            "Your session here and the one at your provider are over."
        } else {
            "Your session here is over. You may still be signed in at your provider; on a shared computer, sign out there too."
        };
        Self {
            title: "You are signed out".to_owned(),
            why: vec![why.into()],
            facts: Vec::new(),
            go: Some(("/auth/login".to_owned(), "Sign in".to_owned())),
            other: None,
            request_id: None,
        }
    }
}

/// Draws the page.
#[component]
pub fn SigningView(
    /// What it shows.
    page: SigningPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let SigningPage { title, why, facts, go, other, request_id } = page;
    view! {
        <div class="message">
            <h1>{title}</h1>
            {why
                .into_iter()
                .map(|sentence| {
                    view! {
                        <p>
                            <Words sentence=sentence reader=reader/>
                        </p>
                    }
                })
                .collect_view()}
            {(!facts.is_empty())
                .then(|| {
                    view! {
                        <DefinitionList>
                            {facts
                                .into_iter()
                                .map(|(name, value)| view! { <Fact name=name>{value}</Fact> })
                                .collect_view()}
                        </DefinitionList>
                    }
                })}
            <ActionBar>
                {go.map(|(href, label)| view! { <LinkButton href=href label=label weight=Weight::Primary/> })}
                {other.map(|(href, label)| view! { <LinkButton href=href label=label/> })}
            </ActionBar>
            {request_id
                .map(|id| {
                    view! {
                        <p class="message-id">
                            "Request id " <CopyCode text=id/>
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}

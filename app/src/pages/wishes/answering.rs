//! What people can answer to a wish: forms for those who answer, and for whoever should own a new role.

use leptos::prelude::*;

use super::one::{AnswerForms, FoundRole, ProposalForm};
use crate::components::{
    ActionBar, Button, Disclosure, FormError, HiddenFields, SearchBox, Section, TextArea, TextField, Weight,
};

/// Yes or no to owning a new role.
pub(super) fn own_it(form: ProposalForm, id: String, errors: &[FormError]) -> AnyView {
    let error = FormError::for_field(errors, "words");
    view! {
        <Section id="own" title="Would you own this role?">
            <form method="post" action="/do/decide-proposal" novalidate=true class="decision-form">
                <HiddenFields fields=vec![("wish_id", id)]/>
                <TextArea
                    name="words"
                    label="Comment"
                    value=form.words
                    rows=2
                    longest=1000
                    optional=true
                    hint="A no needs one: who else could own it, or what would do instead.".to_owned()
                    error=error
                />
                <ActionBar>
                    <Button label="Yes, I own it" weight=Weight::Primary name="verdict" value="yes"/>
                    <Button label="No" weight=Weight::Danger name="verdict" value="no"/>
                </ActionBar>
            </form>
        </Section>
    }
    .into_any()
}

/// What was typed into a field, and what was wrong with it.
struct Typed {
    value: String,
    error: Option<String>,
}

/// The answers: a role, a new role, a refusal.
pub(super) fn answers(forms: AnswerForms, id: &str, errors: &[FormError]) -> AnyView {
    let AnswerForms { query, found, coming, typed } = forms;
    let field = |name: &str| Typed {
        value: typed.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()).unwrap_or_default(),
        error: FormError::for_field(errors, name),
    };
    let hidden = |kind: &str| vec![("wish_id", id.to_owned()), ("answer", kind.to_owned())];
    let draft = [field("name"), field("gives"), field("owner"), field("draft_words")];
    view! {
        {with_role(format!("/wishes/{id}"), hidden("role"), query, found, coming, field("role").error, field("role_words"))}
        {(!coming).then(|| with_draft(hidden("draft"), draft))}
        {with_refusal(hidden("refuse"), field("reason"))}
    }
    .into_any()
}

fn with_role(
    here: String,
    hidden: Vec<(&'static str, String)>,
    query: String,
    found: Vec<FoundRole>,
    coming: bool,
    wrong: Option<String>,
    words: Typed,
) -> AnyView {
    let title = if coming { "The new role is in the catalog" } else { "Answer with a role" };
    view! {
        <Section id="answer-role" title=title>
            <SearchBox action=here label="Find the role" value=query example="what it does, its name" id="role-search"/>
            <form method="post" action="/do/answer-wish" novalidate=true class="pick">
                <HiddenFields fields=hidden/>
                {roles(found, wrong)}
                <TextArea
                    name="role_words"
                    label="More about it"
                    value=words.value
                    rows=2
                    longest=1000
                    optional=true
                    error=words.error
                />
                <ActionBar>
                    <Button label="Answer with this role" weight=Weight::Primary/>
                </ActionBar>
            </form>
        </Section>
    }
    .into_any()
}

fn with_draft(hidden: Vec<(&'static str, String)>, [name, gives, owner, words]: [Typed; 4]) -> AnyView {
    let wrong = [&name, &gives, &owner, &words].into_iter().any(|field| field.error.is_some());
    view! {
        <Disclosure label="Propose a new role" open=wrong>
            <form method="post" action="/do/answer-wish" novalidate=true>
                <HiddenFields fields=hidden/>
                <TextField name="name" label="What it should be called" value=name.value error=name.error/>
                <TextArea
                    name="gives"
                    label="What it should give"
                    value=gives.value
                    rows=2
                    longest=1000
                    hint="On which system, and to do what.".to_owned()
                    error=gives.error
                />
                <TextField
                    name="owner"
                    label="Who should own it"
                    value=owner.value
                    hint="Their e-mail address or their number. They say yes or no before it is told as coming.".to_owned()
                    error=owner.error
                />
                <TextArea
                    name="draft_words"
                    label="More about it"
                    value=words.value
                    rows=2
                    longest=1000
                    optional=true
                    error=words.error
                />
                <ActionBar>
                    <Button label="Propose it"/>
                </ActionBar>
            </form>
        </Disclosure>
    }
    .into_any()
}

fn with_refusal(hidden: Vec<(&'static str, String)>, reason: Typed) -> AnyView {
    let wrong = reason.error.is_some();
    view! {
        <Disclosure label="Refuse" open=wrong>
            <form method="post" action="/do/answer-wish" novalidate=true>
                <HiddenFields fields=hidden/>
                <TextArea
                    name="reason"
                    label="Why"
                    value=reason.value
                    rows=2
                    longest=1000
                    hint="They read this. Say what would help.".to_owned()
                    error=reason.error
                />
                <ActionBar>
                    <Button label="Refuse it" weight=Weight::Danger/>
                </ActionBar>
            </form>
        </Disclosure>
    }
    .into_any()
}

fn roles(found: Vec<FoundRole>, error: Option<String>) -> AnyView {
    if found.is_empty() {
        return view! { <p class="muted">"No role fits these words. Try others."</p> }.into_any();
    }
    let class = if error.is_some() { "field field-wrong" } else { "field" };
    view! {
        <fieldset class=class id="field-role">
            <legend class="field-label">"Which role"</legend>
            {error.map(|message| view! { <p class="field-error">{message}</p> })}
            <div class="choices">
                {found
                    .into_iter()
                    .map(|one| {
                        let control = format!("role-{}", one.id);
                        let of = control.clone();
                        view! {
                            <div class="pick-role">
                                <label class="choice" for=of>
                                    <input type="radio" id=control name="role" value=one.id checked=one.chosen/>
                                    <span class="choice-label">{one.name.clone()}</span>
                                    <span class="choice-hint"></span>
                                </label>
                                <p class="row-text">
                                    {one.description} " "
                                    <a href=one.href>"What it gives" <span class="unseen">": " {one.name}</span></a>
                                </p>
                            </div>
                        }
                    })
                    .collect_view()}
            </div>
        </fieldset>
    }
    .into_any()
}

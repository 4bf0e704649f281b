//! The form that asks for a role.

use leptos::prelude::*;

use super::{ConflictNote, DurationChoice, RequestForm, StagePreview};
use crate::components::{
    ActionBar, Button, Choice, ChoiceGroup, ErrorSummary, FormError, HiddenFields, Notice, PersonChip, Select,
    TextArea, TextField, Weight, absolute, last_day,
};
use crate::frame::Reader;
use crate::pages::parts::QuestionFields;

fn duration_choice(one: DurationChoice, typed: Option<&str>, reader: Reader) -> Choice {
    let chosen = typed.map_or(one.usual, |typed| typed == one.value);
    // Hours end to the minute, days with the day.
    let hours = one.ends - reader.now < chrono::TimeDelta::days(1);
    let until = if hours { absolute(one.ends, reader) } else { last_day(one.ends, reader) };
    Choice {
        hint: Some(format!("until {until}{}", if one.usual { ", the usual" } else { "" })),
        value: one.value,
        label: one.label,
        chosen,
    }
}

/// The form, and who it goes to.
#[component]
pub fn AskForm(
    /// The form.
    form: RequestForm,
    /// Who decides, shown before one sends it.
    stages: Vec<StagePreview>,
    /// The name of the role.
    role: String,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let RequestForm {
        role_id,
        once,
        beneficiaries,
        durations,
        duration,
        starts_on,
        remark,
        reason,
        reason_needed,
        piece,
        pieces,
        questions,
        errors,
        extends,
        conflicts,
    } = form;
    let choices =
        durations.into_iter().map(|one| duration_choice(one, duration.as_deref(), reader)).collect::<Vec<_>>();
    let hint = if reason_needed {
        "What you need it for. Whoever decides reads this, and it stays on record."
    } else {
        "Helps whoever decides. It stays on record."
    };
    let (title, label) =
        if extends { ("Ask for more time", "Ask for more time") } else { ("Ask for this role", "Ask for access") };
    view! {
        <section class="ask" id="ask" aria-labelledby="ask-title">
            <h2 id="ask-title">{title}</h2>
            <ErrorSummary errors=errors.clone()/>
            {remark.map(|words| view! { <p class="ask-remark">{words}</p> })}
            <form method="post" action="/do/request-role" novalidate=true>
                <HiddenFields fields=vec![("role_id", role_id), ("once", once)]/>
                {(!beneficiaries.is_empty())
                    .then(|| {
                        let people = beneficiaries
                            .into_iter()
                            .map(|one| Choice { value: one.value, label: one.label, hint: None, chosen: one.chosen })
                            .collect::<Vec<_>>();
                        view! {
                            <Select
                                name="beneficiary_id"
                                label="For whom"
                                choices=people
                                error=FormError::for_field(&errors, "beneficiary_id")
                            />
                        }
                    })}
                <ChoiceGroup name="duration" legend="For how long" choices=choices error=FormError::for_field(&errors, "duration")/>
                {(!extends)
                    .then(|| {
                        view! {
                            <TextField
                                name="starts_on"
                                label="From"
                                value=starts_on
                                kind="date"
                                hint="Empty means as soon as it is approved.".to_owned()
                                error=FormError::for_field(&errors, "starts_on")
                                optional=true
                            />
                        }
                    })}
                <TextArea
                    name="reason"
                    label="Why"
                    value=reason
                    hint=hint.to_owned()
                    error=FormError::for_field(&errors, "reason")
                    optional=!reason_needed
                />
                <PieceField value=piece suggestions=pieces error=FormError::for_field(&errors, "piece")/>
                <QuestionFields fields=questions/>
                <ConflictNotes notes=conflicts/>
                <div class="ask-route">
                    <p class="ask-route-title">"It goes to"</p>
                    <StageList stages=stages/>
                </div>
                <ActionBar>
                    <Button label=label about=role.clone() weight=Weight::Primary/>
                    <Button label="Add to cart" about=role name="do" value="cart"/>
                </ActionBar>
            </form>
        </section>
    }
    .into_any()
}

/// The piece of work that it is for.
#[component]
pub fn PieceField(
    /// What was typed.
    value: String,
    /// What else the reader has or waits for it for.
    suggestions: Vec<String>,
    /// What is expected, after a wrong answer.
    #[prop(optional_no_strip, into)]
    error: Option<String>,
) -> impl IntoView {
    view! {
        <TextField
            name="piece"
            label="What is it for?"
            value=value
            hint="A piece of work or a ticket, such as \u{201c}Year-end close\u{201d} or OPS-214. What is for the same can be extended or let go of together.".to_owned()
            error=error
            optional=true
            autocomplete="off"
            suggestions=suggestions
        />
    }
}

/// What rules keep apart, and what that means for this request.
#[component]
pub fn ConflictNotes(
    /// The notes; nothing is drawn without any.
    notes: Vec<ConflictNote>,
) -> impl IntoView {
    notes
        .into_iter()
        .map(|ConflictNote { mark, title, words, helps }| {
            view! {
                <Notice mark=mark title=title>
                    <p>{words}</p>
                    {helps.map(|helps| view! { <p>{helps}</p> })}
                </Notice>
            }
        })
        .collect_view()
        .into_any()
}

/// Who decides, in order.
#[component]
pub fn StageList(
    /// The stages.
    stages: Vec<StagePreview>,
) -> impl IntoView {
    let class = if stages.len() > 1 { "stages stages-many" } else { "stages" };
    view! {
        <ol class=class>
            {stages
                .into_iter()
                .map(|StagePreview { who, remark }| {
                    let last = who.len().saturating_sub(1);
                    view! {
                        <li>
                            {who
                                .into_iter()
                                .enumerate()
                                .map(|(at, person)| {
                                    view! {
                                        {(at > 0).then_some(if at == last { " or " } else { ", " })}
                                        <PersonChip person=person/>
                                    }
                                })
                                .collect_view()} {remark.map(|remark| view! { <p class="stage-remark">{remark}</p> })}
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
    .into_any()
}

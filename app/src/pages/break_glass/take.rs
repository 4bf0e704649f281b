//! The form that takes a role in an emergency: what it gives, until when, who is told, who reviews it.

use leptos::prelude::*;

use super::{TakeForm, TakePage};
use crate::components::{
    ActionBar, Button, Choice, ChoiceGroup, Crumb, DefinitionList, ErrorSummary, Fact, FormError, HiddenFields,
    LinkButton, Mark, Notice, PageHead, PersonChip, PersonRef, Risk, Section, TextArea, Weight, Words, clock, short,
};
use crate::frame::Reader;
use crate::pages::parts::GivesList;
use crate::pages::role::DurationChoice;

/// Draws the page.
#[component]
pub fn TakeView(
    /// What it shows.
    page: TakePage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = if page.form.is_ok() { format!("Take {} in an emergency", page.role) } else { page.role.clone() };
    let TakePage { role, role_href, description, risk, gives, form } = page;
    let back = Crumb { label: role.clone(), href: role_href.clone() };
    view! {
        <PageHead title=title back=back>
            <p class="lead">{description}</p>
        </PageHead>
        <div class="aside-page">
            <div class="aside-main">
                <Section id="gives" title="What it gives you">
                    <p>
                        <Risk level=risk/>
                    </p>
                    <GivesList gives=gives/>
                </Section>
            </div>
            <div class="aside-side">
                {match form {
                    Ok(form) => take_form(form, role, role_href, reader),
                    Err((title, help)) => {
                        view! {
                            <Notice mark=Mark::Ended title=title>
                                <p>
                                    <Words sentence=help reader=reader/>
                                </p>
                                <ActionBar>
                                    <LinkButton href=format!("{role_href}#ask") label="Ask for it instead"/>
                                </ActionBar>
                            </Notice>
                        }
                            .into_any()
                    }
                }}
            </div>
        </div>
    }
    .into_any()
}

fn choice(one: DurationChoice, typed: Option<&str>, reader: Reader) -> Choice {
    let day = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&reader.zone).date_naive();
    // Most emergencies are over on the day on which they begin.
    let until = if day(one.ends) == day(reader.now) { clock(one.ends, reader) } else { short(one.ends, reader) };
    Choice {
        hint: Some(format!("until {until}")),
        chosen: typed.map_or(one.usual, |typed| typed == one.value),
        value: one.value,
        label: one.label,
    }
}

fn take_form(form: TakeForm, role: String, role_href: String, reader: Reader) -> AnyView {
    let TakeForm { role_id, durations, duration, reason, review_within, told, reviewers, remark, errors } = form;
    let choices: Vec<Choice> = durations.into_iter().map(|one| choice(one, duration.as_deref(), reader)).collect();
    view! {
        <section class="ask" id="take" aria-labelledby="take-title">
            <h2 id="take-title">"Take it now"</h2>
            <ErrorSummary errors=errors.clone()/>
            {remark
                .map(|words| {
                    view! {
                        <p class="ask-remark">
                            <Words sentence=words reader=reader/>
                        </p>
                    }
                })}
            <form method="post" action="/do/take-break-glass" novalidate=true>
                <HiddenFields fields=vec![("role_id", role_id)]/>
                <ChoiceGroup
                    name="duration"
                    legend="For how long"
                    choices=choices
                    hint="It ends by itself. Give it back when you are done before.".to_owned()
                    error=FormError::for_field(&errors, "duration")
                />
                <TextArea
                    name="reason"
                    label="What happens, and what are you going to do?"
                    value=reason
                    hint="Everybody who is told reads this, and it stays on record.".to_owned()
                    error=FormError::for_field(&errors, "reason")
                />
                <DefinitionList>
                    <Fact name="Told at once">{people(told)}</Fact>
                    <Fact name="Reviewed by">{people(reviewers)}</Fact>
                    <Fact name="Review due">
                        {format!("{review_within} after it ends. While one is overdue, you can\u{2019}t take anything else.")}
                    </Fact>
                </DefinitionList>
                <ActionBar>
                    <Button label="Take it now" about=role weight=Weight::Danger/>
                    <LinkButton href=role_href label="Back"/>
                </ActionBar>
            </form>
        </section>
    }
    .into_any()
}

/// How many names are listed before the rest is counted.
const LISTED: usize = 6;

/// Names with what makes them part of it, one under the other.
pub(super) fn people(all: Vec<PersonRef>) -> AnyView {
    let more = all.len().saturating_sub(LISTED);
    if all.is_empty() {
        return "Nobody".into_any();
    }
    view! {
        <ul class="plain">
            {all
                .into_iter()
                .take(LISTED)
                .map(|person| {
                    view! {
                        <li>
                            <PersonChip person=person/>
                        </li>
                    }
                })
                .collect_view()}
            {(more > 0).then(|| view! { <li class="muted">{format!("and {more} more")}</li> })}
        </ul>
    }
    .into_any()
}

//! A role that the reader may activate: for how many hours, for what.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{
    parts::{GivesList, SystemGives},
    role::{DurationChoice, StageList, StagePreview},
};
use crate::components::{
    ActionBar, Button, Choice, ChoiceGroup, Crumb, DefinitionList, ErrorSummary, Fact, FormError, HiddenFields,
    LinkButton, Mark, Notice, PageHead, PersonChip, PersonRef, Risk, RiskLevel, Section, TextArea, Time, Told, Weight,
    absolute,
};
use crate::frame::Reader;

/// The form, with what was typed when it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivateForm {
    /// The eligible grant's id.
    pub grant_id: String,
    /// A value made for this drawing of the form.
    pub once: String,
    /// What the policy offers.
    pub durations: Vec<DurationChoice>,
    /// The value that was chosen before, if it comes back.
    pub duration: Option<String>,
    /// The reason, as typed.
    pub reason: String,
    /// Who has to approve it each time; empty when nobody has to.
    pub stages: Vec<StagePreview>,
    /// What was wrong, if it comes back. Fields: `duration`, `reason`.
    pub errors: Vec<FormError>,
}

/// Why it can't be activated now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotNow {
    /// What is so: "Production database is active already."
    pub title: String,
    /// What helps.
    pub helps: String,
    /// Where that is, and what it is called.
    pub link: Option<(String, String)>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivatePage {
    /// The role's name.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// What it lets one do.
    pub description: String,
    /// How risky it is.
    pub risk: RiskLevel,
    /// Who owns it, and hears of each activation.
    pub owner: Option<PersonRef>,
    /// By system.
    pub gives: Vec<SystemGives>,
    /// Until when the right lasts.
    pub until: Option<DateTime<Utc>>,
    /// The page that gives the right back.
    pub give_back: String,
    /// The form, or why not.
    pub form: Result<ActivateForm, NotNow>,
}

impl ActivatePage {
    /// The heading and the title.
    #[must_use]
    pub fn title(&self) -> String {
        format!("Activate {}", self.role)
    }
}

/// Draws the page.
#[component]
pub fn ActivateView(
    /// What it shows.
    page: ActivatePage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let ActivatePage { role, role_href, description, risk, owner, gives, until, give_back, form } = page;
    let back = Crumb { label: "Home".to_owned(), href: "/".to_owned() };
    let told = owner.clone();
    let about = role.clone();
    view! {
        <PageHead title=title back=back>
            <p class="lead">{description}</p>
        </PageHead>
        <div class="aside-page">
            <div class="aside-main">
                <Section id="gives" title="What you have while it is active">
                    <GivesList gives=gives/>
                </Section>
            </div>
            <div class="aside-side">
                {match form {
                    Ok(form) => view! { <HoursForm form=form role=about told=told reader=reader/> }.into_any(),
                    Err(NotNow { title, helps, link }) => {
                        view! {
                            <Notice mark=Mark::Ended title=title>
                                <p>{helps}</p>
                                {link
                                    .map(|(href, label)| {
                                        view! {
                                            <ActionBar>
                                                <LinkButton href=href label=label/>
                                            </ActionBar>
                                        }
                                    })}
                            </Notice>
                        }
                            .into_any()
                    }
                }}
            </div>
            <div class="aside-rest">
                <Section id="facts" title="About your right">
                    <DefinitionList>
                        <Fact name="Role">
                            <a href=role_href>{role}</a>
                        </Fact>
                        <Fact name="Risk">
                            <Risk level=risk/>
                        </Fact>
                        {owner
                            .map(|owner| {
                                view! {
                                    <Fact name="Owner">
                                        <PersonChip person=owner/>
                                    </Fact>
                                }
                            })}
                        <Fact name="You may activate it">
                            {match until {
                                Some(at) => view! { "until " <Time at=at reader=reader told=Told::Until/> }.into_any(),
                                None => "without an end".into_any(),
                            }}
                        </Fact>
                    </DefinitionList>
                    <p>
                        <a href=give_back>"Give the right back"</a>
                    </p>
                </Section>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn HoursForm(form: ActivateForm, role: String, told: Option<PersonRef>, reader: Reader) -> impl IntoView {
    let ActivateForm { grant_id, once, durations, duration, reason, stages, errors } = form;
    let asks = !stages.is_empty();
    let choices = durations
        .into_iter()
        .map(|one| Choice {
            hint: (!asks).then(|| format!("until {}", absolute(one.ends, reader))),
            chosen: duration.as_ref().map_or(one.usual, |typed| *typed == one.value),
            value: one.value,
            label: one.label,
        })
        .collect::<Vec<_>>();
    view! {
        <section class="ask" id="ask" aria-labelledby="ask-title">
            <h2 id="ask-title">"Activate it"</h2>
            <ErrorSummary errors=errors.clone()/>
            <form method="post" action="/do/activate" novalidate=true>
                <HiddenFields fields=vec![("grant_id", grant_id), ("once", once)]/>
                <ChoiceGroup name="duration" legend="For how long" choices=choices error=FormError::for_field(&errors, "duration")/>
                <TextArea
                    name="reason"
                    label="What for"
                    value=reason
                    hint="What you are about to do. It stays on record.".to_owned()
                    error=FormError::for_field(&errors, "reason")
                />
                <div class="ask-route">
                    {if asks {
                        view! {
                            <p class="ask-route-title">"It goes to"</p>
                            <StageList stages=stages/>
                        }
                            .into_any()
                    } else {
                        view! {
                            <p class="ask-route-title">"At once"</p>
                            <p class="stage-remark">
                                "Nobody has to approve it. "
                                {told.map(|owner| view! { <PersonChip person=owner/> " is told. " })}
                                "It ends by itself, and you can end it before."
                            </p>
                        }
                            .into_any()
                    }}
                </div>
                <ActionBar>
                    <Button label=if asks { "Ask to activate it" } else { "Activate" } about=role weight=Weight::Primary/>
                    <LinkButton href="/" label="Not now"/>
                </ActionBar>
            </form>
        </section>
    }
    .into_any()
}

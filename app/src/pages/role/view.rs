//! How a role's page is drawn.

use leptos::prelude::*;

use super::form::StageList;
use super::{Ask, AskForm, Emergency, Peers, RolePage, StagePreview};
use crate::components::{
    ActionBar, Crumb, DefinitionList, Fact, LinkButton, Mark, Meter, NotNow, NotNowList, Notice, PageHead, PersonChip,
    Risk, Section, Time, Told, Weight, Words, duration_words, plural,
};
use crate::frame::Reader;
use crate::pages::parts::{ExactNames, GivesList};

/// Draws the page.
#[component]
pub fn RoleView(
    /// What it shows.
    page: RolePage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let RolePage {
        name,
        description,
        risk,
        owner,
        tags,
        gives,
        stages,
        policy,
        longest,
        active_for,
        assurance,
        peers,
        usual_time,
        version,
        ask,
        emergency,
        opened_by,
        holders,
    } = page;
    let asks = matches!(ask, Ask::Form(_));
    let back = Crumb { label: "Catalog".to_owned(), href: "/catalog".to_owned() };
    let stages_again = stages.clone();
    let role = name.clone();
    let exact = gives.clone();
    view! {
        <PageHead title=name back=back>
            <p class="lead">{description}</p>
        </PageHead>
        <div class="aside-page">
            <div class="aside-main">
                <Section id="gives" title="What it gives you">
                    <GivesList gives=gives/>
                </Section>
            </div>
            <div class="aside-side">
                {emergency.map(|emergency| emergency_part(emergency, &role, reader))}
                {ask_part(ask, stages, role.clone(), reader)}
            </div>
            <div class="aside-rest">
                <Section id="facts" title="About this role">
                    <DefinitionList>
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
                        {(!asks)
                            .then(|| {
                                view! {
                                    <Fact name="Who decides">
                                        <StageList stages=stages_again/>
                                    </Fact>
                                }
                            })}
                        <Fact name="Policy">{policy}</Fact>
                        {active_for
                            .map(|time| {
                                view! {
                                    <Fact name="How it works">
                                        {format!(
                                            "You ask once. Then you activate it when you need it, for up to {} at a time.",
                                            duration_words(time),
                                        )}
                                    </Fact>
                                }
                            })}
                        {(!opened_by.is_empty())
                            .then(|| {
                                view! {
                                    <Fact name="Shifts and tickets">
                                        {opened_by
                                            .into_iter()
                                            .map(|sentence| {
                                                view! {
                                                    <p>
                                                        <Words sentence=sentence reader=reader/>
                                                    </p>
                                                }
                                            })
                                            .collect_view()}
                                    </Fact>
                                }
                            })}
                        <Fact name="Longest">{duration_words(longest)}</Fact>
                        {usual_time.map(|time| view! { <Fact name="Usually takes">{duration_words(time)}</Fact> })}
                        {assurance.map(|words| view! { <Fact name="Sign-in needed">{words}</Fact> })}
                        {peers
                            .map(|Peers { have, of, who }| {
                                view! {
                                    <Fact name="Who else has it">
                                        <Meter value=have of=of label=format!("{have} of {of} {who}")/>
                                    </Fact>
                                }
                            })}
                        {holders
                            .map(|(count, href)| {
                                view! {
                                    <Fact name="Holders">
                                        <a href=href>{plural(i64::from(count), "holder")}</a>
                                    </Fact>
                                }
                            })}
                        {(!tags.is_empty()).then(|| view! { <Fact name="Tags">{tags.join(", ")}</Fact> })}
                        <Fact name="Version">{version.to_string()}</Fact>
                    </DefinitionList>
                    <ExactNames gives=exact/>
                </Section>
            </div>
        </div>
    }
    .into_any()
}

fn emergency_part(emergency: Emergency, role: &str, reader: Reader) -> AnyView {
    match emergency {
        Emergency::Can { href } => {
            let about = role.to_owned();
            view! {
                <Notice mark=Mark::Next title="Can\u{2019}t it wait?">
                    <p>"In an emergency you can take this role at once, for a few hours. Everybody who would decide is told, and somebody reviews it."</p>
                    <ActionBar>
                        <LinkButton href=href label="Take it in an emergency" about=about/>
                    </ActionBar>
                </Notice>
            }
            .into_any()
        }
        Emergency::Taken { until, href } => view! {
            <Notice mark=Mark::Attention title="You took this role in an emergency">
                <p>
                    {until
                        .map(|at| {
                            view! {
                                "It ends by itself "
                                <Time at=at reader=reader told=Told::Full/>
                                "."
                            }
                        })}
                </p>
                <ActionBar>
                    <LinkButton href=href label="Say what you do with it"/>
                </ActionBar>
            </Notice>
        }
        .into_any(),
    }
}

fn ask_part(ask: Ask, stages: Vec<StagePreview>, role: String, reader: Reader) -> AnyView {
    match ask {
        Ask::Form(form) => view! { <AskForm form=*form stages=stages role=role reader=reader/> }.into_any(),
        Ask::Have { until, why, give_back, keep, extend, activate, not_now } => view! {
            <Notice mark=Mark::Done title=if activate.is_some() { "You may activate this role" } else { "You have this role" }>
                <p>
                    {match until {
                        Some(at) => view! { "Until " <Time at=at reader=reader told=Told::Until/> ". " }.into_any(),
                        None => "It has no end. ".into_any(),
                    }} <Words sentence=why reader=reader/>
                </p>
                <ActionBar>
                    {activate.map(|href| view! { <LinkButton href=href label="Activate it" weight=Weight::Primary/> })}
                    {keep.map(|href| view! { <LinkButton href=href label="Keep it" weight=Weight::Primary/> })}
                    {extend.map(|href| view! { <LinkButton href=href label="Ask for more time"/> })}
                    {give_back.map(|href| view! { <LinkButton href=href label="Give it back"/> })}
                </ActionBar>
                <NotNowList actions=not_now id="have".to_owned() reader=reader/>
            </Notice>
        }
        .into_any(),
        Ask::Asked { stands, href, again } => view! {
            <Notice mark=Mark::Waiting title="You asked for this role">
                <p>
                    <Words sentence=stands reader=reader/>
                </p>
                <ActionBar>
                    <LinkButton href=href label="See the request"/>
                    {again.map(|href| view! { <LinkButton href=href label="Ask with other terms"/> })}
                </ActionBar>
            </Notice>
        }
        .into_any(),
        Ask::No { title, why } => view! {
            <Notice mark=Mark::Ended title=title>
                <NotNowList actions=vec![NotNow::new("Ask for access", why)] id="ask".to_owned() reader=reader/>
            </Notice>
        }
        .into_any(),
    }
}

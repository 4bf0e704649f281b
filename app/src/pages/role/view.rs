//! How a role's page is drawn.

use leptos::prelude::*;

use super::form::StageList;
use super::{Ask, AskForm, Peers, RolePage, StagePreview};
use crate::components::{
    ActionBar, Crumb, DefinitionList, Fact, LinkButton, Mark, Meter, Notice, PageHead, PersonChip, Risk, Section, Time,
    Told, Words, duration_words, plural,
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
        assurance,
        peers,
        usual_time,
        version,
        ask,
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
            <div class="aside-side">{ask_part(ask, stages, role, reader)}</div>
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

fn ask_part(ask: Ask, stages: Vec<StagePreview>, role: String, reader: Reader) -> AnyView {
    match ask {
        Ask::Form(form) => view! { <AskForm form=*form stages=stages role=role reader=reader/> }.into_any(),
        Ask::Have { until, why, give_back, extend } => view! {
            <Notice mark=Mark::Done title="You have this role">
                <p>
                    {match until {
                        Some(at) => view! { "Until " <Time at=at reader=reader told=Told::Until/> ". " }.into_any(),
                        None => "It has no end. ".into_any(),
                    }} <Words sentence=why reader=reader/>
                </p>
                <ActionBar>
                    {extend.map(|href| view! { <LinkButton href=href label="Ask for more time"/> })}
                    {give_back.map(|href| view! { <LinkButton href=href label="Give it back"/> })}
                </ActionBar>
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
                <p>
                    <Words sentence=why reader=reader/>
                </p>
            </Notice>
        }
        .into_any(),
    }
}

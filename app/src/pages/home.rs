//! Home: what waits for you, what you are waiting for, what you have.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::parts::{AccessRow, AccessTable, RequestLine, RequestLines};
use crate::components::{Empty, Glyph, Icon, PageHead, Risk, RiskLevel, Section, Time, Told, number, plural};
use crate::frame::Reader;

/// A decision that waits for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitsForYou {
    /// The decision's page.
    pub href: String,
    /// Who it is for.
    pub who: String,
    /// What they do: " asks for ", " asks to activate ".
    pub asks: &'static str,
    /// The role.
    pub role: String,
    /// "90 days".
    pub how_long: String,
    /// How risky the role is.
    pub risk: RiskLevel,
    /// Why they want it, in their words.
    pub reason: String,
    /// Since when it waits.
    pub since: DateTime<Utc>,
    /// What happens when nobody decides, and when: "Goes to Tomas Novak on Thursday".
    pub then: Option<String>,
}

/// A review of what was taken in an emergency that waits for the reader, or for their words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewWaits {
    /// Its page.
    pub href: String,
    /// "Review what Jonas Lindqvist did with Production shell", "Say what you did with Production shell".
    pub words: String,
    /// Why it was taken, in their words.
    pub reason: String,
    /// By when the review is due.
    pub due: DateTime<Utc>,
}

/// A role that many of the reader's colleagues have; shown to people with little access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamHas {
    /// The role.
    pub role: String,
    /// Its page.
    pub href: String,
    /// What it lets one do.
    pub description: String,
    /// How many have it.
    pub have: u32,
    /// Of how many.
    pub of: u32,
}

/// What Home shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomePage {
    /// Decisions, the most urgent first, at most three.
    pub waits: Vec<WaitsForYou>,
    /// How many wait in all.
    pub waits_total: u32,
    /// Reviews, the first due at the top, at most three.
    pub reviews: Vec<ReviewWaits>,
    /// How many wait in all.
    pub reviews_total: u32,
    /// Own requests that are open, at most five.
    pub waiting: Vec<RequestLine>,
    /// How many are open in all.
    pub waiting_total: u32,
    /// What the reader may activate and hasn't now.
    pub ready: Vec<AccessRow>,
    /// What the reader holds, expiring first; at most fifty.
    pub access: Vec<AccessRow>,
    /// How many in all.
    pub access_total: u32,
    /// How many of them end within two weeks.
    pub ending: u32,
    /// The whole list, if not all of it is shown.
    pub access_href: String,
    /// What colleagues have that the reader does not; empty unless the reader is new or has little.
    pub team_has: Vec<TeamHas>,
    /// Who the colleagues are: "People in Finance operations".
    pub team: String,
}

impl HomePage {
    /// The heading and the title: what is so.
    #[must_use]
    pub fn title(&self) -> String {
        match (self.waits_total, self.reviews_total) {
            (0, 0) => "Nothing waits for you".to_owned(),
            (1, 0) => "One decision waits for you".to_owned(),
            (count, 0) => format!("{} decisions wait for you", number(i64::from(count))),
            (0, 1) => "One thing waits for you".to_owned(),
            (0, count) => format!("{} things wait for you", number(i64::from(count))),
            (decisions, others) => {
                let (decisions, others) = (i64::from(decisions), i64::from(others));
                format!("{} and {} wait for you", plural(decisions, "decision"), plural(others, "other thing"))
            }
        }
    }
}

/// Draws Home.
#[component]
pub fn HomeView(
    /// What it shows.
    page: HomePage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let HomePage {
        waits,
        waits_total,
        reviews,
        reviews_total,
        waiting,
        waiting_total,
        ready,
        access,
        access_total,
        ending,
        access_href,
        team_has,
        team,
    } = page;
    let reviews_more = usize::try_from(reviews_total).unwrap_or(usize::MAX) > reviews.len();
    let more = usize::try_from(waits_total).unwrap_or(usize::MAX) > waits.len();
    let waiting_more = usize::try_from(waiting_total).unwrap_or(usize::MAX) > waiting.len();
    let access_more = usize::try_from(access_total).unwrap_or(usize::MAX) > access.len();
    let access_aside = (access_total > 0).then(|| {
        let all = plural(i64::from(access_total), "role");
        if ending > 0 {
            format!(
                "{all}, {} within two weeks",
                if ending == 1 { "1 ends".to_owned() } else { format!("{ending} end") }
            )
        } else {
            all
        }
    });
    view! {
        <PageHead title=title/>
        {(!waits.is_empty() || !reviews.is_empty())
            .then(|| {
                view! {
                    <div>
                        <ul class="rows rows-strong">
                            {waits.into_iter().map(|one| wait_row(one, reader)).collect_view()}
                            {reviews.into_iter().map(|one| review_row(one, reader)).collect_view()}
                        </ul>
                        {more
                            .then(|| {
                                view! {
                                    <p class="rows-more">
                                        <a href="/approvals">{format!("All {} decisions", number(i64::from(waits_total)))}</a>
                                    </p>
                                }
                            })}
                        {reviews_more
                            .then(|| {
                                view! {
                                    <p class="rows-more">
                                        <a href="/break-glass">{format!("All {} reviews", number(i64::from(reviews_total)))}</a>
                                    </p>
                                }
                            })}
                    </div>
                }
            })}
        {(!team_has.is_empty()).then(|| team_section(team_has, &team))}
        <Section
            id="waiting"
            title="You are waiting for"
            aside=(waiting_total > 0).then(|| plural(i64::from(waiting_total), "open request"))
        >
            {if waiting.is_empty() {
                view! {
                    <Empty title="You have no open requests">
                        <p>"When a door is closed, " <a href="/catalog">"find its role in the catalog"</a> "."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <RequestLines lines=waiting reader=reader/>
                    {waiting_more
                        .then_some(
                            view! {
                                <p class="rows-more">
                                    <a href="/requests">"All your open requests"</a>
                                </p>
                            },
                        )}
                }
                    .into_any()
            }}
        </Section>
        {(!ready.is_empty())
            .then(|| {
                view! {
                    <Section id="ready" title="Ready when you need it">
                        <AccessTable rows=ready caption="What you may activate" reader=reader/>
                    </Section>
                }
            })}
        <Section id="access" title="Your access" aside=access_aside>
            {if access.is_empty() {
                view! {
                    <Empty title="You have no access yet">
                        <p>"Access that comes with your job appears here by itself. The rest you " <a href="/catalog">"ask for"</a> "."</p>
                    </Empty>
                }
                    .into_any()
            } else {
                view! {
                    <AccessTable rows=access caption="Your access, what ends first at the top" reader=reader/>
                    {(ending > 0)
                        .then_some(
                            view! {
                                <p class="rows-more">
                                    <a href="/expiring">"What ends soon, to extend or let go of together"</a>
                                </p>
                            },
                        )}
                    {access_more
                        .then(|| {
                            view! {
                                <p class="rows-more">
                                    <a href=access_href>{format!("All {} roles", number(i64::from(access_total)))}</a>
                                </p>
                            }
                        })}
                }
                    .into_any()
            }}
        </Section>
    }
    .into_any()
}

fn wait_row(one: WaitsForYou, reader: Reader) -> AnyView {
    let WaitsForYou { href, who, asks, role, how_long, risk, reason, since, then } = one;
    view! {
        <li class="row row-wait" data-row="">
            <div class="row-main">
                <p class="row-title">
                    <a class="row-link" href=href>
                        {who}
                        <span class="row-joint">{asks}</span>
                        {role}
                    </a>
                </p>
                <p class="row-text row-quote">{reason}</p>
            </div>
            <p class="row-facts">
                <Risk level=risk/>
                <span>{how_long}</span>
            </p>
            <p class="row-when">
                <Time at=since reader=reader told=Told::Relative/>
                {then.map(|then| view! { <span class="row-under">{then}</span> })}
            </p>
            <span class="row-go" aria-hidden="true">
                "Decide"
                <Icon glyph=Glyph::Right/>
            </span>
        </li>
    }
    .into_any()
}

fn review_row(one: ReviewWaits, reader: Reader) -> AnyView {
    let ReviewWaits { href, words, reason, due } = one;
    view! {
        <li class="row row-wait" data-row="">
            <div class="row-main">
                <p class="row-title">
                    <a class="row-link" href=href>
                        {words}
                    </a>
                </p>
                <p class="row-text row-quote">{reason}</p>
            </div>
            <p class="row-when">
                <Time at=due reader=reader told=Told::Relative/>
                <span class="row-under">{if due <= reader.now { "the review was due" } else { "the review is due" }}</span>
            </p>
            <span class="row-go" aria-hidden="true">
                "Open"
                <Icon glyph=Glyph::Right/>
            </span>
        </li>
    }
    .into_any()
}

fn team_section(team_has: Vec<TeamHas>, team: &str) -> AnyView {
    let title = format!("{team} usually have");
    view! {
        <Section id="team-has" title=title>
            <ul class="rows">
                {team_has
                    .into_iter()
                    .map(|one| {
                        view! {
                            <li class="row row-team" data-row="">
                                <div class="row-main">
                                    <p class="row-title">
                                        <a class="row-link" href=one.href>
                                            {one.role}
                                        </a>
                                    </p>
                                    <p class="row-text">{one.description}</p>
                                </div>
                                <p class="row-when">{format!("{} of {} have it", one.have, one.of)}</p>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </Section>
    }
    .into_any()
}

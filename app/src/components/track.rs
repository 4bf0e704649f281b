//! How far each entitlement is: asked, approved, applied, confirmed, a row each, with times and the system's own words on failure.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::button::{Button, ButtonForm, Weight};
use super::icon::Glyph;
use super::sentence::{Sentence, Words};
use super::state::{Mark, MarkShape};
use super::system_name::{SystemName, SystemRef};
use super::time::{Time, Told};
use crate::frame::Reader;

/// Whether access comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Asked, approved, applied, confirmed.
    Giving,
    /// Held, ended, removed, confirmed.
    Removing,
}

impl TrackKind {
    const fn heads(self) -> [&'static str; 4] {
        match self {
            Self::Giving => ["Asked", "Approved", "Applied", "Confirmed"],
            Self::Removing => ["Held", "Ended", "Removed", "Confirmed gone"],
        }
    }
}

/// The rows of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracks {
    /// Whether access comes or goes.
    pub kind: TrackKind,
    /// One for each entitlement, in the order of systems and names.
    pub rows: Vec<Track>,
}

/// One of the four points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its mark.
    pub mark: Mark,
    /// When it was reached.
    pub at: Option<DateTime<Utc>>,
    /// In words, where there is no time yet: "Trying now", "Waits for a decision", "Failed".
    pub word: String,
}

impl Point {
    /// A point that was reached.
    #[must_use]
    pub const fn reached(at: DateTime<Utc>) -> Self {
        Self { mark: Mark::Done, at: Some(at), word: String::new() }
    }

    /// A point that was not.
    #[must_use]
    pub fn ahead(mark: Mark, word: impl Into<String>) -> Self {
        Self { mark, at: None, word: word.into() }
    }
}

/// What stands in the way, and what happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackProblem {
    /// `Attention` while it is tried again, `Failed` when somebody has to act.
    pub mark: Mark,
    /// "The directory could not be reached."
    pub title: String,
    /// The system's own words.
    pub said: Option<String>,
    /// "Tried 3 times. Next try in 4 minutes." or who has to act.
    pub next: Sentence,
    /// The fulfilment that this reader may have tried again at once.
    pub retry: Option<String>,
}

/// One entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its name.
    pub entitlement: String,
    /// Where it is.
    pub system: SystemRef,
    /// The four points.
    pub points: [Point; 4],
    /// What stands in the way.
    pub problem: Option<TrackProblem>,
}

/// The rows as a table; on narrow screens each row is a small list.
#[component]
pub fn TrackTable(
    /// Whether access comes or goes.
    kind: TrackKind,
    /// The entitlements.
    rows: Vec<Track>,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let heads = kind.heads();
    view! {
        <table class="track" role="table">
            <caption class="unseen">
                {match kind {
                    TrackKind::Giving => "How far each entitlement is",
                    TrackKind::Removing => "How far each removal is",
                }}
            </caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">
                        "Entitlement"
                    </th>
                    {heads.map(|head| view! { <th scope="col" role="columnheader">{head}</th> }).collect_view()}
                </tr>
            </thead>
            <tbody role="rowgroup">
                {rows.into_iter().map(|row| view! { <TrackRow row=row heads=heads reader=reader/> }).collect_view()}
            </tbody>
        </table>
    }
    .into_any()
}

#[component]
fn TrackRow(row: Track, heads: [&'static str; 4], reader: Reader) -> impl IntoView {
    let Track { entitlement, system, points, problem } = row;
    let about = entitlement.clone();
    view! {
        <tr role="row" class=problem.is_some().then_some("track-troubled")>
            <th scope="row" role="rowheader">
                <span class="track-name">{entitlement}</span>
                <SystemName system=system/>
            </th>
            {points
                .into_iter()
                .zip(heads)
                .map(|(point, head)| {
                    view! {
                        <td role="cell" data-label=head class=if point.at.is_some() { "point point-reached" } else { "point" }>
                            <span class="point-in" data-label=head>
                                <MarkShape mark=point.mark/>
                                <span class="point-words">
                                    {match point.at {
                                        Some(at) => view! { <Time at=at reader=reader told=Told::Short/> }.into_any(),
                                        None => point.word.into_any(),
                                    }}
                                </span>
                            </span>
                        </td>
                    }
                })
                .collect_view()}
        </tr>
        {problem.map(|problem| view! { <Problem problem=problem about=about reader=reader/> })}
    }
    .into_any()
}

#[component]
fn Problem(problem: TrackProblem, about: String, reader: Reader) -> impl IntoView {
    let TrackProblem { mark, title, said, next, retry } = problem;
    view! {
        <tr role="row" class="track-problem">
            <td role="cell" colspan="5">
                <div class=format!("trouble tone-{}", mark.tone())>
                    <MarkShape mark=mark/>
                    <div>
                        <p class="trouble-title">{title}</p>
                        {said
                            .map(|said| {
                                view! {
                                    <p class="trouble-said">
                                        "It said: " <code>{said}</code>
                                    </p>
                                }
                            })}
                        <p>
                            <Words sentence=next reader=reader/>
                        </p>
                        {retry
                            .map(|id| {
                                view! {
                                    <ButtonForm action="/do/retry-fulfilment" fields=vec![("fulfilment_id", id)]>
                                        <Button label="Try again now" about=about weight=Weight::Plain glyph=Glyph::Retry/>
                                    </ButtonForm>
                                }
                            })}
                    </div>
                </div>
            </td>
        </tr>
    }
    .into_any()
}

//! What happened and what comes next, like a ship's log: the time at the left, the mark on the line, the words at the right.

use chrono::{DateTime, NaiveDate, Utc};
use leptos::prelude::*;

use super::sentence::{Sentence, Words};
use super::state::{Mark, MarkShape};
use super::time::{clock, day, exact};
use super::track::{TrackTable, Tracks};
use crate::frame::Reader;

/// When a step was, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepWhen {
    /// It happened then.
    At(DateTime<Utc>),
    /// It happens by itself then.
    Due(DateTime<Utc>),
    /// In words: "Now", "Next".
    Words(String),
}

/// What somebody wrote at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Who, if the step doesn't say it.
    pub by: Option<String>,
    /// Their words, as they were typed.
    pub text: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its mark on the line.
    pub mark: Mark,
    /// When.
    pub when: StepWhen,
    /// What happened: "Priya Raman approved, as your manager".
    pub title: Sentence,
    /// More about it, a line each: who else could act, what happens if nobody does.
    pub notes: Vec<Sentence>,
    /// What somebody wrote.
    pub remark: Option<Remark>,
    /// How far each entitlement is.
    pub tracks: Option<Tracks>,
    /// True for the step that everything waits for.
    pub now: bool,
}

impl Step {
    /// A step without remarks.
    #[must_use]
    pub fn new(mark: Mark, when: StepWhen, title: impl Into<Sentence>) -> Self {
        Self { mark, when, title: title.into(), notes: Vec::new(), remark: None, tracks: None, now: false }
    }
}

/// The steps in order.
#[component]
pub fn Timeline(
    /// Oldest first; what comes next is last.
    steps: Vec<Step>,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let mut last: Option<NaiveDate> = None;
    let steps = steps
        .into_iter()
        .map(|step| {
            let date = match step.when {
                StepWhen::At(at) | StepWhen::Due(at) => Some(at.with_timezone(&reader.zone).date_naive()),
                StepWhen::Words(_) => None,
            };
            let same_day = date.is_some() && date == last;
            if date.is_some() {
                last = date;
            }
            view! { <StepItem step=step same_day=same_day reader=reader/> }
        })
        .collect_view();
    view! { <ol class="timeline">{steps}</ol> }.into_any()
}

#[component]
fn StepItem(step: Step, same_day: bool, reader: Reader) -> impl IntoView {
    let class = match (step.now, step.mark) {
        (true, _) => "step step-now",
        (false, Mark::Next) => "step step-next",
        _ => "step",
    };
    let Step { mark, when, title, notes, remark, tracks, now } = step;
    view! {
        <li class=class aria-current=now.then_some("step")>
            <p class="step-when">
                <When when=when same_day=same_day reader=reader/>
            </p>
            <span class="step-mark">
                <MarkShape mark=mark/>
            </span>
            <div class="step-body">
                <p class="step-title">
                    <Words sentence=title reader=reader/>
                </p>
                {notes
                    .into_iter()
                    .map(|note| {
                        view! {
                            <p class="step-note">
                                <Words sentence=note reader=reader/>
                            </p>
                        }
                    })
                    .collect_view()}
                {remark.map(|remark| view! { <RemarkText remark=remark/> })}
                {tracks.map(|Tracks { kind, rows }| view! { <TrackTable kind=kind rows=rows reader=reader/> })}
            </div>
        </li>
    }
    .into_any()
}

#[component]
fn When(when: StepWhen, same_day: bool, reader: Reader) -> impl IntoView {
    let day_class = if same_day { "unseen" } else { "step-day" };
    let (at, prefix) = match when {
        StepWhen::At(at) => (at, None),
        StepWhen::Due(at) => (at, Some("By ")),
        StepWhen::Words(words) => return view! { <span class="step-day">{words}</span> }.into_any(),
    };
    let machine = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    view! {
        <time datetime=machine title=exact(at, reader)>
            <span class=day_class>{prefix} {day(at, reader)} ", "</span>
            {clock(at, reader)}
        </time>
    }
    .into_any()
}

/// What somebody wrote, set off from what the product says.
#[component]
pub fn RemarkText(
    /// The words and who wrote them.
    remark: Remark,
) -> impl IntoView {
    view! {
        <blockquote class="remark">
            {remark.by.map(|by| view! { <p class="remark-by">{by}</p> })}
            <p class="remark-text">{remark.text}</p>
        </blockquote>
    }
}

//! How far each entitlement of an item is, with the system's own words where it failed.

use latchkey_domain::{
    Instant,
    fulfilment::{HELD_BACK, Presence, Progress, WAITS_FOR_SIGN_IN},
};
use latchkey_store::{
    holdings::{GivesRow, ProgressRow},
    request_reads::ItemLineRow,
};

use super::Reading;
use crate::components::{Mark, Point, Sentence, SystemRef, Told, Track, TrackKind, TrackProblem, Tracks};

/// Asked, approved, applied, confirmed.
pub(super) fn giving(reading: &Reading<'_>, item: &ItemLineRow, approved_at: Instant) -> Tracks {
    let rows = reading
        .whole
        .work(item)
        .into_iter()
        .map(|(gives, progress)| {
            let [applied, confirmed] = match progress.filter(|p| p.desired == Presence::Present) {
                // Another role gave it before this one was approved: nothing had to be done.
                Some(p) if p.progress == Progress::Settled && p.confirmed_at.is_some_and(|at| at < approved_at) => {
                    [Point::ahead(Mark::Done, "Held already"), Point::ahead(Mark::Done, "Held already")]
                }
                Some(p) => last_two(p),
                None => [Point::ahead(Mark::Next, "Waits"), Point::ahead(Mark::Next, "Waits")],
            };
            Track {
                entitlement: gives.name.clone(),
                system: system(reading, gives),
                points: [Point::reached(item.created_at), Point::reached(approved_at), applied, confirmed],
                problem: progress.and_then(|p| problem(reading, item, gives, p)),
            }
        })
        .collect();
    Tracks { kind: TrackKind::Giving, rows }
}

/// Held, ended, removed, confirmed gone. What another grant still justifies stays, and says so (promise 6).
pub(super) fn removing(reading: &Reading<'_>, item: &ItemLineRow, since: Instant, ended_at: Instant) -> Tracks {
    let rows = reading
        .whole
        .work(item)
        .into_iter()
        .map(|(gives, progress)| {
            let [removed, gone] = match progress {
                Some(p) if p.desired == Presence::Absent => last_two(p),
                Some(p) if p.desired == Presence::Present => {
                    [Point::ahead(Mark::Done, "Stays: another role gives it"), Point::ahead(Mark::Done, "Not needed")]
                }
                Some(_) => {
                    [Point::ahead(Mark::Done, "Stays: it was there before"), Point::ahead(Mark::Done, "Not needed")]
                }
                None => [Point::ahead(Mark::Next, "Waits"), Point::ahead(Mark::Next, "Waits")],
            };
            Track {
                entitlement: gives.name.clone(),
                system: system(reading, gives),
                points: [Point::reached(since), Point::reached(ended_at), removed, gone],
                problem: progress
                    .filter(|p| p.desired == Presence::Absent)
                    .and_then(|p| problem(reading, item, gives, p)),
            }
        })
        .collect();
    Tracks { kind: TrackKind::Removing, rows }
}

fn system(reading: &Reading<'_>, gives: &GivesRow) -> SystemRef {
    let href = reading.signed.may_systems().then(|| format!("/systems/{}", gives.system_key));
    SystemRef { name: gives.system_name.clone(), href }
}

fn last_two(p: &ProgressRow) -> [Point; 2] {
    match p.progress {
        Progress::Settled => {
            let at = p.confirmed_at.unwrap_or(p.wanted_at);
            // What was there already was applied by nobody.
            let applied = if p.found {
                Point::ahead(Mark::Done, "Was there before")
            } else {
                Point::reached(p.applied_at.unwrap_or(at))
            };
            [applied, Point::reached(at)]
        }
        Progress::Due if held_back(p) => {
            [Point::ahead(Mark::Attention, "Held back by a rule"), Point::ahead(Mark::Next, "Waits")]
        }
        Progress::Due if waits(p) => {
            [Point::ahead(Mark::Attention, "Waits for a sign-in"), Point::ahead(Mark::Next, "Waits")]
        }
        Progress::Due if p.attempts > 0 => [
            p.applied_at.map_or_else(|| Point::ahead(Mark::Attention, "Tried again"), Point::reached),
            Point::ahead(Mark::Next, "Waits"),
        ],
        Progress::Due => [Point::ahead(Mark::Working, "Trying now"), Point::ahead(Mark::Next, "Waits")],
        Progress::Refused => [Point::ahead(Mark::Failed, "Refused"), Point::ahead(Mark::Next, "Waits")],
        Progress::NeedsHuman => [Point::ahead(Mark::Failed, "Needs somebody"), Point::ahead(Mark::Next, "Waits")],
    }
}

/// Its holder's sign-in hasn't proved yet what the role asks for.
fn waits(p: &ProgressRow) -> bool {
    p.progress == Progress::Due && p.last_outcome.as_deref() == Some(WAITS_FOR_SIGN_IN)
}

/// A rule keeps it apart from what its holder has otherwise.
fn held_back(p: &ProgressRow) -> bool {
    p.progress == Progress::Due && p.last_outcome.as_deref() == Some(HELD_BACK)
}

fn problem(reading: &Reading<'_>, item: &ItemLineRow, gives: &GivesRow, p: &ProgressRow) -> Option<TrackProblem> {
    let retry = reading.may_retry(item).then(|| p.fulfilment_id.to_string());
    let said = (!p.last_words.is_empty()).then(|| p.last_words.clone());
    let name = &gives.system_name;
    match p.progress {
        Progress::Settled => None,
        Progress::Due if waits(p) || held_back(p) => Some(TrackProblem {
            mark: Mark::Attention,
            title: p.last_words.clone(),
            said: None,
            next: Sentence::of(format!("Nothing was asked of {name} yet.")),
            retry: None,
        }),
        Progress::Due if p.attempts == 0 => super::super::gives::remark(&gives.system_key, &reading.state.connected)
            .map(|_| TrackProblem {
                mark: Mark::Attention,
                title: format!("{name} is not connected at the moment."),
                said: None,
                next: Sentence::of("It is done as soon as the connection is there. There is nothing for you to do."),
                retry: None,
            }),
        Progress::Due => {
            let tried = if p.attempts == 1 { "Tried once.".to_owned() } else { format!("Tried {} times.", p.attempts) };
            let next = match p.due_at {
                Some(at) if at > reading.now => {
                    Sentence::of(format!("{tried} The next try is ")).moment(at, Told::Relative).text(".")
                }
                _ => Sentence::of(format!("{tried} It is tried again now.")),
            };
            Some(TrackProblem {
                mark: Mark::Attention,
                title: format!("{name} could not do it yet."),
                said,
                next,
                retry,
            })
        }
        Progress::Refused => Some(TrackProblem {
            mark: Mark::Failed,
            title: format!("{name} refused it."),
            said,
            next: Sentence::of(
                "Trying again by itself would not help. The system\u{2019}s owner has been shown this; once it is mended, it can be tried again without a new request.",
            ),
            retry,
        }),
        Progress::NeedsHuman => Some(TrackProblem {
            mark: Mark::Failed,
            title: format!("Somebody has to look at {name}."),
            said,
            next: Sentence::of(
                "It is not certain what the right thing is, so nothing was changed. The system\u{2019}s owner has been shown this; after they decide, it can be tried again without a new request.",
            ),
            retry,
        }),
    }
}

//! The steps of one item: what happened, what goes on, what comes next.

use latchkey_domain::{
    Instant,
    grant::GrantState,
    item::{ItemState, StageState},
};
use latchkey_policy::{ApproverRule, Overdue, Quorum, StageRule};
use latchkey_store::{
    grants::{EndedEarlyRow, GrantRow},
    request_reads::{ItemLineRow, NamedApproverRow, StageLineRow},
    shortenings::ShorteningRow,
};

use super::{Reading, tracks};
use crate::{
    components::{Mark, Remark, Sentence, Step, StepWhen, Told},
    web::load::words,
};

/// Every step of an item, oldest first.
pub(super) fn of(reading: &Reading<'_>, item: &ItemLineRow) -> Vec<Step> {
    let mut steps = vec![asked(reading, item)];
    for stage in reading.whole.stages.iter().filter(|s| s.item_id == item.id) {
        steps.extend(stage_steps(reading, item, stage));
    }
    if reading.whole.stages.iter().all(|s| s.item_id != item.id) && item.state == ItemState::Approved {
        let at = item.closed_at.unwrap_or(item.created_at);
        steps.push(Step::new(Mark::Done, StepWhen::At(at), "Approved by a rule of the policy; nobody had to decide"));
    }
    steps.extend(end_without_grant(item));
    steps.extend(granted(reading, item));
    steps
}

fn asked(reading: &Reading<'_>, item: &ItemLineRow) -> Step {
    let you = item.requester_id == reading.me.0;
    let for_self = item.requester_id == item.beneficiary_id;
    let who = if you {
        Sentence::of("You asked for ")
    } else {
        Sentence::default().link(item.requester_name.clone(), words::person_href(item.requester_id)).text(" asked for ")
    };
    let who = who
        .strong(item.role_name.clone())
        .text(format!(", for {}", words::how_long_of(item.kind(), asked_for(reading, item))));
    let title = if for_self {
        who
    } else if item.beneficiary_id == reading.me.0 {
        who.text(", for you")
    } else {
        who.text(", for ").link(item.beneficiary_name.clone(), words::person_href(item.beneficiary_id))
    };
    Step::new(Mark::Done, StepWhen::At(item.created_at), title)
}

/// How long it was asked for, before anybody shortened it.
fn asked_for(reading: &Reading<'_>, item: &ItemLineRow) -> Option<i64> {
    let first = reading.whole.shortened.iter().find(|s| s.item_id == item.id);
    first.map_or(item.seconds, |s| Some(s.from_seconds))
}

fn stage_steps(reading: &Reading<'_>, item: &ItemLineRow, stage: &StageLineRow) -> Vec<Step> {
    let mut steps = decided(reading, stage);
    match stage.state {
        StageState::Open => steps.push(open(reading, item, stage)),
        StageState::Pending => steps.push(pending(item, stage)),
        StageState::Approved | StageState::Denied | StageState::Skipped => {}
    }
    steps
}

/// What was said in a stage: several have to agree where the policy says so.
fn decided(reading: &Reading<'_>, stage: &StageLineRow) -> Vec<Step> {
    let said = reading.whole.around.decisions.iter().filter(|d| d.stage_id == stage.id);
    said.map(|d| {
        let yes = d.verdict == "approve";
        let you = d.identity_id == reading.me.0;
        let did = if yes { " approved" } else { " denied it" };
        let title = if you {
            Sentence::of(format!("You{did}"))
        } else {
            Sentence::default().link(d.name.clone(), words::person_href(d.identity_id)).text(did)
        };
        let mark = if yes { Mark::Done } else { Mark::Failed };
        let mut step = Step::new(mark, StepWhen::At(d.decided_at), title);
        if let Some(behalf) = &d.behalf_name {
            step.notes.push(Sentence::of(format!("On behalf of {behalf}.")));
        }
        let shorter = |s: &&ShorteningRow| s.stage_id == stage.id && s.identity_id == d.identity_id;
        if let Some(short) = reading.whole.shortened.iter().find(shorter) {
            let (from, to) = (words::how_long(Some(short.from_seconds)), words::how_long(Some(short.to_seconds)));
            step.notes.push(Sentence::of(format!("For {to} instead of {from}.")));
        }
        step.remark = (!d.comment.is_empty()).then(|| Remark { by: None, text: d.comment.clone() });
        step
    })
    .collect()
}

fn open(reading: &Reading<'_>, item: &ItemLineRow, stage: &StageLineRow) -> Step {
    let own = item.beneficiary_id == reading.me.0;
    let approvers: Vec<&NamedApproverRow> =
        reading.whole.around.approvers.iter().filter(|a| a.stage_id == stage.id).collect();
    let mut step =
        Step::new(Mark::Waiting, StepWhen::Words("Now".to_owned()), words::waiting_for(&approvers, reading.me, own));
    step.now = true;
    let rule = rule(stage);
    if let Some(words) = rule.as_ref().and_then(how_many) {
        step.notes.push(Sentence::of(words));
    }
    if let Some(words) = rule.as_ref().and_then(|rule| late(rule, stage)) {
        step.notes.push(words);
    }
    if let Some(at) = stage.nudged_at {
        step.notes.push(Sentence::of("Those who can decide were nudged ").moment(at, Told::Relative).text("."));
    }
    if let Some(at) = stage.moved_at {
        step.notes.push(Sentence::of("It was moved on to whoever comes next ").moment(at, Told::Relative).text("."));
    }
    if let Some(at) = item.lapses_at {
        step.notes.push(Sentence::of("If nobody decides, the request closes on ").moment(at, Told::Day).text("."));
    }
    step
}

fn pending(item: &ItemLineRow, stage: &StageLineRow) -> Step {
    let rule = rule(stage);
    let named: Vec<String> = rule
        .iter()
        .flat_map(|rule| rule.approvers.rules())
        .map(|rule| match rule {
            ApproverRule::Manager => format!("{}\u{2019}s manager", item.beneficiary_name),
            ApproverRule::ManagersManager => format!("the manager of {}\u{2019}s manager", item.beneficiary_name),
            ApproverRule::RoleOwner => "the owner of the role".to_owned(),
            ApproverRule::SystemOwner => "an owner of the system".to_owned(),
            ApproverRule::Security => "security".to_owned(),
            ApproverRule::Group(_) => "a group named by the policy".to_owned(),
            ApproverRule::Person(_) => "a person named by the policy".to_owned(),
        })
        .collect();
    let joint = if rule.as_ref().is_some_and(|r| r.quorum != Quorum::Any) { " and " } else { " or " };
    let who = match named.as_slice() {
        [] => "Somebody decides".to_owned(),
        [one] => format!("{} decides", capitalised(one)),
        many => format!("{} decide", capitalised(&many.join(joint))),
    };
    let mut step = Step::new(Mark::Next, StepWhen::Words("Next".to_owned()), who);
    step.notes.extend(rule.as_ref().and_then(how_many).map(Sentence::of));
    step
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// How many have to agree, where it isn't just one.
fn how_many(rule: &StageRule) -> Option<String> {
    match rule.quorum {
        Quorum::Any => None,
        Quorum::AtLeast(n) => Some(format!("{n} of them have to agree.")),
        Quorum::All => Some("All of them have to agree.".to_owned()),
        Quorum::Each => Some("One for each part has to agree.".to_owned()),
    }
}

/// By when it should be decided, and what happens otherwise.
fn late(rule: &StageRule, stage: &StageLineRow) -> Option<Sentence> {
    let (deadline, at) = (rule.deadline.as_ref()?, stage.deadline_at?);
    if let Some(since) = stage.overdue_at {
        let words = match deadline.then {
            Overdue::Remind => "It should have been decided by now; those who can were reminded ",
            Overdue::Escalate => "It should have been decided by now; others were asked, too, ",
            Overdue::Reassign => "It wasn\u{2019}t decided in time; it went to the next who can decide ",
            Overdue::Expire => return None,
        };
        return Some(Sentence::of(words).moment(since, Told::Relative).text("."));
    }
    let then = match deadline.then {
        Overdue::Remind => "they are reminded",
        Overdue::Escalate => "others are asked, too",
        Overdue::Reassign => "it goes to the next who can decide",
        Overdue::Expire => "the request closes",
    };
    Some(Sentence::of("To be decided by ").moment(at, Told::Full).text(format!("; after that, {then}.")))
}

pub(super) fn rule(stage: &StageLineRow) -> Option<StageRule> {
    serde_json::from_str(&stage.rule).ok()
}

fn end_without_grant(item: &ItemLineRow) -> Option<Step> {
    let words = match item.state {
        ItemState::Withdrawn => "Withdrawn",
        ItemState::Lapsed => "Closed, because nobody decided in time",
        ItemState::Cancelled => {
            "Closed, because it can\u{2019}t happen any more: somebody left, or the role was retired"
        }
        ItemState::Waiting | ItemState::Approved | ItemState::Denied => return None,
    };
    Some(Step::new(Mark::Ended, StepWhen::At(item.closed_at.unwrap_or(item.created_at)), words))
}

fn granted(reading: &Reading<'_>, item: &ItemLineRow) -> Vec<Step> {
    let Some(grant) = reading.whole.grant(item) else {
        return if item.state == ItemState::Waiting {
            let then = if item.eligible {
                "It can be activated for hours, each time with a reason"
            } else {
                "The systems are updated, and confirm it"
            };
            vec![Step::new(Mark::Next, StepWhen::Words("Then".to_owned()), then)]
        } else {
            Vec::new()
        };
    };
    let approved_at = item.closed_at.unwrap_or(grant.starts_at);
    let mut steps = Vec::new();
    let kept = kept(reading, item, grant);
    if grant.state == GrantState::Ended {
        let ended_at = grant.ended_at.unwrap_or(reading.now);
        let how = match grant.end_reason.as_deref() {
            Some("given_back") => "Given back",
            Some("trial_over") => "The trial was over, and nobody had said that it is used",
            Some("expired") => "Its time was over",
            Some("terminated") => "Ended with the employment",
            Some("role_retired") => "Ended with the role",
            Some("source_ended") => "Ended with its ticket",
            _ => "Ended",
        };
        steps.extend(kept);
        let step = Step::new(Mark::Ended, StepWhen::At(ended_at), how);
        steps.push(match reading.whole.ended.iter().find(|e| e.id == grant.id) {
            Some(by) => ended_by(reading, by, step),
            None => step,
        });
        if !grant.eligible {
            steps.push(removing(reading, item, grant.starts_at, ended_at));
        }
        return steps;
    }
    if grant.state == GrantState::Eligible {
        let whose = if item.beneficiary_id == reading.me.0 { "You" } else { "They" };
        let words = format!("{whose} may activate it for hours, each time with a reason");
        steps.push(Step::new(Mark::Done, StepWhen::At(approved_at), words));
        steps.extend(kept);
        if let Some(end) = grant.ends_at {
            let then = trial_ends(reading, item, grant).unwrap_or("The right ends by itself");
            steps.push(Step::new(Mark::Next, StepWhen::Due(end), then));
        }
        return steps;
    }
    if grant.state == GrantState::Scheduled {
        steps.push(Step::new(Mark::Next, StepWhen::Due(grant.starts_at), "It starts"));
    } else {
        steps.push(giving(reading, item, approved_at));
    }
    steps.extend(kept);
    if let Some(end) = grant.ends_at {
        let then = trial_ends(reading, item, grant).unwrap_or("It ends by itself, and is removed within a minute");
        steps.push(Step::new(Mark::Next, StepWhen::Due(end), then));
    }
    steps
}

/// What comes at the end of a trial.
fn trial_ends(reading: &Reading<'_>, item: &ItemLineRow, grant: &GrantRow) -> Option<&'static str> {
    let own = item.beneficiary_id == reading.me.0;
    let words =
        if own { "The trial ends, unless you keep it before" } else { "The trial ends, unless they keep it before" };
    grant.full_ends_at.map(|_| words)
}

/// Its holder kept it after a trial, and what they used it for.
fn kept(reading: &Reading<'_>, item: &ItemLineRow, grant: &GrantRow) -> Option<Step> {
    let at = grant.trial_kept_at?;
    let words =
        if item.beneficiary_id == reading.me.0 { "You kept it after the trial" } else { "Kept after the trial" };
    let text = grant.trial_words.clone().filter(|t| !t.is_empty());
    Some(Step { remark: text.map(|text| Remark { by: None, text }), ..Step::new(Mark::Done, StepWhen::At(at), words) })
}

/// Who ended it before its time, and why.
fn ended_by(reading: &Reading<'_>, by: &EndedEarlyRow, mut step: Step) -> Step {
    step.title = if by.by_id == reading.me.0 {
        Sentence::of("You ended it")
    } else {
        Sentence::default().link(by.by_name.clone(), words::person_href(by.by_id)).text(" ended it")
    };
    step.remark = (!by.comment.is_empty()).then(|| Remark { by: None, text: by.comment.clone() });
    step
}

fn giving(reading: &Reading<'_>, item: &ItemLineRow, approved_at: Instant) -> Step {
    let tracks = tracks::giving(reading, item, approved_at);
    let (mark, when, title, now) =
        summary(reading, item, "The systems are being updated", "Every system has confirmed it", &tracks);
    Step { tracks: Some(tracks), now, ..Step::new(mark, when, title) }
}

fn removing(reading: &Reading<'_>, item: &ItemLineRow, since: Instant, ended_at: Instant) -> Step {
    let tracks = tracks::removing(reading, item, since, ended_at);
    let (mark, when, title, now) =
        summary(reading, item, "Access is being removed", "Every system has confirmed that it is gone", &tracks);
    Step { tracks: Some(tracks), now, ..Step::new(mark, when, title) }
}

fn summary(
    reading: &Reading<'_>,
    item: &ItemLineRow,
    going: &str,
    done: &str,
    tracks: &crate::components::Tracks,
) -> (Mark, StepWhen, Sentence, bool) {
    let stuck = reading.stuck(item);
    if stuck > 0 {
        let words = format!("{stuck} of {} needs somebody", tracks.rows.len());
        return (Mark::Failed, StepWhen::Words("Now".to_owned()), Sentence::of(words), true);
    }
    if reading.work_open(item) {
        return (Mark::Working, StepWhen::Words("Now".to_owned()), Sentence::of(going), true);
    }
    let last = tracks.rows.iter().filter_map(|t| t.points[3].at).max();
    (Mark::Done, last.map_or_else(|| StepWhen::Words(String::new()), StepWhen::At), Sentence::of(done), false)
}

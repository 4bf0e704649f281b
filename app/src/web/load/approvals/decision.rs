//! One decision: who wants what and why, what it gives, what is unusual, what they hold, and whether the reader can decide.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId, ItemId,
    identity::EmploymentType,
    item::{ItemState, StageState},
    role::Risk,
};
use latchkey_policy::{PolicySnapshot, Span, Voice, not_ones_own};
use latchkey_service::{
    new_grant::end_of,
    separation::{self, Found, Wish},
    shorten,
};
use latchkey_store::{
    AsConn, holdings,
    identities::{self, PersonRow},
    items,
    messages::{self, MessageRow},
    request_reads::{self, ItemLineRow, StageLineRow},
};
use tower_sessions::Session;

use super::around::Surroundings;
use crate::{
    components::{Choice, Mark, Sentence, Told, duration_words},
    pages::{
        approvals::{Deciding, Decision, DecisionForm, Flag, Held},
        parts::{Thread, Writing},
        role::ConflictNote,
    },
    web::{
        Draft, PageError,
        act::{decide::draft_name, write_message::draft_name as message_draft},
        load::{conflicts, gives, lines::Around, terms::Terms, threads, words},
        state::{AppState, Signed},
    },
};

/// Longer than this is worth a look.
const LONG: TimeDelta = TimeDelta::days(180);
/// How many of the roles that they hold are listed.
const HELD: i64 = 10;

/// One decision, if the reader is or was asked for it.
pub(super) async fn load(
    c: &mut impl AsConn,
    state: &AppState,
    signed: &Signed,
    session: &Session,
    id: ItemId,
) -> Result<Option<Decision>, PageError> {
    let me = signed.person.identity;
    let items = request_reads::items_by_id(c, &[id.0]).await?;
    let Some(item) = items.first() else { return Ok(None) };
    let around = Around::of(c, &items).await?;
    let asked_now = around.approvers.iter().any(|a| a.identity_id == me.0);
    if !asked_now && !request_reads::may_see(c, me, item.request_id.into()).await? {
        return Ok(None);
    }
    let beneficiary = IdentityId(item.beneficiary_id);
    let stages = request_reads::stages_of(c, &[id.0]).await?;
    let person = identities::person(c, beneficiary).await?;
    let catalog = state.catalog.get(c, signed.catalog_version).await?;
    let rows = gives::of_versions(c, &catalog, &BTreeSet::from([item.role_version_id])).await?;
    let now = state.clock.now();
    let held = holdings::live_of(c, beneficiary, now, HELD).await?;
    let holds = held.first().map_or(0, |h| h.of_all);
    let surroundings = Surroundings::of(c, item, person.as_ref()).await?;
    let messages = messages::of_items(c, &[id.0]).await?;
    let frozen = items::policy_body(c, item.policy_version_id).await?;
    let frozen = latchkey_service::facts::snapshot(&frozen, item.policy_version_id)?;
    let role = catalog.role(item.role_id.into());
    let draft = Draft::take(session, &draft_name(id)).await;
    let apart = if item.state == ItemState::Waiting {
        let wish = Wish { beneficiary, role: item.role_id.into(), beside: &[], item: Some(id) };
        separation::of_wish(c, now, wish).await?
    } else {
        Found::default()
    };
    let readers = signed.reader(state).zone;
    let apart = conflicts::notes(&apart, Voice::Named(&item.beneficiary_name), readers);
    let said = Draft::take(session, &message_draft(id)).await;
    let terms = Terms::of(c, &[id.0]).await?;
    let mut flags: Vec<Flag> = conflict_flags(&apart).chain(flags(item, person.as_ref(), &surroundings)).collect();
    flags.extend(terms.goes_on(item.id, readers).map(|words| Flag { mark: Mark::Next, words: Sentence::of(words) }));
    let begins = terms.begins(item.id, now);
    let starts = (begins > now).then(|| begins.with_timezone(&readers).format("%-d %B %Y").to_string());
    let zone = person.as_ref().and_then(|p| p.time_zone.clone()).unwrap_or_default();
    let who = words::person(item.beneficiary_id, &item.beneficiary_name);
    let who = match &person {
        Some(p) => who.with(format!("{}, {}", p.title, p.department)),
        None => who,
    };
    Ok(Some(Decision {
        request_href: format!("/requests/{}", item.request_id),
        who,
        employment: person.as_ref().map(employment).unwrap_or_default(),
        asked_by: (item.requester_id != item.beneficiary_id)
            .then(|| words::person(item.requester_id, &item.requester_name)),
        asked_at: item.created_at,
        reason: terms.reason(item.id, &item.reason),
        asks: words::asks(item.kind()),
        role: item.role_name.clone(),
        role_href: format!("/roles/{}", item.role_id),
        description: role.map(|r| r.description.clone()).unwrap_or_default(),
        risk: words::risk(item.risk),
        how_long: terms.how_long(item, readers),
        ends: item.seconds.map(|s| end_of(begins, s, &zone)),
        gives: gives::of_rows(rows.iter(), &state.connected, signed.may_systems()),
        flags,
        past: surroundings.past(),
        nearby: surroundings.on_systems(),
        thread: Thread {
            writing: if asked_now || wrote(&messages, me) {
                threads::form(item, "approvals", "Ask them something", said.as_ref())
            } else {
                Writing::No
            },
            ..threads::of(&messages, item.id, me, "thread".to_owned())
        },
        holds: held
            .iter()
            .map(|h| Held { role: h.role_name.clone(), href: format!("/roles/{}", h.role_id), until: h.ends_at })
            .collect(),
        holds_all: (u32::try_from(holds).unwrap_or(0), words::person_href(item.beneficiary_id)),
        as_what: as_what(&around, item, me),
        until: item
            .lapses_at
            .filter(|_| item.state == ItemState::Waiting)
            .map(|at| Sentence::of("If nobody decides, the request closes on ").moment(at, Told::Day).text(".")),
        earlier: earlier(&around, &stages, me),
        deciding: deciding(&around, item, &stages, me, draft, &frozen, starts),
    }))
}

fn employment(p: &PersonRow) -> String {
    match p.employment_type {
        EmploymentType::Employee => "Employee",
        EmploymentType::Contractor => "Contractor",
    }
    .to_owned()
}

/// What rules keep apart; what refuses an approval comes first.
fn conflict_flags(notes: &[ConflictNote]) -> impl Iterator<Item = Flag> {
    notes.iter().map(|note| {
        let helps = note.helps.as_ref().map(|h| format!(" {h}")).unwrap_or_default();
        Flag {
            mark: note.mark,
            words: Sentence::default().strong(format!("{}.", note.title)).text(format!(" {}{helps}", note.words)),
        }
    })
}

/// What is unusual, the gravest first; what speaks for it comes last.
fn flags(item: &ItemLineRow, person: Option<&PersonRow>, around: &Surroundings) -> Vec<Flag> {
    let peers = around.team();
    let mut flags = Vec::new();
    let mut look = |words: String| flags.push(Flag { mark: Mark::Attention, words: Sentence::of(words) });
    match item.risk {
        Risk::Critical => look("It could stop the company in the wrong hands.".to_owned()),
        Risk::High => look("It reaches money, personal data or things that are hard to undo.".to_owned()),
        Risk::Low | Risk::Medium => {}
    }
    if person.is_some_and(|p| p.employment_type == EmploymentType::Contractor) {
        look("They are a contractor.".to_owned());
    }
    if let Some((of, 0)) = peers {
        look(format!("None of the {of} others who report to their manager has it."));
    }
    if let Some(long) = item.seconds.map(TimeDelta::seconds).filter(|s| *s > LONG) {
        look(format!("{} is long.", duration_words(long)));
    }
    if let Some((of, have)) = peers.filter(|(_, have)| *have > 0) {
        flags.push(Flag {
            mark: Mark::Done,
            words: Sentence::of(format!("{have} of the {of} others who report to their manager have it.")),
        });
    }
    flags.extend(around.others(person));
    flags
}

/// Whoever wrote once may go on.
fn wrote(messages: &[MessageRow], me: IdentityId) -> bool {
    messages.iter().any(|m| m.author_id == me.0)
}

fn as_what(around: &Around, item: &ItemLineRow, me: IdentityId) -> String {
    let mine = around.approvers.iter().find(|a| a.item_id == item.id && a.identity_id == me.0);
    if let Some(("handed", Some(behalf))) = mine.map(|a| (a.because.as_str(), a.behalf_name.as_deref())) {
        return format!("You decide on behalf of {behalf}, who handed it over.");
    }
    if let Some(seat) =
        mine.filter(|a| !["added", "moved"].contains(&a.because.as_str())).and_then(|a| a.behalf_name.as_ref())
    {
        return format!("You decide for {seat}, who named you to stand in.");
    }
    match mine.map(|a| a.because.as_str()) {
        Some("managers-manager") => format!("You decide as the manager of {}\u{2019}s manager.", item.beneficiary_name),
        Some("group") => "You decide as a member of the group that the policy names.".to_owned(),
        Some("manager") => format!("You decide as {}\u{2019}s manager.", item.beneficiary_name),
        Some("owner") => "You decide as the owner of the role.".to_owned(),
        Some("system-owner") => "You decide as an owner of the system.".to_owned(),
        Some("security") => "You decide for security.".to_owned(),
        Some("handed") => "You decide because it was handed over to you.".to_owned(),
        Some("moved") => "You decide because nobody did in time, and those who wait moved it on to you.".to_owned(),
        Some("added") => "You decide because the owner of the role or an administrator put you in.".to_owned(),
        Some("person") => "You decide because the policy, or a rule that keeps duties apart, names you.".to_owned(),
        Some(_) => "You decide because those whom the policy names can\u{2019}t.".to_owned(),
        None => String::new(),
    }
}

fn earlier(around: &Around, stages: &[StageLineRow], me: IdentityId) -> Vec<Sentence> {
    around
        .decisions
        .iter()
        .filter(|d| stages.iter().any(|s| s.id == d.stage_id && s.state != StageState::Denied))
        .map(|d| {
            let who = if d.identity_id == me.0 {
                Sentence::of("You")
            } else {
                Sentence::default().link(d.name.clone(), words::person_href(d.identity_id))
            };
            let for_whom = d.behalf_name.as_ref().map(|seat| format!(", for {seat},")).unwrap_or_default();
            let said = who.text(format!("{for_whom} approved ")).moment(d.decided_at, Told::Relative);
            if d.comment.is_empty() { said.text(".") } else { said.text(": ").quote(d.comment.clone()) }
        })
        .collect()
}

fn deciding(
    around: &Around,
    item: &ItemLineRow,
    stages: &[StageLineRow],
    me: IdentityId,
    draft: Option<Draft>,
    frozen: &PolicySnapshot,
    starts: Option<String>,
) -> Deciding {
    let typed = draft.as_ref().map(|d| d.value("comment")).unwrap_or_default();
    if item.state != ItemState::Waiting {
        return Deciding::TooLate { words: around.stands(item, me).1, typed };
    }
    if let Err(why) = not_ones_own(&me.0, &item.requester_id, &item.beneficiary_id) {
        return Deciding::No(Sentence::of(why));
    }
    let open = stages.iter().find(|s| s.state == StageState::Open);
    let listed = |s: &&StageLineRow| around.approvers.iter().any(|a| a.stage_id == s.id && a.identity_id == me.0);
    let Some(stage) = open.filter(listed) else {
        return Deciding::TooLate { words: around.stands(item, me).1, typed };
    };
    let next = stages.iter().find(|s| s.position == stage.position + 1);
    let whole = shorten::why_not(frozen, item.seconds.and_then(Span::from_seconds));
    Deciding::Form(DecisionForm {
        item_id: item.id.to_string(),
        stage_id: stage.id.to_string(),
        comment: typed,
        lengths: lengths(item, frozen, draft.as_ref()),
        hand_over: format!("/approvals/hand-over/{}", item.id),
        errors: draft.map(|d| d.errors(&["comment", "duration"])).unwrap_or_default(),
        then: [
            match next {
                Some(_) => "Approving passes it on to the next step.".to_owned(),
                None => match starts {
                    Some(day) => format!("Approving sets the access up on {day}."),
                    None => "Approving sets the access up at once.".to_owned(),
                },
            },
            whole.unwrap_or_default(),
        ]
        .join(" ")
        .trim_end()
        .to_owned(),
    })
}

/// What was asked for, and what is shorter; nothing where nothing is.
fn lengths(item: &ItemLineRow, frozen: &PolicySnapshot, draft: Option<&Draft>) -> Vec<Choice> {
    let Some(asked) = item.seconds.and_then(Span::from_seconds) else { return Vec::new() };
    let shorter = shorten::choices(frozen, asked);
    if shorter.is_empty() {
        return Vec::new();
    }
    let typed = draft.map(|d| d.value("duration")).unwrap_or_default();
    let choice = |value: String, label: String| Choice { chosen: value == typed, value, label, hint: None };
    std::iter::once(choice(String::new(), format!("{}, as asked", asked.words())))
        .chain(shorter.into_iter().map(|s| choice(s.to_string(), format!("{} only", s.words()))))
        .collect()
}

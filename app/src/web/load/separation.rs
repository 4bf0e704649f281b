//! Separation of duties: the rules, one rule, everybody in conflict; as a file too.

use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures::stream;
use latchkey_domain::{IdentityId, SeparationExceptionId, SeparationRuleId};
use latchkey_service::separation::report::{self, Export, Line, RuleLine, Sight};
use latchkey_store::separation::{
    conflicts::Key,
    exceptions::{self, ExceptionRow},
    rules,
};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{query::Query, words};
use crate::{
    components::{PageLinks, PersonRef, Sentence, Told, plural},
    frame::Part,
    pages::{
        confirm::{ConfirmPage, ConfirmView},
        separation::{
            ConflictLine, Conflicted, ExceptionForm, ExceptionLine, Named, ReportPage, ReportView, RulePage, RuleRow,
            RuleView, SeparationPage, SeparationView, SideWords, Standing,
        },
    },
    web::{
        Draft, PageError, PageResult,
        act::grant_exception::draft_name,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/admin/separation";
const ROWS: i64 = 50;

fn count(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// The address of a rule's page.
fn rule_href(key: &str) -> String {
    format!("{PATH}/rules/{key}")
}

fn sides(line: &RuleLine) -> Vec<SideWords> {
    line.sides
        .iter()
        .map(|(name, members)| SideWords {
            name: name.clone(),
            members: members
                .iter()
                .map(|m| Named { name: m.name.clone(), href: m.role.map(|r| format!("/roles/{r}")) })
                .collect(),
        })
        .collect()
}

fn owner(line: &RuleLine) -> Option<PersonRef> {
    line.owner.as_ref().map(|(id, name)| words::person(id.0, name))
}

fn conflicted(line: &RuleLine) -> Conflicted {
    Conflicted { people: count(line.people), without: count(line.without) }
}

pub(in crate::web) async fn list(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    let mut c = state.db.read().await?;
    let sight = report::sight(&mut c, &signed.actor()).await?;
    let lines = report::rules(&mut c, &sight, state.clock.now()).await?;
    drop(c);
    let page = SeparationPage {
        rules: lines
            .iter()
            .map(|line| RuleRow {
                name: line.name.clone(),
                href: rule_href(&line.key),
                sides: sides(line),
                approver: line.approver.clone(),
                owner: owner(line),
                conflicted: conflicted(line),
            })
            .collect(),
        report_href: (sight == Sight::All && !lines.is_empty()).then(|| format!("{PATH}/conflicts")),
    };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Separation, move |_| view! { <SeparationView page=page/> })
        .await
}

/// `/admin/separation/conflicts`
pub(in crate::web) async fn conflicts(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let after = query.get("after").and_then(key_from_word);
    let mut c = state.db.read().await?;
    let sight = report::sight(&mut c, &signed.actor()).await?;
    let found = report::in_conflict(&mut c, &sight, None, state.clock.now(), after.as_ref(), ROWS).await?;
    drop(c);
    let here = format!("{PATH}/conflicts");
    let page = ReportPage {
        links: links(&here, after.as_ref(), found.next.as_ref(), found.lines.len()),
        lines: found.lines.iter().map(|line| conflict(line, None)).collect(),
        csv_href: format!("{PATH}/conflicts.csv"),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Separation,
        move |reader| view! { <ReportView page=page reader=reader/> },
    )
    .await
}

fn links(here: &str, after: Option<&Key>, next: Option<&Key>, shown: usize) -> PageLinks {
    PageLinks {
        newer: after.map(|_| here.to_owned()),
        older: next.map(|key| format!("{here}?after={}", key_to_word(key))),
        shown: plural(i64::try_from(shown).unwrap_or(0), "conflict"),
    }
}

/// A place in the list as it stands in an address.
fn key_to_word(key: &Key) -> String {
    let name: String = form_urlencoded::byte_serialize(key.name.as_bytes()).collect();
    format!("{}.{}.{name}", key.rule, key.identity)
}

fn key_from_word(word: &str) -> Option<Key> {
    let mut parts = word.splitn(3, '.');
    let (rule, identity) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Key { name: parts.next()?.to_owned(), identity, rule })
}

/// `except` is the rule's page for those who may make exceptions.
fn conflict(line: &Line, except: Option<&str>) -> ConflictLine {
    let row = &line.row;
    let standing = match (row.exception_ends_at, line.agreed) {
        (Some(until), _) => Standing::Excepted { until, owner: row.exception_owner.clone() },
        (None, true) => Standing::Agreed,
        (None, false) => Standing::Open,
    };
    let number = row.external_id.as_deref().filter(|_| standing == Standing::Open);
    ConflictLine {
        who: words::person(row.identity_id, &row.display_name),
        rule: Named { name: row.rule_name.clone(), href: Some(rule_href(&row.rule_key)) },
        sides: line
            .sides
            .iter()
            .map(|(name, roles)| SideWords {
                name: name.clone(),
                members: roles
                    .iter()
                    .map(|(id, name)| Named { name: name.clone(), href: Some(format!("/roles/{id}")) })
                    .collect(),
            })
            .collect(),
        since: line.since,
        except_href: except.zip(number).map(|(page, number)| format!("{page}?for={number}#except")),
        standing,
    }
}

/// `/admin/separation/rules/{key}`
pub(in crate::web) async fn rule(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(key): Path<String>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let (now, here, actor) = (state.clock.now(), rule_href(&key), signed.actor());
    let after = query.get("after").and_then(key_from_word);
    let exceptions_after = query.parsed::<SeparationExceptionId>("exceptions");
    let mut c = state.db.read().await?;
    let sight = report::sight(&mut c, &actor).await?;
    let line = report::rule(&mut c, &sight, &key, now).await?;
    let found = report::in_conflict(&mut c, &sight, Some(line.id), now, after.as_ref(), ROWS).await?;
    let open = report::exceptions_of(&mut c, &sight, line.id, now, exceptions_after, ROWS).await?;
    drop(c);
    let may_grant = report::may_grant(&actor, line.owner.as_ref().map(|(id, _)| *id));
    let form = if may_grant {
        let draft = Draft::take(&session, &draft_name(line.id)).await;
        let typed = |field: &str| draft.as_ref().map(|d| d.value(field)).unwrap_or_default();
        Some(ExceptionForm {
            rule_id: line.id.to_string(),
            person: draft.as_ref().map_or_else(|| query.get("for").unwrap_or("").to_owned(), |d| d.value("person")),
            reason: typed("reason"),
            until: typed("until"),
            errors: draft.as_ref().map(|d| d.errors(&["person", "until", "reason"])).unwrap_or_default(),
        })
    } else {
        None
    };
    let full = i64::try_from(open.len()).unwrap_or(0) == ROWS;
    let page = RulePage {
        sides: sides(&line),
        owner: owner(&line),
        conflicted: conflicted(&line),
        links: links(&here, after.as_ref(), found.next.as_ref(), found.lines.len()),
        lines: found.lines.iter().map(|l| conflict(l, may_grant.then_some(here.as_str()))).collect(),
        csv_href: format!("{PATH}/conflicts.csv?rule={key}"),
        exceptions_links: PageLinks {
            newer: exceptions_after.map(|_| format!("{here}#exceptions")),
            older: open.last().filter(|_| full).map(|x| format!("{here}?exceptions={}#exceptions", x.id)),
            shown: plural(i64::try_from(open.len()).unwrap_or(0), "exception"),
        },
        exceptions: open.iter().map(|x| exception(x, may_grant, signed.person.identity)).collect(),
        form,
        name: line.name,
        description: line.description,
        key: line.key,
        approver: line.approver,
        version: count(line.version),
        since: line.since,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Separation,
        move |reader| view! { <RuleView page=page reader=reader/> },
    )
    .await
}

fn exception(x: &ExceptionRow, may_end: bool, me: IdentityId) -> ExceptionLine {
    let mine = x.owner_id == Some(me.0);
    ExceptionLine {
        who: words::person(x.identity_id, &x.identity_name),
        reason: x.reason.clone(),
        owner: x.owner_name.clone(),
        since: x.starts_at,
        until: x.ends_at,
        end_href: (may_end || mine).then(|| format!("{PATH}/exceptions/{}/end", x.id)),
    }
}

/// `/admin/separation/conflicts.csv`: the same list as a file, in pieces, so that memory stays bounded.
pub(in crate::web) async fn csv(
    State(state): State<AppState>,
    signed: Signed,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let query = Query::parse(raw.as_deref());
    let mut c = state.db.read().await?;
    let sight = report::sight(&mut c, &signed.actor()).await?;
    let rule = match query.get("rule") {
        Some(key) => Some(SeparationRuleId(rules::by_key(&mut c, key).await?.ok_or(PageError::NotFound)?.rule_id)),
        None => None,
    };
    drop(c);
    let export = Export::new(sight, rule)?;
    let now = state.clock.now();
    let pieces = stream::try_unfold((export, state.db), move |(mut export, db)| async move {
        let piece = export.next(&db, now).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(piece.map(|bytes| (bytes, (export, db))))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"latchkey-conflicts.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// `/admin/separation/exceptions/{id}/end`
pub(in crate::web) async fn end_exception(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<SeparationExceptionId>,
) -> PageResult {
    let actor = signed.actor();
    let mut c = state.db.read().await?;
    let sight = report::sight(&mut c, &actor).await?;
    let open = exceptions::get(&mut c, id).await?.filter(|x| x.closed_at.is_none()).ok_or(PageError::NotFound)?;
    let rule = rules::get(&mut c, open.rule()).await?.ok_or(PageError::NotFound)?;
    let line = report::rule(&mut c, &sight, &rule.key, state.clock.now()).await?;
    drop(c);
    let mine = open.owner_id == Some(signed.person.identity.0);
    if !mine && !report::may_grant(&actor, line.owner.as_ref().map(|(id, _)| *id)) {
        return Err(PageError::NotFound);
    }
    let page = ConfirmPage {
        title: format!("End the exception of {} from \u{201c}{}\u{201d}?", open.identity_name, rule.name),
        then: vec![
            "What they hold stays with them, and they are in conflict without an exception from then on.".into(),
            "Nothing new that the rule keeps apart is given to them.".into(),
        ],
        facts: vec![
            ("Until".to_owned(), Sentence::default().moment(open.ends_at, Told::Until)),
            ("Why".to_owned(), Sentence::default().quote(open.reason)),
        ],
        action: "/do/end-exception",
        fields: vec![("exception_id", id.to_string()), ("rule_key", rule.key.clone())],
        remark: None,
        button: "End it".to_owned(),
        takes: true,
        not_now: None,
        back: (rule_href(&rule.key), "Keep it".to_owned()),
        errors: Vec::new(),
    };
    let title = page.title.clone();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Separation,
        move |reader| view! { <ConfirmView page=page reader=reader/> },
    )
    .await
}

//! One e-mail a day for those who want that: what came since the last one, in groups, with its links.
//!
//! A notice that its recipient wants in a digest waits for it. Putting a digest together is one transaction: the digest is
//! written as a notice of its own and everything that waited becomes a part of it, so that nothing is lost and nothing is told
//! twice, whoever crashes when. It is sent like any other notice.

use std::{collections::BTreeMap, fmt::Write};

use chrono_tz::Tz;
use latchkey_domain::{IdentityId, Instant, NoticeId, RequestId, identity::Status};
use latchkey_store::{
    Tx, identities,
    notices::{
        self, NewNotice, NoticeRow,
        digests::{self, DeciderRow},
    },
};
use uuid::Uuid;

use super::{
    kinds::{Choice, Group},
    words::{BASE, Words},
};
use crate::{ServiceResult, days::next_working_hour, notice_preferences::Preferences};

/// The kind of a digest.
pub const KIND: &str = "digest";
/// The hour of the day at which digests go out.
pub const HOUR: u32 = 8;
/// How many notices of one person are listed.
const LISTED: i64 = 200;

/// When somebody's next digest goes out: at eight on a working day where they are, else where the company is.
#[must_use]
pub fn next(now: Instant, zone: Option<&str>, company_zone: &str) -> Instant {
    next_working_hour(now, HOUR, zone_of(zone, company_zone))
}

fn zone_of(zone: Option<&str>, company_zone: &str) -> Tz {
    zone.and_then(|z| z.parse().ok()).or_else(|| company_zone.parse().ok()).unwrap_or(Tz::UTC)
}

/// The address within the portal that a notice leads to: its first line that is one.
#[must_use]
pub fn path(body: &str) -> Option<&str> {
    let path = body.lines().find_map(|line| line.trim().strip_prefix(BASE))?;
    (path.starts_with('/') && !path.contains(char::is_whitespace)).then_some(path)
}

/// The request that a notice leads to, if to one.
fn request(body: &str) -> Option<RequestId> {
    let path = path(body)?;
    let id = path.strip_prefix("/requests/")?;
    id.split(['?', '#', '/']).next()?.parse().ok()
}

/// Puts somebody's digest together, if anything waits for it. Returns how many notices went into it. The caller commits, as
/// bookkeeping: of two workers at once, one puts it together and the other finds nothing.
///
/// # Errors
/// When the database fails.
pub async fn assemble(tx: &mut Tx, who: IdentityId, company_zone: &str) -> ServiceResult<u64> {
    identities::lock(tx, &[who]).await?;
    let waiting = digests::waiting_for(tx, who, LISTED).await?;
    let person = identities::person(tx, who).await?.filter(|p| p.status != Status::Terminated);
    let Some(person) = person else {
        // Whatever waits beyond the list is kept by the next pass.
        for notice in &waiting {
            digests::keep(tx, NoticeId(notice.id), "Its recipient has left.").await?;
        }
        return Ok(0);
    };
    let zone = zone_of(person.time_zone.as_deref(), company_zone);
    // One a day: what came while the last one was put together waits for the next.
    let day = |at: Instant| at.with_timezone(&zone).date_naive();
    if digests::last_of(tx, who).await?.is_some_and(|last| day(last) == day(tx.now())) {
        let until = next_working_hour(tx.now(), HOUR, zone);
        digests::postpone(tx, who, until).await?;
        return Ok(0);
    }
    let preferences = Preferences::of(tx, who).await?;
    let requests: Vec<Uuid> = waiting.iter().filter_map(|n| request(&n.body)).map(|r| r.0).collect();
    let mut deciders = digests::deciders_of(tx, &requests).await?;
    deciders.retain(|d| d.identity_id == who.0);
    let mut lines: BTreeMap<Group, Vec<Line>> = BTreeMap::new();
    for notice in &waiting {
        let group = Group::of(&notice.kind);
        if preferences.choice(group) == Choice::Off {
            digests::keep(tx, NoticeId(notice.id), "Its recipient chose not to be told of this by e-mail.").await?;
            continue;
        }
        let line = match (group, request(&notice.body)) {
            (Group::Decisions, Some(request)) => {
                let Some(line) = Line::to_decide(notice, request, &deciders) else {
                    digests::keep(tx, NoticeId(notice.id), "It was decided before the digest went out.").await?;
                    continue;
                };
                line
            }
            _ => Line::of(notice),
        };
        let of_group = lines.entry(group).or_default();
        // Of several notices about the same decision, the newest says it.
        if group == Group::Decisions {
            of_group.retain(|other| other.path != line.path);
        }
        of_group.push(line);
    }
    if lines.is_empty() {
        return Ok(0);
    }
    let shown = i64::try_from(waiting.len()).unwrap_or(LISTED);
    let Words { subject, body } = words(&lines, shown >= LISTED, zone);
    let id = NoticeId::new(tx.now());
    notices::queue(tx, &NewNotice { id, recipient: who, kind: KIND, about: id.0, subject, body }).await?;
    Ok(digests::put_into(tx, who, id).await?)
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    words: String,
    path: Option<String>,
    by: Option<Instant>,
}

impl Line {
    fn of(notice: &NoticeRow) -> Self {
        // A line is one line: whatever would begin another one becomes a blank.
        let blank = |c: char| c.is_control() || c.is_whitespace();
        let words: Vec<&str> = notice.subject.split(blank).filter(|word| !word.is_empty()).collect();
        Self { words: words.join(" "), path: path(&notice.body).map(str::to_owned), by: None }
    }

    /// A decision that still waits for the reader, and by when; nothing when it doesn't any more.
    fn to_decide(notice: &NoticeRow, request: RequestId, deciders: &[DeciderRow]) -> Option<Self> {
        let mut of = deciders.iter().filter(|d| d.request_id == request.0).peekable();
        of.peek()?;
        let by = of.filter_map(|d| d.deadline_at.or(d.lapses_at)).min();
        Some(Self { by, ..Self::of(notice) })
    }
}

fn words(lines: &BTreeMap<Group, Vec<Line>>, more: bool, zone: Tz) -> Words {
    let decisions = lines.get(&Group::Decisions).map_or(0, Vec::len);
    let others = lines.values().map(Vec::len).sum::<usize>() - decisions;
    let wait = if decisions == 1 { "1 decision waits".to_owned() } else { format!("{decisions} decisions wait") };
    let subject = match (decisions, others) {
        (0, 1) => "Your digest: 1 notice".to_owned(),
        (0, n) => format!("Your digest: {n} notices"),
        (_, 0) => format!("Your digest: {wait} for you"),
        (_, 1) => format!("Your digest: {wait} for you, and 1 more notice"),
        (_, n) => format!("Your digest: {wait} for you, and {n} more notices"),
    };
    let mut body = String::new();
    for (group, lines) in lines {
        let _ = writeln!(body, "{}", group.words());
        for Line { words, path, by } in lines {
            let by = by.map_or_else(String::new, |at| {
                format!(", to be decided by {}", at.with_timezone(&zone).format("%-d %B %Y, %H:%M"))
            });
            let _ = match path {
                Some(path) => writeln!(body, "- {words}{by}: {BASE}{path}"),
                None => writeln!(body, "- {words}{by}"),
            };
        }
        body.push('\n');
    }
    if lines.contains_key(&Group::Decisions) {
        let _ = writeln!(body, "Everything that waits for you:\n{BASE}/approvals\n");
    }
    let all = if more { "There is more than fits here. " } else { "" };
    let _ = writeln!(body, "{all}All notices, and what you get at once, in a digest or not by e-mail:\n{BASE}/notices");
    Words { subject, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str, path: &str) -> Line {
        Line { words: words.to_owned(), path: Some(path.to_owned()), by: None }
    }

    #[test]
    fn a_digest_says_what_by_when_and_where() {
        let by = Some("2026-11-24T09:00:00Z".parse().unwrap());
        let lines = BTreeMap::from([
            (Group::Access, vec![line("Payroll reader ends on 3 March", "/roles/1?extend=1#ask")]),
            (Group::Decisions, vec![Line { by, ..line("Ann Berg asks for Payroll reader", "/requests/1") }]),
        ]);
        let Words { subject, body } = words(&lines, false, Tz::Europe__Zurich);
        assert_eq!(subject, "Your digest: 1 decision waits for you, and 1 more notice");
        assert_eq!(
            body,
            "Decisions that wait for you\n- Ann Berg asks for Payroll reader, to be decided by 24 November 2026, 10:00: {base}/requests/1\n\n\
             Your access\n- Payroll reader ends on 3 March: {base}/roles/1?extend=1#ask\n\n\
             Everything that waits for you:\n{base}/approvals\n\n\
             All notices, and what you get at once, in a digest or not by e-mail:\n{base}/notices\n"
        );
    }

    #[test]
    fn a_notice_leads_to_its_first_address() {
        let body =
            "Ann asks.\n\nDecide:\n{base}/requests/0192f0c1-7a51-7bbb-8e3c-1b1e0a7f1c01\n\nAll:\n{base}/approvals\n";
        assert_eq!(path(body), Some("/requests/0192f0c1-7a51-7bbb-8e3c-1b1e0a7f1c01"));
        assert!(request(body).is_some());
        assert_eq!(request("Look:\n{base}/requests/0192f0c1-7a51-7bbb-8e3c-1b1e0a7f1c01#thread-1\n"), request(body));
        assert_eq!(path("Nothing here, {base}/roles/1 neither\nhttps://evil.test/\n"), None);
        assert_eq!(request("{base}/roles/1\n"), None);
    }
}

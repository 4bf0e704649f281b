//! The notices' words: a subject of one line, and a body of plain text whose links begin with [`BASE`].

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;
use latchkey_domain::{GrantId, Instant, RequestId, item::ItemState};
use latchkey_store::catalog::ownership::Owned;
use uuid::Uuid;

use crate::succession::Because;

/// Stands in a body for the portal's public address, which only the sender knows.
pub const BASE: &str = "{base}";

/// A notice's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub subject: String,
    pub body: String,
}

fn link(request: RequestId) -> String {
    format!("{BASE}/requests/{request}")
}

/// Somebody's item waits for the reader.
pub(super) fn asked_to_decide(request: RequestId, beneficiary: &str, role: &str) -> Words {
    let link = link(request);
    Words {
        subject: format!("{beneficiary} asks for {role}"),
        body: format!(
            "{beneficiary} asks for {role}, and you can decide.\n\nSee why they ask and what it gives, and decide:\n{link}\n\nEverything that waits for you:\n{BASE}/approvals\n"
        ),
    }
}

/// Somebody's item still waits for the reader.
pub(super) fn still_waiting(request: RequestId, beneficiary: &str, role: &str) -> Words {
    let link = link(request);
    Words {
        subject: format!("{beneficiary} still waits for {role}"),
        body: format!(
            "{beneficiary} asked for {role} and still waits. The time to decide it has passed.\n\nDecide it, or see who else can:\n{link}\n\nEverything that waits for you:\n{BASE}/approvals\n"
        ),
    }
}

/// A condition of a role's policy couldn't be worked out.
pub(super) fn condition_failed(role: &str, why: &str) -> Words {
    Words {
        subject: format!("A condition of {role}'s policy fails"),
        body: format!(
            "Somebody asked for {role} and was refused, because a condition of its policy could not be worked out.\n\n{why}\n\nWhat can't be checked isn't given out. Mend the condition in policies.toml and apply the catalog.\n\nEvery time it happened is in the log:\n{BASE}/audit?action=deciding\n"
        ),
    }
}

/// The reader decides for somebody else, for a while.
pub(super) fn stands_in(from: &str, starts: Instant, ends: Instant) -> Words {
    let day = |at: Instant| at.format("%-d %B %Y, %H:%M UTC");
    Words {
        subject: format!("You decide for {from}"),
        body: format!(
            "{from} named you to decide for them, from {} until {}.\n\nWhat waits for them is in your list, marked with their name:\n{BASE}/approvals\n\nIf that is a mistake, you can end it here:\n{BASE}/approvals/delegation\n",
            day(starts),
            day(ends)
        ),
    }
}

/// An item has ended; nothing when that is no news to those who asked.
pub(super) fn decided(
    request: RequestId,
    state: ItemState,
    approver: &str,
    role: &str,
    beneficiary: &str,
    comment: &str,
    starts: Option<(Instant, &str)>,
) -> Option<Words> {
    let (outcome, next) = match state {
        ItemState::Approved => {
            let next = match starts {
                Some((start, zone)) => {
                    let day = first_day(start, zone);
                    format!("It begins on {day}. You get another message once the systems confirm it.")
                }
                None => "The systems are being updated now. You get another message once they confirm it.".to_owned(),
            };
            ("approved", next)
        }
        ItemState::Denied => ("denied", "You can ask again with other terms, or talk to them first.".to_owned()),
        ItemState::Lapsed => ("closed, because nobody decided in time", "You can ask again.".to_owned()),
        ItemState::Cancelled => {
            ("closed without a decision, because it can't happen any more", "The request's page says why.".to_owned())
        }
        // Whoever took it back knows.
        ItemState::Waiting | ItemState::Withdrawn => return None,
    };
    let by = if approver.is_empty() { String::new() } else { format!(" by {approver}") };
    let said = if comment.is_empty() || approver.is_empty() {
        String::new()
    } else {
        format!("\n{approver} wrote: {comment}\n")
    };
    let link = link(request);
    Some(Words {
        subject: format!("{role} for {beneficiary}: {outcome}"),
        body: format!(
            "The request for {role} for {beneficiary} was {outcome}{by}.\n{said}\n{next}\n\nEvery step is here:\n{link}\n"
        ),
    })
}

/// Somebody activated a role that the reader owns.
pub(super) fn activated(
    request: RequestId,
    role: &str,
    holder: &str,
    reason: &str,
    ends: Option<Instant>,
    zone: &str,
) -> Words {
    let until = ends.map(|end| format!(" {}", until(end, zone))).unwrap_or_default();
    let link = link(request);
    Words {
        subject: format!("{holder} activated {role}"),
        body: format!(
            "{holder} activated {role}, which you own{until}.\n\n{holder} wrote: {reason}\n\nSee what it gives, or end it:\n{link}\n"
        ),
    }
}

/// "until 14:30 on 3 March 2027 (Europe/Prague)".
fn until(end: Instant, zone: &str) -> String {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    format!("until {} ({zone})", end.with_timezone(&zone).format("%H:%M on %-d %B %Y"))
}

/// The reader's access ends soon.
pub(super) fn ending_soon(role: &str, role_id: Uuid, end: Instant, zone: &str) -> Words {
    let (day, exactly) = when(end, zone);
    Words {
        subject: format!("{role} ends on {day}"),
        body: format!(
            "Your access to {role} ends {exactly}.\n\nIf you still need it then, ask for more time before:\n{BASE}/roles/{role_id}?extend=1#ask\n\nIf you don't, there is nothing to do: it ends by itself.\n\nEverything of yours that ends soon, to extend or let go of together:\n{BASE}/expiring\n"
        ),
    }
}

/// The day on which something begins, in the zone that it was worked out in.
fn first_day(start: Instant, zone: &str) -> String {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    start.with_timezone(&zone).format("%-d %B %Y").to_string()
}

/// The last day, and the exact end, in the zone that the end was worked out in.
pub(super) fn when(end: Instant, zone: &str) -> (String, String) {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let local = end.with_timezone(&zone);
    if local.time() == NaiveTime::MIN {
        // Midnight belongs to the day before: "until 3 March" is the end of that day.
        let day = (local.date_naive() - TimeDelta::days(1)).format("%-d %B");
        let year = (local.date_naive() - TimeDelta::days(1)).format("%Y");
        return (day.to_string(), format!("at the end of {day} {year} ({zone})"));
    }
    (local.format("%-d %B").to_string(), format!("on {} ({zone})", local.format("%-d %B %Y, %H:%M")))
}

/// How many things a notice lists.
const LISTED: usize = 30;

/// The reader owns from now on what somebody owned who left.
pub(super) fn now_yours(leaver: &str, because: Because, things: &[(Owned, String)]) -> Words {
    let subject = match things {
        [(_, name)] => format!("{name} is yours now"),
        _ => format!("{} roles and systems of {leaver} are yours now", things.len()),
    };
    let why = match because {
        Because::Backup => "you are the backup owner",
        Because::Manager => "you are the nearest manager above them who is at work",
        Because::Administrator => "nobody above them is at work, and you administer this portal",
    };
    let mut list = String::new();
    for (owned, name) in things.iter().take(LISTED) {
        let link = match owned {
            Owned::Role(id) => format!("{BASE}/roles/{id}"),
            Owned::System(_) => format!("{BASE}/systems"),
        };
        list.push_str(&format!("- {name}: {link}\n"));
    }
    if things.len() > LISTED {
        list.push_str(&format!("- and {} more\n", things.len() - LISTED));
    }
    Words {
        subject,
        body: format!(
            "{leaver} has left, and what they owned is yours now, because {why}:\n\n{list}\nRequests that the owner decides come to you from now on:\n{BASE}/approvals\n\nIf somebody else should own it, ask an administrator to name them in the catalog.\n"
        ),
    }
}

/// The reader's access waits for a sign-in of theirs.
pub(super) fn sign_in_needed(role: &str) -> Words {
    Words {
        subject: format!("{role} waits for you to sign in"),
        body: format!(
            "You have been given {role}. It needs a sign-in of yours that a second factor confirmed.\n\nSign in with your second factor; then it goes on by itself:\n{BASE}/\n"
        ),
    }
}

/// The reader's access is held back by a rule.
pub(super) fn held_back(role: &str, why: &str) -> Words {
    Words {
        subject: format!("{role} is held back"),
        body: format!(
            "You have been given {role}, and it isn't set up yet.\n\n{why}\n\nWhat you have, and what you can give back:\n{BASE}/\n"
        ),
    }
}

/// Every system confirmed what the reader got.
pub(super) fn confirmed(request: Option<RequestId>, role: &str) -> Words {
    let at = request.map_or_else(|| format!("{BASE}/"), link);
    Words {
        subject: format!("{role} is ready"),
        body: format!(
            "You have {role} now: every system has confirmed it. You may have to sign in to them again.\n\nWhat was done, step by step:\n{at}\n"
        ),
    }
}

/// A trial ends soon.
pub(super) fn trial_asks(role: &str, grant: GrantId, end: Instant, full: Instant, zone: &str) -> Words {
    let ((day, exactly), (full_day, _)) = (when(end, zone), when(full, zone));
    Words {
        subject: format!("Do you use {role}? Your trial ends on {day}"),
        body: format!(
            "You have {role} on trial. The trial ends {exactly}.\n\nIf you use it, say so before, and you have it until {full_day}:\n{BASE}/access/{grant}/keep\n\nIf you don't, there is nothing to do: it ends by itself.\n"
        ),
    }
}

/// A trial is over that its holder didn't keep.
pub(super) fn trial_over(role_id: Uuid, role: &str) -> Words {
    Words {
        subject: format!("Your trial of {role} is over"),
        body: format!(
            "Your trial of {role} is over, and the access is gone: you hadn't said that you use it.\n\nIf you need it after all, ask here:\n{BASE}/roles/{role_id}\n"
        ),
    }
}

/// Every system confirmed that it is gone.
pub(super) fn ended(role_id: Uuid, role: &str) -> Words {
    Words {
        subject: format!("{role} has ended"),
        body: format!(
            "Your access to {role} has ended, and the systems have confirmed that it is gone.\n\nIf you need it again, ask here:\n{BASE}/roles/{role_id}\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestId {
        RequestId(Uuid::from_u128(7))
    }

    #[test]
    fn whoever_is_asked_learns_who_what_and_where() {
        let words = asked_to_decide(request(), "Ann Berg", "Payroll reader");
        assert_eq!(words.subject, "Ann Berg asks for Payroll reader");
        assert!(words.body.contains("{base}/requests/00000000-0000-0000-0000-000000000007\n"), "{}", words.body);
    }

    #[test]
    fn every_end_of_an_item_says_what_comes_next() {
        let say = |state, approver: &str, comment: &str| {
            decided(request(), state, approver, "Payroll reader", "Ann Berg", comment, None)
        };
        let denied = say(ItemState::Denied, "Bo Dahl", "Not before April.").unwrap();
        assert_eq!(denied.subject, "Payroll reader for Ann Berg: denied");
        assert!(denied.body.contains("was denied by Bo Dahl."), "{}", denied.body);
        assert!(denied.body.contains("Bo Dahl wrote: Not before April."), "{}", denied.body);
        let lapsed = say(ItemState::Lapsed, "", "").unwrap();
        assert!(
            lapsed
                .body
                .starts_with("The request for Payroll reader for Ann Berg was closed, because nobody decided in time.")
        );
        assert!(!lapsed.body.contains("wrote:"));
        for state in [ItemState::Approved, ItemState::Denied, ItemState::Lapsed, ItemState::Cancelled] {
            let words = say(state, "", "").unwrap();
            assert!(words.body.contains("{base}/requests/"), "{state}");
            assert!(!words.subject.contains('\n') && !words.body.contains('!'));
        }
        let start = "2027-03-09T23:00:00Z".parse().unwrap();
        let later = Some((start, "Europe/Zurich"));
        let later =
            decided(request(), ItemState::Approved, "Bo Dahl", "Payroll reader", "Ann Berg", "", later).unwrap();
        assert!(
            later.body.contains("It begins on 10 March 2027. You get another message once the systems confirm it.")
        );
        assert_eq!(say(ItemState::Withdrawn, "", ""), None);
        assert_eq!(say(ItemState::Waiting, "", ""), None);
    }

    #[test]
    fn an_end_is_told_in_the_zone_that_it_was_worked_out_in() {
        let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let words = ending_soon("Payroll reader", Uuid::nil(), at("2027-03-03T23:00:00Z"), "Europe/Oslo");
        assert_eq!(words.subject, "Payroll reader ends on 3 March");
        assert!(words.body.contains("ends at the end of 3 March 2027 (Europe/Oslo)."), "{}", words.body);
        let words = ending_soon("Payroll reader", Uuid::nil(), at("2027-03-03T15:05:00Z"), "America/New_York");
        assert!(words.body.contains("ends on 3 March 2027, 10:05 (America/New_York)."), "{}", words.body);
        let unknown = ending_soon("Payroll reader", Uuid::nil(), at("2027-03-03T15:05:00Z"), "Mars/Base");
        assert!(unknown.body.contains("15:05 (UTC)"), "{}", unknown.body);
    }

    #[test]
    fn a_new_owner_learns_what_why_and_what_to_do() {
        let role = |n: u128| (Owned::Role(latchkey_domain::RoleId(Uuid::from_u128(n))), format!("Role {n}"));
        let one = now_yours("Bo Lind", Because::Manager, &[role(1)]);
        assert_eq!(one.subject, "Role 1 is yours now");
        assert!(one.body.contains("- Role 1: {base}/roles/00000000-0000-0000-0000-000000000001\n"), "{}", one.body);
        let many: Vec<_> = (0..40).map(role).collect();
        let many = now_yours("Bo Lind", Because::Administrator, &many);
        assert_eq!(many.subject, "40 roles and systems of Bo Lind are yours now");
        assert!(many.body.contains("- and 10 more\n") && many.body.contains("administer this portal"), "{}", many.body);
    }

    #[test]
    fn what_was_confirmed_and_what_ended_has_a_link() {
        assert!(confirmed(Some(request()), "Payroll reader").body.contains("{base}/requests/"));
        assert!(confirmed(None, "Payroll reader").body.ends_with("{base}/\n"));
        assert!(ended(Uuid::nil(), "Payroll reader").body.contains("{base}/roles/"));
    }
}

//! People for pages: search, teams, and what one page says about a person.

use std::collections::HashMap;

use latchkey_domain::{
    IdentityId,
    identity::{EmploymentType, Status},
};
use latchkey_store::{
    AsConn,
    identities::{
        self, PersonRow,
        list::{self, PersonKey},
        write::{PeriodRow, periods},
    },
};
use uuid::Uuid;

use crate::{
    ServiceResult,
    fold::{fold, words},
};

/// How many people a page may have.
const MAX_LIMIT: usize = 100;
/// How many words of a search count.
const MAX_WORDS: usize = 3;
/// How many characters of a word count.
const MAX_CHARS: usize = 60;

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLine {
    /// Who.
    pub id: IdentityId,
    /// Their name.
    pub name: String,
    /// Their job title.
    pub title: String,
    /// Their department.
    pub department: String,
    /// Their location.
    pub location: String,
    /// Their e-mail address.
    pub email: String,
    /// The key of the person in the company's records.
    pub external_id: String,
    /// Where they are in their working life.
    pub status: Status,
    /// How they are employed.
    pub employment_type: EmploymentType,
    /// Their IANA time zone, where it isn't the company's.
    pub time_zone: Option<String>,
    /// Their manager and the manager's name.
    pub manager: Option<(IdentityId, String)>,
}

/// One page of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeoplePage {
    /// The people, by name.
    pub people: Vec<PersonLine>,
    /// Where the next page starts, if there is one.
    pub next: Option<PersonKey>,
}

/// What a page says about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonCard {
    /// The person.
    pub person: PersonLine,
    /// Their stretches of employment, latest first.
    pub periods: Vec<PeriodRow>,
    /// Some people report to them.
    pub has_team: bool,
}

/// Whom to look for.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery<'a> {
    /// What was typed: words of a name, an address, an external id, a title or a department; three of them count.
    pub text: &'a str,
    /// Also people who have left.
    pub with_terminated: bool,
    /// Where the page before ended.
    pub after: Option<PersonKey>,
    /// How many people a page has, from 1 to 100.
    pub limit: usize,
}

/// Finds people by words of what is known about them. Two queries, whatever the size of the company.
///
/// # Errors
/// When the database fails.
pub async fn search(c: &mut impl AsConn, query: &PeopleQuery<'_>) -> ServiceResult<PeoplePage> {
    let words = looked_for(query.text);
    let limit = query.limit.clamp(1, MAX_LIMIT);
    let rows = list::search(c, &words, query.with_terminated, query.after.as_ref(), one_more(limit)).await?;
    page(c, rows, limit).await
}

fn looked_for(text: &str) -> Vec<String> {
    // An address is one word to whoever types it, and stands in the text as it is.
    fold(text)
        .split(' ')
        .filter(|w| words(w).next().is_some())
        .take(MAX_WORDS)
        .map(|w| w.chars().take(MAX_CHARS).collect())
        .collect()
}

/// Finds those who report to `manager` by words of what is known about them. Two queries.
///
/// # Errors
/// When the database fails.
pub async fn search_team(
    c: &mut impl AsConn,
    manager: IdentityId,
    query: &PeopleQuery<'_>,
) -> ServiceResult<PeoplePage> {
    let limit = query.limit.clamp(1, MAX_LIMIT);
    let words = looked_for(query.text);
    let rows = list::search_team(c, manager, &words, query.after.as_ref(), one_more(limit)).await?;
    page(c, rows, limit).await
}

/// Who reports to this person and hasn't left. Two queries.
///
/// # Errors
/// When the database fails.
pub async fn team(
    c: &mut impl AsConn,
    manager: IdentityId,
    after: Option<&PersonKey>,
    limit: usize,
) -> ServiceResult<PeoplePage> {
    let limit = limit.clamp(1, MAX_LIMIT);
    let rows = list::team(c, manager, after, one_more(limit)).await?;
    page(c, rows, limit).await
}

/// One person with what their page says. Four queries.
///
/// # Errors
/// When the database fails.
pub async fn card(c: &mut impl AsConn, id: IdentityId) -> ServiceResult<Option<PersonCard>> {
    let Some(row) = identities::person(c, id).await? else { return Ok(None) };
    let periods = periods(c, id.0).await?;
    let has_team = !identities::direct_reports(c, id, 1).await?.is_empty();
    let person = lines(c, vec![row]).await?.pop();
    Ok(person.map(|person| PersonCard { person, periods, has_team }))
}

/// One row more than the page tells whether there is another page.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

async fn page(c: &mut impl AsConn, mut rows: Vec<PersonRow>, limit: usize) -> ServiceResult<PeoplePage> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next = last.map(|r| PersonKey { display_name: r.display_name.clone(), id: r.id });
    Ok(PeoplePage { people: lines(c, rows).await?, next })
}

async fn lines(c: &mut impl AsConn, rows: Vec<PersonRow>) -> ServiceResult<Vec<PersonLine>> {
    let managers: Vec<Uuid> = rows.iter().filter_map(|r| r.manager_id).collect();
    let names: HashMap<Uuid, String> = identities::names(c, &managers).await?;
    Ok(rows
        .into_iter()
        .map(|r| PersonLine {
            id: IdentityId(r.id),
            name: r.display_name,
            title: r.title,
            department: r.department,
            location: r.location,
            email: r.email,
            external_id: r.external_id,
            status: r.status,
            employment_type: r.employment_type,
            time_zone: r.time_zone,
            manager: r.manager_id.and_then(|m| names.get(&m).map(|n| (IdentityId(m), n.clone()))),
        })
        .collect())
}

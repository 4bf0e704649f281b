//! Lists of people for pages: paged by key, every one bounded (promise 12).

use latchkey_domain::IdentityId;
use uuid::Uuid;

use super::PersonRow;
use crate::{AsConn, StoreResult};

/// Where a page of people ended: the next one starts after it. Written into URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonKey {
    /// The last name on the page.
    pub display_name: String,
    /// Whose it was.
    pub id: Uuid,
}

impl std::fmt::Display for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.id.simple(), self.display_name)
    }
}

/// A text that says no place in a list of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this doesn't say where the page before ended")]
pub struct InvalidPersonKey;

impl std::str::FromStr for PersonKey {
    type Err = InvalidPersonKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, name) = text.split_once('.').ok_or(InvalidPersonKey)?;
        let id = Uuid::try_parse(id).map_err(|_| InvalidPersonKey)?;
        Ok(Self { display_name: name.to_owned(), id })
    }
}

/// Escapes `%`, `_` and `\` for `like … escape '\'`, and looks anywhere in the text.
pub(crate) fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// People whose search text holds every one of at most three words, by name, after `after`; at most `limit`. The words
/// must be folded as the search text is.
///
/// # Errors
/// When the database fails.
pub async fn search(
    c: &mut impl AsConn,
    words: &[String],
    with_terminated: bool,
    after: Option<&PersonKey>,
    limit: i64,
) -> StoreResult<Vec<PersonRow>> {
    // A missing word is "%%", which everything holds.
    let word = |n: usize| contains(words.get(n).map_or("", String::as_str));
    let (name, id) = after.map_or(("", Uuid::nil()), |a| (a.display_name.as_str(), a.id));
    rows!(
        c,
        PersonRow,
        person_columns!(
            "where i.search_text like $1 escape '\\' and i.search_text like $2 escape '\\' and i.search_text like $3 escape '\\'
               and (i.status <> 'terminated' or $4)
               and (i.display_name, i.id) > ($5, $6) order by i.display_name, i.id limit $7"
        ),
        word(0),
        word(1),
        word(2),
        with_terminated,
        name,
        id,
        limit
    )
}

/// Who reports to this person and hasn't left, by name, after `after`; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn team(
    c: &mut impl AsConn,
    manager: IdentityId,
    after: Option<&PersonKey>,
    limit: i64,
) -> StoreResult<Vec<PersonRow>> {
    let (name, id) = after.map_or(("", Uuid::nil()), |a| (a.display_name.as_str(), a.id));
    rows!(
        c,
        PersonRow,
        person_columns!(
            "where p.manager_id = $1 and i.status <> 'terminated'
               and (i.display_name, i.id) > ($2, $3) order by i.display_name, i.id limit $4"
        ),
        manager.0,
        name,
        id,
        limit
    )
}

/// Who reports to this person, hasn't left, and whose search text holds every one of at most three words (folded as that text
/// is), by name, after `after`; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn search_team(
    c: &mut impl AsConn,
    manager: IdentityId,
    words: &[String],
    after: Option<&PersonKey>,
    limit: i64,
) -> StoreResult<Vec<PersonRow>> {
    let word = |n: usize| contains(words.get(n).map_or("", String::as_str));
    let (name, id) = after.map_or(("", Uuid::nil()), |a| (a.display_name.as_str(), a.id));
    rows!(
        c,
        PersonRow,
        person_columns!(
            "where p.manager_id = $1 and i.status <> 'terminated' and i.search_text like $2 escape '\\'
               and i.search_text like $3 escape '\\' and i.search_text like $4 escape '\\'
               and (i.display_name, i.id) > ($5, $6) order by i.display_name, i.id limit $7"
        ),
        manager.0,
        word(0),
        word(1),
        word(2),
        name,
        id,
        limit
    )
}

/// How many identities are in each status, as its word.
///
/// # Errors
/// When the database fails.
pub async fn count_by_status(c: &mut impl AsConn) -> StoreResult<Vec<(String, i64)>> {
    rows!(c, (String, i64), "select status, count(*) from identity group by status order by status")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_like_would_read_as_a_sign_is_escaped() {
        assert_eq!(contains("50%_\\"), "%50\\%\\_\\\\%");
        assert_eq!(contains(""), "%%");
    }

    #[test]
    fn a_place_in_the_list_survives_a_url() {
        let key = PersonKey { display_name: "J. Dvořák".to_owned(), id: Uuid::from_u128(7) };
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!("x".parse::<PersonKey>(), Err(InvalidPersonKey));
    }
}

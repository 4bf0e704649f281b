//! Reading all values of a long attribute. Active Directory gives 1,500 at a time and names which (\[MS-ADTS\] 3.1.1.3.1.3.3, first
//! written down in draft-kashi-incremental-00): there it is asked for as many as a page has. Others give all of them at once.

use ldap3::{Scope, SearchEntry, SearchResult};

use super::{
    GroupStyle,
    fault::{self, code},
    listing::Reader,
};
use crate::{CallError, Heard, MOST_LINES};

/// Grows with each change of an entry of Active Directory.
const VERSION: &str = "uSNChanged";
/// How often a group that changes meanwhile is read from its beginning.
const ATTEMPTS: usize = 4;

/// Some of an attribute's values.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    first: usize,
    /// Where the next piece begins; `None` after the last.
    next: Option<usize>,
    values: Vec<String>,
}

impl Piece {
    /// The values in an answer to `attribute` or `attribute;range=…`; `None` where there are none.
    ///
    /// # Errors
    /// The name of what can't be read.
    fn of(entry: &mut SearchEntry, attribute: &str) -> Result<Option<Self>, String> {
        if let Some(name) = entry.bin_attrs.keys().find(|name| option(name, attribute).is_some()) {
            return Err(format!("{name} is not text"));
        }
        let mut whole = None;
        for (name, values) in entry.attrs.drain() {
            match option(&name, attribute) {
                // Beside a range the attribute may stand once more, without values.
                Some("") if !values.is_empty() => whole = Some(Self { first: 0, next: None, values }),
                Some(range) if !range.is_empty() => {
                    let (first, next) = bounds(range).ok_or_else(|| format!("{name} is not a range"))?;
                    return Ok(Some(Self { first, next, values }));
                }
                _ => {}
            }
        }
        Ok(whole)
    }
}

/// The part after `attribute;`, if the name is that attribute's. Names don't heed case (RFC 4512, section 2.5).
fn option<'a>(name: &'a str, attribute: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(attribute.len())?;
    if !start.eq_ignore_ascii_case(attribute) {
        return None;
    }
    if rest.is_empty() { Some("") } else { rest.strip_prefix(';') }
}

/// `range=0-1499`: where it begins, and where the next begins; `range=1500-*` is the last.
fn bounds(option: &str) -> Option<(usize, Option<usize>)> {
    let (name, range) = option.split_once('=')?;
    let (first, last) = range.split_once('-')?;
    let first = first.parse().ok().filter(|_| name.eq_ignore_ascii_case("range"))?;
    if last == "*" {
        return Some((first, None));
    }
    let last: usize = last.parse().ok().filter(|last| *last >= first)?;
    Some((first, Some(last + 1)))
}

impl Reader<'_> {
    /// What the group's own entry lists, as it lists it.
    pub(super) async fn members(&mut self, group: &str, heard: Heard<'_>) -> Result<Vec<String>, CallError> {
        for _ in 0..ATTEMPTS {
            if let Some(members) = self.members_once(group, heard).await? {
                return Ok(members);
            }
        }
        Err(CallError::retry_later(format!("The group {group} changed again and again while it was read.")))
    }

    /// `None`: the group changed between two pieces, so that one may be missing.
    async fn members_once(&mut self, group: &str, heard: Heard<'_>) -> Result<Option<Vec<String>>, CallError> {
        let attribute = self.session.to.settings.member_attribute();
        let odd = |what: String| CallError::refused(format!("The members of {group} can't be read: {what}."));
        let mut members = Vec::new();
        let mut version = None;
        let size = usize::from(self.session.to.settings.page_size);
        let ranges = self.session.to.is_active_directory();
        let range = |first: usize| format!("{attribute};range={first}-{}", first + size - 1);
        let mut asked = if ranges { range(0) } else { attribute.to_owned() };
        loop {
            let mut entry = self.group(group, &asked).await?;
            let now = entry.attrs.remove(VERSION).unwrap_or_default();
            if *version.get_or_insert_with(|| now.clone()) != now {
                return Ok(None);
            }
            let classes: Vec<String> = entry.attrs.remove("objectClass").unwrap_or_default();
            let Some(piece) = Piece::of(&mut entry, attribute).map_err(odd)? else {
                return if members.is_empty() { self.none(group, &classes).map(Some) } else { Ok(None) };
            };
            if piece.first != members.len() || (piece.values.is_empty() && piece.next.is_some()) {
                return Ok(None);
            }
            members.extend(piece.values);
            let Some(next) = piece.next.filter(|_| members.len() <= MOST_LINES) else { return Ok(Some(members)) };
            heard(0);
            asked = range(next);
        }
    }

    async fn group(&mut self, group: &str, asked: &str) -> Result<SearchEntry, CallError> {
        let doing = format!("Reading {group}");
        let mut ldap = self.ldap.clone();
        let search = ldap.search(group, Scope::Base, "(objectClass=*)", ["objectClass", VERSION, asked]);
        let SearchResult(mut entries, result) = self.ask(&doing, search).await?;
        match (result.rc, entries.pop()) {
            (code::SUCCESS, Some(entry)) => Ok(SearchEntry::construct(entry)),
            (code::SUCCESS | code::NO_SUCH_OBJECT, _) => Err(CallError::needs_human(format!(
                "The group {group} does not exist in the directory, or {} may not see it. Create it, or correct the entitlement's native \
                 name in the catalog.",
                self.session.to.settings.bind_dn
            ))),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }

    /// An entry without members: an empty group, or none at all, or one whose members are hidden.
    fn none(&self, group: &str, classes: &[String]) -> Result<Vec<String>, CallError> {
        let settings = &self.session.to.settings;
        let attribute = settings.member_attribute();
        let can_be_empty = match settings.group_style() {
            GroupStyle::Group => Some("group"),
            GroupStyle::PosixGroup => Some("posixGroup"),
            GroupStyle::GroupOfNames | GroupStyle::GroupOfUniqueNames | GroupStyle::Usual => None,
        };
        let own = settings.member_attribute.is_some();
        if own || can_be_empty.is_some_and(|class| classes.iter().any(|one| one.eq_ignore_ascii_case(class))) {
            return Ok(Vec::new());
        }
        Err(CallError::needs_human(format!(
            "{group} shows no {attribute}: it is not a group of the kind that the connection's group_style names, or {} may not read it.",
            settings.bind_dn
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn entry(attributes: &[(&str, &[&str])]) -> SearchEntry {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let attrs = attributes.iter().map(|(name, all)| ((*name).to_owned(), values(all))).collect();
        SearchEntry { dn: "cn=g".to_owned(), attrs, bin_attrs: HashMap::new() }
    }

    fn piece(attributes: &[(&str, &[&str])]) -> Result<Option<Piece>, String> {
        Piece::of(&mut entry(attributes), "member")
    }

    #[test]
    fn a_range_says_where_the_next_begins() {
        let first = piece(&[("member", &[]), ("Member;Range=0-1", &["a", "b"])]).unwrap().unwrap();
        assert_eq!((first.first, first.next, first.values.len()), (0, Some(2), 2));
        let last = piece(&[("member;range=2-*", &["c"])]).unwrap().unwrap();
        assert_eq!((last.first, last.next), (2, None));
        let whole = piece(&[("member", &["a"]), ("memberUid", &["b"]), ("objectClass", &["group"])]).unwrap().unwrap();
        assert_eq!(whole, Piece { first: 0, next: None, values: vec!["a".to_owned()] });
        assert_eq!(piece(&[("member", &[])]).unwrap(), None);
        assert_eq!(piece(&[("memberUid", &["b"])]).unwrap(), None);
    }

    #[test]
    fn what_is_no_range_is_named() {
        for odd in ["member;range=a-b", "member;range=5-2", "member;range=1", "member;lang-de", "member;range=-1-*"] {
            assert!(piece(&[(odd, &["x"])]).unwrap_err().contains(odd), "{odd}");
        }
        let mut binary = entry(&[]);
        binary.bin_attrs.insert("member".to_owned(), vec![vec![0xff]]);
        assert!(Piece::of(&mut binary, "member").unwrap_err().contains("not text"));
    }
}

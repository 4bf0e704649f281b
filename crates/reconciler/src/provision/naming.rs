//! What a new account is called: the system's rule, in plain ASCII, with a number where the name is taken.

use latchkey_connectors::AccountSpec;
use latchkey_domain::{IdentityId, identity::Status};
use latchkey_service::fold::fold;
use latchkey_store::{AsConn, StoreError, identities, work};

use crate::Result;

/// The longest login; PostgreSQL's names end there.
const LONGEST: usize = 63;

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    pub identity: IdentityId,
    pub status: Status,
    /// The value that ties an account to its holder.
    pub external_id: String,
    pub display_name: String,
    pub given_name: String,
    pub family_name: String,
    pub email: Option<String>,
    is_service: bool,
}

impl Who {
    /// Reads who an identity is.
    pub async fn load(c: &mut impl AsConn, identity: IdentityId) -> Result<Self> {
        if let Some(p) = identities::person(c, identity).await? {
            return Ok(Self {
                identity,
                status: p.status,
                external_id: p.external_id,
                display_name: p.display_name,
                given_name: p.given_name,
                family_name: p.family_name,
                email: Some(p.email).filter(|e| !e.is_empty()),
                is_service: false,
            });
        }
        let row = identities::get(c, identity).await?.ok_or(StoreError::Missing { what: "the identity" })?;
        let key = work::service_key(c, identity).await?.ok_or(StoreError::Missing { what: "the service identity" })?;
        Ok(Self {
            identity,
            status: row.status,
            external_id: key,
            display_name: row.display_name,
            given_name: String::new(),
            family_name: String::new(),
            email: None,
            is_service: true,
        })
    }

    /// What a connector needs to know.
    pub fn spec(&self, name: &str, native_id: Option<&str>) -> AccountSpec {
        AccountSpec {
            external_id: self.external_id.clone(),
            name: name.to_owned(),
            native_id: native_id.map(str::to_owned),
            display_name: self.display_name.clone(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            email: self.email.clone(),
        }
    }
}

/// The login that the rule gives, or nothing when none can be made with certainty: letters that have no ASCII form, or
/// too few or too many of them.
pub(crate) fn propose(rule: &str, who: &Who) -> Option<String> {
    if who.is_service {
        return Some(who.external_id.clone());
    }
    let local = who.email.as_deref().and_then(|e| e.split('@').next()).unwrap_or_default();
    let text = rule
        .replace("{given_name}", &part(&who.given_name))
        .replace("{family_name}", &part(&who.family_name))
        .replace("{external_id}", &who.external_id)
        .replace("{email_local}", local);
    let mut name = String::new();
    for c in fold(&text).chars() {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            // A separator that nothing came before, or another one, says nothing.
            '.' | '-' | '_' if name.ends_with(|c: char| c.is_ascii_alphanumeric()) => name.push(c),
            c if c.is_ascii() => {}
            _ => return None,
        }
    }
    let name = name.trim_end_matches(['.', '-', '_']);
    (2..=LONGEST).contains(&name.len()).then(|| name.to_owned())
}

/// A part of a person's name without its inner separators: "van den Berg" is one word in a login.
fn part(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '.' | '-' | '_' | '\'' | '’' | ' ')).collect()
}

/// The name, or the name with the lowest number from 2 on that isn't taken.
pub(crate) fn free(name: &str, taken: &[String]) -> Option<String> {
    let is_free = |n: &String| !taken.contains(n) && n.len() <= LONGEST;
    std::iter::once(name.to_owned()).chain((2..1000).map(|n| format!("{name}{n}"))).find(is_free)
}

#[cfg(test)]
mod tests {
    use latchkey_domain::Instant;

    use super::*;

    fn who(given: &str, family: &str) -> Who {
        Who {
            identity: IdentityId::new(Instant::UNIX_EPOCH),
            status: Status::Active,
            external_id: "E0042".to_owned(),
            display_name: format!("{given} {family}"),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            email: Some("z.aberg@example.test".to_owned()),
            is_service: false,
        }
    }

    #[test]
    fn names_are_plain_ascii() {
        let rule = "{given_name}.{family_name}";
        assert_eq!(propose(rule, &who("Zoë", "Åberg")).as_deref(), Some("zoe.aberg"));
        assert_eq!(propose(rule, &who("Anne-Marie", "van den Berg")).as_deref(), Some("annemarie.vandenberg"));
        assert_eq!(propose(rule, &who("Siobhán", "O’Neill")).as_deref(), Some("siobhan.oneill"));
        assert_eq!(propose(rule, &who("Cher", "")).as_deref(), Some("cher"));
        assert_eq!(propose("{external_id}", &who("A", "B")).as_deref(), Some("e0042"));
        assert_eq!(propose("{email_local}", &who("A", "B")).as_deref(), Some("z.aberg"));
    }

    #[test]
    fn what_cannot_be_written_in_ascii_needs_a_human() {
        assert_eq!(propose("{given_name}", &who("明", "")), None);
        assert_eq!(propose("{given_name}", &who("X", "")), None);
        assert_eq!(propose("{given_name}", &who(&"a".repeat(70), "")), None);
    }

    #[test]
    fn a_taken_name_gets_the_lowest_number() {
        let taken = ["ann.berg".to_owned(), "ann.berg2".to_owned(), "ann.berg4".to_owned()];
        assert_eq!(free("ann.berg", &taken).as_deref(), Some("ann.berg3"));
        assert_eq!(free("bo.dahl", &taken).as_deref(), Some("bo.dahl"));
        assert_eq!(free(&"a".repeat(63), &["a".repeat(63)]), None);
    }
}

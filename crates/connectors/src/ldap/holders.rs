//! Everyone whom a group lists: which of them are accounts, by the very DNs that other calls use.
//!
//! A group says names, and not what they name; a DN may be written otherwise there than the entry itself has it. So each is looked up,
//! many at a time on one connection.

use std::collections::HashSet;

use ldap3::{Scope, SearchEntry, SearchResult, dn_escape, ldap_escape};
use tokio::task::JoinSet;

use super::{
    GroupStyle,
    fault::{self, code},
    listing::{Place, Reader},
    session::Session,
};
use crate::{CallError, Heard, Holder, MOST_LINES};

/// How many look-ups are on their way at the same time.
const AT_ONCE: usize = 64;
/// After how many members it is told how far it came.
const STEP: usize = 500;
/// How many logins one search asks for.
const LOGINS: usize = 50;

impl Session {
    /// Everyone whom the group lists, without the placeholder.
    pub(super) async fn everyone_in(&self, group: &str, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let mut reader = self.reader().await?;
        let members = reader.members(group, heard).await?;
        if members.len() > MOST_LINES {
            // As many as the caller refuses in its words.
            return Ok(members.into_iter().map(Holder::Account).collect());
        }
        let holders = match self.to.settings.group_style() {
            GroupStyle::PosixGroup => reader.by_login(&members, heard).await?,
            _ => reader.by_dn(members, heard).await?,
        };
        heard(holders.len());
        Ok(holders)
    }
}

impl Reader<'_> {
    async fn by_dn(&self, members: Vec<String>, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let mut holders = Vec::with_capacity(members.len());
        let mut running = JoinSet::new();
        let mut members = members.into_iter().filter(|dn| !super::dn::is_same(dn, &self.session.to.placeholder));
        loop {
            while running.len() < AT_ONCE
                && let Some(dn) = members.next()
            {
                running.spawn(self.look_up(dn));
            }
            let Some(done) = running.join_next().await else { return Ok(holders) };
            let (dn, found) =
                done.map_err(|error| CallError::retry_later(format!("A look-up was cut off: {error}.")))?;
            holders.push(match found? {
                Some(entry) => {
                    let account = self.session.account(entry);
                    if account.is_account { Holder::Account(account.dn) } else { Holder::Nested(account.dn) }
                }
                // Gone, or out of sight.
                None => Holder::Account(dn),
            });
            if holders.len() % STEP == 0 {
                heard(holders.len());
            }
        }
    }

    /// The entry of that DN, if there is one to be seen.
    fn look_up(
        &self,
        dn: String,
    ) -> impl Future<Output = (String, Result<Option<SearchEntry>, CallError>)> + Send + 'static {
        let mut ldap = self.ldap.clone();
        let attributes =
            [self.session.to.naming.clone(), "objectClass".to_owned(), super::active_directory::SORT.to_owned()];
        ldap.with_timeout(self.session.to.timeout);
        async move {
            let doing = format!("Looking at {dn}");
            let answer = ldap.search(&dn, Scope::Base, "(objectClass=*)", &attributes).await;
            let found =
                answer.map_err(|error| fault::of_error(&error, &doing)).and_then(|SearchResult(mut found, result)| {
                    match result.rc {
                        code::SUCCESS => Ok(found.pop().map(SearchEntry::construct)),
                        // Elsewhere, or no name at all: `memberUid` in a `member` attribute.
                        code::NO_SUCH_OBJECT | code::REFERRAL | code::INVALID_DN_SYNTAX => Ok(None),
                        _ => Err(fault::of_result(&result, &doing)),
                    }
                });
            (dn, found)
        }
    }

    /// A login stands for every account below `base_dn` that has it.
    async fn by_login(&mut self, logins: &[String], heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let to = &self.session.to;
        let naming = to.naming.as_str();
        let mut holders = Vec::with_capacity(logins.len());
        for some in logins.chunks(LOGINS) {
            let wanted: HashSet<&str> = some.iter().map(String::as_str).collect();
            let any: Vec<_> = some.iter().map(|login| format!("({naming}={})", ldap_escape(login.as_str()))).collect();
            let filter = format!("(|{})", any.concat());
            let mut found = Vec::new();
            let mut place = Place::default();
            while let Some(cookie) = place.next {
                let attributes = [naming, "objectClass"];
                place = self
                    .page(&to.settings.base_dn, &filter, &attributes, cookie, place.empty, |entry| {
                        found.push(self.session.account(entry));
                    })
                    .await?;
            }
            // Directories match without regard to case; Unix doesn't.
            found.retain(|account| account.is_account && wanted.contains(account.name.as_str()));
            let known: HashSet<&str> = found.iter().map(|account| account.name.as_str()).collect();
            // One that nobody has is the next one's who gets it: it is told by the DN that it would have.
            let gone = wanted.difference(&known);
            holders.extend(
                gone.map(|login| Holder::Account(format!("{naming}={},{}", dn_escape(*login), to.settings.people_ou))),
            );
            holders.extend(found.into_iter().map(|account| Holder::Account(account.dn)));
            heard(holders.len());
        }
        Ok(holders)
    }
}

//! Every account: searches in pages (RFC 2696), on a connection of their own.
//!
//! OpenLDAP keeps the place of one paged search for each connection, and a long answer would stand before others' short ones.

use std::{future::Future, time::Duration};

use ldap3::{
    Ldap, LdapError, LdapResult, Scope, SearchEntry,
    controls::{Control, ControlType, PagedResults},
};
use tokio::time::timeout;

use super::{
    dn,
    fault::{self, code},
    session::Session,
};
use crate::{CallError, Heard, Listed, MOST_LINES};

/// After this many pages without an entry a directory is taken to go round in circles.
const MOST_EMPTY_PAGES: usize = 1000;

/// A connection that reads much.
pub(super) struct Reader<'a> {
    pub(super) session: &'a Session,
    pub(super) ldap: Ldap,
}

impl Session {
    pub(super) async fn reader(&self) -> Result<Reader<'_>, CallError> {
        Ok(Reader { session: self, ldap: self.connect().await? })
    }

    /// Every account below `base_dn`, without the connection's own and the placeholder.
    pub(super) async fn every_line(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        let mut reader = self.reader().await?;
        let mut lines = Vec::new();
        let mut place = Place::default();
        while let Some(cookie) = place.next {
            let attributes = self.attributes();
            let base = &self.to.settings.base_dn;
            place = reader
                .page(base, &self.every_account(), &attributes, cookie, place.empty, |entry| {
                    let account = self.account(entry);
                    let own = [&self.to.settings.bind_dn, &self.to.placeholder];
                    if account.is_account && !own.iter().any(|own| dn::is_same(&account.dn, own)) {
                        lines.push(account.listed());
                    }
                })
                .await?;
            // One more than may be: the caller refuses it in its words.
            if lines.len() > MOST_LINES {
                break;
            }
            heard(lines.len());
        }
        Ok(lines)
    }
}

/// Where a paged search stands.
pub(super) struct Place {
    /// What the directory wants to see with the next page; `None` at the end.
    pub(super) next: Option<Vec<u8>>,
    /// How many pages since the last that had an entry.
    pub(super) empty: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self { next: Some(Vec::new()), empty: 0 }
    }
}

impl Reader<'_> {
    /// Reads one page of everything below `base` that fits the filter. A directory without pages gives all of it at once.
    pub(super) async fn page(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
        cookie: Vec<u8>,
        empty: usize,
        mut each: impl FnMut(SearchEntry),
    ) -> Result<Place, CallError> {
        let to = &self.session.to;
        let doing = format!("Listing {base}");
        let mut entries = 0;
        let ldap = &mut self.ldap;
        ldap.with_controls(PagedResults { size: i32::from(to.settings.page_size), cookie });
        let answer = in_time(to.timeout, async {
            let mut stream = ldap.streaming_search(base, Scope::Subtree, filter, attributes).await?;
            while let Some(entry) = stream.next().await? {
                // References to other servers lead out of what this connection is for.
                if !entry.is_ref() && !entry.is_intermediate() {
                    entries += 1;
                    each(SearchEntry::construct(entry));
                }
                if entries > MOST_LINES {
                    break;
                }
            }
            Ok(stream.finish().await)
        });
        let result = answer.await.map_err(|error| fault::of_error(&error, &doing))?;
        if entries > MOST_LINES {
            return Ok(Place { next: None, empty: 0 });
        }
        match result.rc {
            code::SUCCESS => {}
            code::SIZE_LIMIT_EXCEEDED | code::ADMIN_LIMIT_EXCEEDED => {
                return Err(fault::cut_short(&result, &doing, &to.settings.bind_dn));
            }
            code::NO_SUCH_OBJECT => {
                return Err(CallError::needs_human(format!(
                    "{base} doesn't exist, or {} may not see it.",
                    to.settings.bind_dn
                )));
            }
            _ => return Err(fault::of_result(&result, &doing)),
        }
        let empty = if entries == 0 { empty + 1 } else { 0 };
        if empty > MOST_EMPTY_PAGES {
            return Err(CallError::retry_later(format!(
                "{doing} failed: the directory gives empty pages without end."
            )));
        }
        Ok(Place { next: cookie_of(&result), empty })
    }

    /// Asks within the time of one call.
    pub(super) async fn ask<T>(
        &self,
        doing: &str,
        work: impl Future<Output = Result<T, LdapError>>,
    ) -> Result<T, CallError> {
        in_time(self.session.to.timeout, work).await.map_err(|error| fault::of_error(&error, doing))
    }
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T, LdapError>>) -> Result<T, LdapError> {
    timeout(limit, work).await?
}

/// What the next page is asked for with; nothing after the last.
fn cookie_of(result: &LdapResult) -> Option<Vec<u8>> {
    let paged = result.ctrls.iter().find_map(|Control(kind, raw)| {
        // An answer without a value can't be read, and says nothing of a next page.
        (matches!(kind, Some(ControlType::PagedResults)) && raw.val.is_some()).then(|| raw.parse::<PagedResults>())
    })?;
    (!paged.cookie.is_empty()).then_some(paged.cookie)
}

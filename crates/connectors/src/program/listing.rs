//! Everything that the target holds, page by page: each page is a call of its own, so that others get their turn in between.

use chrono::{DateTime, SubsecRound, Utc};
use latchkey_domain::Instant;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::{
    Call, ProgramConnector,
    answer::{Answer, Fields},
};
use crate::{
    CallError, Connector, EntitlementRef, Heard, Holder, Listed, MOST_LINES,
    spec::{self, LONGEST_NAME},
    words,
};

/// One page.
pub(super) struct Page<T> {
    lines: Vec<T>,
    /// Where the next one begins; none: this was the last.
    next: Option<String>,
}

impl ProgramConnector {
    /// Asks for page after page: of those who have an entitlement, or of all accounts.
    pub(super) async fn pages<T: Send>(
        &self,
        heard: Heard<'_>,
        of: Option<&EntitlementRef>,
        read: impl Fn(&Answer) -> Result<Page<T>, String> + Send + Sync,
    ) -> Result<Vec<T>, CallError> {
        let mut lines: Vec<T> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let call = match of {
                None => Call::Accounts { cursor: cursor.as_deref() },
                Some(entitlement) => Call::Holders { entitlement: entitlement.into(), cursor: cursor.as_deref() },
            };
            let asked = self.keeper.ask(call, |answer, _| {
                let page = read(answer)?;
                if page.next.is_some() && page.next == cursor {
                    return Err("has the cursor in \"next\" that was asked with".to_owned());
                }
                Ok(page)
            });
            let page = timeout(self.deadline(), asked).await.map_err(|_| {
                CallError::retry_later(format!(
                    "{} did not answer in time with a page of its list.",
                    self.keeper.to.name()
                ))
            })??;
            lines.extend(page.lines);
            heard(lines.len());
            cursor = page.next;
            // More than that is refused by whoever called.
            if cursor.is_none() || lines.len() > MOST_LINES {
                return Ok(lines);
            }
        }
    }
}

impl Answer {
    /// A page of accounts.
    pub(super) fn accounts(&self) -> Result<Page<Listed>, String> {
        self.page("accounts", |account| {
            let fields = Fields(account);
            Ok(Listed {
                native_id: fields.id("native_id")?,
                name: fields.id("name")?,
                state: fields.state()?,
                external_id: fields.external_id()?,
                display_name: line(account, "display_name")?.unwrap_or_default(),
                email: line(account, "email")?,
                last_used_at: match account.get("last_used_at") {
                    None | Some(Value::Null) => None,
                    Some(at) => Some(instant(at)?),
                },
            })
        })
    }

    /// A page of those who have an entitlement.
    pub(super) fn holders(&self) -> Result<Page<Holder>, String> {
        self.page("holders", |holder| {
            let id = |field: &str| {
                let text = holder.get(field).and_then(Value::as_str).map(str::to_owned);
                text.filter(|text| spec::native(field, text).is_ok())
            };
            match (id("account"), id("nested")) {
                (Some(account), None) => Ok(Holder::Account(account)),
                (None, Some(nested)) => Ok(Holder::Nested(nested)),
                _ => Err("has a holder without exactly one of \"account\" and \"nested\"".to_owned()),
            }
        })
    }

    fn page<T>(&self, field: &str, read: impl Fn(&Map<String, Value>) -> Result<T, String>) -> Result<Page<T>, String> {
        let lines =
            self.fields.get(field).and_then(Value::as_array).ok_or_else(|| format!("has no list in \"{field}\""))?;
        let lines: Vec<T> = lines
            .iter()
            .map(|line| {
                read(line.as_object().ok_or_else(|| format!("has something in \"{field}\" that is no object"))?)
            })
            .collect::<Result<_, _>>()?;
        let next = match self.fields.get("next") {
            // Silence could be a page that was cut short.
            Some(Value::Null) => None,
            Some(Value::String(next)) if spec::native("cursor", next).is_ok() => Some(next.clone()),
            _ => return Err("has neither a cursor nor null in \"next\"".to_owned()),
        };
        if lines.is_empty() && next.is_some() {
            return Err(format!("has nothing in \"{field}\", and says that more comes"));
        }
        Ok(Page { lines, next })
    }
}

/// Text for people, or nothing.
fn line(account: &Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    match account.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(words::one_line(text, LONGEST_NAME)).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("has an account with something in \"{field}\" that is no text")),
    }
}

/// A moment as RFC 3339 has it.
fn instant(value: &Value) -> Result<Instant, String> {
    let at = value.as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    let at = at.ok_or("has an account whose \"last_used_at\" is no moment like 2026-03-01T12:00:00Z")?;
    Ok(at.with_timezone(&Utc).trunc_subsecs(6))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::program::{Outcome, Secrets};

    fn answer(mut fields: Value) -> Answer {
        fields["id"] = json!(1);
        fields["outcome"] = json!("ok");
        match Outcome::read(fields.to_string().as_bytes(), 1, &Secrets::default()) {
            Ok(Outcome::Done(answer)) => answer,
            _ => panic!("not an answer: {fields}"),
        }
    }

    #[test]
    fn a_page_of_accounts_is_read() {
        let account = json!({ "native_id": "u1", "name": "mara", "state": "disabled", "external_id": null, "display_name": "Mara\n\u{202E}Lind",
            "last_used_at": "2026-03-01T13:00:00.1234567+01:00", "new": 1 });
        let page = answer(json!({ "accounts": [account], "next": "u1" })).accounts().ok().unwrap();
        assert_eq!(page.next.as_deref(), Some("u1"));
        let [line] = page.lines.as_slice() else { panic!("one line") };
        assert_eq!((line.display_name.as_str(), line.email.as_deref()), ("Mara Lind", None));
        assert_eq!(line.last_used_at.unwrap().to_rfc3339(), "2026-03-01T12:00:00.123456+00:00");
        let last = answer(json!({ "accounts": [], "next": null })).accounts().ok().unwrap();
        assert!(last.lines.is_empty() && last.next.is_none());
    }

    #[test]
    fn a_page_that_could_be_half_a_page_is_nonsense() {
        let account = json!({ "native_id": "u1", "name": "mara", "state": "enabled" });
        for (page, words) in [
            (json!({ "accounts": [account] }), "\"next\""),
            (json!({ "accounts": [account], "next": 7 }), "\"next\""),
            (json!({ "accounts": [], "next": "u1" }), "more comes"),
            (json!({ "accounts": null, "next": null }), "no list"),
            (json!({ "accounts": ["u1"], "next": null }), "no object"),
            (json!({ "accounts": [{ "native_id": "u1", "name": "mara" }], "next": null }), "neither"),
        ] {
            let said = answer(page).accounts().err().unwrap();
            assert!(said.contains(words), "{said}");
        }
        let mut odd = account;
        odd["last_used_at"] = json!("yesterday");
        assert!(answer(json!({ "accounts": [odd], "next": null })).accounts().err().unwrap().contains("moment"));
    }

    #[test]
    fn a_holder_is_an_account_or_something_nested() {
        let page = answer(json!({ "holders": [{ "account": "u1" }, { "nested": "g2" }], "next": null })).holders();
        assert_eq!(page.ok().unwrap().lines, [Holder::Account("u1".into()), Holder::Nested("g2".into())]);
        for odd in [json!({}), json!({ "account": "u1", "nested": "g2" }), json!({ "account": "" })] {
            assert!(answer(json!({ "holders": [odd], "next": null })).holders().is_err());
        }
    }
}

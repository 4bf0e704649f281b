//! Lists: filters, pages, and services that ignore either.

use serde_json::Value;

use super::{
    fault,
    http::{Ask, Http},
};
use crate::CallError;

/// How many resources are looked through at most; a service that filters answers with one or none.
const MOST: usize = 10_000;

/// A string inside a filter: JSON's escapes, as RFC 7644 wants them.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A string attribute.
pub(super) fn text<'a>(resource: &'a Value, name: &str) -> Option<&'a str> {
    resource.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Where a page begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    /// How many came before.
    pub(super) seen: usize,
    /// What the page before said of this one, in lists by cursor.
    cursor: Option<String>,
}

/// One page of a list.
pub(super) struct Page {
    pub(super) resources: Vec<Value>,
    /// How many there are on all pages together, in lists by index.
    pub(super) total: Option<u64>,
    /// Where the next one begins.
    pub(super) next: Option<At>,
}

impl Http {
    /// The resources that `matches`, found with `filter`. What the service sends is checked again, since some ignore filters or
    /// treat case in their own way. `None`: the service can't use this filter.
    pub(super) async fn filtered(
        &self,
        resource: &str,
        filter: &str,
        matches: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Option<Vec<Value>>, CallError> {
        self.pages(resource, Some(filter), matches).await
    }

    /// The resources that `matches`, by filter where the service can, else by looking through all of them.
    pub(super) async fn matching(
        &self,
        resource: &str,
        filter: &str,
        matches: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Vec<Value>, CallError> {
        if let Some(found) = self.pages(resource, Some(filter), &matches).await? {
            return Ok(found);
        }
        self.everything(resource, matches).await
    }

    /// The resources that `matches`, by looking through all.
    pub(super) async fn everything(
        &self,
        resource: &str,
        matches: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Vec<Value>, CallError> {
        Ok(self.pages(resource, None, matches).await?.unwrap_or_default())
    }

    /// One page of a list. `None`: the service can't use the filter.
    pub(super) async fn page(&self, resource: &str, filter: Option<&str>, at: &At) -> Result<Option<Page>, CallError> {
        let offer = self.offer().await?;
        if filter.is_some() && !offer.filter {
            return Ok(None);
        }
        let doing = format!("Looking through {resource}");
        let count = self.to.page_size.min(offer.most.unwrap_or(usize::MAX)).to_string();
        let start = (at.seen + 1).to_string();
        let mut query = vec![("count", count.as_str())];
        if offer.cursor {
            query.push(("cursor", at.cursor.as_deref().unwrap_or_default()));
        } else {
            query.push(("startIndex", &start));
        }
        query.extend(filter.map(|filter| ("filter", filter)));
        if resource == "Groups" {
            query.push(("excludedAttributes", "members"));
        }
        let answer = self.send(Ask::get(&[resource], &query), &doing).await?;
        if answer.status != 200 {
            if filter.is_some() && fault::is_bad_filter(&answer) {
                return Ok(None);
            }
            return Err(fault::of_answer(&answer, &doing));
        }
        let Some(Value::Object(mut json)) = answer.json else { return Err(not_a_list(&doing)) };
        let total = json.get("totalResults").and_then(Value::as_u64);
        // Lists by cursor need not say how many there are (RFC 9865, 2).
        if total.is_none() && !offer.cursor {
            return Err(not_a_list(&doing));
        }
        let resources = match json.remove("Resources") {
            Some(Value::Array(resources)) => resources,
            _ if total.is_none() => return Err(not_a_list(&doing)),
            _ => Vec::new(),
        };
        let seen = at.seen + resources.len();
        let next = if offer.cursor {
            let cursor = json.get("nextCursor").and_then(Value::as_str).filter(|cursor| !cursor.is_empty());
            cursor.map(|cursor| At { seen, cursor: Some(cursor.to_owned()) })
        } else {
            total.filter(|total| (seen as u64) < *total).map(|_| At { seen, cursor: None })
        };
        Ok(Some(Page { resources, total: total.filter(|_| !offer.cursor), next }))
    }

    async fn pages(
        &self,
        resource: &str,
        filter: Option<&str>,
        matches: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Option<Vec<Value>>, CallError> {
        let mut found = Vec::new();
        let mut at = At::default();
        loop {
            let Some(Page { resources, next, .. }) = self.page(resource, filter, &at).await? else { return Ok(None) };
            found.extend(resources.into_iter().filter(|resource| matches(resource)));
            match next {
                Some(next) if next != at => at = next,
                _ => return Ok(Some(found)),
            }
            if at.seen >= MOST {
                return Err(CallError::needs_human(format!(
                    "Looking through {resource} stopped after {MOST}: the service doesn't filter them, and more aren't looked through."
                )));
            }
        }
    }
}

fn not_a_list(doing: &str) -> CallError {
    CallError::needs_human(format!(
        "{doing} failed: the answer is not a SCIM list. The connection's base_url may be wrong."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_value_cannot_leave_its_quotes() {
        assert_eq!(quoted(r#"a" or userName pr or "b\"#), r#""a\" or userName pr or \"b\\""#);
    }
}

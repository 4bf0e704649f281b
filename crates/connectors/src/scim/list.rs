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

/// One page of a list.
pub(super) struct Page {
    pub(super) resources: Vec<Value>,
    /// How many there are on all pages together.
    pub(super) total: u64,
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
        Ok(self.pages(resource, None, matches).await?.unwrap_or_default())
    }

    /// One page of a list, from `start` (the first is 1) on. `None`: the service can't use the filter.
    pub(super) async fn page(
        &self,
        resource: &str,
        filter: Option<&str>,
        start: usize,
    ) -> Result<Option<Page>, CallError> {
        let doing = format!("Looking through {resource}");
        let (start, count) = (start.to_string(), self.to.page_size.to_string());
        let mut query = vec![("startIndex", start.as_str()), ("count", &count)];
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
        let total = json.get("totalResults").and_then(Value::as_u64).ok_or_else(|| not_a_list(&doing))?;
        let resources = match json.remove("Resources") {
            Some(Value::Array(resources)) => resources,
            _ => Vec::new(),
        };
        Ok(Some(Page { resources, total }))
    }

    async fn pages(
        &self,
        resource: &str,
        filter: Option<&str>,
        matches: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Option<Vec<Value>>, CallError> {
        let mut found = Vec::new();
        let mut seen = 0;
        loop {
            let Some(Page { resources, total }) = self.page(resource, filter, seen + 1).await? else { return Ok(None) };
            let last = resources.is_empty();
            seen += resources.len();
            found.extend(resources.into_iter().filter(|resource| matches(resource)));
            if last || seen as u64 >= total {
                return Ok(Some(found));
            }
            if seen >= MOST {
                return Err(CallError::needs_human(format!(
                    "Looking through {resource} stopped after {MOST} of {total}: the service doesn't filter them, and more aren't looked \
                     through."
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

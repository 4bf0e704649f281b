//! Filters: `attribute eq value`, joined by `and` (RFC 7644, section 3.4.2.2). Others are refused by name.

use serde_json::Value;

use super::message::Problem;

/// All of these must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Vec<Equals>);

#[derive(Debug, Clone, PartialEq)]
struct Equals {
    /// In lower case.
    attribute: &'static str,
    value: Value,
}

/// The attributes that can be filtered by, and whether case matters (RFC 7643).
const ATTRIBUTES: &[(&str, bool)] =
    &[("userName", false), ("externalId", true), ("displayName", false), ("id", true), ("active", true)];

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What in it isn't understood.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut terms = Vec::new();
        let mut rest = text.trim();
        loop {
            let (term, after) = term(rest)?;
            terms.push(term);
            let after = after.trim_start();
            if after.is_empty() {
                return Ok(Self(terms));
            }
            rest = after.get(..4).filter(|word| word.eq_ignore_ascii_case("and ")).map_or_else(
                || Err(unknown(&format!("\"{after}\": only `and` joins terms here"))),
                |_| Ok(after[4..].trim_start()),
            )?;
        }
    }

    /// Whether a resource fits.
    #[must_use]
    pub fn fits(&self, resource: &Value) -> bool {
        self.0.iter().all(|term| {
            let exact = ATTRIBUTES.iter().any(|(name, exact)| *name == term.attribute && *exact);
            match (resource.get(term.attribute), &term.value) {
                (Some(Value::String(found)), Value::String(wanted)) if !exact => {
                    found.to_lowercase() == wanted.to_lowercase()
                }
                (Some(found), wanted) => found == wanted,
                (None, wanted) => wanted.is_null(),
            }
        })
    }
}

fn term(text: &str) -> Result<(Equals, &str), Problem> {
    let (name, rest) = text.split_once(' ').ok_or_else(|| unknown(&format!("\"{text}\" is no comparison")))?;
    // With its schema in front it is the same attribute.
    let short = name.rsplit(':').next().unwrap_or(name);
    let attribute = ATTRIBUTES
        .iter()
        .map(|(known, _)| *known)
        .find(|known| known.eq_ignore_ascii_case(short))
        .ok_or_else(|| unknown(&format!("this service can't filter by \"{name}\"")))?;
    let rest = rest.trim_start();
    let (operator, rest) = rest.split_once(' ').ok_or_else(|| unknown(&format!("\"{rest}\" is no comparison")))?;
    if !operator.eq_ignore_ascii_case("eq") {
        return Err(unknown(&format!("this service compares with eq alone, not with \"{operator}\"")));
    }
    // The value is one of JSON's; whatever stands behind it is left over.
    let mut values = serde_json::Deserializer::from_str(rest.trim_start()).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value @ (Value::String(_) | Value::Bool(_) | Value::Null))) => value,
        _ => return Err(unknown(&format!("\"{rest}\" is no value"))),
    };
    let after = rest.trim_start().get(values.byte_offset()..).unwrap_or_default();
    Ok((Equals { attribute, value }, after))
}

fn unknown(words: &str) -> Problem {
    Problem::bad("invalidFilter", format!("The filter can't be used: {words}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(filter: &str, resource: &Value) -> bool {
        Filter::parse(filter).unwrap().fits(resource)
    }

    #[test]
    fn terms_compare_as_their_attribute_does() {
        let ann =
            json!({ "userName": "Ann.Berg", "externalId": "E0001", "active": true, "displayName": "Ann \"AB\" Berg" });
        assert!(fits(r#"userName eq "ann.berg""#, &ann));
        assert!(fits(r#"urn:ietf:params:scim:schemas:core:2.0:User:username EQ "ANN.BERG""#, &ann));
        assert!(fits(r#"externalId eq "E0001""#, &ann));
        assert!(!fits(r#"externalId eq "e0001""#, &ann));
        assert!(fits(r#"displayName eq "ann \"ab\" berg" and active eq true"#, &ann));
        assert!(!fits(r#"userName eq "ann.berg" AND active eq false"#, &ann));
        assert!(!fits(r#"displayName eq "x and y""#, &ann));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in [
            "",
            "userName",
            "userName co \"a\"",
            "userName eq",
            "userName eq ann",
            "nickName eq \"a\"",
            "userName eq \"a\" or id eq \"b\"",
        ] {
            assert_eq!(Filter::parse(wrong).unwrap_err().kind, Some("invalidFilter"), "{wrong}");
        }
    }
}

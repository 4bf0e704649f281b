//! Distinguished names (RFC 4514), as far as we compare them: which part of the tree a name belongs to.
//!
//! Equality of whole names is left to the directory, which knows its attributes' matching rules.

/// The name's parts, leaf first, each lower-cased and without blanks around its `=`; `None` when it isn't a DN.
pub(crate) fn parts(dn: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut chars = dn.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                part.push(c);
                part.push(chars.next()?);
            }
            ',' => parts.push(std::mem::take(&mut part)),
            _ => part.push(c),
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| normal(&part)).collect()
}

fn normal(part: &str) -> Option<String> {
    let (attribute, value) = part.split_once('=')?;
    let attribute = attribute.trim();
    let named = !attribute.is_empty() && attribute.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let value = value.trim();
    if !named || value.is_empty() {
        return None;
    }
    Some(format!("{}={}", attribute.to_ascii_lowercase(), value.to_lowercase()))
}

/// Whether `dn` is `base` or below it.
pub(crate) fn is_within(dn: &str, base: &str) -> bool {
    match (parts(dn), parts(base)) {
        (Some(dn), Some(base)) => dn.ends_with(&base),
        _ => false,
    }
}

/// Whether two names are written alike, up to case and blanks.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    parts(one).is_some_and(|one| parts(other) == Some(one))
}

/// The value of the name's first part, with its escapes undone: "mara.lind" of `uid=mara.lind,ou=people,…`.
pub(crate) fn leaf_value(dn: &str) -> Option<String> {
    let mut chars = dn.split_once('=')?.1.chars();
    let mut bytes = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            ',' => break,
            '\\' => {
                let rest = chars.as_str();
                match rest.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => {
                        bytes.push(byte);
                        chars = rest.get(2..)?.chars();
                    }
                    None => bytes.extend(chars.next()?.to_string().bytes()),
                }
            }
            _ => bytes.extend(c.to_string().bytes()),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_its_own_tree_only() {
        let base = "dc=example,dc=test";
        assert!(is_within("uid=a,ou=people,dc=example,dc=test", base));
        assert!(is_within("UID=a, OU=People , DC = Example,dc=TEST", base));
        assert!(is_within(base, base));
        assert!(!is_within("uid=a,dc=example,dc=test,dc=other", base));
        assert!(!is_within("dc=test", base));
        assert!(!is_within("uid=a\\,dc=example,dc=test", base), "an escaped comma doesn't part");
        assert!(is_within("cn=a\\,b,dc=example,dc=test", base));
    }

    #[test]
    fn the_leaf_is_read_with_its_escapes_undone() {
        assert_eq!(leaf_value("uid=mara.lind,ou=people,dc=test").as_deref(), Some("mara.lind"));
        assert_eq!(leaf_value("cn=a\\,b\\2cc\\c3\\b6,dc=test").as_deref(), Some("a,b,cö"));
        assert_eq!(leaf_value("dc"), None);
    }

    #[test]
    fn what_is_no_name_is_in_no_tree() {
        for text in ["", "people", "ou=", "=x,dc=test", "cn=a\\", "a)(b=c"] {
            assert_eq!(parts(text), None, "{text:?}");
            assert!(!is_within(text, "dc=test"));
        }
        assert!(is_same("cn=A, dc=test", "CN=a,dc=TEST"));
        assert!(!is_same("cn=a,dc=test", "cn=b,dc=test"));
    }
}

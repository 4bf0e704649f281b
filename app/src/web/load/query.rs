//! Reads and writes the state of a list that is kept in the address.

/// The pairs of an address's query, in order; unknown ones are kept out by whoever asks for names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

/// The longest value that is read, in characters.
const MAX_CHARS: usize = 200;

impl Query {
    /// Reads the part after `?`.
    pub(super) fn parse(raw: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(raw.unwrap_or("").as_bytes())
            .take(40)
            .map(|(k, v)| (k.into_owned(), v.trim().chars().take(MAX_CHARS).collect::<String>()))
            .filter(|(_, v)| !v.is_empty());
        Self(pairs.collect())
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The value of a name, if it is what it should be.
    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).and_then(|v| v.parse().ok())
    }

    /// The address with `name` set to `value`, or without it; the page key always goes, since it belongs to another list.
    pub(super) fn with(&self, path: &str, name: &str, value: Option<&str>) -> String {
        let mut pairs: Vec<(&str, &str)> =
            self.0.iter().map(|(k, v)| (k.as_str(), v.as_str())).filter(|(k, _)| *k != name && *k != "after").collect();
        pairs.extend(value.map(|v| (name, v)));
        address(path, &pairs)
    }

    /// The address with `name` set to `value`, on the same page of the list.
    pub(super) fn here(&self, path: &str, name: &str, value: &str) -> String {
        let mut pairs: Vec<(&str, &str)> =
            self.0.iter().map(|(k, v)| (k.as_str(), v.as_str())).filter(|(k, _)| *k != name).collect();
        pairs.push((name, value));
        address(path, &pairs)
    }

    /// The same without a name.
    pub(super) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(k, _)| k != name).cloned().collect())
    }

    /// Every value of a name that is what it should be, each once and at most `most`. Reads the part after `?` itself: a list
    /// of chosen things is longer than the state of a list.
    pub(super) fn all<T: std::str::FromStr + PartialEq>(raw: Option<&str>, name: &str, most: usize) -> Vec<T> {
        let mut all = Vec::new();
        for (_, value) in form_urlencoded::parse(raw.unwrap_or("").as_bytes()).filter(|(k, _)| k == name) {
            if let Ok(value) = value.parse()
                && !all.contains(&value)
                && all.len() < most
            {
                all.push(value);
            }
        }
        all
    }

    /// The values that a new search keeps.
    pub(super) fn keep(&self, names: &[&'static str]) -> Vec<(&'static str, String)> {
        names.iter().filter_map(|n| Some((*n, self.get(n)?.to_owned()))).collect()
    }
}

fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_is_in_force_and_forgets_the_page() {
        let query = Query::parse(Some("q=pay+roll&system=crm&after=1.x&risk="));
        assert_eq!(query.get("q"), Some("pay roll"));
        assert_eq!(query.get("risk"), None);
        assert_eq!(query.with("/catalog", "system", None), "/catalog?q=pay+roll");
        assert_eq!(query.with("/catalog", "risk", Some("high")), "/catalog?q=pay+roll&system=crm&risk=high");
        assert_eq!(query.here("/catalog", "q", "x"), "/catalog?system=crm&after=1.x&q=x");
        assert_eq!(query.without("q").with("/catalog", "risk", None), "/catalog?system=crm");
        assert_eq!(Query::all::<u8>(Some("n=3&n=x&n=3&m=4&n=5&n=6"), "n", 2), [3, 5]);
        assert_eq!(Query::parse(None).with("/catalog", "q", None), "/catalog");
    }
}

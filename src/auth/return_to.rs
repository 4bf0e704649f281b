//! Where somebody goes after signing in: a page of this portal, and nowhere else.

use url::Url;

/// The path and query that `wanted` names on this server; `/` for anything that could lead elsewhere.
#[must_use]
pub fn local(wanted: &str, own: &Url) -> String {
    checked(wanted, own).unwrap_or_else(|| "/".to_owned())
}

fn checked(wanted: &str, own: &Url) -> Option<String> {
    let plain = wanted.starts_with('/')
        && wanted.len() <= 2_000
        // Browsers read `\` as `/`, and skip tabs and line ends inside addresses.
        && !wanted.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace());
    let url = plain.then(|| own.join(wanted).ok()).flatten()?;
    if url.origin() != own.origin() {
        return None;
    }
    let path = url.path();
    // `/.//elsewhere` becomes `//elsewhere`, which a browser reads as another host; `/auth/…` would go round in circles.
    if path.starts_with("//") || path.starts_with("/auth/") {
        return None;
    }
    Some(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local_to(wanted: &str) -> String {
        local(wanted, &Url::parse("https://latchkey.example.com").unwrap())
    }

    #[test]
    fn pages_of_the_portal_are_kept_with_their_query() {
        for page in ["/", "/catalog?q=payroll&risk=high", "/requests/0190-abc", "/people/1?tab=x%20y"] {
            assert_eq!(local_to(page), page);
        }
        assert_eq!(local_to("/a/../catalog"), "/catalog");
        assert_eq!(local_to("/catalog#part"), "/catalog");
    }

    #[test]
    fn everything_else_leads_home() {
        for elsewhere in [
            "",
            "catalog",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/a/..//evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/auth/login",
            "/auth/logout?x=1",
            "/x/../auth/logout",
            " /catalog",
        ] {
            assert_eq!(local_to(elsewhere), "/", "{elsewhere:?}");
        }
        assert_eq!(local_to(&format!("/{}", "a".repeat(2_000))), "/");
    }
}

//! Changes count only if they come from the portal's own pages.
//!
//! Browsers say where a request comes from: in `Origin` on every unsafe request, and in `Sec-Fetch-Site`. A request that
//! says neither, or says another place, changes nothing. Only routes that use the cookie need this; machine routes ignore
//! cookies and are not guarded.

use axum::http::{HeaderMap, Method, header};
use url::Url;

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// The browser names another place.
    Elsewhere(String),
    /// Nothing says where it comes from.
    Nowhere,
}

impl Foreign {
    /// The place, for the log.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Elsewhere(place) => place,
            Self::Nowhere => "",
        }
    }
}

/// Says whether a request may change something here.
///
/// # Errors
/// Where it comes from instead, if that isn't `own`.
pub fn check(method: &Method, headers: &HeaderMap, own: &Url) -> Result<(), Foreign> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return Ok(());
    }
    let site = one(headers, "sec-fetch-site")?;
    let origin = one(headers, header::ORIGIN.as_str())?;
    // Both must agree where both are there: `Sec-Fetch-Site` can't be forged by a page, `Origin` names who it was.
    if let Some(origin) = origin.filter(|origin| *origin != own.origin().ascii_serialization()) {
        return Err(Foreign::Elsewhere(origin.to_owned()));
    }
    match (site, origin) {
        (Some("same-origin"), _) | (None, Some(_)) => Ok(()),
        (Some(site), _) => Err(Foreign::Elsewhere(site.to_owned())),
        (None, None) => Err(Foreign::Nowhere),
    }
}

/// The one value of a header; several are as bad as a wrong one.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Foreign> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match (first.map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(Foreign::Elsewhere("unreadable".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(method: Method, pairs: &[(&'static str, &'static str)]) -> Result<(), Foreign> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        check(&method, &headers, &Url::parse("https://latchkey.example.com").unwrap())
    }

    const OWN: (&str, &str) = ("origin", "https://latchkey.example.com");

    #[test]
    fn changes_from_our_own_pages_pass() {
        assert_eq!(verdict(Method::POST, &[OWN]), Ok(()));
        assert_eq!(verdict(Method::POST, &[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(verdict(Method::DELETE, &[OWN, ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(verdict(Method::GET, &[("origin", "https://evil.example")]), Ok(()), "reading changes nothing");
    }

    #[test]
    fn changes_from_elsewhere_or_nowhere_do_not() {
        assert_eq!(verdict(Method::POST, &[]), Err(Foreign::Nowhere));
        for foreign in [
            "https://evil.example",
            "null",
            "http://latchkey.example.com",
            "https://latchkey.example.com:8443",
            "https://latchkey.example.com.evil.example",
            "https://sub.latchkey.example.com",
        ] {
            let verdict = verdict(Method::POST, &[("origin", foreign), ("sec-fetch-site", "same-origin")]);
            assert_eq!(verdict, Err(Foreign::Elsewhere(foreign.to_owned())));
        }
        for site in ["cross-site", "same-site", "none"] {
            assert!(verdict(Method::POST, &[("sec-fetch-site", site)]).is_err());
            assert!(verdict(Method::POST, &[OWN, ("sec-fetch-site", site)]).is_err());
        }
        assert!(verdict(Method::POST, &[OWN, ("origin", "https://evil.example")]).is_err(), "two origins are none");
    }
}

//! When somebody last signed in, as a directory says it.

use chrono::NaiveDateTime;
use latchkey_domain::Instant;

/// Where directories keep it: OpenLDAP's `lastbind` (from 2.5 on, and the overlay before), and 389 Directory Server.
pub(super) const LAST_USED: [&str; 3] = ["pwdLastSuccess", "authTimestamp", "lastLoginTime"];

/// A GeneralizedTime (RFC 4517, section 3.3.13) in UTC to the second, as servers write it: `20261122015345Z`, `20261122015345.25Z`.
pub(super) fn generalized(value: &str) -> Option<Instant> {
    let text = value.strip_suffix('Z')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.len() != 14 || !digits(seconds) || !digits(fraction) {
        return None;
    }
    NaiveDateTime::parse_from_str(seconds, "%Y%m%d%H%M%S").ok().map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_second() {
        for text in ["20261122015345Z", "20261122015345.25Z"] {
            assert_eq!(generalized(text).unwrap().to_rfc3339(), "2026-11-22T01:53:45+00:00");
        }
        for odd in ["", "Z", "20261122015345", "2026112201Z", "20261322015345Z", "20261122015345.Z", "0000010100000+Z"]
        {
            assert_eq!(generalized(odd), None, "{odd}");
        }
    }
}

//! What Active Directory does in its own way: logins, switched-off accounts, times.
//!
//! Sources: \[MS-ADTS\] (Active Directory Technical Specification) and \[MS-SAMR\], each with its section.

use chrono::DateTime;
use latchkey_domain::Instant;

use super::dn;
use crate::CallError;

/// The login (\[MS-ADA3\] 2.222).
pub(super) const LOGIN: &str = "sAMAccountName";
/// `login@domain`, the other name that people sign in by (\[MS-ADA3\] 2.349).
pub(super) const PRINCIPAL: &str = "userPrincipalName";
/// Bits about an account (\[MS-ADTS\] 2.2.16).
pub(super) const CONTROL: &str = "userAccountControl";
/// What sort of account it is (\[MS-ADTS\] 2.2.15): of people, of computers, of trusted domains.
pub(super) const SORT: &str = "sAMAccountType";
/// An ordinary account of a user.
pub(super) const USER: &str = "805306368";
/// On what the directory itself needs: Administrator, Guest, krbtgt.
pub(super) const PREDEFINED: &str = "isCriticalSystemObject";
/// When the password was set; `0` when it never was, or has to be changed at the next sign-in.
pub(super) const PASSWORD_SET: &str = "pwdLastSet";
/// When somebody last signed in: on this server, and on any, as told to the others every 9 to 14 days (\[MS-ADTS\] 3.1.1.1.8).
pub(super) const LAST_USED: [&str; 2] = ["lastLogon", "lastLogonTimestamp"];

const DISABLED: u32 = 0x2;
const NO_PASSWORD_NEEDED: u32 = 0x20;
const NORMAL: u32 = 0x200;
const SMART_CARD: u32 = 0x4_0000;

/// The longest login, which old programs rely on (\[MS-SAMR\] 3.1.1.6).
const LONGEST_LOGIN: usize = 20;
/// The longest given name and family name (their `rangeUpper`).
pub(super) const LONGEST_PART: usize = 64;

/// The bits of `userAccountControl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Control(u32);

impl Control {
    /// A new account that nobody can sign in to before a person gave it a password.
    pub(super) const WAITS_FOR_PASSWORD: Self = Self(NORMAL | DISABLED);
    /// A new account that takes a smart card (or Windows Hello) alone: the directory gives it a long random password that it tells nobody.
    pub(super) const WITH_SMART_CARD: Self = Self(NORMAL | SMART_CARD);

    /// Reads the attribute's value: a signed number in decimal.
    pub(super) fn parse(value: &str) -> Option<Self> {
        value.parse::<i32>().ok().map(|bits| Self(bits.cast_unsigned()))
    }

    pub(super) const fn is_disabled(self) -> bool {
        self.0 & DISABLED != 0
    }

    /// Whether it may have no password at all and still be used.
    pub(super) const fn needs_no_password(self) -> bool {
        self.0 & NO_PASSWORD_NEEDED != 0 && self.0 & SMART_CARD == 0
    }

    /// The same with the one bit changed.
    pub(super) const fn disabled(self, disabled: bool) -> Self {
        Self(if disabled { self.0 | DISABLED } else { self.0 & !DISABLED })
    }
}

impl std::fmt::Display for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.cast_signed())
    }
}

/// Refuses a login that the directory would refuse, or cut, or that its tools can't show (\[MS-SAMR\] 3.1.1.6).
pub(super) fn login(name: &str) -> Result<(), CallError> {
    let why = if name.chars().count() > LONGEST_LOGIN {
        format!("has more than {LONGEST_LOGIN} characters")
    } else if let Some(c) = name.chars().find(|c| "\"/\\[]:;|=,+*?<>@".contains(*c)) {
        format!("has the character {c}")
    } else if name.ends_with('.') {
        "ends with a dot".to_owned()
    } else {
        return Ok(());
    };
    Err(CallError::refused(format!(
        "The account name {name} {why}, which Active Directory does not take for a {LOGIN}. Change the system's rule for naming accounts."
    )))
}

/// The domain's DNS name, from the `dc` parts at the end of a DN: "ad.example.test" of `ou=staff,dc=ad,dc=example,dc=test`.
pub(super) fn domain(base_dn: &str) -> Option<String> {
    let parts = dn::parts(base_dn)?;
    let labels: Vec<_> = parts.iter().filter_map(|part| part.strip_prefix("dc=")).collect();
    (!labels.is_empty()).then(|| labels.join("."))
}

/// A time as the directory keeps it: tenths of microseconds since 1601 (\[MS-DTYP\] 2.3.3); `0` is never.
pub(super) fn time(value: &str) -> Option<Instant> {
    const BETWEEN_1601_AND_1970: i64 = 11_644_473_600_000_000;
    let micros = value.parse::<i64>().ok().filter(|ticks| *ticks > 0)? / 10 - BETWEEN_1601_AND_1970;
    DateTime::from_timestamp_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_changes_one_bit_and_keeps_the_others() {
        // Normal, password doesn't expire, not delegated.
        let before = Control::parse("1114624").unwrap();
        assert!(!before.is_disabled());
        let off = before.disabled(true);
        assert_eq!(off.to_string(), "1114626");
        assert!(off.is_disabled());
        assert_eq!(off.disabled(false), before);
        assert_eq!(off.disabled(true), off);
        // The highest bit makes the number negative.
        assert_eq!(Control::parse("-2147483136").unwrap().disabled(true).to_string(), "-2147483134");
        assert_eq!(Control::parse("normal"), None);
        assert_eq!(Control::WAITS_FOR_PASSWORD.to_string(), "514");
        assert_eq!(Control::WITH_SMART_CARD.to_string(), "262656");
        assert!(Control::parse("546").unwrap().needs_no_password() && !Control::WITH_SMART_CARD.needs_no_password());
    }

    #[test]
    fn a_login_is_one_that_the_directory_takes() {
        for fit in ["mara.lind", "jürgen", "o'brien", "a b", "twenty.characters.xx", "$1 %s {0}"] {
            assert!(login(fit).is_ok(), "{fit}");
        }
        for unfit in ["twenty.one.characters", "a\"b", "a,b", "a=b", "mara@home", "ends.", "a\\b", "*"] {
            assert!(matches!(login(unfit), Err(CallError::Refused { words }) if words.contains(unfit)), "{unfit}");
        }
    }

    #[test]
    fn times_are_read_and_never_is_unknown() {
        assert_eq!(time("134397860484258650").unwrap().to_rfc3339(), "2026-11-22T01:54:08.425865+00:00");
        assert_eq!(time("116444736000000010").unwrap().timestamp_micros(), 1);
        for never in ["0", "-1", "", "soon"] {
            assert_eq!(time(never), None, "{never}");
        }
        // "Never" of other attributes is the greatest number: no time that can be shown.
        assert!(time("9223372036854775807").is_none_or(|at| at.timestamp() > 0));
    }

    #[test]
    fn the_domain_is_the_dc_parts() {
        assert_eq!(domain("OU=Staff,DC=AD,DC=example,DC=test").as_deref(), Some("ad.example.test"));
        assert_eq!(domain("o=example"), None);
    }
}

//! Target systems and what one can hold on them.

use crate::text_enum::text_enum;

text_enum! {
    /// What a system speaks.
    SystemKind ("kind of system") {
        /// An LDAP directory (RFC 4511).
        Ldap = "ldap",
        /// Roles of a PostgreSQL cluster.
        Postgresql = "postgresql",
        /// A SCIM 2.0 service (RFC 7644).
        Scim = "scim",
        /// A program of the company's own that speaks Latchkey's protocol.
        Program = "program",
        /// Latchkey itself: its portal roles. What is decided here is true here at once.
        Latchkey = "latchkey",
    }
}

impl SystemKind {
    /// The kind in an employee's words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ldap => "LDAP directory",
            Self::Postgresql => "PostgreSQL roles",
            Self::Scim => "SCIM 2.0 service",
            Self::Program => "A program that speaks Latchkey's protocol",
            Self::Latchkey => "Latchkey itself",
        }
    }
}

text_enum! {
    /// What an entitlement is on its system.
    EntitlementKind ("kind of entitlement") {
        /// A group with members.
        Group = "group",
        /// A database role that is granted to a login role.
        DatabaseRole = "database-role",
        /// A role inside an application.
        AppRole = "app-role",
    }
}

text_enum! {
    /// What becomes of access on a system that nobody here granted, when a full pass finds it.
    OnDrift ("answer to drift") {
        /// It is listed.
        Report = "report",
        /// It is listed, and the system's owner is asked.
        Ask = "ask",
        /// It is taken away.
        Remove = "remove",
    }
}

/// How a system is compared with what was granted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassRule {
    /// How often, in hours.
    pub every_hours: u32,
    /// What becomes of access that nobody granted.
    pub drift: OnDrift,
    /// The most that one pass may take away by itself; what would be more waits for somebody.
    pub most_removals: u32,
    /// The largest share of a system's access that one pass may take away by itself, in percent.
    pub most_percent: u32,
    /// Logins that aren't managed: neither counted nor touched. `*` stands for anything.
    pub exclude: Vec<String>,
}

impl Default for PassRule {
    fn default() -> Self {
        Self { every_hours: 24, drift: OnDrift::Report, most_removals: 20, most_percent: 10, exclude: Vec::new() }
    }
}

impl PassRule {
    /// A login is one of those that aren't managed. Compared without regard to case.
    #[must_use]
    pub fn excludes(&self, login: &str) -> bool {
        let login = login.to_lowercase();
        self.exclude.iter().any(|pattern| fits(&pattern.to_lowercase(), &login))
    }

    /// Taking away this many of so many is more than a pass may do by itself.
    #[must_use]
    pub const fn brakes(&self, removals: u64, of: u64) -> bool {
        removals > self.most_removals as u64 || removals * 100 > of * self.most_percent as u64
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pattern.rsplit('*').next().filter(|_| pattern.contains('*')) else { return rest.is_empty() };
    let mut middle: Vec<&str> = parts.collect();
    middle.pop();
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The stable key of the built-in system.
pub const BUILT_IN_SYSTEM: &str = "latchkey";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_logins_without_regard_to_case() {
        let rule = PassRule {
            exclude: vec!["svc-*".into(), "*_admin".into(), "a*b*c".into(), "root".into()],
            ..PassRule::default()
        };
        for login in ["svc-", "SVC-backup", "db_admin", "abc", "a1b2c", "axbxbc", "Root"] {
            assert!(rule.excludes(login), "{login}");
        }
        for login in ["mysvc-", "admin", "ab", "acb", "root2", ""] {
            assert!(!rule.excludes(login), "{login}");
        }
    }

    #[test]
    fn a_pass_brakes_above_a_number_and_above_a_share() {
        let rule = PassRule { most_removals: 10, most_percent: 5, ..PassRule::default() };
        assert!(!rule.brakes(10, 1000));
        assert!(rule.brakes(11, 1000), "the number");
        assert!(rule.brakes(6, 100), "the share");
        assert!(!rule.brakes(5, 100));
        assert!(rule.brakes(1, 0), "of nothing");
        assert!(!rule.brakes(0, 0));
    }
}

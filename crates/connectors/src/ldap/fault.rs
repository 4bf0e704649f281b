//! What an LDAP failure means for the work, and its words.

use ldap3::{LdapError, LdapResult};

use crate::{CallError, tls};

/// The codes (RFC 4511, appendix A) that a call treats by itself.
pub(super) mod code {
    pub(in crate::ldap) const SUCCESS: u32 = 0;
    pub(in crate::ldap) const SIZE_LIMIT_EXCEEDED: u32 = 4;
    pub(in crate::ldap) const REFERRAL: u32 = 10;
    pub(in crate::ldap) const ADMIN_LIMIT_EXCEEDED: u32 = 11;
    pub(in crate::ldap) const NO_SUCH_ATTRIBUTE: u32 = 16;
    pub(in crate::ldap) const CONSTRAINT_VIOLATION: u32 = 19;
    pub(in crate::ldap) const ATTRIBUTE_OR_VALUE_EXISTS: u32 = 20;
    pub(in crate::ldap) const NO_SUCH_OBJECT: u32 = 32;
    pub(in crate::ldap) const INVALID_DN_SYNTAX: u32 = 34;
    pub(in crate::ldap) const UNWILLING_TO_PERFORM: u32 = 53;
    pub(in crate::ldap) const OBJECT_CLASS_VIOLATION: u32 = 65;
    pub(in crate::ldap) const ENTRY_ALREADY_EXISTS: u32 = 68;
    /// RFC 4528, section 3.
    pub(in crate::ldap) const ASSERTION_FAILED: u32 = 122;
}

/// The code's name, as administrators know it.
const fn name(code: u32) -> &'static str {
    match code {
        1 => "operationsError",
        2 => "protocolError",
        3 => "timeLimitExceeded",
        4 => "sizeLimitExceeded",
        8 => "strongerAuthRequired",
        10 => "referral",
        11 => "adminLimitExceeded",
        13 => "confidentialityRequired",
        16 => "noSuchAttribute",
        17 => "undefinedAttributeType",
        18 => "inappropriateMatching",
        19 => "constraintViolation",
        20 => "attributeOrValueExists",
        21 => "invalidAttributeSyntax",
        32 => "noSuchObject",
        34 => "invalidDNSyntax",
        48 => "inappropriateAuthentication",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        64 => "namingViolation",
        65 => "objectClassViolation",
        68 => "entryAlreadyExists",
        80 => "other",
        122 => "assertionFailed",
        _ => "result",
    }
}

/// The directory's own words.
fn said(result: &LdapResult) -> String {
    let text = result.text.trim();
    if text.is_empty() {
        format!("{} ({})", name(result.rc), result.rc)
    } else {
        format!("{text} ({}, {})", name(result.rc), result.rc)
    }
}

/// A result that isn't what the call hoped for. `doing` reads like "Adding uid=x".
pub(super) fn of_result(result: &LdapResult, doing: &str) -> CallError {
    let words = |help: &str| format!("{doing} failed. The directory says: {}.{help}", said(result));
    match result.rc {
        1 | 3 | 11 | 51 | 52 | 80 => CallError::retry_later(words("")),
        10 => CallError::needs_human(words(
            " This server hands the work to another one; the connection's url has to name that one.",
        )),
        8 | 13 => CallError::needs_human(words(" The directory wants TLS: use ldaps:// or starttls = true.")),
        48 | 49 => CallError::needs_human(words(" The connection's bind_dn or its password is not right.")),
        50 => CallError::needs_human(words(
            " The connection's own account lacks this right; the directory's administrator can give it.",
        )),
        _ => CallError::refused(words("")),
    }
}

/// The directory doesn't switch to TLS, and nothing is said to it in clear instead.
pub(super) fn no_tls(result: &LdapResult, doing: &str) -> CallError {
    CallError::needs_human(format!(
        "{doing} failed: the directory does not start TLS. It says: {}. Use ldaps://, or have StartTLS set up there.",
        said(result)
    ))
}

/// Active Directory enables nobody who has no password that fits its policy.
pub(super) fn wants_password(result: &LdapResult, doing: &str) -> CallError {
    CallError::needs_human(format!(
        "{doing} failed. The directory says: {}. It enables no account without a password that fits its policy, and Latchkey invents none. \
         Set a first password; then try again.",
        said(result)
    ))
}

/// The directory shows less than there is: a listing that isn't whole is none.
pub(super) fn cut_short(result: &LdapResult, doing: &str, bind_dn: &str) -> CallError {
    CallError::needs_human(format!(
        "{doing} failed: the directory does not show {bind_dn} all there is. It says: {}. Its limit for searches has to be lifted for that \
         account; in OpenLDAP: limits dn.exact=\"{bind_dn}\" size.prtotal=unlimited",
        said(result)
    ))
}

/// A failure below the protocol: no connection, no answer, an answer that isn't LDAP.
pub(super) fn of_error(error: &LdapError, doing: &str) -> CallError {
    if let LdapError::LdapResult { result } = error {
        return of_result(result, doing);
    }
    if let Some(words) = tls::distrust(error) {
        return CallError::needs_human(format!("{doing} failed. {words}"));
    }
    match error {
        LdapError::FilterParsing | LdapError::AddNoValues | LdapError::DecodingUTF8 => {
            CallError::refused(format!("{doing} failed: the request can't be written as LDAP ({error})."))
        }
        LdapError::DNSName { .. } => {
            CallError::needs_human(format!("{doing} failed: the url's host is not a name or address."))
        }
        LdapError::Io { source } => CallError::retry_later(format!("{doing} failed: {}.", tls::root_cause(source))),
        LdapError::Timeout { .. } => CallError::retry_later(format!("{doing} failed: no answer in time.")),
        _ => CallError::retry_later(format!("{doing} failed: the connection to the directory was lost.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rc: u32, text: &str) -> LdapResult {
        LdapResult { rc, matched: String::new(), text: text.to_owned(), refs: Vec::new(), ctrls: Vec::new() }
    }

    #[test]
    fn a_directory_that_wants_a_password_first_is_for_a_person() {
        // What Active Directory answers: ERROR_PASSWORD_RESTRICTION.
        let said = result(53, "0000052D: SvcErr: DSID-031A124C, problem 5003 (WILL_NOT_PERFORM), data 0");
        let error = wants_password(&said, "Enabling CN=mara,DC=test");
        assert!(matches!(&error, CallError::NeedsHuman { .. }));
        assert!(error.words().contains("0000052D") && error.words().contains("Set a first password"), "{error}");
    }

    #[test]
    fn a_limit_names_the_account_that_it_has_to_be_lifted_for() {
        let error = cut_short(&result(4, ""), "Listing dc=test", "cn=latchkey,dc=test");
        assert!(matches!(&error, CallError::NeedsHuman { .. }));
        assert!(
            error.words().contains("sizeLimitExceeded") && error.words().contains("cn=latchkey,dc=test"),
            "{error}"
        );
    }
}

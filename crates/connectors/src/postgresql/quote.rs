//! Names and texts inside SQL that takes no parameters (`CREATE ROLE`, `GRANT`, `COMMENT`).

use crate::CallError;

/// What a name may have, in bytes: PostgreSQL cuts longer ones off silently, and then it would be another's name.
const LONGEST: usize = 63;

/// A quoted identifier.
///
/// # Errors
/// [`CallError::Refused`] when the name is empty, longer than PostgreSQL's 63 bytes or holds a NUL.
pub(crate) fn identifier(name: &str) -> Result<String, CallError> {
    if !fits(name) {
        return Err(CallError::refused(format!(
            "\"{name}\" can't be a PostgreSQL role: names have 1 to {LONGEST} bytes."
        )));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// Whether a role of this name can exist.
pub(crate) fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.contains('\0')
}

/// A quoted string, right whatever `standard_conforming_strings` is.
pub(crate) fn literal(text: &str) -> String {
    let text = text.replace('\0', "").replace('\\', "\\\\").replace('\'', "''");
    format!("E'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"; DROP ROLE b; --").unwrap(), "\"a\"\"; DROP ROLE b; --\"");
        assert_eq!(literal("it's a \\ 'x'"), "E'it''s a \\\\ ''x'''");
    }

    #[test]
    fn a_name_that_would_be_cut_off_is_refused() {
        assert!(identifier(&"ä".repeat(31)).is_ok());
        assert!(identifier(&"ä".repeat(32)).is_err());
        assert!(identifier("").is_err());
        assert!(identifier("a\0b").is_err());
    }
}

//! Whose account it is, and what it should be called.

use crate::{CallError, words};

/// What a connector needs to know about a person to find or make their account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpec {
    /// The value that ties the account to the person; written into the system's recognition attribute.
    pub external_id: String,
    /// The login that the system's naming rule proposes. Names that are made unique get their number before they come here.
    pub name: String,
    /// The system's own identifier, if the account was seen before.
    pub native_id: Option<String>,
    /// The name as people read it.
    pub display_name: String,
    /// Given name; may be empty.
    pub given_name: String,
    /// Family name; may be empty.
    pub family_name: String,
    /// E-mail address.
    pub email: Option<String>,
}

/// The longest external id or login in characters.
pub(crate) const LONGEST_NAME: usize = 256;

impl AccountSpec {
    /// The same spec fit for every system: the readable names become one bounded line each.
    ///
    /// # Errors
    /// [`CallError::Refused`] when the external id or the login is empty, too long or has hidden characters: those are
    /// identifiers, and an identifier is not repaired by guessing.
    pub(crate) fn checked(&self) -> Result<Self, CallError> {
        identifier("external id", &self.external_id)?;
        identifier("account name", &self.name)?;
        if let Some(native_id) = &self.native_id {
            native("account's native id", native_id)?;
        }
        let line = |text: &str| words::one_line(text, LONGEST_NAME);
        let display_name = line(&self.display_name);
        let email = self.email.as_deref().map(line).filter(|email| !email.is_empty());
        Ok(Self {
            external_id: self.external_id.clone(),
            name: self.name.clone(),
            native_id: self.native_id.clone(),
            display_name: if display_name.is_empty() { self.name.clone() } else { display_name },
            given_name: line(&self.given_name),
            family_name: line(&self.family_name),
            email,
        })
    }
}

pub(crate) fn identifier(what: &str, text: &str) -> Result<(), CallError> {
    if text.trim().is_empty() || text.trim() != text {
        return Err(CallError::refused(format!("The {what} \"{text}\" is empty or has blanks around it.")));
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(CallError::refused(format!("The {what} is longer than {LONGEST_NAME} characters: {text}")));
    }
    if words::has_hidden(text) {
        return Err(CallError::refused(format!("The {what} \"{text}\" has characters that can't be seen.")));
    }
    Ok(())
}

/// Checks a native id or a native entitlement name: it goes into protocol messages as it is.
pub(crate) fn native(what: &str, text: &str) -> Result<(), CallError> {
    if text.trim().is_empty() || text.chars().count() > 4 * LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(CallError::refused(format!(
            "The {what} \"{text}\" is empty, longer than {} characters, or has control characters.",
            4 * LONGEST_NAME
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> AccountSpec {
        AccountSpec {
            external_id: "E1".into(),
            name: "mara.lind".into(),
            native_id: None,
            display_name: "Mara\n\u{202E}Lind".into(),
            given_name: " Mara ".into(),
            family_name: "L".repeat(400),
            email: Some("\r\n".into()),
        }
    }

    #[test]
    fn readable_names_are_cleaned_and_identifiers_are_not_touched() {
        let clean = spec().checked().unwrap();
        assert_eq!(clean.display_name, "Mara Lind");
        assert_eq!(clean.given_name, "Mara");
        assert!(clean.family_name.chars().count() <= 256);
        assert_eq!(clean.email, None);
        assert_eq!(AccountSpec { display_name: "\u{0}".into(), ..spec() }.checked().unwrap().display_name, "mara.lind");
    }

    #[test]
    fn identifiers_that_would_need_repair_are_refused() {
        for bad in ["", " x", "a\nb", "a\u{202E}b", &"x".repeat(300)] {
            assert!(
                matches!(AccountSpec { name: bad.into(), ..spec() }.checked(), Err(CallError::Refused { .. })),
                "{bad:?}"
            );
            assert!(matches!(
                AccountSpec { external_id: bad.into(), ..spec() }.checked(),
                Err(CallError::Refused { .. })
            ));
        }
        assert!(AccountSpec { native_id: Some("a\u{0}b".into()), ..spec() }.checked().is_err());
    }
}

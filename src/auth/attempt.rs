//! A sign-in under way, as the browser and the server hold it together.
//!
//! The browser keeps a random secret in a short-lived cookie, the server a random salt in a row that is found by the hash of
//! that secret and the `state`. Nonce and PKCE verifier are made from secret, salt and state: the database alone gives
//! neither away, the cookie alone neither, and both are new for each sign-in. Several tabs share the secret and have a state
//! each.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use latchkey_store::sha256_hex;
use sha2::Sha256;

/// The browser's half.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserSecret(String);

impl BrowserSecret {
    /// 256 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(random_text())
    }

    /// What a cookie carries, if it can be one.
    #[must_use]
    pub fn from_cookie(value: String) -> Option<Self> {
        let fits = value.len() == 43 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then_some(Self(value))
    }

    /// What the cookie carries.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the row of a sign-in is found by.
    #[must_use]
    pub fn row(&self, state: &str) -> String {
        sha256_hex(format!("sign-in\0{}\0{state}", self.0).as_bytes())
    }

    /// The nonce of a sign-in.
    #[must_use]
    pub fn nonce(&self, salt: &str, state: &str) -> String {
        self.derive("nonce", salt, state)
    }

    /// The PKCE verifier of a sign-in: 43 characters, as RFC 7636 wants at least.
    #[must_use]
    pub fn verifier(&self, salt: &str, state: &str) -> String {
        self.derive("pkce", salt, state)
    }

    fn derive(&self, purpose: &str, salt: &str, state: &str) -> String {
        // HMAC takes keys of any length, so this cannot fail; an empty value would be refused by every check there is.
        Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).map_or_else(
            |_| String::new(),
            |mut mac| {
                mac.update(format!("latchkey\0{purpose}\0{salt}\0{state}").as_bytes());
                URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
            },
        )
    }
}

impl std::fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrowserSecret(hidden)")
    }
}

/// 256 random bits as text: a state or a salt.
#[must_use]
pub fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_in_has_its_own_nonce_and_verifier() {
        let secret = BrowserSecret::generate();
        let (salt, state) = (random_text(), random_text());
        let nonce = secret.nonce(&salt, &state);
        assert_eq!(nonce, secret.nonce(&salt, &state));
        assert_eq!(secret.verifier(&salt, &state).len(), 43);
        let others = [
            secret.verifier(&salt, &state),
            secret.nonce(&random_text(), &state),
            secret.nonce(&salt, &random_text()),
            BrowserSecret::generate().nonce(&salt, &state),
        ];
        assert!(others.iter().all(|other| *other != nonce));
        assert_ne!(secret.row(&state), BrowserSecret::generate().row(&state));
    }

    #[test]
    fn a_cookie_that_we_never_set_is_no_secret() {
        let ours = BrowserSecret::generate();
        assert_eq!(BrowserSecret::from_cookie(ours.as_str().to_owned()), Some(ours));
        for foreign in ["", "short", &"a".repeat(44), &format!("{};", "a".repeat(42))] {
            assert_eq!(BrowserSecret::from_cookie(foreign.to_owned()), None);
        }
    }
}

//! The process key that events are signed with.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// The key of the events' MAC. It comes from a file or the environment and is never written into the database; events
/// name it by `id`, the first bytes of its hash.
#[derive(Clone)]
pub struct EventKey {
    id: String,
    key: Vec<u8>,
}

impl std::fmt::Debug for EventKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventKey({})", self.id)
    }
}

impl EventKey {
    /// A key of at least 32 bytes.
    ///
    /// # Errors
    /// When it is shorter.
    pub fn new(key: &[u8]) -> Result<Self, &'static str> {
        if key.len() < 32 {
            return Err("the event key has fewer than 32 bytes; make one with `openssl rand -hex 32`");
        }
        let digest = Sha256::digest([b"latchkey event key id\0", key].concat());
        Ok(Self { id: hex(&digest[..6]), key: key.to_vec() })
    }

    /// Which key this is.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 (RFC 2104) of `bytes`, in hexadecimal.
    #[must_use]
    pub fn mac(&self, bytes: &[u8]) -> String {
        // HMAC takes keys of any length; the error can't happen, and an empty MAC would fail every check.
        Hmac::<Sha256>::new_from_slice(&self.key).map_or_else(
            |_| String::new(),
            |mut mac| {
                mac.update(bytes);
                hex(&mac.finalize().into_bytes())
            },
        )
    }

    /// Whether `mac` is that of `bytes`, in constant time.
    #[must_use]
    pub fn verify(&self, bytes: &[u8], mac: &str) -> bool {
        let Some(given) = unhex(mac) else { return false };
        Hmac::<Sha256>::new_from_slice(&self.key).is_ok_and(|mut m| {
            m.update(bytes);
            m.verify_slice(&given).is_ok()
        })
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

fn unhex(s: &str) -> Option<Vec<u8>> {
    if !s.len().is_multiple_of(2) || !s.is_ascii() {
        return None;
    }
    (0..s.len()).step_by(2).map(|i| u8::from_str_radix(&s[i..i + 2], 16).ok()).collect()
}

/// Salted SHA-256 of personal text, as the event holds it.
#[must_use]
pub(crate) fn salted_hash(salt: &str, text: &str) -> String {
    hex(&Sha256::digest([salt.as_bytes(), b"\0", text.as_bytes()].concat()))
}

/// SHA-256 in hexadecimal: of a session's secret or a token, as stored.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// A random salt of 16 bytes in hexadecimal.
#[must_use]
pub(crate) fn salt() -> String {
    hex(&rand::random::<[u8; 16]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_fits_only_its_bytes_and_its_key() {
        let key = EventKey::new(&[7; 32]).unwrap();
        let other = EventKey::new(&[8; 32]).unwrap();
        let mac = key.mac(b"bytes");
        assert!(key.verify(b"bytes", &mac));
        assert!(!key.verify(b"byteS", &mac));
        assert!(!other.verify(b"bytes", &mac));
        assert!(!key.verify(b"bytes", "zz"));
        assert!(EventKey::new(&[0; 31]).is_err());
        assert!(!format!("{key:?}").contains("7, 7"));
    }
}

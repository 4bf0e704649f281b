//! The provider's signing key and what it signs.

use std::{io::Write, path::Path};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm},
};
use serde_json::Value;

use super::DemoProviderError;

/// An Ed25519 key (RFC 8037), and a secret that the authenticators are made from.
pub struct SigningKey {
    id: String,
    key: CoreEdDsaPrivateSigningKey,
    seed: [u8; 32],
}

impl SigningKey {
    /// The key in `file`, made there if it isn't.
    pub fn load_or_make(file: &Path) -> Result<Self, DemoProviderError> {
        let problem = |source| DemoProviderError::Key { path: file.to_owned(), source };
        let no_key = || DemoProviderError::NoKey(file.to_owned());
        let seed: [u8; 32] = match std::fs::read_to_string(file) {
            Ok(text) => STANDARD.decode(text.trim()).ok().and_then(|seed| seed.try_into().ok()).ok_or_else(no_key)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let seed = rand::random::<[u8; 32]>();
                write_private(file, &STANDARD.encode(seed)).map_err(problem)?;
                seed
            }
            Err(error) => return Err(problem(error)),
        };
        Self::from_seed(seed).ok_or_else(no_key)
    }

    /// The key of a seed.
    pub fn from_seed(seed: [u8; 32]) -> Option<Self> {
        // PKCS #8 of an Ed25519 key (RFC 8410, section 7): a fixed beginning and the seed.
        const BEGINNING: [u8; 16] =
            [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        let der = [BEGINNING.as_slice(), seed.as_slice()].concat();
        let label = "PRIVATE KEY";
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der));
        let id = latchkey_store::sha256_hex(&[b"key id".as_slice(), seed.as_slice()].concat())
            .chars()
            .take(16)
            .collect::<String>();
        let key = CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(id.clone()))).ok()?;
        Some(Self { id, key, seed })
    }

    /// The public half, as a JWK.
    pub fn public(&self) -> Value {
        let mut key = serde_json::to_value(self.key.as_verification_key()).unwrap_or_default();
        if let Some(key) = key.as_object_mut() {
            key.insert("alg".to_owned(), Value::from("EdDSA"));
        }
        key
    }

    /// Signs claims as a JWT.
    pub fn sign(&self, claims: &Value) -> Option<String> {
        let header = serde_json::json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.id });
        let head = URL_SAFE_NO_PAD.encode(header.to_string());
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{head}.{body}");
        let signature = self.key.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// A secret of its own for each person's authenticator.
    pub fn secret_for(&self, subject: &str) -> Vec<u8> {
        let material = [b"authenticator".as_slice(), self.seed.as_slice(), subject.as_bytes()].concat();
        latchkey_store::sha256_hex(&material).into_bytes()
    }
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

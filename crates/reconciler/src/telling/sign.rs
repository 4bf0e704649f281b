//! Signatures of webhooks, as Standard Webhooks has them (<https://www.standardwebhooks.com>).

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// One secret that webhooks are signed with.
#[derive(Clone)]
pub(super) struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Reads `whsec_…`. What was written isn't repeated in the words of a refusal.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected whsec_ and then 24 to 64 random bytes in Base64, such as the output of: echo whsec_$(openssl rand -base64 32)";
        let key = text.strip_prefix("whsec_").and_then(|rest| STANDARD.decode(rest).ok());
        key.filter(|key| (24..=64).contains(&key.len())).map(Self).ok_or_else(|| expected.to_owned())
    }

    fn sign(&self, id: &str, timestamp: i64, body: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// The value of `webhook-signature`: one signature for each key, so that a receiver can change from one to the next.
pub(super) fn signatures(keys: &[SigningKey], id: &str, timestamp: i64, body: &str) -> String {
    let all: Vec<String> = keys.iter().filter_map(|key| key.sign(id, timestamp, body)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use latchkey_domain::clock::{Clock, SystemClock};

    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_known_example_is_signed_as_known() {
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            signatures(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn an_independent_library_takes_every_signature() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];
        let keys: Vec<_> = secrets.iter().map(|s| SigningKey::parse(s).unwrap()).collect();
        let now = SystemClock.now().timestamp();
        let signed = signatures(&keys, "msg_1", now, "{}");
        assert_eq!(signed.split(' ').count(), 2);
        for secret in secrets {
            let hook = standardwebhooks::Webhook::new(secret).unwrap();
            let mut headers = standardwebhooks_headers("msg_1", now, &signed);
            hook.verify(b"{}", &headers).unwrap();
            hook.verify(b"{ }", &headers).unwrap_err();
            headers.insert("webhook-id", "msg_2".parse().unwrap());
            hook.verify(b"{}", &headers).unwrap_err();
        }
    }

    fn standardwebhooks_headers(id: &str, at: i64, signed: &str) -> reqwest::header::HeaderMap {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", at.to_string().parse().unwrap());
        headers.insert("webhook-signature", signed.parse().unwrap());
        headers
    }

    #[test]
    fn a_secret_that_is_none_is_refused_and_not_repeated() {
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "whsec_???", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let words = SigningKey::parse(wrong).err().unwrap();
            assert!(wrong.len() < 7 || !words.contains(wrong), "{words}");
        }
    }
}

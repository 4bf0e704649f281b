//! Signatures under what programs tell each other, as Standard Webhooks has them (<https://www.standardwebhooks.com>): those
//! that Latchkey makes, and those that it checks.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use hmac::{Hmac, Mac};
use latchkey_domain::Instant;
use sha2::Sha256;

/// How far a signed time may be from ours: what is older could be somebody's recording.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// The most signatures that are looked at.
const MAX_SIGNATURES: usize = 8;

/// One secret that is signed with.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(hidden)")
    }
}

impl SigningKey {
    /// Reads `whsec_…`. What was written isn't repeated in the words of a refusal.
    ///
    /// # Errors
    /// What is expected, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected whsec_ and then 24 to 64 random bytes in Base64, such as the output of: echo whsec_$(openssl rand -base64 32)";
        let key = text.strip_prefix("whsec_").and_then(|rest| STANDARD.decode(rest).ok());
        key.filter(|key| (24..=64).contains(&key.len())).map(Self).ok_or_else(|| expected.to_owned())
    }

    /// Whether `signature` is what this key makes of it; takes as long for a wrong one as for the right one.
    fn made(&self, signature: &[u8], id: &str, timestamp: i64, body: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return false };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        mac.verify_slice(signature).is_ok()
    }

    fn sign(&self, id: &str, timestamp: i64, body: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// The value of `webhook-signature`: one signature for each key, so that a receiver can change from one to the next.
#[must_use]
pub fn signatures(keys: &[SigningKey], id: &str, timestamp: i64, body: &str) -> String {
    let all: Vec<String> = keys.iter().filter_map(|key| key.sign(id, timestamp, body)).collect();
    all.join(" ")
}

/// When something was signed, if one of the keys signed exactly this at about this time. `timestamp` and `signature` are as
/// they were sent, in seconds since 1970 and `v1,…` between blanks. Without a key nothing is signed.
#[must_use]
pub fn signed_at(
    keys: &[SigningKey],
    id: &str,
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now: Instant,
) -> Option<Instant> {
    let seconds: i64 = timestamp.parse().ok()?;
    let at = Instant::from_timestamp(seconds, 0)?;
    let given = signature.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    // Every pair is looked at, so that the time taken doesn't tell which key it was.
    let fits = given
        .take(MAX_SIGNATURES)
        .fold(false, |fits, one| keys.iter().fold(fits, |fits, key| key.made(&one, id, seconds, body) | fits));
    (fits && (now - at).abs() <= TOLERANCE).then_some(at)
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

    #[test]
    fn what_an_independent_library_signs_is_taken_and_nothing_else() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];
        let keys: Vec<_> = secrets.iter().map(|s| SigningKey::parse(s).unwrap()).collect();
        let now = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let signed = |secret: &str, at: i64, body: &[u8]| {
            standardwebhooks::Webhook::new(secret).unwrap().sign("call_1", at, body).unwrap()
        };
        let check = |id: &str, at: i64, signature: &str, body: &[u8]| {
            signed_at(&keys, id, &at.to_string(), signature, body, now)
        };
        for secret in secrets {
            for at in [1_800_000_000, 1_800_000_300, 1_799_999_700] {
                let signature = signed(secret, at, b"{}");
                assert_eq!(check("call_1", at, &signature, b"{}"), Instant::from_timestamp(at, 0));
                // One of several is enough: the sender changes from one secret to the next.
                assert!(check("call_1", at, &format!("v1,AAAA v1a,AAAA {signature}"), b"{}").is_some());
                assert!(check("call_2", at, &signature, b"{}").is_none());
                assert!(check("call_1", at, &signature, b"{ }").is_none());
                assert!(check("call_1", at + 1, &signature, b"{}").is_none());
                assert!(signed_at(&[], "call_1", &at.to_string(), &signature, b"{}", now).is_none());
            }
            for at in [1_800_000_301, 1_799_999_699] {
                assert!(check("call_1", at, &signed(secret, at, b"{}"), b"{}").is_none(), "{at} is too far away");
            }
        }
        let stranger = signed("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBzZWNyZXQ=", 1_800_000_000, b"{}");
        assert!(check("call_1", 1_800_000_000, &stranger, b"{}").is_none());
        for wrong in ["", "v1,", "v1", "v2,AAAA", "nothing"] {
            assert!(check("call_1", 1_800_000_000, wrong, b"{}").is_none(), "{wrong}");
        }
        assert!(signed_at(&keys, "call_1", "soon", &stranger, b"{}", now).is_none());
    }
}

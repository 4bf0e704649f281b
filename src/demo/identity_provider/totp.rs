//! Time-based one-time passwords (RFC 6238) with HMAC-SHA-256, 30 seconds and six digits.

use hmac::{Hmac, Mac};
use latchkey_domain::Instant;
use sha2::Sha256;

/// How long a code is shown, in seconds.
pub const STEP: i64 = 30;

/// The authenticator of one person.
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    /// The authenticator with this secret.
    pub const fn new(secret: Vec<u8>) -> Self {
        Self(secret)
    }

    /// The code that it shows at `now`.
    pub fn code(&self, now: Instant) -> String {
        self.code_of_step(now.timestamp().div_euclid(STEP), 6)
    }

    /// How many seconds the code stays.
    pub fn seconds_left(now: Instant) -> i64 {
        STEP - now.timestamp().rem_euclid(STEP)
    }

    /// The code is the one of now, or of one step before or after: people take time to type. A code counts more than once
    /// here, unlike RFC 6238 asks for: in a demo the same person signs in from two browsers at a time.
    pub fn accepts(&self, typed: &str, now: Instant) -> bool {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let step = now.timestamp().div_euclid(STEP);
        (step - 1..=step + 1).any(|step| self.code_of_step(step, 6) == typed)
    }

    /// The dynamic truncation of RFC 4226, section 5.3.
    fn code_of_step(&self, step: i64, digits: u32) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash.last().copied().unwrap_or(0) & 0x0f);
        let mut number = [0_u8; 4];
        number.iter_mut().zip(hash.iter().skip(offset)).for_each(|(to, from)| *to = *from);
        let number = u32::from_be_bytes(number) & 0x7fff_ffff;
        let width = digits as usize;
        format!("{:0width$}", number % 10_u32.pow(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the rows for SHA-256.
    #[test]
    fn codes_are_those_of_the_standard() {
        let authenticator = Authenticator::new(b"12345678901234567890123456789012".to_vec());
        for (seconds, code) in [
            (59_i64, "46119246"),
            (1_111_111_109, "68084774"),
            (1_111_111_111, "67062674"),
            (1_234_567_890, "91819424"),
            (2_000_000_000, "90698825"),
            (20_000_000_000, "77737706"),
        ] {
            assert_eq!(authenticator.code_of_step(seconds / STEP, 8), code, "at {seconds}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_its_neighbours() {
        let authenticator = Authenticator::new(vec![7; 32]);
        let at = |seconds: i64| Instant::from_timestamp(1_700_000_010 + seconds, 0).unwrap();
        let code = authenticator.code(at(0));
        assert!(authenticator.accepts(&format!("{} {}", &code[..3], &code[3..]), at(29)));
        assert!(authenticator.accepts(&code, at(59)));
        assert!(!authenticator.accepts(&code, at(90)));
        assert!(!authenticator.accepts("", at(0)));
        assert_eq!(Authenticator::seconds_left(at(0)), 30);
        assert_eq!(Authenticator::seconds_left(at(29)), 1);
    }
}

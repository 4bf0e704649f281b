//! Why a sign-in is refused: a fixed code for the log, and words for the person.

/// What kind of reason it is; it decides how the answer is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// What the browser brought doesn't fit.
    Answer,
    /// What the provider sent doesn't hold.
    Token,
    /// The provider can't be used now.
    Provider,
    /// The person may not come in.
    Person,
    /// Too often.
    TooMany,
}

/// What a page says about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalWords {
    /// The heading.
    pub title: &'static str,
    /// What happened.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
    /// What helps.
    pub help: &'static str,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $kind:ident, $title:literal, $what:literal, $why:literal, $help:literal;)+) => {
        /// Why a sign-in is refused. The codes are fixed for ever: events and support refer to them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SignInRefusal { $($(#[$doc])* $name),+ }

        impl SignInRefusal {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The fixed code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What kind of reason it is.
            #[must_use]
            pub const fn kind(self) -> RefusalKind {
                match self { $(Self::$name => RefusalKind::$kind),+ }
            }

            /// What a page says about it.
            #[must_use]
            pub const fn words(self) -> RefusalWords {
                match self { $(Self::$name => RefusalWords { title: $title, what: $what, why: $why, help: $help }),+ }
            }

            /// The reason behind a code, as events hold it.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|refusal| refusal.code() == code)
            }
        }
    };
}

refusals! {
    /// No sign-in is under way that this answer belongs to.
    AttemptUnknown = "attempt_unknown", Answer, "This sign-in has run out",
        "Latchkey does not know the sign-in that this answer belongs to.",
        "A sign-in has to be finished within 10 minutes, in the browser where it began, with cookies switched on.",
        "Sign in again.";
    /// The same answer came before.
    AttemptUsed = "attempt_used", Answer, "This sign-in was used already",
        "The same answer from the provider arrived a second time.",
        "Each answer counts once. Going back or reloading the page sends it again.",
        "If you are not signed in, sign in again.";
    /// The answer names another provider (RFC 9207).
    AnswerWrongIssuer = "answer_wrong_issuer", Answer, "The answer is from another provider",
        "The answer to this sign-in says that it comes from a provider that Latchkey did not ask.",
        "Somebody may have tried to mix two sign-ins up. Nothing was accepted.",
        "Sign in again. If this page comes back, give the request number to your IT support.";
    /// The provider always names itself in its answers, and this one doesn't.
    AnswerMissingIssuer = "answer_missing_issuer", Answer, "The answer does not say who sent it",
        "The answer to this sign-in does not name the provider that it comes from.",
        "The provider promises to name itself in every answer, so this one cannot be trusted.",
        "Sign in again. If this page comes back, give the request number to your IT support.";
    /// The answer holds neither a code nor an error.
    AnswerIncomplete = "answer_incomplete", Answer, "The answer is incomplete",
        "The provider's answer to this sign-in holds no code.",
        "It was cut off on the way, or the address was typed by hand.",
        "Sign in again.";
    /// The person or the provider stopped the sign-in.
    ProviderDenied = "provider_denied", Provider, "You are not signed in",
        "The provider ended the sign-in.",
        "It was cancelled there, or the provider does not let you use Latchkey.",
        "Sign in again. If the provider keeps refusing, ask your IT support for access to Latchkey at the provider.";
    /// The provider reported an error.
    ProviderError = "provider_error", Provider, "The provider could not sign you in",
        "The provider answered with an error.",
        "This is usually a fault at the provider, or in how Latchkey is registered there.",
        "Try again in a few minutes. If this page comes back, give the request number to your IT support.";
    /// The provider can't be reached or makes no sense.
    ProviderUnreachable = "provider_unreachable", Provider, "Signing in does not work at the moment",
        "Latchkey cannot reach the provider that people sign in with.",
        "The provider is down, or the connection to it is.",
        "Try again in a few minutes. People who are signed in already can go on working.";
    /// The provider can't do what a safe sign-in needs.
    ProviderUnfit = "provider_unfit", Provider, "Signing in is not set up correctly",
        "The provider lacks something that Latchkey needs for a safe sign-in.",
        "It does not offer PKCE with S256, or no signature that Latchkey accepts.",
        "Give the request number to your IT support.";
    /// The provider didn't take the code.
    CodeRefused = "code_refused", Provider, "The provider did not confirm the sign-in",
        "The provider did not accept the code from its own answer.",
        "The code is too old or was used before, or Latchkey is not registered correctly there.",
        "Sign in again. If this page comes back, give the request number to your IT support.";
    /// There is no ID token, or it can't be read.
    TokenMalformed = "token_malformed", Token, "The provider's statement cannot be read",
        "The provider sent a statement about you that Latchkey cannot read.",
        "It is missing, or not written as OpenID Connect asks for.",
        "Give the request number to your IT support.";
    /// The ID token isn't signed.
    TokenUnsigned = "token_unsigned", Token, "The provider's statement is not signed",
        "The provider sent a statement about you without a signature.",
        "Anybody could have written it. Nothing was accepted.",
        "Give the request number to your IT support.";
    /// The algorithm isn't one that is accepted.
    TokenWrongAlgorithm = "token_wrong_algorithm", Token, "The provider's statement is signed in a way that is not accepted",
        "The provider's statement about you is signed with an algorithm that Latchkey does not accept.",
        "Only the algorithms that the provider publishes and that use a public key are safe here.",
        "Give the request number to your IT support.";
    /// The signature is wrong.
    TokenWrongSignature = "token_wrong_signature", Token, "The provider's signature is wrong",
        "The signature under the provider's statement about you does not fit.",
        "The statement was changed on the way, or somebody else wrote it. Nothing was accepted.",
        "Sign in again. If this page comes back, give the request number to your IT support.";
    /// No published key fits.
    TokenUnknownKey = "token_unknown_key", Token, "The provider's signature cannot be checked",
        "The provider's statement about you is signed with a key that the provider does not publish.",
        "The provider may be changing its keys at this moment, or somebody else wrote the statement.",
        "Try again in a minute. If this page comes back, give the request number to your IT support.";
    /// It was written by somebody else.
    TokenWrongIssuer = "token_wrong_issuer", Token, "The statement is from another provider",
        "The statement about you names another provider than the one that Latchkey asked.",
        "Only the configured provider can vouch for people here.",
        "Give the request number to your IT support.";
    /// It was written for somebody else.
    TokenWrongAudience = "token_wrong_audience", Token, "The statement is meant for another application",
        "The provider's statement about you was not made for Latchkey.",
        "A statement for one application must not open another.",
        "Give the request number to your IT support.";
    /// Another application asked for it.
    TokenWrongParty = "token_wrong_party", Token, "Another application asked for the statement",
        "The provider's statement about you was made at the request of another application.",
        "Only statements that Latchkey asked for count.",
        "Give the request number to your IT support.";
    /// It belongs to another sign-in.
    TokenWrongNonce = "token_wrong_nonce", Token, "The statement belongs to another sign-in",
        "The provider's statement about you was not made for this sign-in.",
        "A statement from an earlier sign-in may have been sent again. Nothing was accepted.",
        "Sign in again.";
    /// Its time is over.
    TokenExpired = "token_expired", Token, "The provider's statement has run out",
        "The provider's statement about you was out of date when it arrived.",
        "It took too long on the way, or a clock is wrong.",
        "Sign in again. If this page comes back, give the request number to your IT support.";
    /// It is from the future, or far from now.
    TokenWrongTime = "token_wrong_time", Token, "The provider's statement has an impossible time",
        "The provider's statement about you was written at a time that cannot be right.",
        "The provider's clock and Latchkey's clock do not agree.",
        "Give the request number to your IT support.";
    /// The person proved themselves too long ago.
    AuthTooOld = "auth_too_old", Person, "Your last sign-in at the provider is too long ago",
        "The provider did not ask you to prove again who you are.",
        "Your company asks for a recent sign-in, and the provider says that yours is older, or does not say when it was.",
        "Sign out at the provider, then sign in again.";
    /// More than one factor is needed and isn't proved.
    MfaMissing = "mfa_missing", Person, "A second factor is missing",
        "You proved who you are with one factor only, so you are not signed in.",
        "Latchkey opens doors to other systems. It asks for a second factor, such as a code from an authenticator or a security key, and the provider does not say that you used one.",
        "Sign in again and use your second factor. If you have none yet, set one up at the provider, or ask your IT support.";
    /// Nobody here is that person.
    PersonUnknown = "person_unknown", Person, "Latchkey does not know you yet",
        "The provider confirmed who you are, but there is nobody in Latchkey who you could be.",
        "People come here from the list that HR keeps. New people appear there first, and the provider must name them the same way.",
        "Ask HR or your IT support to check that you are on the list, and give them the request number.";
    /// Several people here could be that person.
    PersonAmbiguous = "person_ambiguous", Person, "Latchkey cannot tell which person you are",
        "The provider confirmed who you are, but more than one person in Latchkey has your e-mail address.",
        "Signing you in as the wrong one would be worse than not signing you in.",
        "Ask HR or your IT support to give each person their own address, and give them the request number.";
    /// The provider's subject and the claim name two people, or the person is bound to another subject.
    BindingConflict = "binding_conflict", Person, "Your sign-in does not fit what Latchkey remembers",
        "The person that the provider names has signed in here before through another account at the provider.",
        "That can happen when an account was made again, and also when somebody uses a name that is not theirs.",
        "Ask your IT support to bind your account again. Two people have to confirm it.";
    /// The person hasn't started yet.
    PersonNotStarted = "person_not_started", Person, "Your first day is still to come",
        "Latchkey knows you, but you have not started yet.",
        "Access begins on the first day that HR has on record.",
        "Come back on your first day. If you have started already, ask HR to check the date.";
    /// The person is away for long.
    PersonOnLeave = "person_on_leave", Person, "You are on leave",
        "Latchkey knows you, but HR has you down as on leave.",
        "During a leave nobody signs in here.",
        "If you are back at work, ask HR to change that.";
    /// The person left.
    PersonLeft = "person_left", Person, "Your time here has ended",
        "Latchkey knows you, but HR has you down as having left.",
        "Whoever left has no access any more.",
        "If that is a mistake, ask HR to correct it.";
    /// Too often in too short a time.
    TooManyAttempts = "too_many_attempts", TooMany, "Too many tries",
        "There were too many sign-ins in a short time.",
        "A limit protects everybody's accounts against guessing.",
        "Wait a few minutes, then sign in again.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_fixed_words_and_each_has_all_its_words() {
        for refusal in SignInRefusal::ALL {
            assert_eq!(SignInRefusal::from_code(refusal.code()), Some(*refusal));
            let words = refusal.words();
            for text in [words.what, words.why, words.help] {
                assert!(
                    text.ends_with('.') && !text.contains('!') && !text.to_lowercase().contains("please"),
                    "{text}"
                );
            }
            assert!(!words.title.ends_with('.'), "{}", words.title);
        }
        let mut codes: Vec<_> = SignInRefusal::ALL.iter().map(|refusal| refusal.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), SignInRefusal::ALL.len(), "two reasons share a code");
    }
}

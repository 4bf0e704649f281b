//! What the program says back. Fields that aren't known here are ignored; whatever else isn't as documented is nonsense.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Map, Value};

use super::Secrets;
use crate::{
    AccountState, CallError, Change, EntitlementKind, EntitlementRef, Lookup, Observed,
    spec::{self, LONGEST_NAME},
    words,
};

/// The longest pause that a program is believed.
const LONGEST_PAUSE: u64 = 3600;

/// An answer: done, with what was asked for, or not done.
pub(crate) enum Outcome {
    /// `ok`, with the rest of the answer.
    Done(Answer),
    /// One of the others.
    Not(CallError),
}

/// The fields of an answer whose outcome is `ok`.
pub(crate) struct Answer {
    pub(super) fields: Map<String, Value>,
    secrets: Secrets,
}

/// What a program offers.
pub(crate) struct Hello {
    pub(super) protocol: u64,
    pub(super) product: String,
    pub(super) kinds: Vec<EntitlementKind>,
    /// The calls that it has beyond those that every program has.
    calls: Vec<String>,
}

impl Hello {
    /// Whether the program has a call that not every program has.
    pub(crate) fn offers(&self, call: &str) -> bool {
        self.calls.iter().any(|offered| offered == call)
    }
}

impl Outcome {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins "the answer".
    pub(crate) fn read(line: &[u8], id: u64, secrets: &Secrets) -> Result<Self, String> {
        let fields = match serde_json::from_slice(line) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err("is JSON, and no object".to_owned()),
            Err(error) => return Err(format!("is not JSON (column {})", error.column())),
        };
        match fields.get("id").and_then(Value::as_u64) {
            Some(answered) if answered == id => {}
            Some(other) => return Err(format!("is for the call {other}, and {id} was asked")),
            None => return Err("has no id".to_owned()),
        }
        let outcome = fields.get("outcome").and_then(Value::as_str).ok_or("has no outcome")?;
        if outcome == "ok" {
            return Ok(Self::Done(Answer { fields, secrets: secrets.clone() }));
        }
        let said = fields.get("words").and_then(Value::as_str).map(|said| words::clean(&secrets.hide(said)));
        let words = said.filter(|said| !said.is_empty()).ok_or_else(|| format!("is \"{outcome}\" without words"));
        Ok(Self::Not(match outcome {
            "retry_later" => {
                let after = fields.get("after_seconds").and_then(Value::as_u64);
                let after = after.map(|seconds| Duration::from_secs(seconds.min(LONGEST_PAUSE)));
                CallError::RetryLater { words: words?, after }
            }
            "refused" => CallError::Refused { words: words? },
            "needs_human" => CallError::NeedsHuman { words: words? },
            _ => return Err("has an outcome that the protocol doesn't have".to_owned()),
        }))
    }
}

impl Answer {
    fn text(&self, field: &str, longest: usize) -> Result<String, String> {
        let text = self.fields.get(field).and_then(Value::as_str);
        let text = text.map(|text| words::one_line(&self.secrets.hide(text), longest));
        text.filter(|text| !text.is_empty()).ok_or_else(|| format!("has no text in \"{field}\""))
    }

    /// For people.
    pub(super) fn words(&self) -> Result<String, String> {
        self.text("words", words::LONGEST)
    }

    /// The target's name, if this answer has it.
    pub(super) fn product(&self) -> Option<String> {
        self.text("product", LONGEST_NAME).ok()
    }

    /// The answer to a greeting.
    pub(crate) fn hello(&self) -> Result<Hello, String> {
        let protocol = self.fields.get("protocol").and_then(Value::as_u64).ok_or("has no number in \"protocol\"")?;
        let kinds = self.fields.get("entitlement_kinds").and_then(Value::as_array);
        let kinds: Vec<EntitlementKind> = kinds
            .ok_or("has no list in \"entitlement_kinds\"")?
            .iter()
            // One that only a later version knows is ignored.
            .filter_map(|kind| kind.as_str()?.parse().ok())
            .collect();
        if kinds.is_empty() {
            return Err("offers no kind of entitlement that is known here".to_owned());
        }
        let calls = match self.fields.get("calls") {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(calls)) => calls.iter().map(|call| call.as_str().map(str::to_owned)).collect(),
            Some(_) => None,
        };
        let calls = calls.ok_or("has something in \"calls\" that is no list of names")?;
        Ok(Hello { protocol, product: self.text("product", LONGEST_NAME)?, kinds, calls })
    }

    /// What a change did.
    pub(super) fn change(&self) -> Result<Change, String> {
        match self.fields.get("change").and_then(Value::as_str) {
            Some("made") => Ok(Change::Made),
            Some("already_so") => Ok(Change::AlreadySo),
            _ => Err("has neither \"made\" nor \"already_so\" in \"change\"".to_owned()),
        }
    }

    /// The account that is ours: it carries the external id.
    pub(super) fn ours(&self, external_id: &str, among: &[EntitlementRef]) -> Result<Observed, String> {
        let account = self.account(among)?.ok_or("has no account")?;
        if account.external_id.as_deref() == Some(external_id) {
            return Ok(account);
        }
        Err("has an account that doesn't carry the external id that was asked for".to_owned())
    }

    /// An account, or `null` for none.
    pub(super) fn account(&self, among: &[EntitlementRef]) -> Result<Option<Observed>, String> {
        let fields = match self.fields.get("account") {
            Some(Value::Null) => return Ok(None),
            Some(Value::Object(fields)) => fields,
            _ => return Err("has neither an object nor null in \"account\"".to_owned()),
        };
        let account = Fields(fields);
        let held = match fields.get("held") {
            None => BTreeSet::new(),
            Some(Value::Array(held)) => {
                let names = held.iter().map(|one| one.as_str().map(str::to_owned));
                names.collect::<Option<BTreeSet<_>>>().ok_or("has something in \"held\" that is no text")?
            }
            Some(_) => return Err("has no list in \"held\"".to_owned()),
        };
        let held =
            among.iter().filter(|asked| held.contains(&asked.native)).map(|asked| asked.native.clone()).collect();
        Ok(Some(Observed {
            native_id: account.id("native_id")?,
            name: account.id("name")?,
            state: account.state()?,
            external_id: account.external_id()?,
            held,
        }))
    }

    /// What a search found.
    pub(super) fn lookup(&self, external_id: &str, among: &[EntitlementRef]) -> Result<Lookup, String> {
        match self.fields.get("found").and_then(Value::as_str) {
            Some("absent") => Ok(Lookup::Absent),
            Some("ours") => self.ours(external_id, among).map(Lookup::Ours),
            Some("stranger") => Ok(Lookup::Stranger { name: self.text("name", LONGEST_NAME)?, words: self.words()? }),
            _ => Err("has none of \"absent\", \"ours\" and \"stranger\" in \"found\"".to_owned()),
        }
    }
}

/// The fields of an account.
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl Fields<'_> {
    /// A name that later calls may repeat.
    pub(super) fn id(&self, field: &str) -> Result<String, String> {
        let text = self.0.get(field).and_then(Value::as_str).map(str::to_owned);
        let fit = text.filter(|text| spec::native(field, text).is_ok());
        fit.ok_or_else(|| format!("has no account with a usable \"{field}\""))
    }

    pub(super) fn state(&self) -> Result<AccountState, String> {
        match self.0.get("state").and_then(Value::as_str) {
            Some("enabled") => Ok(AccountState::Enabled),
            Some("disabled") => Ok(AccountState::Disabled),
            _ => Err("has an account that is neither \"enabled\" nor \"disabled\"".to_owned()),
        }
    }

    pub(super) fn external_id(&self) -> Result<Option<String>, String> {
        match self.0.get("external_id") {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.id("external_id").map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Outcome, String> {
        Outcome::read(value.to_string().as_bytes(), 7, &Secrets::default())
    }

    fn done(value: &Value) -> Answer {
        match read(value) {
            Ok(Outcome::Done(answer)) => answer,
            _ => panic!("not done: {value}"),
        }
    }

    fn not(value: &Value) -> CallError {
        match read(value) {
            Ok(Outcome::Not(error)) => error,
            _ => panic!("not an error: {value}"),
        }
    }

    #[test]
    fn outcomes_become_the_connectors_own_with_clean_and_bounded_words() {
        let error = not(
            &json!({ "id": 7, "outcome": "retry_later", "words": "later\n\u{202E}on", "after_seconds": 1e9 as u64 }),
        );
        assert_eq!(error, CallError::RetryLater { words: "later on".into(), after: Some(Duration::from_secs(3600)) });
        let error = not(&json!({ "id": 7, "outcome": "refused", "words": "x".repeat(9000) }));
        assert!(matches!(&error, CallError::Refused { words } if words.chars().count() <= words::LONGEST));
        assert!(matches!(
            not(&json!({ "id": 7, "outcome": "needs_human", "words": "a" })),
            CallError::NeedsHuman { .. }
        ));
    }

    #[test]
    fn nonsense_is_told_apart() {
        for (answer, words) in [
            (json!([]), "no object"),
            (json!({ "id": 8, "outcome": "ok" }), "call 8"),
            (json!({ "outcome": "ok" }), "no id"),
            (json!({ "id": 7 }), "no outcome"),
            (json!({ "id": 7, "outcome": "refused" }), "without words"),
            (json!({ "id": 7, "outcome": "perhaps", "words": "x" }), "outcome"),
        ] {
            match read(&answer) {
                Err(said) => assert!(said.contains(words), "{said}"),
                Ok(_) => panic!("accepted {answer}"),
            }
        }
        assert!(Outcome::read(b"Traceback", 7, &Secrets::default()).is_err_and(|said| said.contains("not JSON")));
    }

    #[test]
    fn an_account_is_read_with_what_was_asked_about_alone() {
        let asked = [EntitlementRef::new(EntitlementKind::Group, "a")];
        let account = json!({ "native_id": "u1", "name": "mara", "state": "enabled", "external_id": "E1", "held": ["a", "b"], "new": 1 });
        let answer = done(&json!({ "id": 7, "outcome": "ok", "found": "ours", "account": account }));
        let observed = answer.account(&asked).unwrap().unwrap();
        assert_eq!(observed.held, BTreeSet::from(["a".to_owned()]));
        assert_eq!(answer.lookup("E1", &asked).unwrap(), Lookup::Ours(observed));
        assert!(answer.lookup("E2", &asked).is_err(), "another's account is not ours");
        assert_eq!(done(&json!({ "id": 7, "outcome": "ok", "account": null })).account(&[]), Ok(None));
        assert!(done(&json!({ "id": 7, "outcome": "ok" })).account(&[]).is_err(), "silence isn't \"none\"");
        for (field, value) in
            [("state", json!("on")), ("native_id", json!("")), ("held", json!([1])), ("name", json!("a\nb"))]
        {
            let mut broken = account.clone();
            broken[field] = value;
            assert!(done(&json!({ "id": 7, "outcome": "ok", "account": broken })).account(&[]).is_err(), "{field}");
        }
    }
}

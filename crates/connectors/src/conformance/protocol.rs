//! The protocol itself.

use std::sync::Arc;

use super::{Bench, Kept, done, raw, said, word};
use crate::program::{Call, Outcome};

pub(super) async fn check(bench: Arc<Bench<'_>>) -> Kept {
    done("check", bench.connector.check().await).map(drop)
}

pub(super) async fn later_versions(bench: Arc<Bench<'_>>) -> Kept {
    match raw::ask(&bench, &Call::CheckOfALaterVersion { from_a_later_version: true }).await? {
        Outcome::Done(_) => {}
        Outcome::Not(error) => {
            return Err(format!("check with a field that is not known: expected ok; {}", said(&error)));
        }
    }
    match raw::ask(&bench, &Call::FromALaterVersion).await? {
        Outcome::Not(error) if word(&error) == "refused" => Ok(()),
        Outcome::Not(error) => Err(format!("a call that is not known: expected refused; {}", said(&error))),
        Outcome::Done(_) => Err("a call that is not known: expected refused; the outcome is ok".to_owned()),
    }
}

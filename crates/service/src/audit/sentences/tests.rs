//! Every kind of event has a sentence.

use std::collections::BTreeSet;

use latchkey_domain::{SessionId, actor::ActorRef, event::EventBody};
use uuid::Uuid;

use super::{super::samples, Piece, body, names::Names, plain};
use crate::audit::Group;

/// Every fixed word that the domain knows, from what it says about one that it doesn't.
fn all_kinds() -> BTreeSet<String> {
    let error = serde_json::from_str::<EventBody>(r#"{"kind":"no such kind"}"#).unwrap_err().to_string();
    let list = error.split_once("expected one of ").expect("the list of kinds").1;
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn ann() -> ActorRef {
    ActorRef::Person { identity: samples::ANN, session: Some(SessionId(Uuid::nil())), mfa: true }
}

fn sentence(actor: &ActorRef, body: &EventBody) -> String {
    let mut names = Names::default();
    names.name_samples();
    plain(&names.fill(body::draft(actor, body).pieces))
}

#[test]
fn every_kind_has_a_sample_a_sentence_and_one_group() {
    let kinds = all_kinds();
    assert!(kinds.len() > 40, "{kinds:?}");
    let samples: BTreeSet<String> = samples::bodies().iter().map(EventBody::kind).collect();
    assert_eq!(samples, kinds, "each kind has a sample, so that it is looked at here");

    let grouped: Vec<&str> = Group::ALL.iter().flat_map(|g| g.kinds()).copied().collect();
    assert_eq!(grouped.iter().copied().map(str::to_owned).collect::<BTreeSet<_>>(), kinds, "each kind is in a group");
    assert_eq!(grouped.len(), kinds.len(), "and in one only");
    for body in samples::bodies() {
        assert!(Group::of(&body).kinds().contains(&body.kind().as_str()), "{} is in another group's list", body.kind());
    }
}

#[test]
fn sentences_are_plain_and_whole() {
    for actor in [
        ann(),
        ActorRef::Host,
        ActorRef::Worker { duty: "expire".into() },
        ActorRef::Token { token: latchkey_domain::TokenId(Uuid::nil()), owner: samples::BO },
        ActorRef::Unknown,
    ] {
        for body in samples::bodies() {
            let text = sentence(&actor, &body);
            assert!(text.chars().next().is_some_and(|c| c.is_uppercase() || c.is_numeric()), "{}: {text}", body.kind());
            assert!(text.split(' ').count() > 2, "{}: {text}", body.kind());
            for wrong in ["  ", " ,", ",,", "!", "lease", "isn't known", "doesn't name", "null", "_", ".."] {
                assert!(!text.contains(wrong), "{} has {wrong:?}: {text}", body.kind());
            }
            assert!(!text.ends_with([' ', ',', '.', ':']), "{}: {text}", body.kind());
        }
    }
}

#[test]
fn what_matters_reads_as_people_say_it() {
    let texts: Vec<String> = samples::bodies().iter().map(|b| sentence(&ann(), b)).collect();
    for expected in [
        "Bo Dahl asked for Payroll reader for 90 days, in R-7K3MQ2",
        "Ann Berg asked for Payroll reader for Bo Dahl for 8 hours and Payroll reader, in R-7K3MQ2",
        "R-7K3MQ2, Payroll reader for Bo Dahl waits for Ann Berg (the manager) or Bo Dahl (as a fallback)",
        "Ann Berg approved Payroll reader for Bo Dahl, until 1 June 2027, 22:00 UTC, from a session confirmed by a second factor",
        "Ann Berg denied Payroll reader for Bo Dahl, from a session confirmed by a second factor",
        "Ann Berg tried to decide on Payroll reader for Bo Dahl, and Latchkey refused: nobody decides on what they asked for or would hold themselves",
        "Ann Berg made an exception from “Invoices and payments” for Bo Dahl until 1 June 2027, 22:00 UTC, from a session confirmed by a second factor",
        "The exception of Bo Dahl from “Invoices and payments” is over: its time has come",
        "R-7K3MQ2 got one more step for Payroll reader for Bo Dahl, because of “Invoices and payments”",
        "Latchkey doesn't give “VPN users” on Directory to Bo Dahl: “Invoices and payments” keeps it apart from what they have",
        "Bo Dahl took Payroll reader in an emergency; 1 person was told at once, and the review is due 1 June 2027, 22:00 UTC, from a session confirmed by a second factor",
        "Bo Dahl tried to take Payroll reader in an emergency, and Latchkey refused: a review of what they took before is overdue",
        "Nobody reviewed in time what Bo Dahl did with Payroll reader, taken in an emergency",
        "Ann Berg reviewed what Bo Dahl did with Payroll reader: less would have done, from a session confirmed by a second factor",
        "Bo Dahl gave back Payroll reader",
        "Payroll reader ended for Bo Dahl: its time was over",
        "Directory refused to give “VPN users” to Bo Dahl",
        "Directory couldn't take “VPN users” from Bo Dahl yet (attempt 2); Latchkey tries again by itself",
        "Directory confirms that Bo Dahl has “VPN users”",
        "Directory confirms that Bo Dahl doesn't have “VPN users”",
        "Bo Dahl signed in through https://id.example.test, with a password and a one-time code, confirmed by a second factor",
        "Latchkey refused to sign in Bo Dahl: a second factor was missing",
        "Ann Berg changed the status of Bo Dahl from “at work” to “on leave”",
    ] {
        assert!(texts.iter().any(|t| t == expected), "missing: {expected}\nhave:\n{}", texts.join("\n"));
    }
}

#[test]
fn links_name_what_they_lead_to() {
    let decided = samples::bodies().into_iter().find(|b| b.kind() == "item_decided").unwrap();
    let pieces = body::draft(&ann(), &decided).pieces;
    assert!(pieces.contains(&Piece::Person(samples::ANN)));
    assert!(pieces.contains(&Piece::Person(samples::BO)));
    assert!(pieces.contains(&Piece::Role(samples::ROLE)));
}

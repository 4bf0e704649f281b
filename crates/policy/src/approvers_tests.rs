//! Tests of who may decide.

use proptest::prelude::*;

use super::*;
use crate::policy::tests::sample;

fn who(id: u8, name: &str, status: Status) -> Candidate<u8> {
    Candidate { id, name: name.to_owned(), status }
}

/// 1 asks for themselves; 2 manages them; 3 owns the role; 4 owns the system; 5 and 6 are security; E0007 is 7.
fn facts() -> ApproverFacts<u8> {
    ApproverFacts {
        requester: 1,
        beneficiary: 1,
        beneficiary_name: "Petr Dvořák".into(),
        manager: Some(who(2, "Margaret Cole", Status::Active)),
        role_owner: Some(who(3, "Wilhelmina Oosterhuis", Status::Active)),
        system_owners: vec![who(4, "Shabnam Hussain", Status::Active)],
        security: vec![who(5, "Emre Özdemir", Status::Active), who(6, "Jun Takahashi", Status::Active)],
        people: vec![("E0007".into(), who(7, "Cornelius Bakker", Status::Active))],
    }
}

fn stage(approvers: ApproverRule, fallback: Option<ApproverRule>) -> StageRule {
    StageRule { approvers, fallback }
}

fn ids(resolution: &Resolution<u8>) -> Vec<u8> {
    resolution.approvers.iter().map(|approver| approver.id).collect()
}

#[test]
fn each_rule_points_at_its_people() {
    for (rule, expected) in [
        (ApproverRule::Manager, vec![2]),
        (ApproverRule::RoleOwner, vec![3]),
        (ApproverRule::SystemOwner, vec![4]),
        (ApproverRule::Security, vec![5, 6]),
        (ApproverRule::Person("E0007".into()), vec![7]),
        (ApproverRule::Person("E9999".into()), vec![]),
    ] {
        let resolution = resolve_stage(&stage(rule, None), &facts());
        assert_eq!(ids(&resolution), expected);
        assert!(!resolution.used_fallback);
    }
}

#[test]
fn explanations_are_sentences_for_their_reader() {
    let resolution = resolve_stage(&stage(ApproverRule::Manager, None), &facts());
    assert_eq!(resolution.explanation, "Margaret Cole, Petr Dvořák's manager, decides.");
    assert_eq!(resolution.explain(Voice::You), "Margaret Cole, your manager, decides.");
    let resolution = resolve_stage(&stage(ApproverRule::Security, None), &facts());
    assert_eq!(resolution.explanation, "Emre Özdemir or Jun Takahashi, on the security team, decides.");
    let mut many = facts();
    many.security.extend([who(8, "Makena Kariuki", Status::Active), who(9, "Imogen Blackwood", Status::Active)]);
    let resolution = resolve_stage(&stage(ApproverRule::Security, None), &many);
    assert_eq!(resolution.explanation, "One of 4 people, on the security team, decides.");
}

#[test]
fn promise_02_the_requester_never_decides_and_the_fallback_does() {
    // The manager asks for their report.
    let for_a_report = ApproverFacts { requester: 2, ..facts() };
    let resolution = resolve_stage(&stage(ApproverRule::Manager, Some(ApproverRule::RoleOwner)), &for_a_report);
    assert_eq!(ids(&resolution), [3]);
    assert!(resolution.used_fallback);
    assert_eq!(
        resolution.explanation,
        "Margaret Cole, Petr Dvořák's manager, asked for it, so Wilhelmina Oosterhuis, the role's owner, decides."
    );
}

#[test]
fn promise_02_an_owner_who_asks_for_their_own_role_does_not_decide() {
    let own = ApproverFacts { role_owner: Some(who(1, "Petr Dvořák", Status::Active)), ..facts() };
    let resolution = resolve_stage(&stage(ApproverRule::RoleOwner, Some(ApproverRule::SystemOwner)), &own);
    assert_eq!(ids(&resolution), [4]);
    assert_eq!(
        resolution.explain(Voice::You),
        "You are the role's owner and can't decide on your own access, so Shabnam Hussain, the system's owner, decides."
    );
    // A fallback obeys the same rule.
    let resolution = resolve_stage(&stage(ApproverRule::Person("none".into()), Some(ApproverRule::RoleOwner)), &own);
    assert!(resolution.is_stuck());
}

#[test]
fn only_people_at_work_decide() {
    for (status, words) in
        [(Status::OnLeave, "is on leave"), (Status::Terminated, "has left"), (Status::PreHire, "hasn't started yet")]
    {
        let away = ApproverFacts { manager: Some(who(2, "Margaret Cole", status)), ..facts() };
        let resolution = resolve_stage(&stage(ApproverRule::Manager, Some(ApproverRule::SystemOwner)), &away);
        assert_eq!(ids(&resolution), [4]);
        assert!(resolution.explanation.contains(words), "{}", resolution.explanation);
    }
    // One of several being away changes nothing for the others, and isn't worth a sentence.
    let mut one_away = facts();
    one_away.security[0].status = Status::OnLeave;
    let resolution = resolve_stage(&stage(ApproverRule::Security, Some(ApproverRule::RoleOwner)), &one_away);
    assert_eq!(ids(&resolution), [6]);
    assert!(!resolution.used_fallback);
    assert_eq!(resolution.explanation, "Jun Takahashi, on the security team, decides.");
}

#[test]
fn somebody_who_owns_two_systems_is_asked_once() {
    let mut twice = facts();
    twice.system_owners.push(who(4, "Shabnam Hussain", Status::Active));
    assert_eq!(ids(&resolve_stage(&stage(ApproverRule::SystemOwner, None), &twice)), [4]);
}

#[test]
fn promise_03_what_nobody_could_decide_is_refused_with_the_reason() {
    let mut policy = sample();
    policy.stages = vec![
        stage(ApproverRule::Manager, None),
        stage(ApproverRule::RoleOwner, Some(ApproverRule::Person("E9999".into()))),
    ];
    let alone = ApproverFacts {
        manager: None,
        role_owner: Some(who(3, "Wilhelmina Oosterhuis", Status::Terminated)),
        ..facts()
    };
    let refusals = who_could_decide(&policy.snapshot(), &alone, Voice::You).unwrap_err();
    assert_eq!(refusals.len(), 2);
    assert!(refusals.iter().all(|refusal| refusal.code == RefusalCode::NobodyCouldDecide));
    assert_eq!(refusals[0].message, "Step 1 of 2: Nobody could decide this: you have no manager.");
    assert_eq!(refusals[0].help, "The people team can enter a manager; then ask again.");
    assert_eq!(
        refusals[1].message,
        "Step 2 of 2: Nobody could decide this: Wilhelmina Oosterhuis, the role's owner, has left, and the person whom the policy names isn't known."
    );
    assert_eq!(refusals[1].help, "An administrator can give the role an owner.");

    let stages = who_could_decide(&policy.snapshot(), &facts(), Voice::You).unwrap();
    assert_eq!(stages.iter().map(ids).collect::<Vec<_>>(), [vec![2], vec![3]]);
}

#[test]
fn promise_03_a_policy_without_stages_approves_nothing() {
    let mut policy = sample();
    policy.stages.clear();
    let refusals = who_could_decide(&policy.snapshot(), &facts(), Voice::You).unwrap_err();
    assert_eq!(refusals[0].code, RefusalCode::NobodyCouldDecide);
}

#[test]
fn promise_03_when_the_last_approver_leaves_the_fallback_takes_over() {
    let rule = stage(ApproverRule::Security, Some(ApproverRule::Person("E0007".into())));
    let mut world = facts();
    assert_eq!(ids(&resolve_stage(&rule, &world)), [5, 6]);
    world.security[0].status = Status::Terminated;
    assert_eq!(ids(&resolve_stage(&rule, &world)), [6]);
    world.security[1].status = Status::Terminated;
    let resolution = resolve_stage(&rule, &world);
    assert_eq!(ids(&resolution), [7]);
    assert_eq!(resolution.approvers[0].because, Because::Person);
}

#[test]
fn promise_04_deciding_asks_again_by_todays_facts() {
    let rule = stage(ApproverRule::Manager, Some(ApproverRule::RoleOwner));
    assert_eq!(may_decide(&rule, &facts(), &2, Status::Active), Ok(Because::Manager));
    let refusal = may_decide(&rule, &facts(), &3, Status::Active).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NotAnApprover);
    assert_eq!(refusal.help, "Margaret Cole, Petr Dvořák's manager, decides.");
    assert_eq!(may_decide(&rule, &facts(), &1, Status::Active).unwrap_err().code, RefusalCode::OwnItem);
    assert_eq!(may_decide(&rule, &facts(), &2, Status::OnLeave).unwrap_err().code, RefusalCode::ApproverNotActive);
    // The manager changed since the page was shown.
    let moved = ApproverFacts { manager: Some(who(8, "Rui Magalhães", Status::Active)), ..facts() };
    assert_eq!(may_decide(&rule, &moved, &2, Status::Active).unwrap_err().code, RefusalCode::NotAnApprover);
}

#[test]
fn a_resolution_comes_back_from_json_unchanged() {
    let resolution = resolve_stage(&stage(ApproverRule::SystemOwner, None), &facts());
    let text = serde_json::to_string(&resolution).unwrap();
    assert!(text.contains(r#""because":"system-owner""#), "{text}");
    assert_eq!(serde_json::from_str::<Resolution<u8>>(&text).unwrap(), resolution);
}

fn any_status() -> impl Strategy<Value = Status> {
    prop_oneof![4 => Just(Status::Active), 1 => Just(Status::PreHire), 1 => Just(Status::OnLeave), 1 => Just(Status::Terminated)]
}

/// Few ids, so that people often meet themselves.
fn any_candidate() -> impl Strategy<Value = Candidate<u8>> {
    (0_u8..6, any_status()).prop_map(|(id, status)| who(id, &format!("Person {id}"), status))
}

fn any_rule() -> impl Strategy<Value = ApproverRule> {
    prop_oneof![
        Just(ApproverRule::Manager),
        Just(ApproverRule::RoleOwner),
        Just(ApproverRule::SystemOwner),
        Just(ApproverRule::Security),
        (0_u8..4).prop_map(|id| ApproverRule::Person(format!("E{id}"))),
    ]
}

prop_compose! {
    fn any_stage()(approvers in any_rule(), fallback in proptest::option::of(any_rule())) -> StageRule {
        StageRule { approvers, fallback }
    }
}

prop_compose! {
    fn any_facts()(
        requester in 0_u8..6,
        beneficiary in 0_u8..6,
        manager in proptest::option::of(any_candidate()),
        role_owner in proptest::option::of(any_candidate()),
        system_owners in prop::collection::vec(any_candidate(), 0..3),
        security in prop::collection::vec(any_candidate(), 0..5),
        people in prop::collection::vec((0_u8..4, any_candidate()), 0..3),
    ) -> ApproverFacts<u8> {
        ApproverFacts {
            requester,
            beneficiary,
            beneficiary_name: format!("Person {beneficiary}"),
            manager,
            role_owner,
            system_owners,
            security,
            people: people.into_iter().map(|(id, person)| (format!("E{id}"), person)).collect(),
        }
    }
}

proptest! {
    #[test]
    fn promise_02_requester_and_beneficiary_are_never_approvers(rule in any_stage(), facts in any_facts()) {
        let resolution = resolve_stage(&rule, &facts);
        for approver in &resolution.approvers {
            prop_assert_ne!(approver.id, facts.requester);
            prop_assert_ne!(approver.id, facts.beneficiary);
        }
        for actor in [facts.requester, facts.beneficiary] {
            prop_assert_eq!(may_decide(&rule, &facts, &actor, Status::Active).unwrap_err().code, RefusalCode::OwnItem);
        }
    }

    #[test]
    fn approvers_are_at_work_each_once_and_named_by_the_rule(rule in any_stage(), facts in any_facts()) {
        let resolution = resolve_stage(&rule, &facts);
        let used = if resolution.used_fallback { rule.fallback.clone().unwrap() } else { rule.approvers.clone() };
        let pointed_at = candidates(&used, &facts);
        for (at, approver) in resolution.approvers.iter().enumerate() {
            prop_assert!(pointed_at.iter().any(|c| c.id == approver.id && c.status == Status::Active));
            prop_assert!(!ids(&resolution)[..at].contains(&approver.id));
            prop_assert_eq!(approver.because, Because::from(&used));
        }
    }

    #[test]
    fn promise_03_the_fallback_is_asked_exactly_when_the_rule_gives_nobody(rule in any_stage(), facts in any_facts()) {
        let without = resolve_stage(&StageRule { fallback: None, ..rule.clone() }, &facts);
        let with = resolve_stage(&rule, &facts);
        prop_assert_eq!(with.used_fallback, without.is_stuck() && rule.fallback.is_some());
        if !without.is_stuck() {
            prop_assert_eq!(with, without);
        }
    }

    #[test]
    fn promise_03_a_request_is_accepted_exactly_when_every_stage_has_somebody(
        stages in prop::collection::vec(any_stage(), 1..4),
        facts in any_facts(),
    ) {
        let mut policy = sample();
        policy.stages = stages.clone();
        let stuck = stages.iter().filter(|rule| resolve_stage(rule, &facts).is_stuck()).count();
        match who_could_decide(&policy.snapshot(), &facts, Voice::You) {
            Ok(resolutions) => {
                prop_assert_eq!(stuck, 0);
                prop_assert_eq!(resolutions.len(), stages.len());
            }
            Err(refusals) => prop_assert_eq!(refusals.len(), stuck),
        }
    }

    #[test]
    fn promise_04_who_may_decide_is_who_is_resolved(rule in any_stage(), facts in any_facts(), actor in 0_u8..6) {
        let resolved = ids(&resolve_stage(&rule, &facts)).contains(&actor);
        prop_assert_eq!(may_decide(&rule, &facts, &actor, Status::Active).is_ok(), resolved);
        prop_assert!(may_decide(&rule, &facts, &actor, Status::Terminated).is_err());
    }

    #[test]
    fn explanations_are_whole_sentences(rule in any_stage(), facts in any_facts()) {
        let resolution = resolve_stage(&rule, &facts);
        for text in [resolution.explanation.clone(), resolution.explain(Voice::You)] {
            prop_assert!(text.ends_with('.') && !text.contains("  ") && !text.contains(",,"));
            prop_assert!(text.chars().next().is_some_and(char::is_uppercase));
        }
    }
}

//! Tests of who may decide.

use proptest::prelude::*;

use super::*;
use crate::{
    policy::tests::sample,
    quorum::{Yes, is_reached},
    rule::{Counts, Deadline},
    span::Span,
};

fn who(id: u8, name: &str, status: Status) -> Candidate<u8> {
    Candidate { id, name: name.to_owned(), status }
}

/// 1 asks for themselves; 2 manages them; 3 owns the role; 4 owns the system; 5 and 6 are security; E0007 is 7.
fn facts() -> ApproverFacts<u8> {
    ApproverFacts {
        manager: Some(who(2, "Margaret Cole", Status::Active)),
        role_owner: Some(who(3, "Wilhelmina Oosterhuis", Status::Active)),
        system_owners: vec![who(4, "Shabnam Hussain", Status::Active)],
        security: vec![who(5, "Emre Özdemir", Status::Active), who(6, "Jun Takahashi", Status::Active)],
        people: vec![("E0007".into(), who(7, "Cornelius Bakker", Status::Active))],
        ..ApproverFacts::of(1, 1, "Petr Dvořák".into())
    }
}

fn stage(approvers: ApproverRule, fallback: Option<ApproverRule>) -> StageRule {
    StageRule::any(approvers, fallback)
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
    let refusals = who_could_decide(&policy.stages, &alone, Voice::You).unwrap_err();
    assert_eq!(refusals.len(), 2);
    assert!(refusals.iter().all(|refusal| refusal.code == RefusalCode::NobodyCouldDecide));
    assert_eq!(refusals[0].message, "Step 1 of 2: Nobody could decide this: you have no manager.");
    assert_eq!(refusals[0].help, "The people team can enter a manager; then ask again.");
    assert_eq!(
        refusals[1].message,
        "Step 2 of 2: Nobody could decide this: Wilhelmina Oosterhuis, the role's owner, has left, and the person whom the policy names isn't known."
    );
    assert_eq!(refusals[1].help, "An administrator can give the role an owner.");

    let stages = who_could_decide(&policy.stages, &facts(), Voice::You).unwrap();
    assert_eq!(stages.iter().map(ids).collect::<Vec<_>>(), [vec![2], vec![3]]);
}

#[test]
fn promise_03_a_policy_without_stages_approves_nothing() {
    let mut policy = sample();
    policy.stages.clear();
    let refusals = who_could_decide(&policy.stages, &facts(), Voice::You).unwrap_err();
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
    let may = |facts: &ApproverFacts<u8>, actor: u8, status| {
        may_decide(&resolve_stage(&rule, facts), facts, &actor, status).map(|approver| approver.because)
    };
    assert_eq!(may(&facts(), 2, Status::Active), Ok(Because::Manager));
    let refusal = may(&facts(), 3, Status::Active).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NotAnApprover);
    assert_eq!(refusal.help, "Margaret Cole, Petr Dvořák's manager, decides.");
    assert_eq!(may(&facts(), 1, Status::Active).unwrap_err().code, RefusalCode::OwnItem);
    assert_eq!(may(&facts(), 2, Status::OnLeave).unwrap_err().code, RefusalCode::ApproverNotActive);
    // The manager changed since the page was shown.
    let moved = ApproverFacts { manager: Some(who(8, "Rui Magalhães", Status::Active)), ..facts() };
    assert_eq!(may(&moved, 2, Status::Active).unwrap_err().code, RefusalCode::NotAnApprover);
}

/// 2 manages, 3 owns, 4 to 6 are controllers, 2's manager is 9.
fn controllers() -> ApproverFacts<u8> {
    let member = |id, name: &str| ("controllers".to_owned(), who(id, name, Status::Active));
    ApproverFacts {
        managers_manager: Some(who(9, "Imogen Blackwood", Status::Active)),
        groups: vec![member(4, "Shabnam Hussain"), member(5, "Emre Özdemir"), member(6, "Jun Takahashi")],
        ..facts()
    }
}

fn several(quorum: Quorum, approvers: Vec<ApproverRule>) -> StageRule {
    StageRule { quorum, ..StageRule::any(approvers, None) }
}

fn group() -> ApproverRule {
    ApproverRule::Group("controllers".into())
}

fn own(who: u8) -> Yes<u8> {
    Yes { who, seat: who }
}

#[test]
fn two_of_a_group_have_to_agree() {
    let rule = several(Quorum::AtLeast(2), vec![group()]);
    let resolution = resolve_stage(&rule, &controllers());
    assert_eq!(ids(&resolution), [4, 5, 6]);
    assert_eq!(resolution.explanation, "2 of 3 people, in the group that decides, have to agree.");
    assert!(!is_reached(&resolution, &[own(4)]));
    assert!(!is_reached(&resolution, &[own(4), own(4)]));
    assert!(is_reached(&resolution, &[own(4), own(6)]));
    // The beneficiary is one of them, and one is away: the other is too few.
    let mut few = ApproverFacts { requester: 4, beneficiary: 4, ..controllers() };
    few.groups[1].1.status = Status::OnLeave;
    let resolution = resolve_stage(&rule, &few);
    assert!(resolution.is_stuck());
    assert!(resolution.explanation.starts_with("Too few people could decide this:"), "{}", resolution.explanation);
    let with_fallback = StageRule { fallback: Some(ApproverRule::RoleOwner), ..rule };
    assert_eq!(ids(&resolve_stage(&with_fallback, &few)), [6, 3]);
    assert!(!resolve_stage(&with_fallback, &few).is_stuck());
}

#[test]
fn all_have_to_agree_and_each_rule_needs_somebody() {
    let rule = several(Quorum::All, vec![ApproverRule::Manager, ApproverRule::RoleOwner]);
    let resolution = resolve_stage(&rule, &controllers());
    assert_eq!(
        resolution.explanation,
        "Margaret Cole, Petr Dvořák's manager, and Wilhelmina Oosterhuis, the role's owner, have to agree."
    );
    assert!(!is_reached(&resolution, &[own(2)]) && is_reached(&resolution, &[own(3), own(2)]));
    // Without a manager, "all" doesn't quietly become "the owner".
    let alone = ApproverFacts { manager: None, ..controllers() };
    assert!(resolve_stage(&rule, &alone).is_stuck());
    let with_fallback = StageRule { fallback: Some(ApproverRule::Security), ..rule };
    assert_eq!(ids(&resolve_stage(&with_fallback, &alone)), [3, 5, 6]);
}

#[test]
fn one_of_each_is_never_one_person_twice() {
    let rule = several(Quorum::Each, vec![group(), ApproverRule::RoleOwner]);
    let owner_is_controller =
        ApproverFacts { role_owner: Some(who(4, "Shabnam Hussain", Status::Active)), ..controllers() };
    let resolution = resolve_stage(&rule, &owner_is_controller);
    assert_eq!(ids(&resolution), [4, 5, 6]);
    assert!(!is_reached(&resolution, &[own(4)]), "one person isn't two");
    assert!(!is_reached(&resolution, &[own(5), own(6)]), "nobody spoke for the owner");
    assert!(is_reached(&resolution, &[own(4), own(5)]));
    let mut only_one = owner_is_controller;
    only_one.groups.truncate(1);
    assert!(resolve_stage(&rule, &only_one).is_stuck());
}

fn away(facts: ApproverFacts<u8>, from: u8, to: u8) -> ApproverFacts<u8> {
    let delegate = Delegate { from, to: who(to, &format!("Stand-in {to}"), Status::Active) };
    ApproverFacts { delegates: [facts.delegates.clone(), vec![delegate]].concat(), ..facts }
}

#[test]
fn promise_02_a_delegate_decides_for_somebody_and_never_for_themselves() {
    let rule = stage(ApproverRule::Manager, Some(ApproverRule::RoleOwner));
    let resolution = resolve_stage(&rule, &away(controllers(), 2, 8));
    assert_eq!(ids(&resolution), [2, 8]);
    assert_eq!(
        resolution.explanation,
        "Margaret Cole, Petr Dvořák's manager, or Stand-in 8, for Margaret Cole, Petr Dvořák's manager, decides."
    );
    assert_eq!(resolution.approvers[1].on_behalf_of, Some((2, "Margaret Cole".into())));
    // The manager is on leave: that is what the delegation is for; no fallback.
    let mut on_leave = away(controllers(), 2, 8);
    on_leave.manager = Some(who(2, "Margaret Cole", Status::OnLeave));
    let resolution = resolve_stage(&rule, &on_leave);
    assert_eq!(ids(&resolution), [8]);
    assert!(!resolution.used_fallback);
    // Delegated to the very person whom it is for, or who asked: they don't decide.
    assert_eq!(ids(&resolve_stage(&rule, &away(controllers(), 2, 1))), [2]);
    // The requester's own seat isn't filled by a friend either.
    let own_request = ApproverFacts { requester: 2, ..away(controllers(), 2, 8) };
    assert_eq!(ids(&resolve_stage(&rule, &own_request)), [3]);
    // Where the policy doesn't allow delegation, nobody stands in.
    let strict = StageRule { delegation: false, ..rule };
    assert_eq!(ids(&resolve_stage(&strict, &away(controllers(), 2, 8))), [2]);
}

#[test]
fn a_delegate_of_two_has_one_voice() {
    let rule = several(Quorum::All, vec![ApproverRule::Manager, ApproverRule::RoleOwner]);
    let both = away(away(controllers(), 2, 8), 3, 8);
    let resolution = resolve_stage(&rule, &both);
    assert_eq!(ids(&resolution), [2, 3, 8]);
    assert!(!is_reached(&resolution, &[Yes { who: 8, seat: 2 }, Yes { who: 8, seat: 3 }]));
    assert!(is_reached(&resolution, &[Yes { who: 8, seat: 2 }, own(3)]));
}

#[test]
fn whoever_decided_before_is_passed_over_where_the_stage_says_so() {
    let rule = StageRule { again: false, ..stage(ApproverRule::RoleOwner, Some(ApproverRule::Security)) };
    let owner_manages = ApproverFacts { role_owner: controllers().manager, decided_before: vec![2], ..controllers() };
    assert_eq!(ids(&resolve_stage(&rule, &owner_manages)), [5, 6]);
    // At submission, whoever has to decide the first step counts as having decided it.
    let not_yet = ApproverFacts { decided_before: vec![], ..owner_manages };
    let stages = [stage(ApproverRule::Manager, None), StageRule { fallback: None, ..rule }];
    let refusals = who_could_decide(&stages, &not_yet, Voice::You).unwrap_err();
    assert_eq!(refusals.len(), 1);
    assert!(refusals[0].message.contains("decides the step before"), "{}", refusals[0]);
}

#[test]
fn when_time_is_up_others_join_or_take_over() {
    let deadline = |then, to| Some(Deadline { after: Span::from_days(2).unwrap(), counts: Counts::Calendar, then, to });
    let manager = stage(ApproverRule::Manager, Some(ApproverRule::RoleOwner));
    let late = ApproverFacts { overdue: true, ..controllers() };
    let escalates =
        StageRule { deadline: deadline(Overdue::Escalate, Some(ApproverRule::ManagersManager)), ..manager.clone() };
    assert_eq!(ids(&resolve_stage(&escalates, &controllers())), [2]);
    assert_eq!(ids(&resolve_stage(&escalates, &late)), [2, 9]);
    let reassigns = StageRule { deadline: deadline(Overdue::Reassign, None), ..manager.clone() };
    assert_eq!(ids(&resolve_stage(&reassigns, &late)), [3]);
    for then in [Overdue::Remind, Overdue::Expire] {
        let rule = StageRule { deadline: deadline(then, None), ..manager.clone() };
        assert_eq!(ids(&resolve_stage(&rule, &late)), [2]);
    }
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
        Just(ApproverRule::ManagersManager),
        (0_u8..4).prop_map(|id| ApproverRule::Person(format!("E{id}"))),
        (0_u8..2).prop_map(|id| ApproverRule::Group(format!("G{id}"))),
    ]
}

prop_compose! {
    fn any_stage()(
        approvers in prop::collection::vec(any_rule(), 1..4),
        fallback in proptest::option::of(any_rule()),
        quorum in prop_oneof![3 => Just(Quorum::Any), 1 => Just(Quorum::All), 1 => Just(Quorum::Each), 1 => (2_u16..4).prop_map(Quorum::AtLeast)],
        delegation in any::<bool>(),
        again in any::<bool>(),
    ) -> StageRule {
        StageRule { quorum, delegation, again, ..StageRule::any(approvers, fallback) }
    }
}

prop_compose! {
    fn any_delegate()(from in 0_u8..6, to in any_candidate()) -> Delegate<u8> {
        Delegate { from, to }
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
        groups in prop::collection::vec((0_u8..2, any_candidate()), 0..5),
        managers_manager in proptest::option::of(any_candidate()),
        delegates in prop::collection::vec(any_delegate(), 0..4),
        decided_before in prop::collection::vec(0_u8..6, 0..2),
    ) -> ApproverFacts<u8> {
        ApproverFacts {
            manager,
            managers_manager,
            groups: groups.into_iter().map(|(id, person)| (format!("G{id}"), person)).collect(),
            delegates,
            decided_before,
            role_owner,
            system_owners,
            security,
            people: people.into_iter().map(|(id, person)| (format!("E{id}"), person)).collect(),
            ..ApproverFacts::of(requester, beneficiary, format!("Person {beneficiary}"))
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
            // In nobody's name either.
            prop_assert_ne!(*approver.seat(), facts.requester);
            prop_assert_ne!(*approver.seat(), facts.beneficiary);
            if !rule.delegation { prop_assert_eq!(*approver.seat(), approver.id); }
            if !rule.again { prop_assert!(!facts.decided_before.contains(&approver.id)); }
        }
        for actor in [facts.requester, facts.beneficiary] {
            prop_assert_eq!(may_decide(&resolve_stage(&rule, &facts), &facts, &actor, Status::Active).unwrap_err().code, RefusalCode::OwnItem);
        }
    }

    #[test]
    fn approvers_are_at_work_each_once_and_named_by_the_rule(rule in any_stage(), facts in any_facts()) {
        let resolution = resolve_stage(&rule, &facts);
        let pointed_at: Vec<_> = rule.mentioned().flat_map(|rule| candidates(rule, &facts)).collect();
        for (at, approver) in resolution.approvers.iter().enumerate() {
            prop_assert!(pointed_at.iter().any(|c| c.id == *approver.seat()));
            let at_work = pointed_at.iter().copied().chain(facts.delegates.iter().map(|d| &d.to));
            prop_assert!(at_work.into_iter().any(|c| c.id == approver.id && c.status == Status::Active));
            prop_assert!(!ids(&resolution)[..at].contains(&approver.id));
            prop_assert!(!approver.for_rules.is_empty());
        }
    }

    #[test]
    fn promise_03_the_fallback_is_asked_exactly_when_the_rule_gives_too_few(rule in any_stage(), facts in any_facts()) {
        let without = resolve_stage(&StageRule { fallback: None, ..rule.clone() }, &facts);
        let with = resolve_stage(&rule, &facts);
        prop_assert_eq!(with.used_fallback, without.is_stuck() && rule.fallback.is_some());
        if !without.is_stuck() {
            prop_assert_eq!(with, without);
        }
    }

    #[test]
    fn nobody_passes_a_quorum_alone(rule in any_stage(), facts in any_facts(), one in 0_u8..6, other in 0_u8..6) {
        let resolution = resolve_stage(&rule, &facts);
        let seat = |who: u8| resolution.approvers.iter().find(|a| a.id == who).map(|a| Yes { who, seat: *a.seat() });
        let Some(first) = seat(one) else { return Ok(()) };
        let alone = is_reached(&resolution, &[first, first]);
        let needed = match rule.quorum {
            Quorum::Any => 1,
            Quorum::AtLeast(n) => usize::from(n),
            Quorum::All => resolution.seats().len(),
            Quorum::Each => rule.approvers.rules().len(),
        };
        prop_assert_eq!(alone, needed == 1 && !resolution.is_stuck(), "{:?}", resolution);
        // However one person speaks, for themselves or for others, it stays one voice.
        let many: Vec<_> = resolution.seats().into_iter().map(|seat| Yes { who: one, seat: *seat }).collect();
        if needed > 1 { prop_assert!(!is_reached(&resolution, &many)); }
        if let Some(second) = seat(other) && one != other && needed > 2 {
            prop_assert!(!is_reached(&resolution, &[first, second]));
        }
    }

    #[test]
    fn what_isnt_stuck_can_be_decided(rule in any_stage(), facts in any_facts()) {
        let resolution = resolve_stage(&rule, &facts);
        let mut said: Vec<Yes<u8>> = Vec::new();
        for approver in &resolution.approvers {
            said.push(Yes { who: approver.id, seat: *approver.seat() });
        }
        prop_assert_eq!(is_reached(&resolution, &said), !resolution.is_stuck(), "{:?}", resolution);
    }

    #[test]
    fn promise_03_a_request_is_accepted_exactly_when_every_stage_has_somebody(
        stages in prop::collection::vec(any_stage(), 1..4),
        facts in any_facts(),
    ) {
        let stuck = stages.iter().filter(|rule| resolve_stage(rule, &facts).is_stuck()).count();
        match who_could_decide(&stages, &facts, Voice::You) {
            Ok(resolutions) => {
                prop_assert_eq!(stuck, 0);
                prop_assert_eq!(resolutions.len(), stages.len());
            }
            // A stage that wants somebody else than before can be stuck only because of the one before.
            Err(refusals) => prop_assert!(refusals.len() >= stuck),
        }
    }

    #[test]
    fn promise_04_who_may_decide_is_who_is_resolved(rule in any_stage(), facts in any_facts(), actor in 0_u8..6) {
        let resolved = ids(&resolve_stage(&rule, &facts)).contains(&actor);
        prop_assert_eq!(may_decide(&resolve_stage(&rule, &facts), &facts, &actor, Status::Active).is_ok(), resolved);
        prop_assert!(may_decide(&resolve_stage(&rule, &facts), &facts, &actor, Status::Terminated).is_err());
    }

    #[test]
    fn explanations_are_whole_sentences(rule in any_stage(), facts in any_facts()) {
        let resolution = resolve_stage(&rule, &facts);
        for text in [resolution.explanation.clone(), resolution.explain(Voice::You)] {
            prop_assert!(text.ends_with('.') && !text.contains("  ") && !text.contains(",,"));
            prop_assert!(text.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit()));
        }
    }
}

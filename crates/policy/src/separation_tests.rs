//! Tests of what keeps duties apart.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn role(n: u128) -> RoleId {
    RoleId(Uuid::from_u128(n))
}

fn entitlement(n: u128) -> EntitlementId {
    EntitlementId(Uuid::from_u128(1000 + n))
}

fn rule(n: u128, sides: &[&[Member]], outcome: Outcome) -> SeparationRule {
    let side = |(at, members): (usize, &&[Member])| Side { name: format!("Doing {at}"), members: members.to_vec() };
    SeparationRule {
        id: SeparationRuleId(Uuid::from_u128(n)),
        key: format!("rule-{n}"),
        name: format!("Rule {n}"),
        owner: Some("Olga Owner".to_owned()),
        sides: sides.iter().enumerate().map(side).collect(),
        outcome,
    }
}

fn holding(n: u128, gives: &[u128], standing: Standing) -> Holding {
    Holding {
        role: role(n),
        name: format!("Role {n}"),
        entitlements: gives.iter().map(|g| (entitlement(*g), format!("Thing {g}"))).collect(),
        standing,
    }
}

fn approval() -> Outcome {
    Outcome::Approval(Agrees { external_id: "E0031".to_owned(), name: Some("Priya Roy".to_owned()) })
}

#[test]
fn two_sides_in_one_person_are_a_conflict_whatever_they_came_through() {
    let by_role = rule(1, &[&[Member::Role(role(1))], &[Member::Role(role(2))]], Outcome::Block);
    let by_entitlement =
        rule(2, &[&[Member::Entitlement(entitlement(1))], &[Member::Entitlement(entitlement(2))]], Outcome::Block);
    let rules = [by_role, by_entitlement];
    assert_eq!(conflicts(&rules, &[holding(1, &[9], Standing::Held)]), vec![]);
    let both = [holding(1, &[1], Standing::Held), holding(3, &[2], Standing::Held)];
    let found = conflicts(&rules, &both);
    assert_eq!(found.iter().map(|c| c.key.as_str()).collect::<Vec<_>>(), ["rule-2"]);
    assert_eq!(
        found[0].explain(Voice::You),
        "\"Rule 2\" keeps these apart: Doing 0 (\"Thing 1\" through Role 1, which you hold) and Doing 1 (\"Thing 2\" through Role 3, which you hold)."
    );
    // One role that gives something of both sides is enough.
    assert_eq!(conflicts(&rules, &[holding(5, &[1, 2], Standing::Wanted)]).len(), 1);
    // Two things of the same side are none.
    let same = rule(3, &[&[Member::Role(role(1)), Member::Role(role(2))], &[Member::Role(role(3))]], Outcome::Block);
    assert_eq!(conflicts(&[same], &[holding(1, &[], Standing::Held), holding(2, &[], Standing::Held)]), vec![]);
}

#[test]
fn of_three_sides_any_two_are_a_conflict() {
    let three =
        rule(1, &[&[Member::Role(role(1))], &[Member::Role(role(2))], &[Member::Role(role(3))]], Outcome::Block);
    let found = conflicts(&[three], &[holding(1, &[], Standing::Held), holding(3, &[], Standing::Wanted)]);
    assert_eq!(found[0].sides.iter().map(|s| s.position).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn a_wish_answers_only_for_the_conflicts_that_it_takes_part_in() {
    let rules = [
        rule(1, &[&[Member::Role(role(1))], &[Member::Role(role(2))]], Outcome::Block),
        rule(2, &[&[Member::Role(role(2))], &[Member::Role(role(3))]], approval()),
    ];
    let held = [holding(1, &[], Standing::Held), holding(2, &[], Standing::Held)];
    let wish = holding(3, &[], Standing::Wanted);
    let found = of_wish(&rules, &wish, &held);
    assert_eq!(found.iter().map(|c| c.key.as_str()).collect::<Vec<_>>(), ["rule-2"]);
    assert!(!found[0].only_if_approved());
    assert_eq!(
        found[0].helps(Voice::Named("Ann Berg")),
        "Ann Berg can give back Role 2 first. Otherwise Priya Roy has to agree as well: that is one more step."
    );
    assert_eq!(of_wish(&rules, &holding(4, &[], Standing::Wanted), &held), vec![]);
}

#[test]
fn what_waits_elsewhere_is_a_warning_and_not_a_conflict_yet() {
    let rules = [rule(1, &[&[Member::Role(role(1))], &[Member::Role(role(2))]], Outcome::Block)];
    let found = of_wish(&rules, &holding(2, &[], Standing::Wanted), &[holding(1, &[], Standing::Waiting)]);
    assert!(found[0].only_if_approved());
    assert_eq!(
        found[0].explain(Voice::You),
        "\"Rule 1\" keeps these apart: Doing 0 (Role 1, which waits for a decision) and Doing 1 (Role 2, asked for here)."
    );
    assert_eq!(
        found[0].helps(Voice::You),
        "Only one of the two can be approved: withdraw Role 1 if this matters more. Or ask Olga Owner, who owns the rule, for an exception."
    );
    // In one request it is one.
    let found = of_wish(&rules, &holding(2, &[], Standing::Wanted), &[holding(1, &[], Standing::Wanted)]);
    assert!(!found[0].only_if_approved());
    assert!(found[0].helps(Voice::You).starts_with("Ask for one side only."));
}

#[test]
fn rules_that_name_the_same_person_add_one_step() {
    let rules = [
        rule(1, &[&[Member::Role(role(1))], &[Member::Role(role(2))]], approval()),
        rule(2, &[&[Member::Role(role(1))], &[Member::Role(role(2))]], Outcome::Block),
        rule(3, &[&[Member::Role(role(1))], &[Member::Role(role(2))]], approval()),
    ];
    let found = conflicts(&rules, &[holding(1, &[], Standing::Held), holding(2, &[], Standing::Wanted)]);
    let stages = extra_stages(&found);
    assert_eq!(stages.len(), 1);
    assert_eq!(stages[0].0, stage_of("E0031"));
    assert_eq!(stages[0].1, [rules[0].id, rules[2].id]);
}

fn any_member() -> impl Strategy<Value = Member> {
    prop_oneof![
        (0_u128..5).prop_map(|n| Member::Role(role(n))),
        (0_u128..5).prop_map(|n| Member::Entitlement(entitlement(n))),
    ]
}

fn any_rule() -> impl Strategy<Value = SeparationRule> {
    (0_u128..50, prop::collection::vec(prop::collection::vec(any_member(), 1..4), 2..4)).prop_map(|(n, sides)| {
        let sides: Vec<&[Member]> = sides.iter().map(Vec::as_slice).collect();
        rule(n, &sides, Outcome::Block)
    })
}

fn any_holding() -> impl Strategy<Value = Holding> {
    (0_u128..5, prop::collection::vec(0_u128..5, 0..3), 0_u8..3).prop_map(|(n, gives, standing)| {
        let standing = [Standing::Held, Standing::Wanted, Standing::Waiting][usize::from(standing)];
        holding(n, &gives, standing)
    })
}

/// The plain definition: how many sides does somebody have something of?
fn sides_had(rule: &SeparationRule, holdings: &[Holding]) -> usize {
    let has = |member: &Member| {
        holdings.iter().any(|h| match member {
            Member::Role(role) => h.role == *role,
            Member::Entitlement(id) => h.entitlements.contains_key(id),
        })
    };
    rule.sides.iter().filter(|side| side.members.iter().any(has)).count()
}

proptest! {
    #[test]
    fn a_conflict_is_exactly_where_two_sides_come_together(
        rules in prop::collection::vec(any_rule(), 0..6),
        holdings in prop::collection::vec(any_holding(), 0..6),
    ) {
        let found: Vec<SeparationRuleId> = conflicts(&rules, &holdings).iter().map(|c| c.rule).collect();
        let expected: Vec<SeparationRuleId> =
            rules.iter().filter(|r| sides_had(r, &holdings) > 1).map(|r| r.id).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn holding_more_never_resolves_a_conflict_and_giving_back_never_makes_one(
        rules in prop::collection::vec(any_rule(), 0..6),
        holdings in prop::collection::vec(any_holding(), 0..6),
        more in any_holding(),
    ) {
        let before: Vec<_> = conflicts(&rules, &holdings).iter().map(|c| c.rule).collect();
        let mut with = holdings.clone();
        with.push(more.clone());
        let after: Vec<_> = conflicts(&rules, &with).iter().map(|c| c.rule).collect();
        prop_assert!(before.iter().all(|r| after.contains(r)));
        // What is new is what the addition takes part in.
        let wish = of_wish(&rules, &more, &holdings);
        prop_assert!(after.iter().filter(|r| !before.contains(r)).all(|r| wish.iter().any(|c| c.rule == *r)));
    }

    #[test]
    fn every_conflict_says_what_and_what_would_help(
        rules in prop::collection::vec(any_rule(), 0..6),
        holdings in prop::collection::vec(any_holding(), 0..6),
    ) {
        for conflict in conflicts(&rules, &holdings) {
            prop_assert!(conflict.sides.len() > 1);
            prop_assert!(conflict.sides.iter().all(|s| !s.through.is_empty()));
            let said = conflict.explain(Voice::You);
            prop_assert!(conflict.sides.iter().all(|s| said.contains(&s.name)));
            prop_assert!(conflict.helps(Voice::You).ends_with('.'));
        }
    }
}

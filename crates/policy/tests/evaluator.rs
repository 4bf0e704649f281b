//! The evaluator, case by case: a policy, what is asked by whom for whom, and who decides it in which steps.
//!
//! Ann asks for herself. Max manages her, Bea manages Max, Olga owns the role, Sam the system, Sue and Seb are security, Pat
//! is P1; Cy, Di and Ed are the controllers. Each case says what is different.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use latchkey_domain::identity::Status;
use latchkey_policy::{
    ApproverFacts, Candidate, Delegate, Facts, PolicySnapshot, Resolution, Seen, Voice, Way, may_ask, resolve_stage,
    route, who_could_decide,
};

type Id = String;

fn who(text: &str) -> Candidate<Id> {
    let (name, status) = match text.split_once('!') {
        Some((name, "leave")) => (name, Status::OnLeave),
        Some((name, "left")) => (name, Status::Terminated),
        Some((name, "soon")) => (name, Status::PreHire),
        Some(_) => panic!("{text}"),
        None => (text, Status::Active),
    };
    Candidate { id: name.to_owned(), name: name.to_owned(), status }
}

fn base() -> (ApproverFacts<Id>, Facts) {
    let mut facts = ApproverFacts::of("ann".to_owned(), "ann".to_owned(), "ann".to_owned());
    facts.manager = Some(who("max"));
    facts.managers_manager = Some(who("bea"));
    facts.role_owner = Some(who("olga"));
    facts.system_owners = vec![who("sam")];
    facts.security = vec![who("sue"), who("seb")];
    facts.people = vec![("P1".to_owned(), who("pat"))];
    facts.groups = ["cy", "di", "ed"].map(|name| ("controllers".to_owned(), who(name))).to_vec();
    let mut seen = Facts::default();
    seen.person.department = "Finance".to_owned();
    seen.person.title = "Clerk".to_owned();
    seen.person.employment = "employee".to_owned();
    seen.role.risk = "low".to_owned();
    seen.request.hours = 24 * 30;
    seen.request.for_self = true;
    (facts, seen)
}

/// Applies what a case says is different, such as `manager=max!leave hours=8 delegate=max>bob`.
fn set(different: &str) -> (ApproverFacts<Id>, Facts) {
    let (mut facts, mut seen) = base();
    let list = |value: &str| value.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let one = |value: &str| (value != "none").then(|| who(value));
    for word in different.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "requester" => {
                facts.requester = value.to_owned();
                seen.request.for_self = facts.requester == facts.beneficiary;
            }
            "manager" => facts.manager = one(value),
            "above" => facts.managers_manager = one(value),
            "owner" => facts.role_owner = one(value),
            "system" => facts.system_owners = list(value).iter().map(|name| who(name)).collect(),
            "security" => facts.security = list(value).iter().map(|name| who(name)).collect(),
            "P1" => facts.people = one(value).map(|person| ("P1".to_owned(), person)).into_iter().collect(),
            "controllers" => {
                facts.groups = list(value).iter().map(|name| ("controllers".to_owned(), who(name))).collect();
            }
            "delegate" => {
                let (from, to) = value.split_once('>').unwrap();
                facts.delegates.push(Delegate { from: from.to_owned(), to: who(to) });
            }
            "decided" => facts.decided_before = list(value),
            "overdue" => facts.overdue = true,
            "dept" => seen.person.department = value.to_owned(),
            "title" => seen.person.title = value.to_owned(),
            "employment" => seen.person.employment = value.to_owned(),
            "groups" => seen.person.groups = list(value),
            "roles" => seen.person.roles = list(value),
            "risk" => seen.role.risk = value.to_owned(),
            "tags" => seen.role.tags = list(value),
            "hours" => seen.request.hours = value.parse().unwrap(),
            "first" => seen.request.first_time = true,
            "reason" => seen.request.reason = value.to_owned(),
            other => panic!("{other}"),
        }
    }
    (facts, seen)
}

fn policy(stages: &str, rest: &str) -> PolicySnapshot {
    policy_with(stages, rest, "")
}

fn policy_with(stages: &str, rest: &str, others: &str) -> PolicySnapshot {
    let comma = if rest.is_empty() { "" } else { "," };
    PolicySnapshot::from_json(&format!(
        r#"{{"schema":3,"policy":{}{others}}}"#,
        body("main", stages, &format!("{comma}{rest}"))
    ))
    .unwrap()
}

fn body(key: &str, stages: &str, rest: &str) -> String {
    format!(
        r#"{{"key":"{key}","name":"{key}","description":"d","stages":[{stages}],"max_duration":"90d","default_duration":"30d","offer":["30d"],"who":["employee"],"reason":"required","undecided_after":"14d"{rest}}}"#
    )
}

fn people(stage: &Resolution<Id>) -> String {
    let names = stage.approvers.iter().map(|a| match &a.on_behalf_of {
        Some((_, seat)) => format!("{}({seat})", a.name),
        None => a.name.clone(),
    });
    names.collect::<Vec<_>>().join(",")
}

/// `max | olga`, `approved`, `stuck`, or the code of the refusal.
fn outcome(policy: &PolicySnapshot, different: &str) -> String {
    let (facts, seen) = set(different);
    let seen = Seen::new(&seen);
    if let Err(no) = may_ask(policy, &seen) {
        return no.code.as_str().to_owned();
    }
    let routing = match route(policy, &seen) {
        Ok(routing) => routing,
        Err(no) => return no.code.as_str().to_owned(),
    };
    if routing.way == Way::Approved {
        return "approved".to_owned();
    }
    if facts.overdue || !facts.decided_before.is_empty() {
        // One stage, later on.
        let stage = resolve_stage(&routing.stages()[0], &facts);
        return if stage.is_stuck() { "stuck".to_owned() } else { people(&stage) };
    }
    match who_could_decide(routing.stages(), &facts, Voice::You) {
        Ok(stages) => stages.iter().map(people).collect::<Vec<_>>().join(" | "),
        Err(_) => "stuck".to_owned(),
    }
}

fn hold(policy: &PolicySnapshot, cases: &[(&str, &str)]) -> usize {
    for (different, expected) in cases {
        assert_eq!(outcome(policy, different), *expected, "{}: {different:?}", policy.policy.name);
    }
    cases.len()
}

#[test]
fn who_decides_in_which_case() {
    let mut cases = 0;
    cases += hold(
        &policy(r#"{"approvers":"manager","fallback":"owner"}"#, ""),
        &[
            ("", "max"),
            // A manager asks for a report: the fallback decides.
            ("requester=max", "olga"),
            ("manager=none", "olga"),
            // An approver who left, is away, or hasn't started.
            ("manager=max!left", "olga"),
            ("manager=max!leave", "olga"),
            ("manager=max!soon", "olga"),
            ("manager=max!left owner=none", "stuck"),
            ("manager=ann", "olga"),
            ("manager=max!left owner=ann", "stuck"),
            ("requester=olga", "max"),
            ("requester=olga manager=none", "stuck"),
            // Somebody stands in.
            ("delegate=max>bob", "max,bob(max)"),
            ("manager=max!leave delegate=max>bob", "bob(max)"),
            ("manager=max!left delegate=max>bob", "olga"),
            ("delegate=max>ann", "max"),
            ("requester=max delegate=max>bob", "olga"),
            ("manager=max!leave delegate=max>bob!leave", "olga"),
            ("delegate=olga>bob", "max"),
            ("requester=bob delegate=max>bob", "max"),
            ("delegate=max>bob delegate=bob>cy", "max,bob(max)"),
        ],
    );
    cases += hold(
        &policy(r#"{"approvers":"manager"},{"approvers":"owner","fallback":"security"}"#, ""),
        &[
            ("", "max | olga"),
            ("owner=max", "max | max"),
            ("owner=ann", "max | sue,seb"),
            ("owner=olga!left security=", "stuck"),
            ("manager=none", "stuck"),
        ],
    );
    cases += hold(
        &policy(r#"{"approvers":"manager"},{"approvers":"owner","fallback":"security","again":false}"#, ""),
        &[
            ("", "max | olga"),
            ("owner=max", "max | sue,seb"),
            ("owner=max security=max", "stuck"),
            ("owner=max delegate=max>bob", "max,bob(max) | max,bob(max)"),
        ],
    );
    cases += hold(
        &policy(r#"{"approvers":"group:controllers","quorum":2}"#, ""),
        &[
            ("", "cy,di,ed"),
            ("controllers=cy,di", "cy,di"),
            ("controllers=cy", "stuck"),
            ("controllers=", "stuck"),
            ("controllers=cy,di!leave,ed!left", "stuck"),
            ("requester=cy controllers=cy,di", "stuck"),
            ("controllers=cy,di!leave delegate=di>bob", "cy,bob(di)"),
            // One person for two seats is one voice.
            ("controllers=cy,di!leave delegate=di>cy", "stuck"),
        ],
    );
    cases += hold(
        &policy(r#"{"approvers":["manager","owner"],"quorum":"all","fallback":"security"}"#, ""),
        &[
            ("", "max,olga"),
            ("manager=none", "olga,sue,seb"),
            ("owner=max", "max"),
            ("owner=none security=", "stuck"),
            ("manager=max!leave delegate=max>bob", "olga,bob(max)"),
        ],
    );
    cases += hold(
        &policy(r#"{"approvers":["group:controllers","owner"],"quorum":"each"}"#, ""),
        &[
            ("", "cy,di,ed,olga"),
            ("owner=cy", "cy,di,ed"),
            ("owner=cy controllers=cy", "stuck"),
            ("owner=none", "stuck"),
        ],
    );
    cases += hold(
        &policy(r#"{"approvers":"managers-manager","fallback":"person:P1"}"#, ""),
        &[("", "bea"), ("above=none", "pat"), ("above=ann", "pat"), ("above=none P1=none", "stuck")],
    );
    cases += hold(
        &policy(r#"{"approvers":"system-owner","fallback":"security","delegation":false}"#, ""),
        &[
            ("", "sam"),
            ("system=sam,sid", "sam,sid"),
            ("system=sam!leave delegate=sam>bob", "sue,seb"),
            ("system=", "sue,seb"),
        ],
    );
    let late = r#"{"approvers":"manager","fallback":"owner","deadline":{"after":"2d","then":"escalate","to":"managers-manager"}}"#;
    cases += hold(
        &policy(late, ""),
        &[
            ("", "max"),
            ("overdue", "max,bea"),
            ("overdue above=none", "max"),
            ("overdue manager=none", "bea"),
            ("overdue above=ann manager=none", "olga"),
        ],
    );
    cases += hold(
        &policy(r#"{"approvers":"manager","fallback":"owner","deadline":{"after":"2d","then":"reassign"}}"#, ""),
        &[("", "max"), ("overdue", "olga"), ("overdue owner=none", "stuck")],
    );
    cases += hold(
        &policy(r#"{"approvers":"owner","again":false}"#, ""),
        &[("decided=max", "olga"), ("decided=olga", "stuck")],
    );

    let rules = r#""may_ask":{"when":"person.department != \"Temps\"","advice":"a"},"rules":[
        {"name":"interns","when":"person.title == \"Intern\"","then":{"refuse":"b"}},
        {"name":"day","when":"request.hours <= 24 && !request.first_time","then":"approve"},
        {"name":"risky","when":"role.risk in [\"high\", \"critical\"]","then":{"stages":[{"approvers":"manager"},{"approvers":"security"}]}},
        {"name":"money","when":"role.tags.exists(t, t == \"money\")","then":{"stages":[{"approvers":"group:controllers"}]}},
        {"name":"urgent","when":"request.reason.startsWith(\"INC-\")","then":{"stages":[{"approvers":"owner"}]}}]"#;
    cases += hold(
        &policy(r#"{"approvers":"manager"}"#, rules),
        &[
            ("", "max"),
            ("dept=Temps", "may_not_ask"),
            ("title=Intern", "refused_by_rule"),
            ("title=Intern hours=8", "refused_by_rule"),
            ("hours=8", "approved"),
            ("hours=24", "approved"),
            ("hours=25", "max"),
            ("hours=8 first", "max"),
            ("hours=8 risk=high", "approved"),
            ("risk=high", "max | sue,seb"),
            ("risk=critical tags=money", "max | sue,seb"),
            ("tags=money", "cy,di,ed"),
            ("tags=x,money", "cy,di,ed"),
            ("reason=INC-1234", "olga"),
            ("reason=inc-1234", "max"),
        ],
    );
    cases += hold(
        &policy(
            "",
            r#""rules":[{"name":"staff","when":"person.employment == \"employee\"","then":{"stages":[{"approvers":"manager"}]}}]"#,
        ),
        &[("", "max"), ("employment=contractor", "no_rule_fits"), ("employment=", "no_rule_fits")],
    );
    // A condition that can't be worked out refuses, in a rule and for who may ask.
    cases += hold(
        &policy(
            r#"{"approvers":"manager"}"#,
            r#""rules":[{"name":"first","when":"person.groups[0] == \"a\"","then":"approve"}]"#,
        ),
        &[("", "condition_failed"), ("groups=a", "approved"), ("groups=b", "max")],
    );
    cases += hold(
        &policy(r#"{"approvers":"manager"}"#, r#""may_ask":{"when":"person.roles[0] == \"x\"","advice":"a"}"#),
        &[("", "condition_failed"), ("roles=x", "max"), ("roles=y,x", "may_not_ask")],
    );
    // From policy to policy; what isn't there, or comes back to itself, leads nowhere.
    let uses = r#""rules":[{"name":"money","when":"\"money\" in role.tags","then":{"policy":"other"}}]"#;
    let other = |rest: &str| format!(r#","others":[{}]"#, body("other", r#"{"approvers":"security"}"#, rest));
    cases +=
        hold(&policy_with(r#"{"approvers":"manager"}"#, uses, &other("")), &[("", "max"), ("tags=money", "sue,seb")]);
    cases += hold(
        &policy_with(
            r#"{"approvers":"manager"}"#,
            uses,
            &other(r#","rules":[{"name":"back","when":"role.risk == \"low\"","then":{"policy":"other"}}]"#),
        ),
        &[("tags=money", "no_rule_fits"), ("tags=money risk=high", "sue,seb")],
    );
    cases += hold(&policy_with(r#"{"approvers":"manager"}"#, uses, ""), &[("tags=money", "no_rule_fits")]);
    cases += hold(
        &policy_with(
            r#"{"approvers":"manager"}"#,
            uses,
            &other(r#","may_ask":{"when":"person.title == \"Clerk\"","advice":"a"}"#),
        ),
        &[("tags=money", "sue,seb"), ("tags=money title=Chef", "may_not_ask")],
    );
    assert!(cases >= 60, "{cases} cases");
}

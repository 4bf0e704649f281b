//! Events about sources and their calls, for tests.

use latchkey_domain::event::EventBody;

use super::{ANN, BO, GRANT, ROLE};

pub(super) fn bodies() -> Vec<EventBody> {
    let source = || "on-call".to_owned();
    let refused = |identity, role, code: &str| EventBody::CallInRefused {
        source: source(),
        identity,
        role,
        code: code.to_owned(),
    };
    let mut all = vec![
        EventBody::CallSourceApplied { source: source(), version: 2, hash: "aa".into() },
        EventBody::CallSourceRetired { source: source() },
        EventBody::CallSourceBack { source: source() },
        EventBody::CallInOpened { source: source(), identity: BO, roles: vec![], grants: vec![] },
        EventBody::CallInOpened { source: source(), identity: BO, roles: vec![ROLE], grants: vec![GRANT] },
        EventBody::CallInOpened { source: source(), identity: BO, roles: vec![ROLE, ROLE], grants: vec![GRANT] },
        EventBody::CallInEnded { source: source(), people: vec![], roles: vec![], grants: vec![] },
        EventBody::CallInEnded { source: source(), people: vec![BO], roles: vec![ROLE], grants: vec![GRANT] },
        EventBody::CallInEnded { source: source(), people: vec![ANN, BO], roles: vec![ROLE], grants: vec![GRANT; 2] },
        EventBody::CallInRefused { source: String::new(), identity: None, role: None, code: "not_signed".into() },
    ];
    all.extend([true, false].map(|ends| EventBody::CallSourceSilent { source: source(), ends }));
    all.extend(["unreadable", "person_unknown", "person_ambiguous", "id_used"].map(|code| refused(None, None, code)));
    all.extend(["no_rule", "until_past"].map(|code| refused(Some(BO), None, code)));
    let of_role = ["not_at_work", "condition_not_met", "condition_failed", "separation", "role_retired"];
    all.extend(of_role.map(|code| refused(Some(BO), Some(ROLE), code)));
    all
}

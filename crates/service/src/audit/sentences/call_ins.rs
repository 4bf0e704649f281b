//! What sources said by signed calls, and what came of it, in words.

use latchkey_domain::{IdentityId, RoleId, event::EventBody};

use super::{Draft, words};

/// The sentence of such an event.
pub(super) fn call_ins<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::CallSourceApplied { source, version, .. } => {
            d.actor().text(format!(" put version {version} of the source “{source}” into force"))
        }
        EventBody::CallSourceRetired { source } => d.actor().text(format!(" retired the source “{source}”")),
        EventBody::CallInOpened { source, identity, roles, .. } if roles.is_empty() => d
            .text(format!("The source “{source}” called in for "))
            .person(*identity)
            .text(", and everything was open already"),
        EventBody::CallInOpened { source, identity, roles, .. } => {
            let d = d.text(format!("The source “{source}” called in for ")).person(*identity).text(", which opened ");
            listed(d, roles)
        }
        EventBody::CallInEnded { source, grants, .. } if grants.is_empty() => {
            d.text(format!("The source “{source}” said that it is over, and nothing was open any more"))
        }
        EventBody::CallInEnded { source, people, roles, .. } => {
            ended(d.text(format!("The source “{source}” said that it is over, which ended ")), people, roles)
        }
        EventBody::CallInRefused { source, identity, role, code } => {
            let d = match source.as_str() {
                "" => d.text("Latchkey refused a call"),
                source => d.text(format!("Latchkey refused a call of the source “{source}”")),
            };
            let d = match identity {
                Some(identity) => d.text(" for ").person(*identity),
                None => d,
            };
            let d = match role {
                Some(role) => d.text(" and ").role(*role),
                None => d,
            };
            d.text(format!(": {}", words::call_refusal(code)))
        }
        EventBody::CallSourceSilent { source, ends } => d.text(format!(
            "Nothing was heard from the source “{source}” for too long; what it opened {}",
            if *ends { "ends" } else { "stays to its own end" }
        )),
        EventBody::CallSourceBack { source } => d.text(format!("The source “{source}” is heard again")),
        _ => d,
    }
}

/// `Payroll reader and VPN user`.
fn listed<'a>(mut d: Draft<'a>, roles: &[RoleId]) -> Draft<'a> {
    for (n, role) in roles.iter().enumerate() {
        d = match n {
            0 => d,
            n if n + 1 == roles.len() => d.text(" and "),
            _ => d.text(", "),
        };
        d = d.role(*role);
    }
    d
}

fn ended<'a>(d: Draft<'a>, people: &[IdentityId], roles: &[RoleId]) -> Draft<'a> {
    let d = listed(d, roles).text(" for ");
    match people {
        [one] => d.person(*one),
        several => d.text(words::count(several.len(), "person", "people")),
    }
}

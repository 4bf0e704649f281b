//! What full passes found and what became of it, in words.

use latchkey_domain::{
    EntitlementId, IdentityId, SystemId,
    drift::{DriftEnd, DriftKind, DriftState},
    event::EventBody,
};

use super::Draft;

/// The sentence of such an event.
pub(super) fn drift<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::SystemCompared { system, accounts, holdings, found, gone, .. } => {
            let d = d.text("Latchkey compared ").system(*system).text(format!(
                " with what was granted: {accounts} accounts that hold something {holdings} times; {found} findings are new"
            ));
            if *gone == 0 { d } else { d.text(format!(", {gone} are over")) }
        }
        EventBody::DriftFound { system, drift_kind, identity, entitlement, .. } => match drift_kind {
            DriftKind::Missing => {
                thing(d.text("Somebody else took away "), *drift_kind, *identity, *entitlement, *system)
            }
            _ => thing(d.text("Nobody here granted "), *drift_kind, *identity, *entitlement, *system),
        },
        EventBody::DriftDecided { system, drift_kind, identity, entitlement, to, .. } => {
            let words = if *to == DriftState::Accepted { " let stay: " } else { " had this taken away: " };
            thing(d.actor().text(words), *drift_kind, *identity, *entitlement, *system)
        }
        EventBody::DriftEnded { system, drift_kind, identity, entitlement, how, .. } => {
            let how = match how {
                DriftEnd::Gone => "Gone by itself: ",
                DriftEnd::Granted => "Granted in the meantime: ",
                DriftEnd::Removed => "Latchkey took away, and the system confirms it: ",
                DriftEnd::Restored => "Latchkey gave again, and the system confirms it: ",
                DriftEnd::OutOfReach => "Not managed any more: ",
            };
            thing(d.text(how), *drift_kind, *identity, *entitlement, *system)
        }
        EventBody::BrakePulled { system, removals, of, .. } => d.text("A pass over ").system(*system).text(format!(
            " would have taken away {removals} of {of}, and stopped: that is more than it may by itself"
        )),
        EventBody::BrakeReleased { system, resumed, .. } => {
            let words =
                if *resumed { " let the stopped pass go on over " } else { " called off the stopped pass over " };
            d.actor().text(words).system(*system)
        }
        _ => d,
    }
}

/// `payroll-readers on Directory for Bo Berg`.
fn thing<'a>(
    d: Draft<'a>,
    kind: DriftKind,
    identity: Option<IdentityId>,
    entitlement: Option<EntitlementId>,
    system: SystemId,
) -> Draft<'a> {
    let d = match (kind, entitlement) {
        (DriftKind::Account, _) => d.text("an account"),
        (DriftKind::Nested, Some(entitlement)) => d.entitlement(entitlement).text(" through a group inside it"),
        (_, Some(entitlement)) => d.entitlement(entitlement),
        (_, None) => d.text("something"),
    };
    let d = d.text(" on ").system(system);
    match (kind, identity) {
        (DriftKind::Account, Some(who)) => d.text(", which carries the id of ").person(who),
        (_, Some(who)) => d.text(" for ").person(who),
        (DriftKind::Account | DriftKind::Nested, None) => d,
        (_, None) => d.text(" for an account of nobody"),
    }
}

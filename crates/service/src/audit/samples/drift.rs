//! Events about full passes and what they found, for tests.

use latchkey_domain::{
    DriftId, PassId,
    drift::{DriftEnd, DriftKind, DriftState},
    event::EventBody,
};

use super::{BO, ENTITLEMENT, SYSTEM, n};

const DRIFT: DriftId = DriftId(n(30));
const PASS: PassId = PassId(n(31));

pub(super) fn bodies() -> Vec<EventBody> {
    let mut all = vec![
        EventBody::SystemCompared { system: SYSTEM, pass: PASS, accounts: 40, holdings: 120, found: 3, gone: 0 },
        EventBody::SystemCompared { system: SYSTEM, pass: PASS, accounts: 40, holdings: 120, found: 0, gone: 2 },
        EventBody::BrakePulled { system: SYSTEM, pass: PASS, removals: 90, of: 120 },
    ];
    all.extend([true, false].map(|resumed| EventBody::BrakeReleased { system: SYSTEM, pass: PASS, resumed }));
    for drift_kind in DriftKind::ALL.iter().copied() {
        let entitlement = (drift_kind != DriftKind::Account).then_some(ENTITLEMENT);
        for identity in [Some(BO), None] {
            all.push(EventBody::DriftFound { drift: DRIFT, system: SYSTEM, drift_kind, identity, entitlement });
        }
    }
    let (drift_kind, identity, entitlement) = (DriftKind::Access, Some(BO), Some(ENTITLEMENT));
    for to in [DriftState::Accepted, DriftState::Removing] {
        all.push(EventBody::DriftDecided { drift: DRIFT, system: SYSTEM, drift_kind, identity, entitlement, to });
    }
    for how in DriftEnd::ALL.iter().copied() {
        all.push(EventBody::DriftEnded { drift: DRIFT, system: SYSTEM, drift_kind, identity, entitlement, how });
    }
    all
}

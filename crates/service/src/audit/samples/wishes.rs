//! Events about wishes in words, for tests.

use latchkey_domain::{
    WishId,
    event::{EventBody, StageApprover},
};

use super::{ANN, BO, ROLE, n};

pub(super) fn bodies() -> Vec<EventBody> {
    let (wish, wisher) = (WishId(n(20)), ANN);
    let approver = |because: &str| StageApprover { identity: BO, because: because.to_owned(), on_behalf_of: None };
    let mut all = vec![
        EventBody::WishRuleApplied {
            approvers: vec!["group:it-desk".into(), "manager".into()],
            fallback: Some("security".into()),
            within: "3d".into(),
        },
        EventBody::WishRuleRetired {},
        EventBody::WishMade { wish, reference: "W-7KPQ2MX".into(), wisher },
        EventBody::WishOverdue { wish, wisher },
    ];
    for approvers in [vec![], vec![approver("group")], vec![approver("proposed-owner"), approver("manager")]] {
        all.push(EventBody::WishWaits { wish, wisher, approvers });
    }
    for on_behalf_of in [None, Some(BO)] {
        all.push(EventBody::WishAnswered { wish, wisher, role: ROLE, on_behalf_of });
        all.push(EventBody::WishRoleProposed { wish, wisher, owner: BO, on_behalf_of });
        all.push(EventBody::WishRefused { wish, wisher, on_behalf_of });
    }
    for accepted in [true, false] {
        all.push(EventBody::WishProposalDecided { wish, wisher, owner: BO, accepted });
    }
    for because in ["withdrawn", "left"] {
        all.push(EventBody::WishWithdrawn { wish, wisher, because: because.into() });
    }
    all
}

//! What happened, in words: one sentence for each kind of event.

use latchkey_domain::{
    IdentityId, Instant, ItemId,
    actor::ActorRef,
    event::{EventBody, StageApprover, SubmittedItem},
    grant::{GrantEnd, GrantKind, GrantOrigin},
    item::Verdict,
};

use super::{
    Draft, Piece, break_glass::break_glass, call_ins::call_ins, conversation::conversation, drift::drift,
    separation::separation, systems::systems, wishes::wishes, words,
};

/// The sentence of an event.
pub(super) fn draft<'a>(actor: &'a ActorRef, body: &EventBody) -> Draft<'a> {
    let d = Draft::new(actor);
    match body {
        EventBody::InstallationStarted { .. }
        | EventBody::RestoreDetected { .. }
        | EventBody::RestoreConfirmed { .. }
        | EventBody::CatalogApplied { .. }
        | EventBody::PeopleImported { .. }
        | EventBody::SystemApplied { .. }
        | EventBody::SystemRetired { .. }
        | EventBody::EntitlementApplied { .. }
        | EventBody::EntitlementRetired { .. }
        | EventBody::PolicyVersionAdded { .. }
        | EventBody::RoleVersionAdded { .. }
        | EventBody::RoleRetired { .. }
        | EventBody::PolicyRetired { .. }
        | EventBody::GroupApplied { .. }
        | EventBody::GroupRetired { .. }
        | EventBody::OwnerChanged { .. }
        | EventBody::OwnerSucceeded { .. } => installation(d, body),
        EventBody::SeparationRuleVersionAdded { .. }
        | EventBody::SeparationRuleRetired { .. }
        | EventBody::SeparationOwnerChanged { .. }
        | EventBody::SeparationExceptionGranted { .. }
        | EventBody::SeparationExceptionEnded { .. }
        | EventBody::SeparationStageAdded { .. } => separation(d, body),
        EventBody::PersonAdded { .. }
        | EventBody::PersonChanged { .. }
        | EventBody::PersonStatusChanged { .. }
        | EventBody::NoticePreferenceChanged { .. }
        | EventBody::SignedIn { .. }
        | EventBody::SignInRefused { .. }
        | EventBody::IdentityBound { .. }
        | EventBody::SignedOut { .. }
        | EventBody::SessionEnded { .. }
        | EventBody::ForeignChangeRefused { .. } => people(d, body),
        EventBody::RequestSubmitted { .. }
        | EventBody::StageOpened { .. }
        | EventBody::ApproversChanged { .. }
        | EventBody::ItemDecided { .. }
        | EventBody::ItemApprovedByRule { .. }
        | EventBody::StageOverdue { .. }
        | EventBody::ConditionFailed { .. }
        | EventBody::DelegationCreated { .. }
        | EventBody::DelegationEnded { .. }
        | EventBody::DecisionRefused { .. }
        | EventBody::ItemWithdrawn { .. }
        | EventBody::ItemSuperseded { .. }
        | EventBody::ItemLapsed { .. }
        | EventBody::ItemCancelled { .. } => asking(d, body),
        EventBody::MessageWritten { .. }
        | EventBody::ItemShortened { .. }
        | EventBody::StageNudged { .. }
        | EventBody::StageMovedOn { .. }
        | EventBody::ItemHandedOver { .. }
        | EventBody::ApproverAdded { .. } => conversation(d, body),
        EventBody::BreakGlassTaken { .. }
        | EventBody::BreakGlassRefused { .. }
        | EventBody::BreakGlassReported { .. }
        | EventBody::BreakGlassReviewOverdue { .. }
        | EventBody::BreakGlassReviewed { .. } => break_glass(d, body),
        EventBody::CallSourceApplied { .. }
        | EventBody::CallSourceRetired { .. }
        | EventBody::CallInOpened { .. }
        | EventBody::CallInEnded { .. }
        | EventBody::CallInRefused { .. }
        | EventBody::CallSourceSilent { .. }
        | EventBody::CallSourceBack { .. } => call_ins(d, body),
        EventBody::WishRuleApplied { .. }
        | EventBody::WishRuleRetired { .. }
        | EventBody::WishMade { .. }
        | EventBody::WishWaits { .. }
        | EventBody::WishAnswered { .. }
        | EventBody::WishRoleProposed { .. }
        | EventBody::WishProposalDecided { .. }
        | EventBody::WishRefused { .. }
        | EventBody::WishWithdrawn { .. }
        | EventBody::WishOverdue { .. } => wishes(d, body),
        EventBody::AdministratorAdded { .. }
        | EventBody::GrantCreated { .. }
        | EventBody::GrantStarted { .. }
        | EventBody::TrialKept { .. }
        | EventBody::GrantEnded { .. }
        | EventBody::GrantMoved { .. } => holding(d, body),
        EventBody::AccountWanted { .. }
        | EventBody::AccountObserved { .. }
        | EventBody::FulfilmentWanted { .. }
        | EventBody::FulfilmentFailed { .. }
        | EventBody::FulfilmentWaits { .. }
        | EventBody::FulfilmentHeldBack { .. }
        | EventBody::FulfilmentConfirmed { .. }
        | EventBody::FulfilmentRetried { .. }
        | EventBody::FulfilmentKept { .. } => systems(d, body),
        EventBody::SystemCompared { .. }
        | EventBody::DriftFound { .. }
        | EventBody::DriftDecided { .. }
        | EventBody::DriftEnded { .. }
        | EventBody::BrakePulled { .. }
        | EventBody::BrakeReleased { .. } => drift(d, body),
    }
}

fn installation<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::InstallationStarted { epoch: 1 } => d.actor().text(" set up this installation"),
        EventBody::InstallationStarted { epoch } => d.actor().text(format!(" began part {epoch} of the log")),
        EventBody::RestoreDetected { .. } => {
            d.actor().text(" restored a backup; Latchkey only looks at the systems until somebody confirms")
        }
        EventBody::RestoreConfirmed { .. } => {
            d.actor().text(" confirmed the restored data; Latchkey changes the systems again").session()
        }
        EventBody::GroupApplied { key, members, .. } => {
            let n = members.len();
            let people = if n == 1 { "1 member".to_owned() } else { format!("{n} members") };
            d.actor().text(format!(" applied the group {key}, with {people}"))
        }
        EventBody::GroupRetired { key, .. } => d.actor().text(format!(" retired the group {key}")),
        EventBody::CatalogApplied { added, changed, retired, .. } => {
            d.actor().text(format!(" applied the catalog: {added} added, {changed} changed, {retired} retired"))
        }
        EventBody::PeopleImported { added, changed, ended, .. } => {
            d.actor().text(format!(" imported people: {added} added, {changed} changed, {ended} left"))
        }
        EventBody::SystemApplied { system, owner, .. } => {
            let d = d.actor().text(" described ").system(*system).text(" anew");
            match owner {
                Some(owner) => d.text(", owned by ").person(*owner),
                None => d.text(", without an owner"),
            }
        }
        EventBody::SystemRetired { system, .. } => d.actor().text(" retired ").system(*system),
        EventBody::EntitlementApplied { entitlement, system, .. } => {
            d.actor().text(" described ").entitlement(*entitlement).text(" on ").system(*system).text(" anew")
        }
        EventBody::EntitlementRetired { entitlement, system, .. } => {
            d.actor().text(" retired ").entitlement(*entitlement).text(" on ").system(*system)
        }
        EventBody::PolicyVersionAdded { key, version, .. } => {
            d.actor().text(format!(" put version {version} of the policy “{key}” into force"))
        }
        EventBody::RoleVersionAdded { role, version, entitlements, holders, .. } => {
            let d = d.actor().text(format!(" put version {version} of ")).role(*role);
            let d = d
                .text(format!(" into force, with {}", words::count(entitlements.len(), "entitlement", "entitlements")));
            match *holders {
                0 => d,
                1 => d.text("; it reaches 1 holder"),
                n => d.text(format!("; it reaches {n} holders")),
            }
        }
        EventBody::RoleRetired { role, .. } => d.actor().text(" retired ").role(*role),
        EventBody::PolicyRetired { key, .. } => d.actor().text(format!(" retired the policy “{key}”")),
        EventBody::OwnerSucceeded { role, system, from, to, because } => {
            let d = match (role, system) {
                (Some(role), _) => d.role(*role),
                (None, Some(system)) => d.system(*system),
                (None, None) => d.text("Something that the event doesn't name"),
            };
            let d = d.text(" belongs to ").person(*to).text(" now: ").person(*from).text(" left, and ");
            d.text(words::succession(because))
        }
        EventBody::OwnerChanged { role, system, from, to } => {
            let d = match to {
                Some(to) => d.actor().text(" made ").person(*to).text(" the owner of "),
                None => d.actor().text(" left without an owner: "),
            };
            let d = match (role, system) {
                (Some(role), _) => d.role(*role),
                (None, Some(system)) => d.system(*system),
                (None, None) => d.text("something that the event doesn't name"),
            };
            match (from, to) {
                (Some(from), Some(_)) => d.text(", after ").person(*from),
                (Some(from), None) => d.text(", which ").person(*from).text(" owned"),
                (None, _) => d,
            }
        }
        _ => d,
    }
}

fn people<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::PersonAdded { identity, status, manager } => {
            let d = d.actor().text(" added ").person(*identity).text(format!(" ({})", words::status(*status)));
            reporting_to(d, *manager)
        }
        EventBody::PersonChanged { identity, changed, manager } => {
            let d = d.actor().text(" changed ").person(*identity).text(format!(": {}", words::attributes(changed)));
            if changed.iter().any(|c| c.starts_with("manager")) { reporting_to(d, *manager) } else { d }
        }
        EventBody::PersonStatusChanged { identity, from, to } => d
            .actor()
            .text(" changed the status of ")
            .person(*identity)
            .text(format!(" from “{}” to “{}”", words::status(*from), words::status(*to))),
        EventBody::NoticePreferenceChanged { group, choice, .. } => {
            d.actor().text(format!(" chose how to be told of {}: {}", words::notices(group), words::choice(choice)))
        }
        EventBody::SignedIn { identity, issuer, amr, .. } => {
            let d = d.person(*identity).text(format!(" signed in through {issuer}"));
            let d = if amr.is_empty() { d } else { d.text(format!(", with {}", words::methods(amr))) };
            match d.actor {
                ActorRef::Person { mfa: true, .. } => d.text(", confirmed by a second factor"),
                _ => d,
            }
        }
        EventBody::SignInRefused { identity, code, .. } => {
            let d = match identity {
                Some(identity) => d.text("Latchkey refused to sign in ").person(*identity),
                None => d.text("Latchkey refused to sign in somebody unknown"),
            };
            d.text(format!(": {}", words::sign_in_refusal(code)))
        }
        EventBody::IdentityBound { identity, issuer, by } => d
            .text(format!("Latchkey linked a sign-in at {issuer} to "))
            .person(*identity)
            .text(format!(", {}", words::bound_by(by))),
        EventBody::SignedOut { identity, .. } => d.person(*identity).text(" signed out"),
        EventBody::SessionEnded { identity, reason, .. } => {
            d.text("A session of ").person(*identity).text(format!(" ended: {}", words::session_end(reason)))
        }
        EventBody::ForeignChangeRefused { path, origin } if origin.is_empty() => {
            d.text(format!("Latchkey refused a change to {path} that didn't say which page it came from"))
        }
        EventBody::ForeignChangeRefused { path, origin } => {
            d.text(format!("Latchkey refused a change to {path} that came from another site: {origin}"))
        }
        _ => d,
    }
}

fn reporting_to(d: Draft<'_>, manager: Option<IdentityId>) -> Draft<'_> {
    match manager {
        Some(manager) => d.text(", reporting to ").person(manager),
        None => d.text(", without a manager"),
    }
}

fn asking<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::RequestSubmitted { request, requester, items, .. } => {
            let d = d.person(*requester).text(" asked for ");
            asked_for(d, *requester, items).text(", in ").piece(Piece::Request(*request))
        }
        EventBody::StageOpened { request, item, approvers, position, .. } => {
            let d = if *position == 0 { d } else { d.text("After the step before, ") };
            let d = d.piece(Piece::Request(*request)).text(", ").piece(Piece::RoleOf(*item)).text(" for ");
            approvers_of(d.piece(Piece::BeneficiaryOf(*item)), approvers)
        }
        EventBody::ApproversChanged { item, approvers, why, .. } => {
            let d = d.piece(Piece::RequestOf(*item)).text(", ").piece(Piece::RoleOf(*item)).text(" for ");
            approvers_of(d.piece(Piece::BeneficiaryOf(*item)).text(", now"), approvers)
                .text(format!(": {}", words::why(why)))
        }
        EventBody::ItemDecided {
            item, role, beneficiary, verdict, on_behalf_of, final_stage, stage_goes_on, ..
        } => {
            let verb = match verdict {
                Verdict::Approve => " approved ",
                Verdict::Deny => " denied ",
            };
            let d = d.actor();
            let d = if let Some(other) = on_behalf_of { d.text(", on behalf of ").person(*other).text(",") } else { d };
            let d = d.text(verb).role(*role).text(" for ").person(*beneficiary);
            let d = match (verdict, final_stage) {
                (Verdict::Approve, true) => d.piece(Piece::TermOf(*item)),
                (Verdict::Approve, false) if *stage_goes_on => d.text(", and others have to agree, too"),
                (Verdict::Approve, false) => d.text(", and the next step is open"),
                (Verdict::Deny, _) => d,
            };
            d.session()
        }
        EventBody::ItemApprovedByRule { item, role, beneficiary, rule, .. } => d
            .text(format!("The policy\u{2019}s rule \u{201c}{rule}\u{201d} approved "))
            .role(*role)
            .text(" for ")
            .person(*beneficiary)
            .piece(Piece::TermOf(*item)),
        EventBody::StageOverdue { item, role, beneficiary, outcome, .. } => {
            let d = d.text("Nobody decided by the deadline on ").role(*role).text(" for ").person(*beneficiary);
            ended(d, *item).text(format!(": {}", words::overdue(outcome)))
        }
        EventBody::ConditionFailed { role, beneficiary } => d
            .text("A condition of the policy of ")
            .role(*role)
            .text(" could not be worked out for ")
            .person(*beneficiary)
            .text(", who was refused"),
        EventBody::DelegationCreated { from, to, starts_at, ends_at, .. } => {
            let day = |at: &Instant| at.format("%-d %B %Y").to_string();
            d.person(*to).text(" decides for ").person(*from).text(format!(
                " from {} until {}",
                day(starts_at),
                day(ends_at)
            ))
        }
        EventBody::DelegationEnded { from, to, .. } => {
            d.actor().text(" ended that ").person(*to).text(" decides for ").person(*from)
        }
        EventBody::DecisionRefused { role, beneficiary, code, .. } => d
            .actor()
            .text(" tried to decide on ")
            .role(*role)
            .text(" for ")
            .person(*beneficiary)
            .text(format!(", and Latchkey refused: {}", words::decision_refusal(code))),
        EventBody::ItemWithdrawn { item, role, beneficiary, .. } => {
            ended(d.actor().text(" took back the wish for ").role(*role).text(" for ").person(*beneficiary), *item)
        }
        EventBody::ItemSuperseded { item, role, beneficiary, by, .. } => {
            let d = d.actor().text(" asked again for ").role(*role).text(" for ").person(*beneficiary);
            ended(d, *item).text(", which ").piece(Piece::Request(*by)).text(" replaces")
        }
        EventBody::ItemLapsed { item, role, beneficiary, .. } => {
            ended(d.text("Nobody decided in time on ").role(*role).text(" for ").person(*beneficiary), *item)
        }
        EventBody::ItemCancelled { item, role, beneficiary, why, .. } => {
            let d = d
                .text("The wish for ")
                .role(*role)
                .text(" for ")
                .person(*beneficiary)
                .text(" can't come true any more");
            ended(d, *item).text(format!(": {}", words::why(why)))
        }
        _ => d,
    }
}

fn ended(d: Draft<'_>, item: ItemId) -> Draft<'_> {
    d.text(", in ").piece(Piece::RequestOf(item))
}

/// `Payroll reader for 90 days and VPN user for Bo Dahl`.
fn asked_for<'a>(mut d: Draft<'a>, requester: IdentityId, items: &[SubmittedItem]) -> Draft<'a> {
    for (n, item) in items.iter().enumerate() {
        d = match n {
            0 => d,
            n if n + 1 == items.len() => d.text(" and "),
            _ => d.text(", "),
        };
        d = match item.kind {
            GrantKind::Standing => d.role(item.role),
            GrantKind::Eligible => d.text("the right to activate ").role(item.role),
            GrantKind::Activates(_) => d.text("an activation of ").role(item.role),
        };
        if item.beneficiary != requester {
            d = d.text(" for ").person(item.beneficiary);
        }
        if let Some(seconds) = item.seconds {
            let more = if item.extends.is_some() { " more" } else { "" };
            d = d.text(format!(" for {}{more}", words::duration(seconds)));
        }
        if let Some(start) = item.starts_at {
            d = d.text(" from ").piece(Piece::Time(start)).text(" on");
        }
    }
    d
}

/// ` waits for Ann Berg, the manager, and Bo Dahl, the owner of the role`.
fn approvers_of<'a>(d: Draft<'a>, approvers: &[StageApprover]) -> Draft<'a> {
    if approvers.is_empty() {
        return d.text(" waits for somebody who can decide; nobody can now");
    }
    let mut d = d.text(" waits for ");
    for (n, approver) in approvers.iter().enumerate() {
        if n > 0 {
            d = d.text(if n + 1 == approvers.len() { " or " } else { ", " });
        }
        d = d.person(approver.identity).text(format!(" ({})", words::because(&approver.because)));
    }
    d
}

fn holding<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::AdministratorAdded { identity, .. } => {
            d.actor().text(" made ").person(*identity).text(" an administrator")
        }
        EventBody::GrantCreated { identity, role, origin, starts_at, ends_at, grant_kind, full_ends_at, .. } => {
            let has = match grant_kind {
                GrantKind::Standing => " holds ",
                GrantKind::Eligible => " may activate ",
                GrantKind::Activates(_) => " has activated ",
            };
            let d = d.person(*identity).text(has).role(*role).text(" from ").piece(Piece::Time(*starts_at));
            let d = match ends_at {
                Some(end) => d.text(" until ").piece(Piece::Time(*end)),
                None => d.text(" without an end"),
            };
            let d = match full_ends_at {
                Some(full) => d.text(" on trial, and if they keep it until ").piece(Piece::Time(*full)),
                None => d,
            };
            d.text(match origin {
                GrantOrigin::Request => ", because the request was approved",
                GrantOrigin::Birthright => ", by a rule for everybody in that place",
                GrantOrigin::BreakGlass => ", taken in an emergency",
                GrantOrigin::Import => ", as it was when Latchkey came",
                GrantOrigin::Host => ", given by a command on the host",
                GrantOrigin::CallIn => ", opened by a shift or a ticket",
            })
        }
        EventBody::TrialKept { identity, role, ends_at, .. } => {
            d.person(*identity).text(" keeps ").role(*role).text(" after a trial, until ").piece(Piece::Time(*ends_at))
        }
        EventBody::GrantStarted { identity, role, .. } => d.role(*role).text(" begins for ").person(*identity),
        EventBody::GrantEnded { identity, role, reason, .. } => match reason {
            GrantEnd::GivenBack => d.person(*identity).text(" gave back ").role(*role),
            GrantEnd::Revoked => d.actor().text(" ended ").role(*role).text(" for ").person(*identity).session(),
            GrantEnd::Expired => d.role(*role).text(" ended for ").person(*identity).text(": its time was over"),
            GrantEnd::TrialOver => d
                .role(*role)
                .text(" ended for ")
                .person(*identity)
                .text(": the trial was over, and they hadn\u{2019}t said that they use it"),
            GrantEnd::Terminated => d.role(*role).text(" ended for ").person(*identity).text(", who left"),
            GrantEnd::RoleRetired => d.role(*role).text(" ended for ").person(*identity).text(": the role was retired"),
            GrantEnd::SourceEnded => {
                d.role(*role).text(" ended for ").person(*identity).text(": the shift or ticket is over")
            }
            GrantEnd::SourceSilent => {
                d.role(*role).text(" ended for ").person(*identity).text(": the source that opened it can't be reached")
            }
        },
        EventBody::GrantMoved { identity, role, .. } => {
            d.person(*identity).text(" holds the new version of ").role(*role).text(" from now on")
        }
        _ => d,
    }
}

//! Which person a statement of the provider means.
//!
//! A provider's subject that is bound stays with its person. Otherwise the configured claim names the person by their
//! external id, and, where the company wants it, a verified e-mail address names an active person who was never bound.
//! Nothing here moves a binding from one subject to another: that takes two people.

use latchkey_domain::{IdentityId, identity::Status};
use latchkey_store::{StoreResult, Tx, identities, sign_in_binding};

use super::{SignInRefusal, VerifiedStatement};

/// The person.
pub struct Found {
    /// Who.
    pub identity: IdentityId,
    /// How the subject was bound, if that happened just now.
    pub newly_bound_by: Option<&'static str>,
}

/// A refusal, and who it is about where that is known.
pub type Unfit = (SignInRefusal, Option<IdentityId>);

enum Way {
    Bound,
    Claim,
    Email,
}

/// Finds the person, binds the subject if it is new, and checks that they may come in.
pub async fn person(
    tx: &mut Tx,
    email_binding: bool,
    statement: &VerifiedStatement,
) -> StoreResult<Result<Found, Unfit>> {
    let (identity, way) = match candidate(tx, email_binding, statement).await? {
        Ok(found) => found,
        Err(unfit) => return Ok(Err(unfit)),
    };
    // From here on nobody changes this person, and nobody else binds them, until this transaction ends: whoever signs in
    // and whoever ends somebody's work here wait for each other.
    identities::lock(tx, &[identity]).await?;
    let status = identities::get(tx, identity).await?.map(|row| row.status);
    if let Some(refusal) = status.map_or(Some(SignInRefusal::PersonUnknown), keeps_out) {
        return Ok(Err((refusal, Some(identity))));
    }
    let newly_bound_by = match way {
        Way::Bound => None,
        Way::Claim | Way::Email => {
            let bindings = sign_in_binding::of_identity(tx, identity).await?;
            // A second tab may have bound the same subject between looking and locking.
            let is_bound = bindings
                .iter()
                .any(|b| b.ended_at.is_none() && b.issuer == statement.issuer && b.subject == statement.subject);
            let taken = match way {
                Way::Email => !bindings.is_empty(),
                _ => bindings.iter().any(|b| b.ended_at.is_none() && b.issuer == statement.issuer),
            };
            if is_bound {
                None
            } else if taken {
                return Ok(Err((SignInRefusal::BindingConflict, Some(identity))));
            } else {
                let by = if matches!(way, Way::Email) { "email" } else { "claim" };
                sign_in_binding::insert(tx, identity, &statement.issuer, &statement.subject, by).await?;
                Some(by)
            }
        }
    };
    Ok(Ok(Found { identity, newly_bound_by }))
}

async fn candidate(
    tx: &mut Tx,
    email_binding: bool,
    statement: &VerifiedStatement,
) -> StoreResult<Result<(IdentityId, Way), Unfit>> {
    let bound = sign_in_binding::bound(tx, &statement.issuer, &statement.subject).await?;
    let named = match &statement.external_id {
        Some(external_id) => identities::by_external_id(tx, external_id).await?.map(|row| IdentityId(row.id)),
        None => None,
    };
    match (bound, named) {
        // The provider's account now carries somebody else's number.
        (Some(bound), Some(named)) if bound != named => Ok(Err((SignInRefusal::BindingConflict, Some(bound)))),
        (Some(bound), _) => Ok(Ok((bound, Way::Bound))),
        (None, Some(named)) => Ok(Ok((named, Way::Claim))),
        (None, None) => match &statement.verified_email {
            Some(email) if email_binding => by_email(tx, email).await,
            _ => Ok(Err((SignInRefusal::PersonUnknown, None))),
        },
    }
}

async fn by_email(tx: &mut Tx, email: &str) -> StoreResult<Result<(IdentityId, Way), Unfit>> {
    let found = identities::by_email(tx, email).await?;
    Ok(match found.as_slice() {
        [only] => Ok((IdentityId(only.id), Way::Email)),
        [] => Err((SignInRefusal::PersonUnknown, None)),
        _ => Err((SignInRefusal::PersonAmbiguous, None)),
    })
}

fn keeps_out(status: Status) -> Option<SignInRefusal> {
    match status {
        status if status.may_act() => None,
        Status::PreHire => Some(SignInRefusal::PersonNotStarted),
        Status::OnLeave => Some(SignInRefusal::PersonOnLeave),
        _ => Some(SignInRefusal::PersonLeft),
    }
}

//! What stands against the items of a submission, all of it at once, each at the item that it belongs to.

use std::collections::HashSet;

use super::{ItemWish, Terms};
use crate::{FieldProblem, ServiceError, ServiceResult, pieces};

/// The problems found so far.
pub(super) struct Problems {
    items: usize,
    found: Vec<FieldProblem>,
}

impl Problems {
    pub(super) const fn of(items: usize) -> Self {
        Self { items, found: Vec::new() }
    }

    /// Notes why an item can't be asked for. A lone item's refusal ends it at once, as it is.
    pub(super) fn note(&mut self, n: usize, error: ServiceError) -> ServiceResult<()> {
        if self.items == 1 {
            return Err(error);
        }
        match error {
            ServiceError::BadInput(problems) => self
                .found
                .extend(problems.into_iter().map(|p| FieldProblem::new(format!("{n}.{}", p.field), p.code, p.message))),
            ServiceError::Refused(r) => {
                self.found.push(FieldProblem::new(n.to_string(), r.code, format!("{} {}", r.why, r.help)));
            }
            other => return Err(other),
        }
        Ok(())
    }

    pub(super) fn into_error(self) -> Option<ServiceError> {
        (!self.found.is_empty()).then_some(ServiceError::BadInput(self.found))
    }
}

/// The same role for the same person twice can't be decided twice.
pub(super) fn no_item_twice(items: &[ItemWish]) -> ServiceResult<()> {
    let mut seen = HashSet::new();
    for (n, wish) in items.iter().enumerate() {
        if !seen.insert((wish.role, wish.beneficiary)) {
            let message = "This is in the request twice. Take one of the two out.";
            return Err(ServiceError::BadInput(vec![FieldProblem::new(n.to_string(), "request.item_twice", message)]));
        }
    }
    Ok(())
}

/// What the items are for, a line each. The form asks once, so what is wrong is told once.
pub(super) fn pieces(terms: &[Terms]) -> ServiceResult<String> {
    let mut all: Vec<String> = Vec::new();
    for terms in terms {
        let piece = pieces::checked(&terms.piece).map_err(|no| ServiceError::BadInput(vec![no]))?;
        all.extend(piece.filter(|piece| !all.contains(piece)));
    }
    Ok(all.join("\n"))
}

//! The piece of work that something is asked for: "Year-end close", "OPS-214". Whatever has the same one can be extended or
//! let go of together.

use latchkey_domain::IdentityId;
use latchkey_store::{AsConn, pieces as store};

use crate::{FieldProblem, ServiceResult};

/// The longest name of a piece of work, in characters.
pub const MAX_PIECE: usize = 60;
/// The most that are suggested.
const SUGGESTED: i64 = 20;

/// What was typed, as it is kept: with single blanks, and nothing where nothing was typed.
///
/// # Errors
/// When it is too long.
pub fn checked(typed: &str) -> Result<Option<String>, FieldProblem> {
    let seen: String = typed.chars().filter(|c| c.is_whitespace() || !c.is_control()).collect();
    let piece = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    if piece.chars().count() > MAX_PIECE {
        let message = format!("Use at most {MAX_PIECE} characters, such as \u{201c}Year-end close\u{201d} or OPS-214.");
        return Err(FieldProblem::new("piece", "request.piece_too_long", message));
    }
    Ok((!piece.is_empty()).then_some(piece))
}

/// What somebody's live access and waiting requests are for: suggestions for the next request.
///
/// # Errors
/// When the database fails.
pub async fn suggested(c: &mut impl AsConn, who: IdentityId) -> ServiceResult<Vec<String>> {
    Ok(store::live_of(c, who, SUGGESTED).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_work_is_short_and_has_single_blanks() {
        assert_eq!(checked("  Year-end \n close ").unwrap().as_deref(), Some("Year-end close"));
        assert_eq!(checked(" \t\u{7} ").unwrap(), None);
        assert_eq!(checked(&"ü".repeat(60)).unwrap().map(|p| p.chars().count()), Some(60));
        let no = checked(&"x".repeat(61)).unwrap_err();
        assert_eq!((no.field.as_str(), no.code.as_str()), ("piece", "request.piece_too_long"));
    }
}

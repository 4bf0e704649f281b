//! Wishes in words: the lists, the form, and one wish with its answers.

mod answering;
mod list;
mod new;
mod one;

pub use list::{WishLine, WishesPage, WishesView};
pub use new::{NewWishPage, NewWishView};
pub use one::{AnswerForms, FoundRole, ProposalForm, WishPage, WishRole, WishView};

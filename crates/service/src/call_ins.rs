//! Sources: programs that open and end access by signed calls, such as an on-call schedule or a ticket system.
//!
//! The files say which roles a source opens, for whom and for how long at most ([`source`]). A call says that a shift or the
//! work on a ticket began or is over ([`receive`]); what it did or why it was refused is on record, and the same call again
//! gets the same answer. A source that promised to be heard of and isn't is found out by the worker ([`silence`]), which
//! does what the files say then. Who signed a call is looked at before it comes here.

mod body;
mod end;
mod notices;
mod open;
mod receive;
pub mod silence;
pub mod source;

pub use receive::{Answer, Call, not_signed, receive, within_limits};

//! Pieces that several pages show: what a role gives, what somebody holds, a line about a request.

mod access;
mod gives;
mod questions;
mod request_line;
mod thread;

pub use access::*;
pub use gives::*;
pub use questions::*;
pub use request_line::*;
pub use thread::*;

//! The server's half of the pages: routes, what they load, the forms that they take, and how they answer.
//!
//! A page is a GET handler that loads plain data ([`load`]) and draws it with a view of [`crate::pages`]. A change is a
//! POST of a plain form to a fixed name below `/do` ([`act`]); it ends in a redirect with a one-time message kept in the
//! session. A form that can't be accepted comes back with what was typed.

pub mod act;
pub mod load;

mod answer;
mod flash;
mod form;
mod live;
mod routes;
mod state;

pub use answer::{PageError, PageResult};
pub use flash::{Draft, Flash};
pub use routes::router;
pub use state::{AppState, Company, Signed, Visit};

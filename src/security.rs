//! Defences that every response and every change passes: request ids, headers with a nonce, the guard on origins.

pub mod address;
pub mod headers;
pub mod notice;
pub mod origin_guard;
pub mod request_id;

pub use address::ClientAddress;
pub use headers::{CspNonce, SecurityHeaders};
pub use notice::{Action, Notice, Notices};
pub use request_id::RequestId;

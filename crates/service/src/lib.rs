//! One file per thing that somebody can do: authorize, decide, write and record; and the reads that pages need.
//!
//! The service knows no HTTP. Each action takes the database, the clock and the actor, and ends in one commit that takes
//! the events of the change.

pub mod activate;
pub mod add_administrator;
pub mod add_approver;
pub mod apply_catalog;
pub mod approvers;
pub mod assurance;
pub mod audit;
pub mod break_glass;
mod built_in;
pub mod call_ins;
pub mod cart;
pub mod catalog;
mod checks;
pub mod compare;
pub mod confirm_restore;
pub mod days;
pub mod deadline;
pub mod decide_item;
pub mod decide_many;
pub mod delegate;
pub mod drift;
pub mod end_grant;
mod error;
pub mod expire;
pub mod expiring;
pub mod extend;
pub mod facts;
pub mod files;
pub mod fold;
pub mod give_back;
pub mod grants;
pub mod hand_over;
pub mod import_people;
pub mod justify;
pub mod leave;
pub mod move_on;
pub mod new_grant;
pub mod notice_preferences;
pub mod notices;
pub mod nudge;
pub mod patience;
pub mod people;
pub mod pieces;
pub mod plan;
pub mod questions;
pub mod rate_limit;
pub mod replay;
pub mod retry_fulfilment;
pub mod separation;
pub mod sessions;
pub mod shorten;
pub mod sign_in;
pub mod signing;
pub mod submit_request;
pub mod succession;
pub mod suggestions;
pub mod system_pages;
pub mod trials;
pub mod way;
pub mod wishes;
pub mod withdraw_item;
pub mod write_message;

pub use error::{FieldProblem, Refusal, ServiceError, ServiceResult};

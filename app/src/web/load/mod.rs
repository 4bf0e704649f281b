//! What pages load: one file per page. Each costs a fixed number of queries, whatever the size of the company (promise 12).

pub mod access;
pub mod activate;
pub mod admin;
pub mod approvals;
pub mod audit;
pub mod break_glass;
pub mod cart;
pub mod cart_people;
pub mod catalog;
pub mod compare;
pub mod confirm;
pub mod confirm_more;
pub mod confirm_move;
pub mod delegation;
pub mod expiring;
pub mod home;
pub mod keep_trial;
pub mod notices;
pub mod person;
pub mod request;
pub mod requests;
pub mod role;
pub mod separation;
pub mod sessions;
pub mod sources;
pub mod systems;
pub mod team;
pub mod wishes;

mod conflicts;
mod gives;
mod lines;
mod query;
mod questions;
mod terms;
mod threads;
mod words;

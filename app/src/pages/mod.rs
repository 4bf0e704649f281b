//! The pages as views: each file holds what the page shows, as plain data, and how it is drawn. Nothing is loaded here.

pub mod admin;
pub mod approvals;
pub mod audit;
pub mod cart;
pub mod cart_people;
pub mod catalog;
pub mod compare;
pub mod confirm;
pub mod delegation;
pub mod demo;
pub mod error;
pub mod expiring;
pub mod home;
pub mod parts;
pub mod person;
pub mod request;
pub mod requests;
pub mod role;
pub mod separation;
pub mod sessions;
pub mod signing;
pub mod system;
pub mod systems;
pub mod team;
pub mod wishes;

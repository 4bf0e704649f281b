//! What people see.

pub mod asset_paths;
#[cfg(feature = "views")]
pub mod components;
#[cfg(feature = "views")]
pub mod frame;
#[cfg(any(feature = "views", feature = "hydrate"))]
pub mod islands;
#[cfg(feature = "views")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod web;

//! The built program, as people run it on a host.

mod backup;
mod files;
mod place;
mod secrets;
mod serving;
mod settings;

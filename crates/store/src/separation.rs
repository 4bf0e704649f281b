//! Separation of duties: what one person must not combine, who does, and who may for a while.

pub mod conflicts;
pub mod exceptions;
pub mod ownership;
pub mod rules;
pub mod stages;

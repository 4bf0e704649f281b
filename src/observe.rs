//! What whoever runs the portal sees of it: logs, whether it lives and is ready, and numbers.

pub mod health;
pub mod logs;
pub mod metrics;
pub mod process;

pub use health::Health;
pub use metrics::Metrics;

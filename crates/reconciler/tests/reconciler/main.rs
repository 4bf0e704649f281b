//! The worker's duties on both databases, against a system in memory that fails as it is told to.

#[cfg(test)]
mod assurance;
#[cfg(test)]
mod break_glass;
#[cfg(test)]
mod call_ins;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod found;
#[cfg(test)]
mod health;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod provision;
#[cfg(test)]
mod running;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod separation;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod telling;

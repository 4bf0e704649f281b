//! The connectors against real servers, and the fake one, by the same contract.
//!
//! `contract.rs` and `contract_listing.rs` are what all of them keep; the others add what is particular to one kind of system. A server that is not installed
//! fails the test with what to install. (`cfg(test)` is always on here; it tells clippy that these are tests, helpers included.)

#[cfg(test)]
mod active_directory;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod contract_listing;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod ldap;
#[cfg(test)]
mod ldap_listing;
#[cfg(test)]
mod ldap_tools;
#[cfg(test)]
mod postgresql;
#[cfg(test)]
mod postgresql_failures;
#[cfg(test)]
mod postgresql_listing;
#[cfg(test)]
mod postgresql_privileges;
#[cfg(test)]
mod postgresql_rights;
#[cfg(test)]
mod postgresql_sessions;
#[cfg(test)]
mod program;
#[cfg(test)]
mod program_bench;
#[cfg(test)]
mod program_conformance;
#[cfg(test)]
mod program_listing;
#[cfg(test)]
mod scim;
#[cfg(test)]
mod scim_listing;
#[cfg(test)]
mod scim_manners;
#[cfg(test)]
mod scim_oauth;
#[cfg(test)]
mod scim_odd_services;
#[cfg(test)]
mod scim_quirks;
#[cfg(test)]
mod scim_scripted;
#[cfg(test)]
mod servers;

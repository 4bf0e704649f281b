//! A SCIM 2.0 service (RFC 7643, RFC 7644): accounts are users, entitlements are groups.
//!
//! - **Accounts** are users whose `externalId` is ours. New ones are made active and without a password. The native id is the
//!   service's `id`.
//! - **Entitlements** are groups, named in the catalog by their `displayName`; membership is read from the group.
//! - **Changes** are PATCH requests. A service without PATCH gets PUT, under the version (ETag) that was read, so that nobody else's
//!   change is lost; a service with neither is refused in words. What it has, its `ServiceProviderConfig` says.
//! - **Tokens** are given, or fetched by client credentials and kept until shortly before their end.
//! - **Deviations** of well-known services go by name ([`Quirk`]).
//! - **Disabling** is `active: false`.
//! - The service is never followed elsewhere: redirects are reported, answers are bounded, and the token goes to `base_url` alone.

mod change;
mod connector;
mod fault;
mod groups;
mod http;
mod list;
mod listing;
mod oauth;
mod offer;
mod quirks;
mod settings;
mod users;

pub use connector::ScimConnector;
pub use oauth::ClientAuth;
pub use quirks::Quirk;
pub use settings::{OauthSettings, ScimSettings};

//! What a sign-in proved.

use serde::{Deserialize, Serialize};

use crate::Instant;

/// The evidence that came back from the identity provider. What was asked for is not evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Assurance {
    /// Authentication methods (RFC 8176).
    #[serde(default)]
    pub amr: Vec<String>,
    /// Authentication context class (OpenID Connect Core, section 2).
    #[serde(default)]
    pub acr: Option<String>,
    /// When the person last proved who they are.
    #[serde(default)]
    pub auth_time: Option<Instant>,
    /// The evidence satisfies what the company counts as more than one factor.
    pub mfa: bool,
    /// The listed exception that stood in for evidence, if one did.
    #[serde(default)]
    pub exception: Option<String>,
}

//! How people sign in: the `[oidc]` table.

use chrono::{NaiveDate, TimeDelta};
use url::Url;

use super::{
    secret::Secret,
    section::{SecretKey, Section},
    value,
};

/// The company's OpenID Connect provider, and what it must prove.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// The provider's identifier, exactly as its discovery document says it.
    pub issuer: String,
    /// This portal's name at the provider.
    pub client_id: String,
    /// The password of that name; a public client has none and relies on PKCE.
    pub client_secret: Option<Secret>,
    /// What is asked for; always with `openid`.
    pub scopes: Vec<String>,
    /// Which claim names the person, and which of our attributes it equals.
    pub bind: BindRule,
    /// A first sign-in may also bind by a verified e-mail address.
    pub email_binding: bool,
    /// What proves more than one factor: any one of these is enough.
    pub mfa: Vec<EvidenceRule>,
    /// How to ask for more when the evidence is too little.
    pub step_up: StepUp,
    /// The longest time since the person last proved who they are.
    pub max_age: Option<TimeDelta>,
    /// A provider that enforces several factors and says nothing of it in its tokens.
    pub mfa_enforced_exception: Option<MfaException>,
}

/// A claim that equals an attribute of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindRule {
    /// The claim in the ID token, such as `oid` or `employee_number`.
    pub claim: String,
    /// The attribute that it is compared with.
    pub attribute: BindAttribute,
}

/// An attribute of a person that a claim may equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindAttribute {
    /// The number or name that HR knows the person by.
    ExternalId,
}

/// A claim that proves more than one factor when it holds one of some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRule {
    /// The claim, such as `amr` or `acr`.
    pub claim: String,
    /// Any of these will do.
    pub values: Vec<String>,
}

/// What to send to the provider when the evidence was too little.
#[derive(Debug, Clone, PartialEq)]
pub enum StepUp {
    /// `acr_values`, in order of preference.
    AcrValues(Vec<String>),
    /// The claims parameter (OpenID Connect Core, section 5.5).
    Claims(serde_json::Value),
    /// Nothing that names a level: only `prompt=login`.
    LoginAgain,
}

/// A named exception to "evidence in the token", with somebody who answers for it and an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaException {
    /// The external id of whoever answers for it.
    pub owner: String,
    /// Its last day, in the company's time zone.
    pub ends: NaiveDate,
}

const CLIENT_SECRET: SecretKey =
    SecretKey { name: "client_secret", file: "client_secret_file", env: "client_secret_env", inline: false };

const CLAIM: &str = "the name of a claim, such as \"amr\"";

/// Reads the table. Problems are noted with the section; nothing comes back if one of the needed values is missing.
pub fn read(mut section: Section) -> Option<OidcSettings> {
    let issuer = section.required("issuer", "the provider's address, such as \"https://login.example.com\"", |text| {
        value::safe_url(text).filter(|url: &Url| url.query().is_none()).map(|_| text.to_owned())
    });
    let client_id = section.required("client_id", "this portal's client id at the provider", some_text);
    let client_secret = section.secret(CLIENT_SECRET).map(|(secret, _)| secret);
    let scopes = scopes(section.texts("scopes", "a list of scopes, such as [\"openid\", \"profile\"]"));
    let bind =
        section.section("bind", "a table, such as { claim = \"oid\", attribute = \"external_id\" }").and_then(bind);
    let email_binding = section.boolean("email_binding").unwrap_or(false);
    let mfa = mfa(&mut section);
    let step_up = section.section("step_up", STEP_UP).map_or(Some(StepUp::LoginAgain), step_up);
    let max_age = section.parsed("max_age", value::DURATION, value::duration);
    let exception = section
        .section("mfa_enforced_exception", "a table, such as { owner = \"E0012\", ends = \"2027-03-31\" }")
        .and_then(exception);
    if mfa.as_ref().is_some_and(Vec::is_empty) && exception.is_none() {
        section.missing("mfa", MFA);
    }
    section.finish();
    Some(OidcSettings {
        issuer: issuer?,
        client_id: client_id?,
        client_secret,
        scopes,
        bind: bind.unwrap_or(BindRule { claim: "sub".to_owned(), attribute: BindAttribute::ExternalId }),
        email_binding,
        mfa: mfa?,
        step_up: step_up?,
        max_age,
        mfa_enforced_exception: exception,
    })
}

fn some_text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn scopes(written: Option<Vec<String>>) -> Vec<String> {
    let mut scopes =
        written.unwrap_or_else(|| ["openid", "profile", "email"].iter().map(|scope| (*scope).to_owned()).collect());
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    scopes
}

fn bind(mut section: Section) -> Option<BindRule> {
    let claim = section.required("claim", "the name of a claim, such as \"oid\"", some_text);
    let attribute = section.required("attribute", "\"external_id\"", |text| match text {
        "external_id" => Some(BindAttribute::ExternalId),
        _ => None,
    });
    section.finish();
    Some(BindRule { claim: claim?, attribute: attribute? })
}

const MFA: &str = "a list of what proves more than one factor, such as [{ claim = \"amr\", values = [\"mfa\"] }]";

fn mfa(section: &mut Section) -> Option<Vec<EvidenceRule>> {
    let Some(rules) = section.sections("mfa", MFA) else {
        return Some(Vec::new());
    };
    let mut read = Vec::with_capacity(rules.len());
    for mut rule in rules {
        let claim = rule.required("claim", CLAIM, some_text);
        let expected = "a list of values, such as [\"mfa\", \"otp\"]";
        if !rule.has("values") {
            rule.missing("values", expected);
        }
        let origin = rule.origin();
        let values = rule.texts("values", expected);
        if values.as_ref().is_some_and(Vec::is_empty) {
            rule.problem("values", origin, format!("found an empty list, expected {expected}"));
        }
        rule.finish();
        read.push(EvidenceRule { claim: claim?, values: values? });
    }
    Some(read)
}

const STEP_UP: &str = "a table with one of acr_values and claims, such as { acr_values = [\"mfa\"] }";

fn step_up(mut section: Section) -> Option<StepUp> {
    let origin = section.origin();
    let acr_values = section.texts("acr_values", "a list of values, such as [\"mfa\"]").filter(|list| !list.is_empty());
    let claims = section.raw_table("claims", "a table, such as { id_token = { acr = { essential = true } } }");
    let step_up = match (acr_values, claims) {
        (Some(values), None) => Some(StepUp::AcrValues(values)),
        (None, Some(claims)) => serde_json::to_value(claims).ok().map(StepUp::Claims),
        _ => {
            section.problem("", origin, format!("expected {STEP_UP}"));
            None
        }
    };
    section.finish();
    step_up
}

fn exception(mut section: Section) -> Option<MfaException> {
    let owner = section.required("owner", "the external id of whoever answers for it, such as \"E0012\"", some_text);
    let ends = section.required("ends", "its last day, such as \"2027-03-31\"", value::date);
    section.finish();
    Some(MfaException { owner: owner?, ends: ends? })
}

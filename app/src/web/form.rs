//! Reads plain forms: small, each field once or as a list, nothing that nobody asked for.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};

use super::PageError;

/// The largest form, in bytes.
const MAX_BYTES: usize = 128 * 1024;
/// The most fields in a form.
const MAX_FIELDS: usize = 200;

/// A form as it was sent. A field that was sent several times keeps all its values.
#[derive(Debug, Clone, Default)]
pub struct Fields(BTreeMap<String, Vec<String>>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` text.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text).take(MAX_FIELDS) {
            // Browsers send line ends as CR LF; people didn't type the CR.
            fields.entry(name.into_owned()).or_default().push(value.replace("\r\n", "\n"));
        }
        Self(fields)
    }

    /// The first value of a field; empty when it wasn't sent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|v| v.first()).map_or("", String::as_str)
    }

    /// Whether a field was sent, empty or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Every value of a field.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The fields whose names begin with `prefix`: the rest of the name, and the first value.
    pub fn beginning<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0.iter().filter_map(move |(name, values)| {
            Some((name.strip_prefix(prefix)?, values.first().map_or("", String::as_str)))
        })
    }

    /// A field that must be an id.
    ///
    /// # Errors
    /// When it isn't one: the form wasn't made by this portal.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T, PageError> {
        self.text(name).parse().map_err(|_| PageError::BadForm)
    }

    /// The first value of each field, for a form that comes back.
    #[must_use]
    pub fn typed(&self) -> BTreeMap<String, String> {
        self.0.iter().filter_map(|(k, v)| Some((k.clone(), v.first()?.chars().take(4000).collect()))).collect()
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = PageError;

    async fn from_request(req: Request, state: &S) -> Result<Self, Self::Rejection> {
        let kind = req.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(PageError::BadForm);
        }
        let bytes = Bytes::from_request(req, state).await.map_err(|_| PageError::BadForm)?;
        if bytes.len() > MAX_BYTES {
            return Err(PageError::BadForm);
        }
        Ok(Self::parse(&bytes))
    }
}

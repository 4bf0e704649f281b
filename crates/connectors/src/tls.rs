//! One way of trusting certificates for all connectors: the system's store, or the one file that the settings name.

use std::{error::Error, net::IpAddr, path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::SettingsError;

/// A client configuration that verifies the certificate and its name. With `ca_file` only what that file's authorities signed is
/// trusted, else what the operating system trusts.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, SettingsError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let unreadable = |error: String| {
                SettingsError::new("ca_file", format!("{} can't be read as PEM certificates: {error}", path.display()))
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))? {
                let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(unreadable("it holds none".to_owned()));
            }
        }
        None => {
            // A store with some broken certificates still serves; one without any fails at the handshake, in words.
            let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::new("ca_file", error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A client configuration that trusts what the operating system trusts, for requests to others than target systems.
///
/// # Errors
/// When TLS can't be set up at all.
pub fn system_client() -> Result<Arc<ClientConfig>, SettingsError> {
    client_config(None)
}

/// Whether a host name or address is this machine; only there may secrets travel in clear.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The words for a TLS failure that trying again won't mend, if that is what an error is.
pub(crate) fn distrust(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        // An `io::Error` hides what it wraps from `source`: it hands on the wrapped error's source instead.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let candidate = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()).or_else(|| error.downcast_ref());
        let help = match candidate {
            Some(rustls::Error::InvalidCertificate(why)) => Some(help(why)),
            Some(rustls::Error::NoCertificatesPresented) => Some("It showed none."),
            _ => None,
        };
        if let (Some(error), Some(help)) = (candidate, help) {
            return Some(format!("The server's certificate is not trusted: {error}. {help}"));
        }
        next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// What would make a certificate one to be trusted.
const fn help(why: &CertificateError) -> &'static str {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
    };
    match why {
        Expired | ExpiredContext { .. } => "It has expired: the server needs a new one.",
        NotValidYet | NotValidYetContext { .. } => "It is not valid yet: see whether the clocks are right.",
        NotValidForName | NotValidForNameContext { .. } => {
            "It is not for the host that the connection names: use the name that stands in it, or have it made for this one."
        }
        _ => "ca_file names the authority that signed it.",
    }
}

/// The innermost cause's words, which say more than "error sending request".
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "/run/postgresql"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.test", "10.0.0.1", "example.test", "::2", "127.0.0.1.example.test"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_certificate_file_without_certificates_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, "nothing\n").unwrap();
        assert!(client_config(Some(&path)).unwrap_err().to_string().contains("ca.pem"));
        assert!(client_config(None).is_ok());
    }
}

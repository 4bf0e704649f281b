//! Certificates for tests of TLS.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A self-signed authority and a certificate for 127.0.0.1, made by the openssl program: (authority, certificate, key).
pub fn certificates(dir: &Path) -> (PathBuf, PathBuf, PathBuf) {
    certificates_for(dir, "IP:127.0.0.1", 2)
}

/// The same for another name, or with an end in so many days; `-1` is yesterday.
pub fn certificates_for(dir: &Path, name: &str, days: i32) -> (PathBuf, PathBuf, PathBuf) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(dir).output();
        let output = output.expect("the openssl program is needed: apt install openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let authority =
        ["req", "-x509", "-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&authority[..], &key[..]].concat());
    openssl(&[&["req", "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"], &key[..]].concat());
    std::fs::write(dir.join("names"), format!("subjectAltName={name}\nbasicConstraints=CA:FALSE\n")).unwrap();
    let days = days.to_string();
    let sign =
        ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", &days];
    openssl(&[&sign[..], &["-extfile", "names", "-out", "server.pem"]].concat());
    (dir.join("ca.pem"), dir.join("server.pem"), dir.join("server.key"))
}

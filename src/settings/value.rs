//! Texts that stand for something else: durations, addresses, networks, dates.

use std::net::IpAddr;

use chrono::{NaiveDate, TimeDelta};
use url::Url;

/// A duration as people write it: `90s`, `30m`, `12h`, `7d`.
#[must_use]
pub fn duration(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let total = number.checked_mul(seconds)?;
    (1..=86_400 * 3_650).contains(&total).then(|| TimeDelta::seconds(total))
}

/// How a duration is written, for messages.
pub const DURATION: &str = "a number with s, m, h or d, such as \"30m\"";

/// A date such as `2027-03-31`.
#[must_use]
pub fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// An address that a browser or this server may be sent to: https, or http where it never leaves the machine.
#[must_use]
pub fn safe_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let clean = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let safe = match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => is_loopback(&url),
        _ => false,
    };
    (clean && safe).then_some(url)
}

/// The portal's own address: an origin and nothing more, since cookies with `__Host-` cover a whole host.
#[must_use]
pub fn public_url(text: &str) -> Option<Url> {
    safe_url(text).filter(|url| url.path() == "/" && url.query().is_none())
}

/// The host means this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A network such as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or one address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, prefix.parse().ok()?),
            None => {
                let address: IpAddr = text.parse().ok()?;
                (address, if address.is_ipv4() { 32 } else { 128 })
            }
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// The address lies in this network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same_start(u128::from(own.to_bits()) << 96, u128::from(other.to_bits()) << 96, self.prefix)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same_start(own.to_bits(), other.to_bits(), self.prefix),
            _ => false,
        }
    }
}

fn same_start(a: u128, b: u128, bits: u8) -> bool {
    bits == 0 || (a ^ b) >> (128 - u32::from(bits)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(duration("90s"), Some(TimeDelta::seconds(90)));
        assert_eq!(duration("12h"), Some(TimeDelta::hours(12)));
        for wrong in ["", "h", "12", "1 h", "-1h", "0m", "12hours", "99999999999999999h", "½h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_addresses_that_are_safe_to_be_sent_to() {
        for good in [
            "https://login.example.com",
            "https://x.example.com:8443/realms/a",
            "http://localhost:7401",
            "http://127.0.0.1:1/x",
        ] {
            assert!(safe_url(good).is_some(), "{good}");
        }
        for bad in
            ["http://login.example.com", "ftp://localhost", "localhost", "https://a:b@example.com", "https://x/#y"]
        {
            assert!(safe_url(bad).is_none(), "{bad}");
        }
        assert!(public_url("https://latchkey.example.com").is_some());
        assert!(public_url("https://example.com/latchkey").is_none());
    }

    #[test]
    fn networks_contain_their_addresses() {
        let ten = Network::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains("10.9.8.7".parse().unwrap()));
        assert!(ten.contains("::ffff:10.9.8.7".parse().unwrap()), "an IPv4 address in IPv6 clothes");
        assert!(!ten.contains("11.0.0.1".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!(Network::parse("2001:db8::/32").unwrap().contains("2001:db8:1::1".parse().unwrap()));
        assert!(Network::parse("127.0.0.1").unwrap().contains("127.0.0.1".parse().unwrap()));
        assert!(Network::parse("10.0.0.0/33").is_none());
    }
}

//! The portal's cookies: what they are called and how they are marked.

use axum::http::{HeaderMap, HeaderValue, header};
use tower_sessions::cookie::{Cookie, SameSite, time::Duration};

/// Over TLS the names begin with `__Host-`: the browser then takes them only from this very host, over TLS, for all its
/// paths, so that no neighbouring host can plant one. On localhost without TLS browsers refuse that name.
#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    pub const fn new(https: bool) -> Self {
        Self { secure: https }
    }

    pub const fn secure(self) -> bool {
        self.secure
    }

    /// The signed-in session.
    pub const fn session_name(self) -> &'static str {
        if self.secure { "__Host-latchkey" } else { "latchkey" }
    }

    /// The browser's half of its sign-ins under way.
    pub const fn sign_in_name(self) -> &'static str {
        if self.secure { "__Host-latchkey-sign-in" } else { "latchkey-sign-in" }
    }

    /// The state of a sign-out under way.
    pub const fn sign_out_name(self) -> &'static str {
        if self.secure { "__Host-latchkey-sign-out" } else { "latchkey-sign-out" }
    }

    /// The value of a cookie that the browser sent.
    pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
    }

    /// Sets a cookie, until the browser is closed or for so many minutes.
    pub fn set(self, headers: &mut HeaderMap, name: &'static str, value: &str, minutes: Option<i64>) {
        let mut cookie = self.marked(Cookie::new(name, value.to_owned()));
        cookie.set_max_age(minutes.map(Duration::minutes));
        append(headers, &cookie);
    }

    /// Takes a cookie back.
    pub fn remove(self, headers: &mut HeaderMap, name: &'static str) {
        let mut cookie = self.marked(Cookie::new(name, ""));
        cookie.make_removal();
        append(headers, &cookie);
    }

    fn marked(self, mut cookie: Cookie<'static>) -> Cookie<'static> {
        cookie.set_http_only(true);
        // Lax: the answer of the provider is a navigation from another site, and must find its sign-in.
        cookie.set_same_site(SameSite::Lax);
        cookie.set_secure(self.secure);
        cookie.set_path("/");
        cookie
    }
}

fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.encoded().to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_by(cookies: Cookies) -> String {
        let mut headers = HeaderMap::new();
        cookies.set(&mut headers, cookies.session_name(), "value", None);
        headers[header::SET_COOKIE].to_str().unwrap().to_owned()
    }

    #[test]
    fn over_tls_the_cookie_is_bound_to_the_host() {
        assert_eq!(set_by(Cookies::new(true)), "__Host-latchkey=value; HttpOnly; SameSite=Lax; Secure; Path=/");
        assert_eq!(set_by(Cookies::new(false)), "latchkey=value; HttpOnly; SameSite=Lax; Path=/");
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; latchkey-sign-in=2; latchkey=3"));
        assert_eq!(Cookies::read(&headers, "latchkey"), Some("3".to_owned()));
        assert_eq!(Cookies::read(&headers, "latch"), None);
    }
}

//! The files that browsers load, out of the binary: style sheet, icons, the islands' script and WebAssembly. The build compressed them and named
//! them by their content (build.rs).

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use latchkey_app::asset_paths::{AssetPaths, IslandPaths};

#[cfg(debug_assertions)]
#[path = "../build/script.rs"]
mod script;
#[cfg(debug_assertions)]
mod watched;

/// One file, in the forms that it is sent in.
struct Asset {
    name: &'static str,
    address: &'static str,
    hash: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The content behind an address with a hash never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Behind a plain name it does: ask each time, and mostly hear "not modified".
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The address of a file, with its hash: `latchkey.css` is at `/assets/latchkey.0123456789abcdef.css`. None when this build
/// has no such file.
#[must_use]
pub fn path(name: &str) -> Option<&'static str> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.address)
}

/// The addresses that pages hold.
#[must_use]
pub fn paths() -> AssetPaths {
    let plain = AssetPaths::default();
    let islands = path("latchkey.js").zip(path("latchkey.wasm")).map(|(script, wasm)| IslandPaths { script, wasm });
    let built = AssetPaths {
        style: path("latchkey.css").unwrap_or(plain.style),
        icon: path("favicon.svg").unwrap_or(plain.icon),
        touch_icon: path("touch-icon.png").unwrap_or(plain.touch_icon),
        islands,
    };
    #[cfg(debug_assertions)]
    let built = watched::paths(built);
    built
}

/// What a first visit fetches beside the page, in bytes as sent to a browser that knows brotli. For `bench`.
pub fn sizes() -> impl Iterator<Item = (&'static str, usize)> {
    ASSETS.iter().map(|asset| (asset.name, asset.brotli.unwrap_or(asset.plain).len()))
}

/// `/assets/…` and `/favicon.ico`. Needs no session and no database.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{file}", get(file))
        .route("/favicon.ico", get(async || Redirect::permanent(paths().icon)))
}

async fn file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    #[cfg(debug_assertions)]
    if let Some(now) = watched::file(&file) {
        return now;
    }
    let hashed = ASSETS.iter().find(|asset| asset.address.strip_prefix("/assets/") == Some(file.as_str()));
    let (asset, cache) = match hashed {
        Some(asset) => (asset, FOR_EVER),
        None => match ASSETS.iter().find(|asset| asset.name == file) {
            Some(asset) => (asset, ASK_AGAIN),
            None => return of_another_release(&file),
        },
    };
    answer(asset, cache, &headers)
}

/// A page of another release asks, during an upgrade or long after it: looks and icons of this release do for it, scripts
/// don't, and it works without them. Neither answer is kept: another process may know the file.
fn of_another_release(file: &str) -> Response {
    let mut parts = file.split('.');
    let same = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(hash), Some(kind @ ("css" | "svg" | "png")), None)
            if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            path(&format!("{name}.{kind}"))
        }
        _ => None,
    };
    let mut answer = match same {
        Some(address) => Redirect::temporary(address).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such file in this release.\n").into_response(),
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn answer(asset: &'static Asset, cache: HeaderValue, asked: &HeaderMap) -> Response {
    let (body, coding) = asset.best_for(asked);
    let tag = format!("\"{}{}\"", asset.hash, coding.map(|c| format!("-{c}")).unwrap_or_default());
    let mut response = if knows(asked, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, cache);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if response.status() == StatusCode::OK {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    response
}

impl Asset {
    /// The smallest form that the browser says it takes.
    fn best_for(&self, asked: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
        match (self.brotli, self.gzip) {
            (Some(body), _) if takes(asked, "br") => (body, Some("br")),
            (_, Some(body)) if takes(asked, "gzip") => (body, Some("gzip")),
            _ => (self.plain, None),
        }
    }
}

/// True if `Accept-Encoding` names the coding (or `*`) and does not refuse it with a weight of nothing.
fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let mut any = false;
    for value in asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for part in value.split(',') {
            let (name, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()).unwrap_or(1.0);
            let wanted = weight > 0.0;
            match name.trim() {
                name if name.eq_ignore_ascii_case(coding) => return wanted,
                "*" => any = wanted,
                _ => {}
            }
        }
    }
    any
}

/// True if `If-None-Match` holds the tag.
fn knows(asked: &HeaderMap, tag: &str) -> bool {
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim())
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests;

/// The part of the build that makes one style sheet of many, for its tests.
#[cfg(any(test, debug_assertions))]
#[path = "../build/style.rs"]
mod style;

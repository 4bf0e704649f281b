use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, Request, StatusCode, header},
    response::Response,
};
use tower::ServiceExt;

use super::{ASSETS, path, paths, router, style, takes};

async fn get(address: &str, headers: &[(header::HeaderName, &str)]) -> Response {
    let mut request = Request::get(address);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn header_of<'a>(response: &'a Response, name: &header::HeaderName) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn a_hashed_address_is_cached_for_ever() {
    let response = get(path("latchkey.css").unwrap(), &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header_of(&response, &header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(header_of(&response, &header::CONTENT_TYPE), "text/css; charset=utf-8");
    assert_eq!(header_of(&response, &header::VARY), "accept-encoding");
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn a_plain_name_is_asked_for_again_and_not_sent_again() {
    let response = get("/assets/latchkey.css", &[]).await;
    assert_eq!(header_of(&response, &header::CACHE_CONTROL), "no-cache");
    let tag = header_of(&response, &header::ETAG).to_owned();
    let again = get("/assets/latchkey.css", &[(header::IF_NONE_MATCH, &format!("\"other\", W/{tag}"))]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header_of(&again, &header::ETAG), tag);
    assert!(to_bytes(again.into_body(), 1_000_000).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_form_holds_the_same_file_and_has_its_own_tag() {
    let address = path("latchkey.css").unwrap();
    let plain = get(address, &[]).await;
    let brotli = get(address, &[(header::ACCEPT_ENCODING, "gzip, deflate, br, zstd")]).await;
    let gzip = get(address, &[(header::ACCEPT_ENCODING, "gzip, br;q=0")]).await;
    assert_eq!(header_of(&brotli, &header::CONTENT_ENCODING), "br");
    assert_eq!(header_of(&gzip, &header::CONTENT_ENCODING), "gzip");
    assert_ne!(header_of(&plain, &header::ETAG), header_of(&brotli, &header::ETAG));
    assert_ne!(header_of(&gzip, &header::ETAG), header_of(&brotli, &header::ETAG));
    let plain = to_bytes(plain.into_body(), 10_000_000).await.unwrap();
    let brotli = to_bytes(brotli.into_body(), 10_000_000).await.unwrap();
    let gzip = to_bytes(gzip.into_body(), 10_000_000).await.unwrap();
    assert!(brotli.len() < plain.len() / 2, "{} of {}", brotli.len(), plain.len());
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut brotli::Decompressor::new(&brotli[..], 4096), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for address in [
        "/assets/latchkey.0000000000000000.js",
        "/assets/nothing.0000000000000000.css",
        "/assets/latchkey.old.css",
        "/assets/..%2fCargo.toml",
        "/assets/",
    ] {
        assert_eq!(get(address, &[]).await.status(), StatusCode::NOT_FOUND, "{address}");
    }
}

#[test]
fn a_browser_takes_what_it_names_and_does_not_refuse() {
    let asked = |value: &str| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap())]);
    assert!(takes(&asked("gzip, br"), "br"));
    assert!(takes(&asked("BR;q=0.1"), "br"));
    assert!(takes(&asked("*"), "br"));
    assert!(!takes(&asked("*, br;q=0"), "br"));
    assert!(!takes(&asked("gzip"), "br"));
    assert!(!takes(&HeaderMap::new(), "br"));
}

/// A first visit fetches the style sheet, the script, the WebAssembly and the icon, and a page of some 15 kB.
#[test]
fn a_first_visit_is_under_150_kb() {
    let all: usize = super::sizes().filter(|(name, _)| *name != "touch-icon.png").map(|(_, bytes)| bytes).sum();
    assert!(all < 130_000, "{:?}", super::sizes().collect::<Vec<_>>());
}

#[test]
fn the_script_names_the_web_assembly_of_this_build() {
    let Some(islands) = paths().islands else { return };
    let script = ASSETS.iter().find(|asset| asset.address == islands.script).unwrap();
    let text = std::str::from_utf8(script.plain).unwrap();
    assert!(text.contains(&format!("\"{}\"", islands.wasm)));
    assert!(!text.contains("LATCHKEY_WASM_ADDRESS"));
}

#[test]
fn every_style_sheet_is_in_the_bundle_and_in_its_layer() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("style");
    let bundle = style::bundle(&root.join("latchkey.css")).unwrap();
    assert_eq!(style::forgotten(&root, &bundle.files).unwrap(), Vec::<String>::new());
    assert!(bundle.text.contains("@layer reset, tokens, base, layout, components, pages, utilities;"));
    assert!(!bundle.text.contains("@import"));
    assert_eq!(bundle.text.matches('{').count(), bundle.text.matches('}').count());
}

#[test]
fn a_sheet_gets_smaller_and_means_the_same() {
    let css = "/* why */\n.a  > .b ,\n.c :hover {\n  content: \"a  /* not */ ; \\\" }\";\n  inline-size: calc(100% - (2 * 1rem));\n}\n@media (width >= 40rem) { .d { color: red; } }\n";
    assert_eq!(
        style::minify(css),
        ".a > .b,.c :hover{content: \"a  /* not */ ; \\\" }\";inline-size: calc(100% - (2 * 1rem))}@media (width >= 40rem){.d{color: red}}"
    );
}

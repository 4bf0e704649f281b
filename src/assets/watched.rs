//! Under `cargo leptos watch` the style sheet and the islands are read anew each time, from where they were just built: the
//! browser's half is built beside the server, which can't hold it yet. Only in development builds that cargo-leptos started.

use std::{env, fs, io, path::Path, sync::OnceLock};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_app::asset_paths::{AssetPaths, IslandPaths};

use super::{script, style};

const SHEET: &str = "style/latchkey.css";
const ISLANDS: IslandPaths = IslandPaths { script: "/assets/latchkey.js", wasm: "/assets/latchkey.wasm" };

/// Where cargo-leptos puts what browsers load; nothing when something else started this program.
fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let (root, pkg) = (env::var("LEPTOS_SITE_ROOT").ok()?, env::var("LEPTOS_SITE_PKG_DIR").ok()?);
        Some(format!("{root}/{pkg}"))
    });
    folder.as_deref().map(Path::new)
}

/// The addresses that pages hold, where cargo-leptos started this program.
pub(super) fn paths(built: AssetPaths) -> AssetPaths {
    if folder().is_some() {
        AssetPaths { style: "/assets/latchkey.css", islands: Some(ISLANDS), ..built }
    } else {
        built
    }
}

/// One of these files as it is now; nothing for others, and where cargo-leptos didn't start this program.
pub(super) fn file(name: &str) -> Option<Response> {
    file_in(folder()?, name)
}

fn file_in(folder: &Path, name: &str) -> Option<Response> {
    let (kind, body) = match name {
        "latchkey.css" => ("text/css; charset=utf-8", sheet().map(String::into_bytes)),
        "latchkey.js" => (
            "text/javascript; charset=utf-8",
            script::bundle(&folder.join("latchkey.js"), ISLANDS.wasm).map(String::into_bytes),
        ),
        "latchkey.wasm" => ("application/wasm", fs::read(folder.join("latchkey.wasm"))),
        _ => return None,
    };
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, kind)];
    Some(match body {
        Ok(body) => (headers, body).into_response(),
        Err(error) => {
            let words = format!("{name} can't be read from {}: {error}\n", folder.display());
            (StatusCode::NOT_FOUND, words).into_response()
        }
    })
}

fn sheet() -> io::Result<String> {
    let sheet = style::bundle(Path::new(SHEET))?;
    for forgotten in style::forgotten(Path::new("style"), &sheet.files)? {
        tracing::warn!("style/{forgotten} is imported by no style sheet, so no page gets it");
    }
    Ok(style::minify(&sheet.text))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn text(folder: &Path, name: &str) -> (StatusCode, String) {
        let answer = file_in(folder, name).unwrap();
        let status = answer.status();
        (status, String::from_utf8(to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_was_just_built_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(text(folder.path(), "latchkey.js").await.0, StatusCode::NOT_FOUND, "it is still being built");
        fs::write(folder.path().join("latchkey.js"), "export const first = 1;").unwrap();
        let (status, script) = text(folder.path(), "latchkey.js").await;
        assert_eq!(status, StatusCode::OK);
        assert!(script.starts_with("export const first = 1;"));
        assert!(script.contains(r#"module_or_path: "/assets/latchkey.wasm""#), "{script}");
        fs::write(folder.path().join("latchkey.js"), "export const second = 2;").unwrap();
        assert!(text(folder.path(), "latchkey.js").await.1.contains("second"));
        let (status, sheet) = text(folder.path(), "latchkey.css").await;
        assert_eq!(status, StatusCode::OK);
        assert!(!sheet.contains("@import"), "it is one file");
        assert!(file_in(folder.path(), "favicon.svg").is_none(), "the icons are in the binary");
    }
}

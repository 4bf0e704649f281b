//! What a browser loads on its first visit.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::server::{Server, Visitor};

/// A file, and how many bytes it takes on the wire.
pub type Loaded = (String, usize);

/// The page `/` and every file that it names, as a browser that knows brotli gets them.
pub async fn first(server: &Server, who: &Visitor) -> Result<Vec<Loaded>> {
    let text = server.get("/", who).await?.text;
    let mut paths: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    paths.extend(named(&text));
    // The script names the WebAssembly.
    let scripts: Vec<String> = paths.iter().filter(|path| path.ends_with(".js")).cloned().collect();
    for script in scripts {
        paths.extend(named(&server.get(&script, who).await?.text));
    }
    let mut loaded = Vec::new();
    for path in paths {
        let size = server.wire_size(&path, who).await?;
        loaded.push((path, size));
    }
    Ok(loaded)
}

/// The addresses of files in quotes.
fn named(text: &str) -> impl Iterator<Item = String> {
    text.split(['"', '\''])
        .filter(|part| part.starts_with("/assets/") && part.len() < 200 && !part.contains(char::is_whitespace))
        .map(str::to_owned)
}

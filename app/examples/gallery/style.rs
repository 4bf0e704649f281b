//! The style sheets in one file, in the order of the imports, each in its layer.

use std::fs;
use std::io;
use std::path::Path;

/// Follows the imports of `latchkey.css`.
pub fn bundle(folder: &Path) -> io::Result<String> {
    let mut out = String::new();
    for line in fs::read_to_string(folder.join("latchkey.css"))?.lines() {
        let Some(rest) = line.strip_prefix("@import \"") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let Some((file, rest)) = rest.split_once("\" layer(") else { continue };
        let layer = rest.trim_end_matches(");");
        out.push_str(&format!("@layer {layer} {{\n{}}}\n", fs::read_to_string(folder.join(file))?));
    }
    Ok(out)
}

//! The islands' script, with what starts it.

use std::{fs, io, path::Path};

/// Where a page asks for the WebAssembly: the name that the script's text holds for its address.
const WASM_ADDRESS: &str = "LATCHKEY_WASM_ADDRESS";

/// The script that wasm-bindgen made and the start of the islands, as one file that loads the WebAssembly from this address.
pub fn bundle(script: &Path, wasm: &str) -> io::Result<String> {
    let text = format!("{}\n{}", fs::read_to_string(script)?, fs::read_to_string("frontend/boot.js")?);
    Ok(text.replace(WASM_ADDRESS, wasm))
}

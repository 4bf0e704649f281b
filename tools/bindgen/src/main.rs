//! `latchkey-bindgen INPUT.wasm OUTPUT_DIR NAME`: writes `NAME.js` and `NAME_bg.wasm`, as `wasm-bindgen --target web` does.
//!
//! A tool of our own because it must be of exactly the version of wasm-bindgen in Cargo.lock, and because wasm-bindgen's
//! command line takes several times as long to compile.

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, name] = arguments.as_slice() else {
        bail!("latchkey-bindgen takes three arguments: INPUT.wasm OUTPUT_DIR NAME");
    };
    Bindgen::new()
        .input_path(input)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .out_name(name)
                .typescript(false)
                .keep_lld_exports(false)
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate(output)
        })
        .with_context(|| format!("{input} can't be turned into a script for browsers"))
}

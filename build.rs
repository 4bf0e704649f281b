//! Puts everything that browsers load into the binary: the style sheet, the icons and, where `scripts/build-web` has made it,
//! the islands' script and WebAssembly. Each is compressed here, once, and named by its content.

#[path = "build/pack.rs"]
mod pack;
#[path = "build/script.rs"]
mod script;
#[path = "build/style.rs"]
mod style;

use std::{env, error::Error, fs, path::Path};

use pack::Pack;

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["build.rs", "build", "style", "public", "frontend/boot.js", "target/site/pkg"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let out = env::var("OUT_DIR")?;
    let mut pack = Pack::new(Path::new(&out), env::var("PROFILE")? == "release");

    let sheet = style::bundle(Path::new("style/latchkey.css"))?;
    for forgotten in style::forgotten(Path::new("style"), &sheet.files)? {
        println!("cargo::warning=style/{forgotten} is imported by no style sheet, so no page gets it");
    }
    pack.add("latchkey.css", "text/css; charset=utf-8", style::minify(&sheet.text).as_bytes())?;

    for (name, kind) in [("favicon.svg", "image/svg+xml"), ("touch-icon.png", "image/png")] {
        pack.add(name, kind, &fs::read(Path::new("public").join(name))?)?;
    }

    let site = Path::new("target/site/pkg");
    let (islands, wasm) = (site.join("latchkey.js"), site.join("latchkey_bg.wasm"));
    // A plain `cargo check` has no browser's half; pages work without.
    if islands.is_file() && wasm.is_file() {
        let address = pack.add("latchkey.wasm", "application/wasm", &fs::read(wasm)?)?;
        let text = script::bundle(&islands, &address)?;
        pack.add("latchkey.js", "text/javascript; charset=utf-8", text.as_bytes())?;
    }
    pack.write_table()?;
    Ok(())
}

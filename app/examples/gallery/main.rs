//! Draws every page with made-up props into plain HTML files, in its empty, usual, crowded and failed state, without a
//! database or a server: `cargo run -p latchkey-app --example gallery --features views -- DIR`.

mod access;
mod activating;
mod asking;
mod calling;
mod carting;
mod deciding;
mod drifting;
mod edges;
mod emergencies;
mod expiring;
mod following;
mod keeping_apart;
mod sheet;
mod style;
mod telling;
mod watching;
mod wishing;
mod world;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use leptos::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map_or_else(|| PathBuf::from("target/gallery"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let style = Path::new(env!("CARGO_MANIFEST_DIR")).join("../style");
    fs::write(folder.join("latchkey.css"), style::bundle(&style)?)?;
    let mut index = String::from("<!DOCTYPE html><html lang=\"en\"><title>Gallery</title><ul>");
    let owner = Owner::new();
    owner.with(|| -> Result<(), Box<dyn Error>> {
        let sheets = [
            access::sheets(),
            asking::sheets(),
            calling::sheets(),
            drifting::sheets(),
            carting::sheets(),
            following::sheets(),
            deciding::sheets(),
            watching::sheets(),
            keeping_apart::sheets(),
            activating::sheets(),
            emergencies::sheets(),
            telling::sheets(),
            expiring::sheets(),
            wishing::sheets(),
            edges::sheets(),
        ];
        for sheet in sheets.into_iter().flatten() {
            let file = format!("{}.html", sheet.name);
            index.push_str(&format!("<li><a href=\"{file}\">{file}</a>"));
            fs::write(folder.join(&file), sheet.draw())?;
        }
        Ok(())
    })?;
    fs::write(folder.join("index.html"), index)?;
    println!("{}", folder.join("index.html").display());
    Ok(())
}

//! Draws every page with made-up props into plain HTML files, in its empty, usual, crowded and failed state, without a
//! database or a server: `cargo run -p latchkey-app --example gallery --features views -- DIR`.

mod access;
mod asking;
mod deciding;
mod edges;
mod style;
mod watching;
mod world;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use latchkey_app::frame::{BarePage, Page, PageContext, Part, Slots, Theme};
use latchkey_app::islands::{Keys, ThemeSwitch};
use leptos::prelude::*;

/// One file of the gallery.
pub struct Sheet {
    /// The name of the file, without its ending.
    pub name: &'static str,
    /// The title of the page.
    pub title: String,
    /// In the frame, at this place; or without the frame.
    pub part: Option<Part>,
    /// Changes what the frame shows.
    pub tune: fn(&mut PageContext),
    /// The page.
    pub view: AnyView,
}

impl Sheet {
    fn framed(name: &'static str, part: Part, title: String, view: impl IntoView + 'static) -> Self {
        Self { name, title, part: Some(part), tune: |_| {}, view: view.into_any() }
    }

    fn bare(name: &'static str, title: String, view: impl IntoView + 'static) -> Self {
        Self { name, title, part: None, tune: |_| {}, view: view.into_any() }
    }

    fn tuned(mut self, tune: fn(&mut PageContext)) -> Self {
        self.tune = tune;
        self
    }

    fn draw(self) -> String {
        let mut context = world::context();
        (self.tune)(&mut context);
        let (title, view) = (self.title, self.view);
        match self.part {
            Some(part) => view! {
                <Page context=context title=title part=part slots=slots()>
                    {view}
                </Page>
            }
            .to_html(),
            None => view! {
                <BarePage
                    title=title
                    company=context.company
                    style_href=context.style_href
                    icon_href=context.icon_href
                    theme=Theme::System
                >
                    {view}
                </BarePage>
            }
            .to_html(),
        }
    }
}

/// The islands are drawn as the server draws them: hidden until a script brings them to life, and here none does.
fn slots() -> Slots {
    let menu = view! { <ThemeSwitch theme="system".to_owned()/> }.into_any();
    Slots { head: None, menu: Some(menu), tail: Some(view! { <Keys/> }.into_any()) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map_or_else(|| PathBuf::from("target/gallery"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let style = Path::new(env!("CARGO_MANIFEST_DIR")).join("../style");
    fs::write(folder.join("latchkey.css"), style::bundle(&style)?)?;
    let mut index = String::from("<!DOCTYPE html><html lang=\"en\"><title>Gallery</title><ul>");
    let owner = Owner::new();
    owner.with(|| -> Result<(), Box<dyn Error>> {
        let sheets = [access::sheets(), asking::sheets(), deciding::sheets(), watching::sheets(), edges::sheets()];
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

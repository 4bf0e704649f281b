//! One file of the gallery, drawn in the frame or without it.

use latchkey_app::frame::{BarePage, Page, PageContext, Part, Slots, Theme};
use latchkey_app::islands::{Keys, ThemeSwitch};
use leptos::prelude::*;

use crate::world;

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
    pub fn framed(name: &'static str, part: Part, title: String, view: impl IntoView + 'static) -> Self {
        Self { name, title, part: Some(part), tune: |_| {}, view: view.into_any() }
    }

    pub fn bare(name: &'static str, title: String, view: impl IntoView + 'static) -> Self {
        Self { name, title, part: None, tune: |_| {}, view: view.into_any() }
    }

    pub fn tuned(mut self, tune: fn(&mut PageContext)) -> Self {
        self.tune = tune;
        self
    }

    pub fn draw(self) -> String {
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

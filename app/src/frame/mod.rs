//! What stands around every page: the document, the bar at the left, the search on top, the person's menu.

mod context;
mod document;
mod nav;
mod page;
mod person_menu;
mod reader;
mod top_bar;

pub use context::*;
pub use document::*;
pub use page::*;
pub use reader::*;

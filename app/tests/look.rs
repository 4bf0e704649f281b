//! What holds for every page of the gallery and for the style sheets: no inline style or script, one `h1`, ids that are there
//! and that differ, classes that exist, contrast in both themes.

#[path = "../examples/gallery/access.rs"]
mod access;
#[path = "../examples/gallery/activating.rs"]
mod activating;
#[path = "../examples/gallery/asking.rs"]
mod asking;
#[path = "../examples/gallery/calling.rs"]
mod calling;
#[path = "../examples/gallery/carting.rs"]
mod carting;
#[path = "../examples/gallery/deciding.rs"]
mod deciding;
#[path = "../examples/gallery/drifting.rs"]
mod drifting;
#[path = "../examples/gallery/edges.rs"]
mod edges;
#[path = "../examples/gallery/emergencies.rs"]
mod emergencies;
#[path = "../examples/gallery/expiring.rs"]
mod expiring;
#[path = "../examples/gallery/following.rs"]
mod following;
#[path = "../examples/gallery/keeping_apart.rs"]
mod keeping_apart;
#[path = "../examples/gallery/sheet.rs"]
mod sheet;
#[path = "../examples/gallery/style.rs"]
mod style;
#[path = "../examples/gallery/telling.rs"]
mod telling;
#[path = "../examples/gallery/watching.rs"]
mod watching;
#[path = "../examples/gallery/wishing.rs"]
mod wishing;
#[path = "../examples/gallery/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use leptos::prelude::*;

fn pages() -> Vec<(&'static str, String)> {
    Owner::new().with(|| {
        [
            access::sheets(),
            activating::sheets(),
            asking::sheets(),
            calling::sheets(),
            drifting::sheets(),
            carting::sheets(),
            following::sheets(),
            deciding::sheets(),
            watching::sheets(),
            keeping_apart::sheets(),
            emergencies::sheets(),
            telling::sheets(),
            expiring::sheets(),
            wishing::sheets(),
            edges::sheets(),
        ]
        .into_iter()
        .flatten()
        .map(|sheet| (sheet.name, sheet.draw()))
        .collect()
    })
}

fn style_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../style")
}

/// Every tag with its attributes, in order. Enough for HTML that we wrote ourselves.
fn tags(html: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    for piece in html.split('<').skip(1) {
        let name: String = piece.chars().take_while(char::is_ascii_alphanumeric).collect();
        if name.is_empty() {
            continue;
        }
        let mut rest = &piece[name.len()..];
        let mut attributes = BTreeMap::new();
        loop {
            rest = rest.trim_start();
            let key: String = rest.chars().take_while(|c| !c.is_whitespace() && !"=>/".contains(*c)).collect();
            if key.is_empty() {
                break;
            }
            rest = &rest[key.len()..];
            let value = match rest.strip_prefix("=\"").and_then(|rest| rest.split_once('"')) {
                Some((value, after)) => {
                    rest = after;
                    value.to_owned()
                }
                None => String::new(),
            };
            attributes.insert(key, value);
        }
        found.push((name, attributes));
    }
    found
}

#[test]
fn no_page_has_an_inline_style_or_script() {
    for (name, html) in pages() {
        for (tag, attributes) in tags(&html) {
            assert_ne!(tag, "script", "{name}");
            assert_ne!(tag, "style", "{name}");
            for key in attributes.keys() {
                assert!(key != "style" && !key.starts_with("on"), "{name}: <{tag} {key}>");
            }
        }
    }
}

#[test]
fn every_page_has_one_h1_one_main_and_a_title() {
    for (name, html) in pages() {
        let count = |wanted: &str| tags(&html).iter().filter(|(tag, _)| tag == wanted).count();
        assert_eq!((count("h1"), count("main"), count("title")), (1, 1, 1), "{name}");
    }
}

#[test]
fn what_an_id_points_at_is_there_once() {
    for (name, html) in pages() {
        let tags = tags(&html);
        let mut ids = BTreeSet::new();
        for id in tags.iter().filter_map(|(_, attributes)| attributes.get("id")) {
            assert!(ids.insert(id.as_str()), "{name}: two elements have the id {id}");
        }
        for (tag, attributes) in &tags {
            for key in ["for", "aria-labelledby", "aria-describedby", "popovertarget"] {
                for id in attributes.get(key).map(String::as_str).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{name}: <{tag} {key}=\"{id}\"> points at nothing");
                }
            }
            if tag == "a" && attributes.get("href").is_some_and(|href| href.starts_with("#field-")) {
                assert!(ids.contains(&attributes["href"][1..]), "{name}: {} points at nothing", attributes["href"]);
            }
        }
    }
}

#[test]
fn what_somebody_typed_is_text_and_never_markup() {
    let typed = "</p><img src=x onerror=alert(1)>\"'";
    let page = latchkey_app::pages::error::ErrorPage {
        typed: vec![("Why".to_owned(), typed.to_owned())],
        ..latchkey_app::pages::error::ErrorPage::broken("1")
    };
    let html = Owner::new()
        .with(|| view! { <latchkey_app::pages::error::ErrorView page=page reader=world::reader()/> }.to_html());
    assert!(tags(&html).iter().all(|(tag, _)| tag != "img"), "{html}");
    assert!(html.contains("&lt;img"), "{html}");
}

/// The names of classes that a style sheet mentions.
fn styled(css: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for piece in css.split('.').skip(1) {
        let name: String = piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            names.insert(name);
        }
    }
    names
}

#[test]
fn pages_and_style_sheets_agree_on_their_classes() {
    // What only an island draws that no page of this loop has.
    let elsewhere = ["select-all"];
    // Places: a layout puts their neighbours beside them, or the island for living refresh finds them.
    let plain = ["aside-main", "aside-rest", "request-page"];
    let styled = styled(&style::bundle(&style_folder()).unwrap());
    let (mut used, mut bare) = (BTreeSet::new(), BTreeSet::new());
    for (name, html) in pages() {
        for (tag, attributes) in tags(&html) {
            for class in attributes.get("class").map(String::as_str).unwrap_or_default().split_whitespace() {
                if !styled.contains(class) && !plain.contains(&class) {
                    bare.insert(format!("{name}: <{tag} class=\"{class}\">"));
                }
                used.insert(class.to_owned());
            }
        }
    }
    assert!(bare.is_empty(), "used and never styled: {bare:?}");
    let idle: Vec<&String> =
        styled.iter().filter(|name| !used.contains(*name) && !elsewhere.contains(&name.as_str())).collect();
    assert!(idle.is_empty(), "styled and never used: {idle:?}");
}

#[test]
fn every_style_sheet_is_imported_once() {
    fn walk(folder: &Path, found: &mut BTreeSet<String>, root: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found, root);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let root = style_folder();
    let mut files = BTreeSet::new();
    walk(&root, &mut files, &root);
    files.remove("latchkey.css");
    let entry = fs::read_to_string(root.join("latchkey.css")).unwrap();
    let imported: Vec<&str> = entry
        .lines()
        .filter_map(|line| line.strip_prefix("@import \"")?.split_once('"'))
        .map(|(file, _)| file)
        .collect();
    assert_eq!(imported.iter().map(|file| (*file).to_owned()).collect::<BTreeSet<_>>(), files);
    assert_eq!(imported.len(), files.len());
}

/// Relative luminance of an `oklch(L C H)`, as WCAG has it.
fn luminance(oklch: &str) -> Option<f64> {
    let numbers: Vec<f64> = oklch
        .trim_start_matches("oklch(")
        .trim_end_matches(')')
        .split_whitespace()
        .filter_map(|n| n.parse().ok())
        .collect();
    let [lightness, chroma, hue] = numbers[..] else { return None };
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    let red = 4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s;
    let green = -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s;
    let blue = -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s;
    Some(0.2126 * red.clamp(0.0, 1.0) + 0.7152 * green.clamp(0.0, 1.0) + 0.0722 * blue.clamp(0.0, 1.0))
}

#[test]
fn colours_contrast_enough_in_both_themes() {
    let css = fs::read_to_string(style_folder().join("tokens.css")).unwrap();
    let mut colours = BTreeMap::new();
    for line in css.lines() {
        if let Some((name, value)) = line.trim().strip_prefix("--").and_then(|line| line.split_once(": light-dark("))
            && let Some((light, dark)) = value.trim_end_matches(");").split_once("), ")
        {
            colours.insert(name.to_owned(), [luminance(light).unwrap(), luminance(dark).unwrap()]);
        }
    }
    let mut pairs: Vec<(String, String, f64)> = Vec::new();
    let mut pair = |front: &str, back: &str, least| pairs.push((front.to_owned(), back.to_owned(), least));
    for back in ["page", "sunken", "raised", "hover", "accent-wash"] {
        for text in ["ink", "ink-2", "ink-3", "link"] {
            pair(text, back, 4.5);
        }
        for edge in ["edge", "focus", "accent"] {
            pair(edge, back, 3.0);
        }
    }
    for back in ["accent", "accent-strong"] {
        pair("on-accent", back, 4.5);
    }
    for tone in ["good", "waiting", "attention", "danger"] {
        for back in ["page", "sunken", "raised", "hover", &format!("{tone}-wash")] {
            pair(&format!("{tone}-text"), back, 4.5);
            pair(&format!("{tone}-fill"), back, 3.0);
        }
        for text in ["ink", "ink-2", "ink-3", "link"] {
            pair(text, &format!("{tone}-wash"), 4.5);
        }
    }
    for (front, back, least) in pairs {
        for (at, theme) in ["light", "dark"].into_iter().enumerate() {
            let (x, y) = (colours[&front][at] + 0.05, colours[&back][at] + 0.05);
            let ratio = x.max(y) / x.min(y);
            assert!(ratio >= least, "{front} on {back}, {theme}: {ratio:.2} is less than {least}");
        }
    }
}

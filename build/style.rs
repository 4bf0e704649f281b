//! Makes one style sheet of many: follows `@import "file.css" layer(name);`, in order, and takes out what only people read.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A sheet with everything that it imports.
#[derive(Debug, Default)]
pub struct Bundle {
    /// Its text.
    pub text: String,
    /// The files that went into it.
    pub files: Vec<PathBuf>,
}

/// Reads a sheet and, in the place of each import, what it names, inside the layer that it names.
pub fn bundle(entry: &Path) -> io::Result<Bundle> {
    let mut bundle = Bundle::default();
    add(entry, &mut bundle)?;
    Ok(bundle)
}

fn add(file: &Path, bundle: &mut Bundle) -> io::Result<()> {
    if bundle.files.iter().any(|known| known == file) {
        return Err(wrong(file, "it is imported twice"));
    }
    bundle.files.push(file.to_owned());
    let text = fs::read_to_string(file).map_err(|error| wrong(file, &error.to_string()))?;
    for line in text.lines() {
        let Some(import) = line.trim().strip_prefix("@import ") else {
            bundle.text.push_str(line);
            bundle.text.push('\n');
            continue;
        };
        let (name, layer) = parse(import).ok_or_else(|| {
            wrong(file, "an import is written `@import \"file.css\" layer(name);`, alone on its line")
        })?;
        bundle.text.push_str(&format!("@layer {layer} {{\n"));
        add(&file.with_file_name("").join(name), bundle)?;
        bundle.text.push_str("}\n");
    }
    Ok(())
}

/// `"file.css" layer(name);` in its two parts.
fn parse(import: &str) -> Option<(&str, &str)> {
    let (name, rest) = import.trim().strip_prefix('"')?.split_once('"')?;
    let layer = rest.trim().strip_prefix("layer(")?.strip_suffix(");")?;
    Some((name, layer))
}

fn wrong(file: &Path, why: &str) -> io::Error {
    io::Error::other(format!("{}: {why}", file.display()))
}

/// The style sheets in a folder that are not among `files`, by their path in it.
pub fn forgotten(folder: &Path, files: &[PathBuf]) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "css") && !files.contains(&path) {
                found.push(path.strip_prefix(folder).unwrap_or(&path).display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Without comments, and with one space where there were many; what stands in quotes stays as it is. Spaces go only where
/// they can't mean anything: beside braces, semicolons and commas.
pub fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css.chars().peekable();
    let mut space = false;
    while let Some(c) = rest.next() {
        if c == '/' && rest.peek() == Some(&'*') {
            rest.next();
            skip_comment(&mut rest);
            space = true;
        } else if c.is_ascii_whitespace() {
            space = true;
        } else {
            let beside = "{};,";
            if space && !beside.contains(c) && !out.ends_with(['{', '}', ';', ',']) && !out.is_empty() {
                out.push(' ');
            }
            space = false;
            if c == '}' && out.ends_with(';') {
                out.pop();
            }
            out.push(c);
            if c == '"' || c == '\'' {
                copy_string(c, &mut rest, &mut out);
            }
        }
    }
    out
}

fn skip_comment(rest: &mut impl Iterator<Item = char>) {
    let mut before = ' ';
    for c in rest {
        if before == '*' && c == '/' {
            return;
        }
        before = c;
    }
}

fn copy_string(quote: char, rest: &mut impl Iterator<Item = char>, out: &mut String) {
    let mut escaped = false;
    for c in rest {
        out.push(c);
        if c == quote && !escaped {
            return;
        }
        escaped = c == '\\' && !escaped;
    }
}

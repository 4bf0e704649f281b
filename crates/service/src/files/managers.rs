//! Who reports to whom: everybody's manager exists, and nobody is their own manager's manager.

use std::collections::{HashMap, HashSet};

use super::{
    error::{Errors, FileError, Place},
    people_csv::PersonRow,
    text,
};

/// What is known about a manager who isn't in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    /// Nobody has this external id.
    Unknown,
    /// Somebody has it, and this is their manager's external id.
    Known {
        /// The manager's manager.
        manager: Option<String>,
    },
}

/// Checks a file's managers against what is known outside of it: one that nobody knows, and a circle that goes through
/// people who aren't in the file.
///
/// # Errors
/// Every mistake with its line, in the same form as those of [`super::parse_people`].
pub fn check_managers(
    file_name: &str,
    rows: &[PersonRow],
    outside: impl Fn(&str) -> Outside,
) -> Result<(), Vec<FileError>> {
    let inside: HashSet<&str> = rows.iter().map(|row| row.external_id.as_str()).collect();
    let mut errors = Errors::default();
    for row in rows {
        if let Some(manager) = &row.manager_external_id
            && !inside.contains(manager.as_str())
            && outside(manager) == Outside::Unknown
        {
            errors.push(FileError::at(
                &Place { file: file_name.to_owned(), line: row.line, column: None },
                format!("manager_external_id is {}, whom nobody knows", text::shown(manager)),
                "the external_id of somebody in this file or imported before, or nothing",
            ));
        }
    }
    cycles(file_name, rows, &outside, &mut errors);
    errors.finish(())
}

/// Names each circle once, at its first line.
pub(super) fn cycles(file_name: &str, rows: &[PersonRow], outside: &dyn Fn(&str) -> Outside, errors: &mut Errors) {
    let inside: HashMap<&str, &PersonRow> = rows.iter().map(|row| (row.external_id.as_str(), row)).collect();
    let manager_of = |id: &str| -> Option<String> {
        match inside.get(id) {
            Some(row) => row.manager_external_id.clone(),
            None => match outside(id) {
                Outside::Unknown => None,
                Outside::Known { manager } => manager,
            },
        }
    };
    // Everybody whose way up is known to end, or is already reported.
    let mut settled: HashSet<String> = HashSet::new();
    for row in rows {
        let mut path: Vec<String> = Vec::new();
        let mut on_path: HashSet<String> = HashSet::new();
        let mut next = Some(row.external_id.clone());
        while let Some(id) = next {
            if settled.contains(&id) {
                break;
            }
            if on_path.contains(&id) {
                let circle: Vec<&str> = path.iter().map(String::as_str).skip_while(|step| *step != id).collect();
                report(file_name, &circle, &inside, errors);
                break;
            }
            next = manager_of(&id);
            on_path.insert(id.clone());
            path.push(id);
        }
        settled.extend(path);
    }
}

fn report(file_name: &str, circle: &[&str], inside: &HashMap<&str, &PersonRow>, errors: &mut Errors) {
    let line = circle.iter().filter_map(|id| inside.get(id)).map(|row| row.line).min().unwrap_or(1);
    let message = match circle {
        [one] => format!("{} is their own manager", text::shown(one)),
        [first, ..] => {
            let way: Vec<&str> = circle.iter().take(8).copied().chain([*first]).collect();
            let more = if circle.len() > 8 { format!(" ({} people in all)", circle.len()) } else { String::new() };
            format!("managers go round in a circle: {}{more}", way.join(" reports to "))
        }
        [] => return,
    };
    errors.push(FileError::at(
        &Place { file: file_name.to_owned(), line, column: None },
        message,
        "a way up that ends with somebody who has no manager",
    ));
}

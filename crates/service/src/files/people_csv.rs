//! `people.csv`: who works here.

use std::collections::HashMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use latchkey_domain::identity::{EmploymentType, Status};

use super::{
    csv_records::{self, Record},
    error::{Errors, FileError, Place},
    managers,
    text::{self, Fault},
};

/// The columns, in the order in which we write them. A file may have them in any order, each once.
pub const HEADER: [&str; 13] = [
    "external_id",
    "email",
    "given_name",
    "family_name",
    "title",
    "department",
    "location",
    "employment_type",
    "manager_external_id",
    "status",
    "start_date",
    "end_date",
    "time_zone",
];
/// The most people in one file.
pub const MAX_PEOPLE: usize = 200_000;
/// The largest file, in bytes. Larger than other files: 100,000 people take about 15 MB.
pub const MAX_PEOPLE_BYTES: usize = 50 * 1024 * 1024;

const MAX_NAME: usize = 100;
const MAX_LABEL: usize = 120;

/// One person as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The line of the file, from 1.
    pub line: u32,
    /// What HR calls them; never changes.
    pub external_id: String,
    /// Where they are written to. Compared without case.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name; empty for people with one name.
    pub family_name: String,
    /// Job title; may be empty.
    pub title: String,
    /// Department; may be empty.
    pub department: String,
    /// Where they work; may be empty.
    pub location: String,
    /// How they are employed.
    pub employment_type: EmploymentType,
    /// Their manager's external id.
    pub manager_external_id: Option<String>,
    /// Where they are in their life at the company.
    pub status: Status,
    /// First day.
    pub start_date: NaiveDate,
    /// Last day, where one is known.
    pub end_date: Option<NaiveDate>,
    /// Where their days begin and end; `None` takes the company's.
    pub time_zone: Option<Tz>,
}

impl PersonRow {
    /// The name as it is shown: given name first.
    #[must_use]
    pub fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }
}

/// Reads a list of people: all of it, or every mistake in it.
///
/// Managers who aren't in the file are left to [`super::check_managers`], since the database may know them.
///
/// # Errors
/// Every mistake with its line, at most [`super::MAX_ERRORS`]; then nothing of the file is taken.
pub fn parse_people(file_name: &str, text: &str) -> Result<Vec<PersonRow>, Vec<FileError>> {
    if text.len() > MAX_PEOPLE_BYTES {
        let message = format!("the file has {} bytes", text.len());
        return Err(vec![FileError::whole(file_name, message, Some(&format!("at most {MAX_PEOPLE_BYTES}")))]);
    }
    let place = |line| Place { file: file_name.to_owned(), line, column: None };
    let records = csv_records::records(text)
        .map_err(|error| vec![FileError::at(&place(error.line), error.message, error.expected)])?;
    let Some((header, records)) = records.split_first() else {
        return Err(vec![FileError::whole(file_name, "the file is empty", Some(&HEADER.join(",")))]);
    };
    let columns = columns(header).map_err(|faults| {
        faults
            .into_iter()
            .map(|fault| FileError::at(&place(header.line), fault.message, fault.expected))
            .collect::<Vec<_>>()
    })?;
    if records.is_empty() || records.len() > MAX_PEOPLE {
        let message = format!("the file has {} people", records.len());
        return Err(vec![FileError::whole(file_name, message, Some(&format!("1 to {MAX_PEOPLE}")))]);
    }

    let mut errors = Errors::default();
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        if record.fields.len() == columns.len() {
            let mut fields = Fields { record, columns: &columns, place: place(record.line), errors: &mut errors };
            rows.extend(person(&mut fields));
        } else {
            errors.push(FileError::at(
                &place(record.line),
                format!("the line has {} fields", record.fields.len()),
                format!("{}, as in the header; a comma inside a field needs quotes around it", columns.len()),
            ));
        }
    }
    duplicates(&rows, &mut errors, &place);
    managers::cycles(file_name, &rows, &|_| managers::Outside::Unknown, &mut errors);
    errors.finish(rows)
}

/// Where each column of [`HEADER`] is.
fn columns(header: &Record) -> Result<HashMap<&'static str, usize>, Vec<Fault>> {
    let mut found = HashMap::new();
    let mut faults = Vec::new();
    for (at, name) in header.fields.iter().enumerate() {
        match HEADER.iter().find(|known| **known == name.trim_matches(' ')) {
            None => faults.push(Fault {
                message: format!("the header has a column {}", text::shown(name)),
                expected: HEADER.join(","),
            }),
            Some(known) => {
                if found.insert(*known, at).is_some() {
                    faults.push(Fault {
                        message: format!("the header has {known} twice"),
                        expected: "each column once".to_owned(),
                    });
                }
            }
        }
    }
    for known in HEADER.iter().filter(|known| !found.contains_key(**known)) {
        faults.push(Fault { message: format!("the header has no column {known}"), expected: HEADER.join(",") });
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// The fields of one line, with where to complain.
struct Fields<'a> {
    record: &'a Record,
    columns: &'a HashMap<&'static str, usize>,
    place: Place,
    errors: &'a mut Errors,
}

impl Fields<'_> {
    fn raw(&self, name: &str) -> &str {
        self.columns.get(name).and_then(|at| self.record.fields.get(*at)).map_or("", String::as_str)
    }

    fn get<T>(&mut self, name: &str, check: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        match check(self.raw(name)) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.errors.push(FileError::at(&self.place, format!("{name} {}", fault.message), fault.expected));
                None
            }
        }
    }

    /// `Some(None)` when the field is empty, `None` when it is wrong.
    fn optional<T>(&mut self, name: &str, check: impl FnOnce(&str) -> Result<T, Fault>) -> Option<Option<T>> {
        if self.raw(name).trim_matches(' ').is_empty() { Some(None) } else { self.get(name, check).map(Some) }
    }
}

fn person(fields: &mut Fields<'_>) -> Option<PersonRow> {
    // Each field is checked before any is given up on, so that a line's mistakes are all named at once.
    let external_id = fields.get("external_id", text::external_id);
    let email = fields.get("email", text::email);
    let given_name = fields.get("given_name", |v| text::line(v, MAX_NAME));
    let family_name = fields.get("family_name", |v| text::optional_line(v, MAX_NAME));
    let title = fields.get("title", |v| text::optional_line(v, MAX_LABEL));
    let department = fields.get("department", |v| text::optional_line(v, MAX_LABEL));
    let location = fields.get("location", |v| text::optional_line(v, MAX_LABEL));
    let employment_type = fields.get("employment_type", |v| text::word(v, EmploymentType::ALL));
    let manager_external_id = fields.optional("manager_external_id", text::external_id);
    let status = fields.get("status", |v| text::word(v, Status::ALL));
    let start_date = fields.get("start_date", text::date);
    let end_date = fields.optional("end_date", text::date);
    let time_zone = fields.optional("time_zone", text::zone);
    if let (Some(start), Some(Some(end))) = (start_date, end_date)
        && end < start
    {
        let message = format!("end_date is {end}, before start_date, {start}");
        fields.errors.push(FileError::at(&fields.place, message, "the last day, or nothing"));
        return None;
    }
    Some(PersonRow {
        line: fields.record.line,
        external_id: external_id?,
        email: email?,
        given_name: given_name?,
        family_name: family_name?,
        title: title?,
        department: department?,
        location: location?,
        employment_type: employment_type?,
        manager_external_id: manager_external_id?,
        status: status?,
        start_date: start_date?,
        end_date: end_date?,
        time_zone: time_zone?,
    })
}

/// An external id twice, or an address twice among people who haven't left: a sign-in could then be either.
fn duplicates(rows: &[PersonRow], errors: &mut Errors, place: &impl Fn(u32) -> Place) {
    let mut ids: HashMap<&str, u32> = HashMap::new();
    let mut emails: HashMap<String, u32> = HashMap::new();
    for row in rows {
        if let Some(first) = ids.insert(&row.external_id, row.line) {
            errors.push(FileError::at(
                &place(row.line),
                format!("external_id is {}, as on line {first}", text::shown(&row.external_id)),
                "each person once",
            ));
        }
        if row.status != Status::Terminated
            && let Some(first) = emails.insert(row.email.to_lowercase(), row.line)
        {
            errors.push(FileError::at(
                &place(row.line),
                format!("email is {}, as on line {first}", text::shown(&row.email)),
                "an address of their own for each person who hasn't left",
            ));
        }
    }
}

#[cfg(test)]
#[path = "people_csv_tests.rs"]
mod tests;

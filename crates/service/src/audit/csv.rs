//! The log as CSV (RFC 4180), page by page, so that memory stays bounded however long it is.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula. Names and reasons
//! are other people's words, so such a cell gets an apostrophe in front.

use latchkey_domain::actor::Actor;
use latchkey_store::{
    Db,
    audit::{self as store, Key},
    events::EventRow,
};

use super::{Filter, Line, Part, authorize, plain, sentences};
use crate::ServiceResult;

/// The columns, in order.
pub const COLUMNS: [&str; 12] =
    ["time", "id", "action", "actor", "sentence", "people", "roles", "systems", "requests", "bytes", "mac", "mac_key"];

/// How many events are read at a time.
const CHUNK: i64 = 500;

/// An export under way. Each call of [`Export::next`] gives the next piece of the file; nothing is held between them but the
/// place in the log, no connection either.
#[derive(Debug)]
pub struct Export {
    filter: Filter,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Start,
    After(Key),
    End,
}

impl Export {
    /// Begins an export of the events that the filter lets through, newest first.
    ///
    /// # Errors
    /// [`crate::ServiceError::NotFound`] to whoever may not read the log.
    pub fn new(actor: &Actor, filter: Filter) -> ServiceResult<Self> {
        authorize(actor)?;
        Ok(Self { filter, place: Place::Start })
    }

    /// The next piece of the file, in UTF-8 without a byte order mark and with CRLF; nothing when it is complete. The first
    /// piece begins with the names of the columns.
    ///
    /// # Errors
    /// When the database fails; what was given so far is then incomplete.
    pub async fn next(&mut self, db: &Db) -> ServiceResult<Option<Vec<u8>>> {
        let mut file = Vec::new();
        loop {
            let after = match self.place {
                Place::Start => {
                    record(&mut file, COLUMNS.iter().map(|c| (*c).to_owned()));
                    None
                }
                Place::After(key) => Some(key),
                Place::End => return Ok(None),
            };
            let mut c = db.read().await?;
            let found = store::page(&mut c, &self.filter.search(), after, CHUNK).await?;
            let lines = sentences::lines(&mut c, &found.rows).await?;
            drop(c);
            for (row, line) in found.rows.iter().zip(&lines) {
                record(&mut file, cells(row, line));
            }
            self.place = found.next.map_or(Place::End, Place::After);
            // A stretch of the log in which nothing matches isn't worth a piece of its own.
            if !file.is_empty() {
                return Ok(Some(file));
            }
        }
    }
}

fn cells(row: &EventRow, line: &Line) -> impl Iterator<Item = String> {
    let named = |pick: fn(&Part) -> Option<&str>| {
        let mut names: Vec<&str> = line.sentence.iter().filter_map(pick).collect();
        names.dedup();
        names.join("; ")
    };
    [
        row.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        row.id.to_string(),
        row.kind.clone(),
        line.actor.clone(),
        plain(&line.sentence),
        line.people.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        named(|p| if let Part::Role { name, .. } = p { Some(name) } else { None }),
        named(|p| if let Part::System { name, .. } = p { Some(name) } else { None }),
        named(|p| if let Part::Request { reference, .. } = p { Some(reference) } else { None }),
        row.bytes.clone(),
        row.mac.clone(),
        row.mac_key.clone(),
    ]
    .into_iter()
}

/// Writes one record.
pub(crate) fn record(file: &mut Vec<u8>, cells: impl Iterator<Item = String>) {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(file);
    // Writing into memory can't fail, and every record has the same columns.
    let _ = writer.write_record(cells.map(|c| guarded(c).into_bytes()));
    let _ = writer.flush();
}

/// A cell that no spreadsheet takes for a formula.
fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_becomes_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@sum(a1)", "\tx", "\rx"] {
            assert_eq!(guarded(cell.to_owned()), format!("'{cell}"));
        }
        for cell in ["Ann Berg asked", "{\"v\":1}", "", "1-1", "'=1"] {
            assert_eq!(guarded(cell.to_owned()), cell);
        }
    }

    #[test]
    fn records_follow_rfc_4180() {
        let mut file = Vec::new();
        record(&mut file, ["a,b", "say \"hi\"", "two\nlines", "=x", "plain"].into_iter().map(str::to_owned));
        assert_eq!(String::from_utf8(file).unwrap(), "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",'=x,plain\r\n");
    }
}

//! Reads CSV (RFC 4180) strictly, with the line on which each record starts.
//!
//! The usual readers repair what they are given: a quote that never closes swallows the rest of the file, and text after
//! a closing quote is glued on. In a list of people that would be a person lost without a word, so here it is an error.

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line on which it starts, from 1.
    pub(super) line: u32,
    pub(super) fields: Vec<String>,
}

/// What isn't CSV.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotCsv {
    pub(super) line: u32,
    pub(super) message: &'static str,
    pub(super) expected: &'static str,
}

/// Splits text into records. Lines end in LF or CRLF; empty lines are skipped; a byte order mark is skipped.
pub(super) fn records(text: &str) -> Result<Vec<Record>, NotCsv> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    let mut line: u32 = 1;
    while chars.peek().is_some() {
        let start = line;
        let mut fields = Vec::new();
        loop {
            let mut field = String::new();
            if chars.next_if_eq(&'"').is_some() {
                loop {
                    match chars.next() {
                        Some('"') if chars.next_if_eq(&'"').is_some() => field.push('"'),
                        Some('"') => break,
                        Some(c) => {
                            line += u32::from(c == '\n');
                            field.push(c);
                        }
                        None => {
                            return Err(NotCsv {
                                line: start,
                                message: "a quote opens here and never closes",
                                expected: "a \" at the end of the field; a quote inside a field is written \"\"",
                            });
                        }
                    }
                }
            } else {
                while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '\n' | '\r' | '"')) {
                    field.push(c);
                }
            }
            fields.push(field);
            match chars.next() {
                Some(',') => {}
                Some('\r') if chars.next_if_eq(&'\n').is_some() => break,
                Some('\n') | None => break,
                Some('\r') => {
                    return Err(NotCsv {
                        line,
                        message: "a carriage return stands alone",
                        expected: "lines that end in LF or CRLF",
                    });
                }
                Some(_) => {
                    return Err(NotCsv {
                        line,
                        message: "a quote stands in the middle of a field",
                        expected: "the whole field in quotes, with \"\" for a quote inside it",
                    });
                }
            }
        }
        line += 1;
        if fields != [""] {
            out.push(Record { line: start, fields });
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(text: &str) -> Vec<(u32, Vec<String>)> {
        records(text).unwrap().into_iter().map(|r| (r.line, r.fields)).collect()
    }

    #[test]
    fn lines_quotes_marks_and_line_ends() {
        let row = |line, a: &str, b: &str| (line, vec![a.to_owned(), b.to_owned()]);
        assert_eq!(fields("a,b\nc,d"), [row(1, "a", "b"), row(2, "c", "d")]);
        assert_eq!(fields("\u{FEFF}a,b\r\n\r\nc,d\r\n"), [row(1, "a", "b"), row(3, "c", "d")]);
        assert_eq!(fields("\"a,\"\"x\"\"\",\"b\nb\"\nc,\n"), [row(1, "a,\"x\"", "b\nb"), row(3, "c", "")]);
        assert_eq!(fields(""), []);
        assert_eq!(fields("\n\n"), []);
    }

    #[test]
    fn what_others_repair_is_an_error_with_its_line() {
        assert_eq!(records("a,b\nc,\"d\ne,f\n").unwrap_err().line, 2);
        assert_eq!(records("a,b\nc,d\"e\n").unwrap_err().message, "a quote stands in the middle of a field");
        assert_eq!(records("a\n\"b\"c\n").unwrap_err().line, 2);
        assert_eq!(records("a\rb").unwrap_err().message, "a carriage return stands alone");
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read_back(rows in prop::collection::vec(prop::collection::vec("[a-zé,\" \n]{0,6}", 2..4), 0..8)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = records(&text).unwrap().into_iter().map(|r| r.fields).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn what_is_taken_is_what_the_csv_crate_reads(text in "[ab,\"\n]{0,30}") {
            if let Ok(ours) = records(&text) {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                let theirs: Vec<Vec<String>> =
                    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
                let ours: Vec<Vec<String>> = ours.into_iter().map(|r| r.fields).collect();
                // A record that is one quoted nothing is an empty line to us and a record to the crate.
                let theirs: Vec<Vec<String>> = theirs.into_iter().filter(|r| r.len() != 1 || !r[0].is_empty()).collect();
                prop_assert_eq!(ours, theirs);
            }
        }
    }
}

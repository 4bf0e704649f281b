//! Prometheus' text format.

use std::fmt::Write;

/// A page of numbers that is being written.
#[derive(Debug, Default)]
pub struct Text(pub String);

impl Text {
    /// Begins a family of numbers.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// One number.
    pub fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{}\"", if at == 0 { '{' } else { ',' }, escaped(text));
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let mut text = Text::default();
        text.family("a_total", "counter", "Things.");
        text.line("a_total", &[("route", "/x/{id}"), ("odd", "a\"b\\c\nd")], 3.0);
        text.line("b", &[], 0.25);
        assert_eq!(
            text.0,
            "# HELP a_total Things.\n# TYPE a_total counter\na_total{route=\"/x/{id}\",odd=\"a\\\"b\\\\c\\nd\"} 3\nb 0.25\n"
        );
    }
}

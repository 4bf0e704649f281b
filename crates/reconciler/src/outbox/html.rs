//! A notice as HTML: the same words and the same links as its plain text, for mail programs that show it.
//!
//! Nothing is loaded from anywhere, nothing is counted, and styles stand at their elements, since mail programs drop the
//! rest. Only a line that is an address of the portal becomes a button: what people wrote stays text.

/// The colours are those of the portal's light look; mail programs with a dark one change them by themselves.
const BUTTON: &str = "display:inline-block;padding:10px 18px;border-radius:6px;background-color:#0b5a72;color:#ffffff;font-weight:600;text-decoration:none";

/// The whole document. `portal` is the portal's address, without a slash at the end.
pub(super) fn document(subject: &str, body: &str, portal: &str) -> String {
    let mut html = String::with_capacity(body.len() * 2 + 1_500);
    html.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html.push_str(&escaped(subject));
    html.push_str("</title>\n</head>\n<body style=\"margin:0;padding:24px 16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5\">\n");
    html.push_str(
        "<div style=\"max-width:560px;margin:0 auto\">\n<h1 style=\"margin:0 0 16px;font-size:20px;line-height:1.3\">",
    );
    html.push_str(&escaped(subject));
    html.push_str("</h1>\n");
    for part in body.split("\n\n").map(|part| part.trim_matches('\n')).filter(|part| !part.is_empty()) {
        paragraph(&mut html, part, portal);
    }
    html.push_str("</div>\n</body>\n</html>\n");
    html
}

/// A paragraph: sentences, buttons and points, in the order of its lines.
fn paragraph(html: &mut String, part: &str, portal: &str) {
    let mut words: Vec<String> = Vec::new();
    let mut points: Vec<String> = Vec::new();
    for line in part.lines() {
        if let Some(path) = path_of(line, portal) {
            flush(html, &mut words, &mut points);
            button(html, line.trim(), path);
        } else if let Some(point) = line.strip_prefix("- ") {
            flush_words(html, &mut words);
            points.push(linked(point, portal));
        } else {
            flush_points(html, &mut points);
            words.push(escaped(line));
        }
    }
    flush(html, &mut words, &mut points);
}

fn flush(html: &mut String, words: &mut Vec<String>, points: &mut Vec<String>) {
    flush_words(html, words);
    flush_points(html, points);
}

fn flush_words(html: &mut String, words: &mut Vec<String>) {
    if !words.is_empty() {
        html.push_str("<p style=\"margin:0 0 12px\">");
        html.push_str(&words.join("<br>\n"));
        html.push_str("</p>\n");
        words.clear();
    }
}

fn flush_points(html: &mut String, points: &mut Vec<String>) {
    if !points.is_empty() {
        html.push_str("<ul style=\"margin:0 0 12px;padding-left:20px\">\n");
        for point in points.drain(..) {
            html.push_str("<li>");
            html.push_str(&point);
            html.push_str("</li>\n");
        }
        html.push_str("</ul>\n");
    }
}

/// A button, and its address to read or to copy.
fn button(html: &mut String, address: &str, path: &str) {
    let address = escaped(address);
    html.push_str("<p style=\"margin:0 0 20px\"><a href=\"");
    html.push_str(&address);
    html.push_str("\" style=\"");
    html.push_str(BUTTON);
    html.push_str("\">");
    html.push_str(label(path));
    html.push_str("</a><br>\n<span style=\"font-size:13px;word-break:break-all\">");
    html.push_str(&address);
    html.push_str("</span></p>\n");
}

/// What the page behind a path is called.
fn label(path: &str) -> &'static str {
    let page = path.trim_start_matches('/').split(['?', '#']).next().unwrap_or_default();
    match page.split_once('/') {
        Some(("requests", _)) => "Open the request",
        Some(("roles", _)) => "Open the role",
        Some(("approvals", "delegation")) => "Open who decides for you",
        _ if page == "approvals" => "Open your approvals",
        _ if page == "notices" => "Open your notices",
        _ => "Open the portal",
    }
}

/// A point of a list: `Payroll reader: https://…` becomes a link of that name.
fn linked(point: &str, portal: &str) -> String {
    match point.rsplit_once(": ") {
        Some((name, address)) if path_of(address, portal).is_some() => {
            format!("<a href=\"{}\">{}</a>", escaped(address.trim()), escaped(name))
        }
        _ => escaped(point),
    }
}

/// The path within the portal, if the whole line is an address of it.
fn path_of<'a>(line: &'a str, portal: &str) -> Option<&'a str> {
    if portal.is_empty() {
        return None;
    }
    let path = line.trim().strip_prefix(portal)?;
    (path.starts_with('/') && !path.contains(char::is_whitespace)).then_some(path)
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTAL: &str = "https://latchkey.example.test";

    #[test]
    fn a_link_is_a_button_with_its_address_below() {
        let body = format!("Ann asks.\n\nDecide here:\n{PORTAL}/requests/7?a=1&b=2\n\nAll:\n{PORTAL}/approvals\n");
        let html = document("Ann asks for Payroll", &body, PORTAL);
        let address = "https://latchkey.example.test/requests/7?a=1&amp;b=2";
        assert!(html.contains(&format!("<a href=\"{address}\" ")), "{html}");
        assert!(html.contains(&format!(">{address}</span>")), "{html}");
        assert!(html.contains(">Open the request</a>") && html.contains(">Open your approvals</a>"), "{html}");
        assert!(html.contains("<p style=\"margin:0 0 12px\">Decide here:</p>"), "{html}");
    }

    #[test]
    fn what_people_wrote_stays_text() {
        let comment = "Bo wrote: <script>alert(1)</script> \"quoted\"\nhttps://latchkey.example.test.evil.test/requests/7\nhttps://evil.test/";
        let html = document("<b>Payroll</b>", comment, PORTAL);
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("href"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &quot;quoted&quot;<br>\n"), "{html}");
        assert!(html.contains("https://evil.test/"), "{html}");
    }

    #[test]
    fn points_are_a_list_of_links() {
        let html = document("Yours", &format!("Yours now:\n\n- A & B: {PORTAL}/roles/1\n- and 10 more\n"), PORTAL);
        assert!(
            html.contains(
                "<li><a href=\"https://latchkey.example.test/roles/1\">A &amp; B</a></li>\n<li>and 10 more</li>"
            ),
            "{html}"
        );
    }

    #[test]
    fn nothing_is_loaded_from_anywhere() {
        let html = document("Yours", "Words.\n", PORTAL);
        for way in ["<img", "<link", "<script", "url(", "src=", "@import"] {
            assert!(!html.contains(way), "{way}: {html}");
        }
    }
}

//! Pages that say that something did not happen: what, why, what helps, and the request's number.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::RequestId;

/// A way on from a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What the link says.
    pub label: String,
    /// Where it leads: a path on this server.
    pub href: String,
    /// It opens beside this page, which keeps what was typed.
    pub new_tab: bool,
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The answer's status.
    pub status: StatusCode,
    /// A fixed code for support and tests.
    pub code: String,
    /// The heading.
    pub title: String,
    /// What happened.
    pub what: String,
    /// Why.
    pub why: String,
    /// What helps.
    pub help: String,
    /// The way on.
    pub action: Option<Action>,
    /// A form that does something on this server: its label and its address.
    pub form: Option<(String, String)>,
    /// The number that support asks for; none on pages that report no trouble.
    pub request_id: Option<RequestId>,
}

impl Notice {
    /// A notice without a way on.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, title: &str, what: &str, why: &str, help: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            title: title.to_owned(),
            what: what.to_owned(),
            why: why.to_owned(),
            help: help.to_owned(),
            action: None,
            form: None,
            request_id: None,
        }
    }

    /// Adds a link.
    #[must_use]
    pub fn link(mut self, label: &str, href: &str) -> Self {
        self.action = Some(Action { label: label.to_owned(), href: href.to_owned(), new_tab: false });
        self
    }

    /// Adds the request's number.
    #[must_use]
    pub fn of(mut self, request: &RequestId) -> Self {
        self.request_id = Some(request.clone());
        self
    }
}

type Render = dyn Fn(&Notice) -> String + Send + Sync;

/// Makes pages of notices. The portal's own frame is put in by [`Notices::new`]; [`Notices::plain`] needs nothing but a
/// style sheet, so that a notice can be shown whatever else is broken.
#[derive(Clone)]
pub struct Notices(Arc<Render>);

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notices")
    }
}

impl Notices {
    /// Pages made by `render`, which gives a whole HTML document without scripts.
    #[must_use]
    pub fn new(render: impl Fn(&Notice) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }

    /// Plain pages with one style sheet.
    #[must_use]
    pub fn plain(stylesheet: &str) -> Self {
        let stylesheet = stylesheet.to_owned();
        Self::new(move |notice| plain(notice, &stylesheet))
    }

    /// The notice as an answer.
    #[must_use]
    pub fn answer(&self, notice: &Notice) -> Response {
        let mut response = (notice.status, Html((self.0)(notice))).into_response();
        if let Ok(code) = HeaderValue::from_str(&notice.code) {
            response.headers_mut().insert("x-latchkey-code", code);
        }
        response
    }
}

fn plain(notice: &Notice, stylesheet: &str) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - Latchkey</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"stylesheet\" href=\"{stylesheet}\"></head>\
         <body class=\"notice-page\"><main class=\"notice\"><h1>{title}</h1>",
        title = escape(&notice.title),
        stylesheet = escape(stylesheet),
    );
    for text in [&notice.what, &notice.why, &notice.help] {
        if !text.is_empty() {
            page.push_str(&format!("<p>{}</p>", escape(text)));
        }
    }
    if let Some(action) = &notice.action {
        let beside = if action.new_tab { " target=\"_blank\" rel=\"noopener\"" } else { "" };
        let (label, href) = (escape(&action.label), escape(&action.href));
        page.push_str(&format!("<p><a class=\"button\" href=\"{href}\"{beside}>{label}</a></p>"));
    }
    if let Some((label, address)) = &notice.form {
        let (label, address) = (escape(label), escape(address));
        page.push_str(&format!(
            "<form method=\"post\" action=\"{address}\"><button class=\"button\">{label}</button></form>"
        ));
    }
    if let Some(id) = &notice.request_id {
        let (id, code) = (escape(id.as_str()), escape(&notice.code));
        page.push_str(&format!(
            "<p class=\"fine-print\">Request number <code>{id}</code>, reason <code>{code}</code></p>"
        ));
    }
    page.push_str("</main></body></html>\n");
    page
}

/// Text as HTML text or as the value of a quoted attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// An error for machines (RFC 9457).
#[must_use]
pub fn problem(status: StatusCode, code: &str, title: &str, detail: &str, request: &RequestId) -> Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
        "request_id": request.as_str(),
    });
    let kind = HeaderValue::from_static("application/problem+json");
    (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_stays_text() {
        let notice =
            Notice::new(StatusCode::FORBIDDEN, "code", "<script>", "a & b", "", "\"quoted\"").link("On", "/?a='b'");
        let page = plain(&notice, "/style.css");
        assert!(
            page.contains("<h1>&lt;script&gt;</h1>")
                && page.contains("a &amp; b")
                && page.contains("&quot;quoted&quot;")
        );
        assert!(page.contains("href=\"/?a=&#39;b&#39;\""));
        assert!(!page.contains("<p></p>"));
    }
}

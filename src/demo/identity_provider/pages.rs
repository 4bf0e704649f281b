//! The provider's pages. Plain HTML, no scripts.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{DemoPerson, Provider, totp::STEP};
use crate::security::notice::escape;

/// How many people are listed before searching is quicker.
const LISTED: usize = 40;

/// A page with the provider's frame.
pub fn page(provider: &Provider, title: &str, body: &str, status: StatusCode) -> Response {
    let company = escape(&provider.0.options.company);
    let title = escape(title);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - {company} demo sign-in</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/style.css\"></head><body>\
         <p class=\"banner\"><strong>Demo sign-in.</strong> Not part of a real installation.</p>\
         <main><p class=\"company\"><span class=\"mark\" aria-hidden=\"true\"></span>{company}</p><h1>{title}</h1>{body}</main>\
         </body></html>\n"
    );
    (status, Html(html)).into_response()
}

/// A page that only says something.
pub fn notice(provider: &Provider, title: &str, words: &str, status: StatusCode) -> Response {
    let portal = escape(provider.0.options.portal.as_str());
    let body = format!("<p>{}</p><p><a class=\"button\" href=\"{portal}\">To the portal</a></p>", escape(words));
    page(provider, title, &body, status)
}

/// The sign-in is over or never was.
pub fn run_out(provider: &Provider) -> Response {
    let words = "A sign-in has to be finished within 10 minutes. Start again in the portal.";
    notice(provider, "This sign-in has run out", words, StatusCode::BAD_REQUEST)
}

/// Who are you?
pub fn people(provider: &Provider, flow: &str, query: &str, found: &[DemoPerson]) -> Response {
    let flow = escape(flow);
    let mut body = format!(
        "<p class=\"lead\">Choose who you want to be.</p>\
         <form class=\"search\" role=\"search\" action=\"/people\"><input type=\"hidden\" name=\"flow\" value=\"{flow}\">\
         <label for=\"q\">Name, title or department</label><div class=\"row\">\
         <input id=\"q\" name=\"q\" type=\"search\" value=\"{query}\" autocomplete=\"off\"><button class=\"quiet\">Search</button></div></form>",
        query = escape(query),
    );
    let (noted, others): (Vec<_>, Vec<_>) = found.iter().partition(|person| person.note.is_some());
    if found.is_empty() {
        body.push_str("<p>Nobody here has that in their name, title or department. Try a shorter text.</p>");
    }
    let both = !noted.is_empty() && !others.is_empty();
    for (heading, group) in [("Good to start with", noted), ("Everybody else", others)] {
        if group.is_empty() {
            continue;
        }
        if both {
            body.push_str(&format!("<h2>{heading}</h2>"));
        }
        body.push_str(&format!("<form method=\"post\" action=\"/people\"><input type=\"hidden\" name=\"flow\" value=\"{flow}\"><ul class=\"people\">"));
        for person in group.iter().take(LISTED) {
            body.push_str(&format!("<li>{}</li>", choice(person)));
        }
        body.push_str("</ul></form>");
        if group.len() > LISTED {
            body.push_str(&format!("<p class=\"more\">And {} more. Search to find them.</p>", group.len() - LISTED));
        }
    }
    body.push_str(&cancel(&flow));
    page(provider, "Sign in", &body, StatusCode::OK)
}

fn choice(person: &DemoPerson) -> String {
    let note =
        person.note.as_ref().map_or(String::new(), |note| format!("<span class=\"note\">{}</span>", escape(note)));
    format!(
        "<button name=\"subject\" value=\"{subject}\">{initials}<span class=\"who\"><span class=\"name\">{name}</span>\
         <span class=\"what\">{title}, {department}</span>{note}</span></button>",
        subject = escape(&person.subject),
        initials = initials(&person.name),
        name = escape(&person.name),
        title = escape(&person.title),
        department = escape(&person.department),
    )
}

fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    let letters: String = first.into_iter().chain(last).collect();
    format!("<span class=\"initials\" aria-hidden=\"true\">{}</span>", escape(&letters))
}

/// What does your authenticator show?
pub fn code(
    provider: &Provider,
    flow: &str,
    person: &DemoPerson,
    asks_for_more: bool,
    problem: Option<&str>,
) -> Response {
    let flow = escape(flow);
    let lead = if asks_for_more {
        "<p class=\"lead\"><strong>Latchkey asks for your second factor.</strong> Without it you are not signed in.</p>"
    } else {
        "<p class=\"lead\">Type the code that your authenticator shows.</p>"
    };
    let (alert, described, invalid) = problem.map_or((String::new(), "", ""), |problem| {
        let alert = format!("<p class=\"problem\" id=\"problem\" role=\"alert\">{}</p>", escape(problem));
        (alert, " aria-describedby=\"problem\"", " aria-invalid=\"true\"")
    });
    let body = format!(
        "<p class=\"card\">{initials}<span class=\"who\"><span class=\"name\">{name}</span><span class=\"what\">{title}, {department}</span></span>\
         <a href=\"/people?flow={flow}\">Somebody else</a></p>{lead}\
         <iframe src=\"/authenticator?flow={flow}\" title=\"Authenticator of {name}\"></iframe>\
         <form method=\"post\" action=\"/code\"><input type=\"hidden\" name=\"flow\" value=\"{flow}\">{alert}\
         <label for=\"code\">Six-digit code</label><div class=\"row\"><input id=\"code\" name=\"code\" inputmode=\"numeric\" \
         autocomplete=\"one-time-code\" maxlength=\"9\" required autofocus{described}{invalid}><button class=\"button\">Sign in</button></div></form>\
         <form class=\"skip\" method=\"post\" action=\"/without-code\"><input type=\"hidden\" name=\"flow\" value=\"{flow}\">\
         <button class=\"link\">Go on without a code</button><span>Latchkey then refuses you, and says why.</span></form>{cancel}",
        initials = initials(&person.name),
        name = escape(&person.name),
        title = escape(&person.title),
        department = escape(&person.department),
        cancel = cancel(&flow),
    );
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(provider, "Your second factor", &body, status)
}

/// The face of the authenticator.
pub fn authenticator(code: &str, seconds_left: i64) -> Response {
    let (front, back) = code.split_at_checked(3).unwrap_or((code, ""));
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Authenticator</title>\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body class=\"authenticator\"><p>Authenticator</p><p class=\"digits\" data-code=\"{code}\">{front} {back}</p>\
         <p>A new code every {STEP} seconds</p><div class=\"left s{seconds_left}\"></div></body></html>\n"
    );
    let mut response = Html(html).into_response();
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

fn cancel(flow: &str) -> String {
    format!(
        "<form class=\"cancel\" method=\"post\" action=\"/cancel\"><input type=\"hidden\" name=\"flow\" value=\"{flow}\">\
         <button class=\"link\">Cancel</button></form>"
    )
}

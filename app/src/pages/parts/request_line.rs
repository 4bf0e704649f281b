//! A line about a request: what, for whom, where it stands.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{Mark, MarkShape, Sentence, Time, Told, Words};
use crate::frame::Reader;

/// One request in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// Its page.
    pub href: String,
    /// The role, or "3 roles: Payroll reader, …".
    pub what: String,
    /// Who it is for, unless it is the reader.
    pub beneficiary: Option<String>,
    /// The shape of where it stands.
    pub mark: Mark,
    /// Where it stands, in a sentence: "Waiting for Priya Raman, your manager, since yesterday".
    pub stands: Sentence,
    /// The moment of the last change.
    pub changed: DateTime<Utc>,
}

/// The lines, newest first as the loader sorts them.
#[component]
pub fn RequestLines(
    /// The lines.
    lines: Vec<RequestLine>,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    view! {
        <ul class="rows">
            {lines
                .into_iter()
                .map(|line| {
                    let RequestLine { href, what, beneficiary, mark, stands, changed } = line;
                    view! {
                        <li class="row row-request" data-row="">
                            <span class=format!("row-mark tone-{}", mark.tone())>
                                <MarkShape mark=mark/>
                            </span>
                            <div class="row-main">
                                <p class="row-title">
                                    <a class="row-link" href=href>
                                        {what}
                                        {beneficiary.map(|name| format!(" for {name}"))}
                                    </a>
                                </p>
                                <p class="row-text">
                                    <Words sentence=stands reader=reader/>
                                </p>
                            </div>
                            <p class="row-when">
                                <Time at=changed reader=reader told=Told::Relative/>
                            </p>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

//! Several decisions at once: what will be decided, before it is done, and what became of each, afterwards.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, Crumb, Empty, ErrorSummary, FormError, HiddenFields, LinkButton, Mark, MarkShape, Notice,
    PageHead, Risk, RiskLevel, Sentence, TextArea, Weight, Words, plural,
};
use crate::frame::Reader;

/// One of those that are decided together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TogetherRow {
    /// What the form sends: the item and the stage that it was shown in.
    pub sends: String,
    /// The role.
    pub role: String,
    /// Its decision, to look at it by itself.
    pub href: String,
    /// Who it is for.
    pub who: String,
    /// "90 days".
    pub how_long: String,
    /// How risky it is.
    pub risk: RiskLevel,
    /// Why it is asked for, as typed.
    pub reason: String,
}

/// One that is decided by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinglyRow {
    /// "Payroll writer for Ann Berg".
    pub what: String,
    /// Its decision.
    pub href: String,
    /// Why it isn't decided among the others.
    pub why: String,
}

/// What the page that asks once more shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TogetherPage {
    /// What is decided together.
    pub rows: Vec<TogetherRow>,
    /// What approving all of it gives: "5 roles for 3 people, on CRM and Directory."
    pub sum: String,
    /// What is decided by itself.
    pub singly: Vec<SinglyRow>,
    /// How many of the chosen don't wait for the reader any more.
    pub gone: usize,
    /// The comment, as typed.
    pub comment: String,
    /// What was wrong, if it comes back. Fields: `comment`, `item`.
    pub errors: Vec<FormError>,
}

impl TogetherPage {
    /// The title and heading.
    #[must_use]
    pub fn title(&self) -> String {
        match self.rows.len() {
            0 => "Nothing to decide together".to_owned(),
            1 => "Decide one request".to_owned(),
            many => format!("Decide {many} requests together"),
        }
    }
}

fn count(rows: usize, unit: &str) -> String {
    plural(i64::try_from(rows).unwrap_or(0), unit)
}

/// Draws the page that asks once more.
#[component]
pub fn TogetherView(
    /// What it shows.
    page: TogetherPage,
) -> impl IntoView {
    let title = page.title();
    let TogetherPage { rows, sum, singly, gone, comment, errors } = page;
    let many = rows.len();
    view! {
        <div class="confirm together">
            <PageHead title=title back=Crumb { label: "All decisions".to_owned(), href: "/approvals".to_owned() }/>
            <ErrorSummary errors=errors.clone()/>
            {(gone > 0)
                .then(|| {
                    view! {
                        <Notice mark=Mark::Attention title="Some of the selected don\u{2019}t wait for you any more">
                            <p>{format!("{} left out.", if gone == 1 { "1 is".to_owned() } else { format!("{gone} are") })}</p>
                        </Notice>
                    }
                })}
            {(!singly.is_empty()).then(|| by_themselves(singly))}
            {if many == 0 {
                view! {
                    <Empty title="Nothing is selected">
                        <p>
                            "Tick what you want to decide together in " <a href="/approvals">"the list of decisions"</a> "."
                        </p>
                    </Empty>
                }
                    .into_any()
            } else {
                form(rows, sum, comment, &errors, many)
            }}
        </div>
    }
    .into_any()
}

fn by_themselves(singly: Vec<SinglyRow>) -> AnyView {
    let rows = singly.into_iter().map(|row| {
        view! {
            <li>
                <a href=row.href>{row.what}</a>
                ": "
                {row.why}
            </li>
        }
    });
    view! {
        <Notice mark=Mark::Attention title="Decided by themselves">
            <ul class="then">{rows.collect_view()}</ul>
        </Notice>
    }
    .into_any()
}

fn form(rows: Vec<TogetherRow>, sum: String, comment: String, errors: &[FormError], many: usize) -> AnyView {
    let fields: Vec<(&'static str, String)> = rows.iter().map(|row| ("item", row.sends.clone())).collect();
    let error = FormError::for_field(errors, "comment");
    let all = if many == 1 { String::new() } else { format!(" all {many}") };
    view! {
        <ul class="rows" id="item">
            {rows
                .into_iter()
                .map(|row| {
                    view! {
                        <li class="row row-together">
                            <p class="row-title">
                                <a class="row-link" href=row.href>
                                    {row.role}
                                </a>
                                <span class="row-joint">" for "</span>
                                {row.who}
                            </p>
                            <p class="row-facts">{row.how_long} <Risk level=row.risk/></p>
                            <p class="row-text">{row.reason}</p>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
        <p class="together-sum">{sum}</p>
        <form method="post" action="/do/decide-together" class="decision-form">
            <HiddenFields fields=fields/>
            <TextArea
                name="comment"
                label="Comment for all of them"
                value=comment
                rows=2
                optional=true
                error=error
                hint="Whoever asked reads this, and it stays on record. Say why if you deny.".to_owned()
            />
            <ActionBar>
                <Button label=format!("Approve{all}") weight=Weight::Primary name="verdict" value="approve"/>
                <Button label=format!("Deny{all}") weight=Weight::Danger name="verdict" value="deny"/>
                <LinkButton href="/approvals" label="Not yet"/>
            </ActionBar>
        </form>
    }
    .into_any()
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneTogetherRow {
    /// `Done`, `Failed` for a denial, or `Attention` where nothing was decided.
    pub mark: Mark,
    /// In words, with a link.
    pub words: Sentence,
}

/// What the page afterwards shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneTogetherPage {
    /// What was decided.
    pub decided: Vec<DoneTogetherRow>,
    /// What wasn't, with why and what helps.
    pub not: Vec<DoneTogetherRow>,
}

impl DoneTogetherPage {
    /// The title and heading.
    #[must_use]
    pub fn title(&self) -> String {
        match (self.decided.len(), self.not.len()) {
            (0, 0) => "Nothing was decided together lately".to_owned(),
            (all, 0) => format!("{} decided", count(all, "request")),
            (some, not) => format!("{} decided, {not} not", count(some, "request")),
        }
    }
}

/// Draws the page afterwards.
#[component]
pub fn DoneTogetherView(
    /// What it shows.
    page: DoneTogetherPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let DoneTogetherPage { decided, not } = page;
    view! {
        <div class="together">
            <PageHead title=title back=Crumb { label: "All decisions".to_owned(), href: "/approvals".to_owned() }/>
            {done_list("not-decided", "Not decided", not, reader)}
            {done_list("decided", "Decided", decided, reader)}
            <ActionBar>
                <LinkButton href="/approvals" label="Back to what waits" weight=Weight::Primary/>
            </ActionBar>
        </div>
    }
    .into_any()
}

fn done_list(id: &'static str, title: &'static str, rows: Vec<DoneTogetherRow>, reader: Reader) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    Some(
        view! {
            <section class="section" aria-labelledby=id>
                <div class="section-head">
                    <h2 id=id>{title}</h2>
                </div>
                <ul class="flags">
                    {rows
                        .into_iter()
                        .map(|row| {
                            view! {
                                <li class=format!("tone-{}", row.mark.tone())>
                                    <MarkShape mark=row.mark/>
                                    <span>
                                        <Words sentence=row.words reader=reader/>
                                    </span>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </section>
        }
        .into_any(),
    )
}

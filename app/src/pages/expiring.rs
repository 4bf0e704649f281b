//! What ends soon: one's own by piece of work, to extend or let go of together; and that of the roles that one owns.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::components::{
    ActionBar, Choice, Empty, ErrorSummary, FieldError, FormError, HiddenFields, PageHead, PageLinks, Pager,
    PagerWords, Tab, Tabs, last_day, people, plural,
};
use crate::frame::Reader;

/// Access that ends soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingRow {
    /// The grant: what the form sends.
    pub id: String,
    /// The role.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// Whose it is, if it isn't the reader's.
    pub who: Option<String>,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// Why it was asked for, in their words.
    pub reason: String,
    /// The request that asks for more time already: what people quote, and its page if the reader may see it.
    pub asked: Option<(String, Option<String>)>,
    /// Ticked.
    pub chosen: bool,
    /// Why it can't be asked for, after it was tried.
    pub problem: Option<String>,
}

/// What is for the same piece of work, or of the same role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingGroup {
    /// What it is called: "Year-end close", a role's name, or "Nothing in particular".
    pub name: String,
    /// The rows, the first to end at the top.
    pub rows: Vec<EndingRow>,
    /// For how long: the lengths that every role of the group allows.
    pub lengths: Vec<Choice>,
    /// Why, as typed.
    pub reason: String,
    /// A value made for this drawing of the form: the same form sent twice is one request.
    pub once: String,
    /// What is wrong with the reason, if the form comes back.
    pub reason_error: Option<String>,
    /// More of the same is on the next page.
    pub goes_on: bool,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiringPage {
    /// Own, and of roles; empty for those who own none.
    pub tabs: Vec<Tab>,
    /// True for the roles that the reader owns.
    pub of_roles: bool,
    /// By piece of work or by role.
    pub groups: Vec<EndingGroup>,
    /// The key of this page of the list, for a form that comes back; empty for the first one.
    pub after: String,
    /// Where the list goes on.
    pub links: PageLinks,
    /// What was wrong, if a form comes back.
    pub errors: Vec<FormError>,
}

impl ExpiringPage {
    /// The title: what is so.
    #[must_use]
    pub fn title(&self) -> String {
        let rows = self.groups.iter().map(|g| g.rows.len()).sum::<usize>();
        let what = match (rows, self.of_roles) {
            (0, false) => "Nothing of yours ends soon".to_owned(),
            (0, true) => "Nothing of the roles that you own ends soon".to_owned(),
            (_, false) => "Your access that ends soon".to_owned(),
            (_, true) => "Access to your roles that ends soon".to_owned(),
        };
        if self.errors.is_empty() { what } else { format!("Error: {what}") }
    }
}

/// Draws the page.
#[component]
pub fn ExpiringView(
    /// What it shows.
    page: ExpiringPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title().trim_start_matches("Error: ").to_owned();
    let ExpiringPage { tabs, of_roles, groups, after, links, errors } = page;
    let words = if of_roles {
        "What others hold of the roles that you own and that ends in the next 30 days. You ask for more time for them, so somebody else decides: the policy\u{2019}s other approvers, or its fallback. What nobody asks for runs out."
    } else {
        "What ends in the next 30 days, by what it is for. What you don\u{2019}t extend runs out by itself."
    };
    view! {
        <PageHead title=title>
            <p>{words}</p>
        </PageHead>
        {(!tabs.is_empty()).then(|| view! { <Tabs tabs=tabs label="Whose access"/> })}
        <ErrorSummary errors=errors/>
        {if groups.is_empty() {
            view! {
                <Empty title="There is nothing to do here">
                    <p>"You are told a week before something ends. " <a href="/">"See what you have"</a> "."</p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                {groups.into_iter().enumerate().map(|(at, group)| group_section(at, group, of_roles, &after, reader)).collect_view()}
                <Pager links=links words=PagerWords::BackOn/>
            }
                .into_any()
        }}
    }
    .into_any()
}

fn group_section(at: usize, group: EndingGroup, of_roles: bool, after: &str, reader: Reader) -> AnyView {
    let EndingGroup { name, rows, lengths, reason, once, reason_error, goes_on } = group;
    let many = rows.len();
    let count = if of_roles {
        people(u32::try_from(many).unwrap_or(u32::MAX))
    } else {
        plural(i64::try_from(many).unwrap_or(0), "role")
    };
    let aside = if goes_on { format!("{count} here, more on the next page") } else { count };
    let whose = if of_roles { "roles" } else { "own" };
    let hidden =
        vec![("once", once), ("whose", whose.to_owned()), ("group", at.to_string()), ("after", after.to_owned())];
    let open = rows.iter().any(|row| row.asked.is_none());
    let about = name.clone();
    let legend = if of_roles { "For whom" } else { "Which" };
    view! {
        <section class="section" aria-labelledby=format!("group-{at}")>
            <div class="section-head">
                <h2 id=format!("group-{at}")>{name}</h2>
                <p class="section-aside">{aside}</p>
            </div>
            <form method="post" action="/do/extend-expiring" novalidate=true class="pick">
                <HiddenFields fields=hidden/>
                <fieldset class="field">
                    <legend class="field-label">{legend}</legend>
                    <div class="choices">
                        {rows.into_iter().map(|row| ending_row(row, reader)).collect_view()}
                    </div>
                </fieldset>
                {open.then(|| fields(at, of_roles, lengths, reason, reason_error, about))}
            </form>
        </section>
    }
    .into_any()
}

fn fields(
    at: usize,
    of_roles: bool,
    lengths: Vec<Choice>,
    reason: String,
    reason_error: Option<String>,
    about: String,
) -> AnyView {
    let (length, why) = (format!("length-{at}"), format!("reason-{at}"));
    let wrong = reason_error.as_ref().map(|_| format!("{why}-error"));
    let class = if reason_error.is_some() { "field field-wrong" } else { "field" };
    let invalid = reason_error.as_ref().map(|_| "true");
    let hint = if of_roles {
        "Why they still need it. Whoever decides reads this."
    } else {
        "Empty leaves the reason of each as it was."
    };
    view! {
        <div class="ending-fields">
            <div class="field">
                <label class="field-label" for=length.clone()>
                    "For how long"
                </label>
                <select class="input" id=length name="length">
                    {lengths
                        .into_iter()
                        .map(|one| view! { <option value=one.value selected=one.chosen>{one.label}</option> })
                        .collect_view()}
                </select>
            </div>
            <div class=class>
                <label class="field-label" for=why.clone()>
                    "Why"
                    {(!of_roles).then_some(view! { <span class="field-optional">" (optional)"</span> })}
                </label>
                <p class="field-hint" id=format!("{why}-hint")>
                    {hint}
                </p>
                {reason_error.map(|message| view! { <FieldError id=format!("{why}-error") message=message/> })}
                <textarea
                    class="input"
                    id=why.clone()
                    name="reason"
                    rows="2"
                    maxlength="1000"
                    aria-describedby=wrong.unwrap_or_else(|| format!("{why}-hint"))
                    aria-invalid=invalid
                >
                    {reason}
                </textarea>
            </div>
        </div>
        <ActionBar>
            <button type="submit" class="button" name="do" value="extend">
                {if of_roles { "Ask for more time for them" } else { "Extend what is ticked" }}
                <span class="unseen">": " {about.clone()}</span>
            </button>
            {(!of_roles)
                .then(|| {
                    view! {
                        <button type="submit" class="button button-quiet" name="do" value="let-go">
                            "Let go of what is ticked"
                            <span class="unseen">": " {about}</span>
                        </button>
                    }
                })}
        </ActionBar>
    }
    .into_any()
}

fn ending_row(row: EndingRow, reader: Reader) -> AnyView {
    let EndingRow { id, role, role_href, who, ends, reason, asked, chosen, problem } = row;
    let control = format!("grant-{id}");
    let of = control.clone();
    let wrong = problem.as_ref().map(|_| format!("{control}-error"));
    let name = who.unwrap_or_else(|| role.clone());
    let until = format!("until {}", last_day(ends, reader));
    let waits = asked.is_some();
    let box_or_not = if waits {
        view! { <input type="checkbox" id=control disabled=true/> }.into_any()
    } else {
        view! { <input type="checkbox" id=control name="grant" value=id.clone() checked=chosen aria-describedby=wrong/> }.into_any()
    };
    view! {
        <div class="pick-role">
            <label class="choice" for=of>
                {box_or_not}
                <span class="choice-label">{name}</span>
                <span class="choice-hint">{until}</span>
            </label>
            {problem.map(|message| view! { <FieldError id=format!("grant-{id}-error") message=message/> })}
            {asked
                .map(|(reference, href)| {
                    let at = match href {
                        Some(href) => view! { <a href=href>{reference}</a> }.into_any(),
                        None => reference.into_any(),
                    };
                    view! { <p class="row-text">"More time is asked for already: " {at} ". It waits for a decision."</p> }
                })}
            <p class="row-text">
                {reason} " " <a href=role_href>"What it gives" <span class="unseen">": " {role}</span></a>
            </p>
        </div>
    }
    .into_any()
}

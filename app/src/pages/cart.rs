//! The cart: several roles, for oneself or for others, asked for in one request.

use chrono::Duration;
use leptos::prelude::*;

use super::parts::{QuestionField, QuestionFields};
use super::role::{DurationChoice, PieceField, StageList, StagePreview};
use crate::components::{
    ActionBar, Empty, FieldError, Glyph, HiddenFields, Icon, Mark, Notice, PageHead, Risk, RiskLevel, duration_words,
    last_day, plural,
};
use crate::frame::Reader;

/// What is wrong with a field of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// `duration`, `starts_on`, `reason`, or an answer's `answer-{line}-{key}`; nothing for the line as a whole.
    pub field: Option<String>,
    /// What is expected.
    pub message: String,
}

/// One line: a role for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// The line's id: its fields carry it in their names.
    pub id: String,
    /// The role.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// For whom, if it isn't the reader.
    pub person: Option<String>,
    /// The page where more people can be chosen, if the reader may ask for somebody.
    pub more_people: Option<String>,
    /// How risky the role is.
    pub risk: RiskLevel,
    /// What the policy offers.
    pub durations: Vec<DurationChoice>,
    /// What was chosen, as it is sent; empty for the usual one.
    pub duration: String,
    /// From which day on: `2027-03-01`, or empty.
    pub starts_on: String,
    /// Why.
    pub reason: String,
    /// True if the policy wants a reason.
    pub reason_needed: bool,
    /// What the role asks beside that.
    pub questions: Vec<QuestionField>,
    /// Who decides, in order; empty if nobody could.
    pub stages: Vec<StagePreview>,
    /// How long it usually takes.
    pub usual_time: Option<Duration>,
    /// What becomes of access or of a request that is there already.
    pub remark: Option<String>,
    /// Why it can't be asked for, and what helps.
    pub against: Option<(String, String)>,
    /// What was wrong when it was submitted.
    pub problems: Vec<LineProblem>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartPage {
    /// The lines, in the order in which they came in.
    pub lines: Vec<CartLine>,
    /// The most lines that a cart has.
    pub most: usize,
    /// A value made for this drawing of the form: the same form sent twice is one request.
    pub once: String,
    /// The piece of work that all of it is for, as typed.
    pub piece: String,
    /// What else the reader has or waits for it for: suggestions.
    pub pieces: Vec<String>,
    /// What is wrong with that, and what is expected.
    pub piece_error: Option<String>,
    /// What stands against the request as a whole.
    pub problems: Vec<String>,
}

impl CartPage {
    /// The title: what is so.
    #[must_use]
    pub fn title(&self) -> String {
        match self.lines.len() {
            0 => "Your cart is empty".to_owned(),
            n => format!("{} in your cart", plural(i64::try_from(n).unwrap_or(0), "role")),
        }
    }
}

/// Draws the cart.
#[component]
pub fn CartView(
    /// What it shows.
    page: CartPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title();
    let CartPage { lines, most, once, piece, pieces, piece_error, problems } = page;
    if lines.is_empty() {
        return view! {
            <PageHead title=title/>
            <Empty title="Nothing is in your cart">
                <p>
                    "Put roles into it from " <a href="/catalog">"the catalog"</a> " or from "
                    <a href="/compare">"what a teammate has"</a> ", and ask for all of them at once."
                </p>
            </Empty>
        }
        .into_any();
    }
    let summary = summary(&lines, &problems, piece_error.as_deref());
    let several = lines.len() > 1;
    let more = (lines.len() >= most).then(|| format!("A cart has at most {most} lines."));
    view! {
        <PageHead title=title>
            <p>"One request with all of these. Each is decided by itself."</p>
        </PageHead>
        {summary}
        <form method="post" action="/do/cart" novalidate=true class="cart">
            <HiddenFields fields=vec![("once", once)]/>
            // Enter in a field keeps what was typed; it doesn't take out the first line.
            <button type="submit" class="unseen" name="do" value="save" tabindex="-1" aria-hidden="true">
                "Keep"
            </button>
            {lines.into_iter().map(|line| cart_line(line, reader)).collect_view()}
            {several
                .then(|| {
                    view! {
                        <div class="field">
                            <label class="field-label" for="field-reason-all">
                                "Why, for every line that has no reason of its own"
                                <span class="field-optional">" (optional)"</span>
                            </label>
                            <textarea class="input" id="field-reason-all" name="reason-all" rows="2" maxlength="1000"></textarea>
                        </div>
                    }
                })}
            <PieceField value=piece suggestions=pieces error=piece_error/>
            <ActionBar>
                <button type="submit" class="button button-primary" name="do" value="submit">
                    "Submit request"
                </button>
                <button type="submit" class="button" name="do" value="save">
                    "Keep for later"
                </button>
                <a class="button button-quiet" href="/catalog">
                    "Add more roles"
                </a>
            </ActionBar>
            {more.map(|words| view! { <p class="muted">{words}</p> })}
        </form>
    }
    .into_any()
}

fn summary(lines: &[CartLine], problems: &[String], piece: Option<&str>) -> Option<AnyView> {
    let count = problems.len() + usize::from(piece.is_some()) + lines.iter().map(|l| l.problems.len()).sum::<usize>();
    if count == 0 {
        return None;
    }
    let title = if count == 1 { "There is a problem".to_owned() } else { format!("There are {count} problems") };
    let whole = problems.to_vec();
    let piece = piece.map(|message| ("#field-piece".to_owned(), message.to_owned()));
    let of_lines: Vec<(String, String)> = lines
        .iter()
        .flat_map(|line| {
            let of = match &line.person {
                Some(person) => format!("{} for {person}", line.role),
                None => line.role.clone(),
            };
            line.problems.iter().map(move |p| {
                let href = p.field.as_deref().map_or_else(
                    || format!("#line-{}", line.id),
                    |f| {
                        if f.starts_with("answer-") {
                            format!("#field-{f}")
                        } else {
                            format!("#{}", control(f, &line.id))
                        }
                    },
                );
                (href, format!("{of}: {}", p.message))
            })
        })
        .collect();
    Some(
        view! {
            <div class="error-summary" role="alert" tabindex="-1" autofocus=true id="errors">
                <h2>
                    <Icon glyph=Glyph::Warning/>
                    {title}
                </h2>
                <ul>
                    {whole.into_iter().map(|message| view! { <li>{message}</li> }).collect_view()}
                    {of_lines
                        .into_iter()
                        .chain(piece)
                        .map(|(href, message)| {
                            view! {
                                <li>
                                    <a href=href>{message}</a>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </div>
        }
        .into_any(),
    )
}

fn control(field: &str, id: &str) -> String {
    format!("field-{field}-{id}")
}

fn cart_line(line: CartLine, reader: Reader) -> AnyView {
    let CartLine {
        id,
        role,
        role_href,
        person,
        more_people,
        risk,
        durations,
        duration,
        starts_on,
        reason,
        reason_needed,
        questions,
        stages,
        usual_time,
        remark,
        against,
        problems,
    } = line;
    let heading = format!("line-{id}");
    let heading_of = heading.clone();
    // What was wrong when it was submitted says it already.
    let against = against.filter(|_| problems.iter().all(|p| p.field.is_some()));
    let about = person.as_ref().map_or_else(|| role.clone(), |who| format!("{role} for {who}"));
    let problem = |field: &str| problems.iter().find(|p| p.field.as_deref() == Some(field)).map(|p| p.message.clone());
    let whole: Vec<String> = problems.iter().filter(|p| p.field.is_none()).map(|p| p.message.clone()).collect();
    let options = durations
        .into_iter()
        .map(|one| {
            let chosen = if duration.is_empty() { one.usual } else { one.value == duration };
            let label = format!("{}, until {}", one.label, last_day(one.ends, reader));
            view! { <option value=one.value selected=chosen>{label}</option> }
        })
        .collect_view();
    let first = reader.now.with_timezone(&reader.zone).date_naive();
    let (from, to) = (first.to_string(), (first + Duration::days(180)).to_string());
    let length = control("duration", &id);
    let start = control("starts_on", &id);
    let why = control("reason", &id);
    let (length_error, start_error, why_error) =
        (wrong(problem("duration"), &length), wrong(problem("starts_on"), &start), wrong(problem("reason"), &why));
    let (length_invalid, start_invalid, why_invalid) =
        (invalid(length_error.as_ref()), invalid(start_error.as_ref()), invalid(why_error.as_ref()));
    let (length_of, start_of, why_of) = (length.clone(), start.clone(), why.clone());
    view! {
        <section class="cart-line" aria-labelledby=heading_of>
            <div class="cart-line-head">
                <h2 id=heading>
                    <a href=role_href>{role}</a>
                    {person.map(|who| view! { <span class="cart-for">" for " {who}</span> })}
                </h2>
                <Risk level=risk/>
                <button type="submit" class="button button-quiet" name="remove" value=id.clone()>
                    "Take out"
                    <span class="unseen">" " {about}</span>
                </button>
            </div>
            {whole.into_iter().map(|message| view! { <FieldError id=format!("problem-{id}") message=message/> }).collect_view()}
            {against
                .map(|(why, help)| {
                    view! {
                        <Notice mark=Mark::Attention title=why>
                            <p>{help}</p>
                        </Notice>
                    }
                })}
            {remark.map(|words| view! { <p class="cart-remark">{words}</p> })}
            <div class="cart-fields">
                {labelled(
                    length_of,
                    "For how long",
                    None,
                    problem("duration"),
                    view! {
                        <select
                            class="input"
                            id=length
                            name=format!("duration-{id}")
                            aria-describedby=length_error
                            aria-invalid=length_invalid
                        >
                            {options}
                        </select>
                    }
                        .into_any(),
                )}
                {labelled(
                    start_of,
                    "From",
                    Some("(optional)"),
                    problem("starts_on"),
                    view! { <input class="input" id=start name=format!("starts_on-{id}") type="date" value=starts_on min=from max=to aria-describedby=start_error aria-invalid=start_invalid/> }
                        .into_any(),
                )}
                {labelled(
                    why_of,
                    "Why",
                    (!reason_needed).then_some("(optional)"),
                    problem("reason"),
                    view! {
                        <textarea
                            class="input"
                            id=why
                            name=format!("reason-{id}")
                            rows="2"
                            maxlength="1000"
                            aria-describedby=why_error
                            aria-invalid=why_invalid
                        >
                            {reason}
                        </textarea>
                    }
                        .into_any(),
                )}
                <QuestionFields fields=questions/>
            </div>
            <div class="cart-route">
                {if stages.is_empty() {
                    ().into_any()
                } else {
                    view! {
                        <p class="ask-route-title">"It goes to"</p>
                        <StageList stages=stages/>
                    }
                        .into_any()
                }}
                {usual_time.map(|time| view! { <p class="muted">{format!("Usually takes {}.", duration_words(time))}</p> })}
                {more_people
                    .map(|href| {
                        view! {
                            <p>
                                <a href=href>"Ask for more people"</a>
                            </p>
                        }
                    })}
            </div>
        </section>
    }
    .into_any()
}

/// The id of what is said to be wrong with a field.
fn wrong(problem: Option<String>, control: &str) -> Option<String> {
    problem.map(|_| format!("{control}-error"))
}

fn invalid(error: Option<&String>) -> Option<&'static str> {
    error.map(|_| "true")
}

fn labelled(
    control: String,
    label: &'static str,
    remark: Option<&'static str>,
    problem: Option<String>,
    input: AnyView,
) -> AnyView {
    let class = if problem.is_some() { "field field-wrong" } else { "field" };
    view! {
        <div class=class>
            <label class="field-label" for=control.clone()>
                {label}
                {remark.map(|words| view! { <span class="field-optional">" " {words}</span> })}
            </label>
            {problem.map(|message| view! { <FieldError id=format!("{control}-error") message=message/> })}
            {input}
        </div>
    }
    .into_any()
}

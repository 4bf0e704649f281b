//! One decision, in the order in which it is thought through: who wants what and why, what it gives, what is unusual,
//! what they hold already, then the two answers.

use leptos::prelude::*;

use super::{Deciding, Decision, DecisionForm, Flag, Held};
use crate::components::{
    ActionBar, Button, Choice, ErrorSummary, FormError, HiddenFields, Mark, MarkShape, Notice, PersonChip, Remark,
    RemarkText, Risk, Select, Sentence, TextArea, Time, Told, Weight, Words, plural,
};
use crate::frame::Reader;
use crate::pages::parts::{GivesList, Thread, ThreadView, Writing};

/// Draws one decision.
#[component]
pub fn DecisionView(
    /// What to decide.
    decision: Decision,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let Decision {
        request_href,
        who,
        employment,
        asked_by,
        asked_at,
        reason,
        asks,
        role,
        role_href,
        description,
        risk,
        how_long,
        ends,
        gives,
        flags,
        holds,
        holds_all,
        past,
        nearby,
        thread,
        as_what,
        until,
        earlier,
        deciding,
    } = decision;
    let name = who.name.clone();
    let mut errors = match &deciding {
        Deciding::Form(form) => form.errors.clone(),
        _ => Vec::new(),
    };
    if let Writing::Here(form) = &thread.writing {
        errors.extend(form.errors.clone());
    }
    view! {
        <article class="decision" aria-labelledby="decision-title">
            <ErrorSummary errors=errors/>
            {late(&deciding, reader)}
            <header class="decision-head">
                <h2 id="decision-title">
                    {name.clone()} <span class="decision-joint">{asks}</span>
                    <a href=role_href>{role.clone()}</a>
                </h2>
                <p class="decision-who">
                    <PersonChip person=who/>
                    <span>{employment}</span>
                </p>
                <p class="decision-facts">
                    <span>
                        "For " <strong>{how_long}</strong>
                        {ends.map(|at| view! { ", until " <Time at=at reader=reader told=Told::LastDay/> })}
                    </span>
                    <Risk level=risk/>
                    <span>
                        {asked_by.map(|person| view! { "Asked by " <PersonChip person=person/> ", " })}
                        <a href=request_href>"asked " <Time at=asked_at reader=reader told=Told::Relative/></a>
                    </span>
                </p>
                {(!reason.is_empty()).then(|| view! { <RemarkText remark=Remark { by: None, text: reason }/> })}
            </header>
            <section class="decision-part" aria-labelledby="decision-gives">
                <h3 id="decision-gives">"What it gives"</h3>
                <p class="decision-description">{description}</p>
                <GivesList gives=gives/>
            </section>
            <section class="decision-part" aria-labelledby="decision-flags">
                <h3 id="decision-flags">"What is unusual"</h3>
                {flag_list(flags, reader)}
            </section>
            <section class="decision-part" aria-labelledby="decision-holds">
                <h3 id="decision-holds">{format!("What {name} holds already")}</h3>
                {held_list(holds, holds_all, reader)}
                {(!nearby.is_empty()).then(|| near(nearby, reader))}
            </section>
            {(!past.is_empty()).then(|| before(past, reader))}
            {(!thread.is_empty()).then(|| talk(thread, reader))}
            <section class="decision-part decision-answer" aria-labelledby="decision-answer">
                <h3 id="decision-answer">"Your decision"</h3>
                {earlier
                    .into_iter()
                    .map(|words| {
                        view! {
                            <p>
                                <Words sentence=words reader=reader/>
                            </p>
                        }
                    })
                    .collect_view()}
                <p class="muted">
                    {as_what} " " {until.map(|sentence| view! { <Words sentence=sentence reader=reader/> })}
                </p>
                {answer(deciding, format!("{role} for {name}"), reader)}
            </section>
        </article>
    }
    .into_any()
}

fn near(nearby: Vec<Sentence>, reader: Reader) -> AnyView {
    view! {
        <h4>"On the systems that this reaches"</h4>
        {lines(nearby, reader)}
    }
    .into_any()
}

fn before(past: Vec<Sentence>, reader: Reader) -> AnyView {
    view! {
        <section class="decision-part" aria-labelledby="decision-past">
            <h3 id="decision-past">"They asked for it before"</h3>
            {lines(past, reader)}
        </section>
    }
    .into_any()
}

fn talk(thread: Thread, reader: Reader) -> AnyView {
    view! {
        <section class="decision-part" aria-labelledby="decision-thread">
            <h3 id="decision-thread">"Questions and answers"</h3>
            <ThreadView thread=thread reader=reader/>
        </section>
    }
    .into_any()
}

fn lines(sentences: Vec<Sentence>, reader: Reader) -> AnyView {
    view! {
        <ul class="decision-lines">
            {sentences
                .into_iter()
                .map(|words| {
                    view! {
                        <li>
                            <Words sentence=words reader=reader/>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

fn late(deciding: &Deciding, reader: Reader) -> Option<AnyView> {
    match deciding {
        Deciding::TooLate { words, typed } => {
            let (words, typed) = (words.clone(), typed.clone());
            Some(
                view! {
                    <div role="alert">
                        <Notice mark=Mark::Attention title="Somebody else decided first">
                            <p>
                                <Words sentence=words reader=reader/>
                                " Your answer was not recorded."
                            </p>
                            {(!typed.is_empty())
                                .then(|| {
                                    view! {
                                        <RemarkText remark=Remark {
                                            by: Some("You had written".to_owned()),
                                            text: typed,
                                        }/>
                                    }
                                })}
                        </Notice>
                    </div>
                }
                .into_any(),
            )
        }
        _ => None,
    }
}

fn flag_list(flags: Vec<Flag>, reader: Reader) -> AnyView {
    if flags.is_empty() {
        return view! { <p class="muted">"Nothing that the rules look for."</p> }.into_any();
    }
    view! {
        <ul class="flags">
            {flags
                .into_iter()
                .map(|flag| {
                    view! {
                        <li class=format!("tone-{}", flag.mark.tone())>
                            <MarkShape mark=flag.mark/>
                            <span>
                                <Words sentence=flag.words reader=reader/>
                            </span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
    .into_any()
}

fn held_list(holds: Vec<Held>, (total, href): (u32, String), reader: Reader) -> AnyView {
    if holds.is_empty() {
        return view! { <p class="muted">"Nothing yet."</p> }.into_any();
    }
    let more = usize::try_from(total).unwrap_or(usize::MAX) > holds.len();
    view! {
        <ul class="held">
            {holds
                .into_iter()
                .map(|held| {
                    view! {
                        <li>
                            <a href=held.href>{held.role}</a>
                            <span class="muted">
                                {match held.until {
                                    Some(at) => view! { "until " <Time at=at reader=reader told=Told::LastDay/> }.into_any(),
                                    None => "no end".into_any(),
                                }}
                            </span>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
        {more
            .then(|| {
                view! {
                    <p>
                        <a href=href>"All " {plural(i64::from(total), "role")}</a>
                    </p>
                }
            })}
    }
    .into_any()
}

/// What a key opens: a single letter must not decide by itself, so it asks once more. The comment above goes with it.
fn sure(key: &'static str, verdict: &'static str, label: &'static str, weight: Weight, about: &str) -> AnyView {
    let id = format!("sure-{verdict}");
    let (opens, closes) = (id.clone(), id.clone());
    view! {
        <button type="button" class="unseen" tabindex="-1" aria-hidden="true" popovertarget=opens data-key=key></button>
        <div popover="auto" id=id class="sure" role="dialog" aria-label=format!("{label} this")>
            <p>{format!("{label} {about}?")}</p>
            <div class="action-bar">
                <button type="submit" class=weight.class() name="verdict" value=verdict autofocus=true>
                    {label}
                </button>
                <button type="button" class="button" popovertarget=closes popovertargetaction="hide">
                    "Not yet"
                </button>
            </div>
        </div>
    }
    .into_any()
}

fn length(lengths: Vec<Choice>, errors: &[FormError]) -> AnyView {
    let error = FormError::for_field(errors, "duration");
    view! { <Select name="duration" label="For how long, if you approve" choices=lengths error=error/> }.into_any()
}

fn answer(deciding: Deciding, about: String, reader: Reader) -> AnyView {
    match deciding {
        Deciding::Form(DecisionForm { item_id, stage_id, comment, lengths, hand_over, errors, then }) => {
            let keys = vec![
                sure("a", "approve", "Approve", Weight::Primary, &about),
                sure("d", "deny", "Deny", Weight::Danger, &about),
            ];
            view! {
            <form method="post" action="/do/decide" class="decision-form">
                <HiddenFields fields=vec![("item_id", item_id), ("stage_id", stage_id)]/>
                <TextArea
                    name="comment"
                    label="Comment"
                    value=comment
                    rows=2
                    optional=true
                    hint="Whoever asked reads this, and it stays on record. Say why if you deny.".to_owned()
                    error=FormError::for_field(&errors, "comment")
                />
                {(!lengths.is_empty()).then(|| length(lengths, &errors))}
                <p class="decision-then">{then}</p>
                <ActionBar>
                    <Button label="Approve" about=about.clone() weight=Weight::Primary name="verdict" value="approve"/>
                    <Button label="Deny" about=about.clone() weight=Weight::Danger name="verdict" value="deny"/>
                </ActionBar>
                {keys}
            </form>
            <p class="decision-else">
                "Not yours to judge? " <a href=hand_over>"Hand it over to somebody else"</a> "."
            </p>
            }
            .into_any()
        }
        Deciding::TooLate { .. } => view! { <p>"There is nothing left to decide."</p> }.into_any(),
        Deciding::No(words) => view! {
            <Notice mark=Mark::Ended title="You can\u{2019}t decide this one">
                <p>
                    <Words sentence=words reader=reader/>
                </p>
            </Notice>
        }
        .into_any(),
    }
}

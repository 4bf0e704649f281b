//! What a system holds that nobody here granted: each line with what is known of it, and what can be done about it.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, ButtonForm, Crumb, DefinitionList, Empty, ErrorSummary, Fact, FormError, HiddenFields, Mark,
    Notice, PageHead, PageLinks, Pager, PagerWords, Section, Sentence, State, StateWord, Tab, Tabs, TextArea, Words,
};
use crate::frame::Reader;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftLine {
    /// Its id.
    pub id: String,
    /// "Payroll readers, for j.miller".
    pub title: String,
    /// Since when it is known, and what the system says of the account.
    pub hint: Sentence,
    /// Whose account it is, or that it is nobody's.
    pub whose: Sentence,
    /// What was decided, by whom and why.
    pub decided: Option<Sentence>,
    /// Where it stands, where it isn't simply open.
    pub state: Option<StateWord>,
    /// The system's own words, where something failed.
    pub said: Option<String>,
    /// The reader may decide about it now.
    pub tick: bool,
    /// Why it can't be taken away here, and what helps.
    pub by_hand: Option<String>,
    /// It was ticked before the form came back.
    pub chosen: bool,
}

/// A pass that would have taken away more than it may by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brake {
    /// The pass.
    pub pass: String,
    /// How much of how much, and when.
    pub words: Sentence,
    /// The reader may let it go on, or call it off: what they typed before.
    pub form: Option<(String, Option<String>)>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftPage {
    /// What the system is called.
    pub system: String,
    /// Its page.
    pub system_href: String,
    /// Its key.
    pub key: String,
    /// When it was last compared, and what that came to.
    pub last: Sentence,
    /// How far the pass is that is under way.
    pub under_way: Option<Sentence>,
    /// How often it is compared and what becomes of what is found.
    pub rule: Sentence,
    /// The reader may have it compared at once.
    pub may_compare: bool,
    /// Why the reader can't decide, and who can.
    pub reads_only: Option<String>,
    /// A pass that waits for somebody.
    pub brake: Option<Brake>,
    /// Open, on its way, let stay, over.
    pub tabs: Vec<Tab>,
    /// The lines.
    pub rows: Vec<DriftLine>,
    /// Nothing was ever compared here.
    pub never: bool,
    /// Which part is shown, for the way back.
    pub show: String,
    /// The reason that was typed, and what was wrong with it.
    pub comment: (String, Option<String>),
    /// Where the list goes on.
    pub links: PageLinks,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
}

impl DriftPage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        let wrong = if self.errors.is_empty() { "" } else { "Error: " };
        format!("{wrong}Drift on {}", self.system)
    }
}

/// Draws the page.
#[component]
pub fn DriftView(
    /// What it shows.
    page: DriftPage,
    /// For whom.
    reader: Reader,
) -> impl IntoView {
    let title = page.title().trim_start_matches("Error: ").to_owned();
    let DriftPage {
        system,
        system_href,
        key,
        last,
        under_way,
        rule,
        may_compare,
        reads_only,
        brake,
        tabs,
        rows,
        never,
        show,
        comment,
        links,
        errors,
    } = page;
    let back = Crumb { label: system.clone(), href: system_href };
    let about = system.clone();
    view! {
        <PageHead title=title back=back>
            <p class="lead">"What the system holds and nobody here granted, and what was granted and is gone from it."</p>
        </PageHead>
        <ErrorSummary errors=errors/>
        {brake.map(|brake| brake_notice(brake, &key, reader))}
        <Tabs tabs=tabs label="Where it stands"/>
        <div class="aside-page">
            <div class="aside-main">
                {if rows.is_empty() {
                    empty(&show, never)
                } else {
                    lines(rows, &key, &show, reads_only.is_none(), comment, links, reader)
                }}
            </div>
            <aside class="aside-side" aria-label="How it is compared">
                <DefinitionList>
                    {under_way
                        .map(|words| {
                            view! {
                                <Fact name="Under way">
                                    <Words sentence=words reader=reader/>
                                </Fact>
                            }
                        })}
                    <Fact name="Last compared">
                        <Words sentence=last reader=reader/>
                    </Fact>
                    <Fact name="Rule">
                        <Words sentence=rule reader=reader/>
                    </Fact>
                    {reads_only.map(|words| view! { <Fact name="Who decides">{words}</Fact> })}
                </DefinitionList>
                {may_compare
                    .then(|| {
                        view! {
                            <ActionBar>
                                <ButtonForm action="/do/compare-system" fields=vec![("system", key)]>
                                    <Button label="Compare now" about=about/>
                                </ButtonForm>
                            </ActionBar>
                        }
                    })}
            </aside>
        </div>
    }
    .into_any()
}

fn empty(show: &str, never: bool) -> AnyView {
    let (title, words) = match show {
        "" if never => (
            "It wasn\u{2019}t compared yet",
            "As soon as it is connected, Latchkey reads everything that it holds and compares it with what was granted.",
        ),
        "" => ("Nothing that nobody granted", "Everything that it holds within what is managed was granted here."),
        "removing" => (
            "Nothing is on its way",
            "What is to be taken away, or given again, stands here until the system confirms it.",
        ),
        "accepted" => ("Nothing was let stay", "What somebody lets stay for a reason stands here until it is gone."),
        _ => ("Nothing is over yet", "What is gone, granted or taken away stands here from then on."),
    };
    view! {
        <Empty title=title>
            <p>{words}</p>
        </Empty>
    }
    .into_any()
}

fn brake_notice(brake: Brake, key: &str, reader: Reader) -> AnyView {
    let Brake { pass, words, form } = brake;
    let hidden = vec![("system", key.to_owned()), ("pass", pass)];
    view! {
        <Notice mark=Mark::Attention title="A removal was stopped and waits for somebody">
            <p>
                <Words sentence=words reader=reader/>
            </p>
            {form
                .map(|(typed, wrong)| {
                    view! {
                        <form method="post" action="/do/release-brake" novalidate=true>
                            <HiddenFields fields=hidden/>
                            <TextArea name="brake_comment" label="Why" value=typed error=wrong rows=2 longest=1000/>
                            <ActionBar>
                                <button type="submit" class="button button-danger" name="do" value="resume">
                                    "Let it go on"
                                </button>
                                <button type="submit" class="button button-quiet" name="do" value="cancel">
                                    "Call it off"
                                </button>
                            </ActionBar>
                        </form>
                    }
                })}
        </Notice>
    }
    .into_any()
}

fn lines(
    rows: Vec<DriftLine>,
    key: &str,
    show: &str,
    decides: bool,
    comment: (String, Option<String>),
    links: PageLinks,
    reader: Reader,
) -> AnyView {
    let any = decides && rows.iter().any(|row| row.tick);
    let hidden = vec![("system", key.to_owned()), ("show", show.to_owned())];
    let stays = show.is_empty();
    view! {
        <form method="post" action="/do/decide-drift" novalidate=true class="pick">
            <HiddenFields fields=hidden/>
            <fieldset class="field">
                <legend class="field-label">{if any { "Which" } else { "What was found" }}</legend>
                <div class="choices">
                    {rows.into_iter().map(|row| line(row, decides, reader)).collect_view()}
                </div>
            </fieldset>
            {any
                .then(|| {
                    view! {
                        <TextArea
                            name="comment"
                            label="Why"
                            hint=Some("A sentence. It stays on record.".to_owned())
                            value=comment.0
                            error=comment.1
                            rows=2
                            longest=1000
                        />
                        <ActionBar>
                            <button type="submit" class="button button-danger" name="do" value="remove">
                                "Take away what is ticked"
                            </button>
                            {stays
                                .then(|| {
                                    view! {
                                        <button type="submit" class="button button-quiet" name="do" value="accept">
                                            "Let it stay"
                                        </button>
                                    }
                                })}
                        </ActionBar>
                    }
                })}
        </form>
        <Pager links=links words=PagerWords::BackOn/>
    }
    .into_any()
}

fn line(row: DriftLine, decides: bool, reader: Reader) -> AnyView {
    let DriftLine { id, title, hint, whose, decided, state, said, tick, by_hand, chosen } = row;
    let control = format!("drift-{id}");
    let of = control.clone();
    let tickable = tick && decides;
    let name = tickable.then_some("drift");
    view! {
        <div class="pick-role">
            <label class="choice" for=of>
                <input type="checkbox" id=control name=name value=id checked=chosen disabled=!tickable/>
                <span class="choice-label">{title}</span>
                <span class="choice-hint">
                    <Words sentence=hint reader=reader/>
                </span>
            </label>
            {state
                .map(|state| {
                    view! {
                        <p class="row-text">
                            <State state=state/>
                        </p>
                    }
                })} <p class="row-text">
                <Words sentence=whose reader=reader/>
            </p>
            {decided
                .map(|words| {
                    view! {
                        <p class="row-text">
                            <Words sentence=words reader=reader/>
                        </p>
                    }
                })} {said
                .map(|said| {
                    view! {
                        <p class="row-text">
                            <code class="said">{said}</code>
                        </p>
                    }
                })}
            {by_hand.map(|words| view! { <p class="row-text">{words}</p> })}
        </div>
    }
    .into_any()
}

/// What a system's page says about drift, with the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftSummary {
    /// How much there is, and when it was looked.
    pub words: Sentence,
    /// Something waits for somebody.
    pub mark: Mark,
    /// "12 found that nobody granted".
    pub state: String,
    /// The page.
    pub href: String,
}

/// Draws it.
pub(super) fn drift_section(summary: DriftSummary, reader: Reader) -> AnyView {
    let DriftSummary { words, mark, state, href } = summary;
    view! {
        <Section id="drift" title="What nobody granted">
            <p>
                <State state=StateWord::new(mark, state)/>
            </p>
            <p class="row-text">
                <Words sentence=words reader=reader/> " " <a href=href>"See what was found"</a>
            </p>
        </Section>
    }
    .into_any()
}

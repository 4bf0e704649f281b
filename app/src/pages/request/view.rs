//! How a request is drawn: the timeline beside a summary.

use leptos::prelude::*;

use super::{ItemActions, RequestItem, RequestPage};
use crate::components::{
    ActionBar, Button, ButtonForm, CopyCode, Crumb, DefinitionList, ErrorSummary, Fact, Glyph, LinkButton, Mark,
    NotNowList, PageHead, PersonChip, Remark, RemarkText, Risk, State, Time, Timeline, Told, Weight, Words,
};
use crate::frame::Reader;
use crate::pages::parts::{Thread, ThreadView, Writing};
use crate::pages::role::ConflictNotes;

/// Draws the page. `live` is the place of the island that refreshes it while something is happening.
#[component]
pub fn RequestView(
    /// What it shows.
    page: RequestPage,
    /// For whom.
    reader: Reader,
    /// The island for living refresh.
    #[prop(optional_no_strip)]
    live: Option<AnyView>,
) -> impl IntoView {
    let heading = page.heading();
    let RequestPage { id, asked_by, asked_at, reason, mut items, back, moving, audit_href } = page;
    let crumb = Crumb { label: "Requests".to_owned(), href: back };
    let single = if items.len() == 1 { items.pop() } else { None };
    let summary = view! {
        <Fact name="Asked by">
            <PersonChip person=asked_by/>
        </Fact>
        <Fact name="Asked">
            <Time at=asked_at reader=reader told=Told::Absolute/>
        </Fact>
    };
    let record = view! {
        <Fact name="Request">
            <CopyCode text=id/>
        </Fact>
        {audit_href
            .map(|href| {
                view! {
                    <Fact name="On record">
                        <a href=href>"Its events in the audit log"</a>
                    </Fact>
                }
            })}
    };
    let reason = (!reason.is_empty()).then(|| view! { <RemarkText remark=Remark { by: None, text: reason }/> });
    let errors = match single.as_ref().map(|item| &item.thread.writing) {
        Some(Writing::Here(form)) => form.errors.clone(),
        _ => Vec::new(),
    };
    let content = match single {
        Some(item) => {
            let RequestItem {
                id: item_id,
                role_href,
                risk,
                beneficiary,
                how_long,
                ends,
                state,
                stands,
                conflicts,
                steps,
                actions,
                thread,
                ..
            } = item;
            view! {
                <PageHead title=heading back=crumb>
                    <div class="stands">
                        <State state=state/>
                        <p class="stands-words">
                            <Words sentence=stands reader=reader/>
                        </p>
                    </div>
                </PageHead>
                <div class="request">
                    <div class="request-actions">
                        <Actions actions=actions id=item_id reader=reader/>
                    </div>
                    <div class="request-line">
                        <ConflictNotes notes=conflicts/>
                        <h2 class="unseen" id="steps">
                            "Every step"
                        </h2>
                        <Timeline steps=steps reader=reader/>
                        {talk(thread, reader)}
                    </div>
                    <aside class="request-side" aria-label="Summary">
                        <DefinitionList>
                            <Fact name="For">
                                <PersonChip person=beneficiary/>
                            </Fact>
                            <Fact name="Role">
                                <a href=role_href>"What it gives"</a>
                            </Fact>
                            <Fact name="Risk">
                                <Risk level=risk/>
                            </Fact>
                            <Fact name="For how long">
                                {how_long}
                                {ends.map(|at| view! { ", until " <Time at=at reader=reader told=Told::Until/> })}
                            </Fact>
                            {summary}
                            {reason.map(|reason| view! { <Fact name="Why">{reason}</Fact> })}
                            {record}
                        </DefinitionList>
                    </aside>
                </div>
            }
            .into_any()
        }
        None => view! {
            <PageHead title=heading back=crumb/>
            <div class="request-head">
                <DefinitionList>
                    {summary} {reason.map(|reason| view! { <Fact name="Why">{reason}</Fact> })} {record}
                </DefinitionList>
            </div>
            {items.into_iter().map(|item| item_part(item, reader)).collect_view()}
        }
        .into_any(),
    };
    view! {
        <div class="request-page" data-moving=moving.then_some("true")>
            <ErrorSummary errors=errors/>
            {content}
        </div>
        {live}
    }
    .into_any()
}

/// One of several items: its state in a line, its timeline folded unless something goes on.
fn item_part(item: RequestItem, reader: Reader) -> AnyView {
    let RequestItem {
        id,
        role,
        role_href,
        risk,
        beneficiary,
        how_long,
        ends,
        state,
        stands,
        conflicts,
        steps,
        actions,
        thread,
    } = item;
    let open = !matches!(state.mark, Mark::Done | Mark::Ended);
    let action_id = id.clone();
    view! {
        <details class="item" open=open id=format!("item-{id}")>
            <summary>
                <span class="item-role">{role}</span>
                <State state=state/>
            </summary>
            <div class="item-body">
                <p class="item-facts">
                    <PersonChip person=beneficiary/>
                    <span>{how_long} {ends.map(|at| view! { ", until " <Time at=at reader=reader told=Told::Until/> })}</span>
                    <Risk level=risk/>
                    <a href=role_href>"What it gives"</a>
                </p>
                <p class="stands-words">
                    <Words sentence=stands reader=reader/>
                </p>
                <ConflictNotes notes=conflicts/>
                <Timeline steps=steps reader=reader/>
                {talk(thread, reader)}
                <Actions actions=actions id=action_id reader=reader/>
            </div>
        </details>
    }
    .into_any()
}

/// Questions and answers, under the timeline.
fn talk(thread: Thread, reader: Reader) -> Option<AnyView> {
    (!thread.is_empty()).then(|| {
        let label = format!("about-{}", thread.id);
        let of = label.clone();
        view! {
            <section class="talk" aria-labelledby=label>
                <h2 id=of>"Questions and answers"</h2>
                <ThreadView thread=thread reader=reader/>
            </section>
        }
        .into_any()
    })
}

#[component]
fn Actions(actions: ItemActions, id: String, reader: Reader) -> impl IntoView {
    let ItemActions {
        withdraw,
        take,
        give_back,
        keep,
        activate,
        active,
        extend,
        ask_again,
        decide,
        hand_over,
        add_approver,
        end,
        nudge,
        move_on,
        not_now,
    } = actions;
    let give_back_label = if active { "End now" } else { "Give it back" };
    let all = [
        &withdraw,
        &take,
        &give_back,
        &keep,
        &activate,
        &extend,
        &ask_again,
        &decide,
        &hand_over,
        &add_approver,
        &move_on,
    ];
    let any = end.is_some() || nudge.is_some() || all.iter().any(|action| action.is_some());
    let bar = move || {
        view! {
            <ActionBar>
                {decide.map(|href| view! { <LinkButton href=href label="Decide" weight=Weight::Primary glyph=Glyph::Approval/> })}
                {activate.map(|href| view! { <LinkButton href=href label="Activate it" weight=Weight::Primary/> })}
                {keep.map(|href| view! { <LinkButton href=href label="Keep it" weight=Weight::Primary/> })}
                {hand_over.map(|href| view! { <LinkButton href=href label="Hand it over"/> })}
                {add_approver.map(|href| view! { <LinkButton href=href label="Change who decides"/> })}
                {nudge
                    .map(|fields| {
                        view! {
                            <ButtonForm action="/do/nudge" fields=fields>
                                <Button label="Nudge them"/>
                            </ButtonForm>
                        }
                    })}
                {move_on.map(|href| view! { <LinkButton href=href label="Move it on"/> })}
                {end.map(|(href, label)| view! { <LinkButton href=href label=label glyph=Glyph::Return/> })}
                {extend.map(|href| view! { <LinkButton href=href label="Ask for more time"/> })}
                {ask_again.map(|href| view! { <LinkButton href=href label="Ask again"/> })}
                {give_back.map(|href| view! { <LinkButton href=href label=give_back_label glyph=Glyph::Return/> })}
                {take.map(|href| view! { <LinkButton href=href label="Take it now, in an emergency"/> })}
                {withdraw.map(|href| view! { <LinkButton href=href label="Withdraw" glyph=Glyph::Return/> })}
            </ActionBar>
        }
    };
    view! {
        {any.then(bar)}
        <NotNowList actions=not_now id=id reader=reader/>
    }
    .into_any()
}

//! One role for several people: whom the reader may ask for, found by name, to be put into the cart.

use leptos::prelude::*;

use crate::components::{
    ActionBar, Button, Crumb, Empty, HiddenFields, LinkButton, PageHead, PageLinks, Pager, PagerWords, SearchBox,
    Weight,
};

/// Somebody whom the reader may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Askable {
    /// What is sent.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their title and department.
    pub detail: String,
    /// Set if they can't be chosen: they have it, it is in the cart.
    pub already: Option<String>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartPeoplePage {
    /// The role's id.
    pub role_id: String,
    /// Its name.
    pub role: String,
    /// Its page.
    pub role_href: String,
    /// What was searched.
    pub query: String,
    /// True if the policy lets people ask for anybody.
    pub anyone: bool,
    /// The people of this page.
    pub people: Vec<Askable>,
    /// Where the list goes on.
    pub links: PageLinks,
}

impl CartPeoplePage {
    /// The title.
    #[must_use]
    pub fn title(&self) -> String {
        format!("Ask for {} for others", self.role)
    }
}

/// Draws the page.
#[component]
pub fn CartPeopleView(
    /// What it shows.
    page: CartPeoplePage,
) -> impl IntoView {
    let title = page.title();
    let CartPeoplePage { role_id, role, role_href, query, anyone, people, links } = page;
    let lead = if anyone {
        "You can ask for anybody: that is what the policy of this role says. Search for them, choose them, and fill in the rest in your cart."
    } else {
        "You can ask for the people who report to you. Choose them, and fill in the rest in your cart."
    };
    let nobody = people.is_empty();
    view! {
        <PageHead title=title back=Crumb { label: role, href: role_href }>
            <p>{lead}</p>
        </PageHead>
        <SearchBox
            action="/cart/people"
            label="Find somebody"
            value=query.clone()
            keep=vec![("role", role_id.clone())]
            example="a name, a title, an address"
            id="people-search"
        />
        {if nobody {
            let title = if query.is_empty() && anyone {
                "Whom is it for?".to_owned()
            } else if query.is_empty() {
                "Nobody reports to you".to_owned()
            } else if anyone {
                format!("Nobody fits \u{201c}{query}\u{201d}")
            } else {
                format!("Nobody whom you can ask for fits \u{201c}{query}\u{201d}")
            };
            view! {
                <Empty title=title>
                    <p>
                        {if anyone {
                            "Search for a part of a name, a title or an address."
                        } else {
                            "People can ask for themselves, and managers for those who report to them."
                        }}
                    </p>
                </Empty>
            }
                .into_any()
        } else {
            view! {
                <form method="post" action="/do/add-to-cart" class="pick">
                    <HiddenFields fields=vec![("role_id", role_id), ("who", "chosen".to_owned())]/>
                    <fieldset class="field">
                        <legend class="field-label">"For whom"</legend>
                        <div class="choices">{people.into_iter().map(askable).collect_view()}</div>
                    </fieldset>
                    <ActionBar>
                        <Button label="Add to cart" weight=Weight::Primary/>
                        <LinkButton href="/cart" label="Go to your cart"/>
                    </ActionBar>
                </form>
                <Pager links=links words=PagerWords::BackOn/>
            }
                .into_any()
        }}
    }
    .into_any()
}

fn askable(one: Askable) -> AnyView {
    let Askable { id, name, detail, already } = one;
    let control = format!("person-{id}");
    let of = control.clone();
    let hint = already.clone().unwrap_or(detail);
    view! {
        <label class="choice" for=of>
            <input type="checkbox" id=control name="beneficiary_id" value=id disabled=already.is_some()/>
            <span class="choice-label">{name}</span>
            <span class="choice-hint">{hint}</span>
        </label>
    }
    .into_any()
}

//! How pages look that say no: like the portal's own, without its frame.

use latchkey_app::{
    asset_paths::AssetPaths,
    components::{ActionBar, Button, CopyCode, Weight},
    frame::BarePage,
};
use leptos::prelude::*;

use crate::security::{Notice, Notices};

/// Notices in the portal's look.
#[must_use]
pub fn framed(company: &str, assets: AssetPaths) -> Notices {
    let company = company.to_owned();
    Notices::new(move |notice| draw(notice.clone(), company.clone(), assets))
}

fn draw(notice: Notice, company: String, assets: AssetPaths) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        let title = notice.title.clone();
        view! {
            <BarePage title=title company=company style_href=assets.style() icon_href=assets.icon()>
                {message(notice)}
            </BarePage>
        }
        .to_html()
    });
    owner.unset();
    html
}

fn message(notice: Notice) -> AnyView {
    let Notice { code, title, what, why, help, action, form, request_id, .. } = notice;
    let paragraphs = [what, why, help].into_iter().filter(|text| !text.is_empty());
    view! {
        <div class="message">
            <h1>{title}</h1>
            {paragraphs.map(|text| view! { <p>{text}</p> }).collect_view()}
            <ActionBar>
                {action
                    .map(|action| {
                        let (target, rel) = if action.new_tab { (Some("_blank"), Some("noopener")) } else { (None, None) };
                        view! {
                            <a class=Weight::Primary.class() href=action.href target=target rel=rel>
                                {action.label}
                            </a>
                        }
                    })}
                {form
                    .map(|(label, address)| {
                        view! {
                            <form method="post" action=address>
                                <Button label=label/>
                            </form>
                        }
                    })}
            </ActionBar>
            {request_id
                .map(|id| {
                    view! {
                        <p class="message-id">
                            "Request number " <CopyCode text=id.as_str()/> ", reason " <code>{code}</code>
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;
    use crate::security::RequestId;

    #[test]
    fn a_notice_says_everything_and_nothing_of_it_is_markup() {
        let id = RequestId::generate();
        let notice = Notice::new(StatusCode::FORBIDDEN, "some_code", "A <b>title</b>", "What.", "Why.", "Help.")
            .link("On", "/next")
            .of(&id);
        let page = draw(notice, "Brine & Well".to_owned(), AssetPaths::default());
        assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
        for text in [
            "A &lt;b&gt;title",
            "What.",
            "Why.",
            "Help.",
            "href=\"/next\"",
            id.as_str(),
            "some_code",
            "Brine &amp; Well",
        ] {
            assert!(page.contains(text), "{text} is missing in {page}");
        }
        assert!(!page.contains("<script"));
    }
}

//! What was wrong with a form, above it, with a link to each field.

use leptos::prelude::*;

use super::field::FieldIds;
use super::icon::{Glyph, Icon};

/// One thing that was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// The name of the field, or `None` for the form as a whole.
    pub field: Option<&'static str>,
    /// What is expected, with an example where that helps.
    pub message: String,
}

impl FormError {
    /// The message for this field, if there is one.
    #[must_use]
    pub fn for_field(errors: &[Self], name: &str) -> Option<String> {
        errors.iter().find(|error| error.field == Some(name)).map(|error| error.message.clone())
    }
}

/// Shows nothing while nothing is wrong. It takes the focus when the page opens.
#[component]
pub fn ErrorSummary(
    /// What was wrong.
    errors: Vec<FormError>,
) -> impl IntoView {
    (!errors.is_empty()).then(|| {
        let title = if errors.len() == 1 {
            "There is a problem".to_owned()
        } else {
            format!("There are {} problems", errors.len())
        };
        view! {
            <div class="error-summary" role="alert" tabindex="-1" autofocus=true id="errors">
                <h2>
                    <Icon glyph=Glyph::Warning/>
                    {title}
                </h2>
                <ul>
                    {errors
                        .into_iter()
                        .map(|error| match error.field {
                            Some(field) => {
                                view! {
                                    <li>
                                        <a href=format!("#{}", FieldIds::of(field).control)>{error.message}</a>
                                    </li>
                                }
                                    .into_any()
                            }
                            None => view! { <li>{error.message}</li> }.into_any(),
                        })
                        .collect_view()}
                </ul>
            </div>
        }
    })
}

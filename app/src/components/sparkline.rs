//! A small chart of one day: bars by the hour, with the numbers in words.

use leptos::prelude::*;

use super::duration::number;

/// Bars for counts, failures on top of them. The words say the sums; the picture only shows when.
#[component]
pub fn Sparkline(
    /// What went well, oldest first.
    done: Vec<u32>,
    /// What failed, in the same steps.
    failed: Vec<u32>,
    /// What is counted: "changes".
    what: &'static str,
) -> impl IntoView {
    const HEIGHT: f32 = 20.0;
    const STEP: usize = 4;
    let steps = done.len().max(failed.len());
    let at = |values: &[u32], step: usize| values.get(step).copied().unwrap_or(0);
    let top = (0..steps).map(|step| at(&done, step) + at(&failed, step)).max().unwrap_or(0).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a picture of 20 px cannot show the difference")]
    let scaled = |value: u32| value as f32 / top as f32 * HEIGHT;
    let mut drawing = String::new();
    for step in 0..steps {
        let (well, badly) = (scaled(at(&done, step)), scaled(at(&failed, step)));
        let x = step * STEP;
        if well > 0.0 {
            drawing.push_str(&format!(r#"<path class="bar" d="M{x} {HEIGHT}h3v-{:.1}h-3z"/>"#, well.max(1.0)));
        }
        if badly > 0.0 {
            drawing.push_str(&format!(
                r#"<path class="bar-failed" d="M{x} {:.1}h3v-{:.1}h-3z"/>"#,
                HEIGHT - well,
                badly.max(1.5)
            ));
        }
    }
    let width = (steps * STEP).max(1);
    drawing.push_str(&format!(r#"<path class="base" d="M0 {}h{width}"/>"#, HEIGHT + 0.5));
    let (sum, wrong) = (done.iter().sum::<u32>(), failed.iter().sum::<u32>());
    let words = if wrong == 0 {
        number(i64::from(sum))
    } else {
        format!("{}, {} failed", number(i64::from(sum)), number(i64::from(wrong)))
    };
    view! {
        <span class="spark">
            <svg viewBox=format!("0 0 {width} 21") width=width height="21" aria-hidden="true" inner_html=drawing></svg>
            <span class="spark-words">{words} <span class="unseen">" " {what} " in the last day"</span></span>
        </span>
    }
}

//! The lengths that a form offers: what holds together, which of them fit, and which one it suggests.

use crate::{policy::MAX_OFFERS, span::Span};

/// What doesn't hold together in an offer: the position that it is about (none for the whole), what is wrong and what would be
/// right. `longest` is what the file calls the longest, `each` what it calls one entry.
pub(crate) fn problems(
    offer: &[Span],
    (longest, max): (&str, Span),
    each: &str,
) -> Vec<(Option<usize>, String, String)> {
    let mut found = Vec::new();
    if offer.is_empty() || offer.len() > MAX_OFFERS {
        found.push((None, format!("offer has {} {each}s", offer.len()), format!("1 to {MAX_OFFERS} {each}s")));
    }
    for (at, span) in offer.iter().enumerate() {
        if *span > max {
            let what = format!("offer has {span}, longer than {longest}, {max}");
            found.push((Some(at), what, format!("at most {max}")));
        }
        if at > 0 && offer.get(at - 1).is_some_and(|before| before >= span) {
            let expected = format!("each {each} once, the shortest first");
            found.push((Some(at), format!("offer has {span} out of order"), expected));
        }
    }
    found
}

/// What of an offer is short enough; `longest` itself where nothing is.
pub(crate) fn fitting(offer: &[Span], longest: Span) -> Vec<Span> {
    let fit: Vec<Span> = offer.iter().copied().filter(|span| *span <= longest).collect();
    if fit.is_empty() { vec![longest] } else { fit }
}

/// What is suggested of an offer: the longest that isn't longer than `usual`, else the shortest.
pub(crate) fn suggested(offer: &[Span], usual: Span) -> Option<Span> {
    let fitting = offer.iter().copied().filter(|span| *span <= usual).max();
    fitting.or_else(|| offer.iter().copied().min())
}

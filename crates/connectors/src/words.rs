//! Text that comes from elsewhere, made fit to be shown and stored: one line, bounded, nothing invisible.

/// The longest error text in characters.
pub const LONGEST: usize = 500;

/// One line of at most [`LONGEST`] characters: control and direction-changing characters go, white space becomes single blanks.
#[must_use]
pub fn clean(text: &str) -> String {
    one_line(text, LONGEST)
}

/// The same with another bound, for display names and the like.
#[must_use]
pub fn one_line(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len().min(longest * 4));
    let mut blank = false;
    let mut count = 0;
    for c in text.chars() {
        if c.is_whitespace() || c == '\u{0}' {
            blank = !out.is_empty();
            continue;
        }
        if is_hidden(c) {
            continue;
        }
        let needed = if blank { 2 } else { 1 };
        if count + needed > longest.saturating_sub(1) {
            out.push('…');
            return out;
        }
        if blank {
            out.push(' ');
            blank = false;
        }
        out.push(c);
        count += needed;
    }
    out
}

/// Replaces each occurrence of a secret. A secret of fewer than four characters is left alone: it would hit ordinary words.
#[must_use]
pub fn without_secret(text: &str, secret: &str) -> String {
    if secret.chars().count() < 4 { text.to_owned() } else { text.replace(secret, "(hidden)") }
}

/// Characters that are not seen but change what is seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether text from a catalog or a person is unfit to be part of a name on a system.
pub(crate) fn has_hidden(text: &str) -> bool {
    text.chars().any(|c| is_hidden(c) || (c.is_whitespace() && c != ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_hidden_characters_become_one_plain_line() {
        assert_eq!(clean("  a\r\n\tb \u{202E}c\u{0}d\u{200B}e  "), "a b c de");
        assert_eq!(clean(""), "");
    }

    #[test]
    fn long_text_is_cut_at_the_bound_and_says_so() {
        let cut = clean(&"ö ".repeat(600));
        assert!(cut.chars().count() <= LONGEST);
        assert!(cut.ends_with('…'));
        let exact = "x".repeat(LONGEST - 1);
        assert_eq!(clean(&exact), exact);
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_stands() {
        assert_eq!(without_secret("bad s3cret, s3cret", "s3cret"), "bad (hidden), (hidden)");
        assert_eq!(without_secret("a cat", "a"), "a cat");
    }
}

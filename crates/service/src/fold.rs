//! Text as it is searched: lower case, Latin letters without their marks, one space between words.

/// The letters from U+00C0 to U+024F without marks, in lower case; a dot stands for none or for several.
const LATIN: &[u8] =
    b"aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.yaaaaaaccccccccddddeeeeeeeeeegggggggg\
    hhhhiiiiiiiiii..jjkkkllllll..llnnnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzsbb......\
    .dd............ikk......oo.............uu............................aaiioouuuuuuuuuu.aaaa....ggkkoo\
    oo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy...............b............";
/// The same for U+1E00 to U+1EFF.
const LATIN_ADDITIONAL: &[u8] =
    b"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrssss\
    ssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeee\
    iiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

/// Folds `text`: "Zoë  ÅBERG" becomes "zoe aberg". Letters of other scripts stay, in lower case.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if c.is_whitespace() {
            if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        } else {
            c.to_lowercase().for_each(|c| push(&mut out, c));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Appends a letter in lower case without its marks.
fn push(out: &mut String, c: char) {
    if let Some(letters) = several(c) {
        out.push_str(letters);
    } else if let Some(letter) = one(c) {
        out.push(letter);
    } else if !('\u{300}'..='\u{36f}').contains(&c) {
        out.push(c);
    }
}

/// The words of folded text: letters and digits without anything between them.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty())
}

fn one(c: char) -> Option<char> {
    let from = |table: &[u8], start: char| {
        let at = u32::from(c).checked_sub(u32::from(start))?;
        table.get(usize::try_from(at).ok()?).filter(|b| **b != b'.').map(|b| char::from(*b))
    };
    from(LATIN, '\u{c0}').or_else(|| from(LATIN_ADDITIONAL, '\u{1e00}'))
}

const fn several(c: char) -> Option<&'static str> {
    Some(match c {
        'Æ' | 'æ' => "ae",
        'Ǆ' | 'ǅ' | 'ǆ' | 'Ǳ' | 'ǲ' | 'ǳ' => "dz",
        'Ĳ' | 'ĳ' => "ij",
        'Ǉ' | 'ǈ' | 'ǉ' => "lj",
        'Ǌ' | 'ǋ' | 'ǌ' => "nj",
        'Œ' | 'œ' => "oe",
        'ß' | 'ẞ' => "ss",
        'Þ' | 'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_and_case_and_spaces_fall_away() {
        assert_eq!(fold("  Zoë  ÅBERG "), "zoe aberg");
        assert_eq!(fold("Łukasz Weiß-Sørensen"), "lukasz weiss-sorensen");
        assert_eq!(fold("Nguyễn Thị Ánh"), "nguyen thi anh");
        assert_eq!(fold("Re\u{301}ne"), "rene");
        assert_eq!(fold("ΑΘΗΝΑ 東京"), "αθηνα 東京");
        assert_eq!(fold("×÷"), "×÷");
        assert_eq!(words("a-b  c/d e.").collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,24}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            prop_assert!(!once.contains("  ") && once.trim() == once);
        }
    }
}

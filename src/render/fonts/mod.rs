//! The embedded font: Inter 4.1 in two weights, cut down to what pacer prints. Only pictures that stand alone use it.
//!
//! `make.py` in this folder made the two files and says how; `LICENSE.txt` is their licence (SIL Open Font License 1.1). Latin,
//! Greek and Cyrillic, punctuation, arrows, bars and check marks: 546 characters, 70 kB a weight. Figures all have one width.
//!
//! Why not the system's fonts: a container has none, and resvg drops text without a font, saying nothing. For the same reason
//! a character that the font lacks is replaced here, before resvg sees it.

/// The plain weight.
pub const REGULAR: &[u8] = include_bytes!("Inter-Regular.ttf");
/// The bold one.
pub const SEMIBOLD: &[u8] = include_bytes!("Inter-SemiBold.ttf");
/// The name by which a picture asks for it.
pub const FAMILY: &str = "Inter";

/// Stands where a character can't be drawn.
pub const MISSING: char = '□';

/// As `RANGES` in `make.py`.
const COVERED: [(char, char); 37] = [
    (' ', '~'),
    ('\u{a0}', '\u{ac}'),
    ('\u{ae}', '\u{148}'),
    ('\u{14a}', '\u{17f}'),
    ('\u{218}', '\u{21b}'),
    ('\u{300}', '\u{304}'),
    ('\u{306}', '\u{308}'),
    ('\u{30a}', '\u{30a}'),
    ('\u{30c}', '\u{30c}'),
    ('\u{386}', '\u{386}'),
    ('\u{388}', '\u{38a}'),
    ('\u{38c}', '\u{38c}'),
    ('\u{38e}', '\u{3a1}'),
    ('\u{3a3}', '\u{3ce}'),
    ('\u{400}', '\u{45f}'),
    ('\u{2010}', '\u{2027}'),
    ('\u{202f}', '\u{203a}'),
    ('€', '€'),
    ('←', '↙'),
    ('−', '−'),
    ('∞', '∞'),
    ('≈', '≈'),
    ('≤', '≥'),
    ('▁', '█'),
    ('■', '□'),
    ('▲', '▲'),
    ('▼', '▼'),
    ('◆', '◆'),
    ('○', '○'),
    ('●', '●'),
    ('✓', '✓'),
    ('✗', '✗'),
    ('\u{2060}', '\u{2060}'),
    ('\u{200b}', '\u{200d}'),
    ('\u{fe0e}', '\u{fe0f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
];
/// From here on, what is in [`COVERED`] is invisible by its nature and left out.
const INVISIBLE: usize = 32;

/// A text that the font can draw whole: what it lacks is [`MISSING`], what nobody sees anyway is left out.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|letter| match COVERED.iter().position(|(first, last)| (*first..=*last).contains(&letter)) {
            Some(range) if range >= INVISIBLE => None,
            Some(_) => Some(letter),
            None => Some(MISSING),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_font_lacks_is_replaced_and_never_dropped() {
        let check = |text: &str, expect: &str| assert_eq!(printable(text), expect);
        check("Łódź 4.2 → 1.9 ✓ ▁█", "Łódź 4.2 → 1.9 ✓ ▁█");
        check("Привет, Ελλάδα e\u{301}", "Привет, Ελλάδα e\u{301}");
        check("漢字 👩\u{200d}💻\u{fe0f} \u{7}", "□□ □□ □");
    }

    #[test]
    fn the_list_is_the_one_that_the_font_was_made_with() {
        let made = include_str!("make.py");
        let listed = made.split("RANGES = [").nth(1).and_then(|rest| rest.split("\n]").next()).expect("the list");
        let numbers: Vec<u32> = listed
            .split("0x")
            .skip(1)
            .map(|rest| rest.chars().take_while(char::is_ascii_hexdigit).collect::<String>())
            .map(|hex| u32::from_str_radix(&hex, 16).expect("hex"))
            .collect();
        let ours: Vec<u32> = COVERED[..INVISIBLE].iter().flat_map(|(first, last)| [*first as u32, *last as u32]).collect();
        assert_eq!(ours, numbers);
    }
}

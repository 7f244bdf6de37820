//! Slack's limits, in one place, and cutting text to them.
//!
//! Why cut here rather than trust features: a title comes from a team's name, a row from a commit's subject, and one that
//! is too long would turn a whole answer into an API error. All counts are of characters *after* escaping, the strictest
//! reading of the documentation.

use unicode_width::UnicodeWidthChar;

/// Blocks in a message.
pub const MESSAGE_BLOCKS: usize = 50;
/// Characters of a message, all of its JSON counted. The documented trouble (`msg_blocks_too_long`) begins near 13,200.
pub const MESSAGE_CHARS: usize = 9_900;
/// Characters of the top-level text, inside the above.
pub const FALLBACK_CHARS: usize = 2_000;
/// Blocks in a modal or on Home.
pub const VIEW_BLOCKS: usize = 100;
/// Characters of a view: Slack refuses near 250,000; a reader far earlier.
pub const VIEW_CHARS: usize = 40_000;
/// Header text.
pub const HEADER: usize = 150;
/// Section text.
pub const SECTION: usize = 3_000;
/// Fields in a section, and each one's text.
pub const FIELDS: usize = 10;
/// Text of one field.
pub const FIELD: usize = 2_000;
/// Elements in a context block.
pub const CONTEXT_ELEMENTS: usize = 10;
/// Elements in an actions block.
pub const ACTIONS: usize = 25;
/// A button's text.
pub const BUTTON_TEXT: usize = 75;
/// A button's value.
pub const BUTTON_VALUE: usize = 2_000;
/// An option's text.
pub const OPTION_TEXT: usize = 75;
/// An option's value.
pub const OPTION_VALUE: usize = 150;
/// Options in a select.
pub const OPTIONS: usize = 100;
/// Options of radio buttons.
pub const RADIO: usize = 10;
/// A view's title, submit and close.
pub const VIEW_TITLE: usize = 24;
/// A view's `private_metadata`.
pub const METADATA: usize = 3_000;
/// `action_id`, `block_id`, `callback_id`.
pub const ID: usize = 255;
/// An input's label and hint.
pub const LABEL: usize = 2_000;
/// What stands in a text input first.
pub const INITIAL: usize = 3_000;

/// Native charts in a message. Not documented; a third is refused.
pub const CHARTS: usize = 2;
/// A native chart's title.
pub const CHART_TITLE: usize = 50;
/// Its series. 12 are taken by now; more than six lines nobody tells apart.
pub const CHART_SERIES: usize = 6;
/// Its points in a series, one for each label.
pub const CHART_POINTS: usize = 20;
/// Names of its series and labels.
pub const CHART_LABEL: usize = 20;
/// Names of its axes.
pub const CHART_AXIS: usize = 50;

/// At most `max` characters, the last an ellipsis where something was cut; a letter keeps its accents, an emoji its parts.
pub fn cut(text: &str, max: usize) -> String {
    cut_by(text, max, |_| 1)
}

/// [`cut`], where a character costs what `cost` says.
pub fn cut_by(text: &str, max: usize, cost: impl Fn(char) -> usize) -> String {
    if text.chars().map(&cost).sum::<usize>() <= max {
        return text.to_owned();
    }
    if max == 0 {
        return String::new();
    }
    let mut used = 1; // the ellipsis
    let mut end = 0;
    let mut whole = 0; // the last place that splits no cluster
    let mut joined = false;
    for (at, letter) in text.char_indices() {
        if !continues(letter) && !joined {
            whole = at;
        }
        used += cost(letter);
        if used > max {
            break;
        }
        joined = letter == '\u{200d}';
        end = at + letter.len_utf8();
    }
    format!("{}…", text[..whole.min(end)].trim_end())
}

/// Whether a character belongs to the one before it: combining marks, joiners, variation selectors, skin tones.
fn continues(letter: char) -> bool {
    letter.width() == Some(0) || ('\u{1f3fb}'..='\u{1f3ff}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_letters_as_people_see_them() {
        let check = |text: &str, max: usize, expect: &str| assert_eq!(cut(text, max), expect, "{text} to {max}");
        check("Payments", 8, "Payments");
        check("Payments", 5, "Paym…");
        check("Pay ments", 5, "Pay…");
        check("e\u{301}e\u{301}e\u{301}", 5, "e\u{301}e\u{301}…");
        check("e\u{301}e\u{301}e\u{301}", 4, "e\u{301}…");
        check("ab👩\u{200d}💻cd", 5, "ab…");
        check("abc", 1, "…");
        check("abc", 0, "");
        check("", 0, "");
    }

    #[test]
    fn what_escaping_costs_is_counted() {
        let cost = |letter: char| if letter == '&' { 5 } else { 1 };
        assert_eq!(cut_by("a&b", 7, cost), "a&b");
        assert_eq!(cut_by("a&b", 6, cost), "a…");
    }
}

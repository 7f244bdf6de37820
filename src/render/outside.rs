//! Text from outside made safe for Slack and for a terminal: cleaned, escaped, and without the power to style or ping.
//!
//! Why look-alikes rather than zero-width characters: Slack's mrkdwn has no escape for `*`, `_`, `~` and the backtick, and
//! whether a zero-width neighbour stops them differs between its clients. So a marker that could open or close a style is
//! replaced by its mathematical or modifier twin (`∗ ˍ ∼ '`); between two letters (`payments_api`, `2*3`) Slack takes it
//! literally and it stays. Identifiers to copy belong in `Span::Code`, where all but the backtick stays as it is. Besides,
//! every mrkdwn object is `verbatim`, so Slack makes no links and no mentions out of plain words.

use super::limits::cut_by;
use crate::domain::card::{Line, Span, Web};

/// Without control characters (a terminal obeys them) and without marks that turn the direction of text around; any white
/// space is one blank.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {}
            '\u{2028}' | '\u{2029}' => out.push(' '),
            _ if letter.is_control() => {
                if letter.is_whitespace() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            _ => out.push(letter),
        }
    }
    out
}

/// [`clean`], and with an arrow, a number and its sign kept on one line, where a reader wraps lines.
pub fn together(text: &str) -> String {
    clean(text).replace("↑ ", "↑\u{a0}").replace("↓ ", "↓\u{a0}").replace(" %", "\u{a0}%")
}

/// [`clean`] for text of which at most `max` characters will be kept: the rest of a very long one isn't looked at.
fn clean_to(text: &str, max: usize) -> String {
    match text.char_indices().nth(2 * max + 64) {
        Some((end, _)) => clean(&text[..end]),
        None => clean(text),
    }
}

/// Slack's three escapes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        push_escaped(&mut out, letter);
    }
    out
}

fn push_escaped(out: &mut String, letter: char) {
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(letter),
    }
}

/// What a character takes up once escaped.
pub fn escaped_len(letter: char) -> usize {
    match letter {
        '&' => 5,
        '<' | '>' => 4,
        _ => 1,
    }
}

/// For a `plain_text` object: cleaned, cut to `max` characters as escaped, escaped.
pub fn plain(text: &str, max: usize) -> String {
    escape(&cut_by(clean_to(text, max).trim(), max, escaped_len))
}

/// A line as mrkdwn of at most `max` characters.
pub fn mrkdwn(line: &Line, max: usize) -> String {
    let mut out = String::new();
    let mut left = max;
    for span in &line.0 {
        if let Span::Mention(id) = span
            && let Some(mention) = mention(id).filter(|mention| mention.chars().count() <= left)
        {
            left -= mention.chars().count();
            out.push_str(&mention);
            continue;
        }
        let (text, mark) = match span {
            Span::Mention(id) => (neutral(&clean_to(id, left), out.is_empty()), None),
            Span::Plain(text) => (neutral(&clean_to(text, left), out.is_empty()), None),
            Span::Strong(text) | Span::Link(text, _) => (neutral(&clean_to(text, left), false), Some('*')),
            Span::Code(text) => (clean_to(text, left).replace('`', "'"), Some('`')),
        };
        let whole = if let Span::Link(_, web) = span { linked(&text, web, left) } else { None };
        let piece = match mark {
            _ if whole.is_some() => whole.unwrap_or_default(),
            Some(mark) if !text.trim().is_empty() => marked(&text, mark, left),
            _ => escape(&cut_by(&text, left, escaped_len)),
        };
        // Slack reads a mark only beside something that is no letter: a blank of no width between "5" and "*days*".
        let touching = out.chars().last().is_some_and(beside) && piece.starts_with(beside);
        let styled = mark.is_some() || out.ends_with(['*', '`']);
        if touching && styled && left > piece.chars().count() {
            out.push('\u{200b}');
            left -= 1;
        }
        left = left.saturating_sub(piece.chars().count());
        out.push_str(&piece);
        if left == 0 {
            break;
        }
    }
    out.trim().to_owned()
}

/// `<@U0123>` or `<#C0123>`; none where it is not such an id.
pub fn mention(id: &str) -> Option<String> {
    let well_formed = id.len() > 1 && id.bytes().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    let mark = match id.chars().next().filter(|_| well_formed)? {
        'U' | 'W' => '@',
        'C' | 'G' => '#',
        _ => return None,
    };
    Some(format!("<{mark}{id}>"))
}

/// Whether a character stops a mark beside it from being read.
fn beside(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '*' | '`')
}

/// A link within `left` characters, if its address and some of its name fit.
fn linked(text: &str, web: &Web, left: usize) -> Option<String> {
    let address = escape(web.as_str());
    let room = left.checked_sub(address.chars().count() + "<|>".len()).filter(|room| *room > 3)?;
    let name = escape(&cut_by(text.trim(), room, escaped_len)).replace('|', "∣");
    (!name.is_empty()).then(|| format!("<{address}|{name}>"))
}

/// A styled piece within `left` characters; blanks stand outside the marks, where Slack wants them.
fn marked(text: &str, mark: char, left: usize) -> String {
    let inner = text.trim();
    let before = if text.starts_with(' ') { " " } else { "" };
    let after = if text.ends_with(' ') { " " } else { "" };
    let Some(room) = left.checked_sub(before.len() + after.len() + 2).filter(|room| *room > 0) else {
        return cut_by(text, left.min(1), escaped_len);
    };
    format!("{before}{mark}{}{mark}{after}", escape(&cut_by(inner, room, escaped_len)))
}

/// Markers that Slack would act on, by look-alikes. `first`: it begins a line, where `>` would be a quotation.
fn neutral(text: &str, first: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let word = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|letter| letter.is_alphanumeric());
    let mut out = String::with_capacity(text.len());
    for (at, letter) in letters.iter().enumerate() {
        let inside = word(at.checked_sub(1)) && word(Some(at + 1));
        out.push(match letter {
            '`' => '\'',
            '*' if !inside => '∗',
            '_' if !inside => 'ˍ',
            '~' if !inside => '∼',
            '>' if first && letters[..at].iter().all(|before| before.is_whitespace()) => '›',
            ':' if names_emoji(&letters[at + 1..]) => '∶',
            _ => *letter,
        });
        if *letter == '@' && ["here", "channel", "everyone"].iter().any(|group| begins(&letters[at + 1..], group)) {
            out.push('\u{2060}');
        }
    }
    out
}

/// Whether what follows a colon would be read as the name of an emoji: `tada:`.
fn names_emoji(after: &[char]) -> bool {
    let name: Vec<char> =
        after.iter().copied().take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '+' | '\'')).collect();
    after.get(name.len()) == Some(&':') && (name.iter().any(char::is_ascii_alphabetic) || name == ['+', '1'] || name == ['-', '1'])
}

fn begins(letters: &[char], word: &str) -> bool {
    word.chars().enumerate().all(|(at, wanted)| letters.get(at).is_some_and(|letter| letter.eq_ignore_ascii_case(&wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn outside_text_neither_styles_nor_pings() {
        let check = |text: &str, expect: &str| assert_eq!(mrkdwn(&Line::plain(text), 200), expect, "{text}");
        check("fix <!channel> & co", "fix &lt;!channel&gt; &amp; co");
        check("<@U1|x>", "&lt;@U1|x&gt;");
        check("*bold* _it_ ~no~ `code`", "∗bold∗ ˍitˍ ∼no∼ 'code'");
        check("payments_api 2*3", "payments_api 2*3");
        check("> quoted", "› quoted");
        check("a > b", "a &gt; b");
        check(":tada: at 12:30:45", "∶tada: at 12:30:45");
        check("cc @here @Channel", "cc @\u{2060}here @\u{2060}Channel");
        check("a\r\n\tb\u{1b}[31m\u{202e}c", "a b[31mc");
        check("", "");
    }

    #[test]
    fn strong_and_code_are_marked_once() {
        let check = |line: Line, expect: &str| assert_eq!(mrkdwn(&line, 200), expect);
        check(Line::plain("is ").strong("1.9 days").and(", type ").code("/metrics why x"), "is *1.9 days*, type `/metrics why x`");
        check(Line::plain("").strong("*a*"), "*∗a∗*");
        check(Line::plain("5").strong("days").and("long"), "5\u{200b}*days*\u{200b}long");
        check(Line::plain("a").strong(" b ").and("c"), "a *b* c");
        check(Line::default().code("a`b"), "`a'b`");
        check(Line::plain("x").code(" "), "x");
    }

    #[test]
    fn a_mention_is_an_id_and_nothing_else() {
        let check = |id: &str, expect: &str| assert_eq!(mrkdwn(&Line::plain("by ").mention(id).and("."), 200), expect, "{id}");
        check("U0ANA", "by <@U0ANA>.");
        check("C012", "by <#C012>.");
        check("S012", "by S012."); // a group would be pinged
        check("!channel", "by !channel.");
        check("U1> <!here", "by U1&gt; &lt;!here.");
        assert_eq!(mrkdwn(&Line::plain("by ").mention("U0ANA"), 6), "by U0…");
    }

    #[test]
    fn cutting_keeps_escapes_and_marks_whole() {
        let line = Line::plain("a&b").strong("c&d").code("e<f");
        for max in 0..40 {
            let text = mrkdwn(&line, max);
            assert!(text.chars().count() <= max, "{max}: {text}");
            let bare = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            assert!(!bare.contains('&') && !bare.contains('<'), "{max}: {text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{max}: {text}");
            assert_eq!(text.matches('*').count() % 2, 0, "{max}: {text}");
        }
    }

    #[test]
    fn a_sentence_of_ours_has_code_between_backticks() {
        assert_eq!(Line::sentence("Type `dora`."), Line::plain("Type ").code("dora").and("."));
        assert_eq!(Line::sentence("a ` b"), Line::plain("a ` b"));
    }

    #[test]
    fn a_link_is_one_whatever_its_name_holds_or_no_link() {
        let check = |text: &str, address: &str, max: usize, expect: &str| {
            assert_eq!(mrkdwn(&Line::default().link(text, Some(address)), max), expect, "{text} {address}");
        };
        check("Fix <it> | *now*", "https://x.example/a?b=1&c=2", 200, "<https://x.example/a?b=1&amp;c=2|Fix &lt;it&gt; ∣ ∗now∗>");
        check("Fix", "https://x.example/`|<!here>", 200, "*Fix*");
        check("Fix", "javascript:alert(1)", 200, "*Fix*");
        check("Fix", "https:///x", 200, "*Fix*");
        check("Fix it all at once", "https://x.example/", 30, "<https://x.example/|Fix it a…>");
        check("Fix it all at once", "https://x.example/a/long/way", 25, "*Fix it all at once*");
    }

    proptest! {
        #[test]
        fn no_bare_angle_bracket_is_ever_written(text in "[<>&*_~`:@a-z !|]{0,60}", max in 0_usize..80) {
            for line in [Line::plain(&text), Line::default().strong(&text), Line::default().code(&text), Line::plain("a").strong(&text).and(&text)] {
                let out = mrkdwn(&line, max);
                prop_assert!(out.chars().count() <= max);
                prop_assert!(!out.contains('<') && !out.contains('>'));
                let bare = out.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
                prop_assert!(!bare.contains('&'), "{out}");
            }
        }
    }
}

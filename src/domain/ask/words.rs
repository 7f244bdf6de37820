//! Cuts what was typed into words: quotes, the entities and curly quotes of Slack, a space after `team:`.

use crate::domain::window::{Period, Trouble};
use crate::error::{Kind, UserError};

/// More than anybody types.
const MOST_LETTERS: usize = 4_000;
/// What begins a scope.
pub(super) const SCOPES: [&str; 3] = ["team", "service", "project"];

/// A word as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// `team:"Data Platform"`: the key in lower case and its value without quotes.
    Keyed(String, String),
    /// Any other word.
    Plain(String),
    /// A word in quotes, which is never a period.
    Quoted(String),
}

impl Word {
    /// As it is shown back.
    pub(super) fn shown(&self) -> String {
        let text = match self {
            Self::Keyed(key, value) => format!("{key}:{value}"),
            Self::Plain(text) | Self::Quoted(text) => text.clone(),
        };
        shortened(&text)
    }
}

/// A text short enough to be repeated in a message.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(60).chain("...".chars()).collect() } else { text.to_owned() }
}

/// A word so that it is cut out whole again, and as a word: not as a period, a scope or a mention.
pub(super) fn quoted(word: &str) -> String {
    let breaks = word.is_empty() || word.contains(|letter: char| letter.is_whitespace() || letter == ':' || is_quote(letter));
    let entity = ["&amp;", "&lt;", "&gt;"].iter().any(|entity| word.contains(entity));
    if !breaks && !entity && !word.starts_with(['@', '<', '/']) && !word.eq_ignore_ascii_case("me") && !is_of_a_period(word) {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('&', "&amp;"))
}

/// Whether a period in words may begin with this one, or end with it behind a number.
fn is_of_a_period(word: &str) -> bool {
    let day = chrono::NaiveDate::default();
    let (month, unit) = (format!("{word} 2026"), format!("2 {word}"));
    let starts = ["last", "past", "previous", "this", "current", "since", "from"];
    starts.iter().any(|start| word.eq_ignore_ascii_case(start))
        || word.bytes().all(|byte| byte.is_ascii_digit())
        || [word, &month, &unit].iter().any(|text| Period::parse(text, day) != Err(Trouble::Unknown))
}

fn is_double(letter: char) -> bool {
    matches!(letter, '"' | '“' | '”' | '„' | '«' | '»')
}

fn is_quote(letter: char) -> bool {
    is_double(letter) || matches!(letter, '\'' | '‘' | '’')
}

/// Cuts a text into words.
pub(super) fn cut(text: &str) -> Result<Vec<Word>, UserError> {
    let not_understood = |message: &str, hint: &str| UserError::new(Kind::NotUnderstood, message, hint);
    if text.chars().count() > MOST_LETTERS {
        return Err(not_understood("That is more text than I can read as one command.", "Try `/metrics dora 30d`, or `/metrics help`."));
    }
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r')) {
        return Err(not_understood("There are control characters in the command.", "Type it anew by hand: `/metrics dora 30d`."));
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let letters: Vec<char> = text.replace(['\u{200b}', '\u{feff}'], "").replace('`', " ").chars().collect();
    Ok(Cutter { letters, at: 0 }.words())
}

struct Cutter {
    letters: Vec<char>,
    at: usize,
}

impl Cutter {
    fn words(mut self) -> Vec<Word> {
        let mut words = Vec::new();
        self.skip_spaces();
        while let Some(first) = self.letters.get(self.at).copied() {
            if is_double(first) {
                words.push(Word::Quoted(self.quoted()));
            } else {
                words.push(self.word());
            }
            self.skip_spaces();
        }
        words
    }

    fn skip_spaces(&mut self) {
        self.run(char::is_whitespace);
    }

    fn run(&mut self, holds: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.letters.get(self.at).is_some_and(|letter| holds(*letter)) {
            self.at += 1;
        }
        self.letters[start..self.at].iter().collect()
    }

    /// What stands in quotes; to the end where the closing one is missing.
    fn quoted(&mut self) -> String {
        let single = !is_double(self.letters[self.at]);
        self.at += 1;
        let inside = self.run(|letter| if single { !is_quote(letter) || is_double(letter) } else { !is_double(letter) });
        self.at = (self.at + 1).min(self.letters.len());
        inside.trim().replace(is_double, "")
    }

    fn word(&mut self) -> Word {
        if self.letters[self.at] == '<' {
            return Word::Plain(self.mention());
        }
        let head = self.run(|letter| !letter.is_whitespace() && letter != ':').replace(is_double, "");
        let key = head.to_lowercase();
        let keyed = self.letters.get(self.at) == Some(&':') && key.chars().all(char::is_alphabetic) && !key.is_empty();
        if !keyed {
            return Word::Plain(head + &self.rest());
        }
        self.at += 1;
        if SCOPES.contains(&key.as_str()) {
            self.skip_spaces();
        }
        let value = match self.letters.get(self.at) {
            Some(quote) if is_quote(*quote) => self.quoted(),
            Some('<') => self.mention(),
            _ => self.rest(),
        };
        Word::Keyed(key, value)
    }

    /// Up to the next space; a quote inside a word says nothing.
    fn rest(&mut self) -> String {
        self.run(|letter| !letter.is_whitespace()).replace(is_double, "")
    }

    /// `<@U123|Ann Lee>`, as Slack writes a mention.
    fn mention(&mut self) -> String {
        let inside = self.run(|letter| letter != '>');
        self.at = (self.at + 1).min(self.letters.len());
        (inside + ">" + &self.rest()).replace(is_double, "")
    }
}

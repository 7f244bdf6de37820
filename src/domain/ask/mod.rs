//! [`Ask`]: what somebody typed, understood: a command, a scope, a window and further words.
//!
//! `/metrics NAME [team:T|service:S|project:P] [WINDOW] [words]`: one parser for Slack, the terminal and buttons. After the
//! name the words may stand in any order. Without a name it is [`DEFAULT`]. `team:all` is the whole organisation, for those
//! whose own team would be the default.
//!
//! Why the context says what words a command takes: a leftover word is a mistake for `dora`, an id for `why` and prose for
//! `kudos`; only the command knows. Rejected: leaving it to each feature, which would give as many sentences for one mistake.

mod parse;
mod scope;
mod words;

use super::card::Scope;
use super::org::Org;
use super::time::At;
use super::window::Window;

pub use parse::parse;
pub use scope::{closest, means_everything, text as scope_text};

/// The command where none is named.
pub const DEFAULT: &str = "dora";

/// A question, parsed and resolved against the organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// A name in the table COMMANDS.
    pub command: String,
    /// What it is about.
    pub scope: Scope,
    /// The period; the default where none was named.
    pub window: Window,
    /// Whether the window was named rather than the default.
    pub window_named: bool,
    /// What is left, in order: `trend METRIC`, `why ID`.
    pub words: Vec<String>,
}

/// Which words a command takes beside scope and window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// None: any other word is a mistake.
    None,
    /// Names and ids: `why ID`, `trend METRIC`.
    Names,
    /// Names, years and counts, in which a number alone is never a period: `benchmark technology 2025`.
    Numbers,
    /// A project by its name alone, and changes such as `items:-9`; the period is a time ahead: `forecast wallet 13w`.
    Ahead,
    /// Prose, in which a period or somebody's name is only a word: `kudos`.
    Prose,
}

/// A command as the parser sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandWords<'a> {
    /// What one types.
    pub name: &'a str,
    /// What else it takes.
    pub words: Words,
    /// The period where none is named.
    pub period: &'a str,
}

/// What a question is read against.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Every command.
    pub commands: &'a [CommandWords<'a>],
    /// Teams, declared services and projects.
    pub org: &'a Org,
    /// Services seen in events; declared or owned ones need not be here.
    pub services: &'a [String],
    /// Projects seen in work items; declared ones need not be here.
    pub projects: &'a [String],
    /// The instant of asking.
    pub now: At,
    /// The asker's team, or the organisation.
    pub default_scope: Scope,
}

impl Ask {
    /// The command as text that parses back to the same question for anybody: `dora team:payments 90d`. A window that was
    /// not named is left out, a relative one moves with now; see [`Ask::frozen`].
    pub fn canonical(&self) -> String {
        let window = self.window_named.then(|| self.window.text());
        self.text(window.as_deref())
    }

    /// The command with the window as two instants: the same period at any later time.
    pub fn frozen(&self) -> String {
        self.text(Some(&self.window.instants()))
    }

    /// The command with another period, as the button "Change period" asks it.
    pub fn with_period(&self, period: &str) -> String {
        self.text(Some(period))
    }

    /// What stands behind the scope in a [canonical](Ask::canonical) command about that scope: the period, where one was
    /// named, then the words.
    pub fn behind_scope<'a>(canonical: &'a str, scope: &Scope) -> &'a str {
        let arguments = canonical.split_once(' ').map_or("", |(_, arguments)| arguments);
        arguments.strip_prefix(&scope::text(scope)).unwrap_or(arguments).trim()
    }

    fn text(&self, window: Option<&str>) -> String {
        let scope = scope::text(&self.scope);
        let words = self.words.iter().map(|word| words::quoted(word));
        [self.command.clone(), scope].into_iter().chain(window.map(str::to_owned)).chain(words).collect::<Vec<_>>().join(" ")
    }
}

//! [`Ask`]: what somebody typed, understood: a command, a scope, a window and further words.

use super::card::Scope;
use super::window::Window;

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

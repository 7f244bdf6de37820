//! The two kinds of failure: [`UserError`], the sentence shown to the person who asked, and everything else.

use serde::Serialize;

/// What went wrong, in the reader's words, with the one thing that mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{message}")]
pub struct UserError {
    /// Stable name, for scripts: `unknown_team`, `bad_window`, ...
    pub kind: Kind,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do, in one sentence, often a command to type.
    pub hint: String,
    /// Whom to ask, by Slack id: named after the hint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ask: Vec<String>,
}

/// The stable names of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain names")]
pub enum Kind {
    UnknownCommand,
    NotUnderstood,
    UnknownTeam,
    UnknownService,
    UnknownProject,
    UnknownMetric,
    UnknownReceipt,
    BadWindow,
    NoPersonMetrics,
    NotAllowed,
    NotEnoughHistory,
}

impl UserError {
    /// A sentence and what to do.
    pub fn new(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into(), ask: Vec::new() }
    }

    /// The same, with whom to ask.
    #[must_use]
    pub fn asking(mut self, people: &[String]) -> Self {
        self.ask = people.to_vec();
        self
    }
}

/// Why an answer could not be given.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The person can mend it.
    #[error(transparent)]
    User(#[from] UserError),
    /// We must: logged with an id, shown as "something broke on our side".
    #[error(transparent)]
    Ours(#[from] anyhow::Error),
}

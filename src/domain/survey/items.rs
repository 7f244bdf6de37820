//! The shipped questions, by category, each with its kind of answer.
//!
//! Two weeks is what "how often" is about. A reversed question is scored the other way round: 5 becomes 1. Ids are for ever: a change
//! over waves is found by them. Never to be asked of one person about another.

use serde::{Deserialize, Serialize};

/// How a question is answered. All but text on a scale of 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Strongly disagree to strongly agree.
    Agree,
    /// Very dissatisfied to very satisfied.
    Satisfied,
    /// How often in two weeks.
    Often,
    /// Very easy to very hard.
    Effort,
    /// In own words.
    Text,
}

impl Kind {
    /// All of them, with the word of the file.
    pub const ALL: [(&'static str, Self); 5] =
        [("agree", Self::Agree), ("satisfied", Self::Satisfied), ("often", Self::Often), ("effort", Self::Effort), ("text", Self::Text)];

    /// The word of the file.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("text", |(word, _)| word)
    }

    /// The five answers, from 1 to 5; none of a text.
    pub fn labels(self) -> Option<[&'static str; 5]> {
        match self {
            Self::Agree => Some(["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"]),
            Self::Satisfied => Some(["Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied"]),
            Self::Often => Some(["Never", "Once or twice", "Weekly", "Most days", "Every day"]),
            Self::Effort => Some(["Very easy", "Easy", "Neither", "Hard", "Very hard"]),
            Self::Text => None,
        }
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// For ever.
    pub id: String,
    /// The id of its category.
    pub category: String,
    /// How it is answered.
    pub kind: Kind,
    /// Whether 5 is the bad end.
    pub reversed: bool,
    /// What is asked.
    pub text: String,
}

impl Item {
    /// Whether it is answered by 1 to 5.
    pub fn rated(&self) -> bool {
        self.kind != Kind::Text
    }

    /// The five answers a respondent may press.
    pub fn labels(&self) -> Option<[&'static str; 5]> {
        // "How much" is asked of satisfaction's kind, but nobody answers it with "dissatisfied".
        if self.id == "ai_help" { Some(["Not at all", "A little", "Somewhat", "Much", "Very much"]) } else { self.kind.labels() }
    }
}

/// Questions about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// For ever.
    pub id: String,
    /// As it is shown.
    pub name: String,
    /// Asked in every full wave.
    pub core: bool,
    /// What in the delivery figures stands beside it; empty: nothing.
    pub pairs_with: String,
    /// In the order they are asked.
    pub items: Vec<Item>,
}

/// A shipped category: id, name, core, what it pairs with, its questions.
type Shipped = (&'static str, &'static str, bool, &'static str, &'static [(&'static str, Kind, bool, &'static str)]);

use Kind::{Agree, Effort, Often, Satisfied, Text};

/// Scored as it is answered, or the other way round.
const AS_IS: bool = false;
const REVERSED: bool = true;

const SHIPPED: &[Shipped] = &[
    (
        "overall",
        "Overall",
        true,
        "all",
        &[
            (
                "overall_satisfied",
                Satisfied,
                AS_IS,
                "Taking everything together, how satisfied are you with the experience of building software here?",
            ),
            ("overall_good_work", Agree, AS_IS, "I could do good work in the past two weeks."),
            ("overall_slowed", Text, AS_IS, "What one thing slowed you most?"),
        ],
    ),
    (
        "scoping",
        "Technical scoping",
        false,
        "scope added, cycle-time tail",
        &[
            ("scoping_understood", Agree, AS_IS, "Before I start, I understand what the work must achieve."),
            ("scoping_larger", Often, REVERSED, "How often did work turn out much larger than scoped?"),
            ("scoping_answer", Effort, REVERSED, "How hard is it to get an answer to a scope question?"),
        ],
    ),
    (
        "effort",
        "Development effort",
        false,
        "coding time, batch size",
        &[
            ("effort_change", Effort, REVERSED, "How hard was it to make a typical change in the code you worked in?"),
            ("effort_value", Agree, AS_IS, "The effort my work took felt right for its value."),
        ],
    ),
    (
        "flow",
        "Focus and flow",
        true,
        "focus, WIP",
        &[
            ("flow_blocks", Often, AS_IS, "I had blocks of two hours or more to concentrate."),
            ("flow_urgent", Often, REVERSED, "How often did you switch task for an urgent request?"),
        ],
    ),
    (
        "feedback",
        "Local feedback",
        false,
        "",
        &[
            ("feedback_time", Satisfied, AS_IS, "How satisfied are you with the time from an edit to knowing that it works?"),
            ("feedback_setup", Often, REVERSED, "How often did your local setup stop you working?"),
        ],
    ),
    (
        "ci",
        "CI and tests",
        false,
        "CI time, re-runs",
        &[
            ("ci_fast", Satisfied, AS_IS, "How satisfied are you with how fast CI answers?"),
            ("ci_flaky", Often, REVERSED, "How often did a test fail for a reason unrelated to your change?"),
            ("ci_trust", Agree, AS_IS, "When CI is green I trust the change."),
        ],
    ),
    (
        "review",
        "Code review",
        true,
        "pickup, review",
        &[
            ("review_soon", Satisfied, AS_IS, "How satisfied are you with how soon reviews start?"),
            ("review_better", Agree, AS_IS, "Review comments make the code better."),
            ("review_chase", Often, REVERSED, "How often did you chase a reviewer?"),
        ],
    ),
    (
        "release",
        "Release",
        true,
        "deployment frequency, lead time",
        &[
            ("release_hard", Effort, REVERSED, "How hard is it to get a finished change to users?"),
            ("release_safe", Agree, AS_IS, "I feel safe releasing on an ordinary day."),
        ],
    ),
    (
        "debt",
        "Quality and debt",
        false,
        "change fail rate, KTLO share",
        &[
            ("debt_shortcuts", Often, REVERSED, "How often did old shortcuts slow you?"),
            ("debt_time", Agree, AS_IS, "We get enough time to keep the code healthy."),
        ],
    ),
    (
        "operations",
        "Operations",
        false,
        "recovery, incidents",
        &[
            ("operations_interrupt", Often, REVERSED, "How often did production work interrupt planned work?"),
            ("operations_cause", Agree, AS_IS, "When something breaks I can find the cause with what we have."),
        ],
    ),
    (
        "knowledge",
        "Knowledge",
        false,
        "time to first merge",
        &[
            ("knowledge_find", Effort, REVERSED, "How hard is it to find how something works?"),
            ("knowledge_current", Agree, AS_IS, "What I find is up to date."),
        ],
    ),
    (
        "cross_team",
        "Cross-team",
        false,
        "blocked time",
        &[
            ("cross_team_blocked", Often, REVERSED, "How often were you blocked waiting for another team?"),
            ("cross_team_interfaces", Agree, AS_IS, "Other teams' interfaces are easy to work with."),
        ],
    ),
    (
        "planning",
        "Planning and priority",
        false,
        "predictability, investment",
        &[
            ("planning_why", Agree, AS_IS, "I know why my current work matters."),
            ("planning_changed", Often, REVERSED, "How often did priorities change after we committed?"),
        ],
    ),
    (
        "pace",
        "Pace and safety",
        false,
        "WIP",
        &[
            ("pace_year", Agree, AS_IS, "I can keep this pace for a year."),
            ("pace_raise", Agree, AS_IS, "I can raise a problem without harm to me."),
            ("pace_late", Often, REVERSED, "How often did you work late to meet a date?"),
        ],
    ),
    (
        "ai",
        "AI tools",
        false,
        "AI-assisted share",
        &[
            ("ai_help", Satisfied, AS_IS, "How much did AI tools help with your last tasks?"),
            ("ai_rework", Often, REVERSED, "How often did AI output cost you rework?"),
        ],
    ),
    (
        "metrics",
        "Metrics perception",
        false,
        "use of the bot",
        &[
            ("metrics_match", Agree, AS_IS, "The numbers shown for my team match what I see."),
            ("metrics_explain", Agree, AS_IS, "I can explain how our main numbers are worked out."),
            ("metrics_decide", Agree, AS_IS, "Our metrics helped the team decide something in the past month."),
            ("metrics_pushed", Often, REVERSED, "How often did you feel pushed to make a number look good?"),
            ("metrics_against", Often, REVERSED, "How often did you worry a number would be used against someone?"),
            ("metrics_split", Often, REVERSED, "How often did work get split, relabelled or timed for a metric?"),
            ("metrics_context", Agree, AS_IS, "Comparisons take our context into account."),
            ("metrics_mended", Agree, AS_IS, "If a metric is misleading we can get it changed."),
            ("metrics_stop", Text, AS_IS, "Which metric should we stop, and why?"),
        ],
    ),
];

/// The shipped categories, in the order of the page.
pub fn shipped() -> Vec<Category> {
    let item = |category: &str, &(id, kind, reversed, text): &(&str, Kind, bool, &str)| Item {
        id: id.to_owned(),
        category: category.to_owned(),
        kind,
        reversed,
        text: text.to_owned(),
    };
    SHIPPED
        .iter()
        .map(|(id, name, core, pairs_with, items)| Category {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            core: *core,
            pairs_with: (*pairs_with).to_owned(),
            items: items.iter().map(|it| item(id, it)).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The table of the design, a line a category: kinds in order, a minus where reversed.
    #[test]
    fn kinds_and_directions_are_those_of_the_table() {
        let letter = |item: &Item| {
            let kind = match item.kind {
                Agree => "L",
                Satisfied => "S",
                Often => "F",
                Effort => "E",
                Text => "T",
            };
            format!("{kind}{}", if item.reversed { "-" } else { "" })
        };
        let table: Vec<String> = shipped()
            .iter()
            .map(|category| format!("{}: {}", category.id, category.items.iter().map(letter).collect::<Vec<_>>().join(" ")))
            .collect();
        let expect = [
            "overall: S L T",
            "scoping: L F- E-",
            "effort: E- L",
            "flow: F F-",
            "feedback: S F-",
            "ci: S F- L",
            "review: S L F-",
            "release: E- L",
            "debt: F- L",
            "operations: F- L",
            "knowledge: E- L",
            "cross_team: F- L",
            "planning: L F-",
            "pace: L L F-",
            "ai: S F-",
            "metrics: L L L F- F- F- L L T",
        ];
        assert_eq!(table, expect);
    }

    #[test]
    fn ids_are_unique_and_questions_end() {
        let items: Vec<Item> = shipped().into_iter().flat_map(|category| category.items).collect();
        assert_eq!(items.len(), 44);
        assert_eq!(items.iter().map(|item| &item.id).collect::<BTreeSet<_>>().len(), 44);
        for item in &items {
            assert!(item.text.ends_with(['.', '?']), "{}", item.text);
            assert_eq!(item.rated(), item.labels().is_some());
            assert!(item.labels().is_none_or(|labels| labels.iter().collect::<BTreeSet<_>>().len() == 5));
        }
    }
}

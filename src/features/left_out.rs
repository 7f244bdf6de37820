//! What an answer leaves out, in words: how many, why, and what would bring it in.

use crate::domain::card::Metric;
use crate::domain::metric::FLOW;
use crate::domain::words;
pub use crate::domain::words::{either, join};

/// A code in the singular, the plural, and why it is left out.
const CODES: [(&str, &str, &str, &str); 11] = [
    ("merge", "merge commit", "merge commits", "merge commits carry no work of their own"),
    ("bot", "commit by a bot", "commits by bots", "what bots write says nothing about how a team works"),
    (
        "negative_span",
        "span that ends before it begins",
        "spans that end before they begin",
        "the clock of the author or of the incident is off, or dates were rewritten; a negative span is left out, never rounded up",
    ),
    (
        "no_baseline",
        "deployment without an earlier one to compare with",
        "deployments without an earlier one to compare with",
        "no earlier deployment of the service is an ancestor, so which commits are new can't be told: the first deployment, a backport",
    ),
    (
        "unknown_commit",
        "deployment of unknown commits",
        "deployments of unknown commits",
        "no commit is named, or it is in no history that pacer has; `pacer import git PATH --no-deployments` brings the history",
    ),
    (
        "shallow",
        "deployment beyond a shallow history",
        "deployments beyond a shallow history",
        "the clone is shallow: import a full one (`git fetch --unshallow`)",
    ),
    ("open", "open failure", "open failures", "an incident of it is not resolved yet; it has an age, not a recovery time"),
    (
        "unlinked",
        "incident without a deployment",
        "incidents without a deployment",
        "no deployment of the service within the incident window before it, or an unknown reference",
    ),
    ("revert_unmatched", "revert of an unknown commit", "reverts of unknown commits", "the commit that it takes back can't be told"),
    (
        "unreviewed",
        "change merged without a review",
        "changes merged without a review",
        "nobody but its author looked at it before the merge, as far as pacer was told",
    ),
    (
        "not_deployed",
        "change in no deployment yet",
        "changes in no deployment yet",
        "no production deployment contains it, or what deployments contain is not known",
    ),
];

/// An exclusion of a metric in words: "12 merge commits".
fn exclusion(metric: &str, code: &str, count: u64) -> String {
    let of_changes = FLOW.iter().any(|known| known.id == metric);
    match code {
        "bot" if of_changes => return words::count(count, "change by a bot", "changes by bots"),
        "unknown_commit" if of_changes => return words::count(count, "change of unknown commits", "changes of unknown commits"),
        _ => {}
    }
    match CODES.iter().find(|(known, ..)| *known == code) {
        Some((_, one, many, _)) => words::count(count, one, many),
        None => format!("{count} {code}"),
    }
}

/// Why a code is left out, and what would bring it in.
pub fn explained(code: &str) -> &'static str {
    CODES.iter().find(|(known, ..)| *known == code).map_or("see the definitions", |(.., why)| why)
}

/// What the figures leave out, each code once with its greatest count, in the order of the table: code and words.
pub fn of(metrics: &[Metric]) -> Vec<(&'static str, String)> {
    let most = |code: &str| metrics.iter().filter_map(|metric| Some((metric.excluded.get(code)?, metric))).max_by_key(|(count, _)| **count);
    CODES.iter().filter_map(|(code, ..)| most(code).map(|(count, metric)| (*code, exclusion(&metric.id, code, *count)))).collect()
}

/// Why there is no value, as people say it.
pub fn absent(reason: Option<&str>) -> String {
    match reason {
        None | Some("no_data") => "no data".into(),
        Some("no_incident_source") => "not known: no incident source".into(),
        Some("before_data") => "before the data".into(),
        Some("too_few_people") => "fewer than 3 people".into(),
        Some(other) => other.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_changes_leaves_out_changes_and_one_of_deployments_deployments() {
        let check = |metric: &str, code: &str, expect: &str| assert_eq!(exclusion(metric, code, 2), expect);
        check("change_lead_time", "unknown_commit", "2 deployments of unknown commits");
        check("ai_assisted_share", "unknown_commit", "2 changes of unknown commits");
        check("change_lead_time", "bot", "2 commits by bots");
        check("cycle_time", "bot", "2 changes by bots");
    }
}

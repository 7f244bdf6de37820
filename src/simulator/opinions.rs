//! What the sample's people think, as tables: team by team and category by category, so that it fits what their deliveries show.
//!
//! Payments thinks better of its flow, reviews and releases since it works in small batches; Search worse of its quality and operations
//! since it fails more often; Platform's builds are flaky; Mobile waits for its release train. Words are nobody's.

/// A team's mean in a category, on a scale whose 5 is good, in the first full wave and in what came after.
pub struct Opinion {
    pub team: &'static str,
    pub category: &'static str,
    pub before: f64,
    pub after: f64,
}

const fn opinion(team: &'static str, category: &'static str, before: f64, after: f64) -> Opinion {
    Opinion { team, category, before, after }
}

/// What most think of most.
pub const USUAL: f64 = 3.6;

pub const OPINIONS: &[Opinion] = &[
    opinion("payments", "overall", 3.0, 4.2),
    opinion("payments", "flow", 2.8, 3.9),
    opinion("payments", "review", 2.5, 4.4),
    opinion("payments", "release", 2.9, 4.3),
    opinion("payments", "effort", 3.0, 3.9),
    opinion("payments", "ci", 3.4, 3.8),
    opinion("checkout", "cross_team", 2.6, 2.8),
    opinion("checkout", "planning", 3.0, 3.4),
    opinion("checkout", "flow", 3.1, 3.2),
    opinion("search", "overall", 3.9, 2.8),
    opinion("search", "release", 3.7, 2.4),
    opinion("search", "debt", 3.2, 2.1),
    opinion("search", "operations", 3.5, 2.2),
    opinion("search", "flow", 3.6, 2.7),
    opinion("platform", "ci", 2.2, 2.1),
    opinion("platform", "release", 4.4, 4.4),
    opinion("platform", "operations", 2.9, 2.9),
    opinion("mobile", "release", 2.2, 2.3),
    opinion("mobile", "feedback", 2.7, 2.7),
    opinion("labs", "overall", 4.2, 4.2),
];

/// Wave (0 and 1), team, question, words.
pub const WORDS: &[(usize, &str, &str, &str)] = &[
    (0, "payments", "overall_slowed", "Reviews. A change waits for two days, and by then I am in something else."),
    (0, "payments", "overall_slowed", "Large changes that nobody dares to release before a weekend."),
    (0, "payments", "overall_slowed", "Chasing reviewers. I would rather pair than wait."),
    (0, "checkout", "overall_slowed", "Waiting for other teams to answer what their interface does."),
    (0, "checkout", "overall_slowed", "The notifications move: two weeks of reading code without a map."),
    (0, "search", "overall_slowed", "Not much, to be honest. Index rebuilds take long."),
    (0, "platform", "overall_slowed", "Tests that fail for no reason. We press re-run and hope."),
    (0, "platform", "overall_slowed", "The build cache is cold on every second morning."),
    (0, "mobile", "overall_slowed", "The release train. Miss it by an hour and it is two more weeks."),
    (1, "payments", "overall_slowed", "Nothing big any more. Small changes go out on the same day."),
    (1, "payments", "overall_slowed", "Meetings in the middle of the afternoon."),
    (1, "payments", "metrics_stop", "Story points. Since we count days nobody has missed them."),
    (1, "checkout", "overall_slowed", "We still wait for others before we can test the whole order."),
    (1, "checkout", "overall_slowed", "Priorities moved twice in a month, each time after we had begun."),
    (1, "search", "overall_slowed", "Putting out fires. Each release breaks something in ranking."),
    (1, "search", "overall_slowed", "We know what to clean up in the indexer and never get the week for it."),
    (1, "search", "overall_slowed", "Alerts at night for things that mend themselves."),
    (1, "platform", "overall_slowed", "The same flaky tests as in spring."),
    (1, "platform", "metrics_stop", "The number of deployments as a goal: ours is high because we roll back."),
    (1, "mobile", "overall_slowed", "Store reviews, and the train before them."),
];

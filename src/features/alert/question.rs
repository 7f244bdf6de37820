//! The question that is worth asking when a metric is beyond its limit, where the five of DORA together say none. A question,
//! never a cause.

/// That of a figure that is beyond on its better side.
pub const WANTED: &str = "Is this as you want it, and what changed?";

/// The question of a metric that got worse.
pub fn of(metric: &str) -> &'static str {
    match metric {
        "deployment_frequency" => "Is finished work waiting for a release, or is less being finished?",
        "change_lead_time" => "Where does a change wait longest now: for a review, for a build, or for a release?",
        "failed_deployment_recovery_time" => "Is it finding the cause that takes long, or getting the fix out?",
        "change_fail_rate" => "Do the last failures have something in common: a service, a kind of change, a check that was skipped?",
        "deployment_rework_rate" => "Which of the last fixes could a check before the release have made unnecessary?",
        "cycle_time" => "Which stage grew: coding, pickup, review or deploy?",
        "coding_time" => "Did the pieces of work get bigger, or is work interrupted more often?",
        "pickup_time" => "Who is asked for reviews, and do they have the time now?",
        "review_time" => "Are changes bigger than they were, or do reviewers disagree about something that could be settled once?",
        "deploy_time" => "What does a merged change wait for?",
        "changes_merged" | "items_done" => "Is work stuck in progress, or was there less of it: holidays, an incident, planning?",
        "batch_size" => "What keeps changes from being shipped in smaller steps?",
        "wip" => "What could be finished before anything else is begun?",
        "wip_age" => "Which of the oldest pieces is still wanted, and what does it wait for?",
        "ci_pass_rate" => "Is the code red, or the build flaky?",
        _ => WANTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric;

    #[test]
    fn each_metric_that_gets_worse_has_one_of_its_own() {
        for known in metric::with_target() {
            assert!(of(known.id).ends_with('?') && of(known.id) != WANTED, "{}", known.id);
        }
    }
}

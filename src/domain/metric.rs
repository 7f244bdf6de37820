//! The catalogue of metrics: what each is called, in which unit, which way it gets better, and how it is defined.
//!
//! One table, so that a card, a trend, a target and the small print of `why` say the same. Sources: DORA's five from
//! dora.dev, "DORA's software delivery metrics" (2026-01); the stages of flow as `metrics.md` defines them.

use super::words::Better;

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// As in JSON.
    pub id: &'static str,
    /// `seconds`, `per_week`, `fraction`, `count`.
    pub unit: &'static str,
    /// As people say it.
    pub name: &'static str,
    /// Which way it gets better.
    pub better: Better,
    /// What it counts, and how sure it is: one or two sentences.
    pub text: &'static str,
}

const fn metric(id: &'static str, unit: &'static str, name: &'static str, better: Better, text: &'static str) -> Definition {
    Definition { id, unit, name, better, text }
}

/// DORA's five, in the order shown.
pub const DORA: [Definition; 5] = [
    metric(
        "deployment_frequency",
        "per_week",
        "Deployment frequency",
        Better::Higher,
        "successful production deployments a week. Interval: Poisson, widened by how much the weeks differ.",
    ),
    metric(
        "change_lead_time",
        "seconds",
        "Change lead time",
        Better::Lower,
        "from a commit's author date to the finish of the first production deployment that contains it; median. Interval: bootstrap over deployments.",
    ),
    metric(
        "failed_deployment_recovery_time",
        "seconds",
        "Failed deployment recovery time",
        Better::Lower,
        "from the finish of a failed deployment to the last of its rollback, its revert and the ends of its incidents; median. Interval: by order statistics.",
    ),
    metric(
        "change_fail_rate",
        "fraction",
        "Change fail rate",
        Better::Lower,
        "failed deployments out of all but rollbacks. Failed: an incident links to it, it was rolled back, or one of its commits was reverted later. Interval: Wilson.",
    ),
    metric(
        "deployment_rework_rate",
        "fraction",
        "Deployment rework rate",
        Better::Lower,
        "deployments made because of a production problem (hotfix, rollback, revert) out of all. Interval: Wilson.",
    ),
];

/// Those of flow, in the order shown. A change counts when it is merged; those opened by bots are left out.
pub const FLOW: [Definition; 12] = [
    metric(
        "cycle_time",
        "seconds",
        "Cycle time",
        Better::Lower,
        "coding, pickup, review and deploy of a merged change together, as far as each is known; median. Time as a draft is in none. Interval: by order statistics.",
    ),
    metric("coding_time", "seconds", "Coding", Better::Lower, "from a change's first commit to its opening; median."),
    metric(
        "pickup_time",
        "seconds",
        "Pickup",
        Better::Lower,
        "from opened (or ready, where it was a draft) to the first review by a human who is not the author; median.",
    ),
    metric("review_time", "seconds", "Review", Better::Lower, "from that first review to the merge; median."),
    metric(
        "deploy_time",
        "seconds",
        "Deploy",
        Better::Lower,
        "from the merge to the first production deployment that contains it; median.",
    ),
    metric(
        "changes_merged",
        "per_week",
        "Changes merged",
        Better::Higher,
        "merged changes a week. Interval: Poisson, widened by how much the weeks differ.",
    ),
    metric("batch_size", "count", "Batch size", Better::Lower, "lines added and removed by a merged change; median."),
    metric(
        "items_done",
        "per_week",
        "Items done",
        Better::Higher,
        "work items finished a week; those that were dropped (cancelled, duplicate, not planned) are none. Interval: Poisson, widened by how much the weeks differ.",
    ),
    metric(
        "wip",
        "count",
        "Work in progress",
        Better::Lower,
        "work items begun and not finished at the end of the period; open changes where no tracker tells of items.",
    ),
    metric(
        "wip_age",
        "seconds",
        "Age of work in progress",
        Better::Lower,
        "how long ago those were begun; median. Held against how long finished ones took.",
    ),
    metric(
        "ci_pass_rate",
        "fraction",
        "CI pass rate",
        Better::Higher,
        "runs of continuous integration that passed, out of those that passed or failed. Interval: Wilson.",
    ),
    metric(
        "ai_assisted_share",
        "fraction",
        "AI-assisted changes",
        Better::Neither,
        "merged changes whose commits or account say that an assistant wrote along, out of those whose commits are known. Explicit evidence only. Interval: Wilson.",
    ),
];

/// What a forecast says: of weeks to come, so that they have no trend, no target and no alert.
pub const FORECAST: [Definition; 3] = [
    metric(
        "items_by_date",
        "count",
        "Items by then",
        Better::Neither,
        "at least so many work items are finished by the end of the horizon, with that chance; epics and what was dropped do not count. From past whole weeks, lately ones counting more, allowed to drift as this team's rate has.",
    ),
    metric(
        "done_by",
        "date",
        "Done by",
        Better::Neither,
        "the day by whose end all remaining items are done, with that chance: the pace of past weeks against what remains, what is usually added and the slow end, over working days.",
    ),
    metric(
        "meets_date",
        "fraction",
        "Chance to meet the date",
        Better::Neither,
        "the chance that all is done by the end of the day that was promised.",
    ),
];

/// Those of focus, in the order shown. Values of weeks of groups of three or more; of several weeks the median.
pub const FOCUS: [Definition; 4] = [
    metric(
        "focus_within",
        "count",
        "Projects per person and week",
        Better::Lower,
        "effective number of portfolio projects of one person in a week: two halves are 2, nine tenths beside one tenth are 1.4; median of weeks. Interval: by order statistics.",
    ),
    metric(
        "focus_between",
        "count",
        "Different mixes side by side",
        Better::Neither,
        "effective number of different mixes of projects among people in a week: 1 where all share the same, as many as people where each has their own; median of weeks. Interval: by order statistics.",
    ),
    metric(
        "focus_ratio",
        "fraction",
        "Days with one project",
        Better::Higher,
        "days of people with four fifths or more of their time on one portfolio project, out of all days seen on one; median of weeks. Interval: by order statistics.",
    ),
    metric(
        "unplanned_share",
        "fraction",
        "Unplanned share",
        Better::Lower,
        "time on items that came unplanned, out of the time on items of which that is known; median of weeks. Interval: by order statistics.",
    ),
];

/// All that have a trend.
pub fn all() -> impl Iterator<Item = &'static Definition> {
    DORA.iter().chain(&FLOW)
}

/// Those that a team may set itself a target for: all that get better one way.
pub fn with_target() -> impl Iterator<Item = &'static Definition> {
    all().filter(|metric| metric.better != Better::Neither)
}

/// Whether it is counted whole at an instant, rather than estimated from a sample: then it has no interval, and needs none.
pub fn is_counted(id: &str) -> bool {
    id == "wip"
}

/// The metric of that id, of those of forecasts and of focus too, which have receipts but no trend of their own.
pub fn find(id: &str) -> Option<&'static Definition> {
    all().chain(&FORECAST).chain(&FOCUS).find(|known| known.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_units_are_known() {
        let mut ids: Vec<&str> = all().chain(&FOCUS).map(|metric| metric.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all().count() + FOCUS.len());
        assert!(all().all(|metric| ["seconds", "per_week", "fraction", "count"].contains(&metric.unit)));
        assert_eq!(find("wip").map(|metric| metric.name), Some("Work in progress"));
        assert_eq!(find("velocity"), None);
    }
}

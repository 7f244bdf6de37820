//! Whether the time of a scope went where the plan says, and when that is worth an alert.
//!
//! A project is off its plan only where the whole band lies beyond it, by [`FTE`] full-time people or [`POINTS`] of the share, whichever is
//! reached first, on the same side, in three weeks running. And a top-priority project may not get less than one of lower priority: their
//! bands apart, three weeks running, unless the plan itself wants it so. A week that shows nothing breaks a run.
//!
//! Never an alert on a point in the middle: what is unattributed or inferred may be the project's.

use super::roll_up::{Band, Week};

/// Full-time people that a band must lie beyond the plan.
pub const FTE: f64 = 0.25;
/// Part of the share that it must lie beyond the plan.
pub const POINTS: f64 = 0.05;
/// In how many weeks running.
pub const RUNNING: usize = 3;

/// What a portfolio project should get.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file")]
pub struct Planned {
    pub project: String,
    /// 1 is the highest.
    pub priority: Option<u32>,
    /// Part of the scope's time, from 0 to 1.
    pub share: Option<f64>,
}

/// What is worth an alert, as of the latest week.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Alert {
    /// More or less than planned.
    OffPlan { project: String, planned: f64, band: Band, more: bool },
    /// A project of the highest priority gets less than another one.
    PriorityBelow { top: String, top_band: Band, lower: String, lower_band: Band },
}

/// What is wrong with a plan, as sentences.
pub fn problems(plan: &[Planned]) -> Vec<String> {
    let wrong = |planned: &&Planned| planned.share.is_some_and(|share| !(share > 0.0 && share <= 1.0));
    let text = |planned: &Planned| {
        let percent = planned.share.unwrap_or(0.0) * 100.0;
        format!("`{}` has a planned share of {percent:.0} %; write one above 0 and up to 1, or leave it out.", planned.project)
    };
    let mut found: Vec<String> = plan.iter().filter(wrong).map(text).collect();
    let sum: f64 = plan.iter().filter_map(|planned| planned.share).sum();
    if sum > 1.0 + 1e-9 {
        found.push(format!("The planned shares add up to {:.0} %, more than there is; lower them to 100 % or less.", sum * 100.0));
    }
    found
}

/// The alerts of the latest weeks of a scope.
pub fn alerts(weeks: &[Week], plan: &[Planned]) -> Vec<Alert> {
    let latest = &weeks[weeks.len().saturating_sub(RUNNING)..];
    let in_a_row = latest.windows(2).all(|pair| (pair[1].monday - pair[0].monday).num_days() == 7);
    let [.., last] = latest else { return Vec::new() };
    if latest.len() < RUNNING || !in_a_row {
        return Vec::new();
    }
    let mut found = Vec::new();
    for planned in plan {
        let Some((share, band)) = planned.share.zip(last.project(&planned.project)) else { continue };
        for more in [false, true] {
            if latest.iter().all(|week| is_off(week, planned, share, more)) {
                found.push(Alert::OffPlan { project: planned.project.clone(), planned: share, band, more });
            }
        }
    }
    let top = plan.iter().filter_map(|planned| planned.priority).min();
    let is_top = |planned: &&Planned| planned.priority.is_some() && planned.priority == top;
    for (high, low) in plan.iter().filter(is_top).flat_map(|high| plan.iter().map(move |low| (high, low))) {
        let wanted_so = high.share.zip(low.share).is_some_and(|(high, low)| high < low);
        let is_lower = low.priority.is_some_and(|priority| Some(priority) > top);
        if is_lower && !wanted_so && latest.iter().all(|week| is_below(week, &high.project, &low.project)) {
            let bands = last.project(&high.project).zip(last.project(&low.project));
            found.extend(bands.map(|(top_band, lower_band)| {
                let (top, lower) = (high.project.clone(), low.project.clone());
                Alert::PriorityBelow { top, top_band, lower, lower_band }
            }));
        }
    }
    found
}

/// Whether a project surely got more (true) or less than planned in a week, or in several as one; none: neither.
pub fn off_plan(week: &Week, planned: &Planned) -> Option<bool> {
    let share = planned.share?;
    [false, true].into_iter().find(|more| is_off(week, planned, share, *more))
}

/// Whether a project's band of a week lies far enough beyond its plan.
fn is_off(week: &Week, planned: &Planned, share: f64, more: bool) -> bool {
    let Some(band) = week.project(&planned.project) else { return false };
    let gap = if more { band.share[0] - share } else { share - band.share[1] };
    gap > 0.0 && (gap >= POINTS || week.fte_of(gap).is_some_and(|fte| fte >= FTE))
}

/// Whether one project surely got less than another in a week.
fn is_below(week: &Week, high: &str, low: &str) -> bool {
    let bands = week.project(high).zip(week.project(low));
    bands.is_some_and(|(high, low)| high.share[1] < low.share[0])
}

//! Runs of continuous integration: one when a change is opened, another after each that fails, one on the merge.

use super::calendar::{Calendar, hours};
use super::cast::SERVICES;
use super::random::Random;
use crate::domain::event::{Change, Outcome, Run};
use crate::domain::time::At;

/// Runs in a row that fail at most.
const TRIES: usize = 3;

/// The runs of the changes so far. Search's tests are flaky since its service fails more often.
pub fn runs(random: &mut Random, calendar: &Calendar, changes: &[Change]) -> Vec<Run> {
    let mut runs = Vec::new();
    for change in changes {
        let Some(opened) = change.opened_at else { continue };
        let row = SERVICES.iter().find(|row| Some(row.repository) == change.repository.as_deref()).unwrap_or(&SERVICES[0]);
        let failing = if row.team == "search" && calendar.days_ago(opened) < 90.0 { 0.24 } else { 0.09 };
        let mut begins = opened;
        for _ in 0..TRIES {
            let failed = random.chance(failing);
            let ended = run(random, calendar, change, begins, failed, &mut runs);
            if !failed {
                break;
            }
            begins = ended.plus(hours(random.lognormal(0.7, 0.6)));
        }
        if let Some(merged) = change.merged_at {
            let failed = random.chance(failing / 3.0);
            run(random, calendar, change, merged, failed, &mut runs);
        }
    }
    (1..).zip(&mut runs).for_each(|(number, run)| run.id = format!("ci-{number}"));
    runs
}

/// Adds a run, and says when it ends.
fn run(random: &mut Random, calendar: &Calendar, change: &Change, begins: At, failed: bool, runs: &mut Vec<Run>) -> At {
    let ended = begins.plus(hours(random.lognormal(0.17, 0.35)));
    let on_main = change.merged_at == Some(begins);
    let sha = if on_main { &change.merge_commit } else { &change.head };
    if ended <= calendar.now {
        runs.push(Run {
            id: String::new(),
            repository: change.repository.clone(),
            workflow: Some("Test".into()),
            branch: on_main.then(|| "main".into()),
            sha: sha.clone(),
            outcome: if failed { Outcome::Failure } else { Outcome::Success },
            started_at: Some(begins),
            finished_at: Some(ended),
        });
    }
    ended
}

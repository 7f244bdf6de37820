//! Deployments: when merged work goes out, with rehearsals in staging and attempts that failed.

use super::calendar::{Calendar, hours};
use super::cast::SERVICES;
use super::changes::Planned;
use super::pace::{Cadence, Pace, pace};
use super::random::Random;
use super::trouble::{Failing, Repairs};
use crate::domain::event::{Commit, Deployment, Incident, Status};
use crate::domain::time::{At, SECOND};

/// What one service deployed, and what went wrong with it.
#[derive(Debug, Default)]
pub struct Deployed {
    pub deployments: Vec<Deployment>,
    pub incidents: Vec<Incident>,
    /// The changes of hotfixes and reverts.
    pub fixes: Vec<Planned>,
}

/// A planned release: when it ends, and the changes in it.
struct Release {
    finish: At,
    changes: Vec<usize>,
}

/// All deployments of a service.
pub fn deployments(seed: u64, calendar: &Calendar, service: usize, planned: &[Planned]) -> Deployed {
    let row = &SERVICES[service];
    let mut random = Random::stream(seed, &format!("deployments of {}", row.id));
    let releases = releases(&mut random, calendar, row.id, planned);
    let mut deployed = Deployed::default();
    let mut log = Log { service, number: 0, deployed: &mut deployed };
    let mut failing = Failing::new(random.unit());
    for (index, release) in releases.iter().enumerate() {
        let next = releases.get(index + 1).map_or(calendar.now, |next| next.finish);
        let pace = pace(row.id, calendar.days_ago(release.finish));
        let commits = release.changes.iter().flat_map(|change| planned[*change].commits.clone()).collect();
        let sha = release.changes.last().and_then(|change| planned[*change].change.merge_commit.clone());
        let before = log.current();
        let shipped = log.release(&mut random, release.finish, sha, commits, row.staging);
        if failing.fails(&mut random, pace.fails) {
            Repairs { calendar, service, before: before.as_ref(), next }.of(&mut random, &mut log, &shipped, &pace);
        } else if random.chance(0.012) && next.since(shipped.at) > hours(3.0) {
            log.again(&mut random, &shipped.deployment, shipped.at.plus(hours(1.5)));
        }
    }
    deployed
}

/// A successful deployment in production.
pub struct Shipped {
    pub deployment: Deployment,
    pub at: At,
}

/// The deployments of a service so far, which numbers them.
pub struct Log<'a> {
    pub service: usize,
    number: usize,
    pub deployed: &'a mut Deployed,
}

impl Log<'_> {
    fn next(&mut self, finish: At, took: i64, status: Status) -> Deployment {
        let row = &SERVICES[self.service];
        self.number += 1;
        Deployment {
            id: format!("{}-{}", row.id, self.number),
            service: Some(row.id.into()),
            repository: Some(row.repository.into()),
            environment: Some("production".into()),
            production: None,
            status,
            started_at: Some(finish.plus(-took)),
            finished_at: Some(finish),
            sha: None,
            commits: None,
            hotfix: false,
            rollback: false,
            previous: None,
            via: "deployment".into(),
        }
    }

    /// What is in production.
    fn current(&self) -> Option<Deployment> {
        let live =
            |deployment: &&Deployment| deployment.status == Status::Success && deployment.environment.as_deref() == Some("production");
        self.deployed.deployments.iter().rev().find(live).cloned()
    }

    /// A planned release, perhaps after one in staging and after an attempt that failed.
    fn release(&mut self, random: &mut Random, finish: At, sha: Option<String>, commits: Vec<Commit>, staging: bool) -> Shipped {
        if staging && random.chance(0.6) {
            let rehearsal = self.next(finish.plus(-hours(random.between(0.2, 0.26))), 150 * SECOND, Status::Success);
            self.deployed.deployments.push(Deployment { environment: Some("staging".into()), sha: sha.clone(), ..rehearsal });
        }
        let took = hours(random.lognormal(0.07, 0.3)).min(10 * 60 * SECOND);
        if random.chance(0.04) {
            let attempt = self.next(finish.plus(-took - 60 * SECOND), 100 * SECOND, Status::Failure);
            self.deployed.deployments.push(Deployment { sha: sha.clone(), ..attempt });
        }
        let deployment = Deployment { sha, commits: Some(commits), ..self.next(finish, took, Status::Success) };
        self.deployed.deployments.push(deployment.clone());
        Shipped { deployment, at: finish }
    }

    /// The same commit once more, for a changed setting.
    fn again(&mut self, random: &mut Random, shipped: &Deployment, finish: At) {
        let deployment = self.next(finish, hours(random.between(0.05, 0.1)), Status::Success);
        self.deployed.deployments.push(Deployment { sha: shipped.sha.clone(), commits: Some(Vec::new()), ..deployment });
    }

    /// Back to an earlier deployment. Not every tool says that it is one: the commit tells.
    pub fn rollback(&mut self, random: &mut Random, from: &Deployment, to: &Deployment, finish: At) {
        let said = random.chance(0.6);
        let deployment = self.next(finish, hours(random.between(0.03, 0.06)), Status::Success);
        self.deployed.deployments.push(Deployment {
            sha: to.sha.clone(),
            commits: Some(Vec::new()),
            rollback: said,
            previous: said.then(|| from.id.clone()),
            ..deployment
        });
    }

    /// An unplanned deployment of one fix.
    pub fn fix(&mut self, finish: At, fix: Planned, hotfix: bool) {
        let deployment = self.next(finish, 150 * SECOND, Status::Success);
        let (sha, commits) = (fix.change.merge_commit.clone(), Some(fix.commits.clone()));
        self.deployed.deployments.push(Deployment { sha, commits, hotfix, ..deployment });
        self.deployed.fixes.push(fix);
    }
}

/// When what goes out. A change is deployed once, in the first release that waits for it.
fn releases(random: &mut Random, calendar: &Calendar, service: &str, planned: &[Planned]) -> Vec<Release> {
    let mut merged: Vec<(f64, usize)> =
        planned.iter().enumerate().filter_map(|(index, planned)| planned.merged_work.map(|at| (at, index))).collect();
    merged.sort_by(|one, two| one.0.total_cmp(&two.0));
    let fixed = fixed_days(calendar, service);
    let mut releases = Vec::new();
    let mut rest = merged.as_slice();
    while let Some((first, _)) = rest.first() {
        let Pace { cadence, .. } = pace(service, calendar.days_ago(calendar.at(*first)));
        let (place, until) = match cadence {
            Cadence::After(wait) => {
                let place = first + random.lognormal(wait, 0.6).max(0.35);
                (place, place - 0.3)
            }
            Cadence::Train(_) | Cadence::Days(_) => {
                let freeze = if let Cadence::Train(freeze) = cadence { freeze } else { 4.0 };
                let Some(train) = fixed.iter().find(|train| **train - freeze >= *first) else { break };
                (*train + random.between(0.0, 2.0), train - freeze)
            }
        };
        let count = rest.partition_point(|(at, _)| *at <= until).max(1);
        let (taken, left) = rest.split_at(count);
        rest = left;
        let finish = calendar.at(place);
        if finish <= calendar.now {
            releases.push(Release { finish, changes: taken.iter().map(|(_, index)| *index).collect() });
        }
    }
    releases
}

/// The days on which a service that does not deploy at any time does, at ten in the morning, on the axis.
fn fixed_days(calendar: &Calendar, service: &str) -> Vec<f64> {
    let days: Vec<u64> = match pace(service, 0.0).cadence {
        Cadence::After(_) => Vec::new(),
        Cadence::Train(_) => (0..27).map(|train| 374 - train * 14).collect(),
        Cadence::Days(days) => days.to_vec(),
    };
    days.into_iter().map(|days| calendar.work(calendar.midnight_ago(days)) + 1.0).collect()
}

//! Failures, and what people did about them: incidents, rollbacks, hotfixes, reverts.

use super::calendar::{Calendar, hours};
use super::cast::{SERVICES, member, team};
use super::changes::Planned;
use super::deployments::{Log, Shipped};
use super::pace::Pace;
use super::random::Random;
use super::words::{self, Text};
use crate::domain::event::{Change, Commit, Deployment, Incident, Status};
use crate::domain::time::{At, SECOND};

/// Decides which deployments fail. Shares are carried over, so that the sample shows the rate that it is made to show,
/// also where few deployments are.
pub struct Failing(f64);

impl Failing {
    /// Begins somewhere between two failures.
    pub fn new(carried: f64) -> Self {
        Self(carried)
    }

    /// Whether the next deployment fails.
    pub fn fails(&mut self, random: &mut Random, share: f64) -> bool {
        self.0 += share;
        let fails = self.0 >= random.between(0.6, 1.4);
        if fails {
            self.0 -= 1.0;
        }
        fails
    }
}

/// What a failed deployment stands between.
pub struct Repairs<'a> {
    pub calendar: &'a Calendar,
    pub service: usize,
    /// The deployment before it, to which one can go back.
    pub before: Option<&'a Deployment>,
    /// When the next planned one ends: repairs are done before, so that they repair this one.
    pub next: At,
}

enum Repair {
    Rollback,
    Hotfix,
    Revert,
    Setting,
}

impl Repairs<'_> {
    /// Adds what followed a failed deployment.
    pub fn of(&self, random: &mut Random, log: &mut Log<'_>, failed: &Shipped, pace: &Pace) {
        let gap = self.next.since(failed.at);
        let recovery = hours(random.lognormal(pace.recovery, 0.55)).max(600 * SECOND);
        let noticed = hours(random.lognormal(pace.recovery * 0.2, 0.6)).min(gap / 4).min(recovery / 2).min(hours(18.0)) / SECOND * SECOND;
        let incident = random.chance(0.9);
        let repaired = failed.at.plus(recovery.min(gap * 3 / 5) / SECOND * SECOND);
        let room = gap > 1_800 * SECOND && repaired < self.calendar.now;
        let repair = if room { self.choose(random, incident) } else { Repair::Setting };
        match repair {
            Repair::Rollback => {
                if let Some(before) = self.before {
                    log.rollback(random, &failed.deployment, before, repaired);
                }
            }
            Repair::Hotfix => log.fix(repaired, self.fix(random, failed.at.plus(noticed), repaired, None), true),
            Repair::Revert => log.fix(repaired, self.fix(random, failed.at.plus(noticed), repaired, Some(&failed.deployment)), false),
            Repair::Setting => {}
        }
        if incident || matches!(repair, Repair::Setting) {
            let resolved = failed.at.plus(recovery).max(failed.at.plus(noticed + 300 * SECOND));
            self.report(random, log, failed, [failed.at.plus(noticed), resolved]);
        }
    }

    fn choose(&self, random: &mut Random, incident: bool) -> Repair {
        let row = &SERVICES[self.service];
        // An app in the stores can't be rolled back.
        let back = self.before.is_some() && row.id != "mobile-app";
        match random.unit() {
            u if u < 0.32 && back => Repair::Rollback,
            u if u < 0.5 || !incident => Repair::Revert,
            u if u < 0.72 => Repair::Hotfix,
            _ => Repair::Setting,
        }
    }

    /// The incident, sometimes two of one cause. One in six names the deployment.
    fn report(&self, random: &mut Random, log: &mut Log<'_>, failed: &Shipped, [started, resolved]: [At; 2]) {
        let row = &SERVICES[self.service];
        let now = self.calendar.now;
        let mut at = started;
        for _ in 0..if random.chance(0.08) { 2 } else { 1 } {
            if at > now || at >= resolved {
                break;
            }
            log.deployed.incidents.push(Incident {
                id: String::new(),
                service: Some(row.id.into()),
                repository: None,
                started_at: at,
                resolved_at: Some(resolved).filter(|resolved| *resolved <= now),
                deployment: random.chance(0.16).then(|| failed.deployment.id.clone()),
                severity: Some((*random.weighted(&[("sev1", 0.1), ("sev2", 0.35), ("sev3", 0.55)])).into()),
                title: Some(words::text(random, Text::Incident, team(row.team).nouns)),
            });
            at = at.plus(240 * SECOND);
        }
    }

    /// The change of a hotfix, or of a revert of the last commit that a person wrote.
    fn fix(&self, random: &mut Random, began: At, deployed: At, reverted: Option<&Deployment>) -> Planned {
        let row = &SERVICES[self.service];
        let days_ago = self.calendar.days_ago(began);
        let author = member(random, row.owner(days_ago), days_ago);
        let bad = reverted.and_then(|failed| failed.commits.as_ref()?.iter().rev().find(|commit| commit.bot != Some(true)));
        let (title, message) = if let Some(bad) = bad {
            let subject = bad.message.as_deref().unwrap_or_default().lines().next().unwrap_or_default();
            let title = format!("Revert \"{subject}\"");
            let message = format!("{title}\n\nThis reverts commit {}.", bad.sha);
            (title, message)
        } else {
            let title = words::text(random, Text::Fix, team(row.team).nouns);
            (title.clone(), title)
        };
        let step = |tenths: i64| began.plus(deployed.since(began) * tenths / 10 / SECOND * SECOND);
        let commit = Commit {
            sha: random.sha(),
            repository: Some(row.repository.into()),
            authored_at: Some(step(2)),
            committed_at: Some(step(2)),
            author: Some(author.into()),
            bot: Some(false),
            message: Some(message),
            ..Commit::default()
        };
        Planned {
            service: self.service,
            merged_work: None,
            change: Change {
                repository: Some(row.repository.into()),
                opened_at: Some(step(3)),
                ready_at: Some(step(3)),
                first_review_at: Some(step(5)),
                merged_at: Some(step(6)),
                closed_at: Some(step(6)),
                merge_commit: Some(random.sha()),
                head: Some(commit.sha.clone()),
                author: Some(author.into()),
                title: Some(title),
                labels: vec![if bad.is_some() { "revert" } else { "hotfix" }.into()],
                lines_added: Some(super::changes::count(random.lognormal(8.0, 0.8))),
                lines_removed: Some(super::changes::count(random.lognormal(6.0, 0.8))),
                ..Change::default()
            },
            commits: vec![commit],
        }
    }
}

/// Incidents beside the failures: two that no deployment explains, and one in Checkout that is open.
pub fn strays(seed: u64, calendar: &Calendar, deployments: &[Deployment]) -> Vec<Incident> {
    let mut random = Random::stream(seed, "stray incidents");
    let live = |service: &str| -> Vec<At> {
        let mine = deployments.iter().filter(|one| {
            one.service.as_deref() == Some(service) && one.status == Status::Success && one.environment.as_deref() == Some("production")
        });
        let mut ends: Vec<At> = mine.filter_map(|one| one.finished_at).collect();
        ends.sort_unstable();
        ends
    };
    let mut incident = |service: &str, owner: &str, started: At, resolved: Option<At>| Incident {
        id: String::new(),
        service: Some(service.into()),
        repository: None,
        started_at: started,
        resolved_at: resolved,
        deployment: None,
        severity: Some("sev3".into()),
        title: Some(words::text(&mut random, Text::Incident, team(owner).nouns)),
    };
    let late = |at: &At| at.plus(hours(45.0)) < calendar.now;
    let quiet = |ends: &[At]| -> Vec<At> {
        let alone =
            ends.iter().enumerate().filter(|(index, at)| late(at) && ends.get(index + 1).is_none_or(|next| next.since(**at) > hours(60.0)));
        alone.map(|(_, at)| *at).collect()
    };
    let app = quiet(&live("mobile-app"));
    let mut strays: Vec<Incident> =
        app.iter().rev().take(2).map(|end| incident("mobile-app", "mobile", end.plus(hours(40.0)), Some(end.plus(hours(43.5))))).collect();
    if let Some(end) = live("checkout").into_iter().rev().find(|end| end.plus(hours(0.8)) <= calendar.now) {
        strays.push(incident("checkout", "checkout", end.plus(hours(0.8)), None));
    }
    strays
}

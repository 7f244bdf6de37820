//! [`portfolio`]: teams and projects over some years, made of a seed, with slips and improvements planted at known weeks.
//!
//! No public data holds portfolio plans with their outcomes, so what warns of slips is tried on these. Counts of finished items wander as real
//! series do: a lognormal rate that stays and drifts gives weeks a lag-1 autocorrelation of .24 to .80 and a variance of 3 to 9 times the mean
//! (`run-phase.md`). Around them is what makes plans fail: scope grows, people switch between projects, Christmas and summer are slow, dates
//! are promised from the mean of the last weeks. In some projects a slip is planted, in some teams an improvement.
//!
//! A result on these shows that a method can see what it should; how good it is on a real organisation only that one's past can tell. Never
//! to be mixed with real data, and no record shown to people may come from it.

use chrono::{Datelike, NaiveDate};

use super::calendar::{is_holiday, local, pace};
use super::random::Random;
use crate::domain::forecast::project::Life;
use crate::domain::forecast::throughput::Span;
use crate::domain::time::{At, DAY, HOUR};

/// How large and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Teams.
    pub teams: usize,
    /// Weeks, of which the first [`QUIET`] have no project.
    pub weeks: usize,
    /// A Monday.
    pub begins: NaiveDate,
}

impl Default for Config {
    /// Six teams over three years.
    fn default() -> Self {
        Self { teams: 6, weeks: 156, begins: NaiveDate::from_ymd_opt(2023, 1, 2).unwrap_or_default() }
    }
}

/// Weeks before the first project, which the first promises rest on.
pub const QUIET: usize = 16;
/// Weeks that a promise rests on.
const READ: usize = 12;
/// The part of a team's items that is for no project.
const UNPLANNED: f64 = 0.3;
/// The part of the projects in which a slip is planted.
const PLANTED: f64 = 0.3;
/// The room that a promise has beyond the mean.
const ROOM: f64 = 1.25;

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// Its weeks, oldest first.
    pub calendar: Vec<Span>,
    /// Its teams.
    pub teams: Vec<Team>,
    /// Its projects, in the order of their teams and beginnings.
    pub projects: Vec<Project>,
}

/// A team's weeks.
#[derive(Debug, Clone, PartialEq)]
pub struct Team {
    /// Items finished in each week of the calendar.
    pub finished: Vec<u32>,
    /// An improvement that was planted.
    pub improvement: Option<Improvement>,
}

/// From a week on more is finished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Improvement {
    /// The first week of it.
    pub week: usize,
    /// How much more: 0.5 is half as much again.
    pub size: f64,
}

/// A project with its date and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// The index of its team.
    pub team: usize,
    /// Its items.
    pub lives: Vec<Life>,
    /// When its date was promised.
    pub planned_at: At,
    /// The date promised.
    pub due: At,
    /// When the last item was done; none: it was not, by the end.
    pub done_at: Option<At>,
    /// A slip that was planted.
    pub slip: Option<Slip>,
}

impl Project {
    /// Whether it missed its date; none where that is not known by the instant `end`.
    pub fn slipped(&self, end: At) -> Option<bool> {
        match self.done_at {
            Some(done) => Some(done > self.due),
            None => (self.due <= end).then_some(true),
        }
    }
}

/// A slip with its week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slip {
    /// Its first week.
    pub week: usize,
    /// What happens.
    pub kind: Cause,
}

/// What makes a project slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It gets a quarter of the work that it got.
    PaceDrops,
    /// Within four weeks it becomes nearly twice as large.
    ScopeGrows,
    /// Half of its team is gone for a quarter.
    PeopleLeave,
}

/// A team while it is played.
struct Play<'a> {
    random: Random,
    config: &'a Config,
    calendar: &'a [Span],
    slow: &'a [f64],
    team: usize,
    /// Items in a usual week.
    usual: f64,
    open: Vec<Open>,
    finished: Vec<u32>,
}

/// A project that is not done.
struct Open {
    project: Project,
    /// Items not done, by their index, oldest first.
    queue: std::collections::VecDeque<usize>,
    /// Items added for each one finished.
    growth: f64,
    /// Its part of the team's project work.
    weight: f64,
    first_size: usize,
}

/// The portfolio of a seed.
pub fn portfolio(seed: u64, config: Config) -> Portfolio {
    let (calendar, slow): (Vec<Span>, Vec<f64>) = (0..config.weeks).map(|week| week_of(config.begins, week)).unzip();
    let (mut teams, mut projects) = (Vec::new(), Vec::new());
    for team in 0..config.teams {
        let mut random = Random::stream(seed, &format!("portfolio team {team}"));
        let usual = random.between(9.0, 15.0);
        let (open, finished) = (Vec::new(), Vec::new());
        let (team, own) = Play { random, config: &config, calendar: &calendar, slow: &slow, team, usual, open, finished }.run();
        teams.push(team);
        projects.extend(own);
    }
    Portfolio { calendar, teams, projects }
}

/// A week with its working days, and how much of the usual work is done in it.
fn week_of(begins: NaiveDate, week: usize) -> (Span, f64) {
    let days: Vec<NaiveDate> = begins.iter_days().skip(7 * week).take(8).collect();
    let working: Vec<&NaiveDate> = days[..5].iter().filter(|day| day.weekday().num_days_from_monday() < 5 && !is_holiday(**day)).collect();
    let work: f64 = working.iter().map(|day| pace(**day)).sum();
    let count = f64::from(u32::try_from(working.len()).unwrap_or_default());
    (Span { from: local(days[0], 0), to: local(days[7], 0), days: count }, work / 5.0)
}

impl Play<'_> {
    fn run(mut self) -> (Team, Vec<Project>) {
        let (sigma, stays) = (self.random.between(0.42, 0.58), self.random.between(0.6, 0.82));
        let improvement = self.random.chance(0.35).then(|| {
            let week = self.config.weeks / 3 + self.random.below((self.config.weeks / 3).max(1));
            Improvement { week, size: self.random.between(0.4, 0.8) }
        });
        let fresh = (1.0 - stays * stays).sqrt();
        let (mut level, mut drift, mut done) = (self.random.normal(), 0.0_f64, Vec::new());
        let mut begin = QUIET;
        for week in 0..self.config.weeks {
            drift = 0.98 * drift + 0.02 * self.random.normal();
            level = stays * level + fresh * self.random.normal();
            if week >= begin && self.open.len() < 3 {
                let open = self.begin(week);
                self.open.push(open);
                begin = week + 5 + self.random.below(8);
            }
            let better = improvement.filter(|it| it.week <= week).map_or(1.0, |it| 1.0 + it.size);
            let gone = if self.open.iter().any(|open| is_gone(open, week)) { 0.5 } else { 1.0 };
            let rate = self.usual * (sigma * level - sigma * sigma / 2.0 + drift).exp() * self.slow[week] * better * gone;
            let count = self.random.poisson(rate.min(120.0));
            self.finished.push(u32::try_from(count).unwrap_or(u32::MAX));
            self.play(week, count);
            let (over, open) = std::mem::take(&mut self.open).into_iter().partition(|open| open.queue.is_empty());
            self.open = open;
            done.extend(over);
        }
        done.extend(self.open);
        let mut projects: Vec<Project> = done.into_iter().map(|open: Open| open.project).collect();
        projects.sort_by_key(|project| project.planned_at);
        (Team { finished: self.finished, improvement }, projects)
    }

    /// A new project, its date promised from what the team finished lately.
    fn begin(&mut self, week: usize) -> Open {
        let size = count(self.random.lognormal(36.0, 0.45).clamp(14.0, 120.0));
        let planned_at = self.calendar[week].from;
        let weight = self.random.between(0.7, 1.3);
        let read = &self.finished[self.finished.len().saturating_sub(READ)..];
        let mean = f64::from(read.iter().sum::<u32>()) / real(read.len().max(1));
        let others: f64 = self.open.iter().map(|open| open.weight).sum();
        // As people promise: what we did lately, our part of it, with a little room, and as if nothing else would come.
        let share = (1.0 - UNPLANNED) * weight / (weight + others).max(1.6);
        let weeks = (real(size) / (mean.max(1.0) * share) * ROOM).clamp(5.0, 40.0);
        let due = planned_at.plus(whole(weeks * 7.0) * DAY);
        let slip = self.random.chance(PLANTED).then(|| {
            let kind = *self.random.pick(&[Cause::PaceDrops, Cause::ScopeGrows, Cause::PeopleLeave]);
            Slip { week: week + count(weeks * self.random.between(0.15, 0.45)), kind }
        });
        let created = |random: &mut Random| planned_at.plus(-whole(random.between(0.0, 10.0 * 24.0)) * HOUR);
        let lives = (0..size).map(|_| Life { created_at: Some(created(&mut self.random)), ..Life::default() }).collect();
        let project = Project { team: self.team, lives, planned_at, due, done_at: None, slip };
        Open { project, queue: (0..size).collect(), growth: self.random.between(0.0, 0.28), weight, first_size: size }
    }

    /// Gives the items finished in a week to projects.
    fn play(&mut self, week: usize, count: usize) {
        let Span { from, to, .. } = self.calendar[week];
        for open in &mut self.open {
            // People switch: what was first is second for some weeks.
            if self.random.chance(0.12) {
                open.weight = self.random.between(0.5, 1.5);
            }
            if let Some(slip) = open.project.slip
                && slip.kind == Cause::ScopeGrows
                && (slip.week..slip.week + 4).contains(&week)
            {
                for _ in 0..open.first_size.div_ceil(5) {
                    let at = from.plus(whole(self.random.unit() * 96.0) * HOUR);
                    open.add(at);
                }
            }
        }
        // Monday to Friday, from nine to five.
        let mut instants: Vec<At> = (0..count)
            .map(|_| {
                from.plus(whole(self.random.between(0.0, 5.0)) * DAY + (9 * 60 + whole(self.random.between(0.0, 480.0))) * (HOUR / 60))
            })
            .filter(|at| *at < to)
            .collect();
        instants.sort_unstable();
        for at in instants {
            if self.random.chance(UNPLANNED) {
                continue;
            }
            let shares: Vec<(usize, f64)> = self
                .open
                .iter()
                .enumerate()
                .filter(|(_, open)| !open.queue.is_empty())
                .map(|(index, open)| (index, open.share(week)))
                .collect();
            if shares.is_empty() {
                continue;
            }
            let index = *self.random.weighted(&shares);
            // Some of what a project gets waits until it has no less: work that has dropped is not made up for by others.
            let open = &mut self.open[index];
            if open.drops(week) && self.random.chance(0.5) {
                continue;
            }
            open.finish(&mut self.random, at);
        }
    }
}

impl Open {
    fn add(&mut self, at: At) {
        self.queue.push_back(self.project.lives.len());
        self.project.lives.push(Life { created_at: Some(at), ..Life::default() });
    }

    fn drops(&self, week: usize) -> bool {
        self.project.slip.is_some_and(|slip| slip.kind == Cause::PaceDrops && slip.week <= week)
    }

    fn share(&self, week: usize) -> f64 {
        if self.drops(week) { self.weight * 0.5 } else { self.weight }
    }

    fn finish(&mut self, random: &mut Random, at: At) {
        let created = |life: &Life| life.created_at.unwrap_or_default();
        let Some(index) = self.queue.pop_front() else { return };
        let took = whole(random.lognormal(80.0, 0.8)) * HOUR;
        let life = &mut self.project.lives[index];
        life.done_at = Some(at.max(created(life)));
        life.started_at = Some(at.plus(-took).max(created(life)).max(self.project.planned_at).min(at));
        if self.queue.is_empty() {
            self.project.done_at = Some(at);
        } else if random.chance(self.growth) {
            self.add(at);
        }
    }
}

/// Whether half of the team is gone in a week.
fn is_gone(open: &Open, week: usize) -> bool {
    open.project.slip.is_some_and(|slip| slip.kind == Cause::PeopleLeave && (slip.week..slip.week + 13).contains(&week))
}

#[allow(clippy::cast_possible_truncation, reason = "weeks of hours")]
fn whole(number: f64) -> i64 {
    number.floor() as i64
}

fn count(number: f64) -> usize {
    usize::try_from(whole(number)).unwrap_or_default()
}

#[allow(clippy::cast_precision_loss, reason = "hundreds")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::stats::weekly_autocorrelation;

    const SEEDS: u64 = 30;

    fn many() -> Vec<Portfolio> {
        (1..=SEEDS).map(|seed| portfolio(seed, Config::default())).collect()
    }

    /// Lag-1 autocorrelation as it is told, and variance over mean.
    fn shape(finished: &[u32]) -> (f64, f64) {
        let values: Vec<f64> = finished.iter().map(|count| f64::from(*count)).collect();
        let mean = values.iter().sum::<f64>() / real(values.len());
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / real(values.len() - 1);
        (weekly_autocorrelation(&[&values]), variance / mean)
    }

    #[test]
    fn weeks_wander_as_those_of_real_teams_do() {
        let recorded: serde_json::Value = serde_json::from_str(include_str!("../../tests/statistics/forecast.json")).unwrap();
        let counts = |series: &serde_json::Value| -> Vec<u32> {
            series.as_array().unwrap().iter().map(|count| u32::try_from(count.as_u64().unwrap()).unwrap()).collect()
        };
        let real: Vec<(f64, f64)> = recorded["series"].as_object().unwrap().values().map(|series| shape(&counts(series))).collect();
        let (mut correlations, mut dispersions): (Vec<f64>, Vec<f64>) =
            many().iter().flat_map(|one| &one.teams).map(|team| shape(&team.finished)).unzip();
        correlations.sort_by(f64::total_cmp);
        dispersions.sort_by(f64::total_cmp);
        let within = |values: &[f64], from: f64, to: f64| {
            super::real(values.iter().filter(|value| (from..=to).contains(*value)).count()) / super::real(values.len())
        };
        assert!(within(&correlations, 0.24, 0.8) > 0.97 && within(&dispersions, 3.0, 9.0) > 0.85, "{correlations:?} {dispersions:?}");
        // The four real series that are at hand lie where ours do.
        for (correlation, dispersion) in real {
            assert!((0.3..0.85).contains(&correlation) && (3.0..9.5).contains(&dispersion), "{correlation} {dispersion}");
        }
        let middle = correlations.len() / 2;
        assert!((0.45..0.65).contains(&correlations[middle]) && (4.0..6.0).contains(&dispersions[middle]));
    }

    #[test]
    fn a_slip_that_is_planted_slips() {
        let mut by: BTreeMap<Option<Cause>, [u32; 2]> = BTreeMap::new();
        for one in many() {
            let end = one.calendar.last().unwrap().to;
            for project in &one.projects {
                if let Some(slipped) = project.slipped(end) {
                    by.entry(project.slip.map(|slip| slip.kind)).or_default()[usize::from(slipped)] += 1;
                }
            }
        }
        let share = |[held, slipped]: [u32; 2]| f64::from(slipped) / f64::from(held + slipped);
        let others = share(by[&None]);
        assert!((0.1..0.35).contains(&others), "promises fail by themselves too: {by:?}");
        for cause in [Cause::PaceDrops, Cause::ScopeGrows, Cause::PeopleLeave] {
            assert!(share(by[&Some(cause)]) > 2.0 * others, "{by:?}");
        }
    }

    #[test]
    fn an_improvement_that_is_planted_is_as_large_as_it_says() {
        let (mut planted, mut seen) = (0.0, 0.0);
        for team in many().iter().flat_map(|one| &one.teams) {
            let Some(improvement) = team.improvement else { continue };
            let mean = |weeks: &[u32]| f64::from(weeks.iter().sum::<u32>()) / super::real(weeks.len());
            // A year each, so that Christmas is in both.
            let (from, until) = (improvement.week.saturating_sub(52), (improvement.week + 52).min(team.finished.len()));
            planted += (1.0 + improvement.size).ln();
            seen += (mean(&team.finished[improvement.week..until]) / mean(&team.finished[from..improvement.week])).ln();
        }
        assert!(planted > 10.0 && (seen / planted - 1.0).abs() < 0.3, "{seen} of {planted}");
    }

    #[test]
    fn the_same_seed_gives_the_same_and_lives_are_in_order() {
        assert_eq!(portfolio(5, Config::default()), portfolio(5, Config::default()));
        let one = portfolio(5, Config::default());
        assert_ne!(one, portfolio(6, Config::default()));
        assert!(one.calendar.windows(2).all(|pair| pair[0].to == pair[1].from) && one.projects.len() > 20);
        for life in one.projects.iter().flat_map(|project| &project.lives) {
            let times: Vec<At> = [life.created_at, life.started_at, life.done_at].into_iter().flatten().collect();
            assert!(times.is_sorted() && life.created_at.is_some() && life.started_at.is_some() == life.done_at.is_some(), "{life:?}");
        }
        for project in &one.projects {
            let all_done = project.lives.iter().all(|life| life.done_at.is_some());
            assert_eq!(project.done_at, project.lives.iter().map(|life| life.done_at).max().flatten().filter(|_| all_done));
            assert!(project.planned_at < project.due);
        }
    }
}

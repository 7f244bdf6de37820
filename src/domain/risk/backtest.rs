//! [`backtest`]: what warnings would have said in each past week, and how that turned out.
//!
//! [`replay`] takes a project's snapshots at the end of each week from facts known by then; [`backtest`] scores them with the weights that
//! could have been learnt by then: from projects whose date had passed. A snapshot from the day of its outcome or later is an error.
//!
//! Scores are of the weighted score; warnings are by the band, which is of the forecast alone. Scored are weeks that end at least two weeks before the date: later it is too late to step in, and easy to know. Weeks of one project are
//! one case: intervals draw projects. Beside the scores stands a control: the same with outcomes dealt to other projects, again and
//! again. It must show no skill; if it does, the scores are of the method and not of the projects.
//!
//! Of fewer than [`FEWEST`] ended projects nothing is said but that.

use super::super::forecast::known::{LookAhead, Past};
use super::super::forecast::score::{Brier, brier};
use super::super::stats::SplitMix64;
use super::super::time::{At, DAY, WEEK};
use super::learn::{LEARNT_FROM, Lesson, learn};
use super::measures::{self, Chances, real};
use super::score::{Band, Model, is_flagged};
use super::snapshot::{Facts, Snapshot, known_by, outcome, take};

/// Ended projects that a record takes.
pub const FEWEST: usize = 10;
/// Weeks before the date from which on nothing is scored.
const TOO_LATE: i64 = 2 * WEEK;
/// Weeks before the date at which the area is told apart.
const LEADS: [i64; 3] = [4, 8, 13];
/// Of how many projects the precision is told.
const FIRST: [usize; 3] = [1, 3, 5];
/// Weights are learnt anew after so many further projects.
const ANEW: usize = 10;
/// How often outcomes are dealt anew.
const DEALS: usize = 40;
const SEED: u64 = 7_203_515;

/// A project whose date has passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Its id.
    pub project: String,
    /// The first instant at which it was late: when its outcome was known.
    pub due: At,
    /// Whether it was.
    pub missed: bool,
    /// Its snapshots, a week apart, oldest first.
    pub snapshots: Vec<Snapshot>,
}

/// How warnings would have turned out.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// Projects that ended.
    pub projects: usize,
    /// Of these, late.
    pub missed: usize,
    /// Weeks that were scored.
    pub weeks: usize,
    /// The area under the curve with its 95 % interval.
    pub area: Option<(f64, [f64; 2])>,
    /// The same at so many weeks before the date: one week of each project.
    pub area_at: Vec<(i64, Option<f64>)>,
    /// The share that was late among the so many with the highest chances of a week, on average.
    pub precision: Vec<(usize, Option<f64>)>,
    /// The score of the chances, and its skill against the share that was late.
    pub brier: Option<Brier>,
    /// Late projects with a warning that stood until the date neared, and the median of days from its first week to the date.
    pub warned: usize,
    /// See `warned`.
    pub days: Option<f64>,
    /// Projects in time that were ever warned of.
    pub false_alarms: usize,
    /// Warnings that began in projects that were in time, for each project and quarter looked at.
    pub false_per_quarter: Option<f64>,
    /// With outcomes dealt to other projects.
    pub control: Option<Control>,
}

/// What is left where outcomes are dealt anew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Control {
    /// The area, on average.
    pub area: f64,
    /// Brier skill, on average.
    pub skill: f64,
    /// The share of deals whose area was as good as the true one.
    pub as_good: f64,
}

impl Control {
    /// Whether nothing is left: half of pairs in order, no skill, and few deals as good as the truth.
    pub fn holds(&self) -> bool {
        (self.area - 0.5).abs() < 0.05 && self.skill <= 0.02 && self.as_good <= 0.05
    }
}

/// The snapshots of a project at the end of each week before its date, and its outcome; none where the date has not passed by `now`, or there
/// is no snapshot with a forecast. `then`: the facts with what was known beside items by an instant: how far rates drift, what the end costs,
/// features that items do not tell.
///
/// # Errors
/// Where a snapshot would see a later row.
pub fn replay(facts: &Facts, then: impl Fn(Facts<'_>, At) -> Facts<'_>, now: At) -> Result<Option<Resolved>, LookAhead> {
    let lives = known_by(facts.lives, now);
    let Some((due, missed)) = outcome(&lives, facts.calendar, facts.due, now) else { return Ok(None) };
    let first = lives.iter().filter_map(|life| life.created_at.or(life.started_at).or(life.done_at)).min();
    let mut snapshots = Vec::new();
    for week in first.map(|first| facts.calendar.weeks(first, due)).unwrap_or_default() {
        let known = known_by(&lives, week.to);
        if week.to >= due || known.iter().all(|life| life.done_at.is_some()) {
            continue;
        }
        let facts = then(Facts { lives: &known, ..facts.clone() }, week.to);
        snapshots.push(take(&facts, week.to)?.snapshot);
    }
    let any = snapshots.iter().any(|snapshot| snapshot.forecast().is_some());
    Ok(any.then(|| Resolved { project: facts.project.to_owned(), due, missed, snapshots }))
}

/// Scores the past.
///
/// # Errors
/// Where a snapshot is not from before the outcome.
pub fn backtest(resolved: &[Resolved]) -> Result<Tried, LookAhead> {
    for one in resolved {
        Past::only(&one.snapshots, one.due.plus(-1))?;
    }
    let mut sorted: Vec<&Resolved> = resolved.iter().collect();
    sorted.sort_by(|a, b| (a.due, &a.project).cmp(&(b.due, &b.project)));
    let missed: Vec<bool> = sorted.iter().map(|one| one.missed).collect();
    let weeks = scored(&sorted, &missed);
    let chances = by_project(&weeks, &missed);
    let area = measures::area(&chances);
    let (warned, days, false_alarms, false_per_quarter) = warnings(&sorted, &weeks);
    Ok(Tried {
        projects: sorted.len(),
        missed: missed.iter().filter(|missed| **missed).count(),
        weeks: chances.iter().map(|project| project.0.len()).sum(),
        area,
        area_at: LEADS.map(|lead| (lead, measures::area_alone(&at_lead(&sorted, &weeks, lead)))).into(),
        precision: FIRST.map(|k| (k, precision(&weeks, &missed, k))).into(),
        brier: brier(&events(&chances)),
        warned,
        days,
        false_alarms,
        false_per_quarter,
        control: area.and_then(|(area, _)| control(&sorted, &missed, area)),
    })
}

/// A scored week.
struct Week {
    at: At,
    chance: f64,
    /// The forecast's chance, of which the band is.
    forecast: f64,
    late: bool,
}

/// The weeks of each project with the chance as it was then; `late`: too late to be scored.
fn scored(sorted: &[&Resolved], missed: &[bool]) -> Vec<Vec<Week>> {
    let lessons: Vec<Lesson> =
        sorted.iter().zip(missed).map(|(one, missed)| Lesson { known_at: one.due, missed: *missed, snapshots: &one.snapshots }).collect();
    // Weights as of the ten-th, twenty-th project and so on: a week uses those of projects that had ended.
    let models: Vec<Model> =
        (0..=sorted.len() / ANEW)
            .map(|tens| {
                if tens * ANEW < LEARNT_FROM { Model::default() } else { learn(&lessons[..tens * ANEW], lessons[tens * ANEW - 1].known_at) }
            })
            .collect();
    let week = |one: &Resolved, snapshot: &Snapshot| {
        let forecast = snapshot.forecast()?;
        let ended = sorted.partition_point(|other| other.due <= snapshot.at);
        let chance = models[ended / ANEW].chance(&snapshot.features);
        Some(Week { at: snapshot.at, chance, forecast, late: one.due.since(snapshot.at) < TOO_LATE })
    };
    sorted.iter().map(|one| one.snapshots.iter().filter_map(|snapshot| week(one, snapshot)).collect()).collect()
}

fn by_project(weeks: &[Vec<Week>], missed: &[bool]) -> Vec<Chances> {
    let early = |weeks: &[Week]| weeks.iter().filter(|week| !week.late).map(|week| week.chance).collect();
    weeks.iter().zip(missed).map(|(weeks, missed)| (early(weeks), *missed)).collect()
}

fn events(chances: &[Chances]) -> Vec<(f64, bool)> {
    chances.iter().flat_map(|(chances, missed)| chances.iter().map(|chance| (*chance, *missed))).collect()
}

/// The week of each project that ended so many weeks before its date, and less than one more.
fn at_lead(sorted: &[&Resolved], weeks: &[Vec<Week>], lead: i64) -> Vec<Chances> {
    let there = |due: At, week: &&Week| (lead * WEEK..(lead + 1) * WEEK).contains(&due.since(week.at));
    sorted
        .iter()
        .zip(weeks)
        .map(|(one, weeks)| (weeks.iter().filter(|week| there(one.due, week)).map(|week| week.chance).take(1).collect(), one.missed))
        .collect()
}

/// The precision of the first `k`, over all weeks in which so many projects were looked at.
fn precision(weeks: &[Vec<Week>], missed: &[bool], k: usize) -> Option<f64> {
    let mut by_week: std::collections::BTreeMap<At, Vec<(f64, bool)>> = std::collections::BTreeMap::new();
    for (weeks, missed) in weeks.iter().zip(missed) {
        for week in weeks.iter().filter(|week| !week.late) {
            by_week.entry(week.at).or_default().push((week.chance, *missed));
        }
    }
    // Among as many as there are nothing is chosen.
    let shares: Vec<f64> = by_week.values().filter(|week| week.len() > k).filter_map(|week| measures::precision(week, k)).collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / real(shares.len()))
}

/// Late projects with a warning that stood, days from its first week; projects in time that had one, and how often one began in them.
fn warnings(sorted: &[&Resolved], weeks: &[Vec<Week>]) -> (usize, Option<f64>, usize, Option<f64>) {
    let (mut days, mut false_alarms, mut began_wrongly, mut looked_at) = (Vec::new(), 0, 0, 0);
    for (one, weeks) in sorted.iter().zip(weeks) {
        let (mut bands, mut since, mut begun) = (Vec::new(), None, 0);
        let early: Vec<&Week> = weeks.iter().filter(|week| !week.late).collect();
        looked_at += early.len();
        for week in &early {
            bands.push(Band::of(week.forecast));
            if !is_flagged(&bands) {
                since = None;
            } else if since.is_none() {
                since = Some(week.at);
                begun += 1;
            }
        }
        if one.missed {
            days.extend(since.map(|since| one.due.since(since) / DAY));
        } else {
            began_wrongly += begun;
            false_alarms += usize::from(begun > 0);
        }
    }
    let quarters = real(looked_at) / 13.0;
    let days: Vec<f64> = days.into_iter().map(|days| f64::from(i32::try_from(days).unwrap_or(i32::MAX))).collect();
    (days.len(), measures::middle(&days), false_alarms, (looked_at > 0).then(|| real(began_wrongly) / quarters))
}

/// The same with outcomes dealt to other projects.
fn control(sorted: &[&Resolved], missed: &[bool], area: f64) -> Option<Control> {
    let (mut random, mut dealt) = (SplitMix64::new(SEED), missed.to_vec());
    let (mut areas, mut skills) = (Vec::new(), Vec::new());
    for _ in 0..DEALS {
        for at in (1..dealt.len()).rev() {
            dealt.swap(at, random.below(at + 1));
        }
        let chances = by_project(&scored(sorted, &dealt), &dealt);
        areas.extend(measures::area_alone(&chances));
        skills.extend(brier(&events(&chances)).and_then(|brier| brier.skill));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / real(values.len().max(1));
    let as_good = real(areas.iter().filter(|dealt| **dealt >= area).count()) / real(areas.len().max(1));
    (!areas.is_empty()).then(|| Control { area: mean(&areas), skill: mean(&skills), as_good })
}

impl Tried {
    /// What the warnings are worth, in a sentence.
    pub fn verdict(&self) -> String {
        let ended = |n: usize| if n == 1 { "1 project has ended".to_owned() } else { format!("{n} projects have ended") };
        if self.projects < FEWEST {
            return format!("No record yet: {}, and it takes {FEWEST}.", ended(self.projects));
        }
        let Some((area, [low, high])) = self.area else {
            let all = if self.missed == 0 { "none was late" } else { "all were late" };
            return format!("Not shown to be better than guessing: of {} projects {all}.", self.projects);
        };
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        if self.control.is_some_and(|control| !control.holds() && low > 0.5 && (control.area - 0.5).abs() >= 0.05) {
            return "Not to be trusted: with outcomes dealt to other projects the warnings seem to know them too.".to_owned();
        }
        if low <= 0.5 {
            return format!(
                "Not shown to be better than guessing: a late project ranked above another one in {} of pairs ({} to {}), and guessing gives 50 %.",
                percent(area),
                percent(low),
                percent(high)
            );
        }
        format!(
            "Better than guessing: a late project ranked above another one in {} of pairs ({} to {}; guessing gives 50 %), over {} projects of which {} were late.",
            percent(area),
            percent(low),
            percent(high),
            self.projects,
            self.missed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::feature::{Feature, Seen};
    use super::*;

    fn week(week: i64) -> At {
        At(week * WEEK)
    }

    /// A project due in a week, with the forecast in each of the weeks before, latest last.
    fn ended(project: &str, due: i64, missed: bool, chances: &[f64]) -> Resolved {
        let first = due - i64::try_from(chances.len()).unwrap();
        let snapshots = (first..).zip(chances).map(|(at, chance)| Snapshot {
            project: project.into(),
            at: week(at),
            due: week(due),
            done: 3,
            remaining: 5,
            features: vec![Seen { feature: Feature::MissChance, value: *chance, usual: 3.0, n: 5 }],
        });
        Resolved { project: project.into(), due: week(due), missed, snapshots: snapshots.collect() }
    }

    #[test]
    fn warnings_are_counted_from_where_they_stood() {
        let late = ended("late", 20, true, &[0.6, 0.3, 0.6, 0.6, 0.8, 0.9, 0.9]); // 13 to 19; stood from 17 on, 19 is not scored
        let never = ended("never", 20, true, &[0.1; 7]);
        let alarm = ended("alarm", 20, false, &[0.8, 0.8, 0.8, 0.8, 0.1, 0.1, 0.9]);
        let calm = ended("calm", 20, false, &[0.5, 0.1, 0.5, 0.1, 0.1, 0.1, 0.1]);
        let tried = backtest(&[late, never, alarm, calm]).unwrap();
        assert_eq!((tried.projects, tried.missed, tried.weeks), (4, 2, 24));
        assert_eq!((tried.warned, tried.days, tried.false_alarms), (1, Some(21.0), 1));
        assert!((tried.false_per_quarter.unwrap() - 1.0 / (24.0 / 13.0)).abs() < 1e-9);
        assert!(tried.verdict().starts_with("No record yet: 4 projects have ended"), "{}", tried.verdict());
    }

    #[test]
    fn a_snapshot_of_the_day_of_its_outcome_or_later_is_an_error() {
        let mut one = ended("one", 20, true, &[0.5; 5]);
        one.snapshots.push(Snapshot { at: week(20), ..one.snapshots[0].clone() });
        let error = backtest(&[ended("two", 20, false, &[0.1; 4]), one]).unwrap_err();
        assert_eq!(error.row, week(20));
    }

    #[test]
    fn what_small_portfolios_prove_is_said() {
        let of = |late: usize, others: usize, chance: &dyn Fn(usize, bool) -> f64| {
            let all: Vec<Resolved> = (0..late + others)
                .map(|at| ended(&format!("p{at}"), 20 + i64::try_from(at).unwrap(), at < late, &[chance(at, at < late); 6]))
                .collect();
            backtest(&all).unwrap()
        };
        let sure = of(8, 8, &|_, late| if late { 0.9 } else { 0.1 });
        assert!(
            sure.verdict().starts_with("Better than guessing: a late project ranked above another one in 100 % of pairs"),
            "{}",
            sure.verdict()
        );
        assert!(sure.control.unwrap().holds(), "{:?}", sure.control);
        let guess = of(8, 8, &|at, _| 0.1 + 0.1 * f64::from(u32::try_from(at % 8).unwrap()));
        assert!(guess.verdict().starts_with("Not shown to be better than guessing: a late project"), "{}", guess.verdict());
        let none = of(0, 12, &|_, _| 0.5);
        assert_eq!(none.verdict(), "Not shown to be better than guessing: of 12 projects none was late.");
        assert_eq!(backtest(&[]).unwrap().verdict(), "No record yet: 0 projects have ended, and it takes 10.");
    }
}

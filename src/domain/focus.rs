//! Focus: over how many projects a team's work is spread, and whether each person works on one at a time. From the same shares as the
//! investment, so that the two agree.
//!
//! The effective number of projects is `exp(entropy)` of shares (Hill 1973): 2 for two halves, 1.1 for a project with little beside it. A team's
//! number is the product of two (Jost 2007): *within* persons, how many projects one person has in a week, which is switching; and *between*
//! persons, how many different mixes there are, which is solo work side by side. Only time observed on portfolio projects counts: what is
//! unattributed says nothing on how many projects it is. Where that is under half of the time, there is no figure.
//!
//! The bands are provisional: to 1.5 projects a person and week focused, to 2.5 normal, to 4 diluted, above (or with a focus ratio under 40 %)
//! high risk. After eight weeks they follow the organisation's own quartiles, but never call a team diluted or at high risk that the
//! provisional ones would call better by two. What is known: among 1,200 developers four to five projects a week went along with less done;
//! that is association, no cause, and no loss "per project" is printed here, since the well-known one was never measured.
//!
//! Never to be used to measure people: no figure of a person leaves this file, and none of fewer than three people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::alloc::{FEWEST_PEOPLE, Ledger, Share, monday};
use super::stats::quantile;
use super::words::short;

/// The least part of the time that must be attributed.
const LEAST_ATTRIBUTED: (i64, i64) = (1, 2);
/// A day is on one project from this part of its time on.
const ONE_PROJECT: (i64, i64) = (4, 5);
/// Under this focus ratio a team is at high risk.
pub const LEAST_RATIO: f64 = 0.4;
/// The provisional bands' upper ends.
pub const PROVISIONAL: [f64; 3] = [1.5, 2.5, 4.0];
/// Weeks of the organisation's own that replace them.
pub const OWN_AFTER: usize = 8;
/// A risk is raised if it holds in so many of the last so many weeks.
pub const RAISED: (usize, usize) = (2, 3);

/// The focus of a team in a week.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamWeek {
    /// Its first day.
    pub monday: NaiveDate,
    /// What is seen; none where too few people or too little of the time is known.
    pub focus: Option<Focus>,
    /// Portfolio projects that were worked on, by day; of days with three or more people observed on one.
    pub by_day: Vec<(NaiveDate, usize)>,
}

/// The figures of a team's week.
#[derive(Debug, Clone, PartialEq)]
pub struct Focus {
    /// How many people were observed on a project.
    pub people: usize,
    /// Part of the observed time that went to portfolio projects.
    pub attributed: f64,
    /// Effective projects of one person in this week.
    pub within: f64,
    /// The same within one day.
    pub within_day: f64,
    /// Effective mixes among persons: 1 where all have the same, as many as persons where each has their own.
    pub between: f64,
    /// Effective projects of the whole team: `within` times `between`.
    pub projects: f64,
    /// Person-days with four fifths or more of their time on one project, out of all observed on one.
    pub ratio: f64,
    /// Part of the time on items that came unplanned, out of those of which that is known; none where that is under half.
    pub unplanned: Option<f64>,
}

/// A band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "plain names")]
pub enum Band {
    Focused,
    Normal,
    Diluted,
    HighRisk,
}

/// Whose bands they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// The upper ends of all but the last.
    pub ends: [f64; 3],
    /// Whether they are not the organisation's own yet; to be said wherever a band is.
    pub provisional: bool,
}

impl Bands {
    /// From all team weeks of the organisation.
    pub fn of(teams: &[Vec<TeamWeek>]) -> Self {
        let seen = || teams.iter().flatten().filter(|week| week.focus.is_some());
        let weeks: BTreeSet<NaiveDate> = seen().map(|week| week.monday).collect();
        let mut own: Vec<f64> = seen().filter_map(|week| Some(week.focus.as_ref()?.within)).collect();
        own.sort_unstable_by(f64::total_cmp);
        let quartiles = [0.25, 0.5, 0.75].map(|p| quantile(&own, p));
        let [Some(one), Some(two), Some(three)] = quartiles else { return Self { ends: PROVISIONAL, provisional: true } };
        if weeks.len() < OWN_AFTER {
            return Self { ends: PROVISIONAL, provisional: true };
        }
        Self { ends: [one, two.max(PROVISIONAL[0]), three.max(PROVISIONAL[1])], provisional: false }
    }

    /// The band of a week.
    pub fn band(&self, focus: &Focus) -> Band {
        if focus.ratio < LEAST_RATIO {
            return Band::HighRisk;
        }
        match self.ends.iter().filter(|end| focus.within > **end).count() {
            0 => Band::Focused,
            1 => Band::Normal,
            2 => Band::Diluted,
            _ => Band::HighRisk,
        }
    }

    /// The limits in one line, to stand wherever a band is said: "Normal here is up to 1.5 projects a person and week ...".
    pub fn said(&self) -> String {
        let [focused, normal, diluted] = self.ends.map(short);
        let whose = if self.provisional {
            format!("Provisional limits until {OWN_AFTER} weeks are known")
        } else {
            "This organisation's own limits, from its quartiles".to_owned()
        };
        let below = if focused == normal { String::new() } else { format!("up to {focused} is focused, ") };
        let above = if normal == diluted { String::new() } else { format!("{normal} to {diluted} diluted, ") };
        format!("Normal here is up to {normal} projects a person and week; {below}{above}more is a high risk. {whose}.")
    }

    /// Whether high risk is to be raised: in two of the last three weeks, so that one hard week is none.
    pub fn raises(&self, weeks: &[TeamWeek]) -> bool {
        let latest = weeks.iter().rev().take(RAISED.1).filter_map(|week| week.focus.as_ref());
        latest.filter(|focus| self.band(focus) == Band::HighRisk).count() >= RAISED.0
    }
}

/// Micro-days by project.
type Mix = BTreeMap<u32, i64>;

#[derive(Default)]
struct Gathered {
    /// By person, of the week.
    people: BTreeMap<u32, Mix>,
    /// By day and person.
    days: BTreeMap<NaiveDate, BTreeMap<u32, Mix>>,
    observed: i64,
    unplanned: i64,
    planned: i64,
}

/// The weeks of a team, in order. `in_team`: whether a person belongs to it on a day.
pub fn weeks(ledger: &Ledger, in_team: impl Fn(&str, NaiveDate) -> bool) -> Vec<TeamWeek> {
    let mut weeks: BTreeMap<NaiveDate, Gathered> = BTreeMap::new();
    for share in ledger.person_days(in_team).flatten() {
        weeks.entry(monday(share.date)).or_default().add(ledger, share);
    }
    weeks.into_iter().map(|(monday, gathered)| TeamWeek { monday, focus: gathered.focus(), by_day: gathered.by_day() }).collect()
}

/// A project's part in the switching of a team.
#[derive(Debug, Clone, PartialEq)]
pub struct Switched {
    /// The portfolio project's id.
    pub project: String,
    /// Part of all switching of the team, over all projects and weeks.
    pub part: f64,
}

/// The projects that take part in the switching of a team, the most first: what each adds to the entropy of the weeks of those who were on it
/// beside other projects. Only projects that three or more people were on so.
pub fn switching(ledger: &Ledger, in_team: impl Fn(&str, NaiveDate) -> bool) -> Vec<Switched> {
    let mut weeks: BTreeMap<(NaiveDate, u32), Mix> = BTreeMap::new();
    for share in ledger.person_days(in_team).flatten().filter(|share| !share.inferred) {
        if let Some(project) = ledger.project_of(share) {
            *weeks.entry((monday(share.date), share.person)).or_default().entry(project).or_default() += share.micro;
        }
    }
    let mut projects: BTreeMap<u32, (f64, BTreeSet<u32>)> = BTreeMap::new();
    for ((_, person), mix) in weeks.iter().filter(|(_, mix)| mix.len() > 1) {
        for (project, micro) in mix.iter().filter(|(_, micro)| **micro > 0) {
            let (switched, people) = projects.entry(*project).or_default();
            *switched -= part_of(*micro, 1) * part_of(*micro, total(mix)).ln();
            people.insert(*person);
        }
    }
    let all: f64 = projects.values().map(|(switched, _)| switched).sum();
    let shown = projects.into_iter().filter(|(_, (switched, people))| people.len() >= FEWEST_PEOPLE && *switched > 0.0);
    let mut found: Vec<Switched> =
        shown.map(|(project, (switched, _))| Switched { project: ledger.project_id(project).to_owned(), part: switched / all }).collect();
    found.sort_by(|a, b| b.part.total_cmp(&a.part).then_with(|| a.project.cmp(&b.project)));
    found
}

impl Gathered {
    fn add(&mut self, ledger: &Ledger, share: &Share) {
        if share.item.is_none() || share.inferred {
            return;
        }
        self.observed += share.micro;
        match ledger.unplanned(share) {
            Some(true) => self.unplanned += share.micro,
            Some(false) => self.planned += share.micro,
            None => {}
        }
        if let Some(project) = ledger.project_of(share) {
            *self.people.entry(share.person).or_default().entry(project).or_default() += share.micro;
            *self.days.entry(share.date).or_default().entry(share.person).or_default().entry(project).or_default() += share.micro;
        }
    }

    fn by_day(&self) -> Vec<(NaiveDate, usize)> {
        let shown = self.days.iter().filter(|(_, people)| people.len() >= FEWEST_PEOPLE);
        shown.map(|(date, people)| (*date, people.values().flat_map(Mix::keys).collect::<BTreeSet<_>>().len())).collect()
    }

    fn focus(&self) -> Option<Focus> {
        let mixes: Vec<&Mix> = self.people.values().collect();
        let attributed: i64 = mixes.iter().map(|mix| total(mix)).sum();
        let (part, whole) = LEAST_ATTRIBUTED;
        if mixes.len() < FEWEST_PEOPLE || attributed == 0 || attributed * whole < self.observed * part {
            return None;
        }
        let mut pooled = Mix::new();
        for (project, micro) in mixes.iter().copied().flatten() {
            *pooled.entry(*project).or_default() += micro;
        }
        let days: Vec<&Mix> = self.days.values().flat_map(BTreeMap::values).collect();
        let on_one = days.iter().filter(|day| {
            let most = day.values().copied().max().unwrap_or(0);
            most * ONE_PROJECT.1 >= total(day) * ONE_PROJECT.0
        });
        let (within, whole) = (mean_entropy(&mixes), entropy(&pooled));
        let known = self.unplanned + self.planned;
        Some(Focus {
            people: mixes.len(),
            attributed: part_of(attributed, self.observed),
            within: within.exp(),
            within_day: mean_entropy(&days).exp(),
            // Rounding alone could put it a digit under 1.
            between: (whole - within).max(0.0).exp(),
            projects: whole.exp(),
            ratio: part_of(whole_number(on_one.count()), whole_number(days.len())),
            unplanned: (known > 0 && known * LEAST_ATTRIBUTED.1 >= self.observed * LEAST_ATTRIBUTED.0)
                .then(|| part_of(self.unplanned, known)),
        })
    }
}

fn total(mix: &Mix) -> i64 {
    mix.values().sum()
}

/// The entropy of a mix, in nats.
fn entropy(mix: &Mix) -> f64 {
    let all = total(mix);
    mix.values().filter(|micro| **micro > 0).map(|micro| part_of(*micro, all)).map(|part| -part * part.ln()).sum()
}

/// The mean entropy of mixes, each by its time.
fn mean_entropy(mixes: &[&Mix]) -> f64 {
    let all: i64 = mixes.iter().map(|mix| total(mix)).sum();
    mixes.iter().map(|mix| part_of(total(mix), all) * entropy(mix)).sum()
}

fn whole_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A part of a whole above 0.
#[allow(clippy::cast_precision_loss, reason = "2^53 micro-days are 24 million years of a person")]
fn part_of(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use proptest::prelude::*;

    use super::super::alloc::tests::commented;
    use super::*;

    fn day(date: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, date).unwrap()
    }

    fn focus(people: &[(&str, [&str; 5])]) -> Option<Focus> {
        weeks(&commented(people), |_, _| true).remove(0).focus
    }

    fn close(seen: f64, expect: f64) {
        assert!((seen - expect).abs() < 1e-9, "{seen}, expected {expect}");
    }

    #[test]
    fn solo_work_side_by_side_is_between_and_switching_is_within() {
        let solo = focus(&[("ada", ["A"; 5]), ("bob", ["B"; 5]), ("cat", ["C"; 5])]).unwrap();
        close(solo.within, 1.0);
        close(solo.between, 3.0);
        close(solo.ratio, 1.0);
        let all_of_all = ["ABC"; 5];
        let switching = focus(&[("ada", all_of_all), ("bob", all_of_all), ("cat", all_of_all)]).unwrap();
        assert!((switching.within - 3.0).abs() < 1e-6 && (switching.within_day - 3.0).abs() < 1e-6, "thirds of a micro-day");
        assert!((switching.between - 1.0).abs() < 1e-6);
        close(switching.ratio, 0.0);
        assert!((switching.unplanned.unwrap() - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_day_on_one_project_each_is_no_switching_within_days() {
        let days = ["A", "A", "A", "B", "-"];
        let found = focus(&[("ada", days), ("bob", days), ("cat", days)]).unwrap();
        let entropy = -(0.75_f64 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln());
        close(found.within, entropy.exp());
        close(found.within_day, 1.0);
        close(found.between, 1.0);
        close(found.ratio, 1.0);
        close(found.unplanned.unwrap(), 0.0);
    }

    #[test]
    fn two_people_or_little_attributed_time_show_nothing() {
        assert_eq!(focus(&[("ada", ["A"; 5]), ("bob", ["B"; 5])]), None);
        assert_eq!(focus(&[("ada", ["A"; 5]), ("bob", ["B"; 5]), ("cat", ["x"; 5])]), None, "the third is on no project");
        assert_eq!(focus(&[("ada", ["Axy"; 5]), ("bob", ["Bxy"; 5]), ("cat", ["Axy"; 5])]), None);
        let half = focus(&[("ada", ["Ax"; 5]), ("bob", ["Bx"; 5]), ("cat", ["Ax"; 5])]).unwrap();
        close(half.attributed, 0.5);
        close(half.within, 1.0);
        let by_day =
            weeks(&commented(&[("ada", ["A", "A", "-", "A", "A"]), ("bob", ["AB"; 5]), ("cat", ["C"; 5])]), |_, _| true).remove(0).by_day;
        assert_eq!(by_day.iter().map(|(date, projects)| (date.day(), *projects)).collect::<Vec<_>>(), [(2, 3), (3, 3), (5, 3), (6, 3)]);
    }

    #[test]
    fn switching_is_told_of_projects_that_three_or_more_people_divide_their_weeks_with() {
        let parts = |people: &[(&str, [&str; 5])]| -> Vec<(String, f64)> {
            switching(&commented(people), |_, _| true).into_iter().map(|it| (it.project, it.part)).collect()
        };
        // Three halve their week between A and B; C is one person's beside A, and one more person's alone.
        let half = ["A", "B", "A", "B", "-"];
        let found = parts(&[("ada", half), ("bob", half), ("cat", half), ("dan", ["C"; 5]), ("eve", ["C", "A", "C", "A", "-"])]);
        // Each of four weeks adds four days times ln 2, half of it for each of its two projects: A has four halves of eight.
        assert_eq!(found.iter().map(|(project, _)| project.as_str()).collect::<Vec<_>>(), ["A", "B"]);
        close(found[0].1, 4.0 / 8.0);
        close(found[1].1, 3.0 / 8.0);
        assert!(parts(&[("ada", ["A"; 5]), ("bob", ["B"; 5]), ("cat", ["C"; 5])]).is_empty(), "nobody switches");
    }

    fn of(within: f64, ratio: f64) -> Focus {
        Focus { people: 3, attributed: 1.0, within, within_day: 1.0, between: 1.0, projects: within, ratio, unplanned: None }
    }

    fn week(number: u32, within: Option<f64>) -> TeamWeek {
        let monday = day(2).checked_add_days(chrono::Days::new(7 * u64::from(number))).unwrap();
        TeamWeek { monday, focus: within.map(|within| of(within, 0.9)), by_day: Vec::new() }
    }

    #[test]
    fn bands_are_provisional_for_eight_weeks_and_never_call_the_focused_at_risk() {
        let bands = Bands::of(&[(0..7).map(|number| week(number, Some(3.0))).collect()]);
        assert_eq!(bands, Bands { ends: PROVISIONAL, provisional: true });
        let seen = [(1.5, 0.9), (2.5, 0.9), (4.0, 0.9), (4.1, 0.9), (1.0, 0.39)].map(|(within, ratio)| bands.band(&of(within, ratio)));
        assert_eq!(seen, [Band::Focused, Band::Normal, Band::Diluted, Band::HighRisk, Band::HighRisk]);
        let own = Bands::of(&[(0..9).map(|number| week(number, Some(2.0 + f64::from(number)))).collect()]);
        assert_eq!(own, Bands { ends: [4.0, 6.0, 8.0], provisional: false });
        assert_eq!(
            bands.said(),
            "Normal here is up to 2.5 projects a person and week; up to 1.5 is focused, 2.5 to 4 diluted, more is a high risk. \
             Provisional limits until 8 weeks are known."
        );
        assert!(own.said().starts_with("Normal here is up to 6 projects a person and week; up to 4 is focused, 6 to 8 diluted"));
        assert!(own.said().ends_with("This organisation's own limits, from its quartiles."));
        let calm = Bands::of(&[(0..9).map(|number| week(number, Some(1.0 + f64::from(number) / 100.0))).collect()]);
        assert_eq!(calm.ends[1..], [1.5, 2.5]);
        assert_eq!(calm.band(&of(1.2, 0.9)), Band::Normal);
    }

    #[test]
    fn risk_is_raised_in_two_of_three_weeks_alone() {
        let bands = Bands { ends: PROVISIONAL, provisional: true };
        let raises =
            |weeks: &[Option<f64>]| bands.raises(&(0..).zip(weeks).map(|(number, within)| week(number, *within)).collect::<Vec<_>>());
        assert!(raises(&[Some(5.0), Some(1.0), Some(5.0)]));
        assert!(!raises(&[Some(5.0), Some(5.0), Some(1.0), Some(1.0)]));
        assert!(!raises(&[Some(1.0), Some(5.0), None]));
        assert!(!raises(&[]));
    }

    proptest! {
        #[test]
        fn within_times_between_is_the_whole(days in prop::collection::vec(prop::sample::select(vec!["A", "AB", "ABC", "C", "BC", "-"]), 20)) {
            let people: Vec<(&str, [&str; 5])> = ["ada", "bob", "cat", "dan"].into_iter().zip(days.chunks(5)).map(|(who, days)| (who, days.try_into().unwrap())).collect();
            if let Some(found) = focus(&people) {
                prop_assert!((found.within * found.between - found.projects).abs() < 1e-9);
                prop_assert!(1.0 <= found.within_day + 1e-9 && found.within_day <= found.within + 1e-9 && found.between >= 1.0);
                prop_assert!(found.projects <= 3.0 + 1e-9 && found.between <= 4.0 + 1e-9 && (0.0..=1.0).contains(&found.ratio));
            }
        }
    }
}

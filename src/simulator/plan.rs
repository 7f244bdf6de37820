//! What items are for: how much of each team's work each project gets, what of it was planned and what came later, and who does it.
//!
//! The story of the portfolio is told here: since two months Payments works on the wallet and hardly on PSD3, which is of the highest
//! priority; the scope of Search relevance grew two weeks ago; Platform helps everybody and so works on six projects at once. How large a
//! backlog is follows from the pace of the last weeks, so that on any day the same projects are on time, doubtful and late.

use chrono::NaiveDate;

use super::aims::{PROJECTS, ProjectRow};
use super::calendar::{Calendar, WORKDAY_HOURS, ZONE};
use super::cast::{PEOPLE, PersonRow, TeamRow, member, team};
use super::random::Random;
use crate::domain::calendar::WorkCalendar;
use crate::domain::event::{Activity, Item};
use crate::domain::forecast::throughput::{Pace, weekly};
use crate::domain::org;
use crate::domain::time::{At, WEEK};

/// Days since Payments left PSD3 for the wallet.
const SHIFTED_DAYS_AGO: u64 = 63;
/// Days since the scope of a project grew at once.
const GREW_DAYS_AGO: [u64; 2] = [20, 11];
/// Of the items that came unplanned, how many are for a project all the same: bugs of what is being built.
const BUGS_OF_PROJECTS: f64 = 0.85;
/// How often an item is done by one of those who work on its project.
const AT_HOME: f64 = 0.92;

/// How much of a team's project work a project gets.
struct Part {
    team: &'static str,
    project: &'static str,
    before: f64,
    /// Since [`SHIFTED_DAYS_AGO`].
    lately: f64,
}

const fn part(team: &'static str, project: &'static str, before: f64, lately: f64) -> Part {
    Part { team, project, before, lately }
}

const PARTS: &[Part] = &[
    part("payments", "wallet", 0.6, 0.88),
    part("payments", "psd3", 0.4, 0.12),
    part("checkout", "one-page-checkout", 0.62, 0.62),
    part("checkout", "steady-checkout", 0.38, 0.38),
    part("search", "relevance", 1.0, 1.0),
    part("mobile", "app-5", 1.0, 1.0),
    part("platform", "cloud-move", 0.34, 0.26),
    part("platform", "golden-path", 0.22, 0.18),
    part("platform", "wallet", 0.1, 0.26),
    part("platform", "one-page-checkout", 0.12, 0.1),
    part("platform", "relevance", 0.12, 0.1),
    part("platform", "app-5", 0.1, 0.1),
    part("labs", "shopping-assistant", 1.0, 1.0),
];

/// A team whose people help everybody: nobody there works on one project.
const HELPERS: &str = "platform";

/// Days since other teams ask the helpers about what they work on, and how often somebody is asked on a day.
const ASKED_DAYS_AGO: u64 = 140;
const ASKED: f64 = 1.5;
/// People among the helpers.
const HELPING: f64 = 7.0;

/// The parts of a team so many days ago.
fn parts(team: &str, days_ago: f64) -> Vec<(&'static ProjectRow, f64)> {
    let own = PARTS.iter().filter(|part| part.team == team);
    let share = |part: &Part| if days_ago <= days(SHIFTED_DAYS_AGO) { part.lately } else { part.before };
    own.filter_map(|part| Some((PROJECTS.iter().find(|project| project.id == part.project)?, share(part)))).collect()
}

/// The project on which somebody of a team works most, if there is one: the members are shared out as the work is.
fn home(team: &str, person: &str, days_ago: f64) -> Option<&'static str> {
    if team == HELPERS {
        return None;
    }
    let members: Vec<&PersonRow> = PEOPLE.iter().filter(|row| row.teams.iter().any(|(id, ..)| *id == team)).collect();
    let place = members.iter().position(|row| row.id == person)?;
    let mut left = (real(place) + 0.5) / real(members.len());
    let parts = parts(team, days_ago);
    for (project, share) in &parts {
        if left < *share {
            return Some(project.id);
        }
        left -= share;
    }
    parts.last().map(|(project, _)| project.id)
}

/// Somebody of the team who works on the project.
fn worker(random: &mut Random, team: &str, project: &str, days_ago: f64) -> &'static str {
    let mut one = member(random, team, days_ago);
    for _ in 0..8 {
        if home(team, one, days_ago).is_none_or(|home| home == project) {
            break;
        }
        one = member(random, team, days_ago);
    }
    one
}

/// Says what each item of a team is for, who does it, and when it was thought of. `planned`: of each whether it came planned.
pub fn assign(seed: u64, calendar: &Calendar, team: &TeamRow, items: &mut [(Item, bool)]) {
    let mut random = Random::stream(seed, &format!("projects of {}", team.id));
    for (item, planned) in items {
        let (for_project, at_home) = (*planned || random.chance(BUGS_OF_PROJECTS), random.chance(AT_HOME));
        let Some(started) = item.started_at.filter(|_| for_project) else { continue };
        let days_ago = calendar.days_ago(started);
        let project = *random.weighted(&parts(team.id, days_ago));
        say(&mut random, item, project);
        if at_home {
            item.assignee = Some(worker(&mut random, team.id, project.id, days_ago).into());
        }
        let thought_of = calendar.at(calendar.work(calendar.midnight_ago(project.planned_days_ago)) + random.between(0.0, 40.0));
        // What is not done yet was thought of late, or else a backlog could be larger than its load.
        let is_planned = !random.chance(project.growth) && item.done_at.is_some_and(|done| done <= calendar.now);
        if is_planned && thought_of < started {
            item.created_at = item.created_at.min(Some(thought_of));
        }
    }
}

/// Three ways to say what an item is for: the project, its epic alone, its label alone.
pub fn say(random: &mut Random, item: &mut Item, project: &ProjectRow) {
    let way = random.unit();
    item.project = (way < 0.85).then(|| project.id.into());
    item.parent = (way < 0.95).then(|| project.epic.into());
    item.labels.extend((way >= 0.95).then(|| project.id.to_owned()));
}

/// Whether an item is for a project.
fn is_for(item: &Item, project: &ProjectRow) -> bool {
    item.parent.as_deref() == Some(project.epic)
        || item.project.as_deref() == Some(project.id)
        || item.labels.iter().any(|label| label == project.id)
}

/// Whether an item is for any project.
pub fn leads(item: &Item) -> bool {
    PROJECTS.iter().any(|project| is_for(item, project))
}

/// When the items of a project's backlog were thought of: as many as its load takes, for the pace of its last weeks.
pub fn backlog(random: &mut Random, calendar: &Calendar, project: &ProjectRow, items: &[Item]) -> Vec<At> {
    let own: Vec<&Item> = items.iter().filter(|item| is_for(item, project)).collect();
    let open =
        own.iter().filter(|item| item.created_at.is_some_and(|at| at <= calendar.now) && item.done_at.is_none_or(|at| at > calendar.now));
    let needed = project.load * pace(calendar, &own) * weeks_to(calendar, project) - real(open.count());
    let count = whole(needed).max(3);
    let planned = calendar.work(calendar.midnight_ago(project.planned_days_ago));
    let now = calendar.work(calendar.now) - 1.0;
    (0..count)
        .map(|_| {
            let place = if random.chance(project.burst) {
                let [from, until] = GREW_DAYS_AGO.map(|ago| calendar.work(calendar.midnight_ago(ago)));
                random.between(from, until)
            } else if random.chance(project.growth) {
                random.between(planned, now)
            } else {
                planned + random.between(0.0, 40.0)
            };
            calendar.at(place)
        })
        .collect()
}

/// Items a week, as forecasts will see it; where they will see too little, what there was in the last weeks.
fn pace(calendar: &Calendar, own: &[&Item]) -> f64 {
    let declared = org::Calendar { holidays: calendar.holidays(), working_days: Vec::new() };
    let weeks = WorkCalendar::new(&declared, ZONE);
    let spans = weeks.weeks(calendar.now.plus(-27 * WEEK), calendar.now);
    let done: Vec<At> = own.iter().filter_map(|item| item.done_at).filter(|at| *at <= calendar.now).collect();
    Pace::learn(&weekly(&done, &spans, calendar.now), weeks.full_week()).map_or(1.0, |pace| pace.mean())
}

/// Weeks of five working days until the project's date; a quarter where it has none.
fn weeks_to(calendar: &Calendar, project: &ProjectRow) -> f64 {
    let due: NaiveDate = calendar.date_in(project.due_in_days.unwrap_or(90));
    (calendar.work(super::calendar::local(due, 0)) - calendar.work(calendar.now)) / WORKDAY_HOURS / 5.0
}

/// For whom a change was made: mostly for an item of its author's, else for one of the project that its author works on.
pub fn link<'a>(random: &mut Random, going: &[&'a Item], team: &str, author: &str, days_ago: f64) -> Option<&'a Item> {
    if team == HELPERS {
        return (!going.is_empty()).then(|| *random.pick(going));
    }
    let own: Vec<&Item> = going.iter().copied().filter(|item| item.assignee.as_deref() == Some(author)).collect();
    let home = home(team, author, days_ago).and_then(|home| PROJECTS.iter().find(|project| project.id == home));
    let near: Vec<&Item> = going.iter().copied().filter(|item| home.is_some_and(|home| is_for(item, home))).collect();
    let (first, second) = (random.chance(0.85), random.chance(0.9));
    [(first, own), (second, near), (true, going.to_vec())]
        .into_iter()
        .find(|(wanted, list)| *wanted && !list.is_empty())
        .map(|(_, list)| *random.pick(&list))
}

/// What the helpers answer on items of other teams, day by day: nobody asks about what hardly anybody works on.
pub fn answers(random: &mut Random, calendar: &Calendar, items: &[Item]) -> Vec<Activity> {
    let key = team(HELPERS).key.unwrap_or_default();
    let asks = |item: &&Item| {
        let deserted = PROJECTS.iter().any(|project| project.resting > 0 && is_for(item, project));
        !deserted && item.started_at.is_some() && leads(item) && item.id.split('-').next() != Some(key)
    };
    let asking: Vec<&Item> = items.iter().filter(asks).collect();
    let mut found = Vec::new();
    let first = calendar.work(calendar.midnight_ago(ASKED_DAYS_AGO)) / WORKDAY_HOURS;
    for day in 0..whole(calendar.work(calendar.now) / WORKDAY_HOURS - first) {
        let morning = (first + real(day)) * WORKDAY_HOURS;
        let going: Vec<&&Item> = asking.iter().filter(|item| is_going(item, calendar.at(morning))).collect();
        for _ in 0..random.poisson(if going.is_empty() { 0.0 } else { ASKED * HELPING }) {
            let at = calendar.at(morning + random.between(0.5, WORKDAY_HOURS - 0.5));
            let (item, person) = (*random.pick(&going), member(random, HELPERS, calendar.days_ago(at)));
            if at <= calendar.now {
                found.push(Activity { person: person.into(), kind: "comment".into(), item: Some(item.id.clone()), at });
            }
        }
    }
    found
}

fn is_going(item: &Item, at: At) -> bool {
    item.started_at.is_some_and(|started| started <= at) && item.done_at.is_none_or(|done| at <= done)
}

#[allow(clippy::cast_precision_loss, reason = "thousands")]
fn real(count: usize) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss, reason = "days of a year")]
fn days(days: u64) -> f64 {
    days as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hundreds, and never below 0")]
fn whole(number: f64) -> usize {
    number.max(0.0).round() as usize
}

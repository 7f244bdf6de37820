//! How often an alert would have begun in the last year: the rule played over the facts as they are known now. Pure.
//!
//! Thresholds are looked at once a day, at local midnight, and the own range once a week, where it lives by the hour: an episode of a
//! few hours may be missing, and the days may differ by one. Facts that came late are in it from the beginning, and services count
//! for the team as they do now and then. Quiet hours and the channel's budget hold back nothing here.

use anyhow::Context;
use chrono::Days;
use chrono_tz::Tz;

use super::measure::{Facts, LAST, RANGE, Reading, days, mondays, own_range};
use super::memory::Memory;
use super::rule::{self, Rule, Settings};
use crate::domain::card::Line;
use crate::domain::metric::Definition;
use crate::domain::time::{At, DAY};
use crate::domain::window::local;
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;

/// Days of the year that is played.
const YEAR: u64 = 365;
/// Days that whoever sets an alert is shown.
pub const DAYS: i64 = 365;
/// Weeks of it.
const WEEKS: usize = 52;
/// Episodes listed.
const LISTED: usize = 6;
/// More than so many episodes in a year are too many: one a month.
const MANY: usize = 12;

/// What a year would have brought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preview {
    /// Beginning, end and worst value of each episode.
    pub episodes: Vec<(At, Option<At>, f64)>,
    /// Evaluations that could tell, and all of them.
    pub judged: usize,
    pub looked: usize,
    /// Why others could not: the commonest reason.
    pub why: Option<String>,
    /// The last evaluation.
    pub now: Option<Reading>,
}

/// Since when facts are needed.
pub fn begins(settings: &Settings, known: &Definition, now: At, zone: Tz) -> At {
    match settings.rule {
        Rule::OwnRange => mondays(now, zone, WEEKS + RANGE + LAST)[0],
        _ => now.plus(-(i64::from(days(known)) + 367) * DAY),
    }
}

/// A year under way.
struct Player<'a> {
    settings: &'a Settings,
    memory: Memory,
    preview: Preview,
}

impl Player<'_> {
    fn take(&mut self, at: At, reading: Reading) {
        self.memory.take(self.settings, &reading, at, true);
        let preview = &mut self.preview;
        preview.looked += 1;
        match &reading {
            Reading::Known(_) => preview.judged += 1,
            Reading::Unknown(why) => preview.why = Some(why.clone()),
        }
        preview.now = Some(reading);
        // Memory forgets what is long over: each episode is noted while it is there.
        if let Some(episode) = self.memory.episodes.last() {
            let row = (episode.since, episode.over.as_ref().map(|over| over.at), episode.worst);
            match preview.episodes.last_mut().filter(|last| last.0 == row.0) {
                Some(last) => *last = row,
                None => preview.episodes.push(row),
            }
        }
    }
}

/// Plays a year.
pub fn play(settings: &Settings, known: &Definition, facts: &Facts, now: At, zone: Tz) -> Preview {
    let mut player = Player { settings, memory: Memory::default(), preview: Preview::default() };
    if settings.rule == Rule::OwnRange {
        let weeks = facts.weeks(known, now, zone, WEEKS + RANGE + LAST);
        for end in RANGE + LAST..=weeks.len() {
            let at = weeks[end - 1].to;
            let limit = player.memory.open().map(|open| open.limit);
            player.take(at, own_range(&weeks[end - RANGE - LAST..end], known, settings.least, limit));
        }
    } else {
        let today = local::wall(zone, now).date();
        let midnights = (0..YEAR).rev().map(|back| local::midnight(zone, today - Days::new(back))).filter(|at| *at < now);
        for at in midnights.chain([now]) {
            player.take(at, facts.threshold(settings, known, at, zone));
        }
    }
    player.preview
}

impl Preview {
    /// Whether it would have begun too often to be read.
    pub fn is_noisy(&self) -> bool {
        self.episodes.len() > MANY
    }

    /// In sentences: how often, when, and what to mind.
    pub fn told(&self, settings: &Settings, known: &Definition, now: At, zone: Tz) -> Vec<Line> {
        let mut lines = vec![self.count(known, now, zone)];
        if let Some(warning) = self.warning(settings) {
            lines.push(Line::default().strong("Mind: ").and(warning));
        }
        if self.judged < self.looked {
            let (what, left) = (if settings.rule == Rule::OwnRange { "weeks" } else { "days" }, self.looked - self.judged);
            let why = self.why.as_deref().unwrap_or("no data");
            lines.push(Line::plain(format!("On {left} of {} {what} nothing could be told (last: {why}).", self.looked)));
        }
        if let Some(Reading::Known(it)) = &self.now {
            let value = |value: f64| rule::value(known.unit, value);
            let limit = if settings.rule == Rule::OwnRange { "edge of its range" } else { "limit" };
            lines.push(Line::plain(format!("Now: {} (n {}), {limit} {}.", value(it.value), words::number(it.n), value(it.limit))));
        }
        lines
    }

    fn count(&self, known: &Definition, now: At, zone: Tz) -> Line {
        let many = self.episodes.len();
        if many == 0 {
            return Line::plain(if self.judged == 0 {
                "In the last 12 months there was never enough to judge it by, so it would never have fired.".to_owned()
            } else {
                "In the last 12 months it would never have fired.".to_owned()
            });
        }
        let date = |at: At| words::date(at, now, zone);
        let one = |(from, to, worst): &(At, Option<At>, f64)| {
            let until = to.map_or_else(|| "until now".to_owned(), |to| format!("to {}", date(to)));
            format!("{} {until} ({} at worst)", date(*from), rule::value(known.unit, *worst))
        };
        let mut listed: Vec<String> = self.episodes.iter().rev().take(LISTED).map(one).collect();
        if many > LISTED {
            listed.push(format!("{} more before", many - LISTED));
        }
        Line::plain("In the last 12 months it would have fired ").strong(words::count(many as u64, "time", "times")).and(format!(
            ": {}. {}.",
            listed.join(", "),
            pace(many)
        ))
    }

    /// What to mind: too often, or never.
    fn warning(&self, settings: &Settings) -> Option<&'static str> {
        let own = settings.rule == Rule::OwnRange;
        match self.episodes.len() {
            0 if self.judged == 0 => Some("it can't fire until there is more data, or with a lower minimum n."),
            0 if own => None,
            0 => Some("a limit that is never reached tells nothing; one nearer to what is usual would."),
            _ if !self.is_noisy() => None,
            _ if own => Some("more than one a month. Channels that hear too much are muted: a larger minimum n makes it calmer."),
            _ => Some(
                "more than one a month. Channels that hear too much are muted: a limit further out, or a larger minimum n, makes it calmer.",
            ),
        }
    }
}

/// "2 a quarter": how often that is.
fn pace(many: usize) -> String {
    match many {
        1 => "Once a year".to_owned(),
        2 | 3 => format!("{many} a year"),
        4..=11 => format!("About {} a quarter", words::short(crate::domain::figure::to_f64(many as u64) / 4.0)),
        _ => format!("About {} a month", words::short(crate::domain::figure::to_f64(many as u64) / 12.0)),
    }
}

/// The preview of an alert on the year up to now.
pub async fn of(cx: &Cx, settings: &Settings, known: &'static Definition) -> Result<Preview, Failure> {
    let zone = cx.org.org.zone_for(&settings.scope);
    let facts = Facts::load(cx, settings, begins(settings, known, cx.now, zone), cx.now, cx.now).await?;
    let (settings, now) = (settings.clone(), cx.now);
    // A year of medians is counted beside, so that it holds up nobody else's answer.
    let played = tokio::task::spawn_blocking(move || play(&settings, known, &facts, now, zone)).await;
    Ok(played.context("playing a year of an alert")?)
}

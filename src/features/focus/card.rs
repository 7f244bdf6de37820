//! The card of `focus`: the verdict, the strip of days, four figures in plain words, the teams by name, small print. Pure.
//!
//! Teams stand by name and nothing else, each with its own figures: never a ranking, and never a person.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::compute::{Focusing, Spread, Typical, Why, name, source, value};
use crate::domain::card::{Card, Figure as Shown, Line, Part, Scope, SourceHealth, Tone};
use crate::domain::chart::{Chart, Steps, Strip};
use crate::domain::figure;
use crate::domain::focus::{Band, LEAST_RATIO, RAISED};
use crate::domain::metric::FOCUS;
use crate::domain::stats;
use crate::domain::window::{Window, local};
use crate::domain::words::{self, join};
use crate::features::{left_out, receipts};

/// Projects of a team's switching that are named.
const NAMED: usize = 3;
/// Teams listed in a message.
const LISTED: usize = 25;

/// What the card is about.
pub struct About<'a> {
    pub focusing: &'a Focusing,
    pub scope: &'a Scope,
    pub name: &'a str,
    pub window: &'a Window,
    /// Days of the strip: those on which people work.
    pub days: &'a [NaiveDate],
    /// The Mondays of the weeks that were asked for.
    pub weeks: &'a [NaiveDate],
    /// The names of portfolio projects by id.
    pub project: &'a dyn Fn(&str) -> String,
    /// Teams of the scope that the asker may not see.
    pub hidden: usize,
    /// What is wrong with the rules by which time comes to projects.
    pub problems: &'a [String],
    pub receipt: &'a str,
    pub health: Vec<SourceHealth>,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let focusing = about.focusing;
    let mut parts = Vec::new();
    let mut buttons = receipts::buttons(about.receipt, None);
    if let Some(chart) = chart(about) {
        parts.push(Part::Chart(chart));
        buttons.push(receipts::chart_button(about.receipt));
    }
    if let Ok(typical) = &focusing.whole.now {
        // How many mixes there are is told in words below: as a figure nobody can act on it.
        parts.push(Part::Figures([0, 2, 3].map(|place| shown(about, typical, place)).into()));
        parts.push(Part::List(plain(about, typical), None));
    }
    if focusing.teams.iter().chain([&focusing.whole]).any(|spread| spread.now.is_ok()) {
        parts.push(Part::Text(Line::plain(focusing.bands.said())));
    }
    if focusing.teams.len() > 1 {
        parts.push(Part::Heading("Each team by itself".into()));
        parts.push(Part::List(focusing.teams.iter().take(LISTED).map(|team| of_team(team, about.weeks.len())).collect(), None));
        let rest = focusing.teams.len().saturating_sub(LISTED) as u64;
        if rest > 0 {
            let line = Line::plain(format!("and {}; any of them is ", words::count(rest, "more team", "more teams")));
            parts.push(Part::Text(line.code("/metrics focus team:NAME")));
        }
    }
    Card {
        command: "focus".into(),
        title: format!("Focus - {} - {}", words::capitalised(about.name), about.window.title()),
        scope: about.scope.clone(),
        window: Some(about.window.clone()),
        verdict: verdict(about),
        parts,
        metrics: focusing.metrics.clone(),
        zone: None,
        notes: notes(about),
        health: about.health.clone(),
        receipt: Some(about.receipt.to_owned()),
        buttons,
        data: data(about),
    }
}

/// "about two projects": a number that is nearly whole is said as a word.
fn projects(within: f64) -> String {
    const WORDS: [&str; 10] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let near = (1.0_f64..=10.0).contains(&within.round()) && (within - within.round()).abs() < 0.15;
    let word = WORDS.iter().zip(1_u8..).find(|(_, number)| near && (f64::from(*number) - within.round()).abs() < 0.5);
    match word {
        Some((word, 1)) => format!("about {word} project"),
        Some((word, _)) => format!("about {word} projects"),
        None => format!("about {} projects", words::short(within)),
    }
}

/// What a band means, with whose it is.
fn judged(band: Band, provisional: bool) -> String {
    let whose = if provisional { "by provisional bands" } else { "for this organisation" };
    match band {
        Band::Focused => format!("focused, {whose}"),
        Band::Normal => format!("normal {whose}"),
        Band::Diluted => format!("diluted, {whose}"),
        Band::HighRisk => format!("so thin that it is a risk, {whose}"),
    }
}

fn verdict(about: &About<'_>) -> Line {
    let whole = &about.focusing.whole;
    let title = words::capitalised(about.name);
    let typical = match &whole.now {
        Ok(typical) => typical,
        Err(why) => return nothing(&title, *why),
    };
    if let Some(line) = of_teams(about, &title) {
        return line;
    }
    let within = projects(typical.figures[0].value.unwrap_or_default());
    let line = Line::plain(format!("{title} works on {within} a person and week: "));
    let line = line.strong(judged(typical.band, about.focusing.bands.provisional)).and(".");
    let line = match change(whole, 0) {
        Some((Tone::Neutral, _)) => line.and(" No clear change against the weeks before."),
        Some((_, change)) => line.and(format!(" Against the weeks before: {change}.")),
        None => line.and(" Of the weeks before too little is known to compare with."),
    };
    let raised: Vec<String> = about.focusing.teams.iter().filter(|team| team.raised).map(|team| team.name.clone()).collect();
    if whole.raised {
        return line.and(" That held in at least two of the last three weeks.");
    }
    if raised.is_empty() || about.focusing.teams.len() < 2 {
        return line;
    }
    line.and(" At high risk in two of the last three weeks: ").strong(join(&raised)).and(".")
}

/// Of several teams: how many are focused or normal and which are not, by name. Their mean would be nobody's.
fn of_teams(about: &About<'_>, title: &str) -> Option<Line> {
    let known: Vec<(&Spread, &Typical)> = about.focusing.teams.iter().filter_map(|team| Some((team, team.now.as_ref().ok()?))).collect();
    if known.len() < 2 {
        return None;
    }
    let thin: Vec<String> = known
        .iter()
        .filter(|(_, typical)| typical.band > Band::Normal)
        .map(|(team, typical)| {
            let within = words::value(FOCUS[0].unit, typical.figures[0].value.unwrap_or_default());
            let often = match (team.raised, typical.band) {
                (false, _) => "",
                (true, Band::HighRisk) => " in two of the last three weeks",
                (true, _) => ", at high risk in two of the last three weeks",
            };
            format!("{} ({within} projects a person and week, {}{often})", team.name, name(typical.band))
        })
        .collect();
    let all = known.len();
    let calm = all - thin.len();
    let line = Line::plain(format!("{title}: "));
    if thin.is_empty() {
        return Some(line.strong(format!("all {all} teams are focused or normal")).and("."));
    }
    let verb = if calm == 1 { "is" } else { "are" };
    let line = line.strong(format!("{calm} of {all} teams {verb} focused or normal")).and(". Spread thin: ");
    Some(line.strong(join(&thin[..thin.len().min(NAMED)])).and(match thin.len().saturating_sub(NAMED) {
        0 => ".".to_owned(),
        more => format!(" and {more} more."),
    }))
}

/// One sentence for those who lead, where high risk is raised.
pub fn risk(spread: &Spread, title: &str) -> Option<String> {
    let typical = spread.now.as_ref().ok().filter(|_| spread.raised)?;
    let [within, _, ratio, _] = &typical.figures;
    Some(format!(
        "{title} works on {} a person and week, with {} of days on one project: at high risk in two of the last three weeks",
        projects(within.value?),
        words::percent(ratio.value?)
    ))
}

/// Why there is nothing to tell, and what to do.
fn nothing(title: &str, why: Why) -> Line {
    let few = "of fewer than 3 people it would be a figure of persons";
    match why {
        Why::FewPeople => Line::plain(format!("The focus of {title} is not shown: {few}.")),
        Why::FewOnProjects => Line::plain(format!(
            "The focus of {title} is not shown: in none of these weeks were 3 people seen on portfolio projects, and {few}."
        )),
        Why::Nothing => Line::plain(format!("Nothing is known yet of what {title} worked on in this period. "))
            .and("It is read from commits, changes, reviews and work items: ")
            .code("/metrics health")
            .and(" says what is missing."),
        Why::Unlinked(part) => {
            let part = part.map_or_else(
                || "Too little of the time".to_owned(),
                |part| format!("Of {} of the time seen a portfolio project is known, and half of it", words::percent(part)),
            );
            let said = if part.starts_with("Of") {
                format!("{part} must be")
            } else {
                format!("{part} seen is known to belong to a portfolio project")
            };
            Line::plain(format!("The focus of {title} can't be told. {said}. Link more: name the work item in branches or changes, and give projects their epics and labels with "))
                .code("/metrics setup")
                .and(".")
        }
    }
}

fn change(spread: &Spread, place: usize) -> Option<(Tone, String)> {
    let now = spread.now.as_ref().ok()?;
    figure::moved(&FOCUS[place], &now.figures[place], &spread.before.as_ref()?.figures[place])
}

/// "9 people, 11 of 12 weeks".
fn rests(typical: &Typical, known: u64, asked: usize) -> String {
    format!("{}, {known} of {}", words::count(typical.people as u64, "person", "people"), words::count(asked as u64, "week", "weeks"))
}

fn shown(about: &About<'_>, typical: &Typical, place: usize) -> Shown {
    let (definition, figure) = (&FOCUS[place], &typical.figures[place]);
    let whole = &about.focusing.whole;
    let interval = figure.value.zip(figure.interval);
    let interval = interval.map_or_else(String::new, |(value, ends)| format!(", 95 % {}", words::interval(definition.unit, value, ends)));
    let detail = format!("{}{interval}", rests(typical, figure.n, about.weeks.len()));
    let band = (place == 0).then(|| format!("{} ({})", name(typical.band), source(&about.focusing.bands)));
    Shown {
        name: definition.name.into(),
        value: figure.value.map_or_else(|| left_out::absent(figure.reason), |value| words::value(definition.unit, value)),
        change: change(whole, place).filter(|_| figure.value.is_some()),
        spark: whole.weeks.iter().map(|week| value(week.as_ref()?, place)).collect(),
        band: band.or_else(|| (figure.reason == Some("too_few")).then(|| "too few weeks to say much".to_owned())),
        target: None,
        detail,
    }
}

/// What the figures mean, in sentences.
fn plain(about: &About<'_>, typical: &Typical) -> Vec<Line> {
    let mut lines = Vec::new();
    let figure = |place: usize| typical.figures[place].value;
    let people = figure::to_f64(typical.people as u64);
    if let Some(between) = figure(1) {
        let among = words::count(typical.people as u64, "person", "people");
        lines.push(if between >= 0.6 * people {
            Line::plain(format!("Of {among} nearly each works on projects of their own: if somebody is away, their project waits."))
        } else if between < 1.5 {
            Line::plain("Nearly everybody works on the same projects, so that work goes on when somebody is away.")
        } else {
            Line::plain(format!(
                "{among} work as if in about {} groups, each on its own projects: work goes on within a group when somebody is away.",
                words::short(between)
            ))
        });
    }
    if let Some(ratio) = figure(2).filter(|ratio| *ratio < LEAST_RATIO) {
        lines.push(Line::plain(format!(
            "Only {} of days belong to one project; under {} counts as a risk.",
            words::percent(ratio),
            words::percent(LEAST_RATIO)
        )));
    }
    if figure(3).is_none() {
        lines.push("How much came unplanned is not known: of most of the time the tracker does not say.".into());
    }
    let named: Vec<String> = about.focusing.switching.iter().take(NAMED).map(|it| (about.project)(&it.project)).collect();
    if !named.is_empty() && typical.band >= Band::Normal {
        lines.push(Line::plain("Most of the switching is with ").strong(join(&named)).and("."));
    }
    lines
}

/// "Payments: 2.1 projects a person and week, normal; 62 % of days with one project; 9 people, 12 of 12 weeks".
fn of_team(team: &Spread, asked: usize) -> Line {
    let line = Line::default().strong(&team.name);
    let typical = match &team.now {
        Ok(typical) => typical,
        Err(Why::FewPeople) => return line.and(": fewer than 3 people, not shown"),
        Err(Why::FewOnProjects) => return line.and(": fewer than 3 people seen on projects, not shown"),
        Err(Why::Nothing) => return line.and(": nothing is known of these weeks"),
        Err(Why::Unlinked(_)) => return line.and(": too little of its time is linked to projects"),
    };
    let said = |place: usize| words::value(FOCUS[place].unit, typical.figures[place].value.unwrap_or_default());
    let within = said(0);
    let noun = if within == "1" { "project" } else { "projects" };
    let risk = match (team.raised, typical.band) {
        (false, _) => "",
        (true, Band::HighRisk) => ", and so in two of the last three weeks",
        (true, _) => ", at high risk in two of the last three weeks",
    };
    let changed = change(team, 0).filter(|(tone, _)| *tone != Tone::Neutral).map_or_else(String::new, |(_, change)| format!(" ({change})"));
    line.and(format!(
        ": {within} {noun} a person and week{changed}, {}{risk}; {} of days with one project; {}",
        name(typical.band),
        said(2),
        rests(typical, typical.weeks as u64, asked)
    ))
}

/// Projects by team and day. None where no day may be shown.
fn chart(about: &About<'_>) -> Option<Chart> {
    let rows: Vec<&Spread> = if about.focusing.teams.is_empty() {
        vec![&about.focusing.whole]
    } else {
        about.focusing.teams.iter().filter(|team| !team.days.is_empty()).collect()
    };
    let zone = about.window.zone;
    let mut strip = Strip::new("projects", "count", Steps::time(about.days.iter().map(|day| local::midnight(zone, *day)), zone));
    let mut any = false;
    for row in rows {
        let values: Vec<Option<f64>> = about.days.iter().map(|day| Some(figure::to_f64(*row.days.get(day)? as u64))).collect();
        let mut known: Vec<f64> = values.iter().copied().flatten().collect();
        known.sort_unstable_by(f64::total_cmp);
        let note = stats::median(&known).map_or_else(String::new, |middle| format!("{} on most days", words::short(middle)));
        any |= !known.is_empty();
        strip = strip.row(row.name.clone(), values, note);
    }
    let subtitle = "Portfolio projects that a team was seen on, each working day; days with fewer than 3 people are left out.";
    let mut chart = Chart::new("Projects by team and day", strip);
    subtitle.clone_into(&mut chart.subtitle);
    any.then_some(chart)
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let mut notes: Vec<Line> = weeks(about).into_iter().collect();
    let told = about.focusing.teams.iter().chain([&about.focusing.whole]).any(|spread| spread.now.is_ok());
    let how = [
        Line::plain(format!(
            "A risk is raised only where it holds in {} of {} weeks; under {} of days with one project is one, too.",
            RAISED.0,
            RAISED.1,
            words::percent(LEAST_RATIO)
        )),
        "In one study of 1,200 developers, four to five projects a week went along with less done: associated, not a cause.".into(),
        "Two halves of a week are 2 projects; nine tenths beside one tenth are 1.4. A figure is the middle of its weeks, of 3 or more people, and of time seen on portfolio projects only.".into(),
    ];
    notes.extend(how.into_iter().filter(|_| told));
    if about.hidden > 0 {
        let teams =
            words::count(about.hidden as u64, "team keeps its figures to itself and is", "teams keep their figures to themselves and are");
        notes.push(Line::plain(format!("{teams} not listed.")));
    }
    notes.extend(about.problems.iter().take(NAMED).map(|problem| Line::sentence(problem)));
    notes
}

/// "Whole weeks: 31 Aug to 22 Nov."
fn weeks(about: &About<'_>) -> Option<Line> {
    let (first, last) = (about.weeks.first()?, about.weeks.last()?.checked_add_days(Days::new(6))?);
    let day = |day: NaiveDate| words::day(day, about.window.last_day());
    Some(Line::plain(format!("Whole weeks: {} to {}.", day(*first), day(last))))
}

fn data(about: &About<'_>) -> serde_json::Map<String, Value> {
    let focusing = about.focusing;
    let whole = &focusing.whole;
    let typical = whole.now.as_ref().ok();
    let team = |team: &Spread| {
        let typical = team.now.as_ref().ok();
        json!({
            "id": team.id,
            "name": team.name,
            "people": typical.map(|it| it.people),
            "weeks": typical.map_or(0, |it| it.weeks),
            "focus_within": typical.and_then(|it| it.figures[0].value),
            "focus_ratio": typical.and_then(|it| it.figures[2].value),
            "band": typical.map(|it| name(it.band)),
            "raised": team.raised,
            "reason": team.now.as_ref().err().map(|why| why.reason()),
        })
    };
    let rows = if focusing.teams.is_empty() { std::slice::from_ref(whole) } else { &focusing.teams };
    let days = rows.iter().flat_map(|row| row.days.iter().map(|(day, projects)| json!({"team": row.id, "day": day, "projects": projects})));
    let by_week = whole.weeks.iter().map(|week| {
        week.as_ref().map(
            |it| json!({"people": it.people, "within": it.within, "between": it.between, "ratio": it.ratio, "unplanned": it.unplanned}),
        )
    });
    [
        ("people", json!(typical.map(|it| it.people))),
        ("weeks", json!({"known": typical.map_or(0, |it| it.weeks), "asked": about.weeks.len()})),
        ("bands", json!({"ends": focusing.bands.ends, "provisional": focusing.bands.provisional})),
        ("raised", json!(whole.raised)),
        ("switching", focusing.switching.iter().take(NAMED).map(|it| json!(it.project)).collect()),
        ("by_week", by_week.collect()),
        ("teams", focusing.teams.iter().map(team).collect()),
        ("days", days.collect()),
    ]
    .map(|(name, value): (&str, Value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

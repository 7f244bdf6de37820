//! The card of a cell: verdict, three lines, bars, table, what to do about what, what was promised, small print. Pure.
//!
//! The same for everybody who may see the cell, wherever it stands. No person, and of a group that is not shown nothing but its name and
//! what it is part of.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::beside::{self, Beside};
use super::compute::{First, Group, Level, Said, first};
use crate::domain::card::{Button, Card, Line, Part, Scope, Table};
use crate::domain::chart::{Bars, Chart, Steps};
use crate::domain::survey::change::Direction;
use crate::domain::survey::score::Score;
use crate::domain::time::At;
use crate::domain::words;
use crate::store::survey::{ActionItem, Standing, Survey, Wave};

/// A score under this is bad, from that on good.
const BAD: f64 = 50.0;
const GOOD: f64 = 60.0;

/// What the card is about.
pub struct About<'a> {
    pub survey: &'a Survey,
    pub wave: &'a Wave,
    pub closed_at: At,
    pub zone: Tz,
    pub scope: Scope,
    /// The cell.
    pub group: &'a Group,
    /// What all together say, where the cell is not all.
    pub whole: Option<&'a Group>,
    /// Cells right below it that everybody who sees this one may see.
    pub below: Vec<&'a Group>,
    /// Names of those that only their own teams see.
    pub apart: Vec<String>,
    /// Teams that are not shown, each with what it is part of.
    pub folded: Vec<(String, String)>,
    /// Delivery figures.
    pub beside: &'a [Beside],
    /// What was promised after this wave.
    pub actions: Vec<&'a ActionItem>,
    /// Whether there are comments to read.
    pub comments: bool,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let mut parts = Vec::new();
    let three: Vec<Line> = first(about.group).map(|first| lines(about, first)).unwrap_or_default();
    if !three.is_empty() {
        parts.push(Part::List(three, None));
    }
    parts.extend(chart(about).map(Part::Chart));
    parts.push(Part::Table(table(about)));
    parts.extend(beside_each_other(about));
    if !about.below.is_empty() {
        parts.push(Part::Heading("By group".into()));
        parts.push(Part::Table(groups(about)));
    }
    parts.extend(not_shown(about));
    if !about.actions.is_empty() {
        parts.push(Part::Heading("You said, we do".into()));
        parts.push(Part::List(about.actions.iter().map(|action| promised(about, action)).collect(), Some("/metrics pulse actions".into())));
    }
    let value = format!("{} {}", about.wave.id, about.group.id);
    let button = |label: &str, action: &str, primary| Button { label: label.into(), action: action.into(), value: value.clone(), primary };
    let mut buttons = vec![button("Add an action", "pulse_action", about.actions.is_empty())];
    buttons.extend(about.comments.then(|| button("Comments", super::comments::COMMENTS.name, false)));
    Card {
        command: "pulse".into(),
        title: format!("{} - {} - closed {}", about.survey.title, about.group.label, date(about, about.closed_at)),
        scope: about.scope.clone(),
        verdict: verdict(about),
        parts,
        zone: Some(about.zone),
        notes: notes(about),
        buttons,
        data: data(about),
        ..Card::default()
    }
}

fn date(about: &About<'_>, at: At) -> String {
    words::date(at, about.closed_at, about.zone)
}

/// "62 of 100" or "40 to 60 % favourable".
pub fn level(level: Level) -> String {
    match level {
        Level::Exact(score) => format!("{:.0} of 100", score.value),
        Level::Rough(rough) => format!("{} favourable", rough.words()),
    }
}

/// The same, for a column: "62 (55 to 69)" or "40 to 60 %".
pub fn in_short(level: Level) -> String {
    match level {
        Level::Exact(score) => format!("{:.0}{}", score.value, sure(score)),
        Level::Rough(rough) => rough.words().into(),
    }
}

/// " (55 to 69)"; nothing where everybody answered, so that nothing is left open.
fn sure(score: Score) -> String {
    let [low, high] = score.interval.map(f64::round);
    if high - low < 1.0 { String::new() } else { format!(" ({low:.0} to {high:.0})") }
}

/// One sentence that stands alone, and where few answered how to read it.
pub fn verdict(about: &About<'_>) -> Line {
    let group = about.group;
    let mut line = Line::default();
    if group.read_as_notes() {
        line = line.strong("Read as notes: ").and("fewer than half answered. ");
    }
    let Some(overall) = group.of("overall").or(group.said.first()) else {
        return line.and(format!("{}: too few answered each question, so nothing is shown.", group.label));
    };
    let named = if overall.id == "overall" { "overall".to_owned() } else { format!("for {}", overall.name) };
    let interval = overall.level.score().map_or_else(String::new, sure);
    line = line.and(format!("{} says {} {named}{interval}", group.label, level(overall.level)));
    line = line.and(overall.change.map_or_else(|| ", for the first time. ".to_owned(), |change| format!(", {}. ", change.words())));
    let moved = |wanted: Direction| -> Vec<String> {
        let others = group.said.iter().filter(|it| it.id != overall.id);
        others.filter(|it| it.change.is_some_and(|change| change.direction == wanted)).map(|it| it.name.clone()).collect()
    };
    for (word, found) in [("Better: ", moved(Direction::Better)), ("Worse: ", moved(Direction::Worse))] {
        if !found.is_empty() {
            line = line.strong(word).and(format!("{}. ", words::join(&found)));
        }
    }
    if let Some(index) = group.index {
        line = line.and(format!("Pulse index {index:.0}. "));
    }
    let answered = group.response.map(|it| format!("{} of {} answered.", words::number(it.answered), words::number(it.invited)));
    line.and(answered.unwrap_or_else(|| format!("{} asked.", words::count(group.invited, "person was", "people were"))))
}

/// Best, worst, biggest doubt; each beside its delivery figures.
fn lines(about: &About<'_>, First { best, worst, doubt }: First<'_>) -> Vec<Line> {
    let said = |word: &str, said: &Said| {
        let line = Line::default().strong(format!("{word}: "));
        let line = line.and(format!("{} {} (n {}).", said.name, level(said.level), words::number(said.n)));
        match about.beside.iter().find(|it| it.category == said.id) {
            Some(beside) => line.and(format!(" Beside it: {}.", beside.words)),
            None => line,
        }
    };
    let unsure = |doubt: &Said| {
        let line = said("Biggest doubt", doubt);
        match doubt.level.score().map(|score| score.interval) {
            Some([low, high]) if high - low >= 1.0 => line.and(format!(" It may lie anywhere from {low:.0} to {high:.0}.")),
            _ => line.and(" The fewest answered it."),
        }
    };
    if best.id == worst.id {
        return vec![said("Asked", best)];
    }
    [said("Best", best), said("Worst", worst)].into_iter().chain(doubt.map(unsure)).collect()
}

/// Scores as bars with their intervals, the highest first.
fn chart(about: &About<'_>) -> Option<Chart> {
    let mut exact: Vec<(&str, f64, [f64; 2])> = about
        .group
        .said
        .iter()
        .filter_map(|said| said.level.score().map(|score| (said.name.as_str(), score.value.round(), score.interval.map(f64::round))))
        .collect();
    exact.sort_by(|one, other| other.1.total_cmp(&one.1));
    if exact.len() < 2 {
        return None;
    }
    let steps = Steps::named(exact.iter().map(|(name, ..)| (*name).to_owned()));
    let bars = Bars::new("score", steps, "Score", exact.iter().map(|(_, value, _)| Some(*value)).collect());
    let bars = bars.intervals(exact.iter().map(|(.., interval)| Some(*interval).filter(|[low, high]| low < high)).collect());
    Some(Chart::new("Score by category", bars).subtitle(format!("{}, 0 to 100, with 95 % intervals", about.group.label)))
}

fn change(said: &Said) -> &'static str {
    said.change.map_or("first time", |change| change.words())
}

/// Whether a group has a past to be held against: else there is nothing to say of a change.
fn has_past(group: &Group) -> bool {
    group.said.iter().any(|said| said.change.is_some())
}

fn table(about: &About<'_>) -> Table {
    let past = has_past(about.group);
    let row = |said: &Said| {
        let mut row = vec![said.name.clone(), in_short(said.level), words::number(said.n)];
        row.extend(past.then(|| change(said).to_owned()));
        let all = |whole: &Group| whole.of(&said.id).map_or_else(|| "not shown".to_owned(), |it| in_short(it.level));
        row.extend(about.whole.map(all));
        row
    };
    let mut columns: Vec<(&str, bool)> = vec![("Category", false), ("Score or share", true), ("n", true)];
    columns.extend(past.then_some(("Change", false)));
    columns.extend(about.whole.map(|whole| (whole.label.as_str(), true)));
    let (columns, numeric) = columns.into_iter().map(|(name, numeric)| (name.to_owned(), numeric)).unzip();
    Table { columns, numeric, rows: about.group.said.iter().map(row).collect(), more: None }
}

/// Categories by group: a row for each that is shown.
fn groups(about: &About<'_>) -> Table {
    let past = about.below.iter().any(|group| has_past(group));
    let rows = about.below.iter().flat_map(|group| {
        group.said.iter().map(|said| {
            let mut row = vec![group.label.clone(), said.name.clone(), in_short(said.level), words::number(said.n)];
            row.extend(past.then(|| change(said).to_owned()));
            row
        })
    });
    let more = about.below.first().map(|group| format!("/metrics pulse results team:{}", group.id));
    let columns = ["Group", "Category", "Score or share", "n"].into_iter().chain(past.then_some("Change")).map(str::to_owned).collect();
    Table { columns, numeric: vec![false, false, true, true, false][..4 + usize::from(past)].to_vec(), rows: rows.collect(), more }
}

/// What people say of a category: good, bad, or neither.
fn felt(said: &Said) -> Option<bool> {
    let worse = said.change.is_some_and(|change| change.direction == Direction::Worse);
    match said.level.place() {
        _ if worse => Some(false),
        ..BAD => Some(false),
        GOOD.. => Some(true),
        _ => None,
    }
}

/// What people say against what is measured: four short lists.
fn beside_each_other(about: &About<'_>) -> Vec<Part> {
    let headings = [
        ((false, false), "Act: what is measured is bad, and people say so"),
        ((true, false), "Ask in the retro: what is measured is good, and people are not content"),
        ((false, true), "Check the data: what is measured is bad, and people are content"),
        ((true, true), "Keep: both are good"),
    ];
    let mut parts = Vec::new();
    for (wanted, heading) in headings {
        let found = about.group.said.iter().filter_map(|said| {
            let beside = about.beside.iter().find(|it| it.category == said.id)?;
            let line = || Line::default().strong(said.name.clone()).and(format!(": {}; {}.", level(said.level), beside.words));
            ((beside.good?, felt(said)?) == wanted).then(line)
        });
        let found: Vec<Line> = found.collect();
        if !found.is_empty() {
            parts.extend([Part::Heading(heading.into()), Part::List(found, None)]);
        }
    }
    parts
}

/// Groups that are not shown, by what they are part of; and those that only their own teams see.
fn not_shown(about: &About<'_>) -> Vec<Part> {
    let mut by_home: Vec<(&str, Vec<String>)> = Vec::new();
    for (label, home) in &about.folded {
        match by_home.iter_mut().find(|(known, _)| known == home) {
            Some((_, labels)) => labels.push(label.clone()),
            None => by_home.push((home, vec![label.clone()])),
        }
    }
    let mut lines: Vec<Line> = Vec::new();
    for (home, labels) in by_home {
        let verb = if labels.len() == 1 { "folds" } else { "fold" };
        lines.push(Line::plain(format!("{} {verb} into {home}, so that no few people stand alone.", words::join(&labels))));
    }
    if !about.apart.is_empty() {
        lines.push(Line::plain(format!("Seen by their own teams only: {}.", words::join(&about.apart))));
    }
    if lines.is_empty() { Vec::new() } else { vec![Part::Heading("Not shown on their own".into()), Part::List(lines, None)] }
}

fn promised(about: &About<'_>, action: &ActionItem) -> Line {
    let category = about.group.of(&action.category).map_or_else(|| action.category.clone(), |said| said.name.clone());
    let line = Line::default().strong(format!("{}: ", words::capitalised(&category)));
    match action.standing {
        Standing::None => line.and(format!("no action, because {}", action.text)),
        standing => {
            let line = line.and(format!("{} - ", action.text)).mention(action.owner.clone());
            line.and(format!(", by {} ({})", day(action.due, about.wave.closes_on), standing.word()))
        }
    }
}

/// With the year where it is another one than that of a day beside it.
pub fn day(day: NaiveDate, beside: NaiveDate) -> String {
    use chrono::Datelike;
    day.format(if day.year() == beside.year() { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let mut notes = Vec::new();
    let bounds = about.group.said.first().and_then(|said| {
        let all: Option<Vec<[f64; 2]>> = said.questions.iter().map(|question| question.bounds).collect();
        let all = all.filter(|all| !all.is_empty())?;
        let count = f64::from(u32::try_from(all.len()).ok()?);
        let mean = |end: usize| all.iter().map(|ends| ends[end]).sum::<f64>() / count;
        Some((said.name.clone(), mean(0), mean(1)))
    });
    if let Some((name, low, high)) = bounds.filter(|_| about.group.read_as_notes()) {
        notes.push(Line::plain(format!(
            "Fewer than half answered. If all others were unfavourable, {} of all asked would be favourable for {name}; if all were favourable, {}.",
            words::percent(low),
            words::percent(high)
        )));
    }
    notes.push(Line::plain(
        "Scores run from 0 to 100, with 95 % intervals for who did not answer; under 10 answers, or where nearly all agree, a band of the \
         favourable share. Change is against the group's own last wave, from 20 answers on.",
    ));
    if !about.beside.is_empty() {
        let days = beside::days(about.survey.kind == "full");
        notes.push(Line::plain(format!(
            "Beside it: {days} days to {}, by the team's target, else DORA's band, else how it moved. Neither says what caused what.",
            date(about, about.closed_at)
        )));
    }
    let (often, days) = if about.survey.kind == "full" { ("each quarter", 91) } else { ("every other week", 14) };
    let next = about.wave.opens_on.checked_add_days(Days::new(days)).unwrap_or(about.wave.opens_on);
    let due = day(next, about.wave.opens_on);
    notes.push(Line::plain(format!("Answers were sealed until the close; the key to them is destroyed. Asked {often}: next about {due}.")));
    notes
}

/// The members of the JSON answer; its `cells` are the rows of the CSV.
fn data(about: &About<'_>) -> serde_json::Map<String, Value> {
    let mut cells = Vec::new();
    for group in std::iter::once(about.group).chain(about.below.iter().copied()).chain(about.whole) {
        for said in &group.said {
            let score = said.level.score();
            let band = if let Level::Rough(rough) = said.level { Some(rough.words()) } else { None };
            let shares = |question: &super::compute::Question| {
                json!({"id": question.id, "n": question.n, "band": question.shares.is_none().then(|| question.rough.words()),
                    "favourable": question.shares.map(|it| it.favourable), "neutral": question.shares.map(|it| it.neutral),
                    "unfavourable": question.shares.map(|it| it.unfavourable), "interval": question.shares.map(|it| it.interval)})
            };
            let questions: Vec<Value> = said.questions.iter().map(shares).collect();
            cells.push(json!({"label": group.label, "category": said.id, "n": said.n, "score": score.map(|it| it.value),
                "interval": score.map(|it| it.interval), "band": band, "change": said.change.map(|it| it.words()), "questions": questions}));
        }
    }
    let suppressed: Vec<Value> = about.folded.iter().map(|(label, home)| json!({"label": label, "folds_into": home})).collect();
    let response =
        about.group.response.map(|it| json!({"answered": it.answered, "invited": it.invited, "read_as_notes": it.read_as_notes()}));
    let wave = json!({"id": about.wave.id, "survey": about.survey.id, "opens_on": about.wave.opens_on, "closes_on": about.wave.closes_on,
        "closed_at": about.closed_at});
    let members = [
        ("cells", json!(cells)),
        ("suppressed", json!(suppressed)),
        ("response", json!(response)),
        ("pulse_index", json!(about.group.index)),
        ("wave", wave),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

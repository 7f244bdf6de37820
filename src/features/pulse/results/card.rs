//! The card of a cell: verdict, three lines, bars, table, what to do about what, what was promised, small print. Pure.
//!
//! The same for everybody who may see the cell, wherever it stands. No person, and of a group that is not shown nothing but its name and
//! what it is part of.

use super::beside::{self, Beside};
use super::compute::{First, Group, Said, first};
use super::data;
use super::tables::{categories, groups, level, sure};
use crate::domain::card::{Button, Card, Line, Part, Place, Scope};
use crate::domain::survey::change::Direction;
use crate::domain::survey::items::Category;
use crate::domain::survey::score::Response;
use crate::domain::survey::wave::Length;
use crate::domain::time::At;
use crate::domain::words;
use crate::store::survey::{ActionItem, Standing, Survey, Wave};
use chrono::Days;
use chrono_tz::Tz;

/// A score under this is bad, from that on good.
const BAD: f64 = 50.0;
const GOOD: f64 = 60.0;
/// Comments that a page lists; the others are counted.
const COMMENTS: usize = 20;

/// What the card is about.
pub struct About<'a> {
    pub survey: &'a Survey,
    pub wave: &'a Wave,
    pub closed_at: At,
    pub now: At,
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
    /// Teams below that nobody was asked of.
    pub unasked: Vec<String>,
    /// Delivery figures.
    pub beside: &'a [Beside],
    /// What was promised after this wave.
    pub actions: Vec<&'a ActionItem>,
    /// The names of categories.
    pub categories: &'a [Category],
    /// What was said in own words, by category.
    pub comments: Vec<(String, Vec<String>)>,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let mut parts = Vec::new();
    let three: Vec<Line> = first(about.group).map(|first| lines(about, first)).unwrap_or_default();
    if !three.is_empty() {
        parts.push(Part::List(three, None));
    }
    parts.extend(categories(about));
    parts.extend(beside_each_other(about));
    parts.extend(groups(about));
    parts.extend(not_shown(about));
    if !about.actions.is_empty() {
        parts.push(Part::Heading("You said, we do".into()));
        parts.push(Part::List(about.actions.iter().map(|action| promised(about, action)).collect(), Some("/metrics pulse actions".into())));
    }
    if !about.comments.is_empty() {
        parts.push(Part::Only(&[Place::Page], own_words(about)));
    }
    let value = format!("{} {}", about.wave.id, about.group.id);
    let button = |label: &str, action: &str, primary| Button { label: label.into(), action: action.into(), value: value.clone(), primary };
    let mut buttons = vec![button("Add an action", "pulse_action", about.actions.is_empty())];
    buttons.extend((!about.comments.is_empty()).then(|| button("Comments", super::comments::COMMENTS.name, false)));
    Card {
        command: "pulse".into(),
        title: format!("{} - {} - closed {}", about.survey.title, about.group.label, date(about, about.closed_at)),
        scope: about.scope.clone(),
        verdict: verdict(about.group),
        parts,
        zone: Some(about.zone),
        notes: notes(about),
        buttons,
        data: data::members(about),
        ..Card::default()
    }
}

fn date(about: &About<'_>, at: At) -> String {
    words::date(at, about.closed_at, about.zone)
}

/// One sentence that stands alone, and where few answered how to read it.
pub fn verdict(group: &Group) -> Line {
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
    line.and(group.response.map_or_else(|| format!("{} asked.", words::count(group.invited, "person was", "people were")), Response::words))
}

/// Best, worst, biggest doubt; each beside its delivery figures, where these tell one from another.
fn lines(about: &About<'_>, First { best, worst, doubt }: First<'_>) -> Vec<Line> {
    let own = doubt.filter(|doubt| doubt.id != best.id && doubt.id != worst.id);
    let figures = |said: &Said| about.beside.iter().find(|it| it.category == said.id).map(|it| it.words.as_str());
    let once = |words: &str| [best, worst].into_iter().chain(own).filter(|said| figures(said) == Some(words)).count() < 2;
    let said = |word: &str, said: &Said| {
        let line = Line::default().strong(format!("{word}: "));
        let line = line.and(format!("{} {} (n {}).", said.name, level(said.level), said.n.words()));
        match figures(said).filter(|words| once(words)) {
            Some(figures) => line.and(format!(" Beside it: {figures}.")),
            None => line,
        }
    };
    let why = |doubt: &Said| match doubt.level.score().map(|score| score.interval) {
        Some([low, high]) if high - low >= 1.0 => format!("it may lie anywhere from {low:.0} to {high:.0}"),
        _ => "the fewest answered it".to_owned(),
    };
    // Where the best or the worst is also the biggest doubt, that is said there.
    let noted = |word: &str, it: &Said| match doubt.filter(|doubt| doubt.id == it.id) {
        Some(doubt) => said(word, it).and(format!(" Also the biggest doubt: {}.", why(doubt))),
        None => said(word, it),
    };
    if best.id == worst.id {
        return vec![said("Shown", best)];
    }
    let doubted = own.map(|it| said("Biggest doubt", it).and(format!(" {}.", words::capitalised(&why(it)))));
    [noted("Best", best), noted("Worst", worst)].into_iter().chain(doubted).collect()
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
    if !about.unasked.is_empty() {
        lines.push(Line::plain(format!("Nobody was asked of: {}.", words::join(&about.unasked))));
    }
    if !about.apart.is_empty() {
        lines.push(Line::plain(format!("Seen by their own teams only: {}.", words::join(&about.apart))));
    }
    if lines.is_empty() { Vec::new() } else { vec![Part::Heading("Not shown on their own".into()), Part::List(lines, None)] }
}

/// What people said in their own words, as a page has it; a message has a button.
fn own_words(about: &About<'_>) -> Vec<Part> {
    let mut parts = vec![Part::Heading("In own words".into())];
    let mut left = COMMENTS;
    for (category, bodies) in &about.comments {
        let some = &bodies[..left.min(bodies.len())];
        left -= some.len();
        if !some.is_empty() {
            parts.push(Part::Text(Line::default().strong(category.clone())));
            parts.push(Part::List(some.iter().map(Line::plain).collect(), None));
        }
    }
    let all: usize = about.comments.iter().map(|(_, bodies)| bodies.len()).sum();
    if all > COMMENTS {
        parts.push(Part::Text(Line::plain(format!("and {} more", all - COMMENTS))));
    }
    parts.push(Part::Text("A style of writing can give somebody away: don't guess, and don't ask who it was.".into()));
    parts
}

fn promised(about: &About<'_>, action: &ActionItem) -> Line {
    let known = about.categories.iter().find(|known| known.id == action.category);
    let category = known.map_or_else(|| words::capitalised(&action.category), |known| known.name.clone());
    let line = Line::default().strong(format!("{category}: "));
    match action.standing {
        Standing::None => line.and(format!("no action, because {}", action.text)),
        standing => {
            let line = line.and(format!("{} - ", action.text)).mention(action.owner.clone());
            line.and(format!(", by {} ({})", words::day(action.due, about.wave.closes_on), standing.word()))
        }
    }
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
        let days = beside::days(about.survey.kind);
        notes.push(Line::plain(format!(
            "Beside it: {days} days to {}, by the team's target, else DORA's band, else how it moved. Neither says what caused what.",
            date(about, about.closed_at)
        )));
    }
    let (often, days) = match about.survey.kind {
        Length::Full => ("each quarter", 91),
        Length::Pulse => ("every other week", 14),
    };
    let next = about.wave.opens_on.checked_add_days(Days::new(days)).unwrap_or(about.wave.opens_on);
    let past = next < about.now.utc().with_timezone(&about.zone).date_naive();
    let due = format!("{} about {}", if past { "was due" } else { "is due" }, words::day(next, about.wave.opens_on));
    notes.push(Line::plain(format!(
        "Answers were sealed until the close; the key to them is destroyed. Asked {often}: the next wave {due}."
    )));
    notes
}

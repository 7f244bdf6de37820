//! What a cell says in columns, and as bars. Pure.
//!
//! A column has one measure: scores where all have one, else the favourable share, beside which that of all together stands. A picture, a
//! page and a terminal have room for every group's categories; a message has two screens, and says of each group its best and its worst.

use super::card::About;
use super::compute::{First, Group, Level, Said, first};
use crate::domain::card::{Line, Part, Place, Table};
use crate::domain::chart::{Bars, Chart, Steps};
use crate::domain::survey::score::{Count, Score};
use crate::domain::words;

/// Where there is room.
const ROOMY: &[Place] = &[Place::Picture, Place::Page];
const MESSAGE: &[Place] = &[Place::Message];

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

/// " (55 to 69)"; nothing where there is nothing between.
pub fn sure(score: Score) -> String {
    let [low, high] = score.interval.map(f64::round);
    if high - low < 1.0 { String::new() } else { format!(" ({low:.0} to {high:.0})") }
}

/// What a column says.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Score,
    Favourable,
    /// Each category what it has, where nothing is beside it.
    Either,
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Self::Score => "Score",
            Self::Favourable => "Favourable",
            Self::Either => "Score or share",
        }
    }

    fn said(self, said: &Said) -> String {
        match said.level {
            Level::Exact(_) if self == Self::Favourable => favourable(said),
            level => in_short(level),
        }
    }
}

/// Whether all, some or none have scores.
fn measure<'a>(said: impl Iterator<Item = &'a Said>, mixed: Measure) -> Measure {
    let exact: Vec<bool> = said.map(|said| said.level.score().is_some()).collect();
    match (exact.contains(&true), exact.contains(&false)) {
        (_, false) => Measure::Score,
        (true, true) => mixed,
        (false, true) => Measure::Favourable,
    }
}

/// The plain mean of the favourable shares of its questions: "53 %".
fn favourable(said: &Said) -> String {
    let shares: Option<Vec<f64>> = said.questions.iter().map(|question| Some(question.shares?.favourable)).collect();
    match shares.filter(|shares| !shares.is_empty()) {
        Some(shares) => {
            let count = f64::from(u32::try_from(shares.len()).unwrap_or(1));
            format!("{:.0} %", 100.0 * shares.iter().sum::<f64>() / count)
        }
        None => in_short(said.level),
    }
}

fn change(said: &Said) -> &'static str {
    said.change.map_or("first time", |change| change.words())
}

/// Whether a group has a past to be held against: else there is nothing to say of a change.
fn has_past(group: &Group) -> bool {
    group.said.iter().any(|said| said.change.is_some())
}

/// What all rows say alike; none where they differ.
fn same(mut cells: impl Iterator<Item = String>) -> Option<String> {
    let first = cells.next()?;
    cells.all(|cell| cell == first).then_some(first)
}

/// The cell's categories: bars, then the table; and once what all of its rows say.
pub fn categories(about: &About<'_>) -> Vec<Part> {
    let said = &about.group.said;
    if said.is_empty() {
        return Vec::new();
    }
    let mixed = if about.whole.is_some() { Measure::Favourable } else { Measure::Either };
    let measure = measure(said.iter(), mixed);
    let (n, moved) = (same(said.iter().map(|it| it.n.words())), same(said.iter().map(|it| change(it).to_owned())));
    let table = |message: bool| {
        let past = has_past(about.group) && moved.is_none();
        let row = |it: &Said| {
            let mut row = vec![it.name.clone(), measure.said(it)];
            row.extend(n.is_none().then(|| if message { few_letters(it.n) } else { it.n.words() }));
            row.extend(past.then(|| change(it).to_owned()));
            let all = |whole: &Group| whole.of(&it.id).map_or_else(|| "not shown".to_owned(), |it| measure.said(it));
            row.extend(about.whole.map(all));
            row
        };
        let mut columns = vec![("Category".to_owned(), false), (measure.name().to_owned(), true)];
        columns.extend(n.is_none().then(|| ("n".to_owned(), true)));
        columns.extend(past.then(|| ("Change".to_owned(), false)));
        columns.extend(about.whole.map(|whole| {
            let label = if message { "All" } else { whole.label.as_str() };
            (if measure == Measure::Favourable { format!("{label}, favourable") } else { label.to_owned() }, true)
        }));
        let (columns, numeric) = columns.into_iter().unzip();
        Part::Table(Table { columns, numeric, rows: said.iter().map(row).collect(), more: None })
    };
    let pictured = chart(about).map(Part::Chart).into_iter().chain([table(false)]).collect();
    let mut parts = vec![Part::Only(ROOMY, pictured), Part::Only(MESSAGE, vec![table(true)])];
    let mut alike: Vec<String> = n.map(|n| format!("{n} answered")).into_iter().collect();
    alike.extend(moved.filter(|_| has_past(about.group)));
    if !alike.is_empty() && said.len() > 1 {
        parts.push(Part::Text(Line::plain(format!("Each category: {}.", alike.join(", ")))));
    }
    if !about.group.unsaid.is_empty() {
        let unsaid = words::join(&about.group.unsaid);
        parts.push(Part::Text(Line::plain(format!("Not shown, too few answers: {unsaid}."))));
    }
    parts
}

/// "16+".
fn few_letters(n: Count) -> String {
    if n.is_exact() { n.words() } else { format!("{}+", words::number(n.least())) }
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

/// The groups right below.
pub fn groups(about: &About<'_>) -> Vec<Part> {
    let Some(some) = about.below.first() else { return Vec::new() };
    let more = format!("/metrics pulse results team:{}", some.id);
    let measure = measure(about.below.iter().flat_map(|group| &group.said), Measure::Favourable);
    let past = about.below.iter().any(|group| has_past(group));
    let rows = about.below.iter().flat_map(|group| {
        group.said.iter().map(|said| {
            let mut row = vec![group.label.clone(), said.name.clone(), measure.said(said), said.n.words()];
            row.extend(past.then(|| change(said).to_owned()));
            row
        })
    });
    let columns = ["Group", "Category", measure.name(), "n"].into_iter().chain(past.then_some("Change")).map(str::to_owned).collect();
    let numeric = vec![false, false, true, true, false][..4 + usize::from(past)].to_vec();
    let table = Table { columns, numeric, rows: rows.collect(), more: Some(more.clone()) };
    let lines = about.below.iter().map(|group| in_a_line(group)).collect();
    vec![
        Part::Heading("By group".into()),
        Part::Only(ROOMY, vec![Part::Table(table)]),
        Part::Only(MESSAGE, vec![Part::List(lines, None), Part::Text(Line::default().code(more).and(" shows all of one."))]),
    ]
}

/// How a group is satisfied overall, its best and its worst.
fn in_a_line(group: &Group) -> Line {
    let mut said: Vec<String> = group.of("overall").map(|overall| format!("{} overall", level(overall.level))).into_iter().collect();
    if let Some(First { best, worst, .. }) = first(group).filter(|first| first.best.id != first.worst.id) {
        said.extend([("best", best), ("worst", worst)].map(|(word, it)| format!("{word} {} {}", it.name, in_short(it.level))));
    }
    let said = if said.is_empty() { "too few answered".to_owned() } else { said.join("; ") };
    Line::default().strong(group.label.clone()).and(format!(": {said}."))
}

//! [`Chart`]: a picture as plain data: what is drawn, in which unit, and a sentence that tells it without the picture.
//!
//! To make one: the kind by its own constructor, then [`Chart::new`].
//!
//! ```
//! # use pacer::domain::chart::{Chart, Lines, Steps};
//! # use pacer::domain::time::At;
//! # let (weeks, values, before) = (vec![At(0)], vec![Some(1.0)], vec![None]);
//! let lines = Lines::new("seconds", Steps::time(weeks, chrono_tz::Tz::UTC), "Payments", values).previous("12 weeks before", before);
//! let chart = Chart::new("Change lead time by week", lines.target(172_800.0, "target"));
//! assert!(chart.said().starts_with("Change lead time by week"));
//! ```
//!
//! Nothing here knows colours, pixels or Slack: the renderers do ([`crate::domain::card::Part::Chart`]). A step without data is
//! none, never 0, and stays a gap in every format. Never to be drawn: a row, line or bar for a person.

mod said;
mod steps;

pub use steps::Steps;

use super::time::At;
use super::words::Better;

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows: "Change lead time by week".
    pub title: String,
    /// Below the title, smaller: of whom, of which period, what a value is.
    pub subtitle: String,
    /// What is drawn.
    pub kind: Kind,
    own_words: Option<String>,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Values along steps, as lines.
    Line(Lines),
    /// Values along steps, as bars: columns where the steps are time, else rows.
    Bars(Bars),
    /// Rows of shares that make a whole.
    Stacked(Shares),
    /// Points in their order, by two quantities.
    Path(Trail),
    /// Rows of days, each with an intensity.
    Strip(Strip),
    /// A small line without axes.
    Spark(Spark),
}

/// Values with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// "Payments", "12 weeks before".
    pub name: String,
    /// One for each step, in the metric's own unit.
    pub values: Vec<Option<f64>>,
}

/// Lines along steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// As in a `Metric`: `seconds`, `per_week`, `fraction`, `count`.
    pub unit: String,
    /// Where values stand.
    pub steps: Steps,
    /// The first is what the picture is about; at most six are drawn.
    pub series: Vec<Series>,
    /// How sure the first series is: low and high for each step.
    pub band: Vec<Option<[f64; 2]>>,
    /// What the band is: "95 % interval".
    pub band_name: String,
    /// Which series is the period before, drawn behind and dashed.
    pub previous: Option<usize>,
    /// Moments worth knowing: an improvement began, a reorganisation.
    pub marks: Vec<Mark>,
    /// The value aimed at, with its name.
    pub target: Option<(f64, String)>,
}

/// A vertical line with a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// In steps: 0 is the middle of the first step, 0.5 the border between it and the next.
    pub at: f64,
    /// What happened.
    pub label: String,
}

/// Bars along steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// As in a `Metric`.
    pub unit: String,
    /// Where values stand.
    pub steps: Steps,
    /// Side by side in each step; at most six are drawn.
    pub series: Vec<Series>,
    /// How sure the first series is: low and high for each step.
    pub intervals: Vec<Option<[f64; 2]>>,
}

/// Rows of shares.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// What the whole is divided into, the same in each row; at most six are drawn.
    pub parts: Vec<String>,
    /// A row's name and the size of each part. What they are counted in does not matter; a row without any is a gap.
    pub rows: Vec<(String, Vec<f64>)>,
}

/// A quantity on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// "Change lead time".
    pub name: String,
    /// As in a `Metric`.
    pub unit: String,
    /// Which way is good.
    pub better: Better,
}

/// Points in their order, joined: "speed against quality".
#[derive(Debug, Clone, PartialEq)]
pub struct Trail {
    /// To the right.
    pub x: Quantity,
    /// Upwards.
    pub y: Quantity,
    /// Label and place; a point without data breaks the path.
    pub points: Vec<(String, Option<[f64; 2]>)>,
}

/// Rows of days.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// What an intensity counts: "projects".
    pub of: String,
    /// As in a `Metric`.
    pub unit: String,
    /// The days, or other steps.
    pub steps: Steps,
    /// The rows, from the top.
    pub rows: Vec<StripRow>,
}

/// A row of a [`Strip`].
#[derive(Debug, Clone, PartialEq)]
pub struct StripRow {
    /// A team or project, never a person.
    pub name: String,
    /// One for each step.
    pub values: Vec<Option<f64>>,
    /// At its end, in words: "2.1 a day".
    pub note: String,
}

/// A small line.
#[derive(Debug, Clone, PartialEq)]
pub struct Spark {
    /// As in a `Metric`; empty where the values have none.
    pub unit: String,
    /// Oldest first.
    pub values: Vec<Option<f64>>,
}

impl Chart {
    /// A picture of that kind.
    pub fn new(title: impl Into<String>, kind: impl Into<Kind>) -> Self {
        Self { title: title.into(), subtitle: String::new(), kind: kind.into(), own_words: None }
    }
    /// With a line below the title.
    #[must_use]
    pub fn subtitle(mut self, text: impl Into<String>) -> Self {
        self.subtitle = text.into();
        self
    }
    /// With a sentence that tells more than the one made from the data.
    #[must_use]
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.own_words = Some(sentence.into());
        self
    }
    /// What it shows, for whom can't see it: with its numbers, one sentence or two.
    pub fn said(&self) -> String {
        self.own_words.clone().unwrap_or_else(|| said::said(self))
    }
}

impl Lines {
    /// One line.
    pub fn new(unit: impl Into<String>, steps: Steps, name: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        let series = vec![Series { name: name.into(), values }];
        Self {
            unit: unit.into(),
            steps,
            series,
            band: Vec::new(),
            band_name: String::new(),
            previous: None,
            marks: Vec::new(),
            target: None,
        }
    }
    /// With the first series' intervals, called as "95 % interval".
    #[must_use]
    pub fn band(mut self, name: impl Into<String>, intervals: Vec<Option<[f64; 2]>>) -> Self {
        self.band_name = name.into();
        self.band = intervals;
        self
    }
    /// With the period before, laid over this one.
    #[must_use]
    pub fn previous(mut self, name: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        self.previous = Some(self.series.len());
        self.and(name, values)
    }
    /// With a further line.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        self.series.push(Series { name: name.into(), values });
        self
    }
    /// With a moment marked; left out where it is outside the steps or they are no time.
    #[must_use]
    pub fn mark(mut self, at: At, label: impl Into<String>) -> Self {
        if let Some(at) = self.steps.place(at) {
            self.marks.push(Mark { at, label: label.into() });
        }
        self
    }
    /// With the value aimed at.
    #[must_use]
    pub fn target(mut self, value: f64, name: impl Into<String>) -> Self {
        self.target = known(Some(value)).map(|value| (value, name.into()));
        self
    }
}

impl Bars {
    /// One bar a step.
    pub fn new(unit: impl Into<String>, steps: Steps, name: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        Self { unit: unit.into(), steps, series: vec![Series { name: name.into(), values }], intervals: Vec::new() }
    }
    /// With the first series' intervals.
    #[must_use]
    pub fn intervals(mut self, intervals: Vec<Option<[f64; 2]>>) -> Self {
        self.intervals = intervals;
        self
    }
    /// The value at which a bar is as long as it can be, where the unit has one: 100 of a `score`.
    pub fn whole(&self) -> Option<f64> {
        (self.unit == "score").then_some(100.0)
    }
    /// The interval of a bar of the first series, where both it and its bar are known.
    pub fn interval(&self, step: usize) -> Option<[f64; 2]> {
        known(self.series.first()?.values.get(step).copied().flatten())?;
        let [low, high] = self.intervals.get(step).copied().flatten()?;
        Some([known(Some(low))?, known(Some(high))?])
    }
    /// With a further bar in each step.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        self.series.push(Series { name: name.into(), values });
        self
    }
}

impl Shares {
    /// A whole divided into these.
    pub fn new<T: Into<String>>(parts: impl IntoIterator<Item = T>) -> Self {
        Self { parts: parts.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }
    /// With a further row, a size for each part.
    #[must_use]
    pub fn row(mut self, name: impl Into<String>, sizes: Vec<f64>) -> Self {
        self.rows.push((name.into(), sizes));
        self
    }
    /// The shares of a row, one for each part; none where it is empty.
    pub fn of(&self, row: usize) -> Option<Vec<f64>> {
        let sizes = &self.rows.get(row)?.1;
        let size = |part: usize| sizes.get(part).copied().and_then(|size| known(Some(size))).unwrap_or(0.0).max(0.0);
        let whole: f64 = (0..self.parts.len()).map(size).sum();
        (whole > 0.0).then(|| (0..self.parts.len()).map(|part| size(part) / whole).collect())
    }
}

impl Quantity {
    /// A quantity by name, unit and which way is good.
    pub fn new(name: impl Into<String>, unit: impl Into<String>, better: Better) -> Self {
        Self { name: name.into(), unit: unit.into(), better }
    }
}

impl Trail {
    /// No point yet.
    pub fn new(x: Quantity, y: Quantity) -> Self {
        Self { x, y, points: Vec::new() }
    }
    /// With a further point.
    #[must_use]
    pub fn point(mut self, label: impl Into<String>, at: Option<[f64; 2]>) -> Self {
        self.points.push((label.into(), at));
        self
    }
    /// A point's place, where both of its values are known.
    pub fn at(&self, point: usize) -> Option<[f64; 2]> {
        let [x, y] = self.points.get(point)?.1?;
        Some([known(Some(x))?, known(Some(y))?])
    }
}

impl Strip {
    /// No row yet.
    pub fn new(of: impl Into<String>, unit: impl Into<String>, steps: Steps) -> Self {
        Self { of: of.into(), unit: unit.into(), steps, rows: Vec::new() }
    }
    /// With a further row, and what it comes to in words.
    #[must_use]
    pub fn row(mut self, name: impl Into<String>, values: Vec<Option<f64>>, note: impl Into<String>) -> Self {
        self.rows.push(StripRow { name: name.into(), values, note: note.into() });
        self
    }
}

impl Spark {
    /// A small line of these values, oldest first.
    pub fn new(unit: impl Into<String>, values: Vec<Option<f64>>) -> Self {
        Self { unit: unit.into(), values }
    }
}

impl From<Lines> for Kind {
    fn from(kind: Lines) -> Self {
        Self::Line(kind)
    }
}
impl From<Bars> for Kind {
    fn from(kind: Bars) -> Self {
        Self::Bars(kind)
    }
}
impl From<Shares> for Kind {
    fn from(kind: Shares) -> Self {
        Self::Stacked(kind)
    }
}
impl From<Trail> for Kind {
    fn from(kind: Trail) -> Self {
        Self::Path(kind)
    }
}
impl From<Strip> for Kind {
    fn from(kind: Strip) -> Self {
        Self::Strip(kind)
    }
}
impl From<Spark> for Kind {
    fn from(kind: Spark) -> Self {
        Self::Spark(kind)
    }
}

/// A value that can be drawn: finite, and not beyond all measure.
pub fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|x| x.abs() < 1e100)
}

#[cfg(test)]
mod tests;

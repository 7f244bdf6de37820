//! [`Card`]: a plain answer, which any renderer can show. Text in it is data: renderers escape all of it.

use serde::{Deserialize, Serialize};

use super::chart::Chart;
use super::time::At;
use super::window::Window;

/// What was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole organisation: `{}` in JSON.
    #[default]
    Organisation,
    /// A team and its descendants, by id.
    Team(String),
    /// Several teams together, each with its descendants, by id: at least two, in order. What somebody of several teams asks
    /// about.
    Teams(Vec<String>),
    /// A service, by name.
    Service(String),
    /// A portfolio project, by id.
    Project(String),
}

impl Scope {
    /// Those teams together; none of them: the whole organisation.
    pub fn of_teams(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        ids.sort_unstable();
        ids.dedup();
        match ids.len() {
            0 => Self::Organisation,
            1 => Self::Team(ids.remove(0)),
            _ => Self::Teams(ids),
        }
    }

    /// The teams that it names, by id.
    pub fn teams(&self) -> &[String] {
        match self {
            Self::Team(id) => std::slice::from_ref(id),
            Self::Teams(ids) => ids,
            Self::Organisation | Self::Service(_) | Self::Project(_) => &[],
        }
    }
}

/// A plain answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Card {
    /// The command's name, as in JSON's `command`.
    pub command: String,
    /// At most 150 characters: "DORA - Payments - 90 days to 23 Nov".
    pub title: String,
    /// What it is about.
    pub scope: Scope,
    /// The period, where the answer has one.
    pub window: Option<Window>,
    /// One sentence with the numbers: what a notification or screen reader reads.
    pub verdict: Line,
    /// The body, in order.
    pub parts: Vec<Part>,
    /// The figures in machine form, as in JSON's `metrics`.
    pub metrics: Vec<Metric>,
    /// The zone of its times where it has no window.
    pub zone: Option<chrono_tz::Tz>,
    /// Small print: benchmark and year, zone, what was left out.
    pub notes: Vec<Line>,
    /// How fresh each source is.
    pub health: Vec<SourceHealth>,
    /// The receipt's id, where the answer has one.
    pub receipt: Option<String>,
    /// What one can press.
    pub buttons: Vec<Button>,
    /// Further members of the JSON answer, by name (`rows`, `commands`).
    pub data: serde_json::Map<String, serde_json::Value>,
}

impl Card {
    /// The parts that stand in a place, in order.
    pub fn parts_in(&self, place: Place) -> Vec<&Part> {
        let mut found = Vec::new();
        for part in &self.parts {
            match part {
                Part::Only(places, parts) if places.contains(&place) => found.extend(parts),
                Part::Only(..) => {}
                part => found.push(part),
            }
        }
        found
    }

    /// What it says, line by line, for where only lines can stand: no figures, tables or pictures; buttons as their labels.
    pub fn lines(&self) -> Vec<Line> {
        let labels = |row: &[Button]| Line::plain(row.iter().map(|button| format!("[{}]", button.label)).collect::<Vec<_>>().join(" "));
        let mut lines = vec![self.verdict.clone()];
        for part in self.parts_in(Place::Message) {
            match part {
                Part::Text(line) | Part::Beside(line, _) => lines.push(line.clone()),
                Part::List(all, _) => lines.extend(all.iter().cloned()),
                Part::Buttons(row) => lines.push(labels(row)),
                Part::Heading(_) | Part::Figures(_) | Part::Table(_) | Part::Chart(_) | Part::Divider | Part::Only(..) => {}
            }
        }
        if !self.buttons.is_empty() {
            lines.push(labels(&self.buttons));
        }
        lines
    }
}

/// A line of text: plain, strong or code pieces, and who is meant. Never markup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(pub Vec<Span>);

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Plain(String),
    /// With weight.
    Strong(String),
    /// Something to type, or an identifier.
    Code(String),
    /// The name of something, and where it is on the web.
    Link(String, Web),
    /// A person or channel of Slack by its id, of which Slack shows the name.
    Mention(String),
}

/// An address on the web that may be linked: http or https, and nothing in it that ends a link in a message or a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web(String);

impl Web {
    /// Reads one; none where a text from outside is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let may_stand =
            |letter: char| !letter.is_whitespace() && !letter.is_control() && !matches!(letter, '<' | '>' | '|' | '"' | '\'' | '`');
        (text.len() <= 2_000 && rest.starts_with(char::is_alphanumeric) && rest.chars().all(may_stand)).then(|| Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Line {
    /// A line of one plain piece.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Span::Plain(text.into())])
    }
    /// A sentence of ours in which something to type stands between backticks.
    pub fn sentence(text: &str) -> Self {
        let pieces: Vec<&str> = text.split('`').collect();
        if pieces.len().is_multiple_of(2) {
            return Self::plain(text); // an odd backtick: not ours to interpret
        }
        let spans = pieces.iter().enumerate().filter(|(_, piece)| !piece.is_empty());
        Self(spans.map(|(at, piece)| if at % 2 == 1 { Span::Code((*piece).into()) } else { Span::Plain((*piece).into()) }).collect())
    }
    /// Adds a plain piece.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Plain(text.into()));
        self
    }
    /// Adds a strong piece.
    #[must_use]
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Strong(text.into()));
        self
    }
    /// Adds something to type.
    #[must_use]
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Code(text.into()));
        self
    }
    /// Adds the name of something, as a link where its address is one.
    #[must_use]
    pub fn link(mut self, text: impl Into<String>, address: Option<&str>) -> Self {
        let text = text.into();
        self.0.push(match address.and_then(Web::parse) {
            Some(web) => Span::Link(text, web),
            None => Span::Strong(text),
        });
        self
    }
    /// Adds a person or channel of Slack, by id.
    #[must_use]
    pub fn mention(mut self, id: impl Into<String>) -> Self {
        self.0.push(Span::Mention(id.into()));
        self
    }
    /// Its letters without weight.
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(|span| match span {
                Span::Plain(text) | Span::Strong(text) | Span::Code(text) | Span::Link(text, _) | Span::Mention(text) => text.as_str(),
            })
            .collect()
    }
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}
impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

/// A part of a card's body.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A paragraph.
    Text(Line),
    /// A small heading.
    Heading(String),
    /// Figures side by side: five of them in `dora`.
    Figures(Vec<Figure>),
    /// A table. Renderers cut it at their limit with "and 12 more: `more`".
    Table(Table),
    /// A picture.
    Chart(Chart),
    /// A bulleted list, cut likewise.
    List(Vec<Line>, Option<String>),
    /// A line with a button beside it, where there is something to press; else the line alone.
    Beside(Line, Button),
    /// A row of buttons, where there is something to press; else nothing.
    Buttons(Vec<Button>),
    /// A line across.
    Divider,
    /// Parts that stand in some places only: a message has two screens, a page room for all.
    Only(&'static [Place], Vec<Part>),
}

/// Where a card is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Slack: a message or a modal.
    Message,
    /// A picture.
    Picture,
    /// A page or a terminal.
    Page,
}

/// One figure as people read it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figure {
    /// The metric's name in words.
    pub name: String,
    /// The value with its unit, or why there is none: "2.3 days", "no data".
    pub value: String,
    /// Change against the previous period: an arrow for its direction, then a word: "↓ 14 % better".
    pub change: Option<(Tone, String)>,
    /// Weekly values, oldest first, for a sparkline; a week without data is none.
    pub spark: Vec<Option<f64>>,
    /// The band in words, with the benchmark's year: "high (DORA 2024)", "not separable: elite or high", "too few".
    pub band: Option<String>,
    /// The team's own target: "target under 2 days: met".
    pub target: Option<(Tone, String)>,
    /// n and interval: "n 131 commits, 95 % 1.5 to 2.4 days".
    pub detail: String,
}

/// Whether a change or status is good. Always said in a word as well, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Tone {
    Good,
    Bad,
    Neutral,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Column heads.
    pub columns: Vec<String>,
    /// Which columns are numbers, set to the right.
    pub numeric: Vec<bool>,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
    /// The command that shows the rest where a renderer must cut.
    pub more: Option<String>,
}

/// A button. `action` is a name in the table ACTIONS; `value` holds ids only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// At most 75 characters.
    pub label: String,
    /// The action's name.
    pub action: String,
    /// At most 2,000 characters, ids and commands only.
    pub value: String,
    /// Filled with the platform's accent; at most one a card.
    pub primary: bool,
}

/// One figure in machine form, exactly as in JSON's `metrics`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metric {
    /// The metric's id: `change_lead_time`.
    pub id: String,
    /// Null where there is none.
    pub value: Option<f64>,
    /// `seconds`, `per_week`, `fraction`, `count`.
    pub unit: String,
    /// How many of what the metric counts.
    pub n: u64,
    /// The 95 % interval, where one can be given.
    pub interval: Option<[f64; 2]>,
    /// The window of the same length just before.
    pub previous: Option<Previous>,
    /// Where the benchmark puts it.
    pub band: Option<Band>,
    /// The team's own target.
    pub target: Option<Target>,
    /// Further percentiles, by name: "75", "90".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<std::collections::BTreeMap<String, f64>>,
    /// Of a forecast: by the chance in percent ("50", "85", "95") at least how many, or by which day; null: not within a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<std::collections::BTreeMap<String, serde_json::Value>>,
    /// What was left out, by code.
    pub excluded: std::collections::BTreeMap<String, u64>,
    /// Why the value is null, or what to mind beside it: `no_data`, `too_few`, `too_few_people`, `before_data`,
    /// `no_incident_source`.
    pub reason: Option<String>,
}

/// The previous window's figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in Metric")]
pub struct Previous {
    pub value: Option<f64>,
    pub n: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A benchmark's band. `name` is null where the interval spans several: then `candidates` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "plain names")]
pub struct Band {
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub candidates: Vec<String>,
    pub source: String,
}

/// A team's own target. `status`: `met`, `missed`, `not_separable`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "plain names")]
pub struct Target {
    pub value: f64,
    pub status: Option<String>,
}

/// How fresh a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "plain names")]
pub struct SourceHealth {
    pub source: String,
    /// The latest event's own time.
    pub last_event: Option<At>,
}

//! [`Steps`]: where the values of a picture stand: days, weeks or months in a zone, or things by name.

use chrono_tz::Tz;

use crate::domain::time::{At, HOUR};
use crate::domain::window::local::wall;

/// Where values stand: their count is that of the values.
#[derive(Debug, Clone, PartialEq)]
pub enum Steps {
    /// Days, weeks or months by their first instants, oldest first, with the zone whose dates they are.
    Time(Vec<At>, Tz),
    /// Things by name.
    Named(Vec<String>),
}

impl Steps {
    /// Steps of time by their first instants, oldest first.
    pub fn time(from: impl IntoIterator<Item = At>, zone: Tz) -> Self {
        Self::Time(from.into_iter().collect(), zone)
    }
    /// The weeks of [`crate::domain::window::Window::whole_weeks`].
    pub fn weeks(weeks: &[(At, At)], zone: Tz) -> Self {
        Self::time(weeks.iter().map(|(from, _)| *from), zone)
    }
    /// Things by name.
    pub fn named<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self::Named(names.into_iter().map(Into::into).collect())
    }
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Time(from, _) => from.len(),
            Self::Named(names) => names.len(),
        }
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A step in words: "3 Nov", or its name. A month is "Nov 2026". Weeks are counted back by 7 times 24 hours, so that one
    /// beyond a change of the clocks may begin at 23:00: it is called by the day that is about to begin.
    pub fn label(&self, step: usize) -> String {
        match self {
            Self::Time(from, zone) => from.get(step).map_or_else(String::new, |at| {
                wall(*zone, at.plus(2 * HOUR)).format(if self.are_months() { "%b %Y" } else { "%-d %b" }).to_string()
            }),
            Self::Named(names) => names.get(step).cloned().unwrap_or_default(),
        }
    }
    /// What a step is called: "week", "day", "month"; none where they are things or of no such length.
    pub fn noun(&self) -> Option<&'static str> {
        match self.days()? {
            1 => Some("day"),
            7 => Some("week"),
            28..=31 => Some("month"),
            _ => None,
        }
    }
    /// Whether they are months.
    pub fn are_months(&self) -> bool {
        self.noun() == Some("month")
    }
    /// Days from one step to the next, by the first two.
    fn days(&self) -> Option<i64> {
        let Self::Time(from, zone) = self else { return None };
        let [one, two, ..] = from.as_slice() else { return None };
        Some((wall(*zone, two.plus(2 * HOUR)).date() - wall(*zone, one.plus(2 * HOUR)).date()).num_days())
    }
    /// Where an instant is, in steps from the middle of the first; none outside of them.
    #[allow(clippy::cast_precision_loss, reason = "spans of a picture are far shorter than 2^53 microseconds")]
    pub fn place(&self, at: At) -> Option<f64> {
        let Self::Time(from, _) = self else { return None };
        let step = from.iter().rposition(|first| *first <= at)?;
        let length = match from.get(step + 1).or_else(|| from.get(step)) {
            Some(next) if *next > from[step] => next.since(from[step]),
            _ => step.checked_sub(1).map(|before| from[step].since(from[before])).filter(|length| *length > 0)?,
        };
        let within = at.since(from[step]) as f64 / length as f64;
        (within <= 1.0).then_some(step as f64 - 0.5 + within)
    }
}

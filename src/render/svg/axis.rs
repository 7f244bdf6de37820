//! Axes: values at round numbers in the metric's own words, time by the zone's days and months, names cut to their room.

use chrono::{Datelike, Months, NaiveDate};
use chrono_tz::Tz;

use super::canvas::{Anchor, Area, Canvas, Stroke, Type};
use super::theme::Ink;
use crate::domain::chart::{Steps, known};
use crate::domain::time::{At, HOUR};
use crate::domain::window::local;
use crate::domain::words::{self, Scale};

/// Type of all labels on axes.
pub const TICK: Type = Type::soft(12.0);
/// Between two labels beside each other.
const APART: f64 = 10.0;

/// An axis of values in one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    scale: Scale,
    low: f64,
    high: f64,
    step: f64,
}

impl Values {
    /// From zero (or below, where values are) to a round number above the greatest. Why always from zero: between 1.9 and
    /// 2.1 days there is no story, and an axis that begins at 1.9 would tell one.
    pub fn of(unit: &str, values: impl Iterator<Item = Option<f64>>) -> Self {
        let all: Vec<f64> = values.filter_map(known).collect();
        let (least, most) = all.iter().fold((0.0_f64, 0.0_f64), |(least, most), x| (least.min(*x), most.max(*x)));
        let scale = words::scale(unit, most.max(-least));
        let (least, most) = (scale.of(least), scale.of(most));
        let whole = scale.name().is_empty() && all.iter().all(|x| x.fract() == 0.0);
        let step = step((most - least) / 5.0, whole);
        let (low, high) = ((least / step + 1e-9).floor() * step, (most / step - 1e-9).ceil() * step);
        Self { scale, low: low.min(0.0), high: if high > low { high } else { low + step }, step }
    }

    /// Numbers and words of the ticks, from the lowest.
    #[allow(clippy::cast_possible_truncation, reason = "few steps between the ends")]
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let (first, last) = ((self.low / self.step).round() as i64, (self.high / self.step).round() as i64);
        #[allow(clippy::cast_precision_loss, reason = "few steps")]
        (first..=last).map(|nth| nth as f64 * self.step).map(|number| (number, self.scale.words(number, self.step))).collect()
    }

    /// How far up a tick's number is, from 0 to 1.
    pub fn share_of_number(&self, number: f64) -> f64 {
        ((number - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// How far up a value is.
    pub fn share(&self, value: f64) -> f64 {
        self.share_of_number(self.scale.of(value))
    }

    /// The widest label.
    pub fn width(&self) -> f64 {
        self.ticks().iter().map(|(_, words)| TICK.width(words)).fold(0.0, f64::max)
    }

    /// Grid lines across a plot, each with its words at the left.
    pub fn draw(&self, canvas: &mut Canvas, plot: Area) {
        for (number, words) in self.ticks() {
            let y = plot.y + plot.h * (1.0 - self.share_of_number(number));
            let ink = if number == 0.0 { Ink::Soft } else { Ink::Line };
            canvas.line([plot.x, y], [plot.x + plot.w, y], Stroke::solid(ink, 1.0));
            canvas.text(plot.x - 8.0, y + 4.2, TICK.anchor(Anchor::End), &words);
        }
    }

    /// Small lines below a plot, each with its words.
    pub fn draw_below(&self, canvas: &mut Canvas, plot: Area) {
        let bottom = plot.y + plot.h;
        let places = self.ticks().into_iter().map(|(number, words)| (plot.x + plot.w * self.share_of_number(number), words));
        place_labels(canvas, &places.collect::<Vec<_>>(), bottom, [plot.x - 30.0, plot.x + plot.w + 30.0]);
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 ... that is not below `raw`; at least 1 where only whole numbers make sense.
fn step(raw: f64, whole: bool) -> f64 {
    if raw <= 0.0 || !raw.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(raw.log10().floor());
    let found = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= raw * 0.999).unwrap_or(raw);
    if whole { found.max(1.0) } else { found }
}

/// Height of the labels that [`steps_below`] draws.
pub const BELOW: f64 = 22.0;

/// The names of steps below a plot: all of them where they fit, else every second, fourth, the Mondays or the months; the last
/// one always. `x` gives the place of a step, or of a moment within it.
pub fn steps_below(canvas: &mut Canvas, steps: &Steps, x: impl Fn(f64) -> f64, bottom: f64, ends: [f64; 2]) {
    let count = steps.len();
    #[allow(clippy::cast_precision_loss, reason = "few steps")]
    let at = |step: usize| x(step as f64);
    let room = if count > 1 { at(1) - at(0) } else { ends[1] - ends[0] };
    let labels: Vec<(f64, String)> = match steps {
        Steps::Named(names) => names.iter().enumerate().map(|(step, name)| (at(step), TICK.cut(name, (room - APART).max(40.0)))).collect(),
        Steps::Time(from, zone) if count > 20 && steps.noun() == Some("day") && count <= 70 => {
            let mondays = (0..count).filter(|step| day_of(from[*step], *zone).weekday() == chrono::Weekday::Mon);
            mondays.map(|step| (at(step), steps.label(step))).collect()
        }
        Steps::Time(..) if count > 20 && !steps.are_months() => months(steps).into_iter().map(|(at, name)| (x(at), name)).collect(),
        Steps::Time(..) => (0..count).map(|step| (at(step), steps.label(step))).collect(),
    };
    let widest = labels.iter().map(|(_, words)| TICK.width(words)).fold(0.0, f64::max);
    let apart = labels.windows(2).map(|two| two[1].0 - two[0].0).fold(f64::INFINITY, f64::min);
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let nth = [1_usize, 2, 3, 4, 6, 8, 13, 26, 52].into_iter().find(|nth| apart * *nth as f64 >= widest + APART).unwrap_or(104);
    let last = labels.len().saturating_sub(1);
    let kept: Vec<(f64, String)> =
        labels.into_iter().enumerate().filter(|(at, _)| (last - at).is_multiple_of(nth)).map(|(_, label)| label).collect();
    place_labels(canvas, &kept, bottom, ends);
}

/// The day that a step is called by; see [`Steps::label`].
fn day_of(at: At, zone: Tz) -> NaiveDate {
    local::wall(zone, at.plus(2 * HOUR)).date()
}

/// Where months begin, in steps, with their names; a January is named by its year. The month in which the steps begin is named at their
/// beginning, unless it is nearly over.
fn months(steps: &Steps) -> Vec<(f64, String)> {
    let Steps::Time(from, zone) = steps else { return Vec::new() };
    let (Some(first), Some(last)) = (from.first(), from.last()) else { return Vec::new() };
    let (first, last) = (day_of(*first, *zone), day_of(*last, *zone));
    let mut out = Vec::new();
    let mut month = first.with_day(1).unwrap_or(first);
    while month <= last {
        let name = month.format(if month.month() == 1 && !out.is_empty() { "%Y" } else { "%b" }).to_string();
        if month >= first {
            out.extend(steps.place(local::midnight(*zone, month)).map(|at| (at, name)));
        } else if first.day() <= 15 {
            out.push((-0.5, name));
        }
        let Some(next) = month.checked_add_months(Months::new(1)) else { break };
        month = next;
    }
    out
}

/// Labels centred below their places with a small line each; at the ends moved inwards; what would meet another is left out.
fn place_labels(canvas: &mut Canvas, labels: &[(f64, String)], bottom: f64, ends: [f64; 2]) {
    let mut taken = f64::NEG_INFINITY;
    let mut kept: Vec<(f64, f64, &str)> = Vec::new();
    for (x, words) in labels {
        let w = TICK.width(words);
        let left = (x - w / 2.0).clamp(ends[0], (ends[1] - w).max(ends[0]));
        if left >= taken + APART / 2.0 {
            kept.push((*x, left, words));
            taken = left + w;
        }
    }
    for (x, left, words) in kept {
        canvas.line([x, bottom], [x, bottom + 4.0], Stroke::solid(Ink::Soft, 1.0));
        canvas.text(left, bottom + 17.0, TICK, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, WEEK};
    use crate::render::svg::theme::Theme;

    #[test]
    fn ticks_are_round_numbers_in_the_metrics_words() {
        let check = |unit: &str, values: &[f64], expect: &[&str]| {
            let axis = Values::of(unit, values.iter().copied().map(Some));
            assert_eq!(axis.ticks().into_iter().map(|(_, words)| words).collect::<Vec<_>>(), expect, "{values:?} {unit}");
        };
        check("seconds", &[164_160.0, 220_000.0], &["0 days", "1 day", "2 days", "3 days"]);
        check("seconds", &[43_200.0], &["0 h", "5 h", "10 h", "15 h"]);
        check("fraction", &[0.0, 0.25], &["0 %", "5 %", "10 %", "15 %", "20 %", "25 %"]);
        check("fraction", &[0.0, 0.31], &["0 %", "10 %", "20 %", "30 %", "40 %"]);
        check("per_week", &[3.0, 6.0], &["0 a week", "2 a week", "4 a week", "6 a week"]);
        check("count", &[1.0, 3.0], &["0", "1", "2", "3"]);
        check("count", &[1.5], &["0", "0.5", "1.0", "1.5"]);
        check("count", &[-3.0, 4.0], &["-4", "-2", "0", "2", "4"]);
        check("count", &[0.0], &["0", "1"]);
        check("seconds", &[], &["0 s", "1 s"]);
        check(
            "count",
            &[7e12],
            &["0 billion", "2\u{202f}000 billion", "4\u{202f}000 billion", "6\u{202f}000 billion", "8\u{202f}000 billion"],
        );
        check("fraction", &[0.000_003], &["0 %", "0.0001 %", "0.0002 %", "0.0003 %"]);
    }

    #[test]
    fn no_axis_is_endless_and_each_holds_its_values() {
        for top in [1e-90, 1e-9, 0.3, 1.0, 7.7, 1e3, 1e9, 9.9e99] {
            for unit in ["seconds", "per_week", "fraction", "count"] {
                let axis = Values::of(unit, [Some(top), Some(-top / 3.0), None, Some(f64::NAN)].into_iter());
                let ticks = axis.ticks();
                assert!((2..=8).contains(&ticks.len()), "{unit} {top}: {ticks:?}");
                assert!(axis.share(top) <= 1.0 && axis.share(-top / 3.0) >= 0.0 && axis.share(0.0) > 0.1, "{unit} {top}");
                assert!(axis.width() < 130.0, "{unit} {top}: {ticks:?}");
            }
        }
    }

    fn below(steps: &Steps, w: f64) -> Vec<String> {
        let mut canvas = Canvas::new(Theme::Light, "x");
        #[allow(clippy::cast_precision_loss, reason = "few")]
        let count = steps.len().max(2) as f64 - 1.0;
        steps_below(&mut canvas, steps, |step| 40.0 + step * (w / count), 100.0, [0.0, w + 60.0]);
        let (out, texts) = canvas.finish();
        for (nth, text) in texts.iter().enumerate() {
            assert!(texts[..nth].iter().all(|other| !other.meets(text)), "{out}");
        }
        out.split("</text>")
            .filter_map(|piece| piece.rsplit_once('>'))
            .map(|(_, words)| words.to_owned())
            .filter(|words| !words.is_empty())
            .collect()
    }

    #[test]
    fn time_is_told_by_days_then_by_months() {
        let weeks = |count: i64| {
            let end = At::parse("2027-02-21T23:00:00Z").unwrap();
            Steps::time((1..=count).rev().map(|n| end.plus(-n * WEEK)), chrono_tz::Tz::Europe__Berlin)
        };
        assert_eq!(below(&weeks(6), 480.0), ["11 Jan", "18 Jan", "25 Jan", "1 Feb", "8 Feb", "15 Feb"]);
        assert_eq!(below(&weeks(12), 480.0), ["7 Dec", "21 Dec", "4 Jan", "18 Jan", "1 Feb", "15 Feb"]);
        assert_eq!(below(&weeks(26), 480.0), ["Sep", "Oct", "Nov", "Dec", "2027", "Feb"]);
        assert_eq!(below(&weeks(52), 480.0), ["Apr", "Jun", "Aug", "Oct", "Dec", "Feb"]);
        assert_eq!(below(&weeks(1), 480.0), ["15 Feb"]);
        let months = (1..=6).map(|month| At::parse(&format!("2026-0{month}-01T00:00:00Z")).unwrap());
        assert_eq!(below(&Steps::time(months, chrono_tz::Tz::UTC), 300.0), ["Feb 2026", "Apr 2026", "Jun 2026"]);
        let days = (0..90).map(|day| At::parse("2026-08-25T00:00:00Z").unwrap().plus(day * DAY));
        assert_eq!(below(&Steps::time(days, chrono_tz::Tz::UTC), 400.0), ["Sep", "Oct", "Nov"]);
        assert_eq!(below(&Steps::named(["a rather long name", "another one"]), 110.0), ["a rather long…", "another one"]);
        assert_eq!(below(&Steps::named(Vec::<String>::new()), 120.0), Vec::<String>::new());
    }
}

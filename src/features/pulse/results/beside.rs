//! What is measured beside what is said: of each category the delivery figures of the same team, over the period it was asked about.
//!
//! The period ends with the wave: 90 days of a full wave, 14 of a pulse, as of the close and under the organisation of that day, so that
//! the card of a wave reads the same for ever. Only what everybody in the workspace may see stands here: a closed team's figures stay
//! where they are, and every role reads the same. Why a figure is good or bad: by the team's own target, else by the benchmark's band,
//! else by how it moved; where none of them tells, it is neither. Never to be read as cause and effect.

use crate::domain::card::{Figure, Metric, Scope, Tone};
use crate::domain::metric::{DORA, FLOW};
use crate::domain::org::Org;
use crate::domain::survey::wave::Length;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::domain::words;
use crate::error::Failure;
use crate::features::access::{Shown, Sight};
use crate::features::verdict::lowered;
use crate::features::{Cx, dora, flow};

/// Which figures stand beside a category, the first that can be told first.
const PAIRS: [(&str, &[&str]); 8] = [
    ("effort", &["coding_time", "batch_size"]),
    ("flow", &["wip"]),
    ("ci", &["ci_pass_rate"]),
    ("review", &["pickup_time", "review_time"]),
    ("release", &["deployment_frequency", "change_lead_time"]),
    ("debt", &["change_fail_rate"]),
    ("operations", &["failed_deployment_recovery_time"]),
    ("pace", &["wip"]),
];

/// A figure beside a category.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// The category's id.
    pub category: &'static str,
    /// "pickup 3.2 h, ↓ 12 % better".
    pub words: String,
    /// Whether it is good; none: that can't be told.
    pub good: Option<bool>,
}

/// Days of the period.
pub fn days(kind: Length) -> u32 {
    match kind {
        Length::Full => 90,
        Length::Pulse => 14,
    }
}

/// The figures of a scope; none where not everybody may see them, or there are none.
pub async fn load(cx: &Cx, scope: &Scope, days: u32, closed_at: At, org: &Org) -> Result<Vec<Beside>, Failure> {
    let window = Window::days(days, closed_at, org.zone_for(scope));
    let shown = Shown { from: window.from, to: window.to, compares: true };
    let outsider = Sight::outsider(cx);
    if outsider.check(scope, org, shown).is_err() || outsider.check_people(scope, org, shown).is_err() {
        return Ok(Vec::new());
    }
    let dora = dora::load(cx, scope, &window, closed_at, org).await?;
    let flow = flow::load(cx, scope, &window, closed_at, org).await?;
    let figure = |id: &str| -> Option<(Figure, &Metric)> {
        if let Some(place) = DORA.iter().position(|known| known.id == id) {
            return Some((dora::shown(&dora, place), &dora.metrics[place]));
        }
        let place = FLOW.iter().position(|known| known.id == id)?;
        Some((flow::shown(&flow, place), &flow.metrics[place]))
    };
    let ci = flow.ci_secs.map(|secs| format!("a CI run takes {}", words::duration(secs)));
    Ok(PAIRS.iter().filter_map(|(category, ids)| pair(category, ids.iter().filter_map(|id| figure(id)), ci.as_deref())).collect())
}

/// The figures of a category in one line, and what they come to.
fn pair<'a>(category: &'static str, figures: impl Iterator<Item = (Figure, &'a Metric)>, ci: Option<&str>) -> Option<Beside> {
    let known: Vec<(Figure, &Metric)> = figures.filter(|(_, metric)| metric.value.is_some()).collect();
    let mut said: Vec<String> = ci.filter(|_| category == "ci").map(str::to_owned).into_iter().collect();
    said.extend(known.iter().map(|(figure, _)| {
        let change = figure.change.as_ref().filter(|(tone, _)| *tone != Tone::Neutral);
        let change = change.map_or_else(String::new, |(_, words)| format!(" ({words})"));
        format!("{} {}{change}", lowered(&figure.name), figure.value)
    }));
    let good = known.iter().find_map(|(figure, metric)| judged(figure, metric));
    (!said.is_empty()).then(|| Beside { category, words: said.join(", "), good })
}

/// Whether a figure is good.
fn judged(figure: &Figure, metric: &Metric) -> Option<bool> {
    let told = |tone: &Tone| match tone {
        Tone::Good => Some(true),
        Tone::Bad => Some(false),
        Tone::Neutral => None,
    };
    let target = metric.target.as_ref().and_then(|target| target.status.as_deref());
    let band = metric.band.as_ref().and_then(|band| band.name.as_deref());
    match (target, band) {
        (Some("met"), _) | (_, Some("elite" | "high")) if target != Some("missed") => Some(true),
        (Some("missed"), _) | (_, Some("low")) if target != Some("met") => Some(false),
        _ => figure.change.as_ref().and_then(|(tone, _)| told(tone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{Band, Target};

    fn metric(target: Option<&str>, band: Option<&str>) -> Metric {
        Metric {
            id: "change_lead_time".into(),
            value: Some(7_200.0),
            unit: "seconds".into(),
            n: 12,
            interval: None,
            previous: None,
            band: band.map(|name| Band { name: Some(name.into()), candidates: Vec::new(), source: "DORA 2024".into() }),
            target: target.map(|status| Target { value: 1.0, status: Some(status.into()) }),
            percentiles: None,
            quantiles: None,
            excluded: std::collections::BTreeMap::new(),
            reason: None,
        }
    }

    fn figure(change: Option<Tone>) -> Figure {
        let change = change.map(|tone| (tone, "↓ 14 % as it is".to_owned()));
        Figure { name: "Change lead time".into(), value: "2 h".into(), change, ..Figure::default() }
    }

    #[test]
    fn a_figure_is_judged_by_target_then_band_then_change() {
        let check = |target: Option<&str>, band: Option<&str>, change: Option<Tone>, expect: Option<bool>| {
            assert_eq!(judged(&figure(change), &metric(target, band)), expect, "{target:?} {band:?} {change:?}");
        };
        check(Some("met"), Some("low"), Some(Tone::Bad), Some(true));
        check(Some("missed"), Some("elite"), Some(Tone::Good), Some(false));
        check(Some("not_separable"), Some("high"), Some(Tone::Bad), Some(true));
        check(None, Some("low"), Some(Tone::Good), Some(false));
        check(None, Some("medium"), Some(Tone::Good), Some(true));
        check(None, None, Some(Tone::Bad), Some(false));
        check(None, None, Some(Tone::Neutral), None);
        check(None, None, None, None);
    }

    #[test]
    fn figures_stand_in_one_line_and_nothing_is_said_of_none() {
        let known = metric(None, None);
        let said = |change| pair("release", [(figure(change), &known)].into_iter(), Some("CI")).map(|it| it.words);
        assert_eq!(said(Some(Tone::Good)).as_deref(), Some("change lead time 2 h (↓ 14 % as it is)"));
        assert_eq!(said(Some(Tone::Neutral)).as_deref(), Some("change lead time 2 h"));
        let unknown = Metric { value: None, ..metric(None, None) };
        assert_eq!(pair("release", [(figure(None), &unknown)].into_iter(), None), None);
        assert_eq!(
            pair("ci", std::iter::empty(), Some("a CI run takes 9 min")).map(|it| it.words).as_deref(),
            Some("a CI run takes 9 min")
        );
    }

    #[test]
    fn every_pair_is_a_known_metric_of_a_shipped_category() {
        let categories = crate::domain::survey::items::shipped();
        for (category, ids) in PAIRS {
            assert!(categories.iter().any(|known| known.id == category && !known.pairs_with.is_empty()), "{category}");
            assert!(ids.iter().all(|id| crate::domain::metric::find(id).is_some()), "{ids:?}");
        }
    }
}

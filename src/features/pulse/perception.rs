//! Trust, Usefulness and Safety: what people think of the metrics themselves, on 0 to 100 under the same guards as every score.
//!
//! **Trust**: the numbers match what I see, I can explain them, comparisons take our context into account. **Usefulness**: they helped us
//! decide, a misleading one can be changed. **Safety**: nobody is pushed to make a number look good, fears one, or splits work for one.
//!
//! Safety under 60 in the newest wave of the whole organisation, or lower in each of two waves running, says that targets do harm: until
//! an admin records that it was talked about, a line stands where targets are shown, and no new target is taken in `/metrics setup`. That
//! record stands in the log of what was done to surveys. Never to be read of a person, or as whose fault it is.

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use super::results::compute::{Counted, Group, Level};
use super::results::{Closed, closed_waves, count_is, in_short, when};
use crate::domain::ask::Ask;
use crate::domain::card::{Button, Card, Figure, Line, Part, Scope, Table};
use crate::domain::org::EVERYTHING;
use crate::domain::survey::items::Item;
use crate::domain::survey::score::Count;
use crate::domain::survey::tally::Rules;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Action, Cx, Effect, Press, Reply};
use crate::store::survey::Audited;

/// "We talked about it". Value: the wave.
pub const TALKED: Action = Action { name: TALKS, run: |cx, press| -> BoxFuture<'_, _> { Box::pin(talked(cx, press)) } };

const TALKS: &str = "pulse_talked";
/// Under this, targets do harm.
const SAFE: f64 = 60.0;
const ROUGHLY_SAFE: f64 = 40.0;
/// Waves that are looked at.
const WAVES: usize = 12;

/// The three, each with its questions.
const THREE: [(&str, &[&str]); 3] = [
    ("Trust", &["metrics_match", "metrics_explain", "metrics_context"]),
    ("Usefulness", &["metrics_decide", "metrics_mended"]),
    ("Safety", &["metrics_pushed", "metrics_against", "metrics_split"]),
];
const SAFETY: usize = 2;

/// The three of a cell, each with the fewest answers one of its questions has; none where they are not shown.
type Three = [Option<(Level, Count)>; 3];

/// That targets may do harm.
#[derive(Debug, Clone, PartialEq)]
pub struct SafetyState {
    /// The wave that says so.
    pub wave: String,
    /// Why, in a sentence.
    pub why: String,
    /// Whether an admin recorded that it was talked about.
    pub discussed: bool,
}

/// Whether targets may do harm, as far as everybody may know: a day after the close.
pub async fn safety(cx: &Cx) -> Result<Option<SafetyState>, Failure> {
    let surveys = cx.store.surveys().await?;
    let of_all: BTreeSet<&str> = surveys.iter().filter(|survey| survey.root.is_none()).map(|survey| survey.id.as_str()).collect();
    let waves =
        closed_waves(cx).await?.into_iter().filter(|(wave, at)| of_all.contains(wave.survey.as_str()) && when::day_over(*at, cx.now));
    let mut newest = None;
    let mut values = Vec::new();
    // Beside every answer with targets: of each wave no more is read than its questions, until one asked about safety.
    for (wave, _) in waves.take(WAVES) {
        let Some(rules) = cx.store.rules(&wave.id).await?.filter(|rules| !asked(rules, SAFETY).is_empty()) else { continue };
        let Some(whole) = cx.store.cells(&wave.id).await?.into_iter().find(|cell| cell.id == EVERYTHING) else { continue };
        let rows = cx.store.tally(&wave.id).await?;
        if let Some((level, _)) = one(Counted { rules: &rules, rows: &rows }, &whole.id, whole.invited, SAFETY) {
            newest.get_or_insert(wave.id);
            values.push(level);
        }
        if values.len() == 3 {
            break;
        }
    }
    let (Some(wave), Some(why)) = (newest, harm(&values)) else { return Ok(None) };
    let discussed = cx.store.was_audited(Audited::TalkedAbout, &wave).await?;
    Ok(Some(SafetyState { wave, why, discussed }))
}

/// Why targets may do harm, by the Safety of waves, the newest first. Where all are of one mind there is no score: then a favourable share
/// of at most 40 % is as bad.
fn harm(levels: &[Level]) -> Option<String> {
    let values: Vec<f64> = levels.iter().map_while(|level| level.score()).map(|score| score.value).collect();
    match (levels, values.as_slice()) {
        ([Level::Rough(rough), ..], _) if rough.middle() < ROUGHLY_SAFE => {
            Some(format!("Safety of metrics is good for {} only", rough.words()))
        }
        (_, [now, ..]) if *now < SAFE => Some(format!("Safety of metrics is {now:.0} of 100, under {SAFE:.0}")),
        (_, [now, before, first, ..]) if now < before && before < first => {
            Some(format!("Safety of metrics fell twice running, from {first:.0} to {before:.0} to {now:.0} of 100"))
        }
        _ => None,
    }
}

/// A line for where targets are shown; none where all is well, or it was talked about.
pub async fn banner(cx: &Cx) -> Result<Option<Line>, Failure> {
    let told = |state: SafetyState| {
        Line::default()
            .strong("Mind the targets: ")
            .and(format!("{}. Talk about it before you aim at numbers: ", state.why))
            .code("/metrics pulse perception")
    };
    Ok(safety(cx).await?.filter(|state| !state.discussed).map(told))
}

/// Why no new target is taken now.
pub async fn holds_targets(cx: &Cx) -> Result<Option<String>, Failure> {
    let told = |state: SafetyState| {
        format!(
            "{}, so no new target is taken until it was talked about: an admin records that with the button below `/metrics pulse perception`.",
            state.why
        )
    };
    Ok(safety(cx).await?.filter(|state| !state.discussed).map(told))
}

/// The questions of one of the three; none where a wave did not ask all of them.
fn asked(rules: &Rules, which: usize) -> Vec<&Item> {
    let ids = THREE[which].1;
    let items: Vec<&Item> = rules.rated().filter(|item| ids.contains(&item.id.as_str())).collect();
    if items.len() == ids.len() { items } else { Vec::new() }
}

fn one(counted: Counted<'_>, cell: &str, invited: u64, which: usize) -> Option<(Level, Count)> {
    let items = asked(counted.rules, which);
    if items.is_empty() { None } else { counted.level(cell, invited, &items) }
}

fn three(closed: &Closed, group: &Group) -> Three {
    let counted = Counted { rules: &closed.frozen.rules, rows: &closed.rows };
    [0, 1, SAFETY].map(|which| one(counted, &group.id, group.invited, which))
}

/// `pulse perception`.
pub async fn run(cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    Ok(Reply::Card(Box::new(card(cx, &ask.scope).await?)))
}

/// A wave that asked, and the cell that is meant in it.
async fn waves(cx: &Cx, scope: &Scope) -> Result<Vec<(Closed, usize)>, Failure> {
    let mut found = Vec::new();
    for (wave, _) in closed_waves(cx).await?.into_iter().take(WAVES) {
        let Some(closed) = Closed::read(cx, &wave).await? else { continue };
        let wanted = match scope {
            Scope::Team(id) => closed.frozen.tree.find(id),
            _ => closed.survey.root.is_none().then_some(0),
        };
        let home = wanted.and_then(|node| closed.frozen.tree.path(node).find(|at| closed.group(*at).is_some()));
        if let Some(node) = home.filter(|node| closed.seen(cx)[*node])
            && closed.group(node).is_some_and(|group| three(&closed, group).iter().any(Option::is_some))
        {
            found.push((closed, node));
        }
    }
    Ok(found)
}

async fn card(cx: &Cx, scope: &Scope) -> Result<Card, Failure> {
    let waves = waves(cx, scope).await?;
    let zone = cx.org.org.zone_for(scope);
    let title = "Perception of metrics".to_owned();
    let command = "pulse".to_owned(); // by name: the table of commands holds this function
    let notes = vec![
        Line::plain(
            "Trust: the numbers match what people see, they can explain them, comparisons take context into account. Usefulness: \
                     they helped decide, a misleading one can be changed. Safety: not pushed, not used against somebody, no work split for them.",
        ),
        Line::plain(format!(
            "Each is the mean of its questions on 0 to 100, higher is better, under the same guards as every result. Safety under {SAFE:.0}, or \
             lower twice running, holds back new targets until it was talked about."
        )),
    ];
    let Some(((closed, node), earlier)) = waves.split_first() else {
        let verdict = Line::plain("No survey that asked about the metrics themselves has a result that you may see yet.");
        return Ok(Card { command, title, verdict, zone: Some(zone), notes, ..Card::default() });
    };
    let Some(group) = closed.group(*node) else { return Err(anyhow::anyhow!("a cell that was there is gone").into()) };
    let now = three(closed, group);
    let mut parts = vec![Part::Figures(THREE.iter().zip(&now).map(|((name, _), level)| figure(name, level.as_ref())).collect())];
    let state = safety(cx).await?;
    if let Some(state) = &state {
        let told = if state.discussed { ". It was talked about." } else { ". New targets wait until it was talked about." };
        parts.push(Part::Text(Line::default().strong("Mind the targets: ").and(state.why.clone()).and(told)));
    }
    let mut measures = measured(closed, group, &now);
    if when::day_over(closed.closed_at, cx.now) {
        let (below, _) = closed.below(cx, *node);
        measures.extend(below.iter().flat_map(|group| measured(closed, group, &three(closed, group))));
        let rows: Vec<Vec<String>> = below.into_iter().map(|group| row(group.label.clone(), &three(closed, group))).collect();
        if !rows.is_empty() {
            parts.extend([Part::Heading("By group".into()), Part::Table(table("Group", rows))]);
        }
    }
    // Its own past: the same cell, not what it was part of.
    let own: Vec<&(Closed, usize)> = earlier.iter().filter(|(past, at)| past.frozen.tree.nodes()[*at].id == group.id).collect();
    let groups = own.iter().filter_map(|(past, at)| Some((past, past.group(*at)?)));
    measures.extend(groups.flat_map(|(past, group)| measured(past, group, &three(past, group))));
    let past: Vec<Vec<String>> = std::iter::once((closed, *node))
        .chain(own.into_iter().map(|(past, at)| (past, *at)))
        .filter_map(|(past, at)| Some(row(words::day(past.wave.closes_on, closed.wave.closes_on), &three(past, past.group(at)?))))
        .collect();
    if past.len() > 1 {
        parts.extend([Part::Heading("Over waves".into()), Part::Table(table("Closed", past))]);
    }
    let may_talk = cx.asker.as_ref().is_some_and(|asker| asker.admin);
    let waiting = state.filter(|state| !state.discussed && may_talk);
    let buttons =
        waiting.map(|state| Button { label: "We talked about it".into(), action: TALKS.into(), value: state.wave, primary: true });
    let said = THREE
        .iter()
        .zip(&now)
        .map(|((name, _), level)| format!("{name} {}", level.as_ref().map_or("not shown".into(), |it| in_short(it.0))));
    let verdict = format!("{}: {}.", group.label, words::join(&said.collect::<Vec<_>>()));
    let mut data = serde_json::Map::new();
    let of_now = THREE.iter().zip(&measures).map(|((name, _), measure)| (name.to_lowercase(), measure.clone()));
    data.extend(of_now.collect::<Vec<_>>());
    data.insert("measures".into(), measures.into());
    Ok(Card {
        command,
        title: format!("{title} - {} - closed {}", group.label, words::date(closed.closed_at, cx.now, zone)),
        scope: scope.clone(),
        verdict: Line::plain(verdict),
        parts,
        zone: Some(zone),
        notes,
        buttons: buttons.into_iter().collect(),
        data,
        ..Card::default()
    })
}

/// The three of a group in a wave, as JSON and as rows of the CSV.
fn measured(closed: &Closed, group: &Group, three: &Three) -> Vec<serde_json::Value> {
    let one = |(at, (name, _)): (usize, &(&str, _))| {
        let level = three[at];
        let exact = level.and_then(|it| it.0.score());
        serde_json::json!({"label": group.label, "wave": closed.wave.id, "closed_on": closed.wave.closes_on, "measure": name.to_lowercase(),
            "n": level.map(|it| it.1.least()), "n_is": level.map(|it| count_is(it.1)), "score": exact.map(|it| it.value),
            "interval": exact.map(|it| it.interval), "band": level.filter(|it| it.0.score().is_none()).map(|it| in_short(it.0)),
            "suppressed": level.is_none()})
    };
    THREE.iter().enumerate().map(one).collect()
}

fn figure(name: &str, level: Option<&(Level, Count)>) -> Figure {
    let value = level.map_or_else(
        || "not shown".to_owned(),
        |(level, _)| match level {
            Level::Exact(score) => format!("{:.0} of 100", score.value),
            Level::Rough(rough) => format!("{} favourable", rough.words()),
        },
    );
    let interval = level.and_then(|it| it.0.score()).filter(|it| it.interval[1] - it.interval[0] >= 1.0);
    let interval = interval.map(|it| format!(", 95 % {:.0} to {:.0}", it.interval[0], it.interval[1]));
    let detail = level.map(|(_, n)| format!("n {}{}", n.words(), interval.unwrap_or_default()));
    Figure { name: name.into(), value, detail: detail.unwrap_or_default(), ..Figure::default() }
}

fn row(first: String, three: &Three) -> Vec<String> {
    let said = three.iter().map(|level| level.as_ref().map_or_else(|| "not shown".to_owned(), |it| in_short(it.0)));
    std::iter::once(first).chain(said).collect()
}

fn table(first: &str, rows: Vec<Vec<String>>) -> Table {
    let columns = std::iter::once(first).chain(THREE.map(|(name, _)| name)).map(str::to_owned).collect();
    Table { columns, numeric: vec![false, true, true, true], rows, more: None }
}

async fn talked(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    if !cx.asker.as_ref().is_some_and(|asker| asker.admin) {
        let hint = "Ask an admin to press it once you did.";
        return Err(UserError::new(Kind::NotAllowed, "An admin records that it was talked about.", hint).into());
    }
    let state = safety(cx).await?.filter(|state| state.wave == press.value);
    if let Some(state) = state.filter(|state| !state.discussed) {
        cx.store.audit(Audited::TalkedAbout, Some(&state.wave), &cx.now.to_string()).await?;
    }
    Ok(Effect::Replace(Box::new(card(cx, &Scope::Organisation).await?)))
}

#[cfg(test)]
mod tests {
    use super::super::results::compute::Rough;
    use super::*;
    use crate::domain::survey::items::shipped;
    use crate::domain::survey::score::Score;

    #[test]
    fn low_or_twice_lower_safety_holds_targets_back() {
        let exact = |value: f64| Level::Exact(Score { value, interval: [value, value] });
        let check = |values: &[f64], expect: Option<&str>| {
            let told = harm(&values.iter().copied().map(exact).collect::<Vec<_>>());
            assert!(
                told.as_deref().map_or(expect.is_none(), |told| expect.is_some_and(|expect| told.contains(expect))),
                "{values:?} {told:?}"
            );
        };
        check(&[], None);
        check(&[60.0], None);
        check(&[59.9], Some("under 60"));
        check(&[70.0, 75.0], None);
        check(&[70.0, 75.0, 80.0], Some("from 80 to 75 to 70"));
        check(&[70.0, 75.0, 75.0], None);
        check(&[76.0, 75.0, 80.0], None);
        let rough = |rough: Rough| harm(&[Level::Rough(rough), exact(10.0)]);
        assert!(rough(Rough::Low).is_some_and(|told| told.contains("at most 10 %")) && rough(Rough::High).is_none());
    }

    #[test]
    fn the_three_ask_every_rated_question_about_metrics_once() {
        let asked: Vec<String> =
            shipped().into_iter().filter(|it| it.id == "metrics").flat_map(|it| it.items).filter(Item::rated).map(|it| it.id).collect();
        let mut used: Vec<&str> = THREE.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
        used.sort_unstable();
        let mut all: Vec<&str> = asked.iter().map(String::as_str).collect();
        all.sort_unstable();
        assert_eq!(used, all);
    }
}

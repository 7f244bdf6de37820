//! One improvement in full: for each metric the verdict, the weeks as a picture with the start marked, and what else happened since.

use super::told::{Moved, Told, tell};
use super::{END, REMOVE, change, improvement, within};
use crate::domain::ask::Ask;
use crate::domain::card::{Button, Card, Line, Metric, Part, Place, Scope};
use crate::domain::chart::{Chart, Lines, Steps};
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::domain::window::Window;
use crate::domain::words;
use crate::error::Failure;
use crate::features::trend::compute;
use crate::features::{Cx, receipts, retro};
use crate::store::receipts::Receipt;

/// How long before the start something else may have happened that matters.
const BEFORE: i64 = 4 * WEEK;

/// The answer, with its receipt.
pub async fn answer(cx: &Cx, id: &str) -> Result<Card, Failure> {
    let told = tell(cx, improvement(cx, id).await?, cx.now, &cx.org.org).await?;
    let receipt = receipt(cx, &told.improvement.scope, &["improvement", &told.improvement.id], std::slice::from_ref(&told)).await?;
    let mut card = card(cx, &told, &receipt, &cx.org.org).await?;
    cx.store.keep_receipt(receipt).await?;
    if change::may(cx, &told.improvement) {
        card.buttons.extend(own_buttons(&told));
    }
    Ok(card)
}

/// The answer to who has just declared it.
pub async fn declared(cx: &Cx, id: &str) -> Result<Card, Failure> {
    let card = answer(cx, id).await?;
    let verdict = Line(Line::plain("Declared. ").0.into_iter().chain(card.verdict.0).collect());
    Ok(Card { verdict, ..card })
}

fn own_buttons(told: &Told) -> Vec<Button> {
    let id = &told.improvement.id;
    let button = |label: &str, action: &str| Button { label: label.into(), action: action.into(), value: id.clone(), primary: false };
    let end = told.improvement.ended_at.is_none().then(|| button("End it", END.name));
    end.into_iter().chain([button("Remove it", REMOVE.name)]).collect()
}

/// The receipt of an answer that tells of improvements: its period begins with the first week before any of them.
pub async fn receipt(cx: &Cx, scope: &Scope, asked: &[&str], told: &[Told]) -> Result<Receipt, Failure> {
    let zone = cx.org.org.zone_for(scope);
    let first =
        told.iter().flat_map(|it| it.metrics.iter().filter_map(|moved| moved.before.from.first()).chain([&it.improvement.starts_at]));
    let from = first.min().copied().unwrap_or(cx.now.plus(-52 * WEEK));
    let window = Window { from, to: cx.now, zone, label: String::new() };
    let window = Window { label: window.instants(), ..window };
    let words = asked.iter().map(|word| (*word).to_owned()).collect();
    let ask = Ask { command: super::NAME.into(), scope: scope.clone(), window, window_named: false, words };
    let metrics: Vec<Metric> = told.iter().flat_map(Told::figures).collect();
    receipts::receipt(cx, &ask, &metrics).await
}

/// Buttons below an answer with improvements, which has no period to change.
pub fn buttons(receipt: &Receipt) -> Vec<Button> {
    receipts::buttons(&receipt.id, None).into_iter().filter(|button| button.action != "period").collect()
}

/// The card.
pub async fn card(cx: &Cx, told: &Told, receipt: &Receipt, org: &Org) -> Result<Card, Failure> {
    let it = &told.improvement;
    let (zone, name) = (receipt.window.zone, org.scope_name(&it.scope));
    let date = |at: At| words::date(at, told.until, zone);
    let mut parts = Vec::new();
    if !it.done.is_empty() {
        parts.push(Part::Text(Line::default().strong("Done: ").and(&it.done)));
    }
    for moved in &told.metrics {
        parts.push(Part::Heading(moved.definition.name.into()));
        parts.push(Part::Text(Line::plain(moved.sentence(told, org))));
        parts.extend(chart(moved, told, &name, receipt).map(Part::Chart));
    }
    // Only Slack puts a name in the place of its id.
    let by = Line::plain("Declared by ").mention(&it.author).and(format!(" on {}.", date(it.declared_at)));
    let on = Line::plain(format!("Declared on {}.", date(it.declared_at)));
    parts.push(Part::Only(&[Place::Message], vec![Part::Text(by)]));
    parts.push(Part::Only(&[Place::Picture, Place::Page], vec![Part::Text(on)]));
    let happened = happened(cx, told, org).await?;
    if !happened.is_empty() {
        parts.push(Part::Heading("What else happened".into()));
        parts.push(Part::List(happened.into_iter().map(|(at, what)| Line::plain(format!("{}: {what}", date(at)))).collect(), None));
    }
    let mut members = serde_json::Map::new();
    members.insert("improvements".into(), [told.data()].into_iter().collect());
    let ended = it.ended_at.map_or_else(String::new, |at| format!(", ended on {}", date(at)));
    let verdict = Line::default().strong(told.headline()).and(": ").strong(&it.name).and(format!(
        ", since {}{ended}, should bring {}.",
        date(it.starts_at),
        told.aims()
    ));
    Ok(Card {
        command: super::NAME.into(),
        title: format!("Improvement - {} - {}", words::capitalised(&name), date(it.starts_at)),
        scope: it.scope.clone(),
        window: Some(receipt.window.clone()),
        verdict,
        parts,
        metrics: told.figures(),
        notes: notes(),
        health: cx.health(cx.now).await?,
        receipt: Some(receipt.id.clone()),
        buttons: buttons(receipt),
        data: members,
        ..Card::default()
    })
}

fn notes() -> Vec<Line> {
    let frozen = "The weeks before the start are as they were known when it was declared: what arrived later does not move them. Whole weeks, Monday to Sunday.";
    let cause = "That a level moved does not tell what moved it: other things happened at the same time.";
    vec![Line::plain(frozen), Line::plain(cause), Line::plain("All of them: ").code("/metrics goals")]
}

/// The weeks before and since as one line, with the start marked.
fn chart(moved: &Moved, told: &Told, name: &str, receipt: &Receipt) -> Option<Chart> {
    let mut weeks: Vec<At> = moved.before.from.iter().chain(&moved.after.from).copied().collect();
    weeks.sort_unstable();
    let points: Vec<(At, f64)> = moved.before.points().into_iter().chain(moved.after.points()).collect();
    let values = weeks.iter().map(|week| points.iter().find(|(at, _)| at == week).map(|(_, value)| *value)).collect();
    let steps = Steps::time(weeks.iter().copied(), receipt.window.zone);
    let lines = Lines::new(moved.definition.unit, steps, words::capitalised(name), values).mark(told.improvement.starts_at, "start");
    (points.len() > 1).then(|| Chart::new(moved.definition.name, lines).subtitle("by week"))
}

/// What else happened from four weeks before the start on: other improvements, what teams noted, services that came and went.
async fn happened(cx: &Cx, told: &Told, org: &Org) -> Result<Vec<(At, String)>, Failure> {
    let it = &told.improvement;
    let (from, to) = (it.starts_at.plus(-BEFORE), told.until);
    let window = Window { from, to, zone: org.zone_for(&it.scope), label: String::new() };
    let others = within(cx, &it.scope, to, org).await?.into_iter().filter(|other| other.id != it.id && window.holds(other.starts_at));
    let mut all: Vec<(At, String)> = others.map(|other| (other.starts_at, format!("the improvement \"{}\" began", other.name))).collect();
    let notes = retro::noted(cx, &it.scope, from, to.plus(-1)).await?;
    all.extend(notes.into_iter().map(|note| (note.at, format!("noted: {}", note.decision))));
    all.extend(compute::marks(org, &it.scope, &window).into_iter().map(|mark| (mark.at, mark.what)));
    all.sort();
    Ok(all)
}

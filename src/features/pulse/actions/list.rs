//! `pulse actions`: what is open by team, overdue first; what waits for an action; what was done last.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{ADD, category_name, cell_name, may_add, may_change, reminder, scope_of, unanswered};
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::org::EVERYTHING;
use crate::domain::words;
use crate::error::Failure;
use crate::features::typed::today;
use crate::features::{Cx, access};
use crate::store::survey::{ActionItem, Standing, Wave};

/// Open actions that are shown with buttons, and ended ones that are shown.
const OPEN: usize = 15;
const ENDED: usize = 5;

/// The card of what concerns a scope: the groups within it, and those above it.
pub async fn load(cx: &Cx, scope: &Scope) -> Result<Card, Failure> {
    access::check_teams(cx, scope)?;
    let org = &cx.org.org;
    let sight = access::Sight::of(cx);
    let concerns = |cell: &str| {
        let teams = scope.teams();
        let near = |team: &String| access::belongs(org, cell, team) || access::belongs(org, team, cell);
        (teams.is_empty() || cell == EVERYTHING || teams.iter().any(near)) && !sight.hides_team(cell)
    };
    let all: Vec<ActionItem> = cx.store.actions().await?.into_iter().filter(|it| concerns(&it.node)).collect();
    let mut parts = waiting(cx, &concerns).await?;
    let now = |it: &ActionItem| today(cx, &scope_of(&it.node));
    let mut open: Vec<(String, &ActionItem)> =
        all.iter().filter(|it| it.standing == Standing::Open).map(|it| (cell_name(cx, &it.node), it)).collect();
    open.sort_by(|(one, a), (two, b)| (one, &a.node, a.due, &a.id).cmp(&(two, &b.node, b.due, &b.id)));
    let overdue = open.iter().filter(|(_, it)| it.due < now(it)).count();
    let mut last = None;
    for (name, it) in open.iter().take(OPEN) {
        if last != Some(&it.node) {
            parts.push(Part::Heading(name.clone()));
            last = Some(&it.node);
        }
        parts.push(Part::Text(line(cx, it, now(it))));
        if may_change(cx, it) {
            parts.push(Part::Buttons(reminder::buttons(&it.id)));
        }
    }
    if open.len() > OPEN {
        let more = words::count((open.len() - OPEN) as u64, "more is open", "more are open");
        parts.push(Part::Text(Line::plain(format!("{more}: ")).code("/metrics pulse actions team:NAME").and(" shows one team's.")));
    }
    parts.extend(ended("Done and dropped lately", cx, &all, |it| it.settled_on.is_some()));
    parts.extend(ended("No action, because", cx, &all, |it| it.standing == Standing::None));
    let scope_name = words::capitalised(&org.scope_name(scope));
    let notes = if scope.teams().is_empty() {
        Vec::new()
    } else {
        vec![Line::plain("Of your groups and those above them. ").code("/metrics pulse actions team:all").and(" shows every team's.")]
    };
    let mut data = serde_json::Map::new();
    data.insert("actions".into(), all.iter().map(|it| row(cx, it)).collect());
    Ok(Card {
        command: "pulse".into(),
        title: format!("You said, we do - {scope_name}"),
        scope: scope.clone(),
        verdict: verdict(open.len() as u64, overdue as u64, all.is_empty()),
        parts,
        notes,
        data,
        ..Card::default()
    })
}

fn verdict(open: u64, overdue: u64, nothing: bool) -> Line {
    match (open, overdue) {
        _ if nothing => "Nothing was promised yet. After a survey each group says what it will do, or why it does nothing.".into(),
        (0, _) => "No action is open.".into(),
        (open, 0) => Line::plain(format!("{}, none of them overdue.", words::count(open, "action is open", "actions are open"))),
        (open, overdue) => Line::plain(format!("{}, ", words::count(open, "action is open", "actions are open")))
            .strong(format!("{} overdue", words::number(overdue)))
            .and("."),
    }
}

fn line(cx: &Cx, it: &ActionItem, today: NaiveDate) -> Line {
    let due = words::day(it.due, today);
    let line = Line::default().strong(&it.text).and(format!(" · {} · ", category_name(cx, &it.category))).mention(&it.owner);
    match it.standing {
        Standing::Open if it.due < today => line.and(" · ").strong(format!("overdue since {due}")),
        Standing::Open => line.and(format!(" · due {due}")),
        Standing::Done => line.and(" · done"),
        Standing::Dropped => line.and(format!(" · dropped: {}", it.why)),
        Standing::None => Line::plain(format!("{}: {}", category_name(cx, &it.category), it.text)),
    }
}

/// The last of those that ended so.
fn ended(heading: &str, cx: &Cx, all: &[ActionItem], is_one: impl Fn(&ActionItem) -> bool) -> Vec<Part> {
    let mut some: Vec<&ActionItem> = all.iter().filter(|it| is_one(it)).collect();
    some.sort_by_key(|it| std::cmp::Reverse((it.settled_on, it.due, it.id.clone())));
    some.truncate(ENDED);
    if some.is_empty() {
        return Vec::new();
    }
    let said = |it: &&ActionItem| {
        let mut said = Line::plain(format!("{}: ", cell_name(cx, &it.node)));
        said.0.extend(line(cx, it, it.due).0);
        said
    };
    vec![Part::Heading(heading.into()), Part::List(some.iter().map(said).collect(), None)]
}

/// Waves after which nothing was promised, with the way to do so where the asker may.
async fn waiting(cx: &Cx, concerns: &impl Fn(&str) -> bool) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    for survey in cx.store.surveys().await? {
        let root = survey.root.as_deref().unwrap_or(EVERYTHING);
        let Some(wave) = unanswered(cx, &survey.id).await?.filter(|_| concerns(root)) else { continue };
        let line = Line::strong(Line::default(), &survey.title)
            .and(" closed, and nothing was promised yet. The next survey waits for one action, or for the reason why there is none.");
        parts.push(match cell(cx, &wave).await? {
            Some(cell) => {
                let value = format!("{} {cell}", wave.id);
                Part::Beside(line, Button { label: "Add an action".into(), action: ADD.name.into(), value, primary: true })
            }
            None => Part::Text(line),
        });
    }
    Ok(parts)
}

/// The smallest group that was shown for which the asker may write an action.
async fn cell(cx: &Cx, wave: &Wave) -> Result<Option<String>, Failure> {
    let Some(frozen) = cx.store.frozen_wave(&wave.id).await? else { return Ok(None) };
    let cells = cx.store.cells(&wave.id).await?;
    let depth = |id: &str| frozen.tree.find(id).map_or(0, |node| frozen.tree.depth(node));
    let admin = cx.asker.as_ref().is_some_and(|asker| asker.admin);
    let mine = cells.iter().map(|cell| cell.id.as_str()).filter(|cell| may_add(cx, &frozen, cell));
    let best = if admin { mine.min_by_key(|id| depth(id)) } else { mine.max_by_key(|id| depth(id)) };
    Ok(best.map(str::to_owned))
}

fn row(cx: &Cx, it: &ActionItem) -> Value {
    let person = cx.org.org.who(&it.owner, None).unwrap_or(&it.owner);
    json!({"id": it.id, "team": cell_name(cx, &it.node), "text": it.text, "owner": it.owner, "person": person, "due": it.due, "state": it.standing.word(), "category": it.category,
        "cell": it.node, "wave": it.wave, "why": Some(&it.why).filter(|why| !why.is_empty()), "settled_on": it.settled_on})
}

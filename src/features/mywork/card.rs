//! The card of `mywork`: how much is in progress and where it leads, then each item, then the asker's open changes.

use serde_json::{Value, json};

use super::compute::{Lead, MyWork, Own, Row, Way};
use crate::domain::card::{Button, Card, Line, Part, SourceHealth};
use crate::domain::org::{Org, Project};
use crate::domain::time::SECOND;
use crate::domain::window::Window;
use crate::domain::words;
use crate::features::waiting::card::named;

/// Items in progress that are listed, and items not begun.
const BEGUN: usize = 12;
const NEXT: usize = 5;

/// The card; `who` says by which names it looked, `instant` when.
pub fn card(work: &MyWork, org: &Org, who: Line, instant: Window, health: Vec<SourceHealth>) -> Card {
    let mut parts = Vec::new();
    for (heading, rows, most) in [("In progress", &work.begun, BEGUN), ("Assigned to you, not begun", &work.next, NEXT)] {
        if rows.is_empty() {
            continue;
        }
        parts.push(Part::Heading(heading.into()));
        parts.push(Part::List(rows.iter().take(most).map(|row| line(row, org)).collect(), None));
        if rows.len() > most {
            parts.push(Part::Text(Line::plain(format!("and {} more.", rows.len() - most))));
        }
    }
    if work.rows().any(|row| row.lead == Lead::Nowhere) {
        parts.push(Part::Text(connect(&work.ways, org)));
    }
    if !work.changes.is_empty() {
        parts.push(Part::Heading("Your open changes".into()));
        parts.push(Part::List(work.changes.iter().map(change).collect(), None));
    }
    let mut data = serde_json::Map::new();
    data.insert("items".into(), work.rows().map(|row| row_json(row, org)).collect());
    data.insert("changes".into(), work.changes.iter().map(change_json).collect());
    Card {
        command: "mywork".into(),
        title: "Your work".into(),
        window: Some(instant),
        verdict: verdict(work, org),
        parts,
        notes: vec![who, Line::plain("Ages in working time: weekends and holidays do not count. Only you see this.")],
        health,
        buttons: vec![Button { label: "What waits for me".into(), action: "ask".into(), value: "waiting".into(), primary: false }],
        data,
        ..Card::default()
    }
}

fn verdict(work: &MyWork, org: &Org) -> Line {
    let mut said = match work.begun.as_slice() {
        [] => "Nothing of yours is in progress".to_string(),
        [only] => format!("1 item of yours is in progress, for {}", words::working_time(only.age)),
        [oldest, ..] => format!("{} items of yours are in progress, the oldest for {}", work.begun.len(), words::working_time(oldest.age)),
    };
    let nowhere = work.begun.iter().filter(|row| objective(row, org).is_none()).count();
    said.push_str(match (work.begun.len(), nowhere) {
        (0, _) => "",
        (1, 0) => "; it leads to an objective",
        (_, 0) => "; each leads to an objective",
        (1, 1) => "; it leads to no objective",
        (all, none) if all == none => "; none leads to an objective",
        (_, 1) => "; 1 leads to no objective",
        _ => "; some lead to no objective",
    });
    let more = if work.begun.is_empty() { "" } else { "more " };
    let next = match work.next.len() {
        0 => String::new(),
        1 => format!(" 1 {more}is assigned to you and not begun."),
        n => format!(" {n} {more}are assigned to you and not begun."),
    };
    let changes = match work.changes.len() {
        0 => String::new(),
        1 => " 1 change of yours is open.".into(),
        n => format!(" {n} changes of yours are open."),
    };
    Line::plain(format!("{said}.{next}{changes}"))
}

fn project<'a>(row: &'a Row, org: &'a Org) -> Option<(&'a str, &'a Project)> {
    if let Lead::Project(id) = &row.lead { org.projects.get_key_value(id).map(|(id, project)| (id.as_str(), project)) } else { None }
}

/// The name of the objective behind an item.
fn objective<'a>(row: &'a Row, org: &'a Org) -> Option<&'a str> {
    let id = project(row, org)?.1.objective.as_ref()?;
    org.objectives.get(id).map(|objective| objective.name.as_str())
}

fn line(row: &Row, org: &Org) -> Line {
    let item = &row.item;
    let title = item.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
    let line = Line::default().link(title.unwrap_or_else(|| item.own.name()), item.url.as_deref()).and(" · ").code(item.own.name());
    let status = item.status.as_ref().map(|status| status.replace('_', " "));
    let age = row.since.map(|_| words::working_time(row.age));
    let line = [status, age].into_iter().flatten().fold(line, |line, said| line.and(format!(" · {said}")));
    match (project(row, org), objective(row, org)) {
        (Some((_, project)), Some(objective)) => line.and(format!(" · {} → ", project.name)).strong(objective),
        (Some((id, project)), None) => {
            line.and(format!(" · {}, which has no objective: an admin gives ", project.name)).code(id).and(" one")
        }
        (None, _) => line.and(" · leads to no project"),
    }
}

/// What to do about items that lead nowhere.
fn connect(ways: &[Way], org: &Org) -> Line {
    if ways.is_empty() {
        let line = Line::plain("No portfolio project takes items by label or epic yet: an admin declares ");
        return line.code("[[projects]]").and(" with labels or epics in the organisation file.");
    }
    let mut line = Line::default().strong("To connect an item that leads to no project: ");
    for (at, way) in ways.iter().enumerate() {
        line = line.and(if at == 0 { "" } else { "; or " });
        line = match (&way.label, &way.epic) {
            (Some(label), Some(epic)) => line.and("label it ").code(label).and(" or put it under ").code(epic),
            (Some(label), None) => line.and("label it ").code(label),
            (_, epic) => line.and("put it under ").code(epic.as_deref().unwrap_or_default()),
        };
        line = line.and(format!(" ({})", org.projects[&way.project].name));
    }
    line.and(".")
}

fn change(own: &Own) -> Line {
    let item = own.change.item.as_ref().map(|item| format!(" · for {item}")).unwrap_or_default();
    named(&own.change, &format!("{}, {} old{item}", own.standing.words(), words::working_time(own.age)))
}

fn row_json(row: &Row, org: &Org) -> Value {
    let item = &row.item;
    let project = project(row, org);
    json!({"source": item.source, "id": item.own.name(), "title": item.title, "url": item.url, "status": item.status, "begun": row.begun,
        "since": row.since, "working_seconds": row.age / SECOND, "project": project.map(|(id, _)| id),
        "objective": project.and_then(|(_, project)| project.objective.as_ref())})
}

fn change_json(own: &Own) -> Value {
    let change = &own.change;
    json!({"source": change.source, "id": change.id, "repository": change.repository, "title": change.title, "url": change.url,
        "item": change.item, "standing": own.standing.words(), "working_seconds": own.age / SECOND})
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::super::tests::{ORG, hour, item, org, work};
    use super::*;
    use crate::domain::todo::{OpenChange, OpenItem};
    use crate::render;

    fn shown(items: Vec<OpenItem>, changes: Vec<OpenChange>, org: &Org) -> String {
        let instant = Window { from: hour(180), to: hour(180), zone: Tz::UTC, label: String::new() };
        let card = card(&work(items, changes, org), org, Line::plain("Looked for ana."), instant, Vec::new());
        assert!(card.buttons.iter().all(|button| button.action != "share") && card.receipt.is_none());
        render::text(&card, false, 100)
    }

    #[test]
    fn the_card_names_project_and_objective_of_each() {
        let change = OpenChange {
            source: "github".into(),
            id: "acme/pay#4".into(),
            repository: Some("acme/pay".into()),
            title: Some("Store wallets".into()),
            url: Some("https://github.com/acme/pay/pull/4".into()),
            item: Some("PAY-7".into()),
            opened_at: hour(100),
            ..OpenChange::default()
        };
        let mut items = vec![
            item("PAY-7 under PAY-1", 0, Some(9)),
            item("PAY-8 labels safe", 0, Some(60)),
            item("PAY-9", 0, Some(170)),
            item("PAY-10 in wallet", 2, None),
        ];
        items.extend((20..26).map(|number| item(&format!("PAY-{number} in wallet"), 0, None)));
        insta::assert_snapshot!(shown(items, vec![change], &org(ORG)));
        insta::assert_snapshot!(shown(Vec::new(), Vec::new(), &org(ORG)));
        let one = shown(vec![item("PAY-7", 0, Some(9))], Vec::new(), &Org::default());
        assert!(
            one.contains("1 item of yours is in progress, for 5 working days; it leads to no objective.") && one.contains("[[projects]]"),
            "{one}"
        );
    }
}

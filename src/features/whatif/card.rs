//! The card of `whatif`: what would change, both dates of each promise, what the reckoning takes for granted.

use chrono::NaiveDate;
use serde_json::json;

use super::super::forecast::{SAID, rounded, stands};
use super::super::receipts;
use super::Paired;
use crate::domain::card::{Button, Card, Line, Part, SourceHealth, Table};
use crate::domain::forecast::engine::whole_weeks;
use crate::domain::org::Org;
use crate::domain::window::local;
use crate::domain::words;
use crate::store::receipts::Receipt;

/// The card.
pub fn card(paired: &Paired, receipt: &Receipt, org: &Org, health: Vec<SourceHealth>) -> Card {
    let name = words::capitalised(&org.scope_name(&receipt.scope));
    let gained = paired.compared.weeks_gained();
    let mut buttons: Vec<Button> = receipts::buttons(&receipt.id, None).into_iter().filter(|button| button.action != "period").collect();
    buttons.push(Button { label: "Change again".into(), action: "whatif".into(), value: receipt.id.clone(), primary: false });
    let changes = &paired.changes;
    let by_chance = json!({"50": gained[0], "85": gained[1], "95": gained[2]});
    let data = [
        ("changes", json!({"items": changes.items, "people": changes.people, "wip": changes.wip_limit, "drop": changes.drop})),
        ("weeks_gained", by_chance),
        ("speed", json!(paired.compared.speed)),
        ("item_time", json!(paired.compared.item_time)),
    ];
    Card {
        zone: None,
        command: "whatif".into(),
        title: format!("What if - {name} - {}", words::date(paired.now, paired.now, receipt.window.zone)),
        scope: receipt.scope.clone(),
        window: Some(receipt.window.clone()),
        verdict: verdict(paired, receipt, &name),
        parts: vec![Part::Table(table(paired, receipt)), Part::List(granted(paired).into_iter().map(Line::plain).collect(), None)],
        metrics: receipt.metrics.clone(),
        notes: vec![Line::plain(
            "Both answers come from the same past weeks, so that what differs is the change alone. It is arithmetic, not a promise.",
        )],
        health,
        receipt: Some(receipt.id.clone()),
        buttons,
        data: data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn by(paired: &Paired, receipt: &Receipt, date: Option<NaiveDate>) -> String {
    let today = local::wall(receipt.window.zone, paired.now).date();
    date.map_or_else(|| "not within a year".into(), |date| words::day(date, today))
}

/// "3 weeks earlier".
fn moved(gained: Option<i64>, [now, then]: [Option<NaiveDate>; 2]) -> String {
    let weeks = |count: i64| words::count(count.unsigned_abs(), "week", "weeks");
    match (gained, now, then) {
        (Some(0), ..) | (None, None, None) => "no difference".into(),
        (Some(gained), ..) => format!("{} {}", weeks(gained), if gained > 0 { "earlier" } else { "later" }),
        (None, None, _) => "within a year now".into(),
        (None, ..) => "no longer within a year".into(),
    }
}

/// What would be otherwise, in words.
fn changes(paired: &Paired) -> String {
    let changes = &paired.changes;
    let more = |count: f64| if count > 0.0 { "more" } else { "fewer" };
    let mut said = Vec::new();
    if changes.items != 0 {
        said.push(format!("{} {}", words::count(u64::from(changes.items.unsigned_abs()), "item", "items"), more(f64::from(changes.items))));
    }
    if changes.people.abs() > 0.0 {
        let people = changes.people.abs();
        let noun = if (people - 1.0).abs() < 1e-9 { "person" } else { "people" };
        said.push(format!("{} {noun} {}", words::short(people), more(changes.people)));
    }
    said.extend(changes.wip_limit.map(|limit| format!("at most {} in work", words::count(u64::from(limit), "item", "items"))));
    said.extend((!paired.dropped.is_empty()).then(|| format!("without {}", words::join(&paired.dropped))));
    words::join(&said)
}

fn verdict(paired: &Paired, receipt: &Receipt, name: &str) -> Line {
    let [now, then] = [&paired.compared.now, &paired.compared.then].map(|dates| paired.forecast.days(dates)[1]);
    if paired.changes.is_none() {
        return Line::plain(format!("{name}: nothing is changed, so nothing differs: likely done by {} (85 %).", by(paired, receipt, now)));
    }
    let difference = moved(paired.compared.weeks_gained()[1], [now, then]);
    let line = Line::plain(format!("{name} with {}: likely done by {} (85 %), ", changes(paired), by(paired, receipt, then)));
    let line = line.strong(difference).and(format!(" (now {}).", by(paired, receipt, now)));
    let Some(due) = paired.forecast.due().filter(|due| *due > paired.now) else { return line };
    let week = whole_weeks(paired.forecast.capacity.weeks_until(paired.now, due));
    let day = words::date(due.plus(-1), paired.now, receipt.window.zone);
    let [before, after] = [&paired.compared.now, &paired.compared.then].map(|dates| rounded(dates.chance_by(week)));
    line.and(format!(" Due {day}: {}, {} to meet it, now {}.", stands(after), words::percent(after), words::percent(before)))
}

fn table(paired: &Paired, receipt: &Receipt) -> Table {
    let [now, then] = [&paired.compared.now, &paired.compared.then].map(|dates| paired.forecast.days(dates));
    let gained = paired.compared.weeks_gained();
    let row = |at: usize| {
        let dates = [now[at], then[at]];
        vec![SAID[at].to_owned(), by(paired, receipt, now[at]), by(paired, receipt, then[at]), moved(gained[at], dates)]
    };
    let columns = ["Done by", "As it stands", "Changed", "Difference"].map(str::to_owned).to_vec();
    Table { columns, numeric: vec![false; 4], rows: (0..3).map(row).collect(), more: None }
}

/// What the reckoning takes for granted.
fn granted(paired: &Paired) -> Vec<String> {
    let (changes, compared) = (&paired.changes, &paired.compared);
    let mut said = Vec::new();
    if changes.items != 0 {
        said.push("Items are taken as alike: as many of the usual size.".to_owned());
    }
    if changes.people.abs() > 0.0 {
        said.push("People change the pace in proportion, which is the most they can: new ones slow a team down first.".to_owned());
    }
    if changes.wip_limit.is_some() {
        let each = compared
            .item_time
            .map_or_else(String::new, |time| format!(" An item takes {} of the time it takes now.", words::percent(time)));
        said.push(format!(
            "A limit leaves the pace alone while everybody has an item to work on, and takes it away in proportion below that.{each}"
        ));
    }
    if !paired.dropped.is_empty() {
        said.push(format!(
            "What is dropped leaves its share of finished items to this project: the pace is {} times what it is.",
            words::short(compared.speed)
        ));
    }
    if said.is_empty() {
        said.push("Say what would be otherwise: items, people, a limit of work, a project dropped.".to_owned());
    }
    said
}

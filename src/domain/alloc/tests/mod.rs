//! Tests of `alloc v1`: its rules one by one, its properties, its bands and alerts.

mod properties;
mod rules;
mod shown;

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::*;

pub(super) fn day(text: &str) -> NaiveDate {
    format!("2026-11-{text}").parse().unwrap()
}

/// Somebody who works Monday to Friday from 2 to 27 November 2026.
pub(super) fn worker(id: &str) -> Worker {
    let weekday = |date: NaiveDate| chrono::Datelike::weekday(&date).num_days_from_monday() < 5;
    Worker { id: id.into(), bot: false, days: person_days([day("02"), day("28")], None, &[], weekday) }
}

/// One signal: who (several by `+`), day, time, kind, item; a change of the item's name where a change is part of it.
pub(super) fn signal(who: &str, date: &str, time: &str, kind: Kind, item: &str) -> Signal {
    let at = format!("2026-11-{date}T{time}:00").parse().unwrap();
    let has_change = !matches!(kind, Kind::Comment | Kind::Transition);
    Signal {
        people: who.split('+').map(str::to_owned).collect(),
        at,
        kind,
        item: item.into(),
        change: has_change.then(|| format!("change of {item}")),
    }
}

pub(super) fn item(id: &str, parent: Option<&str>) -> Item {
    Item { id: id.into(), parent: parent.map(str::to_owned), ..Item::default() }
}

pub(super) fn project(id: &str, epics: &[&str], category: Option<Category>) -> Project {
    Project { id: id.into(), epics: epics.iter().map(|epic| (*epic).to_owned()).collect(), category, ..Project::default() }
}

/// The ledger of people with what they comment on, each day of the week from 2 November 2026: "A", "AB" are portfolio projects, of which "C"
/// is unplanned; "x" is none, "-" nothing.
pub(in crate::domain) fn commented(people: &[(&str, [&str; 5])]) -> Ledger {
    let mut input = Input::default();
    for (who, days) in people {
        input.workers.push(Worker { days: worker(who).days[..5].to_vec(), ..worker(who) });
        for (date, items) in ["02", "03", "04", "05", "06"].iter().zip(days) {
            input
                .signals
                .extend(items.chars().filter(|item| *item != '-').map(|item| signal(who, date, "09:00", Kind::Comment, &item.to_string())));
        }
    }
    let item = |id: &str| Item { unplanned: Some(id == "C"), ..item(id, Some(&format!("E{id}"))) };
    input.items = ["A", "B", "C"].map(item).into();
    input.rules.projects = ["A", "B", "C"].map(|id| project(id, &[&format!("E{id}")], None)).into();
    Ledger::new(&input)
}

/// What a person's day went to: items with micro-days; "?" is unobserved, "~" before an item is inferred.
pub(super) fn of_day(ledger: &Ledger, who: &str, date: NaiveDate) -> BTreeMap<String, i64> {
    let mine = ledger.person_days(|person, on| person == who && on == date).flatten();
    mine.map(|share| {
        let name = share.item.map_or("?", |item| ledger.items[item as usize].id.as_str());
        (format!("{}{name}", if share.inferred { "~" } else { "" }), share.micro)
    })
    .collect()
}

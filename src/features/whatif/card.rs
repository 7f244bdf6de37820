//! The card of `whatif`: what would change, both dates of each promise, what the reckoning takes for granted.

use chrono::NaiveDate;
use serde_json::json;

use super::super::forecast::{SAID, rounded};
use super::super::receipts;
use super::Paired;
use crate::domain::card::{Button, Card, Line, Part, SourceHealth, Table};
use crate::domain::forecast::engine::whole_weeks;
use crate::domain::forecast::prospect::Prospect;
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

/// "3 weeks earlier", said of the changed plan.
fn moved(gained: Option<i64>, [now, then]: [Option<NaiveDate>; 2]) -> String {
    let weeks = |count: i64| words::count(count.unsigned_abs(), "week", "weeks");
    match (gained, now, then) {
        (Some(0), ..) => "no difference".into(),
        (Some(gained), ..) => format!("{} {}", weeks(gained), if gained > 0 { "earlier" } else { "later" }),
        (None, None, None) => "not known".into(),
        (None, None, _) => "comes within a year".into(),
        (None, ..) => "no longer within a year".into(),
    }
}

/// The earliest promise that differs; the likely one where it does, or where none does.
fn told(gained: [Option<i64>; 3], now: [Option<NaiveDate>; 3], then: [Option<NaiveDate>; 3]) -> usize {
    let differs = |at: &usize| gained[*at].map_or(now[*at].is_some() != then[*at].is_some(), |weeks| weeks != 0);
    [1, 0, 2].into_iter().find(differs).unwrap_or(1)
}

/// What becomes of the promised days, where something is changed: "likely done by 3 Feb (85 %), 3 weeks earlier (as it stands 24 Feb)".
fn outcome(
    head: Line,
    gained: [Option<i64>; 3],
    now: [Option<NaiveDate>; 3],
    then: [Option<NaiveDate>; 3],
    say: impl Fn(NaiveDate) -> String,
) -> Line {
    let likely = match (now[1], then[1]) {
        (Some(now), Some(then)) => {
            let difference = moved(gained[1], [Some(now), Some(then)]);
            let line = head.and(format!("likely done by {} (85 %), ", say(then))).strong(difference);
            if now == then { line } else { line.and(format!(" (as it stands by {})", say(now))) }
        }
        (None, Some(then)) => head.and(format!("likely done by {} (85 %), ", say(then))).strong("as it stands not within a year"),
        (Some(now), None) => head.strong("no longer within a year").and(format!(" at 85 % (as it stands by {})", say(now))),
        (None, None) => head.and("not within a year at 85 %, before and after"),
    };
    let at = told(gained, now, then);
    if at == 1 {
        return likely.and(if now[1].or(then[1]).is_none() { "; no earlier promise differs." } else { "." });
    }
    let said = ["as likely as not", "likely", "almost sure"][at];
    match (now[at], then[at]) {
        (now_at, Some(then_at)) => {
            let line = likely.and(format!("; {said} by {}, ", say(then_at))).strong(moved(gained[at], [now_at, Some(then_at)]));
            line.and(now_at.map_or_else(|| ".".to_owned(), |now| format!(" (as it stands by {}).", say(now))))
        }
        (now_at, None) => {
            let line = likely.and(format!("; {said} ")).strong("no longer within a year");
            line.and(now_at.map_or_else(|| ".".to_owned(), |now| format!(" (as it stands by {}).", say(now))))
        }
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
    spoken(&said, &paired.dropped)
}

/// "with 9 items fewer and 1 person more, without Search".
fn spoken(changed: &[String], dropped: &[String]) -> String {
    let with = (!changed.is_empty()).then(|| format!("with {}", words::join(changed)));
    let without = (!dropped.is_empty()).then(|| format!("without {}", words::join(dropped)));
    with.into_iter().chain(without).collect::<Vec<_>>().join(", ")
}

fn verdict(paired: &Paired, receipt: &Receipt, name: &str) -> Line {
    let [now, then] = [&paired.compared.now, &paired.compared.then].map(|dates| paired.forecast.days(dates));
    if paired.changes.is_none() {
        let done =
            now[1].map_or_else(|| "not within a year at 85 %".into(), |_| format!("likely done by {} (85 %)", by(paired, receipt, now[1])));
        return Line::plain(format!("{name}: nothing is changed, so nothing differs: {done}."));
    }
    let say = |day: NaiveDate| by(paired, receipt, Some(day));
    let head = Line::plain(format!("{name} {}: ", changes(paired)));
    let line = outcome(head, paired.compared.weeks_gained(), now, then, say);
    let Some(due) = paired.forecast.due().filter(|due| *due > paired.now) else { return line };
    let week = whole_weeks(paired.forecast.capacity.weeks_until(paired.now, due));
    let day = words::date(due.plus(-1), paired.now, receipt.window.zone);
    let [before, after] = [&paired.compared.now, &paired.compared.then].map(|dates| dates.chance_by(week));
    let [shown, as_it_stands] = [after, before].map(|chance| words::percent(rounded(chance)));
    line.and(format!(" Due {day}: {}, {shown} to meet it, as it stands {as_it_stands}.", Prospect::of(after).words()))
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
        let in_work = paired.forecast.plan.as_ref().map_or(0, |plan| plan.in_work);
        let each = compared
            .item_time
            .filter(|time| (time - 1.0).abs() > 1e-9)
            .map_or_else(String::new, |time| format!(" An item takes {} of the time it takes now.", words::percent(time)));
        said.push(format!(
            "A limit at or above the {in_work} in work changes nothing; a lower one takes pace away as far as fewer people have an item to work on.{each}"
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

#[cfg(test)]
mod tests {
    use super::*;

    fn day(week: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2027, 1, 4).unwrap() + chrono::Days::new(u64::from(week) * 7)
    }

    /// Weeks of the three promises, before and after.
    fn check(now: [Option<u32>; 3], then: [Option<u32>; 3], expect: &str) {
        let gained = std::array::from_fn(|at| Some(i64::from(now[at]?) - i64::from(then[at]?)));
        let said = outcome(Line::default(), gained, now.map(|week| week.map(day)), then.map(|week| week.map(day)), |day| {
            day.format("%-d %b").to_string()
        });
        assert_eq!(said.text(), expect);
    }

    #[test]
    fn the_earliest_promise_that_differs_is_said() {
        check(
            [Some(1), Some(3), None],
            [Some(0), Some(1), None],
            "likely done by 11 Jan (85 %), 2 weeks earlier (as it stands by 25 Jan).",
        );
        check([Some(1), Some(3), None], [Some(1), Some(3), None], "likely done by 25 Jan (85 %), no difference.");
        check(
            [Some(9), None, None],
            [Some(1), None, None],
            "not within a year at 85 %, before and after; as likely as not by 11 Jan, 8 weeks earlier (as it stands by 8 Mar).",
        );
        check(
            [Some(1), None, None],
            [None; 3],
            "not within a year at 85 %, before and after; as likely as not no longer within a year (as it stands by 11 Jan).",
        );
        check(
            [None; 3],
            [Some(1), None, None],
            "not within a year at 85 %, before and after; as likely as not by 11 Jan, comes within a year.",
        );
        check([None; 3], [None; 3], "not within a year at 85 %, before and after; no earlier promise differs.");
        check([Some(1), None, None], [Some(1), Some(2), None], "likely done by 18 Jan (85 %), as it stands not within a year.");
        check([Some(1), Some(2), None], [Some(1), None, None], "no longer within a year at 85 % (as it stands by 18 Jan).");
        check(
            [Some(2), Some(3), None],
            [Some(1), Some(3), None],
            "likely done by 25 Jan (85 %), no difference; as likely as not by 11 Jan, 1 week earlier (as it stands by 18 Jan).",
        );
    }

    #[test]
    fn what_is_dropped_is_never_with_without() {
        let strings = |said: &[&str]| said.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(spoken(&[], &strings(&["Q"])), "without Q");
        assert_eq!(
            spoken(&strings(&["9 items fewer", "1 person more"]), &strings(&["Q"])),
            "with 9 items fewer and 1 person more, without Q"
        );
    }
}

//! The picture of `forecast`: of a project the chance to be done by each week, of a team how many items by each week. Pure.

use super::answer::Asked;
use super::card::day;
use crate::domain::chart::{Chart, Lines, Steps};
use crate::domain::forecast::engine::whole_weeks;
use crate::domain::time::WEEK;
use crate::domain::words;

/// Steps that a picture in Slack has room for.
const MOST: i64 = 20;

/// The weeks that are drawn: all up to the last, or every second, third and so on.
fn weeks(first: i64, last: i64) -> Vec<i64> {
    let apart = (last - first) / MOST + 1;
    (first..=last).filter(|week| (last - week) % apart == 0).collect()
}

/// Draws it.
pub fn chart(asked: &Asked) -> Option<Chart> {
    let (forecast, zone) = (&asked.forecast, asked.window.zone);
    let mut outlook = forecast.outlook.clone().ok()?;
    let at = |week: i64| forecast.now.plus(week * WEEK);
    let ahead = |week: i64| forecast.capacity.weeks_until(forecast.now, at(week));
    let on = |week: i64| words::date(at(week), forecast.now, zone);
    if let Some(dates) = forecast.dates(&mut outlook) {
        let chance = |week: i64| if week == 0 { 0.0 } else { dates.chance_by(whole_weeks(ahead(week))) };
        let last = (1..=52).find(|week| chance(*week) >= 0.95).unwrap_or(52);
        let drawn = weeks(0, last);
        let values = drawn.iter().map(|week| Some(chance(*week))).collect();
        let steps = Steps::time(drawn.iter().map(|week| at(*week)), zone);
        let lines = Lines::new("fraction", steps, words::capitalised(&asked.name), values).target(0.85, "likely");
        let lines = forecast.due().iter().fold(lines, |lines, due| lines.mark(due.plus(-1), "due"));
        let due = forecast.plan.as_ref().and_then(|plan| plan.due).map_or_else(String::new, |due| format!("; due {}", day(asked, due)));
        let said = format!("Chance that all is done: {} by {}; likely is 85 %{due}.", words::percent(chance(last).min(0.99)), on(last));
        return Some(Chart::new("Chance to be done by week", lines).subtitle("all remaining items").saying(said));
    }
    forecast.plan.is_none().then(|| {
        let until = (asked.window.to.since(forecast.now) / WEEK).clamp(1, 52);
        let drawn = weeks(1, until);
        let told: Vec<_> = drawn.iter().map(|week| outlook.how_many(ahead(*week), 1.0)).collect();
        let line = |chance: f64| told.iter().map(|counts| Some(f64::from(counts.at_least(chance)))).collect::<Vec<_>>();
        let steps = Steps::time(drawn.iter().map(|week| at(*week)), zone);
        let lines = Lines::new("count", steps, "as likely as not", line(0.5)).and("likely (85 %)", line(0.85));
        let [evenly, likely] = [0.5, 0.85].map(|chance| told.last().map_or(0, |counts| counts.at_least(chance)));
        let items = words::count(u64::from(likely), "item", "items");
        let said = format!("By {} likely {items} or more (85 %), as likely as not {evenly} or more.", on(until));
        Chart::new("Items finished by week, expected", lines).subtitle("from now on").saying(said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_no_more_steps_than_there_is_room_for_and_both_its_ends() {
        let check = |first: i64, last: i64, expect: &[i64]| assert_eq!(weeks(first, last), expect);
        check(0, 3, &[0, 1, 2, 3]);
        check(1, 1, &[1]);
        check(0, 38, &(0..=19).map(|step| step * 2).collect::<Vec<_>>());
        check(1, 52, &(0..=17).map(|step| 1 + step * 3).collect::<Vec<_>>());
        for last in 1..=52 {
            let drawn = weeks(0, last);
            assert!(drawn.len() <= 20 && drawn.first() < Some(&3) && drawn.last() == Some(&last), "{drawn:?}");
        }
    }
}

//! A crontab in plain English, as cards show it. Pure words: never read back.

use super::fields::Fields;
use crate::domain::words;

const WEEKDAYS: [&str; 7] = ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
/// More times a day, or days, than this make no short sentence.
const NAMED: usize = 4;

/// "Mondays at 09:00"; what has no short sentence as it was typed.
pub(super) fn words(fields: &Fields) -> String {
    sentence(fields).unwrap_or_else(|| fields.text.clone())
}

fn sentence(fields: &Fields) -> Option<String> {
    let (minutes, hours) = (fields.minutes.numbers(), fields.hours.numbers());
    let days = days(fields)?;
    if hours.len() == 24 {
        return match minutes.as_slice() {
            [0] if days == EVERY_DAY => Some("every hour".into()),
            [0] => Some(format!("every hour, {days}")),
            [minute] if days == EVERY_DAY => Some(format!("every hour at {minute} minutes past")),
            _ => None,
        };
    }
    let times: Vec<String> = fields.times().iter().map(|time| format!("{:02}:{:02}", time / 60, time % 60)).collect();
    (times.len() <= NAMED).then(|| format!("{days} at {}", words::join(&times)))
}

const EVERY_DAY: &str = "every day";

/// "weekdays", "Mondays and Thursdays", "the 1st of each month".
fn days(fields: &Fields) -> Option<String> {
    let (days, months, weekdays) = (fields.days.numbers(), fields.months.numbers(), fields.weekdays.numbers());
    let all = (days.len() == 31, weekdays.len() == 7);
    match (all, months.as_slice()) {
        ((true, true), months) if months.len() == 12 => Some(EVERY_DAY.into()),
        ((true, false), months) if months.len() == 12 => Some(match weekdays.as_slice() {
            [1, 2, 3, 4, 5] => "weekdays".into(),
            [0, 6] => "weekends".into(),
            some => {
                // A week begins on Monday.
                let mut some = some.to_vec();
                some.sort_by_key(|day| (day + 6) % 7);
                words::join(&some.iter().map(|day| WEEKDAYS[*day as usize].to_owned()).collect::<Vec<_>>())
            }
        }),
        ((false, true), months) if months.len() == 12 && days.len() <= NAMED => {
            Some(format!("the {} of each month", words::join(&days.iter().map(|day| ordinal(*day)).collect::<Vec<_>>())))
        }
        ((false, true), [month]) if days.len() == 1 => Some(format!("{} {} each year", days[0], MONTHS[*month as usize - 1])),
        _ => None,
    }
}

/// "1st", "22nd", "13th".
fn ordinal(day: u32) -> String {
    let ending = match (day % 10, day % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

//! When a digest comes, in words, and what may be asked for: at most once an hour, on a day that exists.

use chrono_tz::Tz;

use super::settings::{Rhythm, Settings};
use crate::domain::crontab::Crontab;
use crate::domain::time::{At, DAY, HOUR};
use crate::domain::words;

/// Days as crontabs, forms and people have them.
pub const DAYS: [(&str, &str, &str); 7] = [
    ("mon", "Monday", "Mondays"),
    ("tue", "Tuesday", "Tuesdays"),
    ("wed", "Wednesday", "Wednesdays"),
    ("thu", "Thursday", "Thursdays"),
    ("fri", "Friday", "Fridays"),
    ("sat", "Saturday", "Saturdays"),
    ("sun", "Sunday", "Sundays"),
];
/// How far ahead a slot is looked for, and how many are looked at.
const AHEAD: i64 = 400 * DAY;
const LOOKED_AT: usize = 200;

/// The crontab of a day of the week and an hour.
pub fn weekly(day: &str, hour: u32) -> String {
    format!("0 {hour} * * {day}")
}

/// The day and the time of a weekly crontab; none where it is something else.
pub fn of_week(crontab: &str) -> Option<(&'static str, u32, u32)> {
    let fields: Vec<&str> = crontab.split_whitespace().collect();
    let [minute, hour, "*", "*", day] = fields[..] else { return None };
    let (day, ..) = DAYS.iter().find(|(known, ..)| day.eq_ignore_ascii_case(known))?;
    let (hour, minute) = (hour.parse().ok().filter(|hour| *hour < 24)?, minute.parse().ok().filter(|minute| *minute < 60)?);
    Some((day, hour, minute))
}

/// "Mondays at 09:00 (Europe/Berlin)".
pub fn words(crontab: &str, zone: Tz, rhythm: Rhythm) -> String {
    let zone = zone.name();
    let Some((day, hour, minute)) = of_week(crontab) else {
        let words = Crontab::parse(crontab).map_or_else(|_| crontab.to_owned(), |crontab| crontab.words());
        return format!("{words} ({zone})");
    };
    let (_, one, many) = DAYS.iter().find(|(known, ..)| *known == day).copied().unwrap_or(DAYS[0]);
    let at = format!("at {hour:02}:{minute:02} ({zone})");
    match rhythm {
        Rhythm::Each => format!("{many} {at}"),
        Rhythm::Second { .. } => format!("every second {one} {at}"),
        Rhythm::Month => format!("the first {one} of a month {at}"),
    }
}

/// The next slot that is used.
pub fn next(crontab: &str, zone: Tz, settings: &Settings, after: At) -> Option<At> {
    let crontab = Crontab::parse(crontab).ok()?;
    crontab.slots(after, zone).take(LOOKED_AT).take_while(|at| at.since(after) < AHEAD).find(|at| settings.rhythm.uses(*at, zone))
}

/// The slots that are used after an instant and not after another, the latest `most` of them.
pub fn past(crontab: &str, zone: Tz, settings: &Settings, (after, until): (At, At), most: usize) -> Vec<At> {
    let Ok(crontab) = Crontab::parse(crontab) else { return Vec::new() };
    let slots: Vec<At> = crontab.slots(after, zone).take_while(|at| *at <= until).filter(|at| settings.rhythm.uses(*at, zone)).collect();
    slots[slots.len().saturating_sub(most)..].to_vec()
}

/// Reads a crontab that somebody typed; else what is wrong with it, as a sentence.
pub fn read(typed: &str, zone: Tz, now: At) -> Result<String, String> {
    let text = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let crontab = Crontab::parse(&text)
        .map_err(|why| format!("{}. Five fields are minute, hour, day, month and weekday, as in 0 9 * * mon.", words::capitalised(&why)))?;
    if crontab.next(now, zone).is_none_or(|at| at.since(now) >= AHEAD) {
        return Err("This crontab names no time in the coming year. Try 0 9 * * mon, which is Mondays at 9.".into());
    }
    if crontab.is_oftener_than(HOUR) {
        return Err("A digest comes at most once an hour, better once a week: 0 9 * * mon is Mondays at 9.".into());
    }
    Ok(text)
}

/// Reads a zone that somebody typed, in any case; else what is wrong with it, as a sentence.
pub fn zone(typed: &str) -> Result<Tz, String> {
    let typed = typed.trim().replace(' ', "_");
    if let Some(zone) = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&typed)) {
        return Ok(*zone);
    }
    let city = |zone: &Tz| zone.name().rsplit('/').next().unwrap_or_default();
    let near = chrono_tz::TZ_VARIANTS.iter().find(|zone| city(zone).eq_ignore_ascii_case(&typed)).map(|zone| zone.name());
    let near = near.or_else(|| crate::domain::ask::closest(&typed, chrono_tz::TZ_VARIANTS.iter().map(|zone| (zone.name(), zone.name()))));
    let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
    Err(format!("There is no zone of that name.{near} Zones are named like Europe/Berlin or America/New_York."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-23T12:00:00Z";

    #[test]
    fn a_week_and_its_rarer_forms_in_words() {
        let check = |crontab: &str, rhythm: Rhythm, expect: &str| assert_eq!(words(crontab, Tz::Europe__Berlin, rhythm), expect);
        check("0 9 * * mon", Rhythm::Each, "Mondays at 09:00 (Europe/Berlin)");
        check("30 16 * * FRI", Rhythm::Second { parity: 1 }, "every second Friday at 16:30 (Europe/Berlin)");
        check("0 9 * * tue", Rhythm::Month, "the first Tuesday of a month at 09:00 (Europe/Berlin)");
        check("0 9 1 * *", Rhythm::Each, "the 1st of each month at 09:00 (Europe/Berlin)");
        assert_eq!(of_week(&weekly("thu", 7)), Some(("thu", 7, 0)));
    }

    #[test]
    fn a_crontab_is_refused_with_what_to_type() {
        let check = |typed: &str, expect: Result<&str, &str>| match (read(typed, Tz::Europe__Berlin, At::parse(NOW).unwrap()), expect) {
            (Ok(text), Ok(expect)) => assert_eq!(text, expect),
            (Err(why), Err(expect)) => assert!(why.contains(expect), "{why}"),
            (found, _) => panic!("{typed}: {found:?}"),
        };
        check(" 0  9 * * mon ", Ok("0 9 * * mon"));
        check("0 9 1 * *", Ok("0 9 1 * *"));
        check("0 * * * *", Ok("0 * * * *"));
        check("*/30 * * * *", Err("at most once an hour"));
        check("* 9 * * mon", Err("at most once an hour"));
        check("0 9 31 2 *", Err("0 9 * * mon"));
        check("mondays", Err("Five fields"));
    }

    #[test]
    fn a_zone_is_read_in_any_case_and_near_ones_are_offered() {
        assert_eq!(zone(" europe/berlin "), Ok(Tz::Europe__Berlin));
        assert_eq!(zone("America/New York"), Ok(Tz::America__New_York));
        for typed in ["Berlin", "Europe/Berlim"] {
            assert!(zone(typed).unwrap_err().contains("Did you mean Europe/Berlin?"), "{typed}");
        }
        assert!(zone("").unwrap_err().contains("Europe/Berlin or America/New_York"));
    }

    #[test]
    fn the_next_slot_is_one_that_is_used() {
        let now = At::parse(NOW).unwrap(); // a Monday, after nine
        let check = |rhythm: Rhythm, expect: &str| {
            let settings = Settings { rhythm, ..Settings::default() };
            let next = next("0 9 * * mon", Tz::Europe__Berlin, &settings, now);
            assert_eq!(next.map(|at| at.to_string()), Some(expect.into()));
        };
        check(Rhythm::Each, "2026-11-30T08:00:00Z");
        check(Rhythm::Each.rarer(now, Tz::Europe__Berlin).unwrap(), "2026-12-07T08:00:00Z");
        check(Rhythm::Month, "2026-12-07T08:00:00Z");
        let half_a_year = (now.plus(-180 * DAY), now);
        let months = past("0 9 * * mon", Tz::Europe__Berlin, &Settings { rhythm: Rhythm::Month, ..Settings::default() }, half_a_year, 3);
        assert_eq!(
            months.iter().map(|at| at.utc().format("%m-%d %H").to_string()).collect::<Vec<_>>(),
            ["09-07 07", "10-05 07", "11-02 08"]
        );
    }
}

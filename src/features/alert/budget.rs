//! When a channel is told: not at night, not at weekends and holidays, and not more often than it wants. Pure.
//!
//! An episode that begins at such an hour waits, and is told at the first slot of the next working morning if it is still under way
//! then; what came and went overnight is listed by `alert`, and nobody is woken by it nor reads of it in the morning. Rejected: a
//! message that waits in the outbox, which would say "resolved" of something that nobody had heard of.

use chrono::Timelike;

use super::memory::{Held, Memory};
use super::rule::Settings;
use crate::domain::calendar::WorkCalendar;
use crate::domain::time::{At, WEEK};
use crate::domain::window::local;

/// Hours of the day in which a channel is told, on working days.
const HOURS: std::ops::Range<u32> = 8..18;

/// Why nothing is told now; none: it is. `others`: what the other alerts of the channel keep in mind.
pub fn held<'a>(
    settings: &Settings,
    own: &'a Memory,
    others: impl Iterator<Item = &'a Memory>,
    calendar: &WorkCalendar,
    now: At,
) -> Option<Held> {
    if !settings.any_hour && is_quiet(calendar, now) {
        return Some(Held::Quiet);
    }
    let told: usize = others.chain([own]).map(|memory| told(memory, now)).sum();
    (told as u64 >= settings.weekly).then_some(Held::Budget)
}

/// Whether it is night, a weekend or a holiday.
pub fn is_quiet(calendar: &WorkCalendar, now: At) -> bool {
    let wall = local::wall(calendar.zone(), now);
    !HOURS.contains(&wall.hour()) || !calendar.is_working(wall.date())
}

/// Messages of an alert in the seven days before.
fn told(memory: &Memory, now: At) -> usize {
    memory.episodes.iter().filter(|episode| episode.told.is_some_and(|at| now.since(at) < WEEK)).count()
}

/// Episodes of the seven days before that were held back since the channel heard enough.
pub fn held_back(memory: &Memory, now: At) -> u64 {
    let held =
        |episode: &&super::memory::Episode| episode.told.is_none() && episode.held == Some(Held::Budget) && now.since(episode.start) < WEEK;
    memory.episodes.iter().filter(held).count() as u64
}

#[cfg(test)]
mod tests {
    use super::super::memory::tests::{reading, settings};
    use super::super::rule::Rule;
    use super::*;
    use crate::domain::org::Calendar;
    use crate::domain::time::HOUR;

    fn calendar() -> WorkCalendar {
        let declared = Calendar { holidays: vec!["2026-12-25".parse().unwrap()], ..Calendar::default() };
        WorkCalendar::new(&declared, chrono_tz::Europe::Berlin)
    }

    #[test]
    fn nights_weekends_and_holidays_are_quiet_where_people_are() {
        let check = |at: &str, expect: bool| assert_eq!(is_quiet(&calendar(), At::parse(at).unwrap()), expect, "{at}");
        check("2026-11-23T07:59:00+01:00", true);
        check("2026-11-23T08:00:00+01:00", false);
        check("2026-11-23T17:59:00+01:00", false);
        check("2026-11-23T18:00:00+01:00", true);
        check("2026-11-21T12:00:00+01:00", true); // Saturday
        check("2026-12-25T12:00:00+01:00", true); // a holiday on a Friday
        check("2026-07-01T06:30:00Z", false); // 08:30 in summer
        check("2026-11-23T07:30:00Z", false); // 08:30 in winter
    }

    #[test]
    fn a_channel_hears_so_many_a_week_from_all_its_alerts() {
        let noon = At::parse("2026-11-23T12:00:00Z").unwrap();
        let told_at = |hours: &[i64]| {
            let mut memory = Memory::default();
            for (number, hours) in (0..).zip(hours) {
                let settings = settings(Rule::Above(0.15));
                for step in 0..2 {
                    memory.take(&settings, &reading(0.2, 0.15), At(1_000 * number + step), false);
                }
                let last = memory.episodes.last_mut().unwrap();
                (last.told, last.over) = (Some(noon.plus(-hours * HOUR)), None);
                memory.settle(&super::super::memory::tests::settings(Rule::OwnRange), At(1_000 * number + 5));
            }
            memory
        };
        let check = |own: &[i64], other: &[i64], weekly: u64, expect: Option<Held>| {
            let settings = Settings { weekly, ..settings(Rule::Above(0.15)) };
            let (own, other) = (told_at(own), told_at(other));
            assert_eq!(held(&settings, &own, [&other].into_iter(), &calendar(), noon), expect);
        };
        check(&[], &[], 3, None);
        check(&[1], &[2], 3, None);
        check(&[1], &[2, 50], 3, Some(Held::Budget));
        check(&[1], &[2, 7 * 24], 3, None);
        check(&[1], &[2, 50], 5, None);
        let night = At::parse("2026-11-23T22:00:00Z").unwrap();
        let at_any_hour = Settings { any_hour: true, ..settings(Rule::Above(0.15)) };
        assert_eq!(held(&at_any_hour, &Memory::default(), [].into_iter(), &calendar(), night), None);
        assert_eq!(held(&settings(Rule::Above(0.15)), &Memory::default(), [].into_iter(), &calendar(), night), Some(Held::Quiet));
    }
}

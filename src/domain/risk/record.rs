//! [`record`]: how published warnings turned out, as it is said below each answer.
//!
//! Of the projects whose commitment date passed in the last four quarters: how many had a warning before it and how many of those were late,
//! and which late ones had none. A warning is dated when it was published, never when its facts are of. Where fewer than
//! [`FEWEST`] have ended there is no record, and that is said. Projects that could never be judged are in none of these counts.

use super::super::time::{At, DAY};
use super::backtest::FEWEST;

/// Four quarters.
const SPAN: i64 = 365 * DAY;

/// A commitment whose date has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The first instant at which it was late.
    pub due: At,
    /// Whether it was.
    pub missed: bool,
    /// When its first warning was published.
    pub warned: Option<At>,
}

/// How warnings turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Record {
    /// Commitments whose date passed.
    pub ended: u32,
    /// Of these, warned of.
    pub flagged: u32,
    /// Of those, late.
    pub slipped: u32,
    /// Late ones that nobody was warned of.
    pub unseen: u32,
    /// The median of days between a warning and the date that was missed.
    pub days: Option<i64>,
}

/// Of the last four quarters.
pub fn record(ended: &[Ended], now: At) -> Record {
    let lately: Vec<&Ended> = ended.iter().filter(|one| one.due <= now && now.since(one.due) < SPAN).collect();
    let warned = |one: &&&Ended| one.warned.is_some_and(|at| at < one.due);
    let count = |of: &dyn Fn(&&&Ended) -> bool| u32::try_from(lately.iter().filter(of).count()).unwrap_or(u32::MAX);
    let mut days: Vec<i64> =
        lately.iter().filter(|one| one.missed).filter(warned).filter_map(|one| Some(one.due.since(one.warned?) / DAY)).collect();
    days.sort_unstable();
    Record {
        ended: count(&|_| true),
        flagged: count(&warned),
        slipped: count(&|one| warned(one) && one.missed),
        unseen: count(&|one| !warned(one) && one.missed),
        days: days.get(days.len() / 2).copied(),
    }
}

impl Record {
    /// Whether there is one.
    pub fn stands(&self) -> bool {
        self.ended as usize >= FEWEST
    }

    /// "Of 9 flagged in the last 4 quarters 7 slipped; 2 slips were missed."
    pub fn said(&self) -> String {
        if !self.stands() {
            let ended = match self.ended {
                0 => "no project".to_owned(),
                1 => "1 project".to_owned(),
                many => format!("{many} projects"),
            };
            return format!("No record yet: {ended} reached the date since warnings are kept, and it takes {FEWEST} to judge them by.");
        }
        let unseen = match self.unseen {
            0 => "no slip was missed".to_owned(),
            1 => "1 slip was missed".to_owned(),
            many => format!("{many} slips were missed"),
        };
        let days = self.days.map_or_else(String::new, |days| format!(" Warnings came {days} days before the date in the middle case."));
        format!("Of {} flagged in the last 4 quarters {} slipped; {unseen}.{days}", self.flagged, self.slipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ended: &[(i64, bool, Option<i64>)], expect: &str) {
        let ended: Vec<Ended> = ended
            .iter()
            .map(|(due, missed, warned)| Ended { due: At(due * DAY), missed: *missed, warned: warned.map(|day| At(day * DAY)) })
            .collect();
        assert_eq!(record(&ended, At(400 * DAY)).said(), expect);
    }

    #[test]
    fn counts_warnings_and_what_came_of_them() {
        check(&[], "No record yet: no project reached the date since warnings are kept, and it takes 10 to judge them by.");
        check(
            &[(300, true, Some(280))],
            "No record yet: 1 project reached the date since warnings are kept, and it takes 10 to judge them by.",
        );
        let mut all = vec![(300, true, Some(270)); 7];
        all.extend([(310, false, Some(300)); 2]);
        all.extend([(320, true, None), (320, true, Some(320)), (320, false, None)]);
        let words =
            "Of 9 flagged in the last 4 quarters 7 slipped; 2 slips were missed. Warnings came 30 days before the date in the middle case.";
        check(&all, words);
        all.extend([(30, true, Some(10)), (401, true, Some(390))]);
        check(&all, words);
    }
}

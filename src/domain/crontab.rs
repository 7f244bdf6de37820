//! [`Crontab`]: when something is due, in five fields and the wall clock of a zone.
//!
//! Why not the `cron` crate as it is: it walks instants, so that a job at 02:30 is lost on the day the clock jumps ahead and done
//! twice on the day it is set back. Here it walks the wall clock, and [`local::instant`](super::window::local) says when that
//! clock shows a time: in a gap at the old offset, of a repeated time the first.

use std::str::FromStr;

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use super::time::{At, DAY};
use super::window::local;

/// Five fields of a crontab.
#[derive(Debug, Clone)]
pub struct Crontab {
    schedule: cron::Schedule,
}

impl Crontab {
    /// Reads five fields; else a sentence without its full stop that says what is wrong.
    ///
    /// # Errors
    /// Where it is no crontab.
    pub fn parse(text: &str) -> Result<Self, String> {
        let schedule = cron::Schedule::from_str(&format!("0 {text}")).map_err(|_| format!("`{text}` is not a crontab"))?;
        Ok(Self { schedule })
    }

    /// The first slot after an instant.
    pub fn next(&self, after: At, zone: Tz) -> Option<At> {
        self.slots(after, zone).next()
    }

    /// The last slot after one instant and not after another.
    pub fn latest(&self, after: At, until: At, zone: Tz) -> Option<At> {
        self.slots(after, zone).take_while(|at| *at <= until).last()
    }

    /// Every slot after an instant, in order.
    pub fn slots(&self, after: At, zone: Tz) -> impl Iterator<Item = At> + '_ {
        // A day back, since a jump of the clock may put a later wall time at an earlier instant.
        let from: NaiveDateTime = local::wall(zone, after.plus(-DAY));
        let mut last = after;
        self.schedule.after_owned(from.and_utc()).filter_map(move |wall| {
            let at = local::instant(zone, wall.naive_utc());
            (at > last).then(|| {
                last = at;
                at
            })
        })
    }
}

//! How far a team's rate drifts, learnt from how its own forecasts ended: the reason an "85 %" comes to hold 85 % of the time.
//!
//! The rule: begin at [`UNLEARNT`]; each resolved forecast of h weeks whose likely promise (85 %) was missed raises the spread by [`STEP`]
//! x 0.85 / sqrt(h), each that held lowers it by [`STEP`] x 0.15 / sqrt(h); never outside [`LIMITS`]. Where 15 of 100 are missed it stands
//! still. This is adaptive conformal inference (Gibbs and Candès 2021): it needs no model of why the rate drifts, and its long-run coverage
//! is right whatever the series does, as long as the limits are not reached. The root is there because weekly forecasts of h weeks overlap,
//! so that their misses come in runs.
//!
//! - Only forecasts that had ended by `now` are learnt from: never the weeks that a forecast made now will be scored on.
//! - Until [`ENOUGH`] have ended the spread is never less than at the beginning: a few that held are luck, a few that were missed are a
//!   warning.
//! - Near (up to eight weeks) and far are learnt apart.
//! - One forecast a week each: several in one week share their fate, and whoever asks often must not teach more.
//! - Only the order in which they ended counts, not that of the rows.
//!
//! [`UNLEARNT`] and [`STEP`] were chosen on other projects than those in the table of [`super::backtest`]: with 0.4 at every horizon the
//! likely promise held 85, 84 and 86 % there at 4, 8 and 13 weeks without any learning (0.3 at two months and 0.5 at a quarter: 82 and 89
//! %); steps of 0.05 to 0.15, and waiting for 13 to 52 forecasts, do about as well. Never learnt from other teams' forecasts.

use super::super::time::{At, WEEK};
use super::drift::Spread;

/// The spread where nothing was learnt.
pub const UNLEARNT: f64 = 0.4;
/// How much one forecast of one week teaches.
pub const STEP: f64 = 0.1;
/// The least and the most.
pub const LIMITS: [f64; 2] = [0.0, 1.2];
/// Forecasts of up to so many weeks are near.
pub const NEAR_TO: u32 = 8;
/// Resolved forecasts of a kind before which the spread is never less than [`UNLEARNT`].
pub const ENOUGH: usize = 26;

/// The share of likely promises that should be missed.
const MISSES: f64 = 0.15;

/// A forecast whose end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resolved {
    /// When its outcome was known.
    pub ended: At,
    /// When it was made.
    pub issued: At,
    /// How many weeks ahead it looked.
    pub weeks: u32,
    /// Whether its 85 % promise held.
    pub held: bool,
}

/// What was learnt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learnt {
    /// The spread to forecast with.
    pub spread: Spread,
    /// From how many near forecasts.
    pub near: u32,
    /// From how many far ones.
    pub far: u32,
}

/// What a team's resolved forecasts teach by an instant.
pub fn learn(resolved: &[Resolved], now: At) -> Learnt {
    let of = |near: bool| {
        let taught = one_a_week(resolved.iter().filter(|one| one.ended <= now && (one.weeks <= NEAR_TO) == near));
        let spread = taught.iter().enumerate().fold(UNLEARNT, |spread, (before, one)| {
            let missed = if one.held { 0.0 } else { 1.0 };
            let least = if before < ENOUGH { UNLEARNT } else { LIMITS[0] };
            (spread + STEP / f64::from(one.weeks.max(1)).sqrt() * (missed - MISSES)).clamp(least, LIMITS[1])
        });
        (spread, u32::try_from(taught.len()).unwrap_or(u32::MAX))
    };
    let ((near, of_near), (far, of_far)) = (of(true), of(false));
    Learnt { spread: Spread { near, far }, near: of_near, far: of_far }
}

/// At most one a week by when they were made, in the order in which they ended.
fn one_a_week<'a>(resolved: impl Iterator<Item = &'a Resolved>) -> Vec<Resolved> {
    let mut made: Vec<Resolved> = resolved.copied().collect();
    made.sort_unstable_by_key(|one| (one.issued, *one));
    let mut last: Option<At> = None;
    made.retain(|one| {
        let apart = last.is_none_or(|last| one.issued.since(last) >= WEEK);
        last = if apart { Some(one.issued) } else { last };
        apart
    });
    made.sort_unstable();
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn week(week: i64) -> At {
        At(week * WEEK)
    }

    fn made(issued: i64, weeks: u32, held: bool) -> Resolved {
        Resolved { ended: week(issued + i64::from(weeks)), issued: week(issued), weeks, held }
    }

    fn check(resolved: &[Resolved], now: i64, near: f64, far: f64, from: (u32, u32)) {
        let learnt = learn(resolved, week(now));
        assert_eq!((learnt.near, learnt.far), from);
        assert!((learnt.spread.near - near).abs() < 1e-12 && (learnt.spread.far - far).abs() < 1e-12, "{learnt:?}");
    }

    #[test]
    fn a_miss_raises_and_a_hold_lowers() {
        check(&[], 9, 0.4, 0.4, (0, 0));
        check(&[made(0, 4, false)], 9, 0.4 + 0.0425, 0.4, (1, 0));
        check(&[made(0, 4, true)], 9, 0.4, 0.4, (1, 0)); // too early to be sure
        let held: Vec<Resolved> = (0..30).map(|at| made(at, 4, true)).collect();
        check(&held, 99, 0.4 - 4.0 * 0.0075, 0.4, (30, 0));
        check(&[made(0, 16, false)], 16, 0.4, 0.4 + 0.02125, (0, 1));
        let steady: Vec<Resolved> = (0..100).map(|at| made(at, 4, at % 20 > 2)).collect();
        check(&steady, 200, 0.4, 0.4, (100, 0));
    }

    #[test]
    fn the_weeks_that_are_scored_teach_nothing() {
        check(&[made(0, 4, false), made(1, 4, false)], 4, 0.4425, 0.4, (1, 0));
        check(&[made(0, 4, false)], 3, 0.4, 0.4, (0, 0));
    }

    #[test]
    fn asking_often_teaches_once_a_week() {
        let often = [made(3, 4, false); 20];
        check(&often, 9, 0.4425, 0.4, (1, 0));
        let mixed = [made(3, 4, false), made(3, 13, false), made(3, 8, false), made(4, 4, true)];
        check(&mixed, 20, 0.4425 - 0.0075, 0.4 + 0.085 / 13.0_f64.sqrt(), (2, 1));
    }

    #[test]
    fn stays_within_its_limits() {
        let missed: Vec<Resolved> = (0..300).map(|at| made(at, 1, false)).collect();
        check(&missed, 400, 1.2, 0.4, (300, 0));
        let held: Vec<Resolved> = (0..300).map(|at| made(at, 1, true)).collect();
        check(&held, 400, 0.0, 0.4, (300, 0));
    }

    proptest! {
        #[test]
        fn order_and_repetition_of_rows_are_immaterial(held in prop::collection::vec(any::<bool>(), 1..40), by in 0..40_usize) {
            let rows: Vec<Resolved> = held.iter().zip(0..).map(|(held, at)| made(at, if at % 2 == 0 { 4 } else { 13 }, *held)).collect();
            let mut turned = rows.clone();
            turned.rotate_left(by % rows.len());
            turned.extend(rows.iter().take(by));
            prop_assert_eq!(learn(&rows, week(60)), learn(&turned, week(60)));
        }
    }
}

//! Forecasts: how many items a team will finish in so many weeks, in which week so many will be done, and how often such answers held.
//!
//! Pure and deterministic: no clock, no store, no random numbers outside tests; the same weeks give the same digits, so that a receipt can
//! be recomputed. Items are counted, never sized, and never by person.
//!
//! From the past to an answer: [`throughput`] makes weeks of finished items, weighs them by age and refuses where they are too few; [`urn`]
//! adds up weeks drawn from them, exactly; [`drift`] lets their rate change, as far as [`calibrate`] has learnt that this team's does;
//! [`scope`] is what has to be done, with what is known of growth, splitting and the slow end; [`engine`] answers, [`whatif`] answers
//! twice. [`score`] says how good answers were, [`backtest`] asks the past with nothing later in sight ([`known`]), [`service_level`] is
//! about single items.
//!
//! Never for a forecast of a person's work, and never without its record beside it.

pub mod backtest;
pub mod calibrate;
pub mod drift;
pub mod engine;
pub mod known;
pub mod project;
pub mod prospect;
pub mod scope;
pub mod score;
pub mod service_level;
pub mod throughput;
pub mod urn;
pub mod whatif;

#[cfg(test)]
mod oracle;

/// The three promises an answer makes: as likely as not, likely, almost sure.
pub const PROMISES: [f64; 3] = [0.5, 0.85, 0.95];

/// Room for rounding where a probability is compared with a promise.
const HAIR: f64 = 1e-9;

/// The whole part of a number from 0 up; what is too large for a count is the largest.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, which is what is wanted")]
fn whole(number: f64) -> u32 {
    number.max(0.0) as u32
}

/// A length as a real number.
#[allow(clippy::cast_precision_loss, reason = "lengths in memory are far below 2^53, so nothing is lost")]
fn real(len: usize) -> f64 {
    len as f64
}

//! The one integration test: journeys through the whole of pacer, the binary as scripts use it, the house's rules.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the failure")]

mod actions;
mod alert;
mod answers;
mod backfill;
mod backtest;
mod closed;
mod command_line;
mod crashes;
mod dialects;
mod digest;
mod feeding;
mod gatekeeping;
mod gitlab;
mod handover;
mod harness;
mod home;
mod kudos;
mod organisation;
mod outbox;
mod pagers;
mod people;
mod pictures;
mod privacy;
mod pulse_answer;
mod pulse_launch;
mod pulse_results;
mod receipts;
mod retro;
mod rules;
mod setup;
mod surveys;

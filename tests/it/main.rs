//! The one integration test: journeys through the whole of pacer, the binary as scripts use it, the house's rules.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the failure")]

mod alert;
mod answers;
mod backfill;
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
mod organisation;
mod outbox;
mod pagers;
mod people;
mod pictures;
mod pulse_results;
mod receipts;
mod rules;
mod setup;
mod surveys;

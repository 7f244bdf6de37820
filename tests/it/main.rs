//! The one integration test: journeys through the whole of pacer, the binary as scripts use it, the house's rules.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the failure")]

mod answers;
mod backfill;
mod command_line;
mod crashes;
mod dialects;
mod feeding;
mod gatekeeping;
mod gitlab;
mod harness;
mod home;
mod organisation;
mod pagers;
mod people;
mod pictures;
mod receipts;
mod rules;
mod setup;
mod surveys;

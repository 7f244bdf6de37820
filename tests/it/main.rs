//! The one integration test: journeys through the whole of pacer, the binary as scripts use it, the house's rules.

mod answers;
mod feeding;
mod gatekeeping;
mod harness;
mod organisation;
mod receipts;
mod rules;

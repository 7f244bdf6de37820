//! pacer: a self-hosted Slack assistant for software engineering metrics.

pub mod backfill;
pub mod cli;
pub mod domain;
pub mod error;
pub mod features;
pub mod http;
pub mod render;
pub mod sandbox;
pub mod simulator;
pub mod slack;
pub mod sources;
pub mod store;

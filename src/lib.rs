//! pacer: a self-hosted Slack assistant for software engineering metrics.

pub mod app;
pub mod backfill;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod features;
pub mod http;
pub mod ingest;
pub mod render;
pub mod sandbox;
pub mod schedule;
pub mod simulator;
pub mod slack;
pub mod sources;
pub mod store;
pub mod telemetry;

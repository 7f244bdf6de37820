//! `pacer replay`: parse all stored raw deliveries again, so that a fix of a parser reaches old deliveries.

use std::process::ExitCode;

use anyhow::Result;

use super::import::{progress, summary};
use super::{open, print};
use crate::config::Config;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(_: Args, config: Config) -> Result<ExitCode> {
    let app = open(config).await?;
    let bar = progress("deliveries");
    let tally = app.ingest.replay(|tally| bar.set_position(tally.read)).await?;
    bar.finish_and_clear();
    for rejected in &tally.rejected {
        print(&format!("line {}: {}", rejected.line, rejected.reason));
    }
    print(&summary(&tally));
    Ok(ExitCode::SUCCESS)
}

//! `pacer migrate`: bring the database to this version's schema. Every other command does so too, when it opens it.

use std::process::ExitCode;

use anyhow::Result;

use super::{open, print};
use crate::config::Config;
use crate::store::redacted;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(_: Args, config: Config) -> Result<ExitCode> {
    let url = redacted(&config.database_url);
    let app = open(config).await?;
    app.store.ready().await?;
    print(&format!("{url} has this version's schema."));
    Ok(ExitCode::SUCCESS)
}

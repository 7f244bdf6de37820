//! `pacer backup FILE`: an online copy of the database.

use std::process::ExitCode;

use anyhow::Result;

use super::{open, print};
use crate::config::Config;
use crate::store::file;

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A new file
    file: String,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    if let Some(path) = file(&config.database_url).filter(|path| !path.exists()) {
        anyhow::bail!(
            "there is no database {}, so there is nothing to copy: is PACER_DATABASE_URL the one that pacer serves?",
            path.display()
        );
    }
    let app = open(config).await?;
    app.store.backup(&args.file).await?;
    print(&format!("{} is a whole copy of the database. To restore it, stop pacer and put it in the place of the old file.", args.file));
    Ok(ExitCode::SUCCESS)
}

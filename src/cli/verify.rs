//! `pacer verify ID`: is this number still what was answered?

use std::process::ExitCode;

use anyhow::Result;

use super::{open, print};
use crate::config::Config;
use crate::error::Failure;
use crate::features::verify::verify;

/// Which receipt.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The eight letters and digits at the end of an answer
    id: String,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let app = open(config).await?;
    app.ingest.drain().await?;
    let cx = app.cx(None).await?;
    match verify(&cx, &args.id).await {
        Ok(verified) => {
            for line in &verified.lines {
                print(line);
            }
            Ok(if verified.equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(Failure::User(error)) => Err(anyhow::anyhow!("{} {}", error.message, error.hint)),
        Err(Failure::Ours(error)) => Err(error),
    }
}

//! `pacer serve`: the bot.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::open;
use crate::config::Config;
use crate::{http, schedule};

/// Settings come from the environment.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(_: Args, config: Config) -> Result<ExitCode> {
    config.check_serve()?;
    let listen = config.listen.clone();
    let app = open(config).await?;
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("listening on {listen} (PACER_LISTEN)"))?;
    tracing::info!(listen = %listener.local_addr()?, "pacer serves");
    app.start();
    app.tasks.spawn("schedule", schedule::run(app.clone()));
    http::serve(app, listener, stopped()?).await?;
    Ok(ExitCode::SUCCESS)
}

/// Resolves on SIGTERM or Ctrl-C.
pub fn stopped() -> Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

//! The command line: the root of composition. One file a subcommand.
//!
//! Exit status: 0 done; 1 it failed, and one sentence on stderr says why and what to do; 2 wrong usage.

mod ask;
mod backfill;
mod backtest;
mod backup;
mod demo;
mod doctor;
mod import;
mod manifest;
mod migrate;
mod org;
mod privacy;
mod replay;
mod serve;
mod setup;
mod verify;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;

/// A self-hosted Slack assistant for software engineering metrics: one binary, one database file.
#[derive(Debug, Parser)]
#[command(name = "pacer", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try everything on this machine: a sample organisation, the bot, and a Slack to try it in, in the browser
    Demo(demo::Args),
    /// Run the bot: Slack, webhooks, schedule
    Serve(serve::Args),
    /// Read files, folders or repositories into the database
    Import(import::Args),
    /// Read what a tool's API holds already; run again, it goes on where it stopped
    Backfill(backfill::Args),
    /// Ask in the terminal what one asks in Slack: pacer ask "dora team:payments 90d"
    Ask(ask::Args),
    /// What forecasts would have said in each past week, and how that turned out
    Backtest(backtest::Args),
    /// Recompute a receipt: exit 0 if the figures are the same, 1 if not, with the rows that came late
    Verify(verify::Args),
    /// Declare teams, services, people and projects from a TOML file
    Org(org::Args),
    /// Check settings, database, sources and Slack: each line is ok, or says what to do
    Doctor(doctor::Args),
    /// Try on this database what an attacker on survey answers would try
    Privacy(privacy::Args),
    /// Copy the database to a file while pacer runs
    Backup(backup::Args),
    /// Bring the database to this version's schema
    Migrate(migrate::Args),
    /// Parse all stored raw deliveries again, after a fix
    Replay(replay::Args),
    /// Print what another tool needs to be told: Argo CD
    Setup(setup::Args),
    /// Print the Slack app manifest, for Socket Mode or for a public URL
    Manifest(manifest::Args),
}

/// Runs a command to its end.
pub fn main(cli: Cli) -> ExitCode {
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(bad) => return failed(&anyhow::anyhow!("{bad}")),
    };
    let logs = match &cli.command {
        Command::Serve(_) => config.log.clone(),
        _ => quiet(&config),
    };
    if let Err(error) = crate::telemetry::start(&logs, config.log_format) {
        return failed(&error);
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    app::install_tls();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime") {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(run(cli.command, config)) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

async fn run(command: Command, config: Config) -> Result<ExitCode> {
    match command {
        Command::Demo(args) => demo::run(args, config).await,
        Command::Doctor(args) => doctor::run(args, config).await,
        Command::Serve(args) => serve::run(args, config).await,
        Command::Import(args) => import::run(args, config).await,
        Command::Backfill(args) => backfill::run(args, config).await,
        Command::Ask(args) => ask::run(args, config).await,
        Command::Backtest(args) => backtest::run(args, config).await,
        Command::Verify(args) => verify::run(args, config).await,
        Command::Org(args) => org::run(args, config).await,
        Command::Privacy(args) => privacy::run(args, config).await,
        Command::Backup(args) => backup::run(args, config).await,
        Command::Migrate(args) => migrate::run(args, config).await,
        Command::Replay(args) => replay::run(args, config).await,
        Command::Setup(args) => setup::run(args, &config),
        Command::Manifest(args) => manifest::run(&args, &config),
    }
}

/// Commands print for people: only what went wrong is logged, unless asked for more.
fn quiet(config: &Config) -> String {
    if config.log == "info" { "warn".into() } else { config.log.clone() }
}

/// The clock of commands that may stand at `PACER_NOW`.
fn clock(config: &Config) -> Clock {
    config.now.map_or_else(Clock::real, Clock::standing)
}

/// Everything put together, on that clock.
async fn open(config: Config) -> Result<std::sync::Arc<App>> {
    let clock = clock(&config);
    App::open(config, clock).await
}

/// One sentence that says why and what to do.
fn failed(error: &anyhow::Error) -> ExitCode {
    let sentence = crate::store::trouble(error).unwrap_or_else(|| format!("{error:#}"));
    let _ = writeln!(std::io::stderr(), "pacer: {sentence}");
    ExitCode::FAILURE
}

/// Wrong usage that only we can tell: status 2, as for what the parser of arguments refuses.
fn misused(sentence: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "pacer: {sentence}");
    ExitCode::from(2)
}

/// Prints to stdout; a reader that went away is no failure.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n'));
}

/// Whether to use colour and progress bars.
fn on_a_terminal() -> bool {
    std::io::stdout().is_terminal()
}

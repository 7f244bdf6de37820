//! `pacer demo`: everything on this machine, with a sample organisation and a Slack workspace in the browser.
//!
//! The bot is the real one: it reaches the sandbox over real HTTP with real signatures, on the port that the page
//! is served on. The database is a file in a temporary folder, gone when the demo ends.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::{print, serve};
use crate::app::App;
use crate::backfill::GitImport;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::event::Parsed;
use crate::domain::org::{self, OrgFile};
use crate::domain::time::At;
use crate::sandbox::{self, Workspace};
use crate::simulator::{self, Sample};
use crate::store::Delivery;
use crate::{http, schedule};

/// Where, and on what data.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the page and the bot listen
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Use a real repository instead of the sample organisation
    #[arg(long, value_name = "PATH")]
    git: Option<PathBuf>,
}

/// The sample organisation is always the same one.
const SEED: u64 = 1;
/// Events a batch.
const BATCH: usize = 5_000;

pub async fn run(args: Args, mut config: Config) -> Result<ExitCode> {
    let folder = std::env::temp_dir().join(format!("pacer-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let clock = config.now.map_or_else(Clock::real, Clock::running);
    let listener = TcpListener::bind(&args.listen).await.with_context(|| format!("listening on {}: is a demo running already? Try --listen 127.0.0.1:0", args.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let sample = args.git.is_none().then(|| simulator::sample(SEED, clock.now()));
    let workspace = workspace(sample.as_ref(), &clock, &url)?;
    config.database_url = format!("sqlite://{}", folder.join("demo.db").display());
    config.slack = sandbox_slack(&workspace, config.slack);
    let app = App::open(config, clock).await?;
    match (&args.git, sample) {
        (Some(path), _) => feed_git(&app, path).await?,
        (None, Some(sample)) => feed_sample(&app, sample).await?,
        (None, None) => {}
    }
    app.store.refresh(None).await?;
    app.start();
    app.tasks.spawn("schedule", schedule::run(app.clone()));
    print(&welcome(&url, args.git.is_some()));
    let router = http::router(app.clone()).merge(sandbox::router(workspace));
    let outcome = http::serve_router(app, router, listener, serve::stopped()?).await;
    let _ = std::fs::remove_dir_all(&folder); // a temporary folder that stays is the system's to clean
    outcome?;
    Ok(ExitCode::SUCCESS)
}

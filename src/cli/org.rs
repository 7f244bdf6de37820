//! `pacer org apply FILE` and `pacer org preview FILE`: teams, services, people and projects from TOML.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;

use super::{open, print};
use crate::config::Config;
use crate::domain::org::{self, OrgFile};

/// What to do with the file.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Take the file: history is kept, never rewritten
    Apply {
        /// The organisation in TOML
        file: std::path::PathBuf,
    },
    /// Print what taking the file would change, and change nothing
    Preview {
        /// The organisation in TOML
        file: std::path::PathBuf,
    },
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let (Step::Apply { file } | Step::Preview { file }) = &args.step;
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let declared = OrgFile::parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let app = open(config).await?;
    let now = app.clock.now();
    let before = app.store.org_version(app.store.newest_org().await?).await?;
    let after = org::apply(&before.org, declared, now).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let changes = org::preview(&before.org, &after);
    for line in &changes {
        print(line);
    }
    if matches!(args.step, Step::Preview { .. }) {
        print(if changes.is_empty() {
            "Nothing would change."
        } else {
            "Nothing was changed: this was the preview. `pacer org apply` does it."
        });
        return Ok(ExitCode::SUCCESS);
    }
    let version = app.store.apply_org(&before, after.clone(), now).await?;
    app.store.refresh(None).await?;
    let counts = format!(
        "{} teams, {} services, {} people, {} projects",
        after.live_teams().count(),
        after.services.len(),
        after.people.len(),
        after.projects.len()
    );
    print(&if changes.is_empty() {
        format!("Nothing changed: version {version} holds ({counts}).")
    } else {
        format!("Version {version} of the organisation holds now: {counts}.")
    });
    Ok(ExitCode::SUCCESS)
}

//! `pacer org apply FILE`, `pacer org preview FILE` and `pacer org export`: teams, services, people and projects as TOML.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context, Result};
use chrono_tz::Tz;
use clap::Subcommand;

use super::{open, print};
use crate::app::App;
use crate::config::Config;
use crate::domain::org::{self, Draft, Org, OrgFile};
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::domain::words;
use crate::features::pulse::perception;
use crate::features::{groups, moves};
use crate::store::org::{Author, OrgVersion};

/// Bytes that are read of a file: one with more is refused.
const READ: u64 = 4_000_000;

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
    /// Print what taking the file would change, and what would count elsewhere, and change nothing
    Preview {
        /// The organisation in TOML
        file: std::path::PathBuf,
    },
    /// Print the organisation as it is as a file that `apply` takes back unchanged
    Export,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let (Step::Apply { file } | Step::Preview { file }) = &args.step else { return export(config).await };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).with_context(|| format!("reading {}", file.display()))?;
    opened.take(READ).read_to_end(&mut bytes).with_context(|| format!("reading {}", file.display()))?;
    let app = open(config).await?;
    let before = app.store.org_version(app.store.newest_org().await?).await?;
    let declared = OrgFile::parse_bytes(&bytes, &before.org).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let after = org::apply(&before.org, declared, app.clock.now()).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    mind_targets(&app, &before.org, &after).await?;
    match args.step {
        Step::Preview { .. } => preview(&app, &before.org, &after).await?,
        _ => apply(&app, &before, after).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Says it where a new target is declared while people say that targets do harm.
async fn mind_targets(app: &App, before: &Org, after: &Org) -> Result<()> {
    let had = |team: &str, metric: &str, value: f64| {
        before.teams.get(team).and_then(|team| team.targets.get(metric)).is_some_and(|known| known.to_bits() == value.to_bits())
    };
    let is_new = after.live_teams().any(|(id, team)| team.targets.iter().any(|(metric, value)| !had(id, metric, *value)));
    if is_new && let Some(why) = perception::holds_targets(&app.cx(None).await?).await.map_err(anyhow::Error::from)? {
        print(&format!("Mind the new targets: {why}\n"));
    }
    Ok(())
}

async fn export(config: Config) -> Result<ExitCode> {
    let app = open(config).await?;
    let newest = app.store.org_version(app.store.newest_org().await?).await?;
    print(&Draft::of(&newest.org).text());
    Ok(ExitCode::SUCCESS)
}

/// What is declared otherwise, and what of it may be news to whoever wrote the file.
async fn tell(app: &App, changes: &[String], after: &Org) -> Result<()> {
    for line in changes {
        print(line);
    }
    if changes.is_empty() { Ok(()) } else { since_the_last_file(app, after.time_zone.unwrap_or(Tz::UTC)).await }
}

/// What was changed in Slack after the newest file: a file that does not say it takes it back.
async fn since_the_last_file(app: &App, zone: Tz) -> Result<()> {
    let now = app.clock.now();
    let changes = app.store.org_changes(app.clock.now(), 100).await?;
    let since = changes.iter().take_while(|it| it.author != Some(Author::File));
    let in_slack: Vec<String> = since
        .filter_map(|it| match &it.author {
            Some(Author::Person(id)) => Some(format!("  {} by {id}: {}", words::moment(it.at, now, zone), it.summary.join("; "))),
            _ => None,
        })
        .collect();
    if !in_slack.is_empty() {
        print(
            "\nChanged in Slack since the last file; what of it this file does not say is taken back. `pacer org export` prints all of it.",
        );
        for line in in_slack {
            print(&line);
        }
    }
    Ok(())
}

async fn preview(app: &App, before: &Org, after: &Org) -> Result<()> {
    let now = app.clock.now();
    let foreseen = groups::foreseen(&app.cx(None).await?.host, before, after.clone(), now).await;
    let look = moves::look(&app.store, before, &foreseen, now).await?;
    tell(app, &look.changes, after).await?;
    if !look.moves.is_empty() {
        print("\nOf the last 90 days:");
    }
    for line in &look.moves {
        print(line);
    }
    if look.moves.is_empty() && !look.changes.is_empty() {
        print("\nNo deployment, change or item of the last 90 days would count elsewhere.");
    }
    if let Some(receipts) = &look.receipts {
        print(receipts);
    }
    let changed = !look.changes.is_empty();
    if !look.doubts.is_empty() {
        print(if changed { "\nWorth a look:" } else { "Worth a look:" });
    }
    for doubt in &look.doubts {
        print(&doubt.text);
    }
    print(match (changed, look.doubts.is_empty()) {
        (true, _) => "\nNothing was changed: this was the preview. `pacer org apply` does it.",
        (false, true) => "Nothing would change.",
        (false, false) => "\nNothing would change.",
    });
    Ok(())
}

/// Repositories that files divide, of which commits were read before anybody said so: their files are not known.
async fn without_files(app: &App, org: &Org) -> Result<()> {
    let services: Vec<String> = org.services.keys().cloned().collect();
    let now = app.clock.now();
    let ever = Window { from: At(i64::MIN), to: now, zone: Tz::UTC, label: String::new() };
    let found = app.store.commits_without_files(&services, &ever, org).await?;
    for name in found.iter().map(|(name, ..)| org.repository(name)).collect::<BTreeSet<_>>() {
        print(&format!(
            "Commits of {name} were read before `paths` divided it, so which of its services they and their deployments belong to is not \
             known: run `pacer import git PATH --no-deployments` again."
        ));
    }
    Ok(())
}

async fn apply(app: &App, before: &OrgVersion, after: Org) -> Result<()> {
    let changes = org::preview(&before.org, &after);
    tell(app, &changes, &after).await?;
    let version = app.store.apply_org(before, after.clone(), app.clock.now()).await?;
    app.store.refresh(None).await?;
    follow(app, &after).await;
    without_files(app, &after).await?;
    let count = |n: usize, one: &str, many: &str| words::count(n as u64, one, many);
    let counts = [
        count(after.live_teams().count(), "team", "teams"),
        count(after.services.len(), "service", "services"),
        count(after.people.len(), "person", "people"),
        count(after.projects.len(), "project", "projects"),
    ]
    .join(", ");
    print(&if changes.is_empty() {
        format!("Nothing changed: version {version} holds ({counts}).")
    } else {
        format!("Version {version} of the organisation holds now: {counts}.")
    });
    Ok(())
}

/// Reads the Slack groups that teams follow. That it fails is told, and no failure of the apply: the next reading mends it.
async fn follow(app: &App, after: &Org) {
    let teams: Vec<&str> = after.live_teams().filter(|(_, team)| team.slack_group.is_some()).map(|(id, _)| id).collect();
    for (id, team) in after.live_teams().filter(|(_, team)| team.slack_group.is_some() && !team.members.is_empty()) {
        let members = words::count(team.members.len() as u64, "declared member counts", "declared members count");
        print(&format!("{members} in {id} beside those of its Slack group."));
    }
    if teams.is_empty() {
        return;
    }
    let read = async { groups::read(&app.cx(None).await?).await };
    match read.await {
        Ok(followings) if followings.is_empty() => {
            print(&format!("{}: the Slack group is read by `pacer serve`, for SLACK_BOT_TOKEN is not set here.", teams.join(", ")));
        }
        Ok(followings) => {
            for it in followings {
                print(&match it.problem {
                    Some(problem) => format!("{}: its Slack group was not read: {problem}.", it.team),
                    None => format!("{} follows @{}: {}.", it.team, it.handle, words::count(it.people as u64, "person", "people")),
                });
            }
        }
        Err(error) => print(&format!("{}: the Slack group was not read: {error}.", teams.join(", "))),
    }
}

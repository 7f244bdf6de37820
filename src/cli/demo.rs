//! `pacer demo`: everything on this machine, with a sample organisation and a Slack workspace in the browser.
//!
//! The bot is the real one: it reaches the sandbox over real HTTP with real signatures, on the port that the page
//! is served on. The database is a file in a temporary folder, gone when the demo ends, and never the one of
//! `PACER_DATABASE_URL`: a demo must not write sample data among real data. The welcome says where it is, so that
//! `pacer ask` gives the same answers in a terminal meanwhile.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use secrecy::SecretString;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use super::{print, serve};
use crate::app::App;
use crate::backfill::GitImport;
use crate::clock::Clock;
use crate::config::{Config, SlackConfig};
use crate::domain::card::Scope;
use crate::domain::event::Parsed;
use crate::domain::improvement::Wanted;
use crate::domain::org::{self, OrgFile};
use crate::domain::survey::Minima;
use crate::domain::survey::tally::Rules;
use crate::domain::time::{At, DAY, HOUR};
use crate::domain::window::local;
use crate::features::{self, pulse};
use crate::sandbox::{self, Workspace};
use crate::simulator::surveys::{SampleSurveys, SampleWave};
use crate::simulator::{self, Sample, SampleImprovement, SampleUser};
use crate::slack::scopes;
use crate::store::Delivery;
use crate::store::survey::{ActionItem, Marked, NewWave, Standing, Survey};
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
/// How long after its start an improvement of the sample is declared.
const DECLARED_AFTER: i64 = 2 * DAY + 10 * HOUR;
/// Events a batch.
const BATCH: usize = 5_000;

pub async fn run(args: Args, mut config: Config) -> Result<ExitCode> {
    let clock = config.now.map_or_else(Clock::real, Clock::running);
    let listener = TcpListener::bind(&args.listen)
        .await
        .with_context(|| format!("listening on {}: is a demo running already? Try --listen 127.0.0.1:0", args.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let sample = args.git.is_none().then(|| simulator::sample(SEED, clock.now()));
    let workspace = workspace(sample.as_ref(), &clock, &url)?;
    let folder = Folder::new()?;
    config.database_url = format!("sqlite://{}", folder.0.join("demo.db").display());
    config.key_dir = folder.0.join("keys");
    let database_url = config.database_url.clone();
    config.slack = sandbox_slack(&workspace);
    config.admins = sample
        .as_ref()
        .map(|sample| sample.users.iter().filter(|user| user.admin).map(|user| user.slack.clone()).collect())
        .unwrap_or_default();
    config.rate_limit = None;
    let app = App::open(config, clock).await?;
    match (&args.git, sample) {
        (Some(path), _) => feed_git(&app, path).await?,
        (None, Some(sample)) => {
            let improvements = sample.improvements.clone();
            feed_sample(&app, sample).await?;
            app.store.refresh(None).await?;
            declare_improvements(&app, &improvements).await?;
        }
        (None, None) => {}
    }
    app.store.refresh(None).await?;
    app.start();
    app.tasks.spawn("schedule", schedule::run(app.clone()));
    let router = http::router(app.clone()).merge(sandbox::router(workspace));
    print(&welcome(&url, &database_url, args.git.is_some()));
    http::serve_router(app, router, listener, serve::stopped()?).await?;
    Ok(ExitCode::SUCCESS)
}

/// A temporary folder that goes when the demo ends, however it ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("pacer-demo-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("making the folder {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // one that stays is the system's to clean
    }
}

/// The workspace with the sample organisation's people and channels.
fn workspace(sample: Option<&Sample>, clock: &Clock, url: &str) -> Result<Workspace> {
    let now = clock.clone();
    let mut options = sandbox::Options::new(std::sync::Arc::new(move || now.now()));
    if let Some(sample) = sample {
        options.people = sample.users.iter().map(person).collect();
        let mut channels: Vec<sandbox::Channel> =
            sample.channels.iter().map(|it| sandbox::Channel::public(&it.id, &it.name, true)).collect();
        channels.push(sandbox::Channel::public("C0RANDOM", "random", false)); // pacer is not in it: sharing there says so
        options.channels = channels;
        options.groups = ["payments", "platform"].map(|team| group(sample, team)).to_vec();
        options.suggestions =
            ["dora", "flow team:payments", "trend change_lead_time", "pulse", "benchmark", "waiting", "health team:all", "privacy", "help"]
                .map(str::to_string)
                .to_vec();
    }
    options.scopes = scopes::NEEDED.iter().map(|scope| (*scope).to_string()).collect();
    let workspace = Workspace::new(options)?;
    workspace.at(url);
    workspace.app_at(url);
    Ok(workspace)
}

fn person(user: &SampleUser) -> sandbox::Person {
    let handle = user.name.split(' ').next().unwrap_or(user.name).to_lowercase();
    let team = user.team.unwrap_or("all teams");
    let title = if user.admin { format!("{team}, admin") } else { team.to_owned() };
    let person = sandbox::Person::new(&user.slack, &handle, user.name, &title);
    if user.admin { person.admin() } else { person }
}

/// A user group of the people of a team, to try following one.
fn group(sample: &Sample, team: &str) -> sandbox::Group {
    let users = sample.users.iter().filter(|user| user.team == Some(team)).map(|user| user.slack.clone());
    sandbox::Group {
        id: format!("S0{}", team.to_uppercase()),
        handle: format!("{team}-team"),
        name: format!("People of {team}"),
        users: users.collect(),
        is_archived: false,
    }
}

/// The bot's settings for the sandbox.
fn sandbox_slack(workspace: &Workspace) -> SlackConfig {
    let options = workspace.options();
    let secret = |text: &str| Some(SecretString::from(text.to_string()));
    SlackConfig {
        bot_token: secret(&options.bot_token),
        signing_secret: secret(&options.signing_secret),
        app_token: None,
        api_url: workspace.api_url(),
        teams: vec![options.team_id.clone()],
    }
}

async fn feed_sample(app: &App, sample: Sample) -> Result<()> {
    let file = OrgFile::parse(&sample.org_toml).map_err(|error| anyhow::anyhow!("the sample organisation: {error}"))?;
    let before = app.store.org_version(0).await?;
    let applied = org::apply(&before.org, file, app.clock.now()).map_err(|error| anyhow::anyhow!("the sample organisation: {error}"))?;
    app.store.apply_org(&before, applied, app.clock.now()).await?;
    // Before the events: closing a wave rewrites the database's file, which is short as yet.
    feed_surveys(app, sample.surveys).await?;
    for (at, events) in sample.events.chunks(BATCH).enumerate() {
        let parsed = Parsed { events: events.to_vec(), read: events.len() as u64, ..Parsed::default() };
        take(app, "sample", format!("sample-{at}"), parsed).await?;
    }
    Ok(())
}

/// Launches, answers and closes the sample's waves, through the store as Slack does.
async fn feed_surveys(app: &App, surveys: SampleSurveys) -> Result<()> {
    for wave in surveys.waves {
        let survey = Survey {
            id: wave.survey.into(),
            title: wave.title.into(),
            kind: wave.kind,
            root: wave.root.map(str::to_owned),
            channel: None,
            minima: Minima::default(),
            created_by: surveys.created_by.clone(),
        };
        app.store.keep_survey(survey).await??;
        let rules = Rules { minima: Minima::default(), strict_membership: true, items: wave.items };
        let SampleWave { id, opens_on, closes_on, closed_at, tree, invited, ballots, .. } = wave;
        let launched = NewWave { id: id.clone(), survey: wave.survey.into(), opens_on, closes_on, rules, tree, invited };
        app.store.launch_wave(&app.keys, launched).await??;
        if closed_at.is_none() {
            invite(app, &id).await?;
        }
        let cast = ballots.into_iter().map(|ballot| {
            let texts = ballot.texts.into_iter().map(|(item, text)| (item, Zeroizing::new(text))).collect();
            let marked = Marked { ratings: ballot.ratings.into_iter().map(|(item, value)| (item, Some(value))).collect(), texts };
            let (id, user) = (&id, ballot.user);
            async move { anyhow::Ok(app.store.cast(&app.keys, id, &user, marked).await??) }
        });
        // Together: the store commits what waits as a group.
        futures::future::try_join_all(cast).await?;
        if let Some(at) = closed_at {
            app.store.close_wave(&app.keys, &id, at).await??;
        }
    }
    for it in surveys.actions {
        let standing = if it.done { Standing::Done } else { Standing::Open };
        let (id, node, category, text) = (it.id.into(), it.node.into(), it.category.into(), it.text.into());
        let action = ActionItem {
            id,
            wave: it.wave,
            node,
            category,
            text,
            owner: it.owner.clone(),
            due: it.due,
            standing,
            author: it.owner,
            why: String::new(),
            settled_on: it.done.then_some(it.due),
        };
        app.store.keep_action(action).await?;
    }
    Ok(())
}

/// Declares the sample's improvements in the words in which their teams would in Slack, so that their weeks are frozen as those of any.
async fn declare_improvements(app: &App, improvements: &[SampleImprovement]) -> Result<()> {
    for it in improvements {
        let way = if it.wanted == Wanted::Less { "less" } else { "more" };
        let asked = format!("goals improvement \"{}\" metric:{} {way} since:{} team:{}", it.name, it.metric, it.since, it.team);
        let mut cx = app.cx(Some(app.asker(&it.by))).await?;
        // As its team would have, some days after it began.
        cx.now = local::midnight(cx.org.org.zone_for(&Scope::Team(it.team.into())), it.since).plus(DECLARED_AFTER).min(cx.now);
        if let Err(failure) = features::answer(&cx, &asked).await {
            tracing::warn!(?failure, "the sample's improvement `{}` could not be declared", it.name);
        }
    }
    Ok(())
}

/// Asks the people of an open wave, as its launch would. Not by Slack's clocks: the sandbox does not listen yet.
async fn invite(app: &App, wave: &str) -> Result<()> {
    let cx = app.cx(None).await?;
    if let (Some(wave), Some(frozen)) = (app.store.wave(wave).await?, app.store.frozen_wave(wave).await?) {
        let posts = pulse::messages(&cx, &wave, frozen, std::collections::BTreeMap::new()).await?;
        app.store.say(App::wanted(posts, None, cx.now), cx.now).await?;
    }
    Ok(())
}

async fn feed_git(app: &App, path: &std::path::Path) -> Result<()> {
    let org = app.store.org(app.clock.now()).await?;
    let import = GitImport { path: path.to_path_buf(), org: &org.org, tags: None, deployments: true };
    let mut at = 0_u32;
    let read = import
        .run(async |parsed: Parsed| {
            at += 1;
            take(app, "git", format!("demo-{at}"), parsed).await
        })
        .await?;
    if let Some(note) = read.note {
        print(&note);
    }
    Ok(())
}

async fn take(app: &App, source: &str, key: String, parsed: Parsed) -> Result<()> {
    let received_at: At = app.clock.now();
    let delivery =
        Delivery { source: source.into(), key: Some(key), headers: std::collections::BTreeMap::default(), body: Vec::new(), received_at };
    app.store.ingest(delivery, parsed).await?;
    Ok(())
}

/// Where to click, and what to type first.
fn welcome(url: &str, database_url: &str, git: bool) -> String {
    let about = if git { "The data is your repository: its tags are deployments." } else { Sample::about() };
    let team = if git { "" } else { " team:payments" };
    format!(
        "\n  pacer is ready. Open  {url}/\n\n  It is a Slack workspace on this machine, with pacer in it. Type  /metrics dora{team}\n  and press the buttons below the answer.\n  In a terminal the same is  PACER_DATABASE_URL={database_url} pacer ask \"dora{team}\"\n\n  {}\n\n  Stop with Ctrl-C. Nothing leaves this machine.\n",
        about.replace('\n', "\n  ")
    )
}

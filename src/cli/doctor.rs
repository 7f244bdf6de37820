//! `pacer doctor`: is everything in place? Each line is ok, or says what to do.

use std::process::ExitCode;

use anyhow::Result;

use super::print;
use crate::app::App;
use crate::config::Config;
use crate::domain::words;
use crate::slack::scopes;
use crate::sources::SOURCES;
use crate::store::redacted;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// What a look found.
enum Found {
    Ok(String),
    /// Fine as it is, but one could have more.
    Off(String),
    ToDo(String),
}

pub async fn run(_: Args, config: Config) -> Result<ExitCode> {
    let mut report = Report::default();
    report.line("settings", settings(&config));
    match App::open(config.clone(), super::clock(&config)).await {
        Err(error) => report.line("database", Found::ToDo(format!("{}: {error:#}", redacted(&config.database_url)))),
        Ok(app) => {
            report.line("database", database(&app).await);
            sources(&app, &mut report).await;
            backfills(&app, &mut report).await;
            report.line("organisation", organisation(&app).await);
            for (name, found) in slack(&app).await {
                report.line(name, found);
            }
        }
    }
    print(&report.summary());
    Ok(if report.to_do == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Default)]
struct Report {
    to_do: u32,
}

impl Report {
    fn line(&mut self, name: &str, found: Found) {
        let (mark, text) = match found {
            Found::Ok(text) => ("ok   ", text),
            Found::Off(text) => ("off  ", text),
            Found::ToDo(text) => {
                self.to_do += 1;
                ("to do", text)
            }
        };
        print(&format!("{mark}  {name:<14} {text}"));
    }

    fn summary(&self) -> String {
        match self.to_do {
            0 => "Everything that is switched on works.".into(),
            1 => "One thing is to do.".into(),
            n => format!("{n} things are to do."),
        }
    }
}

fn settings(config: &Config) -> Found {
    if let Some(now) = config.now {
        return Found::ToDo(format!("PACER_NOW is {now}: fine for `ask`, refused by `serve`. Unset it"));
    }
    match config.warnings.first() {
        Some(warning) => Found::ToDo(warning.clone()),
        None => Found::Ok("all settings are understood".into()),
    }
}

async fn database(app: &App) -> Found {
    match app.store.ready().await {
        Ok(()) => Found::Ok(format!("{} opens, its schema is this version's", redacted(&app.config.database_url))),
        Err(error) => Found::ToDo(format!("{error:#}")),
    }
}

async fn sources(app: &App, report: &mut Report) {
    let now = app.clock.now();
    let heard = app.store.freshness(now).await.unwrap_or_default();
    for source in SOURCES {
        let fresh = heard.iter().find(|fresh| fresh.health.source == source.slug);
        let open = match source.webhook {
            true if source.slug == "cdevents" => !app.config.events_tokens.is_empty(),
            true => !app.config.source_secrets(source.slug).is_empty(),
            false => source.slug == "json" && !app.config.events_tokens.is_empty(),
        };
        let name = format!("source {}", source.slug);
        report.line(
            &name,
            match (fresh, open) {
                (Some(fresh), _) => Found::Ok(format!("heard {}", words::age(fresh.last_received, now))),
                (None, true) => Found::Off("on, nothing has arrived yet".into()),
                (None, false) => Found::Off(how_to_open(source.slug)),
            },
        );
    }
    if heard.is_empty() {
        report.line("data", Found::ToDo("nothing has been read yet: start with `pacer import git PATH`".into()));
    }
    match app.store.waiting().await {
        Ok(0) => report.line("deliveries", Found::Ok("none wait to be parsed".into())),
        Ok(waiting) => report.line("deliveries", Found::Ok(format!("{waiting} wait to be parsed; `pacer serve` takes them up"))),
        Err(error) => report.line("deliveries", Found::ToDo(format!("{error:#}"))),
    }
}

/// Of sources whose API is or was read: whether that came to an end. Nobody is asked over the network.
async fn backfills(app: &App, report: &mut Report) {
    for source in SOURCES.iter().filter(|source| source.pages.is_some()) {
        let (slug, capitals) = (source.slug, source.slug.to_uppercase());
        let token = app.config.source_token(slug).is_some();
        let found = match app.store.cursors(slug).await {
            Err(error) => Found::ToDo(format!("{error:#}")),
            Ok(cursors) if cursors.is_empty() && !token => continue,
            Ok(cursors) => match cursors.iter().find(|cursor| cursor.asks.is_some()) {
                Some(cut) => Found::ToDo(format!("stopped in the {} of {}: `pacer backfill {slug}` goes on there", cut.stream, cut.scope)),
                None if !token => Found::Off(format!("PACER_{capitals}_TOKEN is not set any more")),
                None => match cursors.iter().filter_map(|cursor| cursor.complete_to).min() {
                    None => Found::Off(format!(
                        "PACER_{capitals}_TOKEN is set: `pacer backfill {slug}` reads what {} holds already",
                        source.name
                    )),
                    Some(at) => Found::Ok(format!("complete, read {}", words::age(at, app.clock.now()))),
                },
            },
        };
        report.line(&format!("backfill {slug}"), found);
    }
}

fn how_to_open(slug: &str) -> String {
    match slug {
        "git" => "`pacer import git PATH` reads a repository".into(),
        "csv" => "`pacer import csv FILE` reads a table".into(),
        "json" => "set PACER_EVENTS_TOKEN to open /v1/events, or use `pacer import json FILE`".into(),
        "cdevents" => "set PACER_EVENTS_TOKEN to open /hooks/cdevents".into(),
        slug => format!("set PACER_{}_SECRET to open /hooks/{slug}", slug.to_uppercase()),
    }
}

async fn organisation(app: &App) -> Found {
    match app.store.org(app.clock.now()).await {
        Ok(org) if org.version == 0 => Found::Off("no teams are declared: `pacer org apply FILE` gives services to teams".into()),
        Ok(org) => Found::Ok(format!("version {}, {}", org.version, words::count(org.org.live_teams().count() as u64, "team", "teams"))),
        Err(error) => Found::ToDo(format!("{error:#}")),
    }
}

async fn slack(app: &App) -> Vec<(&'static str, Found)> {
    let slack = &app.config.slack;
    let mut lines = Vec::new();
    if slack.bot_token.is_none() {
        let text = "SLACK_BOT_TOKEN is not set: create the app from manifest.yml, install it, and copy its bot token (xoxb-...)";
        lines.push(("slack", Found::ToDo(text.into())));
    } else {
        lines.push(("slack", identity(app).await));
        lines.push(("slack scopes", granted(app).await));
    }
    lines.push(("messages", messages(app).await));
    lines.push((
        "slack in",
        match (&slack.app_token, &slack.signing_secret) {
            (Some(_), _) => match app.slack.client.call_as_app("apps.connections.open").await {
                Ok(_) => Found::Ok("Socket Mode opens; no public address is needed".into()),
                Err(error) => {
                    Found::ToDo(format!("Socket Mode does not open ({error}): check SLACK_APP_TOKEN (xapp-..., scope connections:write)"))
                }
            },
            (None, Some(_)) => Found::Ok("signed HTTP at /slack/commands, /slack/interactions, /slack/events".into()),
            (None, None) => Found::ToDo("set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP".into()),
        },
    ));
    lines
}

/// What waits to be sent, and what an admin must decide.
async fn messages(app: &App) -> Found {
    match app.store.outbox_depth(app.clock.now()).await {
        Err(error) => Found::ToDo(format!("{error:#}")),
        Ok(depth) if depth.parked > 0 => {
            let parked = words::count(depth.parked, "message waits", "messages wait");
            Found::ToDo(format!("{parked} for an admin to decide: `/metrics health` in Slack sends or drops them"))
        }
        Ok(depth) => match (&depth.held, depth.waiting) {
            (Some(held), _) => Found::ToDo(format!(
                "{} to be sent: {held} They leave by themselves once that is mended",
                words::count(depth.waiting, "waits", "wait")
            )),
            (None, 0) => Found::Ok("none wait to be sent".into()),
            (None, waiting) => Found::Ok(format!("{} to be sent; `pacer serve` sends them", words::count(waiting, "waits", "wait"))),
        },
    }
}

async fn identity(app: &App) -> Found {
    match app.slack.client.call("auth.test", &serde_json::json!({})).await {
        Ok(answer) => {
            let word = |name: &str| answer.get(name).and_then(|value| value.as_str()).unwrap_or("?").to_string();
            Found::Ok(format!("the token is {}'s, in workspace {} ({})", word("user"), word("team"), word("team_id")))
        }
        Err(error) => Found::ToDo(format!("Slack does not take the bot token ({error}): reinstall the app and copy SLACK_BOT_TOKEN again")),
    }
}

async fn granted(app: &App) -> Found {
    match scopes::granted(app).await {
        Ok(Some(granted)) => {
            let missing: Vec<&str> = scopes::NEEDED.iter().copied().filter(|needed| !granted.iter().any(|scope| scope == needed)).collect();
            if missing.is_empty() {
                Found::Ok(scopes::NEEDED.join(", "))
            } else {
                Found::ToDo(format!("missing: {}. Add them under OAuth & Permissions and reinstall the app", missing.join(", ")))
            }
        }
        Ok(None) => Found::Off("Slack did not say which".into()),
        Err(error) => Found::ToDo(format!("{error:#}")),
    }
}

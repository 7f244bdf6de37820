//! `pacer backfill SOURCE [SCOPE...]`: reads what a tool's API holds already, page by page, and goes on where it was cut off.
//!
//! Each page is stored with its facts and with the place behind it in one transaction. At the end the source's own counts
//! stand beside what is stored: what is missing is seen, not guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;

use super::import::summary;
use super::{open, print};
use crate::app::App;
use crate::backfill::api::{Api, Bounds, Reach, Time};
use crate::backfill::place::{Asks, Place, Tag, Wish};
use crate::backfill::walk::{Ended, Halted, Taken, Walk};
use crate::config::Config;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::sources::pages::{Ask, Pages};
use crate::sources::{self, Source};
use crate::store::backfill::Cursor;
use crate::store::{Delivery, Tally};

/// A pause that is worth a word where there is no progress bar.
const LONG: Duration = Duration::from_secs(30);

/// What to read.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(help = sources::slugs(|source| source.pages.is_some()))]
    source: String,
    /// Repositories or projects; the default is all that the organisation file or deliveries name
    scopes: Vec<String>,
    /// Only what changed since that day (2026-01-31) or instant
    #[arg(long, value_name = "DATE", value_parser = instant)]
    since: Option<At>,
    /// All of it again, whatever was read before
    #[arg(long)]
    again: bool,
}

fn instant(text: &str) -> Result<At, String> {
    let instant = At::parse(text).or_else(|| At::parse(&format!("{text}T00:00:00Z")));
    instant.ok_or_else(|| "a day as in 2026-01-31, or an RFC 3339 instant, is needed".into())
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let (source, pages) = of(&args.source)?;
    let (slug, capitals) = (source.slug, source.slug.to_uppercase());
    let token = config.source_token(slug).map(|token| token.expose_secret().to_owned());
    let token =
        token.with_context(|| format!("PACER_{capitals}_TOKEN is not set: it must hold a token that may read {}'s API", source.name))?;
    let url = config.source_url(slug).or(Some(pages.url).filter(|url| !url.is_empty())).map(str::to_owned);
    let url =
        url.with_context(|| format!("PACER_{capitals}_URL is not set: {} has no public API, each installation has its own", source.name))?;
    let app = open(config).await?;
    let scopes = if args.scopes.is_empty() { known_scopes(&app, source).await? } else { args.scopes.clone() };
    anyhow::ensure!(
        !scopes.is_empty(),
        "no {0} of {1} is known yet: name one, as in `pacer backfill {slug} {2}`, or declare it in the organisation file",
        pages.scope,
        source.name,
        example(source),
    );
    let bar = bar();
    let time = Time { now: Arc::new(|| super::Clock::real().now()), pause: Arc::new(pause(bar.clone())) };
    let api = Api::new(source, pages, &url, &token, (*app.slack.client.tls()).clone(), Bounds::default(), time)?;
    let mut run = Run {
        app: &app,
        source,
        pages,
        api: &api,
        bar: &bar,
        wish: Wish { since: args.since, again: args.again },
        total: Tally::default(),
        troubles: Vec::new(),
    };
    let read = run.scopes(&scopes).await;
    bar.set_message("computing figures");
    app.store.refresh(None).await?;
    bar.finish_and_clear();
    run.tell();
    read?;
    Ok(if run.troubles.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn of(slug: &str) -> Result<(&'static Source, &'static Pages)> {
    let known = sources::slugs(|source| source.pages.is_some());
    let source = sources::source(slug).ok_or_else(|| anyhow!("there is no source `{slug}`: {known} can be backfilled"))?;
    let pages = source.pages.as_ref().ok_or_else(|| {
        anyhow!("{} has no API that pacer reads: {known} can be backfilled, and `pacer import {slug} PATH` reads files", source.name)
    })?;
    Ok((source, pages))
}

/// What the scopes of a source are.
enum Scopes {
    Repositories,
    /// Of work items.
    Projects,
    /// All there is, under this one name.
    Account,
}

fn scopes_of(source: &Source) -> Scopes {
    match source.slug {
        "jira" | "linear" => Scopes::Projects,
        "pagerduty" => Scopes::Account,
        _ => Scopes::Repositories,
    }
}

fn example(source: &Source) -> &'static str {
    match scopes_of(source) {
        Scopes::Repositories => "acme/app",
        Scopes::Projects => "PAY",
        Scopes::Account => ACCOUNT,
    }
}

const ACCOUNT: &str = "account";

/// What the organisation file, deliveries and earlier runs name.
async fn known_scopes(app: &App, source: &Source) -> Result<Vec<String>> {
    let declared = app.store.org(app.clock.now()).await?;
    let mut scopes: BTreeSet<String> = BTreeSet::new();
    match scopes_of(source) {
        Scopes::Account => return Ok(vec![ACCOUNT.into()]),
        Scopes::Projects => {
            scopes.extend(epics(&declared.org));
            scopes.extend(app.store.projects_of(source.slug).await?);
        }
        Scopes::Repositories => scopes.extend(repositories(app, source, &declared.org).await?),
    }
    // One that is called otherwise now would be read twice.
    let (renamed, same): (Vec<Cursor>, Vec<Cursor>) =
        app.store.cursors(source.slug).await?.into_iter().partition(|cursor| cursor.called.is_some());
    scopes.extend(same.into_iter().map(|cursor| cursor.scope));
    for cursor in renamed {
        scopes.remove(&cursor.scope);
        scopes.extend(cursor.called);
    }
    Ok(scopes.into_iter().collect())
}

/// Those that facts of this source name, and those declared that no other forge has.
async fn repositories(app: &App, source: &Source, org: &Org) -> Result<BTreeSet<String>> {
    let known = app.store.repositories().await?;
    let (ours, theirs): (Vec<_>, Vec<_>) = known.into_iter().partition(|(slug, _)| slug == source.slug);
    let is_theirs = |name: &str| {
        let forges = theirs.iter().filter(|(slug, _)| ["github", "gitlab", "bitbucket", "azure"].contains(&slug.as_str()));
        forges.into_iter().any(|(_, theirs)| theirs == name)
    };
    let declared = org.services.values().filter_map(|service| service.repository.clone());
    let declared = declared.filter(|name| name.contains('/') && !is_theirs(name));
    Ok(declared.chain(ours.into_iter().map(|(_, repository)| repository)).collect())
}

/// `PAY` of `PAY-1`.
fn epics(org: &Org) -> impl Iterator<Item = String> {
    let epics = org.projects.values().flat_map(|project| &project.epics);
    epics.filter_map(|epic| epic.rsplit_once('-').map(|(project, _)| project.to_owned()))
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {human_pos} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Waits, and says why: on the bar, else where the wait is long.
fn pause(bar: ProgressBar) -> impl Fn(Duration, &str) -> futures::future::BoxFuture<'static, ()> {
    move |wait, why| {
        if bar.is_hidden() && wait >= LONG {
            let _ = writeln!(std::io::stderr(), "pacer: {why}; going on in {} s", wait.as_secs());
        }
        bar.set_message(format!("waiting {} s: {why}", wait.as_secs().max(1)));
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A run over all scopes.
struct Run<'a> {
    app: &'a App,
    source: &'static Source,
    pages: &'static Pages,
    api: &'a Api,
    bar: &'a ProgressBar,
    wish: Wish,
    total: Tally,
    /// What could not be read, and what to do: one sentence each.
    troubles: Vec<String>,
}

impl Run<'_> {
    async fn scopes(&mut self, scopes: &[String]) -> Result<()> {
        let kept = self.app.store.cursors(self.source.slug).await?;
        let mut kept: BTreeMap<(String, String), Cursor> =
            kept.into_iter().map(|cursor| ((cursor.scope.clone(), cursor.stream.clone()), cursor)).collect();
        for scope in scopes {
            let streams = (self.pages.begin)(scope, None);
            if streams.is_empty() {
                self.troubles.push(format!(
                    "`{scope}` is no {} of {}: one looks like {}",
                    self.pages.scope,
                    self.source.name,
                    example(self.source)
                ));
            }
            let mut answered = false;
            for first in streams {
                let cursor = kept.remove(&(scope.clone(), first.stream.clone()));
                match self.stream(&first, cursor).await {
                    Ok(()) => answered = true,
                    Err(Halted::Store(error)) => return Err(error),
                    Err(Halted::Source(stopped)) => {
                        self.troubles.push(stopped.sentence);
                        match stopped.reach {
                            Reach::Run => return Ok(()),
                            Reach::Scope if !answered => break,
                            Reach::Scope | Reach::Stream => {}
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// One stream from where it stands to its end, and what the source counts beside what is stored.
    async fn stream(&mut self, first: &Ask, cursor: Option<Cursor>) -> Result<(), Halted> {
        let place = self.begin(first, cursor);
        self.bar.set_prefix(format!("{} {}", first.scope, first.stream));
        self.bar.set_position(place.listed);
        let (app, source, bar, total) = (self.app, self.source, self.bar, &mut self.total);
        let mut last = place.clone();
        let walk = Walk { api: self.api, source, pages: self.pages };
        let take = async |taken: Taken| {
            bar.set_position(taken.place.listed);
            bar.set_message(taken.place.total.map(|total| format!("of {total}")).unwrap_or_default());
            last.clone_from(&taken.place);
            let now = app.clock.now();
            let cursor = kept(source.slug, first, &taken.place)?;
            let delivery = taken.delivery.map(|(headers, body)| Delivery {
                source: source.slug.into(),
                key: None,
                headers: headers.0,
                body,
                received_at: now,
            });
            let mut tally = app.store.page(delivery, taken.parsed, cursor, now).await?;
            for rejected in &mut tally.rejected {
                rejected.reason = format!("{} {}", first.scope, rejected.reason);
            }
            total.add(tally);
            Ok(())
        };
        let ended = walk.run(place, take).await?;
        let line = self.reconciled(first, &last, ended).await.map_err(Halted::Store)?;
        self.bar.suspend(|| print(&line));
        Ok(())
    }

    /// Where to begin: at the page where the last run was cut off, else anew from where the last complete one began.
    fn begin(&self, first: &Ask, cursor: Option<Cursor>) -> Place {
        let now = self.app.clock.now();
        let place = cursor.and_then(place).unwrap_or_else(|| Place::start(now, self.wish.since));
        if place.goes_on(self.wish) {
            return place;
        }
        let since = place.since_of(self.wish);
        let first =
            (self.pages.begin)(&first.scope, since).into_iter().find(|ask| ask.stream == first.stream).unwrap_or_else(|| first.clone());
        place.anew(first, now, self.wish)
    }

    async fn reconciled(&self, first: &Ask, place: &Place, ended: Ended) -> Result<String> {
        let scope = place.called.as_ref().unwrap_or(&first.scope);
        let stored = self.app.store.stored(self.source.slug, scope, &first.stream).await?;
        let read = || Some(format!("{} read", grouped(place.listed))).filter(|_| ended == Ended::Read);
        let here = stored.map(|stored| format!("{} stored", grouped(stored)));
        let there = place.total.map(|total| format!("{} at the source", grouped(total)));
        let said = match (there, here) {
            (Some(there), Some(here)) => [Some(there), Some(here), None],
            (there, here) => [there, read(), here],
        };
        let unchanged = Some("unchanged".to_owned()).filter(|_| ended == Ended::Unchanged);
        // Read from the beginning, nothing may be missing; from some day on, most is.
        let missing = place.total.zip(stored).map_or(0, |(total, stored)| total.saturating_sub(stored));
        let missing = Some(format!(" ({} missing: `--again` reads all of it)", grouped(missing)))
            .filter(|_| missing > 0 && self.wish.since.is_none());
        let renamed = place.called.as_ref().map(|name| format!(" (it is called {name} now, and so are its facts)"));
        let counts = said.into_iter().chain([unchanged]).flatten().collect::<Vec<_>>().join(", ");
        Ok(format!("{} {}: {counts}{}{}", first.scope, first.stream, missing.unwrap_or_default(), renamed.unwrap_or_default()))
    }

    fn tell(&self) {
        for rejected in &self.total.rejected {
            print(&rejected.reason);
        }
        for trouble in &self.troubles {
            let _ = writeln!(std::io::stderr(), "pacer: {trouble}");
        }
        print(&summary(&self.total));
    }
}

/// "1,204", as in a sentence that scripts may read too.
fn grouped(n: u64) -> String {
    crate::domain::words::number(n).replace('\u{202f}', ",")
}

/// As the store keeps it.
fn kept(source: &str, first: &Ask, place: &Place) -> Result<Cursor> {
    Ok(Cursor {
        source: source.into(),
        scope: first.scope.clone(),
        stream: first.stream.clone(),
        asks: if place.is_at_its_end() { None } else { Some(serde_json::to_string(&place.asks)?) },
        etag: place.tag.clone().map(|tag| (tag.etag, tag.path)),
        listed: place.listed,
        total: place.total,
        called: place.called.clone(),
        began_at: place.began_at,
        since: place.since,
        complete_to: place.complete_to,
    })
}

/// As it was kept; none where another version of pacer wrote asks that this one can't read.
fn place(cursor: Cursor) -> Option<Place> {
    let asks: Asks = cursor.asks.as_deref().map_or(Some(Asks::default()), |text| serde_json::from_str(text).ok())?;
    let tag = cursor.etag.map(|(etag, path)| Tag { path, etag });
    let begun = !asks.inner.is_empty() || asks.next.is_some();
    Some(Place {
        asks,
        tag,
        begun,
        listed: cursor.listed,
        total: cursor.total,
        began_at: cursor.began_at,
        since: cursor.since,
        complete_to: cursor.complete_to,
        called: cursor.called,
    })
}

//! `pacer import SOURCE PATH...`: files, folders, repositories or standard input.
//!
//! The input is read and parsed on a thread of its own and stored in batches, each durable on its own: killed in
//! the middle, what was stored stays, and running it again goes on, since facts that are known are only counted.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use super::{open, print};
use crate::app::App;
use crate::backfill::GitImport;
use crate::config::Config;
use crate::domain::event::{Event, Parsed, Rejected, Stated};
use crate::sources::{self, Headers, Source, csv, generic, git, recorded};
use crate::store::{Delivery, Tally};

/// Reasons printed at most; the count below them is of all.
const REASONS: usize = 1_000;
/// Events a batch.
const BATCH: usize = 2_000;
/// Batches parsed ahead of the store.
const AHEAD: usize = 4;

/// What to read, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(help = sources::slugs(|_| true))]
    source: String,
    /// Files, folders, repositories, or - for standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The service that all of it belongs to
    #[arg(long)]
    service: Option<String>,
    /// The environment of deployments that name none
    #[arg(long = "env")]
    environment: Option<String>,
    /// git: the tags that are deployments, as in 'checkout-v*'; the default is versions
    #[arg(long, value_name = "GLOB")]
    tag: Option<String>,
    /// git: history and messages only, where deployments come from elsewhere
    #[arg(long)]
    no_deployments: bool,
    /// csv: the type of rows that name none
    #[arg(long = "type", value_name = "T")]
    kind: Option<String>,
}

/// Rows parsed, with the raw text they came from.
struct Batch {
    /// None: the source is its own record (git).
    raw: Option<Vec<u8>>,
    headers: Headers,
    key: Option<String>,
    parsed: Parsed,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let source = sources::source(&args.source).ok_or_else(|| unknown(&args.source))?;
    for path in &args.paths {
        anyhow::ensure!(path.as_os_str() == "-" || path.exists(), "{} does not exist", path.display());
    }
    let app = open(config).await?;
    let bar = progress("events");
    let mut total = Tally::default();
    for path in &args.paths {
        let (send, batches) = mpsc::channel(AHEAD);
        let reading = read(source, path, &args, send);
        let storing = store(&app, source, &args, batches, &bar, &mut total);
        let (read, stored) = tokio::join!(reading, storing);
        stored?;
        read?;
    }
    bar.set_message("computing figures");
    app.store.refresh(None).await?;
    bar.finish_and_clear();
    for rejected in total.rejected.iter().take(REASONS) {
        print(&format!("line {}: {}", rejected.line, rejected.reason));
    }
    if total.rejected.len() > REASONS {
        print(&format!("and {} more were rejected", total.rejected.len() - REASONS));
    }
    print(&summary(&total));
    Ok(ExitCode::SUCCESS)
}

fn unknown(slug: &str) -> anyhow::Error {
    let known: Vec<&str> = sources::SOURCES.iter().map(|source| source.slug).collect();
    anyhow!("there is no source `{slug}`: {} are", known.join(", "))
}

/// The last line: what scripts read.
pub fn summary(tally: &Tally) -> String {
    format!(
        "read {} new {} updated {} duplicate {} rejected {}",
        tally.read,
        tally.new,
        tally.updated,
        tally.duplicate,
        tally.rejected.len()
    )
}

/// A bar on stderr where that is a terminal.
pub fn progress(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {{human_pos}} {what} {{per_sec}} {{msg}}")) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

async fn store(
    app: &App,
    source: &Source,
    args: &Args,
    mut batches: mpsc::Receiver<Batch>,
    bar: &ProgressBar,
    total: &mut Tally,
) -> Result<()> {
    while let Some(batch) = batches.recv().await {
        let mut parsed = batch.parsed;
        parsed.events.iter_mut().for_each(|stated| overlay(&mut stated.event, args));
        bar.inc(parsed.read);
        let raw = batch.raw.unwrap_or_default();
        let key = batch.key.or_else(|| raw.is_empty().then(|| format!("{:032x}", rand::random::<u128>())));
        let delivery = Delivery { source: source.slug.into(), key, headers: batch.headers.0, body: raw, received_at: app.clock.now() };
        total.add(app.store.ingest(delivery, parsed).await?);
    }
    Ok(())
}

/// What the command line says of all rows.
fn overlay(event: &mut Event, args: &Args) {
    match event {
        Event::Deployment(it) => {
            if args.service.is_some() {
                it.service.clone_from(&args.service);
            }
            if it.environment.as_deref().is_none_or(str::is_empty) && args.environment.is_some() {
                it.environment.clone_from(&args.environment);
            }
        }
        Event::Incident(it) if args.service.is_some() => it.service.clone_from(&args.service),
        _ => {}
    }
}

/// Reads a path and sends batches until it ends.
async fn read(source: &'static Source, path: &Path, args: &Args, send: mpsc::Sender<Batch>) -> Result<()> {
    if source.slug == git::SOURCE.slug {
        return read_git(path, args, send).await;
    }
    let (path, kind) = (path.to_path_buf(), args.kind.clone());
    let reading = tokio::task::spawn_blocking(move || {
        for file in files(&path)? {
            match source.slug {
                slug if slug == generic::SOURCE.slug => read_json(input(&file)?, &send),
                slug if slug == csv::SOURCE.slug => read_csv(input(&file)?, kind.as_deref(), &send),
                _ => read_recorded(source, &file, &send),
            }
            .with_context(|| format!("reading {}", file.display()))?;
        }
        Ok(())
    });
    reading.await.context("reading the input")?
}

async fn read_git(path: &Path, args: &Args, send: mpsc::Sender<Batch>) -> Result<()> {
    let import = GitImport {
        path: path.to_path_buf(),
        service: args.service.clone(),
        environment: args.environment.clone(),
        tags: args.tag.clone(),
        deployments: !args.no_deployments,
    };
    let outcome = import
        .run(async |parsed: Parsed| {
            send.send(Batch { raw: None, headers: Headers::default(), key: None, parsed }).await.map_err(|_| anyhow!("the store stopped"))
        })
        .await?;
    if let Some(note) = outcome.note {
        let _ = writeln!(std::io::stderr(), "pacer: {note}");
    }
    Ok(())
}

/// The files of a folder in order of name, or the file itself.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("reading the folder {}", path.display()))? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            found.push(path);
        }
    }
    if found.is_empty() {
        bail!("the folder {} has no files", path.display());
    }
    found.sort();
    Ok(found)
}

fn input(path: &Path) -> Result<Box<dyn BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
}

/// Generic events; the raw lines are kept beside the facts.
fn read_json(reader: impl BufRead, send: &mpsc::Sender<Batch>) -> Result<()> {
    let mut texts = generic::texts::Texts::new(reader);
    let mut batch = Filling::default();
    while let Some(text) = texts.next_text()? {
        batch.raw.extend_from_slice(text.bytes);
        batch.raw.push(b'\n');
        batch.add(match text.broken {
            Some(reason) => Err(Rejected { line: text.line, reason: reason.into() }),
            None => generic::row::parse_text(text.bytes, text.line),
        });
        if batch.is_full() {
            batch.send(send, Headers::default())?;
        }
    }
    batch.send(send, Headers::default())
}

/// A table; each raw batch keeps the header row, so that it can be read on its own.
fn read_csv(reader: impl BufRead, kind: Option<&str>, send: &mpsc::Sender<Batch>) -> Result<()> {
    let mut rows = csv::rows(reader, kind)?;
    let mut batch = Filling::default();
    while let Some(row) = rows.next() {
        if batch.raw.is_empty() {
            batch.raw = rows.header_text();
        }
        batch.raw.extend_from_slice(&rows.row_text());
        batch.add(row?);
        if batch.is_full() {
            batch.send(send, rows.headers())?;
        }
    }
    batch.send(send, rows.headers())
}

/// Recorded webhooks: each is a delivery of its own.
fn read_recorded(source: &'static Source, path: &Path, send: &mpsc::Sender<Batch>) -> Result<()> {
    let mut bytes = Vec::new();
    input(path)?.read_to_end(&mut bytes)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for delivery in recorded::split(source, &name, &bytes) {
        let batch = match delivery {
            Ok(delivery) => {
                let key = (source.delivery_id)(&delivery.headers, &delivery.body);
                let mut parsed = match (source.check)(&delivery.headers, &delivery.body) {
                    Ok(()) => (source.parse)(&delivery.headers, &delivery.body),
                    Err(refused) => {
                        Parsed { read: 1, rejected: vec![Rejected { line: 1, reason: refused.to_string() }], ..Parsed::default() }
                    }
                };
                parsed.read = 1;
                parsed.rejected.iter_mut().for_each(|rejected| named(rejected, &name, delivery.line));
                Batch { raw: Some(delivery.body), headers: delivery.headers, key, parsed }
            }
            Err(mut rejected) => {
                let line = rejected.line;
                named(&mut rejected, &name, line);
                Batch {
                    raw: None,
                    headers: Headers::default(),
                    key: None,
                    parsed: Parsed { read: 1, rejected: vec![rejected], ..Parsed::default() },
                }
            }
        };
        send.blocking_send(batch).map_err(|_| anyhow!("the store stopped"))?;
    }
    Ok(())
}

fn named(rejected: &mut Rejected, file: &str, line: u64) {
    rejected.line = line;
    rejected.reason = format!("{file}: {}", rejected.reason);
}

/// A batch being filled.
#[derive(Default)]
struct Filling {
    raw: Vec<u8>,
    parsed: Parsed,
}

impl Filling {
    fn add(&mut self, row: Result<Stated, Rejected>) {
        self.parsed.read += 1;
        match row {
            Ok(stated) => self.parsed.events.push(stated),
            Err(rejected) => self.parsed.rejected.push(rejected),
        }
    }

    fn is_full(&self) -> bool {
        self.parsed.read >= BATCH as u64
    }

    fn send(&mut self, send: &mpsc::Sender<Batch>, headers: Headers) -> Result<()> {
        if self.parsed.read == 0 {
            return Ok(());
        }
        let filled = std::mem::take(self);
        let batch = Batch { raw: Some(filled.raw), headers, key: None, parsed: filled.parsed };
        send.blocking_send(batch).map_err(|_| anyhow!("the store stopped"))
    }
}

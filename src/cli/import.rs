//! `pacer import SOURCE PATH...`: files, folders, repositories or standard input.
//!
//! The input is read and parsed on a thread of its own and stored in batches, each durable on its own: killed in
//! the middle, what was stored stays, and running it again goes on, since facts that are known are only counted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use super::{misused, open, print};
use crate::app::App;
use crate::backfill::GitImport;
use crate::config::Config;
use crate::domain::event::{Parsed, Rejected, Stated};
use crate::domain::org::Org;
use crate::domain::said::Said;
use crate::domain::words;
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
    /// The file, where several are read.
    file: Option<String>,
    parsed: Parsed,
}

/// What became of all batches.
#[derive(Default)]
struct Total {
    tally: Tally,
    /// The file that each rejected row stands in, where several are read.
    files: Vec<Option<String>>,
    /// How many deliveries pacer uses nothing of, by reason.
    ignored: BTreeMap<String, u64>,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let Some(source) = sources::source(&args.source) else { return Ok(misused(&unknown(&args.source))) };
    for path in &args.paths {
        anyhow::ensure!(path.as_os_str() == "-" || path.exists(), "{} does not exist", path.display());
    }
    let app = open(config).await?;
    let org = app.store.org(app.clock.now()).await?;
    let bar = progress("events");
    let (said, mut total) = (args.said(), Total::default());
    for path in &args.paths {
        let (send, batches) = mpsc::channel(AHEAD);
        let reading = read(source, path, &args, &org.org, send);
        let storing = store(&app, source, &said, batches, &bar, &mut total);
        let (read, stored) = tokio::join!(reading, storing);
        stored?;
        read?;
    }
    bar.set_message("computing figures");
    app.store.refresh(None).await?;
    bar.finish_and_clear();
    total.told().iter().for_each(|line| print(line));
    print(&summary(&total.tally));
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// What the command line says of all rows.
    fn said(&self) -> Said {
        Said { service: self.service.clone(), environment: self.environment.clone() }
    }
}

impl Total {
    fn add(&mut self, tally: Tally, file: Option<&str>, ignored: Option<String>) {
        self.files.extend(tally.rejected.iter().map(|_| file.map(str::to_string)));
        self.tally.add(tally);
        if let Some(reason) = ignored {
            *self.ignored.entry(reason).or_default() += 1;
        }
    }

    /// What stands above the summary: each rejected row, then what was ignored.
    fn told(&self) -> Vec<String> {
        let rejected = &self.tally.rejected;
        let place = |(file, row): (&Option<String>, &Rejected)| match file {
            Some(file) => format!("{file}, line {}: {}", row.line, row.reason),
            None => format!("line {}: {}", row.line, row.reason),
        };
        let mut lines: Vec<String> = self.files.iter().zip(rejected).take(REASONS).map(place).collect();
        if rejected.len() > REASONS {
            lines.push(format!("and {} more were rejected", rejected.len() - REASONS));
        }
        let ignored = |(reason, count): (&String, &u64)| format!("ignored {}: {reason}", words::count(*count, "delivery", "deliveries"));
        lines.extend(self.ignored.iter().take(REASONS).map(ignored));
        lines
    }
}

fn unknown(slug: &str) -> String {
    let known: Vec<&str> = sources::SOURCES.iter().map(|source| source.slug).collect();
    format!("there is no source `{slug}`: {} are", known.join(", "))
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
    said: &Said,
    mut batches: mpsc::Receiver<Batch>,
    bar: &ProgressBar,
    total: &mut Total,
) -> Result<()> {
    while let Some(batch) = batches.recv().await {
        let parsed = batch.parsed;
        bar.inc(parsed.read);
        let raw = batch.raw.unwrap_or_default();
        let key = batch.key.or_else(|| raw.is_empty().then(|| format!("{:032x}", rand::random::<u128>())));
        let headers = batch.headers.0.into_iter().chain(said.headers()).collect();
        let delivery = Delivery { source: source.slug.into(), key, headers, body: raw, received_at: app.clock.now() };
        let ignored = parsed.ignored.clone();
        total.add(app.store.ingest(delivery, parsed).await?, batch.file.as_deref(), ignored);
    }
    Ok(())
}

/// Reads a path and sends batches until it ends.
async fn read(source: &'static Source, path: &Path, args: &Args, org: &Org, send: mpsc::Sender<Batch>) -> Result<()> {
    if source.slug == git::SOURCE.slug {
        return read_git(path, args, org, send).await;
    }
    let several = args.paths.len() > 1 || path.is_dir();
    let (path, kind, placed) = (path.to_path_buf(), args.kind.clone(), args.service.is_some());
    let reading = tokio::task::spawn_blocking(move || {
        for file in files(&path)? {
            let out = Out { send: &send, file: several.then(|| file.display().to_string()) };
            match source.slug {
                slug if slug == generic::SOURCE.slug => read_json(input(&file)?, placed, &out),
                slug if slug == csv::SOURCE.slug => read_csv(input(&file)?, kind.as_deref(), placed, &out),
                _ => read_recorded(source, &file, &out),
            }
            .with_context(|| format!("reading {}", file.display()))?;
        }
        Ok(())
    });
    reading.await.context("reading the input")?
}

async fn read_git(path: &Path, args: &Args, org: &Org, send: mpsc::Sender<Batch>) -> Result<()> {
    let import = GitImport { path: path.to_path_buf(), org, tags: args.tag.clone(), deployments: !args.no_deployments };
    let file = (args.paths.len() > 1).then(|| path.display().to_string());
    let outcome = import
        .run(async |parsed: Parsed| {
            let batch = Batch { raw: None, headers: Headers::default(), key: None, file: file.clone(), parsed };
            send.send(batch).await.map_err(|_| anyhow!("the store stopped"))
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

/// Where batches go.
struct Out<'a> {
    send: &'a mpsc::Sender<Batch>,
    /// The file, where several are read.
    file: Option<String>,
}

impl Out<'_> {
    fn send(&self, raw: Option<Vec<u8>>, headers: Headers, key: Option<String>, parsed: Parsed) -> Result<()> {
        let batch = Batch { raw, headers, key, file: self.file.clone(), parsed };
        self.send.blocking_send(batch).map_err(|_| anyhow!("the store stopped"))
    }
}

/// Generic events; the raw lines are kept beside the facts.
fn read_json(reader: impl BufRead, placed: bool, out: &Out<'_>) -> Result<()> {
    let mut texts = generic::texts::Texts::new(reader);
    let mut batch = Filling::default();
    while let Some(text) = texts.next_text()? {
        batch.raw.extend_from_slice(text.bytes);
        batch.raw.push(b'\n');
        let row = match text.broken {
            Some(reason) => Err(Rejected { line: text.line, reason: reason.into() }),
            None => generic::row::parse_text(text.bytes, text.line, placed),
        };
        batch.add(row.map_err(|rejected| match text.index {
            Some(index) => Rejected { reason: format!("event {index}: {}", rejected.reason), ..rejected },
            None => rejected,
        }));
        if batch.is_full() {
            batch.send(out, Headers::default())?;
        }
    }
    batch.send(out, Headers::default())
}

/// A table; each raw batch keeps the header row, so that it can be read on its own.
fn read_csv(reader: impl BufRead, kind: Option<&str>, placed: bool, out: &Out<'_>) -> Result<()> {
    let mut rows = csv::rows(reader, kind, placed)?;
    if !rows.unused().is_empty() {
        print(&format!("not read, since they are no fields: {}", rows.unused().join(", ")));
    }
    let mut batch = Filling::default();
    while let Some(row) = rows.next() {
        if batch.raw.is_empty() {
            batch.raw = rows.header_text();
        }
        batch.raw.extend_from_slice(&rows.row_text());
        batch.add(row?);
        if batch.is_full() {
            batch.send(out, rows.headers())?;
        }
    }
    batch.send(out, rows.headers())
}

/// Recorded webhooks: each is a delivery of its own.
fn read_recorded(source: &'static Source, path: &Path, out: &Out<'_>) -> Result<()> {
    let mut bytes = Vec::new();
    input(path)?.read_to_end(&mut bytes)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for delivery in recorded::split(source, &name, &bytes) {
        match delivery {
            Ok(delivery) => {
                let key = (source.delivery_id)(&delivery.headers, &delivery.body);
                let mut parsed = match (source.check)(&delivery.headers, &delivery.body) {
                    Ok(()) => (source.parse)(&delivery.headers, &delivery.body),
                    Err(refused) => {
                        Parsed { read: 1, rejected: vec![Rejected { line: 1, reason: refused.to_string() }], ..Parsed::default() }
                    }
                };
                parsed.read = 1;
                parsed.rejected.iter_mut().for_each(|rejected| rejected.line = delivery.line);
                out.send(Some(delivery.body), delivery.headers, key, parsed)?;
            }
            Err(rejected) => out.send(None, Headers::default(), None, Parsed { read: 1, rejected: vec![rejected], ..Parsed::default() })?,
        }
    }
    Ok(())
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

    fn send(&mut self, out: &Out<'_>, headers: Headers) -> Result<()> {
        if self.parsed.read == 0 {
            return Ok(());
        }
        let filled = std::mem::take(self);
        out.send(Some(filled.raw), headers, None, filled.parsed)
    }
}

//! `pacer backtest`: what pacer would have foretold in each past week, and how that turned out, on this organisation's own history.
//!
//! At the end of each past week a forecast is made from the weeks known by then, and compared with what came; so for the whole organisation,
//! each team of three or more people and each portfolio project. Beside it stand the two simple forecasts that ours must beat. Why a command:
//! whoever doubts a forecast can see for themselves what it is worth here, before anybody relies on it. With `--series` the same for a
//! file of weekly counts or of dates. A row of later than now is refused: a backtest that sees the future looks splendid and is worthless.
//!
//! | file | does |
//! |---|---|
//! | `history` | from stored items to weeks of the organisation, teams, projects |
//! | `series` | from a file to weeks |
//! | `scores` | a series scored, in words and as JSON |
//!
//! Never a ranking of teams, and nothing of fewer than three people.

mod history;
mod scores;
mod series;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::ValueEnum;
use serde_json::json;

use self::scores::Scored;
use super::{clock, open, print};
use crate::config::Config;
use crate::domain::forecast::backtest::PastWeek;
use crate::domain::time::At;

/// Of what, and how to print it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only that: team:T or project:P
    scope: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A CSV file in the place of the database: a column `finished` of weekly counts, or a column of dates on which items were finished
    #[arg(long, value_name = "FILE", conflicts_with = "scope")]
    series: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Weeks of something, with what an ordinary week has.
struct Series {
    /// As it is shown.
    name: String,
    /// `team:payments`; none of a file.
    scope: Option<String>,
    weeks: Result<Vec<PastWeek>, String>,
    full_week: f64,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let now = clock(&config).now();
    let all = if let Some(path) = &args.series {
        series::read(path, now)?
    } else {
        let app = open(config).await?;
        app.ingest.drain().await?;
        history::read(&app.cx(None).await?, args.scope.as_deref()).await?
    };
    let scored: Vec<Scored> = all.into_iter().map(scores::score).collect::<Result<_, _>>()?;
    match args.format {
        Format::Text => print(&scores::text(&scored, now)),
        Format::Json => print(&report(&scored, now).to_string()),
    }
    if scored.iter().all(|one| one.outcome.is_err()) {
        bail!("nothing has enough history to look back on: {}", scores::LEAST);
    }
    Ok(ExitCode::SUCCESS)
}

fn report(scored: &[Scored], now: At) -> serde_json::Value {
    let (told, refused): (Vec<_>, Vec<_>) = scored.iter().map(scores::json).partition(|one| one["refused"].is_null());
    json!({ "as_of": now.rfc3339(), "forecasts": told, "refused": refused })
}

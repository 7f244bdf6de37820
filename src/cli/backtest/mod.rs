//! `pacer backtest`: what pacer would have foretold in each past week, and how that turned out, on this organisation's own history.
//!
//! At the end of each past week a forecast is made from the weeks known by then, and compared with what came; so for the whole organisation,
//! each team of three or more people and each portfolio project. Beside it stand the two simple forecasts that ours must beat. Why a command:
//! whoever doubts a forecast can see for themselves what it is worth here, before anybody relies on it. With `--series` the same for a
//! file of weekly counts or of dates, with `--simulated` for a made-up portfolio whose truth is known. Of everything it also tells what warnings
//! of late projects would have been worth, and how often improvements that nobody declared would have been believed. A row of later than now is refused: a backtest that sees the future looks splendid and is worthless.
//!
//! | file | does |
//! |---|---|
//! | `history` | from the store to weeks of the organisation, teams, projects |
//! | `simulated` | the same of the simulator's portfolio |
//! | `series` | from a file to weeks |
//! | `scores` | a series scored, in words and as JSON |
//! | `warnings` | warnings of late projects, likewise |
//! | `placebos` | improvements that nobody declared, likewise |
//!
//! Never a ranking of teams, and nothing of fewer than three people.

mod history;
mod placebos;
mod scores;
mod series;
mod simulated;
mod warnings;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::ValueEnum;
use serde_json::json;

use self::placebos::{Figures, Tried};
use self::scores::Scored;
use self::warnings::{Planned, Warned};
use super::{clock, open, print};
use crate::config;
use crate::domain::calendar::WorkCalendar;
use crate::domain::forecast::backtest::PastWeek;
use crate::domain::time::At;
use crate::simulator::portfolio::Config;

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
    /// A made-up portfolio of that seed in the place of the database, with slips planted: what warnings are worth where the truth is known
    #[arg(long, value_name = "SEED", conflicts_with_all = ["scope", "series"])]
    simulated: Option<u64>,
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

/// What there is to look back on.
struct Past {
    series: Vec<Series>,
    /// The portfolio; empty where one scope was asked for.
    projects: Vec<Planned>,
    /// Figures of teams by week; likewise.
    figures: Vec<Figures>,
    calendar: WorkCalendar,
}

/// What came of it.
struct Report {
    /// The seed of a made-up portfolio.
    simulated: Option<u64>,
    as_of: At,
    forecasts: Vec<Scored>,
    warnings: Option<Warned>,
    placebos: Vec<Tried>,
}

pub async fn run(args: Args, config: config::Config) -> Result<ExitCode> {
    let now = clock(&config).now();
    let report = if let Some(path) = &args.series {
        Report { simulated: None, as_of: now, forecasts: scored(series::read(path, now)?)?, warnings: None, placebos: Vec::new() }
    } else if let Some(seed) = args.simulated {
        made_up(seed, Config::default())?
    } else {
        let app = open(config).await?;
        app.ingest.drain().await?;
        looked_back(history::read(&app.cx(None).await?, args.scope.as_deref()).await?, now)?
    };
    match args.format {
        Format::Text => print(&report.text()),
        Format::Json => print(&report.json().to_string()),
    }
    if report.forecasts.iter().all(|one| one.outcome.is_err()) {
        bail!("nothing has enough history to look back on: {}", scores::LEAST);
    }
    Ok(ExitCode::SUCCESS)
}

fn scored(all: Vec<Series>) -> Result<Vec<Scored>> {
    Ok(all.into_iter().map(scores::score).collect::<Result<_, _>>()?)
}

fn made_up(seed: u64, config: Config) -> Result<Report> {
    let (past, end) = simulated::past(seed, config);
    Ok(Report { simulated: Some(seed), ..looked_back(past, end)? })
}

fn looked_back(past: Past, now: At) -> Result<Report> {
    let Past { series, projects, figures, calendar } = past;
    let warnings = if projects.is_empty() { None } else { Some(warnings::warn(&projects, &calendar, now)?) };
    Ok(Report { simulated: None, as_of: now, forecasts: scored(series)?, warnings, placebos: placebos::pretend(&figures) })
}

impl Report {
    fn text(&self) -> String {
        let made_up = |seed: u64| {
            format!("Made up: a simulated portfolio of seed {seed}, with slips and improvements planted. No record of real work.\n\n")
        };
        let mut lines = vec![self.simulated.map(made_up).unwrap_or_default() + &scores::text(&self.forecasts, self.as_of)];
        lines.extend(self.warnings.iter().flat_map(Warned::lines));
        if !self.placebos.is_empty() {
            lines.extend(placebos::lines(&self.placebos));
        }
        lines.join("\n")
    }

    fn json(&self) -> serde_json::Value {
        let (told, refused): (Vec<_>, Vec<_>) = self.forecasts.iter().map(scores::json).partition(|one| one["refused"].is_null());
        json!({
            "simulated": self.simulated,
            "as_of": self.as_of.rfc3339(),
            "forecasts": told,
            "refused": refused,
            "warnings": self.warnings.as_ref().map(Warned::json),
            "improvements": (!self.placebos.is_empty()).then(|| placebos::json(&self.placebos)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_portfolio_says_first_that_it_is_made_up() {
        let told = || made_up(3, Config { teams: 1, weeks: 60, ..Config::default() }).unwrap();
        let (text, json) = (told().text(), told().json());
        assert!(text.starts_with("Made up: a simulated portfolio of seed 3"), "{text}");
        assert!(text.contains("Team 1, 60 weeks") && text.contains("Warnings of late projects") && text.contains("Items done"), "{text}");
        assert_eq!((&json["simulated"], &json["improvements"]["figures"][0]["teams"]), (&json!(3), &json!(1)));
        assert_eq!(told().text(), text, "the same seed says the same");
    }
}

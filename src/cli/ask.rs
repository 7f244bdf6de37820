//! `pacer ask`: the same answer as in Slack, in the terminal or for a script.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use super::{on_a_terminal, open, print};
use crate::config::Config;
use crate::domain::card::Card;
use crate::error::{Failure, UserError};
use crate::features::{self, Asker, Reply};
use crate::render;

/// What to ask, and how to print it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What one would type after /metrics
    #[arg(default_value = "")]
    question: String,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Ask as that person, by Slack user id: their teams, and what is theirs alone
    #[arg(long = "as", value_name = "USER")]
    asker: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Blocks,
    Html,
    Csv,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let app = open(config).await?;
    app.ingest.drain().await?;
    let asker = args.asker.as_deref().map(|user| -> Asker { app.asker(user) });
    let cx = app.cx(asker).await?;
    match features::answer(&cx, &args.question).await {
        Ok(Reply::Card(card)) => {
            print(&rendered(&card, args.format));
            Ok(ExitCode::SUCCESS)
        }
        Ok(Reply::Form(form)) => anyhow::bail!("`{}` asks back in a form: use it in Slack", form.title),
        Err(Failure::User(error)) => Ok(refused(&error, args.format)),
        Err(Failure::Ours(error)) => Err(error),
    }
}

fn rendered(card: &Card, format: Format) -> String {
    match format {
        Format::Text => render::text(card, on_a_terminal(), 100),
        Format::Json => render::json(card).to_string(),
        Format::Blocks => serde_json::to_string_pretty(&render::message(card)).unwrap_or_default(),
        Format::Html => render::page(card),
        Format::Csv => render::csv(card),
    }
}

/// Says it on stderr for people, and on stdout for scripts that asked for JSON.
fn refused(error: &UserError, format: Format) -> ExitCode {
    if format == Format::Json {
        print(&render::error_json(error).to_string());
    }
    let _ = writeln!(std::io::stderr(), "{}", render::error_text(error));
    ExitCode::FAILURE
}

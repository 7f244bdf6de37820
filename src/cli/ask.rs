//! `pacer ask`: the same answer as in Slack, in the terminal or for a script.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use super::{on_a_terminal, open, print};
use crate::config::Config;
use crate::domain::card::Card;
use crate::domain::naming::named;
use crate::domain::org::Org;
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
    /// A picture of the whole answer, for a file: > dora.png
    Png,
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    if args.format == Format::Png && on_a_terminal() {
        let first = args.question.split_whitespace().next().unwrap_or("dora");
        anyhow::bail!("a terminal can't show a PNG: send it to a file, `pacer ask \"{}\" --format png > {first}.png`", args.question);
    }
    let app = open(config).await?;
    app.ingest.drain().await?;
    let asker = args.asker.as_deref().map(|user| -> Asker { app.asker(user) });
    let cx = app.cx(asker).await?;
    match features::answer(&cx, &args.question).await {
        Ok(Reply::Card(card)) => {
            show(*card, args.format, &cx.org.org)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Reply::Form(form)) => anyhow::bail!("`{}` asks back in a form: use it in Slack", form.title),
        Err(Failure::User(error)) => Ok(refused(&error, args.format)),
        Err(Failure::Ours(error)) => Err(error),
    }
}

/// To stdout; a reader that went away is no failure.
fn show(card: Card, format: Format, org: &Org) -> Result<()> {
    // Slack puts names in the place of its ids, nobody else does.
    let known = |slack: &str| org.who(slack, None).filter(|_| format != Format::Blocks).map(str::to_owned);
    let card = &named(card, &known);
    let text = match format {
        Format::Png => {
            let _ = std::io::stdout().write_all(&render::png::card(card)?);
            return Ok(());
        }
        Format::Text => render::text(card, on_a_terminal(), 100),
        Format::Json => render::json(card).to_string(),
        Format::Blocks => serde_json::to_string_pretty(&render::message(card)).unwrap_or_default(),
        Format::Html => render::page(card),
        Format::Csv => render::csv(card),
    };
    print(&text);
    Ok(())
}

/// Says it on stderr for people, and on stdout for scripts that asked for JSON.
fn refused(error: &UserError, format: Format) -> ExitCode {
    if format == Format::Json {
        print(&render::error_json(error).to_string());
    }
    let _ = writeln!(std::io::stderr(), "{}", render::error_text(error));
    ExitCode::FAILURE
}

//! `pacer privacy attack`: tries on this database and these files what an attacker would try, and says what came of each.
//!
//! With the rights of whoever runs it, on what is there now. It changes nothing. Why a command and not only tests: a promise to
//! respondents is worth what can be looked at on the server that keeps their answers. Numbers are those of the design's list of attacks;
//! those that need another machine, another time or Slack are tests of pacer's own. Never prints an answer, a comment or a person.

mod checks;
mod folder;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::{open, print};
use crate::config::Config;

/// What to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Step {
    /// Try what an attacker would try on the database and its files; exit 0 if nothing succeeded, 1 if something did
    Attack,
}

/// What came of an attack.
enum Came {
    /// To nothing; in a few words, of what.
    Ok(String),
    /// It succeeded: what is wrong and what to do.
    Failed(Vec<String>),
    /// It can't be tried here.
    Impossible(String),
}

impl Came {
    /// Failed by these sentences; none: ok, and of what.
    fn of(wrong: Vec<String>, ok: impl Into<String>) -> Self {
        if wrong.is_empty() { Self::Ok(ok.into()) } else { Self::Failed(wrong) }
    }
}

pub async fn run(args: Args, config: Config) -> Result<ExitCode> {
    let Step::Attack = args.step;
    let app = open(config).await?;
    let evidence = app.store.survey_evidence(&app.keys).await?;
    let today = app.clock.now().utc().date_naive();
    let looked = folder::look(&app.config.key_dir);
    let open: Vec<&str> = checks::open(&evidence).map(|it| it.wave.id.as_str()).collect();
    let attacks = [
        ("1   dump of the open waves", checks::dump(&evidence)),
        ("2 5 what is left of closed waves", checks::left_over(&evidence, &looked, &app.config.database_url)),
        ("3   order of rows, further columns", checks::order(&evidence)),
        ("6   keys that are not of an open wave", folder::strays(&looked, &open)),
        ("7 8 sums and differences of what is shown", checks::sums(&evidence)),
        ("10  least groups", checks::minima(&evidence)),
        ("14  the folder of keys", folder::kept_apart(&looked, &app.config.key_dir, &app.config.database_url, &open)),
        ("15  reminders", checks::reminders(&evidence)),
        ("19  comments of few", checks::comments(&evidence)),
        ("22  what is kept too long", checks::retention(&evidence, today)),
    ];
    let mut succeeded = 0;
    for (attack, came) in attacks {
        match came {
            Came::Ok(what) => print(&format!("{attack:<42} ok: {what}")),
            Came::Impossible(why) => print(&format!("{attack:<42} not possible here: {why}")),
            Came::Failed(wrong) => {
                succeeded += 1;
                let more = wrong.len() - 1;
                let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
                print(&format!("{attack:<42} FAILED: {}{more}", wrong[0]));
            }
        }
    }
    print(&match succeeded {
        0 => "No attack succeeded.".to_owned(),
        1 => "One attack succeeded: what was promised to respondents does not hold here.".to_owned(),
        n => format!("{n} attacks succeeded: what was promised to respondents does not hold here."),
    });
    Ok(if succeeded == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

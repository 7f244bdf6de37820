//! What moved against the period before, as the verdicts of `dora` and `flow` say it.

use super::left_out::join;
use crate::domain::card::{Line, Tone};
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::domain::words;

/// Changes named in a sentence at most; the figures below it tell the others.
const NAMED: usize = 3;

/// Adds what got better and what got worse; each figure by name, with how it moved where that can be told. `compared` is
/// whether there was a whole period before.
pub fn moved<'a>(line: Line, compared: bool, figures: impl Iterator<Item = (&'a str, Option<(Tone, String)>)>) -> Line {
    if !compared {
        return line.and("There is no full period before this one to compare with.");
    }
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    for (name, change) in figures {
        match change {
            Some((Tone::Good, change)) => better.push(format!("{} ({change})", lowered(name))),
            Some((Tone::Bad, change)) => worse.push(format!("{} ({change})", lowered(name))),
            _ => {}
        }
    }
    let [better, worse] = [better, worse].map(|mut all: Vec<String>| {
        if all.len() > NAMED + 1 {
            let more = all.len() - NAMED;
            all.truncate(NAMED);
            all.push(format!("{more} more"));
        }
        all
    });
    match (better.is_empty(), worse.is_empty()) {
        (true, true) => line.and("No clear change against the period before."),
        (false, true) => line.strong("Better: ").and(format!("{}. Nothing got clearly worse.", join(&better))),
        (true, false) => line.strong("Worse: ").and(format!("{}. Nothing got clearly better.", join(&worse))),
        (false, false) => line.strong("Better: ").and(format!("{}. ", join(&better))).strong("Worse: ").and(format!("{}.", join(&worse))),
    }
}

/// Why there is nothing to tell of a scope that owned no service.
pub fn owned_nothing(name: &str) -> Line {
    Line::plain(format!("{} owned no service in this period, so there is nothing to measure.", words::capitalised(name)))
}

/// Why there is nothing to tell where no deployment was ever told, and what to do.
pub fn no_deployment(name: &str) -> Line {
    let line = Line::plain(format!("No production deployment of {name} is known in this period, so there is nothing to measure yet. "));
    line.and("Feed deployments with ").code("pacer import git PATH").and(", a webhook or ").code("POST /v1/events").and(".")
}

/// The same of changes and work items.
pub fn no_work(name: &str) -> Line {
    let line = Line::plain(format!("No change and no work item of {name} is known in this period. "));
    line.and("Feed them with a webhook, ")
        .code("pacer backfill")
        .and(" or ")
        .code("POST /v1/events")
        .and(": ")
        .code("/metrics health")
        .and(" says what is missing.")
}

/// Why there is nothing to tell of a period before the data.
pub fn before_data(name: &str, first: At, window: &Window) -> Line {
    let day = words::date(first, window.to, window.zone);
    Line::plain(format!("The data of {name} begins on {day}, after this period: of the time before nothing is known."))
}

/// A metric's name inside a sentence; an abbreviation stays one.
pub fn lowered(name: &str) -> String {
    let abbreviated = name.chars().nth(1).is_some_and(char::is_uppercase);
    if abbreviated { name.to_string() } else { name.to_lowercase() }
}

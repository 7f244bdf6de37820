//! `benchmark [industry] [size] [year]`: where do our five DORA figures lie among those who answered an industry survey, and
//! how far apart are our own teams? `benchmark quick-check`: what would we answer in that survey?
//!
//! The survey is DORA's Quick Check (<https://dora.dev/quickcheck/>): its tables and their licence are in
//! `domain/benchmark/quick_check.rs`, from figure to answer, score and percentile in `domain/benchmark/answer.rs`. The tiers of
//! the 2024 report stand beside. The figures are those of `dora`, so a receipt recounts to the same rows.
//!
//! An interval carries over to percentiles; where its ends lie more than [`compute::NOT_SEPARABLE`] apart there is none. The
//! spread is over teams without teams below them, those with enough data, at least [`compute::FEWEST_TEAMS`]; no team is named,
//! and one that keeps its figures to itself is never among them, whoever asks: from the ends of a spread its figure could be told.
//!
//! Never a goal, and never a ranking of teams: people answered for themselves, about unlike systems, and the percentile assumes
//! a normal curve. DORA warns of both.
//!
//! # JSON
//!
//! `metrics` as in `dora`, each `band` of DORA 2024; and (`spread` is left out of `quick-check`):
//!
//! ```text
//! "benchmark": {"year": 2025, "industry": "technology", "size": "fewer_than_5000", "source": "DORA Quick Check 2025",
//!   "licence": "CC-BY-4.0", "metrics": [{"id": "change_lead_time", "answer": 4, "text": "One day to one week", "score": 6.0,
//!     "mean": 5.7, "sd": 2.4, "percentile": 53.1, "range": [53.1, 53.1],
//!     "by_size": {"mean": 5.3, "sd": 2.4, "percentile": 60.0, "range": [60.0, 60.0]}}]}
//! "spread": [{"id": "change_lead_time", "unit": "seconds", "teams": 5, "min": .., "p25": .., "median": .., "p75": .., "max": ..}]
//! "quick_check": {"site": "https://dora.dev/quickcheck/", "link": "https://dora.dev/quickcheck/?v=2025&leadtime=4",
//!   "score": 6.8, "throughput": 6.0, "stability": 8.9, "mean": 6.8,
//!   "questions": [{"id": "change_lead_time", "name": "leadtime", "answer": 4, "text": "One day to one week", "score": 6.0,
//!     "value": 164160.0, "unit": "seconds", "n": 131, "reason": null}]}
//! ```
//!
//! `answer` is 1 to 6 (best), or a whole percentage; every `score` and `mean` is from 0 to 10, the best. `mean` to `range` are of
//! the industry, which is `all` where none was named; where only a size was named `industry` is null and they are of the size;
//! with both, the size's are in `by_size`, else absent. `percentile` is null where it is not separable or there is too little;
//! `range`, its interval, only where there is too little. What is not known is null. `score` to `mean` of `quick_check` are null
//! unless every question has an answer.

mod card;
mod choice;
mod compute;
mod data;
mod survey;

use futures::future::BoxFuture;

use super::receipts::{self, Recount};
use super::{Command, Cx, PERIOD, Reply, access, dora, understood};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Metric, Scope};
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::error::Failure;
use crate::store::receipts::Receipt;
use compute::Benchmark;
use dora::compute::Dora;

/// The registration.
pub const COMMAND: Command = Command {
    name: "benchmark",
    usage: "[quick-check] [INDUSTRY] [SIZE] [YEAR] [team:T|service:S] [WINDOW]",
    summary: "the five among an industry survey's answers, and the spread of your own teams; quick-check: the answers to enter in it",
    example: "benchmark technology 1000-4999",
    private: false,
    words: Words::Numbers,
    period: PERIOD,
    recount: Some(Recount {
        compares: true,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(dora::evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    dora::refuse_project("benchmark", &ask.scope)?;
    let choice = choice::choose(&ask.words)?;
    let dora = dora::load(cx, &ask.scope, &ask.window, cx.now, &cx.org.org).await?;
    let receipt = receipts::receipt(cx, &ask, &dora.metrics).await?;
    let teams = teams(cx, &ask.window, &cx.org.org, cx.now).await?;
    let card = build(cx, &ask, &dora, &compute::compute(&dora, choice, &teams), &receipt.id).await?;
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

async fn build(cx: &Cx, ask: &Ask, dora: &Dora, benchmark: &Benchmark, receipt: &str) -> Result<Card, Failure> {
    let health = cx.health(cx.now).await?;
    let name = cx.org.org.scope_name(&ask.scope);
    let about = card::About { ask, name: &name, dora, benchmark, receipt, health };
    Ok(if benchmark.choice.quick_check { survey::card(&about) } else { card::card(&about) })
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let asked = understood(cx, &receipt.command).await?;
    let ask = Ask { scope: receipt.scope.clone(), window: receipt.window.clone(), window_named: true, ..asked };
    let org = cx.store.org_version(receipt.org_version).await?;
    let dora = dora::load(cx, &ask.scope, &ask.window, receipt.asked_at, &org.org).await?;
    let teams = teams(cx, &ask.window, &org.org, receipt.asked_at).await?;
    build(cx, &ask, &dora, &compute::compute(&dora, choice::choose(&ask.words)?, &teams), &receipt.id).await
}

/// The figures of each team without teams below it that does not keep them to itself.
async fn teams(cx: &Cx, window: &Window, org: &Org, now: At) -> Result<Vec<Vec<Metric>>, Failure> {
    let mut figures = Vec::new();
    let (outsider, shown) = (access::Sight::outsider(cx), access::Shown { from: window.from, to: window.to, compares: false });
    let open = |id: &str| outsider.check(&Scope::Team(id.to_string()), org, shown).is_ok();
    for id in org.lowest_teams().filter(|id| open(id)) {
        figures.push(dora::load(cx, &Scope::Team(id.to_string()), window, now, org).await?.metrics);
    }
    Ok(figures)
}

#[cfg(test)]
mod tests;

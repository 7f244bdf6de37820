//! A series scored: how often forecasts held, how far off they were beside two simple ones, and in one sentence whether they are worth it.
//!
//! Printed for a person who decides whether to rely on a forecast: what was promised at 50, 85 and 95 % should have held as often.

use serde_json::{Value, json};

use super::Series;
use crate::domain::forecast::PROMISES;
use crate::domain::forecast::backtest::baseline;
use crate::domain::forecast::backtest::{HORIZONS, QUANTILES, Record, run};
use crate::domain::forecast::known::LookAhead;
use crate::domain::forecast::score::Coverage;
use crate::domain::forecast::throughput::{Pace, Week};
use crate::domain::time::At;
use crate::domain::words;

/// What it takes.
pub const LEAST: &str =
    "it takes 16 weeks since the first finished item, of them 6 with finished items, and 10 items; import more of the past, or wait";

/// A series with what came of it.
pub struct Scored {
    name: String,
    scope: Option<String>,
    weeks: usize,
    /// The records of each horizon; else why there are none.
    pub outcome: Result<Vec<Record>, String>,
}

/// Asks the past of a series.
pub fn score(series: Series) -> Result<Scored, LookAhead> {
    let Series { name, scope, weeks, full_week } = series;
    let scored = |weeks, outcome| Scored { name, scope, weeks, outcome };
    let weeks = match weeks {
        Ok(weeks) => weeks,
        Err(reason) => return Ok(scored(0, Err(reason))),
    };
    let records = run(&weeks, full_week)?;
    let outcome = if records.iter().any(|record| record.made > 0) {
        Ok(records)
    } else {
        Err(lacking(&weeks.iter().map(|row| row.week).collect::<Vec<_>>(), full_week))
    };
    Ok(scored(weeks.len(), outcome))
}

/// Why nothing could be asked.
fn lacking(weeks: &[Week], full_week: f64) -> String {
    let (have, need) = (weeks.len(), baseline::WEEKS + HORIZONS[0] as usize);
    match Pace::learn(weeks, full_week) {
        Err(refusal) => refusal.to_string(),
        Ok(_) if have < need => format!(
            "not enough history: have {have} weeks, need {need}: {} to look back on, and {} to see what came",
            baseline::WEEKS,
            HORIZONS[0]
        ),
        Ok(_) => "not enough history in any past week".to_owned(),
    }
}

/// Whether it is worth more than the simple ones.
fn verdict(records: &[Record]) -> String {
    let made = || records.iter().filter(|record| record.made > 0);
    let worse: Vec<String> = made().filter(|record| record.is_no_better()).map(|record| format!("{} weeks", record.weeks)).collect();
    match worse.len() {
        0 => "Better than a simple average.".to_owned(),
        n if n == made().count() => "No better than a simple average.".to_owned(),
        _ => format!("Better than a simple average, but no better at {}.", words::join(&worse)),
    }
}

/// A share with its interval, in %.
fn percent(held: &Coverage) -> String {
    let [low, high] = held.interval.map(|end| 100.0 * end);
    held.share().map_or("-".to_owned(), |share| format!("{:.0} ({low:.0}-{high:.0})", 100.0 * share))
}

/// Three shares, in %.
fn short(held: &[Coverage; 3]) -> String {
    held.iter().map(|held| held.share().map_or("-".to_owned(), |share| format!("{:.0}", 100.0 * share))).collect::<Vec<_>>().join(" ")
}

/// Three numbers under 1 without their 0.
fn points(numbers: [f64; 3]) -> String {
    numbers.map(|number| format!("{number:.3}").trim_start_matches('0').to_owned()).join(" ")
}

/// What the columns are.
const LEGEND: [&str; 6] = [
    "",
    "n: forecasts made. 50, 85, 95 %: how often at least as many items came as were promised with that",
    "chance, in %, with its 95 % interval; beside it the same of a plain bootstrap; dates: how often as",
    "many items as in the weeks before were done by the date promised. Off: how far off (CRPS over the",
    "mean) ours, the plain bootstrap and the average of 12 weeks were: less is better.",
    "Pinball is the same of quantiles.",
];

/// All of it for a terminal of 100 columns.
pub fn text(scored: &[Scored], now: At) -> String {
    let mut lines = vec![format!("Forecasts of past weeks, each from what was known then, as of {}.", now.utc().date_naive())];
    if scored.iter().any(|one| one.outcome.is_ok()) {
        lines.extend(LEGEND.map(str::to_owned));
    }
    for one in scored {
        let Ok(records) = &one.outcome else { continue };
        lines.push(String::new());
        lines.push(format!("{}, {}. {}", one.name, words::count(one.weeks as u64, "week", "weeks"), verdict(records)));
        lines.push(row(["weeks", "n", "50 %", "85 %", "95 %", "plain", "dates", "off: ours plain avg."]));
        for record in records.iter().filter(|record| record.made > 0) {
            let [low, middle, high] = &record.held;
            let (weeks, made) = (record.weeks.to_string(), record.made.to_string());
            let cells = [
                &weeks,
                &made,
                &percent(low),
                &percent(middle),
                &percent(high),
                &short(&record.plain_held),
                &short(&record.dates_held),
                &points(record.crps),
            ];
            lines.push(row(cells.map(String::as_str)));
        }
        lines.extend(records.iter().filter(|record| record.made > 0).map(pinball));
        if let Some(refused) = records.first().map(|record| record.refused).filter(|refused| *refused > 0) {
            lines
                .push(format!("  {} had too little history before them and were left out.", words::count(refused.into(), "week", "weeks")));
        }
    }
    let refused = scored.iter().filter_map(|one| Some((one, one.outcome.as_ref().err()?)));
    let refused: Vec<String> = refused.map(|(one, reason)| format!("  {}: {reason}", one.name)).collect();
    if !refused.is_empty() {
        lines.push(String::new());
        lines.push(format!("Refused, {}:", refused.len()));
        lines.extend(refused);
    }
    lines.join("\n")
}

/// One row of columns that line up.
fn row([weeks, made, low, middle, high, plain, dates, off]: [&str; 8]) -> String {
    format!("  {weeks:>5} {made:>5}  {low:<12} {middle:<12} {high:<12} {plain:<11} {dates:<11} {off}").trim_end().to_owned()
}

/// How far off quantiles were: for each of the three forecasts the mean of its quantiles.
fn pinball(record: &Record) -> String {
    let means = record.pinball.map(|lost| lost.iter().sum::<f64>() / 3.0);
    format!("  {:>5} weeks ahead, pinball of the 15, 50 and 85 % quantiles: {}", record.weeks, points(means))
}

/// One series for scripts.
pub fn json(one: &Scored) -> Value {
    let head = |mut rest: Value| {
        rest["name"] = json!(one.name);
        rest["scope"] = json!(one.scope);
        rest["weeks"] = json!(one.weeks);
        rest
    };
    match &one.outcome {
        Err(reason) => head(json!({ "refused": reason })),
        Ok(records) => head(json!({ "verdict": verdict(records), "records": records.iter().map(record).collect::<Vec<_>>() })),
    }
}

fn record(record: &Record) -> Value {
    let held = |all: &[Coverage; 3]| -> Vec<Value> {
        let one = |(promise, held): (&f64, &Coverage)| json!({ "promised": promise, "held": held.held, "of": held.of, "interval": held.interval });
        PROMISES.iter().zip(all).map(one).collect()
    };
    let [ours, plain, average] = record.crps;
    let [quantiles, plain_quantiles, average_quantiles] = record.pinball;
    json!({
        "ahead": record.weeks,
        "made": record.made,
        "refused": record.refused,
        "mean": record.mean,
        "held": held(&record.held),
        "plain_held": held(&record.plain_held),
        "dates_held": held(&record.dates_held),
        "crps": { "ours": ours, "plain": plain, "average": average },
        "pinball": { "quantiles": QUANTILES, "ours": quantiles, "plain": plain_quantiles, "average": average_quantiles },
        "late": record.late.map(|late| json!({ "brier": late.score, "skill": late.skill })),
        "no_better": record.is_no_better(),
    })
}

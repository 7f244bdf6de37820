//! `trend METRIC`: how did a metric move, week by week, over six months?
//!
//! Any metric of the catalogue ([`metric`]), as a weekly series with n and interval, with marks where the scope itself
//! changed (a service joined or left) and where a declared improvement began, and one comparison: the later half of the period against the earlier one, by the
//! same rule as everywhere. A week is 7 times 24 hours counted back from the end of the period. Without METRIC: the five of
//! DORA side by side.
//!
//! Never to be read as cause: a mark says that something happened, not that it made the difference.
//!
//! JSON: `metrics` has the metric over the whole period; `series` a point a week (`from`, `to`, `value`, `n`, `interval`,
//! `reason`), by metric id; `halves` the earlier and the later half; `marks` what changed in the scope; `annotations` what the team
//! noted in its retrospectives (`number`, `id`, `at`, `team`, `metrics`, `decision`), each marked in the picture by its number;
//! `improvements` those of this scope that watch the metric, as `goals` has them.

mod card;
pub mod compute;

use futures::future::BoxFuture;

use super::receipts::{self, Evidence, Recount};
use super::{Action, Command, Cx, Effect, Press, Reply, answer_ask, dora, flow, goals, retro, why};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Scope};
use crate::domain::metric::{self, DORA, Definition};
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::error::{Failure, Kind, UserError};
use crate::store::notes::Note;
use crate::store::receipts::Receipt;
use compute::Trend;

/// The registration.
pub const COMMAND: Command = Command {
    name: "trend",
    usage: "[METRIC] [team:T|service:S] [WINDOW]",
    summary: "a metric week by week over six months, with what changed in between",
    example: "trend change_lead_time team:payments",
    private: false,
    words: Words::Names,
    period: "6m",
    recount: Some(Recount {
        compares: false,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// Notes of retrospectives that are marked at most.
const NOTES: usize = 6;

/// The button "Trend" below an answer: a private answer of its own. Value: `RECEIPT:METRIC`, or `RECEIPT:` for DORA's five.
pub const ACTION: Action = Action { name: "trend", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(pressed(cx, press)) } };

async fn pressed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, metric) = press.value.split_once(':').unwrap_or((&press.value, ""));
    let receipt = why::receipt(cx, id).await?;
    let window = Window::parse(COMMAND.period, cx.now, cx.org.org.zone_for(&receipt.scope))?;
    let words = if metric.is_empty() { Vec::new() } else { vec![metric.to_string()] };
    let ask = Ask { command: COMMAND.name.into(), scope: receipt.scope, window, window_named: false, words };
    match answer_ask(cx, ask).await? {
        Reply::Card(card) => Ok(Effect::Answer(card)),
        Reply::Form(form) => Ok(Effect::Form(form)),
    }
}

async fn run(cx: &Cx, mut ask: Ask) -> Result<Reply, Failure> {
    let wanted = wanted(&ask.words)?;
    ask.words = if let [only] = wanted[..] { vec![only.id.to_string()] } else { Vec::new() };
    let trends = load(cx, &wanted, &ask.scope, &ask.window, cx.now, &cx.org.org).await?;
    let metrics: Vec<_> = trends.iter().map(|trend| trend.metric.clone()).collect();
    let receipt = receipts::receipt(cx, &ask, &metrics).await?;
    let card = build(cx, &trends, &receipt, &cx.org.org).await?;
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

/// The receipt of a metric over a period as of an instant, kept: of a figure that is told without having been asked for.
pub(super) async fn receipt_at(cx: &Cx, known: &'static Definition, scope: &Scope, window: &Window, at: At) -> Result<Receipt, Failure> {
    let trends = load(cx, &[known], scope, window, at, &cx.org.org).await?;
    let metrics: Vec<_> = trends.iter().map(|trend| trend.metric.clone()).collect();
    let (command, words) = (COMMAND.name.to_owned(), vec![known.id.to_owned()]);
    let ask = Ask { command, scope: scope.clone(), window: window.clone(), window_named: true, words };
    let receipt = Receipt { asked_at: at, ..receipts::receipt(cx, &ask, &metrics).await? };
    cx.store.keep_receipt(receipt.clone()).await?;
    Ok(receipt)
}

/// The metric that the words name; DORA's five where there are none.
pub(super) fn wanted(words: &[String]) -> Result<Vec<&'static Definition>, UserError> {
    if words.is_empty() {
        return Ok(DORA.iter().collect());
    }
    let said = words.join(" ").to_lowercase().replace(['_', '-'], " ");
    let spoken = |known: &Definition| (known.id.replace('_', " "), known.name.to_lowercase());
    let exact = metric::all().find(|known| {
        let (id, name) = spoken(known);
        id == said || name == said
    });
    let holding: Vec<&Definition> = metric::all()
        .filter(|known| {
            let (id, name) = spoken(known);
            id.contains(&said) || name.contains(&said)
        })
        .collect();
    if let Some(known) = exact.or(if let [only] = holding[..] { Some(only) } else { None }) {
        return Ok(vec![known]);
    }
    let near = crate::domain::ask::closest(&said, metric::all().map(|known| (known.id, known.id)));
    let near = near.map_or_else(String::new, |id| format!(" Did you mean `{id}`?"));
    let shown: String = words.join(" ").chars().take(60).collect();
    let ids: Vec<String> = metric::all().map(|known| format!("`{}`", known.id)).collect();
    Err(UserError::new(Kind::UnknownMetric, format!("I do not know the metric `{shown}`.{near}"), format!("There are {}.", ids.join(", "))))
}

/// The trends of metrics as of an instant, under an organisation.
async fn load(cx: &Cx, wanted: &[&'static Definition], scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Vec<Trend>, Failure> {
    let targets = flow::targets(scope, org);
    let mut marks = compute::marks(org, scope, window);
    marks.extend(goals::marks::marks(cx, scope, window, now, org).await?);
    marks.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
    if wanted.iter().any(|known| DORA.contains(known)) {
        dora::refuse_project("trend", scope)?;
        let services = super::scope::services(&cx.store, scope, org).await?;
        let pool = cx.store.pool(&services, window.from, window, now, org).await?;
        return Ok(compute::of_dora(&pool, wanted, window, &targets, &marks));
    }
    let pool = flow::pool(cx, scope, window.from, window, now, org).await?;
    Ok(compute::of_flow(&pool, wanted, window, &targets, &marks))
}

async fn build(cx: &Cx, trends: &[Trend], receipt: &Receipt, org: &Org) -> Result<Card, Failure> {
    let health = cx.health(cx.now).await?;
    let name = cx.org.org.scope_name(&receipt.scope);
    let notes = notes(cx, trends, receipt).await?;
    let holds = match trends {
        [only] => goals::marks::holds(cx, &receipt.scope, only.definition, receipt.asked_at, org).await?,
        _ => Default::default(),
    };
    Ok(card::card(&card::About { trends, receipt, name: &name, health, notes: &notes, holds }))
}

/// What the scope's teams noted within the period of these metrics, or of none in particular; the latest ones.
async fn notes(cx: &Cx, trends: &[Trend], receipt: &Receipt) -> Result<Vec<Note>, Failure> {
    let window = &receipt.window;
    let mut notes = retro::noted(cx, &receipt.scope, window.from, window.to.plus(-1).min(receipt.asked_at)).await?;
    let named = |note: &Note| trends.iter().any(|trend| note.metrics.iter().any(|id| id == trend.definition.id));
    notes.retain(|note| note.metrics.is_empty() || named(note));
    Ok(notes.split_off(notes.len().saturating_sub(NOTES)))
}

/// The metrics of a receipt.
fn of_receipt(receipt: &Receipt) -> Vec<&'static Definition> {
    receipt.metrics.iter().filter_map(|known| metric::find(&known.id)).collect()
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let trends = load(cx, &of_receipt(receipt), &receipt.scope, &receipt.window, receipt.asked_at, &org.org).await?;
    build(cx, &trends, receipt, &org.org).await
}

/// The rows are those of the command that shows the metric over one period.
async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    if of_receipt(receipt).iter().any(|known| DORA.contains(known)) {
        return dora::evidence(cx, receipt).await;
    }
    flow::evidence(cx, receipt).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_named_by_id_by_name_or_by_a_word_of_its_own() {
        let check = |words: &str, expect: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_string).collect();
            let found: Vec<&str> =
                wanted(&words).unwrap_or_else(|error| panic!("{words:?}: {error}")).iter().map(|known| known.id).collect();
            assert_eq!(found, [expect]);
        };
        check("change_lead_time", "change_lead_time");
        check("Change Lead Time", "change_lead_time");
        check("lead time", "change_lead_time");
        check("lead-time", "change_lead_time");
        check("frequency", "deployment_frequency");
        check("fail rate", "change_fail_rate");
        check("wip", "wip");
        check("pickup", "pickup_time");
        check("ci", "ci_pass_rate");
        assert_eq!(wanted(&[]).expect("the five").len(), 5);
        let error = wanted(&["cycle_tme".to_string()]).expect_err("a typo");
        assert_eq!((error.kind, error.message.contains("Did you mean `cycle_time`?")), (Kind::UnknownMetric, true));
        let error = wanted(&["time".to_string()]).expect_err("several");
        assert!(error.hint.contains("`cycle_time`"), "{}", error.hint);
    }
}

//! [`Asked`]: a question of `forecast` with all that its card shows; and its figures in machine form.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::compute::{Answer, Forecast};
use super::overview::{self, Overview};
use super::{known, load};
use crate::domain::card::{Metric, Scope, SourceHealth};
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::Cx;
use crate::features::access::Sight;

/// The chances of the three promises, as JSON names them.
pub const CHANCES: [&str; 3] = ["50", "85", "95"];
/// Fewest issued forecasts that make a record.
const FEWEST_ISSUED: u64 = 10;

/// A question and its answer.
pub struct Asked {
    pub scope: Scope,
    pub name: String,
    pub window: Window,
    pub forecast: Arc<Forecast>,
    pub answer: Answer,
    /// Of a team or the organisation.
    pub projects: Option<Overview>,
    /// Of issued forecasts that ended, how many held and of how many; none where they are too few.
    pub issued: Option<(u64, u64)>,
    /// Names of old items that may be told.
    pub old: Vec<(String, i64)>,
    pub health: Vec<SourceHealth>,
}

/// Answers it as of an instant.
pub async fn asked(cx: &Cx, scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Asked, Failure> {
    let known = known(cx, now, org).await?;
    let forecast = load(cx, &known, scope, now, org).await?;
    let name = org.scope_name(scope);
    // What is done needs no pace, and has no items to come.
    let done = forecast.plan.as_ref().is_some_and(|plan| plan.scope.items == 0 && plan.done > 0);
    let answer = if done {
        Answer { items: [0; 3], four: [0; 3], dates: None, chance: None }
    } else {
        forecast.answer(window.to).map_err(|refusal| too_little(&forecast, scope, &name, &refusal))?
    };
    let projects = match scope {
        Scope::Project(_) | Scope::Service(_) => None,
        _ => Some(overview::of(cx, &known, scope, now, org).await?),
    };
    let issued = cx.store.track_record(scope, now).await?;
    let hidden = Sight::of(cx).hidden_members();
    let old = &forecast.ages.old;
    let old = old.iter().filter(|(item, _)| !hidden.has(item, now)).map(|(item, age)| (item.name().to_owned(), *age)).collect();
    let health = cx.health(now).await?;
    let issued = Some(issued).filter(|(_, of)| *of >= FEWEST_ISSUED);
    Ok(Asked { scope: scope.clone(), name, window: window.clone(), forecast, answer, projects, issued, old, health })
}

/// Why there is no forecast: what there is, and what it takes.
pub fn too_little(forecast: &Forecast, scope: &Scope, name: &str, refusal: &crate::domain::forecast::throughput::Refusal) -> Failure {
    let known = forecast.plan.as_ref().is_none_or(|plan| plan.done + plan.scope.items > 0);
    if let (Scope::Project(id), false) = (scope, known) {
        let message = format!("There is not enough history for a forecast of {name}: no work item of it is known.");
        let hint =
            format!("Items are of it by the tracker's project `{id}`, or by the epics and labels that the organisation file gives it.");
        return UserError::new(Kind::NotEnoughHistory, message, hint).into();
    }
    let hint = "A forecast takes 6 weeks with finished items and 10 items in all, the last no older than 6 weeks. `pacer backfill` brings older ones.";
    UserError::new(Kind::NotEnoughHistory, format!("{}: {refusal}.", words::capitalised(name)), hint).into()
}

/// The figures.
pub fn metrics(asked: &Asked) -> Vec<Metric> {
    let answer = &asked.answer;
    let n = asked.forecast.rests;
    let mut metrics = vec![Metric {
        id: "items_by_date".into(),
        value: Some(f64::from(answer.items[1])),
        unit: "count".into(),
        n,
        quantiles: Some(quantiles(answer.items.map(|items| json!(items)))),
        ..Metric::default()
    }];
    if let Some(dates) = answer.dates {
        metrics.push(done_by("done_by", n, dates));
        metrics.extend(answer.chance.map(|chance| Metric {
            id: "meets_date".into(),
            value: Some(chance),
            unit: "fraction".into(),
            n,
            ..Metric::default()
        }));
    }
    metrics
}

/// Three days in machine form.
pub fn done_by(id: &str, n: u64, dates: [Option<chrono::NaiveDate>; 3]) -> Metric {
    let quantiles = quantiles(dates.map(|date| json!(date)));
    Metric { id: id.into(), unit: "date".into(), n, quantiles: Some(quantiles), ..Metric::default() }
}

fn quantiles(values: [Value; 3]) -> BTreeMap<String, Value> {
    CHANCES.iter().zip(values).map(|(chance, value)| ((*chance).to_owned(), value)).collect()
}

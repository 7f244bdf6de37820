//! Issues forecasts each Monday, before their outcome, and scores those that have ended each day: what the track record is made of.
//!
//! Every live team with history, and every project with work left that has one: how many in 4 and in 13 weeks, and when it is done. Once a
//! week each: run again it changes nothing, and a week that was missed is made up for on the next day, or at the next start. A date is held
//! when the project's last item was finished by it, whatever was added meanwhile.

use std::collections::BTreeMap;

use chrono::{Datelike, Days};
use futures::future::BoxFuture;

use super::compute::{Answer, Forecast};
use super::{Known, forecast, known};
use crate::domain::alloc::FEWEST_PEOPLE;
use crate::domain::card::Scope;
use crate::domain::members::Members;
use crate::domain::time::{At, WEEK};
use crate::domain::window::local;
use crate::domain::work::WorkItem;
use crate::error::Failure;
use crate::features::portfolio::Work;
use crate::features::{Cx, Done, Job};
use crate::store::forecasts::{Issued, Kind, Outcome};

/// The registration: each morning, so that a day that was missed is made up for soon after a start; issued is on the first in a week.
pub const JOB: Job = Job { name: "forecast", cron: "20 5 * * *", run: |cx| -> BoxFuture<'_, _> { Box::pin(run(cx)) } };

/// The horizons that are issued, in weeks.
const WEEKS: [u32; 2] = [4, 13];

async fn run(cx: &Cx) -> Done {
    let known = known(cx, cx.now, &cx.org.org).await?;
    score(cx, &known.work).await?;
    let today = cx.now.utc().date_naive();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    if !cx.store.issued_since(local::midnight(chrono_tz::UTC, monday)).await? {
        let new = cx.store.issue(&monday.to_string(), issued(cx, &known).await?).await?;
        tracing::info!(new, "forecasts issued");
    }
    Ok(Vec::new())
}

async fn issued(cx: &Cx, known: &Known) -> Result<Vec<Issued>, Failure> {
    let org = &cx.org.org;
    let teams = org.live_teams().map(|(id, _)| Scope::Team(id.to_owned()));
    let enough = |scope: &Scope| Members::count(scope, org, cx.now).is_some_and(|count| count >= FEWEST_PEOPLE);
    let open = known.work.by_project().into_iter().filter(|(_, items)| items.iter().any(|item| item.done_at.is_none()));
    let mut scopes: Vec<Scope> = teams.filter(enough).collect();
    scopes.extend(open.map(|(id, _)| Scope::Project(id.to_owned())));
    let mut all = Vec::new();
    for scope in scopes {
        let forecast = forecast(known, &scope, cx.now, org)?;
        all.extend(of(&forecast, &scope));
        // Each is some work for a processor; others may ask in between.
        tokio::task::yield_now().await;
    }
    Ok(all)
}

/// What is issued of a scope.
fn of(forecast: &Forecast, scope: &Scope) -> Vec<Issued> {
    let now = forecast.now;
    let issue = |kind, weeks: u32, until, promised| Issued {
        scope: scope.clone(),
        kind,
        weeks,
        issued_at: now,
        until,
        promised,
        spread: forecast.learnt.spread,
    };
    let mut all = Vec::new();
    for weeks in WEEKS {
        let until = now.plus(i64::from(weeks) * WEEK);
        let Ok(Answer { items, dates, .. }) = forecast.answer(until) else { return all };
        all.push(issue(Kind::Items, weeks, until, items.map(|items| Some(i64::from(items)))));
        // A date is one whatever the horizon: it is issued once.
        if let Some(dates) = dates.filter(|_| weeks == WEEKS[0]) {
            let zone = forecast.capacity.calendar().zone();
            let ends = dates.map(|day| Some(local::midnight(zone, day?.succ_opt()?)));
            if let Some(likely) = ends[1] {
                all.push(issue(Kind::DoneBy, 0, likely, ends.map(|end| end.map(|end| end.0))));
            }
        }
    }
    all
}

/// Scores what has ended.
async fn score(cx: &Cx, work: &Work) -> Result<(), Failure> {
    let (org, now) = (&cx.org.org, cx.now);
    let by_project = work.by_project();
    let mut members: BTreeMap<Scope, Members> = BTreeMap::new();
    let mut outcomes = Vec::new();
    for open in cx.store.open_forecasts().await? {
        let it = &open.issued;
        let none: &[&WorkItem] = &[];
        let items: Vec<&WorkItem> = match &it.scope {
            Scope::Project(id) => by_project.get(id.as_str()).map_or(none, Vec::as_slice).to_vec(),
            scope => {
                let members = members.entry(scope.clone()).or_insert_with(|| Members::of(scope, org));
                work.items.iter().filter(|item| item.counts() && members.has(item, item.done_at.unwrap_or(now))).collect()
            }
        };
        outcomes.extend(outcome(&open.id, it, &items, now));
    }
    Ok(cx.store.score(outcomes, now).await?)
}

/// What came of one, where that is known.
fn outcome(id: &str, issued: &Issued, items: &[&WorkItem], now: At) -> Option<Outcome> {
    let likely = issued.promised[1].unwrap_or_default();
    match issued.kind {
        Kind::Items => {
            let came = |item: &&&WorkItem| item.done_at.is_some_and(|at| issued.issued_at < at && at <= issued.until);
            let actual = i64::try_from(items.iter().filter(came).count()).unwrap_or(i64::MAX);
            (issued.until <= now).then(|| Outcome { id: id.to_owned(), actual: Some(actual), held: actual >= likely })
        }
        Kind::DoneBy => {
            let done: Option<Vec<At>> = items.iter().map(|item| item.done_at).collect();
            let last = done.and_then(|done| done.into_iter().max());
            let known = last.is_some() || issued.until <= now;
            known.then(|| Outcome { id: id.to_owned(), actual: last.map(|at| at.0), held: last.is_some_and(|at| at.0 < likely) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::forecast::drift::Spread;

    fn item(done: Option<i64>) -> WorkItem {
        WorkItem { done_at: done.map(|week| At(week * WEEK)), ..WorkItem::default() }
    }

    /// What came of a forecast of week 10 with that promise, due in week `until`, as known in week `now`.
    fn check(kind: Kind, likely: i64, until: i64, items: &[Option<i64>], now: i64, expect: Option<(Option<i64>, bool)>) {
        let issued = Issued {
            scope: Scope::Project("p".into()),
            kind,
            weeks: 4,
            issued_at: At(10 * WEEK),
            until: At(until * WEEK),
            promised: [None, Some(likely), None],
            spread: Spread::even(0.4),
        };
        let items: Vec<WorkItem> = items.iter().map(|done| item(done.filter(|week| *week <= now))).collect();
        let found = outcome("x", &issued, &items.iter().collect::<Vec<_>>(), At(now * WEEK));
        assert_eq!(found.map(|it| (it.actual, it.held)), expect);
    }

    #[test]
    fn counts_are_of_what_was_finished_within() {
        let items = [Some(9), Some(10), Some(11), Some(14), Some(15), None];
        check(Kind::Items, 2, 14, &items, 13, None);
        check(Kind::Items, 2, 14, &items, 14, Some((Some(2), true)));
        check(Kind::Items, 3, 14, &items, 20, Some((Some(2), false)));
        check(Kind::Items, 0, 14, &[], 14, Some((Some(0), true)));
    }

    #[test]
    fn a_date_held_where_the_last_item_was_finished_by_it() {
        let due = 15 * WEEK;
        check(Kind::DoneBy, due, 15, &[Some(9), Some(14)], 12, None);
        check(Kind::DoneBy, due, 15, &[Some(9), Some(14)], 14, Some((Some(14 * WEEK), true)));
        check(Kind::DoneBy, due, 15, &[Some(9), Some(15)], 15, Some((Some(15 * WEEK), false)));
        check(Kind::DoneBy, due, 15, &[Some(9), None], 15, Some((None, false)));
    }
}

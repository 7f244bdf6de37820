//! Each Monday: how every project looks is kept, warnings are published, and what came of earlier ones is told.
//!
//! As of the first instant of the Monday, from facts known by then. Run again it changes nothing; a Monday that was missed is made up for,
//! up to [`BACK`] of them, with its warning dated when it was written: who was not warned in time was not warned. The first run takes only the
//! latest Monday, since nothing was published before.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};

use super::load::{Everything, State};
use crate::domain::card::Scope;
use crate::domain::risk::{self, Band};
use crate::domain::time::At;
use crate::domain::window::local;
use crate::error::Failure;
use crate::features::{Cx, Done};
use crate::store::risk::Kept;

/// Mondays that are made up for.
const BACK: usize = 8;

/// The band of a commitment (project and date) on a Monday.
type Bands = BTreeMap<(String, At, NaiveDate), Band>;

/// The job.
pub async fn run(cx: &Cx) -> Done {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    let today = local::wall(zone, cx.now).date();
    let latest = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let kept = cx.store.risk_snapshots(cx.now).await?;
    let mut bands: Bands = BTreeMap::new();
    for one in &kept {
        if let Some((_, band)) = one.stood {
            bands.insert((one.snapshot.project.clone(), one.snapshot.due, one.week), band);
        }
    }
    let last = kept.last().map(|one| one.week);
    let mut mondays: Vec<NaiveDate> = (0..BACK)
        .filter_map(|back| latest.checked_sub_days(Days::new(7 * u64::try_from(back).ok()?)))
        .take_while(|monday| last.map_or(*monday == latest, |last| *monday > last))
        .collect();
    mondays.reverse();
    for monday in mondays {
        week(cx, monday, local::midnight(zone, monday), &mut bands).await?;
    }
    outcomes(cx).await?;
    Ok(Vec::new())
}

/// Keeps one Monday.
async fn week(cx: &Cx, monday: NaiveDate, at: At, bands: &mut Bands) -> Result<(), Failure> {
    let org = cx.store.org(at).await?;
    let all = Everything::load(cx, at, &org.org).await?;
    let seen = all.judged(cx, &Scope::Organisation, &all.ids()).await?;
    let mut kept = Vec::new();
    for project in seen.projects {
        let State::Judged(judged) = project.state else { continue };
        let added = judged.taken.added();
        let (snapshot, score) = (judged.taken.snapshot, judged.score);
        bands.insert((project.id.clone(), snapshot.due, monday), score.band);
        // Latest last: weeks in a row of the same commitment.
        let weeks = (0..risk::RUNNING).rev().filter_map(|back| monday.checked_sub_days(Days::new(7 * u64::try_from(back).ok()?)));
        let row: Vec<Band> = weeks.filter_map(|week| bands.get(&(project.id.clone(), snapshot.due, week)).copied()).collect();
        let (flagged, reasons) = (risk::is_flagged(&row), risk::reasons(&score, added));
        let stood = Some((score.chance, score.band));
        kept.push(Kept { week: monday, snapshot, stood, flagged, kept_at: cx.now, reasons });
    }
    Ok(cx.store.keep_risk(kept).await?)
}

/// Tells what came of commitments whose date has passed.
async fn outcomes(cx: &Cx) -> Result<(), Failure> {
    let open: Vec<_> = cx.store.commitments(cx.now).await?.into_iter().filter(|it| it.outcome.is_none() && it.due <= cx.now).collect();
    if open.is_empty() {
        return Ok(());
    }
    let all = Everything::load(cx, cx.now, &cx.org.org).await?;
    let told = open.into_iter().filter_map(|it| {
        let (known_at, missed) = all.outcome(&it.project, it.due)?;
        Some((it.project, it.due, known_at, missed))
    });
    Ok(cx.store.keep_outcomes(told.collect()).await?)
}

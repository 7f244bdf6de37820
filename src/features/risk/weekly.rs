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

/// The job.
pub async fn run(cx: &Cx) -> Done {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    let today = local::wall(zone, cx.now).date();
    let latest = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let kept = cx.store.risk_snapshots(cx.now).await?;
    // The bands of the latest week that is kept, for "the second week running".
    let mut before: BTreeMap<String, (NaiveDate, At, Option<Band>)> = BTreeMap::new();
    for one in &kept {
        let band = one.stood.map(|(_, band)| band);
        before.insert(one.snapshot.project.clone(), (one.week, one.snapshot.due, band));
    }
    let last = kept.last().map(|one| one.week);
    let mut mondays: Vec<NaiveDate> = (0..BACK)
        .filter_map(|back| latest.checked_sub_days(Days::new(7 * u64::try_from(back).ok()?)))
        .take_while(|monday| last.map_or(*monday == latest, |last| *monday > last))
        .collect();
    mondays.reverse();
    for monday in mondays {
        week(cx, monday, local::midnight(zone, monday), &mut before).await?;
    }
    outcomes(cx).await?;
    Ok(Vec::new())
}

/// Keeps one Monday.
async fn week(cx: &Cx, monday: NaiveDate, at: At, before: &mut BTreeMap<String, (NaiveDate, At, Option<Band>)>) -> Result<(), Failure> {
    let org = cx.store.org(at).await?;
    let all = Everything::load(cx, at, &org.org).await?;
    let seen = all.judged(cx, &Scope::Organisation, &all.ids()).await?;
    let mut kept = Vec::new();
    for project in seen.projects {
        let (snapshot, stood, reasons) = match project.state {
            State::Judged(judged) => {
                let reasons = risk::reasons(&judged.score);
                (judged.taken.snapshot, Some((judged.score.chance, judged.score.band)), reasons)
            }
            _ => continue,
        };
        let a_week_ago = monday.checked_sub_days(Days::new(7));
        let same = |(week, due, band): &(NaiveDate, At, Option<Band>)| if Some(*week) == a_week_ago && *due == snapshot.due { *band } else { None };
        let flagged = stood.is_some_and(|(_, band)| risk::is_flagged(band, before.get(&project.id).and_then(same)));
        before.insert(project.id, (monday, snapshot.due, stood.map(|(_, band)| band)));
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

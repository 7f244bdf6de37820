//! The facts of a digest: the figures of a scope on both sides, what waits and what is silent; and the receipts of what is said.

use std::sync::Arc;

use chrono_tz::Tz;

use super::change::{Family, Sides};
use crate::domain::ask::{Ask, scope_text};
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Metric, Scope, SourceHealth};
use crate::domain::time::{At, DAY, WEEK};
use crate::domain::window::Window;
use crate::domain::words;
use crate::error::Failure;
use crate::features::dora::compute::Dora;
use crate::features::flow::compute::Flow;
use crate::features::{Cx, dora, flow, focus, goals, health, receipts, retro};
use crate::store::notes::Note;
use crate::store::receipts::{Receipt, new_id, stable_id};

/// The last four weeks, and the twelve before.
const NOW: i64 = 4 * WEEK;
const BEFORE: i64 = 12 * WEEK;
/// Days that a digest looks back on.
pub const DAYS: i64 = (NOW + BEFORE) / DAY;
/// A review waits long after this much working time.
pub const LONG: i64 = 2 * DAY;

/// What is known of a scope at a slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub scope: Scope,
    /// As a sentence says it.
    pub name: String,
    pub windows: Sides<Window>,
    pub dora: Sides<Dora>,
    pub flow: Sides<Flow>,
    /// How many open changes have waited for a first review for longer than [`LONG`], in working time.
    pub unreviewed: u64,
    /// Sources that are silent: name, and what is wrong in a few words.
    pub silent: Vec<(String, String)>,
    pub health: Vec<SourceHealth>,
    /// What teams noted in the last four weeks: the metrics that it explains, and the sentence.
    pub noted: Vec<(Vec<String>, String)>,
    /// Improvements of it that are taking hold or reversing: what tells one verdict from another, and the sentence.
    pub verdicts: Vec<(String, String)>,
    /// That its work is spread thin, where that is a risk.
    pub spread: Option<String>,
}

/// The four weeks before an instant and the twelve before those.
pub fn windows(to: At, zone: Tz) -> Sides<Window> {
    let from = to.plus(-NOW);
    let before = Window { from: from.plus(-BEFORE), to: from, zone, label: String::new() };
    let label = before.instants();
    Sides { now: Window { from, to, zone, label: "4 weeks".into() }, before: Window { label, ..before } }
}

/// The facts of a scope for a digest whose weeks end at `to`; many channels may hear of the same at one time.
pub async fn load(cx: &Cx, scope: &Scope, to: At) -> Result<Arc<Facts>, Failure> {
    let (basis, name) = (cx.basis(&cx.org.org).await?, format!("digest {to} {}", scope_text(scope)));
    if let Some(known) = basis.as_ref().and_then(|basis| cx.memo.get(basis, &name)) {
        return Ok(known);
    }
    let facts = Arc::new(anew(cx, scope, to).await?);
    if let Some(basis) = basis {
        cx.memo.put(&basis, &name, &facts);
    }
    Ok(facts)
}

async fn anew(cx: &Cx, scope: &Scope, to: At) -> Result<Facts, Failure> {
    let org = &cx.org.org;
    let windows = windows(to, org.zone_for(scope));
    let calendar = WorkCalendar::new(&org.calendar, windows.now.zone);
    let dora = Sides {
        now: dora::load(cx, scope, &windows.now, cx.now, org).await?,
        before: dora::load(cx, scope, &windows.before, cx.now, org).await?,
    };
    let pool = flow::pool(cx, scope, windows.now.previous().from, &windows.now, cx.now, org).await?;
    let waits = |since: At| calendar.between(since, to) > LONG;
    let unreviewed = pool.open.iter().filter(|change| !change.draft && !change.reviewed && waits(change.since)).count() as u64;
    let flow = Sides {
        now: flow::compute::compute(&pool, &windows.now, &flow::targets(scope, org)),
        before: flow::load(cx, scope, &windows.before, cx.now, org).await?,
    };
    // Silence is known of now alone.
    let silent = if to == cx.now { health::silent(cx, &calendar).await? } else { Vec::new() };
    let health = cx.health(cx.now).await?;
    let noted = |note: Note| {
        let name = words::capitalised(&org.scope_name(&Scope::Team(note.team)));
        let day = words::date(note.at, to, windows.now.zone);
        (note.metrics, format!("{name} noted on {day}: {}", note.decision))
    };
    let noted = retro::noted(cx, scope, windows.now.from, to.min(cx.now)).await?.into_iter().map(noted).collect();
    let verdicts = goals::marks::verdicts(cx, scope, to, org).await?;
    let spread = focus::risk(cx, scope, to).await?;
    let name = org.scope_name(scope);
    Ok(Facts { name, scope: scope.clone(), windows, dora, flow, unreviewed, silent, health, noted, verdicts, spread })
}

/// The receipts of what a digest says of a scope, by command and side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    pub dora: String,
    pub flow: String,
    /// Of the twelve weeks before, where something is said of them.
    pub dora_before: Option<String>,
    pub flow_before: Option<String>,
}

impl Kept {
    /// That of the last four weeks.
    pub fn of(&self, family: Family) -> &str {
        match family {
            Family::Dora => &self.dora,
            Family::Flow => &self.flow,
        }
    }
}

/// Keeps the receipts; those of the weeks before for families of which something is said.
pub async fn keep(cx: &Cx, facts: &Facts, said: &[Family]) -> Result<Kept, Failure> {
    let (dora, flow, windows) = (&facts.dora, &facts.flow, &facts.windows);
    let one = async |command: &str, window: &Window, metrics: &[Metric]| receipt(cx, command, &facts.scope, window, metrics).await;
    Ok(Kept {
        dora: one("dora", &windows.now, &dora.now.metrics).await?,
        flow: one("flow", &windows.now, &flow.now.metrics).await?,
        dora_before: if said.contains(&Family::Dora) { Some(one("dora", &windows.before, &dora.before.metrics).await?) } else { None },
        flow_before: if said.contains(&Family::Flow) { Some(one("flow", &windows.before, &flow.before.metrics).await?) } else { None },
    })
}

/// The id of a receipt of these figures, which is kept. The same figures of the same scope and period have the same one: a slot
/// that is run again says the same, and a thousand channels that hear of one team share it.
async fn receipt(cx: &Cx, command: &str, scope: &Scope, window: &Window, metrics: &[Metric]) -> Result<String, Failure> {
    let ask = Ask { command: command.into(), scope: scope.clone(), window: window.clone(), window_named: true, words: Vec::new() };
    let receipt = receipts::receipt(cx, &ask, metrics).await?;
    let figures = serde_json::to_string(metrics).map_err(anyhow::Error::from)?;
    let id = stable_id(&[&ask.frozen(), &receipt.asked_at.to_string(), &receipt.org_version.to_string(), &figures]);
    let same = |kept: &Receipt| (&kept.scope, kept.window.from, kept.window.to) == (scope, window.from, window.to);
    match cx.store.receipt(&id).await? {
        Some(kept) if same(&kept) => return Ok(id),
        Some(_) => {} // eight letters that are taken by another answer
        None => {
            let keeping = cx.store.keep_receipt(Receipt { id: id.clone(), ..receipt.clone() }).await;
            // Another replica may have kept it a moment ago.
            if keeping.is_ok() || cx.store.receipt(&id).await?.is_some() {
                return Ok(id);
            }
            keeping?;
        }
    }
    let id = new_id();
    cx.store.keep_receipt(Receipt { id: id.clone(), ..receipt }).await?;
    Ok(id)
}

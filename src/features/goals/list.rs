//! The improvements of a scope, newest first, each with its verdicts; ended ones apart. And how answers are counted again.

use super::told::{Told, tell};
use super::{DECLARE, OPEN, declare, one, within};
use crate::domain::ask::{Ask, scope_text};
use crate::domain::card::{Button, Card, Line, Part};
use crate::domain::improvement::Verdict;
use crate::domain::org::Org;
use crate::domain::words;
use crate::error::Failure;
use crate::features::{Cx, dora};
use crate::store::improvements::Improvement;
use crate::store::receipts::Receipt;

/// Improvements that run, and ended ones, that are judged at most.
const RUNNING: usize = 12;
const ENDED: usize = 4;

/// The answer, with its receipt.
pub async fn answer(cx: &Cx, ask: &Ask) -> Result<Card, Failure> {
    dora::refuse_project(super::NAME, &ask.scope)?;
    let org = &cx.org.org;
    let all = within(cx, &ask.scope, cx.now, org).await?;
    let (running, ended): (Vec<Improvement>, Vec<Improvement>) = all.into_iter().partition(|it| it.ended_at.is_none());
    let left = running.len().saturating_sub(RUNNING) + ended.len().saturating_sub(ENDED);
    let mut told = Vec::new();
    for it in running.into_iter().take(RUNNING).chain(ended.into_iter().take(ENDED)) {
        told.push(tell(cx, it, cx.now, org).await?);
    }
    let receipt = one::receipt(cx, &ask.scope, &[], &told).await?;
    let mut card = card(cx, &told, &receipt, org).await?;
    cx.store.keep_receipt(receipt).await?;
    if left > 0 {
        card.notes
            .push(Line::plain(format!("{} more stand below a team each: ", words::number(left as u64))).code("/metrics goals team:NAME"));
    }
    if declare::allowed(cx, &ask.scope).is_ok() {
        let value = scope_text(&ask.scope);
        card.buttons.push(Button { label: "Declare one".into(), action: DECLARE.name.into(), value, primary: told.is_empty() });
    }
    Ok(card)
}

/// What a receipt told of, read again as of its instant.
pub async fn told(cx: &Cx, receipt: &Receipt, org: &Org) -> Result<Vec<Told>, Failure> {
    let mut ids: Vec<&str> = receipt.metrics.iter().filter_map(|metric| metric.id.split('/').next()).collect();
    ids.dedup();
    let mut told = Vec::new();
    for id in ids {
        if let Some(it) = cx.store.improvement(id, receipt.asked_at).await? {
            told.push(tell(cx, it, receipt.asked_at, org).await?);
        }
    }
    Ok(told)
}

/// The card of a receipt, counted again.
pub async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let told = told(cx, receipt, &org.org).await?;
    match &told[..] {
        [only] if Ask::behind_scope(&receipt.command, &receipt.scope).starts_with("improvement") => {
            one::card(cx, only, receipt, &org.org).await
        }
        all => card(cx, all, receipt, &org.org).await,
    }
}

async fn card(cx: &Cx, told: &[Told], receipt: &Receipt, org: &Org) -> Result<Card, Failure> {
    let name = org.scope_name(&receipt.scope);
    let (running, ended): (Vec<&Told>, Vec<&Told>) = told.iter().partition(|it| it.improvement.ended_at.is_none());
    let mut parts: Vec<Part> = running.iter().flat_map(|it| shown(it, receipt, org)).collect();
    if !ended.is_empty() {
        parts.push(Part::Heading("Ended".into()));
        parts.extend(ended.iter().flat_map(|it| shown(it, receipt, org)));
    }
    let mut data = serde_json::Map::new();
    data.insert("improvements".into(), told.iter().map(Told::data).collect());
    Ok(Card {
        command: super::NAME.into(),
        title: format!("Improvements - {}", words::capitalised(&name)),
        scope: receipt.scope.clone(),
        window: Some(receipt.window.clone()),
        verdict: verdict(&running, &name),
        parts,
        metrics: told.iter().flat_map(Told::figures).collect(),
        notes: vec![
            Line::plain(
                "An improvement is held against the weeks before its start, as they were known when it was declared. Declare one: ",
            )
            .code("/metrics goals improvement"),
        ],
        health: cx.health(cx.now).await?,
        receipt: Some(receipt.id.clone()),
        buttons: one::buttons(receipt),
        data,
        ..Card::default()
    })
}

/// How many of those that run stand how: "3 improvements of Payments are under way: 1 is taking hold, 2 have no clear change yet."
fn verdict(running: &[&Told], name: &str) -> Line {
    if running.is_empty() {
        return Line::plain(format!(
            "{} has no improvement under way. Declare one, with a start and a metric that it should move, and its weeks tell whether it takes hold: ",
            words::capitalised(name)
        ))
        .code("/metrics goals improvement")
        .and(".");
    }
    let verdicts: Vec<Verdict> = running.iter().map(|it| it.verdict()).collect();
    let all = words::count(verdicts.len() as u64, "improvement", "improvements");
    let are = if verdicts.len() == 1 { "is" } else { "are" };
    Line::plain(format!("{all} of {name} {are} under way: ")).strong(stand(&verdicts)).and(".")
}

/// "it is taking hold"; "1 is taking hold, 2 have no clear change yet".
fn stand(verdicts: &[Verdict]) -> String {
    let kinds = [
        (Verdict::TakingHold, "is taking hold", "are taking hold"),
        (Verdict::Reversing, "is reversing", "are reversing"),
        (Verdict::EarlySign, "shows an early sign", "show an early sign"),
        (Verdict::NoClearChange, "has no clear change yet", "have no clear change yet"),
        (Verdict::NotEnoughData, "has not enough data yet", "have not enough data yet"),
    ];
    let said = |(kind, one, many): &(Verdict, &str, &str)| match verdicts.iter().filter(|verdict| *verdict == kind).count() {
        0 => None,
        _ if verdicts.len() == 1 => Some(format!("it {one}")),
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    kinds.iter().filter_map(said).collect::<Vec<_>>().join(", ")
}

/// An improvement in a list: what it is, and the verdict on each metric.
fn shown(told: &Told, receipt: &Receipt, org: &Org) -> Vec<Part> {
    let it = &told.improvement;
    let date = |at| words::date(at, receipt.asked_at, receipt.window.zone);
    let whose = if it.scope == receipt.scope { String::new() } else { format!(" · {}", words::capitalised(&org.scope_name(&it.scope))) };
    let ended = it.ended_at.map_or_else(String::new, |at| format!(" to {}", date(at)));
    let head =
        Line::default().strong(&it.name).and(format!("{whose} · since {}{ended} · should bring {}", date(it.starts_at), told.aims()));
    let open = Button { label: "Open".into(), action: OPEN.name.into(), value: it.id.clone(), primary: false };
    let line = |moved: &super::told::Moved| Line::default().strong(moved.definition.name).and(format!(" · {}", moved.sentence(told, org)));
    vec![Part::Beside(head, open), Part::List(told.metrics.iter().map(line).collect(), None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{NoClearChange, NotEnoughData, TakingHold};

    #[test]
    fn how_they_stand_is_said_in_a_sentence() {
        let check = |verdicts: &[Verdict], expect: &str| assert_eq!(stand(verdicts), expect);
        check(&[TakingHold], "it is taking hold");
        check(&[NotEnoughData], "it has not enough data yet");
        check(&[NoClearChange, TakingHold, NoClearChange], "1 is taking hold, 2 have no clear change yet");
    }
}

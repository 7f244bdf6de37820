//! The lines below an answer, the same in every format: notes, how fresh each source is, the receipt.

use chrono_tz::Tz;

use crate::domain::card::{Card, Line, SourceHealth};
use crate::domain::words;

/// Notes, freshness, receipt; in that order, as Slack and pages show them.
pub fn lines(card: &Card) -> Vec<Line> {
    notes(card).chain(receipt(card)).collect()
}

/// Notes and freshness.
pub fn notes(card: &Card) -> impl Iterator<Item = Line> {
    let notes = card.notes.iter().filter(|note| !note.text().trim().is_empty()).cloned();
    notes.chain(freshness(card))
}

/// "Latest data: github 23 Nov 09:12, git none yet", in the window's zone, else the card's. The zone is named, for readers elsewhere.
pub fn freshness(card: &Card) -> Option<Line> {
    if card.health.is_empty() {
        return None;
    }
    let zone = card.window.as_ref().map(|window| window.zone).or(card.zone).unwrap_or(Tz::UTC);
    let now =
        card.window.as_ref().map(|window| window.to).into_iter().chain(card.health.iter().filter_map(|source| source.last_event)).max();
    let fresh = |source: &SourceHealth| match (source.last_event, now) {
        (Some(at), Some(now)) => format!("{} {}", source.source, words::moment(at, now, zone)),
        _ => format!("{} none yet", source.source),
    };
    let all: Vec<String> = card.health.iter().map(fresh).collect();
    Some(Line::plain(format!("Latest data ({zone}): {}", all.join(", "))))
}

/// "Receipt `7f3a9c2k`: `/metrics why 7f3a9c2k` lists the rows behind it".
pub fn receipt(card: &Card) -> Option<Line> {
    let id = card.receipt.as_ref()?;
    Some(Line::plain("Receipt ").code(id).and(": ").code(format!("/metrics why {id}")).and(" lists the rows behind it"))
}

/// "and 12 more: `/metrics why ID`", where a renderer had to cut.
pub fn more(left: usize, command: Option<&str>) -> Line {
    let line = Line::plain(format!("and {} more", words::number(left as u64)));
    match command {
        Some(command) => line.and(": ").code(command),
        None => line,
    }
}

/// The command that shows a card's rest: its receipt's rows.
pub fn rest_command(card: &Card) -> Option<String> {
    card.receipt.as_ref().map(|id| format!("/metrics why {id}"))
}

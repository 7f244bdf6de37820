//! The card of `waiting`: how much waits for the asker, then what, oldest first.

use serde_json::{Value, json};

use super::compute::{Row, Standing, Waiting};
use crate::domain::card::{Button, Card, Line, Part, SourceHealth};
use crate::domain::time::SECOND;
use crate::domain::todo::OpenChange;
use crate::domain::window::Window;
use crate::domain::words;

/// The card; `who` says by which names it looked, `instant` when.
pub fn card(waiting: &Waiting, who: Line, instant: Window, health: Vec<SourceHealth>) -> Card {
    let mut parts = Vec::new();
    let mut put = |heading: &str, rows: &[Row], line: fn(&Row) -> Line| {
        if !rows.is_empty() {
            parts.push(Part::Heading(heading.into()));
            parts.push(Part::List(rows.iter().map(line).collect(), None));
        }
    };
    put("Reviews that wait for you", &waiting.reviews, review);
    put("Your changes that wait for you", &waiting.own, own);
    put("Your changes that wait for a first review", &waiting.unreviewed, unreviewed);
    let mut data = serde_json::Map::new();
    for (name, rows) in [("reviews", &waiting.reviews), ("own", &waiting.own), ("unreviewed", &waiting.unreviewed)] {
        data.insert(name.into(), rows.iter().map(row).collect());
    }
    Card {
        command: "waiting".into(),
        title: "What waits for you".into(),
        window: Some(instant),
        verdict: verdict(waiting),
        parts,
        notes: vec![who, Line::plain("In working time: weekends and holidays do not count. Only you see this.")],
        health,
        buttons: vec![Button { label: "My work".into(), action: "ask".into(), value: "mywork".into(), primary: false }],
        data,
        ..Card::default()
    }
}

/// The first few of those whose next step is this person's.
pub fn lines(waiting: &Waiting, most: usize) -> Vec<Line> {
    let reviews = waiting.reviews.iter().take(most).map(review);
    reviews.chain(waiting.own.iter().take(most).map(own)).collect()
}

/// How much waits, in a sentence or two.
pub fn verdict(waiting: &Waiting) -> Line {
    let mut said = Vec::new();
    if let Some(oldest) = waiting.reviews.first() {
        let since = words::working_time(oldest.waited);
        said.push(match waiting.reviews.len() {
            1 => format!("1 review waits for you, for {since}"),
            n => format!("{} reviews wait for you, the oldest for {since}", words::number(n as u64)),
        });
    }
    let own = words::count(waiting.own.len() as u64, "change of yours waits for you", "changes of yours wait for you");
    said.push(match (waiting.own.len(), waiting.unreviewed.len()) {
        (0, 0) if said.is_empty() => "Nothing waits for you".into(),
        (0, 0) => "No change of yours waits".into(),
        (0, 1) => "1 change of yours waits for a first review".into(),
        (0, n) => format!("{} changes of yours wait for a first review", words::number(n as u64)),
        (_, 0) => own,
        (_, n) => format!("{own}, {n} for a first review"),
    });
    Line::plain(format!("{}.", said.join(". ")))
}

/// A change as a list names it: its title, with the way to it, where it is, and what there is to say of it.
pub fn named(change: &OpenChange, said: &str) -> Line {
    let title = change.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
    let line = Line::default().link(title.unwrap_or(&change.id), change.url.as_deref());
    let place = match &change.repository {
        Some(repository) if !change.id.contains(repository.as_str()) => format!("{repository} {}", change.id),
        _ => change.id.clone(),
    };
    line.and(format!(" · {place} · {said}"))
}

fn review(row: &Row) -> Line {
    let waited = words::working_time(row.waited);
    let said = if row.again { format!("asked again, {waited} since your review") } else { waited };
    named(&row.change, &said)
}

fn own(row: &Row) -> Line {
    let ago = format!("{} ago", words::working_time(row.waited));
    let said = match row.standing {
        Some(Standing::Approved) => format!("approved {ago}, not merged"),
        _ => format!("changes requested {ago}"),
    };
    named(&row.change, &said)
}

fn unreviewed(row: &Row) -> Line {
    let waited = words::working_time(row.waited);
    let said = if row.change.reviewers.is_empty() { format!("{waited}, nobody is asked yet") } else { waited };
    named(&row.change, &said)
}

/// In machine form.
fn row(row: &Row) -> Value {
    let change = &row.change;
    json!({"source": change.source, "id": change.id, "repository": change.repository, "title": change.title, "url": change.url,
        "since": row.since, "working_seconds": row.waited / SECOND, "again": row.again, "standing": row.standing.map(Standing::words)})
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::super::compute::compute;
    use super::super::tests::{calendar, change, hour};
    use super::*;
    use crate::render;

    fn instant() -> Window {
        Window { from: hour(180), to: hour(180), zone: Tz::UTC, label: String::new() }
    }

    fn shown(changes: &[&str]) -> String {
        let changes: Vec<OpenChange> = changes.iter().map(|text| change(text)).collect();
        let waiting = compute(&changes, |word, _| word == "ana", &calendar(), hour(180));
        render::text(&card(&waiting, Line::plain("Looked for ana."), instant(), Vec::new()), false, 100)
    }

    #[test]
    fn the_card_says_how_much_then_what() {
        insta::assert_snapshot!(shown(&[
            "#1 by bo ready 9 asks ana",
            "#2 by bo ready 160 asks ana",
            "#3 by bo ready 9 stated 100 asks ana ana=changes_requested@84",
            "#4 by ana ready 9 bo=changes_requested@84",
            "#5 by ana ready 9 bo=approved@170",
            "#6 by ana ready 9 asks bo",
            "#7 by ana ready 160",
        ]));
        insta::assert_snapshot!(shown(&["#1 by bo ready 9 asks dan"]));
        let one = shown(&["#1 by bo ready 9 asks ana"]);
        assert!(one.contains("1 review waits for you, for 5 working days."), "{one}");
    }

    #[test]
    fn titles_and_addresses_from_outside_are_only_text() {
        let mut evil = change("#1 by bo ready 9 asks ana");
        evil.title = Some("<!channel> *free* `rm` <https://x.example|click>".into());
        evil.url = Some("https://x.example/`|<!here>".into());
        let waiting = compute(&[evil], |word, _| word == "ana", &calendar(), hour(180));
        let message = render::message(&card(&waiting, Line::default(), instant(), Vec::new())).to_string();
        assert!(!message.contains("<!channel>") && !message.contains("<!here>") && !message.contains("<https"), "{message}");
    }
}

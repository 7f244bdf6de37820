//! The last notes of a team, each with its decision and what became of it.

use serde_json::{Value, json};

use super::{READ, WRITE, may_write, message};
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::time::At;
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;
use crate::store::notes::Note;

/// Notes shown.
const SHOWN: usize = 8;

/// The card.
pub async fn load(cx: &Cx, team: &str) -> Result<Card, Failure> {
    let mut notes = cx.store.notes(&[team.to_owned()], At(0), cx.now).await?;
    notes.reverse();
    let scope = Scope::Team(team.to_owned());
    let name = words::capitalised(&cx.org.org.scope_name(&scope));
    let verdict = match notes.first() {
        None => Line::plain(format!(
            "{name} has no note yet. A decision that is written down, with a date to look at it again, is one that is learnt from."
        )),
        Some(last) => {
            Line::plain(format!("{} {}; the last of {}.", words::number(notes.len() as u64), plural(notes.len()), message::day(cx, last)))
        }
    };
    let line = |note: &Note| {
        let line = Line::default().strong(message::day(cx, note)).and(" · ").and(&note.decision).and(" · ").mention(&note.owner);
        let button = Button { label: "Read".into(), action: READ.name.into(), value: note.id.clone(), primary: false };
        Part::Beside(line.and(format!(" · {}", message::became(cx, note))), button)
    };
    let write = Button { label: "Write one".into(), action: WRITE.name.into(), value: team.to_owned(), primary: true };
    let may = may_write(cx, team);
    let others = Line::plain(format!("Notes of {name} are written by its members, its leads and admins."));
    let mut data = serde_json::Map::new();
    data.insert("notes".into(), notes.iter().map(row).collect());
    Ok(Card {
        command: "retro".into(),
        title: format!("Retrospectives - {name}"),
        scope,
        verdict,
        parts: notes.iter().take(SHOWN).map(line).collect(),
        notes: if may { Vec::new() } else { vec![others] },
        buttons: if may { vec![write] } else { Vec::new() },
        data,
        ..Card::default()
    })
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "note" } else { "notes" }
}

fn row(note: &Note) -> Value {
    let of = |word: &str| note.verdicts.iter().filter(|(_, said)| said == word).count();
    json!({"id": note.id, "team": note.team, "at": note.at, "author": note.author, "well": note.well, "hurt": note.hurt,
        "surprise": note.surprise, "metrics": note.metrics, "decision": note.decision, "owner": note.owner, "review_on": note.review_on,
        "worked": {"yes": of("yes"), "partly": of("partly"), "no": of("no")}})
}

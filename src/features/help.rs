//! `help`: what can I ask? Made from the table COMMANDS, so that it is never out of date.

use futures::future::BoxFuture;

use super::{COMMANDS, Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Button, Card, Line, Part};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "help",
    usage: "[COMMAND]",
    summary: "what you can ask, and how",
    example: "help",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(async move { run(cx, &ask) }) },
};

#[allow(clippy::unnecessary_wraps, reason = "every command has this shape")]
fn run(cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    let wanted = ask.words.first().map(|word| word.to_lowercase());
    let shown: Vec<&Command> = COMMANDS.iter().filter(|command| wanted.as_ref().is_none_or(|wanted| command.name == wanted)).collect();
    let shown = if shown.is_empty() { COMMANDS.iter().collect() } else { shown };
    Ok(Reply::Card(Box::new(card(&shown, teams(cx)))))
}

fn teams(cx: &Cx) -> Option<String> {
    cx.org.org.live_teams().map(|(id, _)| id.to_string()).next()
}

/// How a command is typed, and what it answers.
pub(super) fn line(command: &Command) -> Line {
    let usage = if command.usage.is_empty() { String::new() } else { format!(" {}", command.usage) };
    Line::default().code(format!("/metrics {}{usage}", command.name)).and(format!(" {}", command.summary))
}

fn card(commands: &[&Command], team: Option<String>) -> Card {
    let lines = commands.iter().copied().map(line);
    let team = team.unwrap_or_else(|| "payments".into());
    let examples = [format!("dora team:{team} 30d"), "dora last quarter".into(), "dora 2026-01..2026-03".into()];
    let examples = examples.iter().fold(Line::plain("Try "), |line, example| {
        let line = if line.0.len() > 1 { line.and(" or ") } else { line };
        line.code(format!("/metrics {example}"))
    });
    let mut data = serde_json::Map::new();
    let listed: Vec<_> = commands
        .iter()
        .map(|it| serde_json::json!({"name": it.name, "usage": it.usage, "summary": it.summary, "example": it.example}))
        .collect();
    data.insert("commands".into(), listed.into());
    Card {
        command: "help".into(),
        title: "What you can ask".into(),
        verdict: "Ask how your teams deliver. The answer is for your eyes only until you share it.".into(),
        parts: vec![
            Part::List(lines.collect(), None),
            Part::Text(examples),
            Part::Text(Line::plain("A period is ").code("30d").and(", ").code("12w").and(", ").code("6m").and(", ").code("last quarter").and(", ").code("Q3 2026").and(
                " or ",
            ).code("since 2026-05-01").and("; without one it is the last 90 days. Ask for a team, a service, or everything.")),
            Part::Text("Figures are about teams and services, never about persons. They are for asking better questions, not for ranking: DORA itself warns against comparing unlike teams and against making metrics the goal.".into()),
        ],
        buttons: vec![Button { label: "Show my DORA metrics".into(), action: "ask".into(), value: "dora".into(), primary: true }],
        data,
        ..Card::default()
    }
}

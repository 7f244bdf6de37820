//! `pulse results`: the newest wave that the asker may see, and the cell in it that they mean.

use super::{Closed, card, closed_waves, when};
use crate::domain::ask::Ask;
use crate::domain::card::{Card, Line, Scope};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::pulse::{COMMAND, actions};
use crate::features::{Cx, Reply, me};

/// `pulse results`.
pub async fn run(cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    if let Scope::Service(_) | Scope::Project(_) = ask.scope {
        let hint = "Ask for a team, as in `/metrics pulse results team:NAME`.";
        return Err(UserError::new(Kind::NotUnderstood, "A survey asks people, who are in teams.", hint).into());
    }
    let found = find(cx, &ask.scope).await?;
    let card = match found {
        Found::Cell(closed, node) => match closed.group(node) {
            Some(group) => {
                let mut card = closed.card(cx, group).await?;
                if !actions::may_add(cx, &closed.frozen, &group.id) {
                    card.buttons.retain(|button| button.action != actions::ADD.name);
                }
                if let Some(named) = wanted(cx, &closed, &ask.scope).filter(|wanted| *wanted != node && !ask.scope.teams().is_empty()) {
                    let mut line = Line::default().strong(not_alone(&closed, named, &group.label)).and(" ");
                    line.0.extend(card.verdict.0);
                    card.verdict = line;
                }
                card
            }
            None => nothing(cx, "No result is shown."),
        },
        Found::Nothing(sentence) => nothing(cx, &sentence),
    };
    Ok(Reply::Card(Box::new(card)))
}

/// What the last closed wave said to this asker, in a line; none where there is none that they may see.
pub async fn latest(cx: &Cx) -> Result<Option<Line>, Failure> {
    let mine: Vec<&str> = me::teams(cx);
    let Found::Cell(closed, node) = find(cx, &Scope::of_teams(mine)).await? else { return Ok(None) };
    let Some(group) = closed.group(node) else { return Ok(None) };
    let verdict = card::verdict(group);
    let day = words::date(closed.closed_at, cx.now, closed.org.org.zone_for(&Scope::Organisation));
    let mut line = Line::default().strong(format!("{}, {day}: ", closed.survey.title));
    line.0.extend(verdict.0);
    Ok(Some(line))
}

enum Found {
    /// A wave and a node of it.
    Cell(Box<Closed>, usize),
    /// Why there is none.
    Nothing(String),
}

/// Looks from the newest wave back.
async fn find(cx: &Cx, scope: &Scope) -> Result<Found, Failure> {
    let mut why = None;
    let mut refused = None;
    let mut any = false;
    for (wave, closed_at) in closed_waves(cx).await? {
        let Some(closed) = Closed::read(cx, &wave).await? else { continue };
        any = true;
        let Some(wanted) = wanted(cx, &closed, scope) else { continue };
        // A team that is not shown on its own is part of the next one above it that is.
        let Some(node) = closed.frozen.tree.path(wanted).find(|at| closed.group(*at).is_some()) else {
            why.get_or_insert(format!(
                "Too few answered the survey that closed on {}, so nothing of it is shown and nothing is kept.",
                words::date(closed_at, cx.now, closed.org.org.zone_for(&Scope::Organisation))
            ));
            continue;
        };
        if closed.seen(cx)[node] {
            return Ok(Found::Cell(Box::new(closed), node));
        }
        let label = closed.group(node).map(|group| group.label.clone()).unwrap_or_default();
        if when::day_over(closed_at, cx.now) {
            refused.get_or_insert(label);
        } else {
            let zone = closed.org.org.zone_for(&Scope::Organisation);
            why.get_or_insert(format!(
                "A survey closed on {}. Whoever counts in {label} sees its result now, everybody else from {}.",
                words::date(closed_at, cx.now, zone),
                words::moment(when::from(closed_at), cx.now, zone)
            ));
        }
    }
    if let Some(label) = refused.filter(|_| why.is_none()) {
        let message =
            format!("The survey's result of {label} is seen by its own people only: it, or a team beside it, keeps its figures to itself.");
        return Err(UserError::new(Kind::NotAllowed, message, "What all together say: `/metrics pulse results team:all`.").into());
    }
    let none = || match scope {
        Scope::Team(_) if any => format!("{} was not asked by any survey that has closed.", cx.org.org.scope_name(scope)),
        _ => "No survey has closed yet, so there is no result.".into(),
    };
    Ok(Found::Nothing(why.unwrap_or_else(none)))
}

/// Why a team that was named is answered with what it is part of.
fn not_alone(closed: &Closed, node: usize, home: &str) -> String {
    let name = &closed.frozen.tree.nodes()[node].name;
    if closed.was_asked(node) {
        format!("{name} is not shown alone this time (too few people, or a few changed since it was last shown): it counts in {home}.")
    } else {
        format!("Nobody of {name} was asked this time: this is {home}.")
    }
}

/// The node that is meant: the team that was named, else where the asker counts, else all.
fn wanted(cx: &Cx, closed: &Closed, scope: &Scope) -> Option<usize> {
    let tree = &closed.frozen.tree;
    match scope {
        Scope::Organisation => closed.survey.root.is_none().then_some(0),
        Scope::Team(id) => tree.find(id),
        _ => {
            let counts = closed.viewer(cx).counts;
            counts.into_iter().max_by_key(|node| (tree.depth(*node), std::cmp::Reverse(*node)))
        }
    }
}

fn nothing(cx: &Cx, sentence: &str) -> Card {
    Card {
        command: COMMAND.name.into(),
        title: "Survey results".into(),
        verdict: Line::plain(sentence),
        zone: Some(cx.org.org.zone_for(&Scope::Organisation)),
        notes: vec![Line::plain("Results come once, when a survey closes: never a live count, and never of fewer than 5 people.")],
        ..Card::default()
    }
}

//! The modal of a note: what went well, what hurt, what surprised, which metrics it explains, what was decided. Its state has the team,
//! and the id that the note will have: sent twice it is one note.

use chrono::Days;

use super::{SENT, change, may_write, message, seen};
use crate::domain::card::{Card, Line, Scope};
use crate::domain::form::{Form, Input};
use crate::domain::metric;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::typed::{Typed, field, today};
use crate::features::{Cx, Effect, Press};
use crate::store::notes::Note;
use crate::store::receipts::new_id;

/// Characters of each text, and of the decision.
const TEXT: usize = 600;
const DECISION: usize = 300;
/// Days ahead that a review may be, and the one that is offered.
const AHEAD: u64 = 365;
const OFFERED: u64 = 28;
/// Metrics that a note may explain.
const METRICS: [&str; 3] = ["metric1", "metric2", "metric3"];
const NONE: &str = "none";
/// Before the id of a note that stands already.
const CHANGES: &str = "change:";
/// That it is shared already, which is not taken back.
const SHARED: &str = "shared";
const FIELDS: [&str; 10] = ["well", "hurt", "surprise", METRICS[0], METRICS[1], METRICS[2], "decision", "owner", "review", "share"];

/// "Write one".
pub fn write(cx: &Cx, press: &Press) -> Result<Effect, Failure> {
    new_form(cx, &press.value, "").map(Effect::Form)
}

/// A new note, with a decision that was typed behind the command.
pub fn new_form(cx: &Cx, team: &str, decision: &str) -> Result<Form, Failure> {
    allowed(cx, team)?;
    let review = today(cx, &Scope::Team(team.to_owned())).checked_add_days(Days::new(OFFERED)).unwrap_or_default().to_string();
    let owner = cx.user();
    let values = ["", "", "", NONE, NONE, NONE, decision, &owner, &review, "no"].map(str::to_owned);
    Ok(form(cx, &format!("{team} {}", new_id()), &values))
}

/// What stands in a note.
pub fn form_of(cx: &Cx, note: &Note) -> Form {
    let metric = |at: usize| note.metrics.get(at).map_or(NONE, String::as_str);
    let share = if note.channel.is_some() { SHARED } else { "no" };
    let review = note.review_on.to_string();
    let values = [&note.well, &note.hurt, &note.surprise, metric(0), metric(1), metric(2), &note.decision, &note.owner, &review, share];
    form(cx, &format!("{} {CHANGES}{}", note.team, note.id), &values.map(str::to_owned))
}

fn allowed(cx: &Cx, team: &str) -> Result<(), Failure> {
    let known = cx.org.org.teams.get(team).is_some_and(|team| team.dissolved.is_none());
    if !known {
        let hint = "`/metrics retro team:NAME` names another.";
        return Err(UserError::new(Kind::UnknownTeam, "This team is no longer in the organisation.", hint).into());
    }
    seen(cx, team)?;
    if may_write(cx, team) {
        return Ok(());
    }
    let name = cx.org.org.scope_name(&Scope::Team(team.to_owned()));
    let message = format!("Notes of {name} are written by its members, its leads and admins.");
    Err(UserError::new(Kind::NotAllowed, message, "`/metrics retro` shows them. An admin puts you into the team.").into())
}

fn team_of(state: &str) -> &str {
    state.rsplit_once(' ').map_or(state, |(team, _)| team)
}

/// The team's channel in which it is asked, else its first one.
fn channel(cx: &Cx, team: &str) -> Option<String> {
    let channels = &cx.org.org.teams.get(team)?.channels;
    let here = cx.asker.as_ref().and_then(|asker| asker.channel.as_ref()).filter(|here| channels.contains(here));
    here.or(channels.first()).cloned()
}

fn form(cx: &Cx, state: &str, values: &[String; 10]) -> Form {
    let team = team_of(state);
    let [well, hurt, surprise, one, two, three, decision, owner, review, share] = values;
    let metrics = || {
        let all = metric::all().map(|known| (known.id.to_owned(), known.name.to_owned()));
        std::iter::once((NONE.to_owned(), "None".to_owned())).chain(all).collect::<Vec<_>>()
    };
    let select = |chosen: &String| Input::Select(metrics(), Some(chosen.clone()));
    let owner = Some(owner.clone()).filter(|owner| !owner.is_empty()).into_iter().collect();
    let mut fields = vec![
        field("well", "What went well", "At least one of these three.", true, Input::Lines(well.clone())),
        field("hurt", "What hurt", "Of the work, not of a person.", true, Input::Lines(hurt.clone())),
        field("surprise", "What surprised us", "", true, Input::Lines(surprise.clone())),
        field(METRICS[0], "A metric that this explains", "The note is marked in its trend.", true, select(one)),
        field(METRICS[1], "A second one", "", true, select(two)),
        field(METRICS[2], "A third one", "", true, select(three)),
        field("decision", "What we decided", "One change, small enough to see whether it worked.", false, Input::Lines(decision.clone())),
        field("owner", "Owner", "One person.", false, Input::People(owner)),
        field("review", "Look at it again on", "That morning the question is whether it worked.", false, Input::Date(review.parse().ok())),
    ];
    let choices = [("no", "Don't post it: it stands in /metrics retro"), ("yes", "Share in the channel")];
    let choices: Vec<(String, String)> = choices.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
    let none = Line::plain("The team has none that I know, so this is not posted. An admin sets it with ").code("/metrics setup").and(".");
    let known = channel(cx, team).is_some() && share != SHARED;
    let place = match share.as_str() {
        SHARED => Input::Note(vec!["It is shared there, and what stands there changes with it.".into()]),
        _ if known => Input::Choice(choices, Some(share.clone())),
        _ => Input::Note(vec![none]),
    };
    fields.push(field("share", "The team's channel", "", !known, place));
    let name = words::capitalised(&cx.org.org.scope_name(&Scope::Team(team.to_owned())));
    let title = if name.chars().count() <= 17 { format!("Retro: {name}") } else { "Retrospective".to_owned() };
    Form { title, submit: "Keep it".into(), action: SENT.name.into(), state: state.to_owned(), fields }
}

/// The form sent.
pub async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let team = team_of(&press.value);
    let id = press.value.rsplit(' ').next().unwrap_or_default();
    let seen = match id.strip_prefix(CHANGES) {
        Some(id) => Some(change::own(cx, id).await?),
        None => None,
    };
    if seen.is_none() {
        allowed(cx, team)?;
    }
    let mut typed = Typed::of(&press);
    let owner = typed.colleague("owner", cx).await;
    let note = read(cx, &press.value, owner, seen.as_ref(), &mut typed);
    if typed.is_wrong() {
        let mut values = FIELDS.map(|field| typed.raw(field).to_owned());
        if seen.as_ref().is_some_and(|seen| seen.channel.is_some()) {
            SHARED.clone_into(&mut values[FIELDS.len() - 1]);
        }
        return Ok(Effect::Wrong(form(cx, &press.value, &values), typed.into_wrong()));
    }
    let posts = if let Some(seen) = &seen {
        change::keep(cx, seen, &note).await?
    } else {
        cx.store.keep_note(note.clone()).await?;
        let summary = note.channel.as_deref().map(|channel| message::summary(cx, &note, channel));
        summary.into_iter().chain([message::review(cx, &note)]).collect()
    };
    Ok(Effect::Say(posts, Box::new(Effect::Modal(Box::new(kept(cx, &note))))))
}

fn read(cx: &Cx, state: &str, owner: String, seen: Option<&Note>, typed: &mut Typed<'_>) -> Note {
    let team = team_of(state);
    let [well, hurt, surprise] = ["well", "hurt", "surprise"].map(|field| typed.text(field, TEXT));
    if well.is_empty() && hurt.is_empty() && surprise.is_empty() {
        typed.wrong("well", "Say at least one of the three: what went well, what hurt, what surprised you.");
    }
    let mut metrics: Vec<String> = Vec::new();
    for id in METRICS {
        let chosen = typed.raw(id);
        match metric::find(chosen) {
            Some(known) if !metrics.iter().any(|id| id == known.id) => metrics.push(known.id.to_owned()),
            None if ![NONE, ""].contains(&chosen) => typed.wrong(id, "There is no such metric: choose one from the list."),
            _ => {}
        }
    }
    let decision = typed.needed("decision", DECISION, "Say what you decided. A retrospective without a decision needs no note.");
    let as_before = seen.map(|seen| seen.review_on).filter(|day| typed.raw("review") == day.to_string());
    let review_on = match as_before {
        Some(day) => day,
        None => typed.day("review", today(cx, &Scope::Team(team.to_owned())), AHEAD),
    };
    let shared = seen.and_then(|seen| seen.channel.clone());
    let channel = shared.or_else(|| if typed.raw("share") == "yes" { channel(cx, team) } else { None });
    let id = state.rsplit(' ').next().unwrap_or_default();
    let (at, author, verdicts) =
        seen.map_or_else(|| (cx.now, cx.user(), Vec::new()), |seen| (seen.at, seen.author.clone(), seen.verdicts.clone()));
    Note {
        id: id.strip_prefix(CHANGES).unwrap_or(id).to_owned(),
        team: team.to_owned(),
        at,
        author,
        well,
        hurt,
        surprise,
        metrics,
        decision,
        owner,
        review_on,
        channel,
        verdicts,
    }
}

fn kept(cx: &Cx, note: &Note) -> Card {
    let review = words::day(note.review_on, today(cx, &Scope::Team(note.team.clone())));
    let asked = message::is_due(cx, note) && note.review_on < today(cx, &Scope::Team(note.team.clone()));
    let verdict = match &note.channel {
        _ if asked => Line::plain(format!("It is changed. Whether it worked was asked on {review}.")),
        Some(channel) => Line::plain("It is shared in ").mention(channel).and(format!(". On {review} I ask there whether it worked.")),
        None => Line::plain(format!("It is kept, and posted nowhere. On {review} I ask ")).mention(&note.owner).and(" whether it worked."),
    };
    Card { title: "Kept".into(), verdict, notes: vec![Line::code(Line::default(), "/metrics retro").and(" shows it.")], ..Card::default() }
}

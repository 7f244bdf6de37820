//! The form of a launch: who is asked, how long, when, and the least groups. It comes back once with what would happen.
//!
//! Nothing is stored before that: the state carries a hash of the values and of what was previewed, and only the same are taken.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::{Launch, Wanted, prepare, preview, survey_id, too_early, when};
use crate::domain::ask::closest;
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::form::{Field, Form, Input};
use crate::domain::survey::wave::Length;
use crate::domain::survey::{LEAST_COUNTS, LEAST_SCORE, LEAST_TEXT, Minima};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::pulse::admin;
use crate::features::{Action, Cx, Effect, Press, typed};
use crate::store::receipts::stable_id;

/// "Launch a full survey", "Launch a pulse". Value: `full` or `pulse`.
pub const LAUNCH: Action = Action { name: "pulse_launch", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(launch(cx, press)) } };
/// The values. State: the kind, and the hash of what was previewed.
pub const LAUNCHED: Action = Action { name: "pulse_launch_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(sent(cx, press)) } };

/// The whole organisation, among teams.
const ALL: &str = "team:all";
/// Teams offered to choose from; where there are more, one can be typed.
const OFFERED: usize = 98;
/// How many working days it may last.
const LASTS: [usize; 4] = [3, 5, 7, 10];
/// Characters of a title at most.
const TITLE: usize = 80;

type Values = BTreeMap<String, String>;
type Errors = Vec<(String, String)>;

fn length(word: &str) -> Result<Length, Failure> {
    let unread =
        || UserError::new(Kind::NotUnderstood, "This form is not one that I can still read.", "Type `/metrics pulse` and open it again.");
    Ok(Length::of(word).ok_or_else(unread)?)
}

async fn launch(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    admin(cx)?;
    let length = length(&press.value)?;
    if let Some(sentence) = too_early(cx, length).await? {
        return Err(UserError::new(Kind::NotAllowed, sentence, "Type `/metrics pulse actions` to see what was promised.").into());
    }
    Ok(Effect::Form(form(cx, &fresh(cx, length).await?, Vec::new(), length, "")))
}

/// What the form begins with: the organisation, as its last one was.
async fn fresh(cx: &Cx, length: Length) -> Result<Values, Failure> {
    let before = cx.store.survey(&survey_id(length, None)).await?;
    let minima = before.as_ref().map(|it| it.minima).unwrap_or_default();
    let (title, lasts) = match length {
        Length::Full => ("How it goes", 7_usize),
        Length::Pulse => ("Pulse", 5),
    };
    let title = before.as_ref().map_or(title, |it| it.title.as_str());
    let channel = before.as_ref().and_then(|it| it.channel.as_deref()).unwrap_or_default();
    let (bands, counts, lasts) = (minima.score.to_string(), minima.counts.to_string(), lasts.to_string());
    let values = [
        ("about", ALL),
        ("team", ""),
        ("title", title),
        ("half", "all"),
        ("when", "week"),
        ("lasts", &lasts),
        ("channel", channel),
        ("bands", &bands),
        ("counts", &counts),
    ];
    Ok(values.into_iter().map(|(field, value)| (field.to_owned(), value.to_owned())).collect())
}

fn form(cx: &Cx, values: &Values, notes: Vec<Field>, length: Length, previewed: &str) -> Form {
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    let field = |id: &str, label: &str, hint: &str, input: Input| typed::field(id, label, hint, matches!(id, "team" | "channel"), input);
    let options = |all: &[(&str, &str)]| all.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect::<Vec<_>>();
    let choice = |all: Vec<(String, String)>, id: &str| Input::Choice(all, Some(value(id)));
    let chosen = value("about");
    let mut teams: Vec<(String, String)> = cx.org.org.live_teams().map(|(id, team)| (id.to_owned(), team.name.clone())).collect();
    let more = teams.len() > OFFERED;
    teams.sort_by_key(|(id, name)| (*id != chosen, name.to_lowercase()));
    teams.truncate(OFFERED);
    let teams = std::iter::once((ALL.to_owned(), "The whole organisation".to_owned())).chain(teams).collect();
    let lasts = LASTS.map(|days| (days.to_string(), words::count(days as u64, "working day", "working days"))).to_vec();
    let mut fields = notes;
    fields.push(field("about", "Who is asked", "A team with all teams below it.", Input::Select(teams, Some(chosen))));
    if more {
        fields.push(field("team", "Or another team", "By its name. It wins over the list.", Input::Text(value("team"))));
    }
    fields.push(field("title", "Title", "People read it above the questions.", Input::Text(value("title"))));
    if length == Length::Full {
        let half = options(&[("all", "Ask everybody"), ("half", "Ask half of each group, the other half next time")]);
        fields.push(field(
            "half",
            "How many",
            "Half only where each group is large enough to be shown all the same.",
            choice(half, "half"),
        ));
    }
    let when = options(&[("week", "Tuesday to Thursday, at 10:00 where each is"), ("now", "As soon as people are at work")]);
    let channel = Some(value("channel")).filter(|channel| !channel.is_empty());
    fields.extend([
        field("when", "When", "", choice(when, "when")),
        field("lasts", "How long", "It closes at 17:00 of its last day.", choice(lasts, "lasts")),
        field("channel", "Channel for the results of all", "It hears them a day after the teams heard theirs.", Input::Channel(channel)),
        field("bands", "Fewest answers to show a group at all", "5 or more, and never less than before.", Input::Text(value("bands"))),
        field(
            "counts",
            "Fewest answers to show counts and comments",
            "10 or more, and never less than before.",
            Input::Text(value("counts")),
        ),
    ]);
    let title = if length == Length::Full { "Launch a full survey" } else { "Launch a pulse" };
    let submit = if previewed.is_empty() { "Preview" } else { "Launch" };
    let state = format!("{}|{previewed}", length.word());
    Form { title: title.into(), submit: submit.into(), action: LAUNCHED.name.into(), state, fields }
}

async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    admin(cx)?;
    let (kind, previewed) = press.value.split_once('|').unwrap_or((&press.value, ""));
    let length = length(kind)?;
    let mut values = fresh(cx, length).await?;
    for (field, value) in &mut values {
        if let Some(sent) = press.fields.get(field) {
            sent.trim().clone_into(value);
        }
    }
    let wrong = |errors: Errors| Ok(Effect::Wrong(form(cx, &values, Vec::new(), length, ""), errors));
    let wanted = match read(cx, &values, length) {
        Ok(wanted) => wanted,
        Err(errors) => return wrong(errors),
    };
    let launch = match prepare(cx, &wanted).await? {
        Ok(launch) => launch,
        Err((field, sentence)) => return wrong(vec![(field.into(), sentence)]),
    };
    let org = &cx.org.org;
    let zone = org.zone_for(&Scope::Organisation);
    let notes = preview::notes(&launch, &org.survey.with_shipped(), zone);
    let hash = hash(&values, &notes);
    if previewed != hash {
        return Ok(Effect::Form(form(cx, &values, notes, length, &hash)));
    }
    if let Err(refusal) = cx.store.launch_survey(&cx.keys, launch.survey.clone(), launch.wave.clone()).await? {
        return wrong(vec![("about".into(), refusal.to_string())]);
    }
    tracing::info!(wave = launch.wave.id, asked = launch.wave.invited.len(), "a survey was launched");
    let posts = launch.posts(&WorkCalendar::new(&org.calendar, zone), cx.now);
    Ok(Effect::Say(posts, Box::new(Effect::Modal(Box::new(done(&launch, zone))))))
}

/// Of the values and of what was read above them.
fn hash(values: &Values, notes: &[Field]) -> String {
    let lines = notes.iter().flat_map(|note| match &note.input {
        Input::Note(lines) => lines.iter().map(Line::text).collect(),
        _ => Vec::new(),
    });
    let all: Vec<String> = values.iter().flat_map(|(field, value)| [field.clone(), value.clone()]).chain(lines).collect();
    stable_id(&all.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What the values ask for, or what is wrong under which field.
fn read(cx: &Cx, values: &Values, length: Length) -> Result<Wanted, Errors> {
    let value = |field: &str| values.get(field).map(String::as_str).unwrap_or_default();
    let mut errors = Errors::new();
    let mut wrong = |field: &str, sentence: String| errors.push((field.to_owned(), sentence));
    let org = &cx.org.org;
    let (field, name) = if value("team").is_empty() { ("about", value("about")) } else { ("team", value("team")) };
    let about = (name != ALL).then(|| org.team_by(name).filter(|(_, team)| team.dissolved.is_none()).map(|(id, _)| id.to_owned()));
    if about == Some(None) {
        let near = closest(name, org.live_teams().map(|(id, _)| (id, id)));
        wrong(field, format!("I know no team {name}.{}", near.map_or_else(String::new, |near| format!(" Did you mean {near}?"))));
    }
    let title = value("title");
    if title.is_empty() || title.chars().count() > TITLE {
        wrong("title", format!("Give it a title of at most {TITLE} letters: people read it above the questions."));
    }
    if let Some(sentence) = unfit(title) {
        wrong("title", sentence.into());
    }
    let lasts = value("lasts").parse().ok().filter(|days| LASTS.contains(days)).unwrap_or_else(|| {
        wrong("lasts", "Choose 3, 5, 7 or 10 working days.".into());
        LASTS[0]
    });
    let mut least = |field: &str, floor: u32| match value(field).parse::<u32>() {
        Ok(least) if least >= floor && least <= 1_000 => least,
        _ => {
            wrong(field, format!("A number from {floor} to 1000: people are told that no smaller group is shown."));
            floor
        }
    };
    let (score, counts) = (least("bands", LEAST_SCORE), least("counts", LEAST_COUNTS));
    if counts < score {
        wrong("counts", "Counts tell more than a rough place, so they need at least as many answers.".into());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Wanted {
        length,
        about: about.flatten(),
        title: title.to_owned(),
        lasts,
        half: value("half") == "half" && length == Length::Full,
        at_once: value("when") == "now",
        channel: Some(value("channel").to_owned()).filter(|channel| !channel.is_empty()),
        minima: Minima { score, counts, text: counts.max(LEAST_TEXT) },
    })
}

/// Why a title can't be shown as it is: everybody who is asked reads it, in Slack.
fn unfit(title: &str) -> Option<&'static str> {
    let turns = |letter: char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let words = title.to_lowercase();
    if title.chars().any(|letter| letter.is_control() || turns(letter)) {
        return Some("Write the title in one line, without invisible characters.");
    }
    let mentions = ["<!", "<@", "<#", "@channel", "@here", "@everyone"].iter().any(|mention| words.contains(mention));
    mentions.then_some("Write the title without mentions of people or channels: each who is asked hears of it in a direct message.")
}

fn done(launch: &Launch, zone: chrono_tz::Tz) -> Card {
    let wave = &launch.wave;
    let people = words::count(wave.invited.len() as u64, "person is", "people are");
    let mut lines = vec![
        Line::plain(preview::begins(launch)),
        Line::plain(format!(
            "It closes on {} at 17:00 ({zone}). Each team sees its own results then; leads, and everybody else, a day later.",
            when::day(wave.closes_on)
        )),
        Line::plain("Nobody sees answers before that, nor who has answered. To close it early or void it: ")
            .code("/metrics pulse")
            .and("."),
    ];
    if let Some(channel) = &launch.survey.channel {
        lines.push(
            Line::default()
                .mention(channel)
                .and(" hears the results of all. Is pacer not in it yet? Type ")
                .code("/invite @pacer")
                .and(" there."),
        );
    }
    Card {
        command: "pulse".into(),
        title: "Launched".into(),
        verdict: Line::default().strong(&launch.survey.title).and(format!(" is launched: {people} asked.")),
        parts: vec![Part::List(lines, None)],
        buttons: vec![Button { label: "Surveys".into(), action: "ask".into(), value: "pulse".into(), primary: false }],
        ..Card::default()
    }
}

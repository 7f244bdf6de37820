//! The form of a subscription: what it is about, for whom, when. It comes back once with what the channel would hear.
//!
//! Nothing is stored before that: the state carries a hash of the values that were previewed, and only the same values are taken.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use futures::future::BoxFuture;
use serde_json::Value;

use super::settings::{Rhythm, Settings, Template, scopes};
use super::{KIND, facts, list, press, slot, when};
use crate::domain::ask::closest;
use crate::domain::card::{Card, Line, Part, Scope};
use crate::domain::form::{Field, Form, Input};
use crate::domain::org::Org;
use crate::domain::subscription::{State, Subscription};
use crate::domain::time::{At, WEEK};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Action, Cx, Effect, Press, access};
use crate::store::receipts::{new_id, stable_id};

/// The button of a new one. Value: the channel.
pub const SUBSCRIBE: Action =
    Action { name: "digest_subscribe", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(std::future::ready(subscribe(cx, press))) } };
/// The button that changes one. Value: its id.
pub const CHANGE: Action = Action { name: "digest_change", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(change(cx, press)) } };
/// The values. State: [`Asked`].
pub const SENT: Action = Action { name: "digest_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(sent(cx, press)) } };

/// The whole organisation, among teams.
const ALL: &str = "team:all";
/// How often, as a form's value and as people read it.
const OFTEN: [(&str, &str); 3] = [("each", "Every week"), ("second", "Every second week"), ("month", "Once a month, in its first week")];
/// Weeks of the past that a preview looks at.
const HISTORY: usize = 12;
/// Teams offered to choose from; more can be typed.
const OFFERED: usize = 98;

type Values = BTreeMap<String, String>;
type Errors = Vec<(String, String)>;

/// What a form carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Asked {
    channel: String,
    /// The subscription that it changes; empty: a new one.
    id: String,
    /// The values that were previewed; empty: none yet.
    previewed: String,
}

impl Asked {
    fn text(&self) -> String {
        format!("{}|{}|{}", self.channel, self.id, self.previewed)
    }

    fn read(text: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = text.splitn(3, '|').collect();
        let [channel, id, previewed] = parts[..] else {
            let hint = "Type `/metrics digest` and open it again.";
            return Err(UserError::new(Kind::NotUnderstood, "This form is not one that I can still read.", hint).into());
        };
        Ok(Self { channel: channel.into(), id: id.into(), previewed: previewed.into() })
    }
}

/// What the values ask for.
struct Wanted {
    settings: Settings,
    crontab: String,
    zone: Tz,
}

fn subscribe(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    if !press.value.starts_with(['C', 'G', 'D']) {
        let hint = "Type `/metrics digest` in the channel that is to hear one.";
        return Err(UserError::new(Kind::NotUnderstood, "It is not clear which channel to subscribe.", hint).into());
    }
    let asked = Asked { channel: press.value, ..Asked::default() };
    Ok(Effect::Form(form(&fresh(cx, &asked.channel), None, &asked, &cx.org.org)))
}

async fn change(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let subscription = press::subscription(cx, &press.value).await?;
    press::owned(cx, &subscription)?;
    let asked = Asked { channel: subscription.channel.clone(), id: subscription.id.clone(), ..Asked::default() };
    Ok(Effect::Form(form(&values_of(&subscription)?, None, &asked, &cx.org.org)))
}

/// What the form of a new one begins with: the channel's team, else the asker's own one, Monday at 9.
fn fresh(cx: &Cx, channel: &str) -> Values {
    let org = &cx.org.org;
    let mine = crate::features::me::teams(cx);
    let own = if let [only] = mine[..] { Some(only) } else { None };
    let team =
        org.team_of_channel(channel).or(own).filter(|id| access::check_days(cx, &Scope::Team((*id).to_owned()), facts::DAYS).is_ok());
    let scope = Scope::of_teams(team);
    let zone = org.zone_for(&scope);
    values([team.unwrap_or(ALL), "", Template::Team.word(), "mon", "9", OFTEN[0].0, zone.name(), ""])
}

/// In the order of the form.
const FIELDS: [&str; 8] = ["about", "more", "template", "day", "hour", "often", "zone", "crontab"];

fn values(all: [&str; 8]) -> Values {
    FIELDS.iter().zip(all).map(|(field, value)| ((*field).to_owned(), value.to_owned())).collect()
}

fn values_of(subscription: &Subscription) -> Result<Values, Failure> {
    let settings = Settings::read(&subscription.settings)?;
    let teams: Vec<&String> = settings.scopes.iter().flat_map(Scope::teams).collect();
    let first = teams.first().map_or(ALL, |id| id.as_str());
    let more = teams.iter().skip(1).map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    let week = when::of_week(&subscription.crontab).filter(|(.., minute)| *minute == 0);
    let (day, hour) = week.map_or(("mon", 9), |(day, hour, _)| (day, hour));
    let own = if week.is_some() { "" } else { subscription.crontab.as_str() };
    let often = match settings.rhythm {
        Rhythm::Each => OFTEN[0].0,
        Rhythm::Second { .. } => OFTEN[1].0,
        Rhythm::Month => OFTEN[2].0,
    };
    Ok(values([first, &more, settings.template.word(), day, &hour.to_string(), often, subscription.zone.name(), own]))
}

fn form(values: &Values, note: Option<Field>, asked: &Asked, org: &Org) -> Form {
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    let field = |id: &str, label: &str, hint: Option<&str>, input: Input| {
        let optional = matches!(id, "more" | "crontab");
        Field { id: id.into(), label: label.into(), hint: hint.map(str::to_owned), optional, input }
    };
    let select = |options: Vec<(String, String)>, id: &str| Input::Select(options, Some(value(id)));
    let owned = |options: &[(&str, &str)]| options.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
    let chosen = value("about");
    let mut teams: Vec<(String, String)> = org.live_teams().map(|(id, team)| (id.to_owned(), team.name.clone())).collect();
    teams.sort_by_key(|(id, name)| (*id != chosen, name.to_lowercase()));
    teams.truncate(OFFERED);
    let teams = std::iter::once((ALL.to_owned(), "The whole organisation".to_owned())).chain(teams).collect();
    let templates: Vec<(String, String)> =
        Template::ALL.iter().map(|(_, value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
    let days: Vec<(String, String)> = when::DAYS.iter().map(|(value, label, _)| ((*value).to_owned(), (*label).to_owned())).collect();
    let hours = (0..24).map(|hour| (hour.to_string(), format!("{hour:02}:00"))).collect();
    let mut fields: Vec<Field> = note.into_iter().collect();
    fields.extend([
        field("about", "About", None, select(teams, "about")),
        field(
            "more",
            "And these teams",
            Some("Their names, with commas between. For leadership they stand side by side, else they count together."),
            Input::Text(value("more")),
        ),
        field("template", "Written", None, select(templates, "template")),
        field("day", "Day", None, select(days, "day")),
        field("hour", "Hour", None, select(hours, "hour")),
        field("often", "How often", Some("A week in which nothing is new posts nothing in any case."), select(owned(&OFTEN), "often")),
        field("zone", "Time zone", Some("As in Europe/Berlin."), Input::Text(value("zone"))),
        field(
            "crontab",
            "Or a crontab of your own",
            Some("Five fields, as in 30 8 1 * *, in that zone. It wins over day, hour and how often."),
            Input::Text(value("crontab")),
        ),
    ]);
    let title = if asked.id.is_empty() { "Subscribe this channel" } else { "Change the digest" };
    let submit = match (asked.previewed.is_empty(), asked.id.is_empty()) {
        (true, _) => "Preview",
        (false, true) => "Subscribe",
        (false, false) => "Change it",
    };
    Form { title: title.into(), submit: submit.into(), action: SENT.name.into(), state: asked.text(), fields }
}

async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let asked = Asked::read(&press.value)?;
    let before = match asked.id.as_str() {
        "" => None,
        id => {
            let subscription = press::subscription(cx, id).await?;
            press::owned(cx, &subscription)?;
            Some(subscription)
        }
    };
    let mut values = match &before {
        Some(subscription) => values_of(subscription)?,
        None => fresh(cx, &asked.channel),
    };
    for (field, value) in &mut values {
        if let Some(sent) = press.fields.get(field) {
            sent.trim().clone_into(value);
        }
    }
    let wanted = match read(cx, &values, before.as_ref()) {
        Ok(wanted) => wanted,
        Err(errors) => return Ok(Effect::Wrong(form(&values, None, &asked, &cx.org.org), errors)),
    };
    let same = |it: &Subscription| {
        let settings = Settings::read(&it.settings).unwrap_or_default();
        it.id != asked.id
            && (&it.crontab, it.zone, settings.template) == (&wanted.crontab, wanted.zone, wanted.settings.template)
            && settings.scopes == wanted.settings.scopes
    };
    if list::of_channel(cx, Some(&asked.channel)).await?.iter().any(same) {
        let sentence = "This channel hears exactly that already.".to_owned();
        return Ok(Effect::Wrong(form(&values, None, &asked, &cx.org.org), vec![("about".into(), sentence)]));
    }
    let hash = stable_id(&values.iter().flat_map(|(field, value)| [field.as_str(), value.as_str()]).collect::<Vec<_>>());
    if asked.previewed != hash {
        let note = preview(cx, &wanted).await?;
        return Ok(Effect::Form(form(&values, Some(note), &Asked { previewed: hash, ..asked }, &cx.org.org)));
    }
    let subscription = made(cx, &asked, wanted, before);
    cx.store.keep_subscription(subscription.clone()).await?;
    Ok(Effect::Modal(Box::new(done(cx, &subscription, &asked)?)))
}

fn made(cx: &Cx, asked: &Asked, wanted: Wanted, before: Option<Subscription>) -> Subscription {
    let new = || Subscription {
        id: new_id(),
        kind: KIND.into(),
        channel: asked.channel.clone(),
        crontab: String::new(),
        zone: wanted.zone,
        settings: Value::Null,
        memory: Value::Null,
        author: cx.user(),
        created_at: cx.now,
        changed_at: cx.now,
        state: State::Active,
    };
    let it = before.unwrap_or_else(new);
    Subscription { crontab: wanted.crontab, zone: wanted.zone, settings: wanted.settings.kept(), changed_at: cx.now, ..it }
}

/// What the values ask for, or what is wrong under which field.
fn read(cx: &Cx, values: &Values, before: Option<&Subscription>) -> Result<Wanted, Errors> {
    let value = |field: &str| values.get(field).map(String::as_str).unwrap_or_default();
    let mut errors = Errors::new();
    let mut wrong = |field: &str, sentence: String| errors.push((field.to_owned(), sentence));
    let org = &cx.org.org;
    let typed = value("more").split([',', '\n', ';']).map(str::trim).filter(|name| !name.is_empty());
    let chosen = Some(("about", value("about"))).filter(|(_, about)| *about != ALL);
    let mut teams = BTreeSet::new();
    for (field, name) in chosen.into_iter().chain(typed.map(|name| ("more", name))) {
        let Some((id, _)) = org.team_by(name).filter(|(_, team)| team.dissolved.is_none()) else {
            let near = closest(name, org.live_teams().map(|(id, _)| (id, id)));
            let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
            wrong(field, format!("I know no team {name}.{near}"));
            continue;
        };
        if let Err(Failure::User(error)) = access::check_days(cx, &Scope::Team(id.to_owned()), facts::DAYS) {
            wrong(field, format!("{} Ask one of its members, or an admin, to subscribe this channel.", error.message));
        }
        teams.insert(id.to_owned());
    }
    let template = Template::read(value("template")).unwrap_or_default();
    let zone = when::zone(value("zone")).map_err(|sentence| wrong("zone", sentence));
    let hour: u32 = value("hour").parse().ok().filter(|hour| *hour < 24).unwrap_or_else(|| {
        wrong("hour", "An hour is 0 to 23.".into());
        9
    });
    let day = value("day");
    if !when::DAYS.iter().any(|(known, ..)| *known == day) {
        wrong("day", "Choose a day of the week.".into());
    }
    let zone = zone.unwrap_or(Tz::UTC);
    let crontab = match value("crontab") {
        "" => when::weekly(day, hour),
        own => when::read(own, zone, cx.now).unwrap_or_else(|sentence| {
            wrong("crontab", sentence);
            String::new()
        }),
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    let old = before.and_then(|it| Settings::read(&it.settings).ok()).unwrap_or_default();
    let rhythm = rhythm(value("often"), value("crontab").is_empty(), old.rhythm, &crontab, zone, cx.now);
    let teams: Vec<String> = teams.into_iter().collect();
    let by_admin = cx.asker.as_ref().is_none_or(|asker| asker.admin);
    let person = crate::features::me::person(cx).map(str::to_owned);
    let settings =
        Settings { scopes: scopes(template, &teams, org), template, rhythm, by: Some(cx.user()), by_admin, person, useful: old.useful };
    Ok(Wanted { settings, crontab, zone })
}

/// Every second week begins with the next slot, unless it is so already.
fn rhythm(often: &str, by_day: bool, old: Rhythm, crontab: &str, zone: Tz, now: At) -> Rhythm {
    match (often, old) {
        _ if !by_day => Rhythm::Each,
        ("second", Rhythm::Second { .. }) => old,
        ("second", _) => {
            let next = when::next(crontab, zone, &Settings::default(), now).unwrap_or(now);
            Rhythm::Each.rarer(next, zone).unwrap_or_default()
        }
        ("month", _) => Rhythm::Month,
        _ => Rhythm::Each,
    }
}

/// What the channel would hear, on top of the form.
async fn preview(cx: &Cx, wanted: &Wanted) -> Result<Field, Failure> {
    let (settings, org) = (&wanted.settings, &cx.org.org);
    let now = slot::outcome(cx, settings, &BTreeMap::new(), cx.now, "").await?;
    let mut lines = match &now.cards {
        Some((card, _)) => card.lines(),
        None => vec![Line::plain(format!("Now it would be quiet. {}", now.quiet))],
    };
    let since = cx.now.plus(-WEEK * i64::try_from(HISTORY).unwrap_or_default());
    let slots = when::past(&wanted.crontab, wanted.zone, settings, (since, cx.now), HISTORY);
    if !slots.is_empty() {
        let (posted, quiet) = slot::history(cx, settings, &slots).await?;
        let line = format!("Over the last {HISTORY} weeks it would have posted {}, and been quiet {}.", times(posted), times(quiet));
        lines.push(Line::default().strong(line));
    }
    let closed: BTreeSet<&str> = settings.scopes.iter().flat_map(Scope::teams).filter_map(|id| access::closed(&cx.org.org, id)).collect();
    for id in closed {
        let name = org.scope_name(&Scope::Team(id.to_owned()));
        lines.push(Line::plain(format!("{name} shows its figures to its members only: everybody in this channel will read this digest.")));
    }
    lines.push(Line::plain("pacer must be in the channel to post: type ").code("/invite @pacer").and(" there."));
    let label = "Nothing is stored yet. What the channel would hear now:";
    Ok(Field { id: "note".into(), label: label.into(), hint: None, optional: true, input: Input::Note(lines) })
}

fn times(n: u64) -> String {
    words::count(n, "time", "times")
}

fn done(cx: &Cx, subscription: &Subscription, asked: &Asked) -> Result<Card, Failure> {
    let settings = Settings::read(&subscription.settings)?;
    let (crontab, zone) = (subscription.crontab.as_str(), subscription.zone);
    let when = when::words(crontab, zone, settings.rhythm);
    let first = when::next(crontab, zone, &settings, cx.now)
        .map_or_else(String::new, |at| format!(" First on {}.", words::moment(at, cx.now, zone)));
    let verdict = Line::mention(Line::default(), &asked.channel).and(format!(
        " hears a {} of {}: {when}.{first}",
        settings.template.name(),
        settings.about(&cx.org.org)
    ));
    let invite = Line::plain("Is pacer not in it yet? Type ").code("/invite @pacer").and(" there, or nothing can be posted.");
    let quiet = Line::plain("To quiet, change or end it: ").code("/metrics digest").and(" there.");
    Ok(Card { title: "Digest".into(), verdict, parts: vec![Part::List(vec![invite, quiet], None)], ..Card::default() })
}

//! "Set an alert": what, of what, when it fires; then how often that would have been in the last year; then it is set.
//!
//! The form comes back once with the preview; its state then carries a hash of what it says. Sent again with the same it is set,
//! with something else it is previewed again. So nothing is kept between the two, and nobody sets an alert without having seen how
//! loud it is.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::rule::{self, Rule, Settings, Typed, WEEKLY};
use super::slot::{KIND, not_here};
use super::{preview, row};
use crate::domain::ask::scope_text;
use crate::domain::card::{Card, Line, Part, Scope};
use crate::domain::form::{Field, Form, Input};
use crate::domain::metric::{self, Definition};
use crate::domain::subscription::{State, Subscription};
use crate::domain::words::{self, Better};
use crate::error::{Failure, Kind, UserError};
use crate::features::{Cx, Effect, Press, access, trend, understood};
use crate::store::receipts::new_id;

/// Options that a select of Slack holds.
const OPTIONS: usize = 100;
/// Budgets that are offered.
const BUDGETS: [u64; 5] = [1, 2, 3, 5, 10];

/// A form's values by field.
type Values = BTreeMap<String, String>;

/// Where an alert stands: the asker's channel.
pub fn channel(cx: &Cx) -> Result<String, Failure> {
    let channel = cx.asker.as_ref().and_then(|asker| asker.channel.clone());
    let error = || {
        UserError::new(Kind::NotAllowed, "An alert belongs to a channel, and I can't tell which.", "Type `/metrics alert` in the channel.")
    };
    Ok(channel.ok_or_else(error)?)
}

/// The form of a new alert, with what was typed.
pub async fn new_form(cx: &Cx, typed: &Typed, scope: &Scope) -> Result<Form, Failure> {
    channel(cx)?;
    let words: Vec<String> = typed.metric.split_whitespace().map(str::to_owned).collect();
    let known = match trend::wanted(&words)?[..] {
        [only] if !words.is_empty() => only,
        _ => metric::find("change_fail_rate").unwrap_or(&metric::DORA[0]),
    };
    let side = if typed.side.is_empty() { rule::usual_side(known) } else { typed.side };
    let values = [
        ("metric", known.id.to_owned()),
        ("scope", scope_text(scope)),
        ("rule", side.to_owned()),
        ("limit", typed.limit.clone()),
        ("least", String::new()),
        ("hours", "working".to_owned()),
        ("weekly", WEEKLY.to_string()),
    ];
    let values = values.map(|(field, value)| (field.to_owned(), value)).into();
    form(cx, &values, None, "", "").await
}

/// The form of an alert as it is set.
pub async fn form_of(cx: &Cx, it: &Subscription, settings: &Settings) -> Result<Form, Failure> {
    form(cx, &values_of(settings), None, &it.id, "").await
}

fn values_of(settings: &Settings) -> Values {
    let side = match settings.rule {
        Rule::Above(_) => "above",
        Rule::Below(_) => "below",
        Rule::OwnRange => "own",
    };
    let values = [
        ("metric", settings.metric.clone()),
        ("scope", scope_text(&settings.scope)),
        ("rule", side.to_owned()),
        ("limit", rule::limit_text(settings)),
        ("least", settings.least.to_string()),
        ("hours", if settings.any_hour { "any" } else { "working" }.to_owned()),
        ("weekly", settings.weekly.to_string()),
    ];
    values.map(|(field, value)| (field.to_owned(), value)).into()
}

/// The scopes that the asker may see, as one types them and as people call them.
async fn scopes(cx: &Cx) -> Result<Vec<(String, String)>, Failure> {
    let org = &cx.org.org;
    let open = |scope: &Scope| access::check_days(cx, scope, preview::DAYS).is_ok();
    let teams = org.live_teams().map(|(id, team)| (Scope::Team(id.to_owned()), format!("Team {}", team.name)));
    let services = cx.store.services().await?.into_iter().map(|name| (Scope::Service(name.clone()), format!("Service {name}")));
    let all = std::iter::once((Scope::Organisation, "The whole organisation".to_owned())).chain(teams).chain(services);
    Ok(all.filter(|(scope, _)| open(scope)).map(|(scope, label)| (scope_text(&scope), label)).collect())
}

async fn form(cx: &Cx, values: &Values, note: Option<Field>, id: &str, previewed: &str) -> Result<Form, Failure> {
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    let field = |id: &str, label: &str, hint: Option<&str>, input: Input| {
        let optional = matches!(id, "limit" | "least");
        Field { id: id.into(), label: label.into(), hint: hint.map(str::to_owned), optional, input }
    };
    let options = |pairs: &[(&str, &str)]| pairs.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
    let metrics = metric::all().map(|known| (known.id.to_owned(), known.name.to_owned())).collect();
    let scopes = scopes(cx).await?;
    let listed = scopes.len() <= OPTIONS && scopes.iter().any(|(text, _)| *text == value("scope"));
    let scope = if listed { Input::Select(scopes, Some(value("scope"))) } else { Input::Text(value("scope")) };
    let typed = "As one types it: team:payments, service:checkout, or team:all for the whole organisation.";
    let rules = [("above", "is above the limit"), ("below", "is below the limit"), ("own", "is worse than its own last half year")];
    let hours = [("working", "On working days, 8:00 to 18:00"), ("any", "At any hour")];
    let budgets = BUDGETS.iter().map(|n| (n.to_string(), words::count(*n, "alert a week", "alerts a week"))).collect();
    let hint = "Such as 15%, 3d, 2/week or 200. Not needed for its own half year.";
    let least = "Under so many deployments, commits, changes nothing is told. Empty: as suits the metric.";
    let mut fields: Vec<Field> = note.into_iter().collect();
    fields.extend([
        field("metric", "Metric", None, Input::Select(metrics, Some(value("metric")))),
        field("scope", "Of", if listed { None } else { Some(typed) }, scope),
        field("rule", "Tell this channel when it", None, Input::Select(options(&rules), Some(value("rule")))),
        field("limit", "Limit", Some(hint), Input::Text(value("limit"))),
        field("least", "Minimum n", Some(least), Input::Text(value("least"))),
        field("hours", "When it may be told", None, Input::Select(options(&hours), Some(value("hours")))),
        field(
            "weekly",
            "The channel hears at most",
            Some("Of all its alerts together; more are held back."),
            Input::Select(budgets, Some(value("weekly"))),
        ),
    ]);
    let submit = if previewed.is_empty() { "Preview on last year" } else { "Set it" };
    let title = if id.is_empty() { "Set an alert" } else { "Change an alert" };
    Ok(Form { title: title.into(), submit: submit.into(), action: "alert_sent".into(), state: format!("{id}|{previewed}"), fields })
}

/// What the values say, or what is wrong under which field.
async fn read(cx: &Cx, values: &Values, channel: &str) -> Result<Result<Settings, Vec<(String, String)>>, Failure> {
    let value = |field: &str| values.get(field).map(|text| text.trim()).unwrap_or_default();
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut note = |field: &str, sentence: String| wrong.push((field.to_owned(), sentence));
    let known = metric::find(value("metric"));
    if known.is_none() {
        note("metric", format!("There is no metric {}: choose one from the list.", words::capitalised(value("metric"))));
    }
    let scope = match scope(cx, value("scope"), channel).await {
        Ok(scope) => scope,
        Err(Failure::User(error)) => {
            note("scope", format!("{} {}", error.message, error.hint).trim().to_owned());
            Scope::Organisation
        }
        Err(error) => return Err(error),
    };
    let (mut rule, mut least) = (Rule::OwnRange, 0);
    if let Some(known) = known {
        match (value("rule"), rule::limit(value("limit"), known)) {
            ("own", _) if known.better == Better::Neither => {
                note("rule", format!("{} gets neither better nor worse, so it has no worse side: choose a limit.", known.name));
            }
            ("own", _) => rule = Rule::OwnRange,
            (_, Err(sentence)) => note("limit", sentence),
            ("below", Ok(limit)) if limit <= 0.0 => note("limit", "Nothing is below 0: type a greater limit.".into()),
            ("above", Ok(limit)) if known.unit == "fraction" && limit >= 1.0 => {
                note("limit", "No share is above 100 %: type a lower limit.".into());
            }
            ("below", Ok(limit)) => rule = Rule::Below(limit),
            (_, Ok(limit)) => rule = Rule::Above(limit),
        }
        match rule::least(value("least"), known) {
            Ok(n) => least = n,
            Err(sentence) => note("least", sentence),
        }
    }
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    let weekly = value("weekly").parse().ok().filter(|n| BUDGETS.contains(n)).unwrap_or(WEEKLY);
    let metric = known.map_or_else(String::new, |known| known.id.to_owned());
    Ok(Ok(Settings { metric, scope, rule, least, any_hour: value("hours") == "any", weekly }))
}

/// A scope as it was typed or chosen, which may be told of in this channel.
async fn scope(cx: &Cx, text: &str, channel: &str) -> Result<Scope, Failure> {
    let text = if text.contains(':') { text.to_owned() } else { format!("team:{text}") };
    let ask = understood(cx, &format!("{KIND} {text}")).await?;
    let refuse = |message: String, hint: &str| Err(Failure::from(UserError::new(Kind::NotUnderstood, message, hint)));
    if !ask.words.is_empty() || matches!(ask.scope, Scope::Project(_) | Scope::Teams(_)) {
        return refuse(
            "An alert is about one team, one service or the whole organisation.".into(),
            "Type team:NAME, service:NAME or team:all.",
        );
    }
    access::check_days(cx, &ask.scope, preview::DAYS)?;
    let dissolved = |id: &String| cx.org.org.teams.get(id).is_none_or(|team| team.dissolved.is_some());
    if ask.scope.teams().iter().any(dissolved) {
        return refuse(
            format!("{} is no more, so nothing would ever be told of it.", words::capitalised(&cx.org.org.scope_name(&ask.scope))),
            "Choose another team.",
        );
    }
    if let Some(why) = not_here(cx, &ask.scope, channel) {
        return refuse(format!("{why}."), "Set it in their own channel; an admin connects one with /metrics setup.");
    }
    Ok(ask.scope)
}

/// The form was sent.
pub async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, previewed) = press.value.split_once('|').unwrap_or_default();
    let old = if id.is_empty() { None } else { Some(row::owned(cx, id).await?) };
    let mut values = old.as_ref().map(|(_, settings)| values_of(settings)).unwrap_or_default();
    values.extend(press.fields.iter().map(|(field, value)| (field.clone(), value.trim().to_owned())));
    let place = if let Some((it, _)) = &old { it.channel.clone() } else { channel(cx)? };
    let settings = match read(cx, &values, &place).await? {
        Ok(settings) => settings,
        Err(wrong) => return Ok(Effect::Wrong(form(cx, &values, None, id, "").await?, wrong)),
    };
    let Some(known) = settings.definition() else { return Err(anyhow::anyhow!("a metric that was just found").into()) };
    let zone = cx.org.org.zone_for(&settings.scope);
    let json = serde_json::to_value(&settings).map_err(anyhow::Error::from)?;
    let here = cx.store.subscriptions().await?;
    let same = |it: &&Subscription| it.kind == KIND && it.channel == place && it.settings == json;
    if let Some(same) = here.iter().find(same) {
        return Ok(Effect::Modal(Box::new(done(cx, same, &settings, "is set already, just like this"))));
    }
    let hash = hex::encode(&Sha256::digest(json.to_string())[..8]);
    if previewed != hash {
        let note = previewed_note(cx, &settings, known, zone).await?;
        return Ok(Effect::Form(form(cx, &values, Some(note), id, &hash).await?));
    }
    let it = subscription(cx, old.map(|(it, _)| it), place, json, zone);
    let what = if id.is_empty() { "is set" } else { "is changed" };
    let card = done(cx, &it, &settings, what);
    cx.store.keep_subscription(it).await?;
    Ok(Effect::Modal(Box::new(card)))
}

async fn previewed_note(cx: &Cx, settings: &Settings, known: &'static Definition, zone: Tz) -> Result<Field, Failure> {
    let lines = preview::of(cx, settings, known).await?.told(settings, known, cx.now, zone);
    let label = "Nothing is set yet. Send it again to set it:".to_owned();
    Ok(Field { id: "note".into(), label, hint: None, optional: true, input: Input::Note(lines) })
}

/// The subscription: a new one, or the old one with other settings. Each is looked at hourly, at a minute of its own.
fn subscription(cx: &Cx, old: Option<Subscription>, channel: String, settings: serde_json::Value, zone: Tz) -> Subscription {
    if let Some(old) = old {
        return Subscription { settings, zone, changed_at: cx.now, ..old };
    }
    let id = new_id();
    // FNV-1a: the same minute on every replica and in every version.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Subscription {
        crontab: format!("{} * * * *", hash % 60),
        id,
        kind: KIND.into(),
        channel,
        zone,
        settings,
        memory: serde_json::Value::Null,
        author: cx.user(),
        created_at: cx.now,
        changed_at: cx.now,
        state: State::Active,
    }
}

fn done(cx: &Cx, it: &Subscription, settings: &Settings, what: &str) -> Card {
    let name = cx.org.org.scope_name(&settings.scope);
    let verdict =
        Line::default().strong(words::capitalised(&settings.said())).and(format!(" of {name} {what}. It is told in ")).mention(&it.channel);
    let hours = if settings.any_hour { "at any hour" } else { "on working days from 8:00 to 18:00" };
    let hears = words::count(settings.weekly, "alert", "alerts");
    let told =
        Line::plain(format!("It is looked at every hour and told {hours}, where the channel heard fewer than {hears} in seven days. "));
    let more = Line::plain("One message each time, edited when it is over. ").code("/metrics alert").and(" lists what is set there.");
    Card { title: "Alert".into(), verdict: verdict.and("."), parts: vec![Part::Text(told), Part::Text(more)], ..Card::default() }
}

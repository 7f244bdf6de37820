//! The modal that declares an improvement. Its state has the id that it will have: sent twice it is one.

use super::declare::{self, DONE, Draft, NAME};
use super::{SENT, one};
use crate::domain::ask::scope_text;
use crate::domain::card::{Line, Scope};
use crate::domain::form::{Form, Input};
use crate::domain::improvement::Wanted;
use crate::domain::metric;
use crate::domain::words;
use crate::error::Failure;
use crate::features::typed::{Typed, field, note, today};
use crate::features::{Cx, Effect, Press};

/// The fields of its metrics.
pub const METRIC_FIELDS: [&str; 5] = ["metric1", "metric2", "metric3", "metric4", "metric5"];
const NONE: &str = "none";
/// Directions that may be wanted of all of its metrics.
const WAYS: [(&str, &str); 3] = [("better", "As each gets better"), ("less", "Less of each"), ("more", "More of each")];
/// Scopes offered at most: a list takes a hundred.
const OFFERED: usize = 99;

/// What stands in the form.
struct Values {
    scope: Scope,
    name: String,
    metrics: [String; 5],
    way: String,
    start: String,
    done: String,
}

/// "Declare one".
pub fn declare(cx: &Cx, press: &Press) -> Result<Form, Failure> {
    new_form(cx, &scope_of(cx, &press.value).unwrap_or_default(), "")
}

/// An empty form about a scope, with the name that was typed.
pub fn new_form(cx: &Cx, scope: &Scope, name: &str) -> Result<Form, Failure> {
    let offered = offered(cx, scope);
    let Some(first) = offered.first() else {
        declare::allowed(cx, scope)?;
        return Ok(form(cx, &super::new_id(), &[], &values(cx, scope, name)));
    };
    let chosen = if offered.contains(scope) { scope } else { first };
    Ok(form(cx, &super::new_id(), &offered, &values(cx, chosen, name)))
}

fn values(cx: &Cx, scope: &Scope, name: &str) -> Values {
    Values {
        scope: scope.clone(),
        name: name.to_owned(),
        metrics: [NONE; 5].map(str::to_owned),
        way: WAYS[0].0.to_owned(),
        start: today(cx, scope).to_string(),
        done: String::new(),
    }
}

/// The scopes that the asker may declare an improvement of: the one that was asked about first.
fn offered(cx: &Cx, scope: &Scope) -> Vec<Scope> {
    let teams = cx.org.org.live_teams().map(|(id, _)| Scope::Team(id.to_owned()));
    let all = std::iter::once(scope.clone()).chain(teams).chain([Scope::Organisation]);
    let mut found: Vec<Scope> = Vec::new();
    for it in all.filter(|it| declare::allowed(cx, it).is_ok() && super::seen(cx, it).is_ok()) {
        if !found.contains(&it) && found.len() < OFFERED {
            found.push(it);
        }
    }
    found
}

fn form(cx: &Cx, id: &str, offered: &[Scope], values: &Values) -> Form {
    let name = |scope: &Scope| words::capitalised(&cx.org.org.scope_name(scope));
    let scopes = offered.iter().map(|scope| (scope_text(scope), name(scope))).collect();
    let metrics = || {
        let all = metric::all().map(|known| (known.id.to_owned(), known.name.to_owned()));
        std::iter::once((NONE.to_owned(), "None".to_owned())).chain(all).collect::<Vec<_>>()
    };
    let ways = WAYS.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
    let labels = ["A metric that it should move", "A second one", "A third one", "A fourth one", "A fifth one"];
    let hints = ["One is best: each further one makes proof harder.", "", "", "", ""];
    let mut fields = vec![
        field("name", "Name", "What changed, in a few words: Smaller batches.", false, Input::Text(values.name.clone())),
        field("scope", "Of", "", false, Input::Select(scopes, Some(scope_text(&values.scope)))),
    ];
    for (at, id) in METRIC_FIELDS.into_iter().enumerate() {
        fields.push(field(id, labels[at], hints[at], at > 0, Input::Select(metrics(), Some(values.metrics[at].clone()))));
    }
    fields.push(field("way", "Which way", "", false, Input::Choice(ways, Some(values.way.clone()))));
    fields.push(field(
        "start",
        "Since when",
        "Today or earlier. The weeks before it are what it is held against.",
        false,
        Input::Date(values.start.parse().ok()),
    ));
    fields.push(field("done", "What was done", "", true, Input::Lines(values.done.clone())));
    let frozen = "The weeks before the start are written down now, as they are known. What arrives later does not move them.";
    fields.push(note("frozen", "How it is judged", vec![Line::plain(frozen)]));
    Form { title: "Declare an improvement".into(), submit: "Declare it".into(), action: SENT.name.into(), state: id.to_owned(), fields }
}

/// The scope that a choice names.
fn scope_of(cx: &Cx, chosen: &str) -> Option<Scope> {
    let services = || cx.org.org.service_names().into_iter().map(|name| Scope::Service(name.to_owned()));
    let teams = cx.org.org.live_teams().map(|(id, _)| Scope::Team(id.to_owned()));
    teams.chain([Scope::Organisation]).chain(services()).find(|scope| scope_text(scope) == chosen)
}

/// The form sent.
pub async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let mut typed = Typed::of(&press);
    let name = typed.text("name", NAME);
    let done = typed.text("done", DONE);
    let mut metrics = Vec::new();
    let way = match typed.raw("way") {
        "less" => Some(Wanted::Less),
        "more" => Some(Wanted::More),
        _ => None,
    };
    for id in METRIC_FIELDS {
        match typed.raw(id) {
            "" | NONE => {}
            chosen => match metric::find(chosen) {
                Some(known) => metrics.push((known, way)),
                None => typed.wrong(id, "There is no such metric: choose one from the list."),
            },
        }
    }
    let starts_on = typed.raw("start").parse();
    if starts_on.is_err() {
        typed.wrong("start", "Choose a day.");
    }
    let scope = scope_of(cx, typed.raw("scope"));
    if scope.is_none() {
        typed.wrong("scope", "There is no such team: choose one from the list.");
    }
    let values = Values {
        scope: scope.clone().unwrap_or_default(),
        name: name.clone(),
        metrics: METRIC_FIELDS.map(|id| Some(typed.raw(id)).filter(|it| !it.is_empty()).unwrap_or(NONE).to_owned()),
        way: Some(typed.raw("way")).filter(|it| !it.is_empty()).unwrap_or(WAYS[0].0).to_owned(),
        start: typed.raw("start").to_owned(),
        done: done.clone(),
    };
    let again = |wrong: Vec<(String, String)>| Effect::Wrong(form(cx, &press.value, &offered(cx, &values.scope), &values), wrong);
    let (Ok(starts_on), Some(scope), false) = (starts_on, scope, typed.is_wrong()) else { return Ok(again(typed.into_wrong())) };
    let draft = Draft { id: press.value.clone(), scope, name, done, metrics, starts_on };
    match declare::check(cx, draft).await? {
        Err(wrongs) => Ok(again(
            wrongs.into_iter().map(|(field, why)| (field.to_owned(), format!("{} {}", why.message, why.hint.replace('`', "")))).collect(),
        )),
        Ok(improvement) => {
            cx.store.keep_improvement(improvement.clone()).await?;
            Ok(Effect::Modal(Box::new(one::declared(cx, &improvement.id).await?)))
        }
    }
}
